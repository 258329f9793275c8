"""Filters over whole photos by shifted sums and maxima of arrays: several times faster than scipy's.

scipy converts every line to float64 and back; here each step is one pass of numpy over all pixels.
"""

from __future__ import annotations

from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Array = TypeVar("Array", bound=NDArray[np.generic])
Floats = NDArray[np.floating]

_ROWS = 48
"""Rows that are weighted at a time: they stay in the processor's cache."""


def largest(values: Array, size: int) -> Array:
    """The largest of the values [H, W] in each square window of an odd ``size`` in pixels."""
    return _extreme(_extreme(values, size, np.maximum), size, np.maximum, across=True)


def smallest(values: Array, size: int) -> Array:
    """As ``largest``, the smallest."""
    return _extreme(_extreme(values, size, np.minimum), size, np.minimum, across=True)


def _extreme(values: Array, size: int, choose: np.ufunc, *, across: bool = False) -> Array:
    """The extreme of ``size`` values along columns, or ``across`` them: of 2, then of 4, of 8 and so on."""
    side = values.shape[across]
    size = min(size, 2 * side - 1)
    if size < 2:
        return values
    radius = size // 2
    # What lies beyond the photo is the value at its border, which is in every such window.
    lines: Any = values.T if across else values
    shape = list(values.shape)
    shape[across] += 2 * radius
    padded: Any = np.empty(shape, values.dtype)
    inside: Any = padded.T if across else padded
    inside[radius : radius + side] = lines
    inside[:radius], inside[radius + side :] = lines[0], lines[-1]
    found, width = padded, 1
    while width < size:
        step = min(width, size - width)
        found = choose(*(_shifted(found, at, step, across) for at in (0, step)))
        width += step
    return cast("Array", found)


def _shifted(values: Any, at: int, lost: int, across: bool) -> Any:
    """The values without ``lost`` lines, from line ``at`` on: a view."""
    kept = slice(at, values.shape[across] - lost + at)
    return values[:, kept] if across else values[kept]


def gaussian(values: Floats, sigma: float) -> Floats:
    """Values [H, W] under a Gaussian of ``sigma`` pixels, as float32; as scipy's, mirrored at the border."""
    kernel = _gaussian(sigma)
    return _correlated(_correlated(values, kernel), kernel, across=True)


def gradient(values: Floats, sigma: float) -> Floats:
    """Magnitude [H, W] of the gradient of values under a Gaussian, in levels per pixel, as float32."""
    kernel = _gaussian(sigma)
    reach = np.arange(kernel.size, dtype=np.float32)
    slope = kernel * reach / np.float32(sigma**2)
    down = _correlated(_correlated(values, kernel, across=True), slope, odd=True)
    along = _correlated(_correlated(values, kernel), slope, odd=True, across=True)
    down *= down
    along *= along
    down += along
    return np.sqrt(down, out=down)


def _gaussian(sigma: float) -> Floats:
    """The middle and one side [4 sigma + 1] of a Gaussian whose sum is 1."""
    kernel = np.exp(-0.5 * (np.arange(int(4 * sigma + 0.5) + 1) / sigma) ** 2)
    return np.asarray(kernel / (2 * kernel.sum() - 1), dtype=np.float32)


def _correlated(values: Floats, half: Floats, *, odd: bool = False, across: bool = False) -> Floats:
    """Values [H, W] weighted along columns, or ``across``, by a kernel of which ``half`` is one side.

    The other side is the same, or the same with other sign where ``odd``.
    """
    radius, (height, width) = half.size - 1, values.shape
    border = [(0, 0), (radius, radius)] if across else [(radius, radius), (0, 0)]
    padded = np.pad(np.asarray(values, np.float32), border, mode="symmetric")
    found, pairs = np.empty((height, width), np.float32), np.empty((_ROWS, width), np.float32)
    for top in range(0, height, _ROWS):
        total = found[top : top + _ROWS]
        pair = pairs[: len(total)]
        near = padded[top : top + len(total) + (0 if across else 2 * radius)]
        np.multiply(_shifted(near, radius, 2 * radius, across), half[0], out=total)
        for offset in range(1, radius + 1):
            one, two = (_shifted(near, radius + at, 2 * radius, across) for at in (offset, -offset))
            (np.subtract if odd else np.add)(one, two, out=pair)
            pair *= half[offset]
            total += pair
    return found


def mean(values: Floats, size: int) -> Floats:
    """The mean [H, W] of the values in each square window of an odd ``size`` in pixels, as float32."""
    return np.asarray(ndimage.uniform_filter(values, size, output=np.float32))
