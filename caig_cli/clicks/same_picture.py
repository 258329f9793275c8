"""Files that show one picture, re-encoded or resized: found by a perceptual hash, proved by small copies.

The hash is the sign of the lowest frequencies (DCT) of the picture in grey, as pHash has it (Zauner 2010).
Ads of one product differ in their background alone, so that near hashes are only candidates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from caig_cli.data.images import open_image
from caig_cli.errors import ItemError

MAX_BITS = 16
"""Bits of 64 in which hashes of one picture may differ: a JPEG at half the size changes up to 12."""

MAX_DIFFERENCE = 20.0
"""Largest difference of a block of two copies of one picture, of 255 levels. On 240 ads of 60 products, JPEGs
of quality 20 at a third and of quality 60 at a quarter of the size have up to 12, other ads at least 30."""

CLEARLY = 0.7
"""What the difference of the nearest picture may be of that of the next, to be told from it."""

_SIDE = 8  # blocks: noise of encoders averages out within them, what a picture shows does not
_HASHED = 32
_LOSSLESS = frozenset({".png", ".tif", ".tiff", ".bmp", ".gif"})


@dataclass(frozen=True, slots=True)
class Signature:
    """What is compared of a picture."""

    hash: np.uint64
    small: NDArray[np.int16]
    """RGB of ``_SIDE`` x ``_SIDE`` blocks."""
    aspect: float
    quality: tuple[int, bool, int]
    """Pixels, whether it is stored without loss, and bytes: the larger, the better the copy."""


def signature(name: str) -> Signature | None:
    """The signature of an image file; None for one that cannot be opened."""
    path = Path(name)
    try:
        image = open_image(path)
        size = path.stat().st_size
    except (ItemError, OSError):
        return None
    plain = image.convert("RGB")
    small = plain.resize((_SIDE, _SIDE), Image.Resampling.BOX)
    grey = np.asarray(plain.resize((_HASHED, _HASHED), Image.Resampling.BOX).convert("L"), np.float64)
    quality = (image.width * image.height, path.suffix.lower() in _LOSSLESS, size)
    return Signature(_hash(grey), np.asarray(small, np.int16), image.width / image.height, quality)


def _hash(grey: NDArray[np.float64]) -> np.uint64:
    from scipy.fft import dctn

    low = dctn(grey, norm="ortho")[:8, :8].ravel()
    low[0] = 0  # brightness says nothing
    bits = low > np.median(low)
    return np.uint64(int("".join("1" if bit else "0" for bit in bits), 2))


def differ(one: Signature, other: Signature) -> float:
    """Largest difference of a block in levels of 255; infinite where pictures are surely not the same."""
    if abs(one.aspect / other.aspect - 1) > 0.03 or int(np.bitwise_count(one.hash ^ other.hash)) > MAX_BITS:
        return float("inf")
    return float(np.abs(one.small - other.small).max())


def best_of_same(paths: Sequence[str]) -> int | None:
    """The best copy of some files that all show one picture; None where they do not."""
    found = [signature(path) for path in paths]
    first = found[0]
    if first is None or any(one is None or differ(first, one) > MAX_DIFFERENCE for one in found):
        return None
    qualities = [one.quality for one in found if one is not None]
    return max(range(len(paths)), key=lambda i: (qualities[i], -i))


def better_copies(paths: Sequence[str], others: Sequence[str]) -> dict[int, int]:
    """For each of ``paths`` that has a better copy among ``others``: which, both by number.

    A copy counts where it is clearly nearer than any other picture.
    """
    candidates = [signature(path) for path in others]
    known = [i for i, one in enumerate(candidates) if one is not None]
    hash_K = np.array([one.hash for one in candidates if one is not None], np.uint64)
    found: dict[int, int] = {}
    for number, path in enumerate(paths):
        mine = signature(path)
        if mine is None or not known:
            continue
        near = [known[i] for i in np.flatnonzero(np.bitwise_count(hash_K ^ mine.hash) <= MAX_BITS).tolist()]
        copy = _nearest(mine, [(i, one) for i in near if (one := candidates[i]) is not None])
        if copy is not None:
            found[number] = copy
    return found


def _nearest(mine: Signature, candidates: Sequence[tuple[int, Signature]]) -> int | None:
    """The best of the pictures that are mine, where it is a better copy."""
    ranked = sorted((differ(mine, one), -one.quality[0], i) for i, one in candidates)
    if not ranked or ranked[0][0] > MAX_DIFFERENCE:
        return None
    of = dict(candidates)
    nearest = of[ranked[0][2]]
    same = [i for _, _, i in ranked if differ(nearest, of[i]) < MAX_DIFFERENCE / 2]
    rest = [difference for difference, _, i in ranked if i not in same]
    if rest and ranked[0][0] > CLEARLY * rest[0]:
        return None
    best = max(same, key=lambda i: of[i].quality)
    return best if of[best].quality > mine.quality else None
