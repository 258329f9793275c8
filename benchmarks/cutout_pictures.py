"""Cut-outs to look at: of real photos, and those of the benchmark that are most wrong."""

from __future__ import annotations

import csv
import inspect
import multiprocessing
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from cutout_grounds import Case
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps

from caig_cli.cutouts.cutout import Cutout
from caig_cli.cutouts.loading import load_cutout
from caig_cli.data.images import SUFFIXES, open_image
from caig_cli.errors import ItemError
from caig_cli.records import Product

Pixels = NDArray[np.uint8]

SIDE = 1000
"""Longest side in pixels of each part of a picture."""
MAGENTA, BLACK, WHITE = (255, 0, 255), (0, 0, 0), (255, 255, 255)
COLUMNS = ("photo", "accepted", "method", "doubt", "cpu_s", "peak_mb", "cut_off", "notes")


def look_at(folder: Path, out: Path) -> None:
    """Cut out every photo of the folder, each in a process of its own; pictures, a sheet and a CSV."""
    out.mkdir(parents=True, exist_ok=True)
    photos = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if not photos:
        raise SystemExit(f"{folder}: no photo in it")
    rows = []
    with (out / "photos.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        for photo in photos:
            rows.append(_apart(photo, out))
            table.writerow(rows[-1])
            file.flush()
            print(" · ".join(str(rows[-1][key]) for key in COLUMNS if rows[-1][key] != ""), flush=True)
    pictures = [out / f"{photo.name}.jpg" for photo in photos]
    _sheet([path for path in pictures if path.is_file()]).save(out / "contact_sheet.jpg", quality=88)
    accepted = sum(bool(row["accepted"]) for row in rows)
    print(f"{accepted} of {len(rows)} accepted; {sum(float(row['cpu_s'] or 0) for row in rows):.0f} s of CPU")


def _apart(photo: Path, out: Path) -> dict[str, Any]:
    """The row of one photo, made in a fresh process: its memory is its own, and a crash is a row too."""
    spawn = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(1, mp_context=spawn) as pool:
            return pool.submit(_look, photo, out).result()
    except Exception as error:
        # A fault of the code that is looked at; the other photos are of interest nevertheless.
        note = f"FAULT {type(error).__name__}: {error}"
        return dict.fromkeys(COLUMNS, "") | {"photo": photo.name, "accepted": 0, "notes": note}


def _look(photo: Path, out: Path) -> dict[str, Any]:
    """Cut out one photo, write its picture, return its row."""
    row: dict[str, Any] = dict.fromkeys(COLUMNS, "") | {"photo": photo.name}
    start = time.process_time()
    try:
        cutout = _cut(photo)
    except ItemError as error:
        row |= {"accepted": 0, "notes": str(error).removeprefix(f"{photo}: ")}
        parts = [_shown(photo), _words(str(row["notes"]))]
    else:
        facts = cutout.facts
        row |= {"accepted": 1, "method": facts.method, "doubt": round(facts.doubt, 3)}
        row |= {"cut_off": " ".join(sorted(cutout.cut_off)), "notes": "; ".join(facts.notes)}
        parts = [_shown(photo), _on(cutout.rgba, MAGENTA), _on(cutout.rgba, BLACK)]
    row |= {"cpu_s": round(time.process_time() - start, 2), "peak_mb": round(_peak_mb())}
    _beside(parts).save(out / f"{photo.name}.jpg", quality=92)
    return row


def _cut(photo: Path) -> Cutout:
    """The product of a photo, by whatever ``source`` chooses by itself."""
    options = {"source": "auto"} if "source" in inspect.signature(load_cutout).parameters else {}
    return load_cutout(Product(photo.stem, photo), lambda message: None, **options)


def _peak_mb() -> float:
    """Peak memory of this process in MB. Linux counts what the parent had into ``ru_maxrss``."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return float(line.split()[1]) / 1024
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def compared(case: Case, photo: Pixels, alpha: Pixels | None, words: str) -> Image.Image:
    """Photo | what a method found, on magenta (``alpha`` None: why it refused) | the truth."""
    found = _words(words) if alpha is None else _on(np.dstack([photo, alpha]), MAGENTA)
    return _beside([_fitted(Image.fromarray(photo)), found, _on(np.dstack([photo, case.alpha]), MAGENTA)])


# --- parts of pictures ------------------------------------------------------------------------------------


def _shown(photo: Path) -> Image.Image:
    image = open_image(photo)
    return _fitted(_on(np.asarray(image), WHITE) if image.mode == "RGBA" else image)


def _on(rgba: Pixels, colour: tuple[int, int, int]) -> Image.Image:
    """The cut-out on one colour."""
    ground = Image.new("RGBA", (rgba.shape[1], rgba.shape[0]), (*colour, 255))
    return _fitted(Image.alpha_composite(ground, Image.fromarray(rgba)).convert("RGB"))


def _fitted(image: Image.Image) -> Image.Image:
    """The picture with its longest side limited; never enlarged."""
    image = image.copy()
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return image


def _words(text: str) -> Image.Image:
    """A refusal as a picture."""
    page = Image.new("RGB", (SIDE // 2, SIDE // 4), (235, 225, 225))
    words, lines = text.split(), [""]
    for word in words:
        if len(lines[-1]) + len(word) > 40:
            lines.append("")
        lines[-1] += word + " "
    ImageDraw.Draw(page).multiline_text((12, 12), "\n".join(lines), (120, 0, 0), font_size=20)
    return page


def _beside(parts: list[Image.Image]) -> Image.Image:
    """Pictures in a row."""
    page = Image.new(
        "RGB", (sum(p.width + 8 for p in parts) - 8, max(p.height for p in parts)), (128, 128, 128)
    )
    left = 0
    for part in parts:
        page.paste(part, (left, 0))
        left += part.width + 8
    return page


def _sheet(pictures: list[Path]) -> Image.Image:
    """All pictures small, in two columns."""
    size = SIDE, SIDE // 3
    parts = [ImageOps.contain(Image.open(path), size, Image.Resampling.LANCZOS) for path in pictures]
    pairs = [_beside(parts[at : at + 2]) for at in range(0, len(parts), 2)]
    whole = max(pair.width for pair in pairs), sum(pair.height + 8 for pair in pairs)
    page = Image.new("RGB", whole, (128, 128, 128))
    top = 0
    for pair in pairs:
        page.paste(pair, (0, top))
        top += pair.height + 8
    return page
