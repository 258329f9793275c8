"""The background of a photo as it would look without the product: learnt where a network sees no product.

Where the plain method knows the border only, this knows all that surrounds the product: gradients, horizons,
walls above tables, and the product's own soft shadow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from caig_cli.cutouts.edges import WORKING_SIDE, Edges, apart, dotted
from caig_cli.cutouts.masks import Mask, connected, dilated, grown, outline, parts, without_dust
from caig_cli.cutouts.matting import enlarge

Floats = NDArray[np.floating]

CELLS = 96
"""Cells along the longest side of the grid on which the background is estimated."""

_REACH = 4
"""A cell's colour is the median of this many cells to each side."""

_SMOOTH_ERROR = 6.0
"""Levels that a background may be off its estimate where its colour is to tell the product."""

_CLUTTER = 20
"""Levels that something sharp on a background stands out by."""

_MOSTLY_SMOOTH = 0.75
"""Share of a ground that is smooth where the rest of it may be the product's shadow."""

_SMOOTH_EDGES = 0.05
"""Share of sharp edges up to which a background counts as smooth."""


@dataclass(frozen=True, slots=True)
class Background:
    """``colour`` [H, W, 3] in levels without the product; ``error`` [H, W]: how many levels it is usually
    off; ``smooth`` [H, W] where its colour says exactly what is product; ``seen`` [H, W] where it was learnt;
    ``others`` [H, W]: things with sharp outlines that the network takes for background; ``touching``: such as
    touch the product.
    """

    colour: Floats
    error: Floats
    smooth: Mask
    seen: Mask
    others: Mask
    touching: Mask


def find_background(levels: Floats, soft: Floats, prior: Floats, edges: Edges) -> Background | None:
    """The background of levels [H, W, 3] where ``prior`` [H, W] sees no product; None if it is nowhere.

    ``soft``: the levels, blurred.
    """
    unit = max(prior.shape) / WORKING_SIDE
    seen = ~grown(prior >= 0.15, max(4, round(15 * unit)))
    # An island between parts of a product may be a label that the network loses.
    seen = without_dust(seen, 0.05 * np.count_nonzero(seen))
    fit = _smooth_fit(levels, seen)
    others, touching = _others(soft, fit, prior, seen, edges, unit)
    seen = seen & ~grown(others | touching, max(3, round(6 * unit)))
    grid = _Grid(prior.shape)
    share = grid.mean(seen)
    colours = grid.median(levels, seen)
    usable = (share > 0.2) & np.isfinite(colours[..., 0])
    # Few cells between parts of a product tell its colours, not the background's.
    usable &= ndimage.uniform_filter(share, 2 * _REACH + 1) > 0.08
    if not usable.any():
        return None
    colour = grid.enlarged(ndimage.gaussian_filter(_continued(colours, usable), (1.0, 1.0, 0.0)))
    off = apart(soft, colour)
    error = grid.enlarged(_continued(grid.quantile(off, 0.75)[..., None], usable))[..., 0]
    sharp = grid.mean(edges.sharp & seen) / np.maximum(share, 1e-6)
    texture = grid.enlarged(_continued(sharp[..., None], usable))[..., 0]
    clutter = grid.mean((off > _CLUTTER) & seen & grown(edges.sharp, 3))
    clutter = grid.enlarged(_wide(clutter, share)[..., None])[..., 0]
    smooth = (error < _SMOOTH_ERROR) & (texture < _SMOOTH_EDGES) & (clutter < _SMOOTH_EDGES)
    if float(smooth[seen].mean()) > _MOSTLY_SMOOTH:
        # The product's shadow makes its ground uneven, but no less plain.
        cast = grown(_cast_shadow(soft, fit, prior, unit), 6 * unit)
        error = np.where(cast & ~smooth, np.minimum(error, _SMOOTH_ERROR / 2), error)
        smooth |= cast
    return Background(colour, error, smooth, seen, others, touching)


def _cast_shadow(soft: Floats, fit: Floats | None, prior: Floats, unit: float) -> Mask:
    """Where a ground [H, W] that is smooth but for it has less light, next to the product."""
    if fit is None:
        return np.zeros(prior.shape, dtype=bool)
    light = dotted(soft, fit) / np.maximum(dotted(fit, fit), 1.0)
    tint = apart(soft, light[..., None] * fit)
    dim = (light > 0.15) & (light < 0.95) & (tint < 8 + 12 * np.clip(1 - light, 0, 1))
    return connected(dim, dim & grown(prior >= 0.15, 4 * unit))


def _wide(values: Floats, share: Floats) -> Floats:
    """Sums over wide windows [h, w] of values, by the ``share`` of each cell that was seen."""
    size = CELLS // 4 + 1
    total, weight = (ndimage.uniform_filter(v, size, mode="constant") for v in (values, share))
    return np.asarray(total / np.maximum(weight, 0.02))


def _continued(values: Floats, usable: Mask) -> Floats:
    """Medians of the usable cells' values [h, w, c] in windows, continued to all other cells."""
    around = _window_median(values, usable)
    known = np.isfinite(around[..., 0])
    return _filled(np.where(known[..., None], around, 0.0), known)


class _Grid:
    """Square cells over a photo; a rest at the right and the bottom is left out."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape[0], shape[1]
        self.step = max(1, max(self.shape) // CELLS)

    def cells(self, values: NDArray[np.generic]) -> NDArray[np.generic]:
        """Values [H, W, ...] as [h, w, step * step, ...]."""
        height, width = (side // self.step for side in self.shape)
        cut = values[: height * self.step, : width * self.step]
        blocks = cut.reshape(height, self.step, width, self.step, *values.shape[2:]).swapaxes(1, 2)
        return blocks.reshape(height, width, self.step**2, *values.shape[2:])

    def some(self, values: NDArray[np.generic]) -> NDArray[np.generic]:
        """As ``cells``, a third of the pixels: enough for a median."""
        return self.cells(values)[:, :, :: 3 if self.step > 5 else 1]

    def mean(self, mask: Mask) -> Floats:
        return np.asarray(self.cells(mask).mean(axis=2))

    def quantile(self, values: Floats, share: float) -> Floats:
        """The ``share`` quantile of values [H, W] in each cell."""
        cells = self.some(values)
        rank = round(share * (cells.shape[2] - 1))
        return np.asarray(np.partition(cells, rank, axis=2)[:, :, rank])

    def median(self, values: Floats, where: Mask) -> Floats:
        """Medians [h, w, c] of values [H, W, c] over the pixels in ``where``; NaN for a cell without any."""
        inside = np.where(self.some(where)[..., None], self.some(values), np.nan)
        return _nanmedian(inside, axis=2)

    def enlarged(self, values: Floats) -> Floats:
        """Values [h, w, c] at the photo's size."""
        return np.stack([enlarge(values[..., c], self.shape) for c in range(values.shape[-1])], axis=-1)


def _nanmedian(values: Floats, axis: int) -> Floats:
    """As numpy's, which is slow on many short rows: NaN sorts last."""
    ordered = np.sort(values, axis=axis)
    count = np.isfinite(values).sum(axis=axis, keepdims=True)
    low = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=axis)
    high = np.take_along_axis(ordered, np.minimum(count // 2, values.shape[axis] - 1), axis=axis)
    return np.asarray(((low + high) / 2).squeeze(axis))


def _window_median(colours: Floats, usable: Mask) -> Floats:
    """Each cell's median colour [h, w, 3] over the usable cells of a window around it."""
    inside = np.where(usable[..., None], colours, np.nan)
    padded = np.pad(inside, ((_REACH, _REACH), (_REACH, _REACH), (0, 0)), constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (2 * _REACH + 1, 2 * _REACH + 1), axis=(0, 1))
    return _nanmedian(windows.reshape(*colours.shape, -1), axis=-1)


def _filled(values: Floats, known: Mask) -> Floats:
    """Values [h, w, c] with those of coarser levels where nothing is known (push and pull)."""
    if known.all() or min(known.shape) <= 1:
        return values
    height, width = known.shape
    odd = ((0, height % 2), (0, width % 2))
    weight = np.pad(known.astype(np.float64), odd)
    weighted = np.pad(np.where(known[..., None], values, 0.0), (*odd, (0, 0)))
    half = weight.shape[0] // 2, weight.shape[1] // 2
    weight = weight.reshape(half[0], 2, half[1], 2).sum(axis=(1, 3))
    total = weighted.reshape(half[0], 2, half[1], 2, -1).sum(axis=(1, 3))
    coarse = _filled(total / np.maximum(weight, 1e-9)[..., None], weight > 0)
    planes = [enlarge(coarse[..., c], (2 * half[0], 2 * half[1])) for c in range(coarse.shape[-1])]
    return np.where(known[..., None], values, np.stack(planes, axis=-1)[:height, :width])


# --- things beside the product ---------------------------------------------------------------------


def _others(
    soft: Floats, fit: Floats | None, prior: Floats, seen: Mask, edges: Edges, unit: float
) -> tuple[Mask, Mask]:
    """Things on an even ground that the network does not see, apart from the product and touching it.

    A keyboard before a screen, the lower half of a bag: they stand out clearly from a smooth fit of the
    background, and sharp edges surround them. What touches the product may still be its shadow.
    """
    away, touching, none = np.zeros_like(seen), np.zeros_like(seen), np.zeros_like(seen)
    if fit is None:
        return none, none
    off = apart(soft, fit)
    clear = without_dust((off > 18) & (prior < 0.15), 30 * unit**2)
    if not clear.any():
        return none, none
    near, beside = dilated(edges.sharp, 2), grown(prior >= 0.15, 4 * unit)
    for part in parts(dilated(clear, 2)):
        inside, border = part.mask & clear[part.window], outline(part.mask)
        if part.area < 300 * unit**2 or not inside.any() or not border.any():
            continue
        edged = float(near[part.window][border].mean())
        if edged < 0.5 or float(np.median(off[part.window][inside])) < 40:
            continue
        if beside[part.window][part.mask].any():
            touching[part.window] |= part.mask
        elif not part.at_frame:
            away[part.window] |= part.mask
    rest = seen & ~away & ~touching
    even = rest.any() and float((off[rest] < 12).mean()) > 0.93
    # Where more than a few things stand about, the ground is no even one.
    return (away, touching) if even else (none, none)


def _smooth_fit(levels: Floats, seen: Mask) -> Floats | None:
    """A quadratic polynomial of the place [H, W, 3], robustly fitted; None where it fits too little.

    To the border of the photo where that is even, else to all that was seen: what the network loses is
    seldom at the border.
    """
    ring = np.ones_like(seen)
    ring[3:-3, 3:-3] = False
    fit = _fitted(levels, seen & ring, 0.75)
    return _fitted(levels, seen, 0.6) if fit is None else fit


def _fitted(levels: Floats, where: Mask, least: float) -> Floats | None:
    """The polynomial fitted ``where``; None unless at least a share of ``least`` is within 10 levels."""
    rows, columns = np.nonzero(where)
    if rows.size < 200:
        return None
    some = np.linspace(0, rows.size - 1, min(6000, rows.size)).astype(int)
    rows, columns = rows[some], columns[some]
    height, width = where.shape
    terms, colours = _quadratic(rows / height, columns / width), levels[rows, columns]
    weight = np.ones(len(terms))
    off = weight
    coefficients = np.zeros((6, 3))
    for _ in range(8):
        coefficients = np.linalg.lstsq(terms * weight[:, None], colours * weight[:, None], rcond=None)[0]
        off = np.abs(terms @ coefficients - colours).max(axis=-1)
        weight = 1 / (1 + (off / max(2.0, 1.5 * float(np.median(off)))) ** 2)
    if float((off < 10).mean()) < least:
        return None
    y = np.linspace(-1, 1, height, endpoint=False, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, endpoint=False, dtype=np.float32)[:, None]
    flat, along, down, wide, crossed, high = coefficients.astype(np.float32)
    across, lengthwise = x * along + x * x * wide, flat + y * down + y * y * high
    return np.asarray(across + lengthwise[:, None] + (y * x.T)[..., None] * crossed)


def _quadratic(y: Floats, x: Floats) -> Floats:
    y, x = 2 * y - 1, 2 * x - 1
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)
