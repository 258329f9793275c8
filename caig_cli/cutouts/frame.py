"""A thin frame drawn along the borders of a photo."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Window = tuple[slice, slice]

_WIDEST = 0.03
"""Share of the shorter side that a frame may be wide."""

_SPREAD, _STEP = 14, 8
"""Levels within which a frame has one colour, and by which it must differ from what it surrounds."""


def inside_frame(rgb: NDArray[np.uint8]) -> Window | None:
    """What a frame of one colour along all four borders surrounds; None without one.

    Its lines may lie a few pixels inside the borders; they must run along at least 98 % of each side.
    """
    height, width = rgb.shape[:2]
    most = max(2, int(_WIDEST * min(height, width)))
    sides = [rgb[:most], rgb[::-1][:most], rgb.swapaxes(0, 1)[:most], rgb.swapaxes(0, 1)[::-1][:most]]
    found = [_line(side) for side in sides]
    colours = [colour for _, colour in found if colour is not None]
    if len(colours) < 4 or np.ptp(np.stack(colours), axis=0).max() > 2 * _SPREAD:
        return None
    top, bottom, left, right = (depth for depth, _ in found)
    return slice(top, height - bottom), slice(left, width - right)


def _line(side: Pixels) -> tuple[int, NDArray[np.float64] | None]:
    """How deep the innermost line of one colour along a border [depth, N, 3] reaches, and its colour."""
    levels = side.astype(np.float64)
    colours = np.median(levels, axis=1)
    even = (np.abs(levels - colours[:, None]).max(axis=-1) < _SPREAD).mean(axis=1) > 0.98
    steps = np.abs(np.diff(colours, axis=0)).max(axis=-1) > _STEP
    # It begins at the border or after a margin, and ends where the colour changes for the last time.
    ends = np.flatnonzero(steps & even[:-1])
    if ends.size == 0:
        return 0, None
    # One pixel more, which the line's colour bleeds into.
    return int(ends[-1]) + 2, colours[ends[-1]]
