"""The product's contour before a busy ground, where no single colour says what is background.

Matting alone follows every texture there and frays. A smooth contour at the strongest edge is found instead:
the colours on either side, as they are near by, and a random walk that stops at edges (Grady: Random Walks
for Image Segmentation, 2006).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from caig_cli.cutouts.filters import gaussian
from caig_cli.cutouts.linear import solve_symmetric
from caig_cli.cutouts.masks import Mask, grown, outline, parts, shrunk, window_of, without_dust
from caig_cli.cutouts.matting import enlarge

Floats = NDArray[np.floating]

_WINDOW = 24
"""Pixels to each side, at the working size, over which colours are compared."""

_NARROW = 5
"""Pixels to each side, at the working size, within which a contour found at half the size is refined."""

_COLOURS = 0.02
"""Weight of the colours beside the steps of the walk."""

_SURE = 0.7
"""Probability from which what is thin stays."""

_LEAST = 0.004
"""Weight of a step across the strongest edge."""


def busy_contour(levels: Floats, product: Mask, belief: Floats, band: Mask, unit: float) -> Mask:
    """The product [H, W] with its contour redrawn within ``band`` [H, W]; elsewhere as it was.

    ``levels`` [H, W, 3]; ``belief`` [H, W]: probability of product by network and colours. First at half the
    size, which is enough where the contour is far off, then near to what was found.
    """
    if not band.any():
        return product
    shape = product.shape
    half = (shape[0] + 1) // 2, (shape[1] + 1) // 2
    small = np.stack([_resized(levels[..., c], half) for c in range(3)], axis=-1)
    inner, asked = _resized(product, half) > 0.5, _resized(band, half) > 0.5
    thin = _thin(product & (belief > _SURE), unit)
    coarse = enlarge(_drawn(small, inner, _resized(belief, half), asked, unit / 2).astype(np.float32), shape)
    product = np.where(band, coarse > 0.5, product)
    near = band & grown(outline(product), _NARROW * unit)
    found = _drawn(levels, product, np.where(coarse > 0.5, 0.8, 0.2), near, unit)
    return np.where(band, _evened(found, unit) | thin, product)


def _thin(mask: Mask, unit: float) -> Mask:
    """What is thin and long, such as a strut: the walk at half the size loses it."""
    thin = mask & ~grown(shrunk(mask, 4 * unit), 4 * unit)
    kept = np.zeros_like(mask)
    for part in parts(thin):
        if max(part.mask.shape) - 12 > 30 * unit:
            kept[part.window] |= part.mask
    return kept


def _resized(values: NDArray[np.generic], shape: tuple[int, int]) -> NDArray[np.float32]:
    image = Image.fromarray(values.astype(np.float32))
    return np.asarray(image.resize(shape[::-1], Image.Resampling.BOX))


def _drawn(levels: Floats, product: Mask, belief: Floats, band: Mask, unit: float) -> Mask:
    """The product [H, W], in the ``band`` by its colours near by and by edges."""
    if not band.any():
        return product
    radius = max(4, round(_WINDOW * unit))
    window = window_of(band, radius + round(3 * unit))
    levels, before, band = levels[window], product[window], band[window]
    # What is thin has no other middle than its own guess: two or three pixels away from its outline.
    inner, outer = shrunk(before, 3 * unit), ~grown(before, 3 * unit)
    odds = _colour_odds(levels, inner, outer, radius)
    share = np.clip(belief[window], 0.02, 0.98)
    odds = np.clip(odds, -2.5, 2.5) + np.log(share / (1 - share))
    walked = _walked(levels, band, before.astype(np.float64), 1 / (1 + np.exp(-odds)))
    found = product.copy()
    found[window] = np.where(band, walked > 0.5, before)
    return found


def blended(levels: Floats, product: Mask, border: Mask, unit: float) -> float:
    """Share of a ``border`` [H, W] whose inside has the ground's colours or its outside the product's."""
    if not border.any():
        return 0.0
    radius = round(_WINDOW * unit)
    window = window_of(border, radius + round(12 * unit))
    levels, product, border = levels[window], product[window], border[window]
    inside, outside = product & ~shrunk(product, 6 * unit), ~product & grown(product, 6 * unit)
    odds = _colour_odds(levels, shrunk(product, 3 * unit), ~grown(product, 3 * unit), radius)
    size = 2 * round(5 * unit) + 1
    means = [ndimage.uniform_filter(np.clip(odds, -5, 5) * side, size)[border] for side in (inside, outside)]
    return float(((means[0] < 0) | (means[1] > 0) | (means[0] - means[1] < 0.5)).mean())


def _colour_odds(levels: Floats, product: Mask, ground: Mask, radius: int) -> Floats:
    """How much likelier each pixel's colour [H, W] is among the product's near by than among the ground's.

    In log odds, by normal distributions of each channel in windows; 0 where one of both is too far.
    """
    size = 2 * radius + 1

    def near(values: Floats) -> Floats:
        return np.asarray(ndimage.uniform_filter(values, size, mode="constant", output=np.float32))

    odds = np.zeros(product.shape, np.float32)
    sides = []
    for mask in (product, ground):
        share = near(mask.astype(np.float32))
        scale = 1 / np.maximum(share, 1e-4)
        likelihood = np.zeros(product.shape, np.float32)
        for c in range(3):
            inside = np.where(mask, levels[..., c], 0).astype(np.float32)
            mean = near(inside) * scale
            variance = np.maximum(near(inside * inside) * scale - mean * mean, 0) + 36
            likelihood -= 0.5 * np.log(variance) + (levels[..., c] - mean) ** 2 / (2 * variance)
        sides.append((likelihood, share > 0.01))
    (inner, known), (outer, seen) = sides
    odds = np.where(known & seen, inner - outer, 0)
    return np.asarray(odds)


def _walked(levels: Floats, unknown: Mask, guess: Floats, belief: Floats) -> Floats:
    """Probability of product [H, W]: of ``guess`` where known, else that a random walk ends in product."""
    inside = np.flatnonzero(unknown)
    width = unknown.shape[1]
    position = np.full(unknown.size, -1)
    position[inside] = np.arange(inside.size)
    flat, sure = levels.reshape(-1, 3), guess.ravel()
    rows, columns, weights = [], [], []
    diagonal = np.full(inside.size, _COLOURS)
    wanted = _COLOURS * belief.ravel()[inside]
    y, x = np.divmod(inside, width)
    edge = _edge(levels, unknown)
    for dy, dx in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        within = (y + dy >= 0) & (y + dy < unknown.shape[0]) & (x + dx >= 0) & (x + dx < width)
        here, there = np.flatnonzero(within), inside[within] + dy * width + dx
        off = np.abs(flat[inside[within]] - flat[there]).max(axis=-1)
        weight = np.exp(-((off / edge) ** 2)) + _LEAST
        diagonal[here] += weight
        other = position[there]
        free = other >= 0
        rows.append(here[free])
        columns.append(other[free])
        weights.append(-weight[free])
        np.add.at(wanted, here[~free], weight[~free] * sure[there[~free]])
    places = np.concatenate(rows), np.concatenate(columns)
    found = guess.copy()
    found.ravel()[inside] = solve_symmetric(np.concatenate(weights), places, diagonal, wanted)
    return found


def _edge(levels: Floats, where: Mask) -> float:
    """Levels between neighbours that make an edge: a few times what is usual there, of noise and texture."""
    usual = np.abs(np.diff(levels, axis=1)).max(axis=-1)[where[:, 1:]]
    return float(np.clip(4 * np.median(usual), 4, 16)) if usual.size else 16.0


def _evened(found: Mask, unit: float) -> Mask:
    """The mask with a smooth contour; what is thin and long, such as a rung, stays."""
    smooth = gaussian(found.astype(np.float32), 1.2 * unit) > 0.5
    lost = found & ~smooth & ~grown(smooth, 1)
    for part in parts(lost):
        if max(part.mask.shape) - 12 > 24 * unit:
            smooth[part.window] |= part.mask
    return without_dust(~without_dust(~smooth, 60 * unit**2), 60 * unit**2)
