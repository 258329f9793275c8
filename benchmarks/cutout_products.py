"""Products whose alpha is known: from files, of the market, and drawn ones; two splits that share none."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, Literal

import numpy as np
from cutout_shapes import SHAPES, draw
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Rng = np.random.Generator
Split = Literal["tune", "test"]

VERSION = "1"
"""Of all photos made here; a change makes rows of earlier runs useless."""

ROOT = Path(__file__).resolve().parents[1]
MARKET = {"tune": (7001, 15), "test": (9002, 40)}
"""Seed and number of the market's products of a split, all of different shapes as long as there are any."""
THIN = ("handbag", "headphones", "chair", "glasses", "jug", "table", "shoe", "watch")
MARKET_SIDE = 1000
"""Longer side in pixels of a market product's photo."""


def rng_of(*names: object) -> Rng:
    """A generator that follows from the names alone."""
    digest = hashlib.sha256("/".join(map(str, (VERSION, *names))).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "little"))


@dataclass(frozen=True, slots=True)
class Truth:
    """A product: ``rgba`` [h, w, 4]; ``white``: which pixels [h, w] are white parts beside holes."""

    name: str
    rgba: Pixels
    height_cm: float = 25.0
    white: Mask | None = None


Opener = Callable[[], Truth]


def products(split: Split, work: Path) -> Iterator[tuple[Opener, bool]]:
    """The split's products, each with whether it is drawn; kinds are mixed: the first are a fair choice."""
    odd = split == "tune"
    folder = ROOT.parent / "shared" / "tiny_dataset" / "images"
    files = [path for path in sorted(folder.glob("*.png")) if int(path.stem) % 2 == odd]
    files.append(ROOT / "samples" / ("serum.png" if odd else "tea.png"))
    own: list[Opener] = [partial(_from_file, path) for path in files]
    seed, count = MARKET[split]
    market: list[Opener] = [partial(_from_market, seed, at, work) for at in _market_indices(seed, count)]
    mixed = chain.from_iterable(zip_longest(own, market[::2], market[1::2]))
    yield from ((opener, False) for opener in mixed if opener is not None)
    for kind in SHAPES:
        for number in range(1 if odd else 2):
            yield partial(_drawn, kind, split, number), True


def _from_file(path: Path) -> Truth:
    rgba = np.array(Image.open(path).convert("RGBA"))
    rows, columns = np.flatnonzero(rgba[..., 3].any(axis=1)), np.flatnonzero(rgba[..., 3].any(axis=0))
    return Truth(
        f"file-{path.stem}", _own_colours(rgba[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    )


def _own_colours(rgba: Pixels) -> Pixels:
    """Soft edges in the colour of the solid pixel beside them: files keep some of the old ground there."""
    away: Any
    away, nearest = ndimage.distance_transform_edt(rgba[..., 3] < 250, return_indices=True)
    colours = np.where((away <= 6)[..., None], rgba[nearest[0], nearest[1], :3], rgba[..., :3])
    return np.dstack([colours, rgba[..., 3]])


def _market_indices(seed: int, count: int) -> list[int]:
    """The market's first products that differ in shape; every other one is thin or has holes."""
    from caig_cli.market.catalogue import item

    shapes: dict[str, int] = {}
    for index in range(800):
        shapes.setdefault(item(seed, index).shape, index)
    thin = [shapes[shape] for shape in THIN if shape in shapes]
    others = sorted(set(shapes.values()) - set(thin))
    mixed = chain.from_iterable(zip_longest(others, thin))
    return [index for index in mixed if index is not None][:count]


def _from_market(seed: int, index: int, work: Path) -> Truth:
    from caig_cli.market.build import make_photo
    from caig_cli.market.catalogue import item

    one = item(seed, index)
    path = work / "products" / f"{one.id}.png"
    if not path.is_file():
        keep(path, make_photo(seed, index, size=MARKET_SIDE))
    return Truth(f"{one.shape.replace(' ', '-')}-{index}", np.array(Image.open(path)), one.height_cm)


def _drawn(kind: str, split: Split, number: int) -> Truth:
    rgba, white = draw(kind, rng_of("drawn", split, kind, number))
    return Truth(f"drawn-{kind}-{number}", rgba, white=white)


def keep(path: Path, data: bytes) -> None:
    """Write whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(data)
    part.replace(path)
