"""Small runs of ``caig generate``: a catalogue whose ads cost nothing, and what a run folder holds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from caig_cli import cli


def catalogue(folder: Path, count: int = 5) -> Path:
    """A file of products: one has no photo, one a photo that is all background."""
    folder.mkdir()
    rows = [{"id": f"p{k}", "image": f"p{k}.png", "caption": f"mug {k}"} for k in range(count)]
    for k, row in enumerate(rows):
        y, x = np.mgrid[:60, :40]
        alpha = 255 * ((abs(x - 20) < 12) & (abs(y - 30) < 20) & (k != 3))
        pattern = np.random.default_rng(k).integers(40, 220, (60, 40, 3))
        Image.fromarray(np.dstack([pattern, alpha]).astype(np.uint8)).save(folder / row["image"])
        if k % 2:
            row["prompt"] = "a brick wall, candles"
    rows.append({"id": "gone", "image": "gone.png"})
    path = folder / "products.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def generate(products: Path, out: Path, *more: str) -> int:
    made = [
        "--product",
        str(products),
        "--out",
        str(out),
        "--prompt",
        "a table",
        "-n",
        "1",
        "--size",
        "96x80",
    ]
    quick = ["--set", "judge.model=null", "--set", "generate.painter=fake", "--quiet"]
    return cli.run(["generate", *made, *quick, *more])


def contents(run: Path) -> dict[str, bytes]:
    """All files of a run but those that hold times, and the report, whose head names the folder."""
    left_out = {"run.json", "env.json", ".lock", ".caig-files"}
    paths = [path for path in run.rglob("*") if path.is_file() and path.name not in left_out]
    return {path.relative_to(run).as_posix(): path.read_bytes() for path in paths}
