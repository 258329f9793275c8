"""Cut-outs as PNG files: the pixels, and in one text chunk what the photo said of them.

What a file lacks cannot be guessed (a product whose legs leave the photo looks like one that ends there),
so anything but a file that ``cutout_png`` wrote is refused.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any, get_args

import numpy as np
from PIL import Image

from caig_cli.cutouts.cutout import Cutout, CutoutFacts, Edge
from caig_cli.data.images import MAX_PIXELS, shown
from caig_cli.engine.files import png_bytes
from caig_cli.errors import ItemError
from caig_cli.parsing import parse_json

_CHUNK = "caig:cut-out"
_KEYS = {"cut_off", "method", "model", "doubt", "notes"}


def cutout_png(cutout: Cutout) -> bytes:
    """The cut-out as a PNG that ``open_cutout`` reads; equal cut-outs give equal bytes."""
    facts = cutout.facts
    told = {
        "cut_off": sorted(cutout.cut_off), "method": facts.method, "model": facts.model,
        "doubt": facts.doubt, "notes": facts.notes,
    }  # fmt: skip
    return png_bytes(Image.fromarray(cutout.rgba), {_CHUNK: json.dumps(told)})


def open_cutout(path: Path) -> Cutout:
    """The cut-out that ``cutout_png`` made into this file. Raises ItemError, in one line, for any other."""
    try:
        data = io.BytesIO(path.read_bytes())
        with Image.open(data, formats=("PNG",)) as image:
            image.verify()  # decoding alone takes flipped bits for pixels
        with Image.open(data, formats=("PNG",)) as image:
            if image.width * image.height > MAX_PIXELS or image.mode != "RGBA":
                raise ValueError("these pixels are not a cut-out's")
            rgba = np.array(image)
            cut_off, facts = _read(parse_json(image.text[_CHUNK]))  # type: ignore[attr-defined]
    except OSError as error:
        if isinstance(error, FileNotFoundError | PermissionError):
            raise ItemError(f"{shown(path)}: cannot be opened; check the path and its permissions") from None
        raise _damaged(path) from None
    except Exception:
        # As for photos: what a decoder raises of damaged files differs by version; no list would be whole.
        raise _damaged(path) from None
    return Cutout(rgba, cut_off, facts)


def _damaged(path: Path) -> ItemError:
    return ItemError(f"{shown(path)}: not a cut-out as caig keeps them; delete the file to cut out again")


def _read(told: dict[str, Any]) -> tuple[frozenset[Edge], CutoutFacts]:
    """Sides and facts from the chunk's JSON. Raises ValueError for anything unexpected."""
    if not isinstance(told, dict) or set(told) != _KEYS:
        raise ValueError("other facts")
    model, doubt, notes = told["model"], told["doubt"], told["notes"]
    texts = [told["method"], *([] if model is None else [model])]
    if not isinstance(notes, list) or not all(isinstance(text, str) for text in texts + notes):
        raise ValueError("a text is not one")
    if isinstance(doubt, bool) or not isinstance(doubt, int | float) or not 0 <= doubt <= 1:
        raise ValueError("doubt")
    sides = told["cut_off"]
    if not isinstance(sides, list) or not set(sides) <= set(get_args(Edge)):
        raise ValueError("no sides of a photo")
    return frozenset(sides), CutoutFacts(told["method"], model, float(doubt), tuple(notes))
