"""What only surrounds a photo: a thin frame drawn along its borders, or transparent bars beside it."""

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


_RECTANGULAR = 0.97
"""Share of its box that an opaque photo fills, its rounded corners left out."""

_BACKDROP = 0.25
"""Share of a photo's borders in one light, grey colour, from which they show a backdrop."""

_PLAIN = 0.97
"""Share of a rectangle in such a colour, from which it is a plain light thing itself."""

_BAR = 0.05
"""Share of the longer side that both bars take together, at least."""

_LIGHT, _GREY = 225, 14
"""Levels from which a colour is light, and by which the channels of a grey differ at most."""


def photo_window(rgba: Pixels) -> Window | None:
    """Where transparent bars surround a photo with its backdrop, in a file [H, W, 4]; None for a cut-out.

    The bars lie at two opposite sides, the opaque rectangle between them (its corners may be rounded) reaches
    the other two, and its borders, but not all of it, show a white or light grey backdrop: a print or a card,
    which is a rectangle too, seldom looks so.
    """
    solid = rgba[..., 3] > 127
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    if min(rows.size, columns.size) < 32:
        return None
    window = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
    height, width = solid.shape
    bars = sorted((height - rows.size, width - columns.size))
    if bars[0] > 0 or bars[1] < _BAR * max(height, width) or float(solid[window].mean()) < _RECTANGULAR:
        return None
    # A pixel further in, because a scaled bar bleeds into the photo's borders.
    inner = rgba[window][2:-2, 2:-2, :3].astype(np.int16)
    backdrop = (inner.min(axis=-1) > _LIGHT) & (np.ptp(inner, axis=-1) < _GREY)
    borders = np.concatenate([backdrop[0], backdrop[-1], backdrop[:, 0], backdrop[:, -1]])
    return window if float(borders.mean()) > _BACKDROP and float(backdrop.mean()) < _PLAIN else None
