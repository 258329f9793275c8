"""Puts the customer's own pixels on a painted background, and measures how faithful an ad is to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from caig_cli.cutouts.cutout import Cutout, resize
from caig_cli.painters.relight import Relit, changes, relight
from caig_cli.records import Box

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_COLOUR_NOISE = 24.0  # levels; colours this close are the same to the eye at an edge
_NEAR = 4  # pixels; how far from an edge its own colours are looked for


def compose(background: Pixels, product: Cutout, box: Box, *, relit: bool = False) -> Pixels:
    """The background uint8 [H, W, 3] with the product in ``box``; the background itself is left alone.

    Solid pixels are the resized product's exactly; soft ones are mixed with the background by alpha. What of
    the box lies beyond the background is cut off. ``relit``: the background shows the product's stand-in
    there, whose light the product takes on.
    """
    ad = background.copy()
    rgba, rows, columns = _visible(product, box, (ad.shape[1], ad.shape[0]))
    window = ad[rows, columns]
    if relit:
        rgba = relight(rgba, window)
    alpha = rgba[..., 3:].astype(np.uint16)
    mixed = rgba[..., :3] * alpha + window * (255 - alpha) + np.uint16(127)
    window[:] = (mixed // 255).astype(np.uint8)
    return ad


@dataclass(frozen=True, slots=True)
class Fidelity:
    """How true an ad is to the product that it shows.

    ``interior``: largest difference in levels (0 to 255) inside the eroded alpha. ``edge``: mean difference
    in levels of the soft edge from any mixture of the product's colours and the surroundings: a halo.
    ``growth``: area outside the mask that took on the product's colour, as a share of the product's area.
    """

    interior: int
    edge: float
    growth: float


def measure(ad: Pixels, product: Cutout, box: Box) -> Fidelity:
    """Compares an ad uint8 [H, W, 3] with the product that should stand in ``box``.

    Nothing but the ad is needed: what surrounds the product is read a few pixels outside its mask.
    """
    reach = max(3, round(0.012 * max(box.width, box.height)))
    rgba, seen = _surrounded(ad, product, box, 2 * reach + 1)
    alpha = rgba[..., 3].astype(np.float32) / np.float32(255)
    solid, touched = alpha == 1, alpha > 0
    if not solid.any():
        return Fidelity(0, 0.0, 0.0)
    # Beyond the frame there is nothing that an edge pixel could be mixed with; elsewhere the box was grown.
    inside = ndimage.binary_erosion(solid, border_value=1)
    own = rgba[..., :3].astype(np.float32)
    interior = int(np.abs(seen - own)[inside].max()) if inside.any() else 0
    if touched.all():
        return Fidelity(interior, 0.0, 0.0)
    product_colour = nearest(own, solid)
    distance = ndimage.distance_transform_edt(~touched)
    around = nearest(seen, distance > reach) if (distance > reach).any() else nearest(seen, ~touched)
    beside = nearest(seen, ~touched)
    return Fidelity(
        interior,
        _edge_error(seen, own, beside, alpha),
        _growth(seen, product_colour, around, (distance > 0) & (distance <= reach), touched),
    )


def measure_relit(ad: Pixels, product: Cutout, box: Box) -> Relit:
    """How the product in ``box`` of an ad uint8 [H, W, 3] differs from its own pixels in tone and detail."""
    rgba, rows, columns = _visible(product, box, (ad.shape[1], ad.shape[0]))
    return changes(ad[rows, columns], rgba)


def _edge_error(seen: Floats, own: Floats, beside: Floats, alpha: Floats) -> float:
    """Mean over the soft band, in levels, of what lies outside the range of the colours on its two sides.

    The band lies between solid product and nothing: wide translucent parts have colours of their own.
    """
    solid = alpha == 1
    side = 2 * _NEAR + 1
    near = ndimage.maximum_filter(solid, size=side) & ndimage.maximum_filter(alpha == 0, size=side)
    band = (alpha > 0) & ~solid & near
    if not band.any():
        return 0.0
    excess = np.zeros(int(band.sum()), np.float32)
    for channel in range(3):
        low = ndimage.minimum_filter(np.where(solid, own[..., channel], 255), size=side)[band]
        high = ndimage.maximum_filter(np.where(solid, own[..., channel], 0), size=side)[band]
        there, edge = beside[band, channel], seen[band, channel]
        excess += np.maximum(edge - np.maximum(high, there), 0) + np.maximum(np.minimum(low, there) - edge, 0)
    return float(excess.mean() / 3)


def _growth(seen: Floats, product: Floats, around: Floats, ring: Mask, mask: Mask) -> float:
    """Ring pixels nearer in colour to the product than to the surroundings, where these differ clearly."""
    to_product = np.abs(seen - product)[ring].mean(axis=1)
    to_around = np.abs(seen - around)[ring].mean(axis=1)
    grown = (to_product < _COLOUR_NOISE / 2) & (to_around > _COLOUR_NOISE)
    return float(grown.sum() / mask.sum())


def _surrounded(ad: Pixels, product: Cutout, box: Box, by: int) -> tuple[Pixels, Floats]:
    """The product's resized RGBA and the ad's colours in the box grown by ``by`` pixels, cut at the frame."""
    height, width = ad.shape[:2]
    top, left = max(0, box.top - by), max(0, box.left - by)
    bottom, right = min(height, box.bottom + by), min(width, box.right + by)
    inner = Box(box.left - left, box.top - top, box.right - left, box.bottom - top)
    rgba = laid_out(product, inner, (right - left, bottom - top))
    return rgba, ad[top:bottom, left:right].astype(np.float32)


def laid_out(product: Cutout, box: Box, frame: tuple[int, int]) -> Pixels:
    """The product uint8 [H, W, 4] in its box of a frame of (width, height), transparent black elsewhere."""
    rgba = np.zeros((frame[1], frame[0], 4), np.uint8)
    seen, rows, columns = _visible(product, box, frame)
    rgba[rows, columns] = seen
    return rgba


def _visible(product: Cutout, box: Box, frame: tuple[int, int]) -> tuple[Pixels, slice, slice]:
    """What a frame of (width, height) shows of the product resized to its box, and in which rows, columns."""
    rows = slice(max(box.top, 0), min(box.bottom, frame[1]))
    columns = slice(max(box.left, 0), min(box.right, frame[0]))
    rgba = resize(product, (box.width, box.height)).rgba
    seen = rgba[
        rows.start - box.top : rows.stop - box.top, columns.start - box.left : columns.stop - box.left
    ]
    return seen, rows, columns


def nearest(colours: Floats, where: Mask) -> Floats:
    """Each pixel's colour taken from the nearest pixel of ``where``."""
    rows, columns = ndimage.distance_transform_edt(~where, return_distances=False, return_indices=True)
    nearest: Floats = colours[rows, columns]
    return nearest
