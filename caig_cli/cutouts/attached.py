"""What touches the product and networks do not see: a cord, a horizon, a mirror image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from caig_cli.cutouts.masks import Mask, Part

Floats = NDArray[np.floating]


def is_low(part: Part, foot: float) -> bool:
    """Whether a part is at the product's foot (a row)."""
    return bool(np.nonzero(part.mask)[0].mean() + part.window[0].start > 0.6 * foot)


def is_line(part: Part, grey: Floats, unit: float) -> bool:
    """Whether a thin part stands out from both sides in ``grey`` [H, W]: a cord does, a horizon does not."""
    size = 2 * round(14 * unit) + 1
    window = size, size
    rows, columns = (slice(max(0, s.start - size), s.stop + size) for s in part.window)
    near = grey[rows, columns]
    ridge = np.maximum(ndimage.black_tophat(near, size=window), ndimage.white_tophat(near, size=window))
    top, left = part.window[0].start - rows.start, part.window[1].start - columns.start
    height, width = part.mask.shape
    return float(np.median(ridge[top : top + height, left : left + width][part.mask])) > 20


def mirrors(part: Part, product: Mask, grey: Floats, ground: float) -> bool:
    """Whether a part below the product shows, column by column, what is above it upside down.

    ``product``, ``grey`` [H, W]; ``ground``: the background's level, to which a mirror image fades.
    """
    above, below = [], []
    top, left = part.window[0].start, part.window[1].start
    columns = np.flatnonzero(part.mask.any(axis=0))[::2]
    for column in columns:
        rows = np.flatnonzero(part.mask[:, column]) + top
        over = np.flatnonzero(product[: rows[0] + 3, left + column])
        if over.size == 0 or rows[0] - over[-1] > 12:
            continue
        depth = np.arange(2, min(rows.size, 60))
        depth = depth[(over[-1] - depth >= 0) & (rows[0] + depth < len(grey))]
        above.append(grey[over[-1] - depth, left + column])
        below.append(grey[rows[0] + depth, left + column])
    if len(above) < max(10, 0.3 * len(columns)):
        return False
    one, two = np.concatenate(above), np.concatenate(below)
    if one.size == 0:
        return False
    faded = bool(np.abs(two - ground).mean() < 0.8 * np.abs(one - ground).mean())
    if one.size < 50 or min(one.std(), two.std()) < 3:
        return faded and len(above) > 0.6 * len(columns)
    return faded and float(np.corrcoef(one, two)[0, 1]) > 0.35
