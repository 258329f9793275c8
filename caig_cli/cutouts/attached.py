"""What touches the product and networks do not see: a cord, a horizon, a mirror image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from caig_cli.cutouts.edges import apart
from caig_cli.cutouts.masks import Mask, MaskPart, Window, connected, grown, window_of, without_dust

Floats = NDArray[np.floating]
Line = tuple[NDArray[np.intp], NDArray[np.intp]]

_RUN, _ALONG = 24, 0.75
"""Pixels of a run along a row or column, and the share of a straight part that lies in such runs."""


def is_low(part: MaskPart, foot: float) -> bool:
    """Whether a part is at the product's foot (a row)."""
    return bool(np.nonzero(part.mask)[0].mean() + part.window[0].start > 0.6 * foot)


def is_line(part: MaskPart, grey: Floats, unit: float) -> bool:
    """Whether a thin part stands out from both sides in ``grey`` [H, W]: a cord does, a horizon does not."""
    size = 2 * round(14 * unit) + 1
    window = size, size
    rows, columns = (slice(max(0, s.start - size), s.stop + size) for s in part.window)
    near = grey[rows, columns]
    ridge = np.maximum(ndimage.black_tophat(near, size=window), ndimage.white_tophat(near, size=window))
    top, left = part.window[0].start - rows.start, part.window[1].start - columns.start
    height, width = part.mask.shape
    return float(np.median(ridge[top : top + height, left : left + width][part.mask])) > 20


def is_straight(part: MaskPart, unit: float) -> bool:
    """Whether a part runs along rows and columns only, as seams of boards and tiles do."""
    length = max(9, round(_RUN * unit))
    runs = [
        ndimage.binary_opening(part.mask, np.ones(shape, dtype=bool)) for shape in ((1, length), (length, 1))
    ]
    return float((runs[0] | runs[1]).sum()) > _ALONG * part.area


def ends_at_frame(part: MaskPart, size: tuple[int, int]) -> list[int]:
    """How many pieces of a part reach the top, left, bottom and right of a photo of ``size``."""
    (rows, columns), mask = part.window, part.mask
    bottom, right = rows.start + mask.shape[0] - size[0], columns.start + mask.shape[1] - size[1]
    sides = (
        mask[:2].any(axis=0) & (rows.start == 0),
        mask[:, :2].any(axis=1) & (columns.start == 0),
        mask[-2:].any(axis=0) & (bottom == 0),
        mask[:, -2:].any(axis=1) & (right == 0),
    )
    return [int(ndimage.label(side)[1]) for side in sides]


def mirrors(part: MaskPart, product: Mask, grey: Floats, ground: float) -> bool:
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


def reflection(product: Mask, levels: Floats, ground: Floats, edges: Mask, unit: float) -> Mask:
    """The product's mirror image [H, W] that a network took for a part of the product; empty without one.

    Below a line across the product's lower half, where it gets nearer to the ground at once, each pixel lies
    between the ground's colour and that of the pixel as far above the line; and it fades or leaves the photo
    where a product would end sharply. ``levels``, ``ground`` [H, W, 3]; ``edges`` [H, W]: near sharp edges.
    """
    window = window_of(product, 0)
    off = apart(levels[window], ground[window])
    for lowest in (False, True):
        line = _base_line(product[window], off, unit, lowest)
        if line is not None:
            # A mirror image's end may be cut by a shop that wiped the ground around it, but is faint there.
            clear = np.roll(apart(levels, ground), 3, axis=0) > _STEP
            ends = edges & clear if lowest else edges
            found = _below(line, window, product, levels, ground, ends, unit)
            if found.any():
                return found
    return np.zeros_like(product)


def _below(
    base: Line, window: Window, product: Mask, levels: Floats, ground: Floats, edges: Mask, unit: float
) -> Mask:
    """What is below a base line (columns, rows) in a ``window``, if it mirrors what is above."""
    nothing = np.zeros_like(product)
    columns, line = base
    height = window[0].stop - window[0].start
    depths = np.arange(3, max(6, min(round(60 * unit), height // 3)))
    rows = line[:, None] + window[0].start
    above, below = rows - depths, rows + depths
    x = (columns + window[1].start)[:, None]
    seen = (below < len(product)) & (above >= 0)
    below, above = np.minimum(below, len(product) - 1), np.maximum(above, 0)
    seen &= product[below, x] & product[above, x]
    one, two = levels[above, x] - ground[above, x], levels[below, x] - ground[below, x]
    share = (one * two).sum(axis=-1) / np.maximum((one * one).sum(axis=-1), 100.0)
    rest = np.abs(two - share[..., None] * one).max(axis=-1)
    if seen.sum() < 100 or float(np.median(share[seen])) > _BRIGHTEST or float(np.median(rest[seen])) > 10:
        return nothing
    mirrored = nothing.copy()
    for column, row in zip(columns + window[1].start, line + window[0].start, strict=True):
        mirrored[row + 1 :, column] = product[row + 1 :, column]
    end = mirrored[:-1] & ~product[1:] & ~grown(product & ~mirrored, 4 * unit)[:-1]
    ends = float(edges[:-1][end].sum()) / columns.size
    if ends > 0.3 or mirrored.sum() < 10 * unit * columns.size:
        return nothing
    # What hung on it alone, such as its shadow.
    return mirrored | connected(product & ~without_dust(product & ~mirrored, 0.1 * product.sum()), mirrored)


_STEP = 20
"""Levels by which a mirror image is nearer to its ground than the product at once."""

_BRIGHTEST = 0.75
"""Share of its product's contrast that a mirror image has at most."""


def _base_line(product: Mask, off: Floats, unit: float, lowest: bool) -> Line | None:
    """Columns and rows of a line across a product's lower half [h, w] where it gets fainter at once.

    Most of all, or the ``lowest`` such place of each column: there may be stronger steps above its foot.
    """
    size = 2 * round(2 * unit) + 1
    means = ndimage.uniform_filter1d(off, size, axis=0)
    reach = max(2, round(3 * unit))
    drop = np.zeros_like(means)
    drop[reach:-reach] = means[: -2 * reach] - means[2 * reach :]
    half = len(product) // 2
    inner = product & np.roll(product, reach + 2, axis=0) & np.roll(product, -reach - 2, axis=0)
    drop[:half] = 0
    drop[~inner] = 0
    rows, strength = drop.argmax(axis=0), drop.max(axis=0)
    if lowest:
        steps = (drop > _STEP) & (drop >= ndimage.maximum_filter1d(drop, 2 * reach + 1, axis=0))
        rows = len(steps) - 1 - steps[::-1].argmax(axis=0)
    wide = np.flatnonzero(product[half:].any(axis=0))
    columns = np.flatnonzero(strength > _STEP)
    if wide.size == 0 or columns.size < 0.6 * wide.size:
        return None
    line = ndimage.median_filter(rows[columns], 2 * (columns.size // 16) + 1, mode="nearest")
    near = np.abs(rows[columns] - line) <= 3
    level = float(np.ptp(np.quantile(line, (0.05, 0.95)))) < 0.3 * columns.size
    return (columns, line) if level and float(near.mean()) > 0.7 else None
