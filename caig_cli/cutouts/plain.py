"""Finds the product in a photo on a plain background.

The background is what the border shows, continued smoothly; it is removed only where it is connected to
the border, so that white parts inside a white product survive. What stops it is colour, and any sharp edge,
however faint; soft gradients of the background's own hue (contact shadows) do not. Photos where this cannot
be done with confidence are refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from caig_cli.cutouts.backdrop import HINT, Backdrop, find_backdrop, light_of, refined, ring_of
from caig_cli.cutouts.edges import WORKING_SIDE, Edges, find_edges
from caig_cli.cutouts.masks import Mask, connected, disk, without_dust
from caig_cli.cutouts.matting import enlarge_alpha, fitted, product_colours, solve_alpha, stretched
from caig_cli.errors import ItemError

Floats = NDArray[np.float64]

_STEEP = 18.0
"""Levels per pixel from which a gradient is an edge however wide it is; soft shadows stay below."""

_GAP = 2
"""Breaks in a faint outline up to twice this many pixels are closed."""


def cut_photo(
    rgb: NDArray[np.uint8], name: str, notify: Callable[[str], None]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The product's own colours [H, W, 3] and its alpha [H, W] in a photo [H, W, 3] on a plain background.

    The colours are for soft pixels; for solid ones the photo's are better. Raises ItemError where the cut
    would not be trustworthy.
    """
    notify(f"{name}: finding the product on its background")
    small = fitted(rgb, WORKING_SIDE)
    levels = small.astype(np.float64)
    known, guess = _trimap(*_found(levels, name, notify))
    try:
        alpha = solve_alpha(levels / 255, known, guess)
    except ValueError as error:
        raise ItemError(f"{name}: the product's edges cannot be told from the background; {HINT}") from error
    colours = np.rint(product_colours(levels / 255, stretched(alpha) / 255) * 255).astype(np.uint8)
    if small.shape != rgb.shape:
        alpha = enlarge_alpha(alpha, levels, rgb)
        size = rgb.shape[1], rgb.shape[0]
        colours = np.asarray(Image.fromarray(colours).resize(size, Image.Resampling.BILINEAR))
    return colours, stretched(alpha)


def _found(levels: Floats, name: str, notify: Callable[[str], None]) -> tuple[Mask, Floats, Backdrop]:
    """The product as a mask [H, W] with the photo's levels and its backdrop; ItemError if uncertain."""
    backdrop = find_backdrop(levels, name)
    edges = _edges(levels)
    backdrop = refined(backdrop, levels, _flood(~_wall(levels, backdrop, edges, at_least=8.0)))
    product = _product(levels, backdrop, edges, name)
    holes = _holes(product, levels, backdrop, edges)
    if holes.any():
        notify(f"{name}: the background also shows through the product; if that is wrong, {HINT}")
        product &= ~holes
    _check_outline(product, levels, backdrop, edges, name)
    return product, levels, backdrop


def _touching_border(free: Mask) -> Mask:
    """The part of ``free`` that is connected to the border."""
    border = np.ones_like(free)
    border[1:-1, 1:-1] = False
    return connected(free, free & border)


def _edges(levels: Floats) -> Edges:
    """The photo's edges, by the noise of its border."""
    return find_edges(levels, ring_of(levels.shape))


def _along_border(mask: Mask) -> Mask:
    """The outermost pixels of the mask as one line [N]."""
    return np.concatenate([mask[1], mask[-2], mask[:, 1], mask[:, -2]])


def _wall(levels: Floats, backdrop: Backdrop, edges: Edges, at_least: float = 3.0) -> Mask:
    """What the background cannot pass: other colours, and sharp edges."""
    smooth = ndimage.gaussian_filter(levels, (1.0, 1.0, 0.0))
    off = np.abs(smooth - backdrop.colour).max(axis=-1)
    return np.asarray(without_dust(off > max(at_least, 3.0 * backdrop.spread), 10) | edges.sharp)


def _product(levels: Floats, backdrop: Backdrop, edges: Edges, name: str) -> Mask:
    """The product as a mask [H, W]; raises ItemError if there is none or it runs out of the photo."""
    smooth = ndimage.gaussian_filter(levels, (1.0, 1.0, 0.0))
    wall = _wall(levels, backdrop, edges)
    background = _flood(~wall)
    background = _flood(~wall, background | _shadow(smooth, backdrop, edges, background))
    product = ~without_dust(~_main_parts(~background, edges), 40)
    product &= ~_rests(product, smooth, backdrop)
    product &= ~_outside_edge(product, smooth, backdrop, edges)
    crossing = edges.sharp & (edges.strength > _STEEP / 3)
    if float(_along_border(product).mean()) > 0.01 or _along_border(crossing).any():
        fault = "the product, or a line behind it, runs into the border"
        raise ItemError(f"{name}: {fault}; leave a margin, or {HINT}")
    if float(product.mean()) < 0.002:
        raise ItemError(f"{name}: no product stands out from the background; {HINT}")
    return product


def _flood(free: Mask, start: Mask | None = None) -> Mask:
    """What a ball of radius _GAP reaches through ``free`` from the border, or from ``start``."""
    roomy = ~ndimage.binary_dilation(~free, disk(_GAP))
    # The photo continues beyond its border, so the ball may roll along it.
    ring = ring_of(free.shape)
    roomy[ring] = free[ring]
    reached = _touching_border(roomy) if start is None else connected(roomy | start, start)
    # The ball leaves a rim before every wall; it is taken step by step, so that gaps stay closed.
    return np.asarray(ndimage.binary_dilation(reached, disk(1), iterations=_GAP + 2, mask=free | reached))


def _shadow(smooth: Floats, backdrop: Backdrop, edges: Edges, background: Mask) -> Mask:
    """The soft shadow around the product's foot: connected to the background, and ever darker from there.

    It must be the background in less light: darker by one factor in all channels. What would climb into
    the upper part of the product was a leak, and is dropped.
    """
    light, tint = light_of(smooth, backdrop)
    shaded = (light < 1.0) & (tint < max(4.0, 3 * backdrop.spread)) & ~edges.sharp
    reached = background.copy()
    for brightest in np.arange(1.0, 0.2, -0.06):
        # Bands overlap by a little, for noise. Going down in steps, the flood never climbs again.
        band = shaded & (light <= brightest + 0.015) & (light > brightest - 0.075)
        reached = _flood(band | reached, reached)
    shadow = reached & ~background
    rows = np.flatnonzero(~background.all(axis=1))
    low = rows[0] + 0.55 * np.ptp(rows) if rows.size else 0.0
    leaked = not shadow.any() or float((np.nonzero(shadow)[0] > low).mean()) < 0.9
    return np.zeros_like(shadow) if leaked else shadow


def _main_parts(mask: Mask, edges: Edges) -> Mask:
    """The mask without parts below 1/300 of the largest, and without those that no edge surrounds."""
    labels: Any
    labels, count = ndimage.label(mask, np.ones((3, 3), dtype=bool))
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    rim = mask & ~ndimage.binary_erosion(mask, border_value=1)
    rims = np.bincount(labels[rim], minlength=count + 1)
    edged = np.bincount(labels[rim & edges.near(7)], minlength=count + 1)
    kept = (areas >= max(12.0, areas[1:].max(initial=0) / 300)) & (edged > 0.4 * rims)
    kept[0] = False
    return np.asarray(kept[labels])


def _rests(product: Mask, smooth: Floats, backdrop: Backdrop) -> Mask:
    """Small thin rests of background or shadow that hang on the product's outline."""
    light, tint = light_of(smooth, backdrop)
    alike = (light > 0.25) & (light < 1.06) & (tint < max(4.0, 3 * backdrop.spread))
    radius = max(3, round(14 * max(product.shape) / WORKING_SIDE))
    thin = product & alike & ~ndimage.binary_opening(product, disk(radius))
    # A white product's own thin parts (a handle, a cord) are alike too, but longer than any rest.
    return thin & ~without_dust(thin, int(product.sum()) // 150)


def _outside_edge(product: Mask, smooth: Floats, backdrop: Backdrop, edges: Edges) -> Mask:
    """Background kept between the product's outline and its edge: specks of compression, light it reflects.

    Patches that look like the backdrop, reach the outline, and end inwards at an edge much stronger than any
    in them.
    """
    light, tint = light_of(smooth, backdrop)
    reach = max(6, round(20 * max(product.shape) / WORKING_SIDE))
    strongest = ndimage.maximum_filter(edges.strength, 2 * reach + 1)
    strong = edges.strength > np.maximum(0.3 * strongest, _STEEP / 4)
    near = ~ndimage.binary_erosion(product, disk(1), iterations=reach)
    alike = (light > 0.25) & (light < 1.06) & (tint < max(9.0, 3 * backdrop.spread))
    loose = ndimage.binary_opening(product & near & alike & ~strong, disk(2))
    loose = connected(loose | ~product, ~product) & product
    labels: Any
    labels, count = ndimage.label(loose)
    rim = product & ~loose & ndimage.binary_dilation(loose, disk(1))
    owner = ndimage.maximum_filter(labels, 3)[rim]
    rims = np.bincount(owner, minlength=count + 1)
    edged = np.bincount(owner, ndimage.binary_dilation(strong, disk(2))[rim], minlength=count + 1)
    ends = edged > 0.8 * rims
    ends[0] = False
    return np.asarray(ends[labels])


def _holes(product: Mask, levels: Floats, backdrop: Backdrop, edges: Edges) -> Mask:
    """Background seen through the product (a mug's handle), where that is certain.

    On white it never is: a white label looks the same. On a tinted or grey backdrop, a sizeable region of
    the backdrop's very hue and nearly its light, which sharp edges and product surround, is no coincidence.
    """
    light, tint = light_of(ndimage.gaussian_filter(levels, (1.0, 1.0, 0.0)), backdrop)
    alike = (light > 0.8) & (light < 1.06) & (tint < max(2.5, 3 * backdrop.spread))
    alike &= product & (backdrop.colour.min(axis=-1) < 240) & ~edges.sharp
    labels: Any
    labels, count = ndimage.label(ndimage.binary_opening(alike, disk(2)))
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    areas[0] = 0
    outside = ndimage.binary_dilation(~product, disk(4))
    holes = np.zeros_like(product)
    for label in np.flatnonzero(areas > max(40.0, 0.0008 * product.size)):
        hole = labels == label
        rim = hole & ~ndimage.binary_erosion(hole)
        if not (hole & outside).any() and float(edges.near(4)[rim].mean()) > 0.95:
            holes |= ndimage.binary_dilation(hole, disk(1), iterations=3, mask=alike)
    return holes


def _check_outline(product: Mask, levels: Floats, backdrop: Backdrop, edges: Edges, name: str) -> None:
    """Refuses a cut whose outline is in large part not an edge of the photo."""
    outline = product & ~ndimage.binary_erosion(product, border_value=1)
    contrast = np.abs(levels - backdrop.colour).max(axis=-1)
    steep = ndimage.maximum_filter(edges.strength, 5) > _STEEP
    supported = float((edges.near(7) | steep)[outline].mean())
    thickness = float(ndimage.distance_transform_edt(product).max())
    rows, columns = np.nonzero(product)
    extent = min(np.ptp(rows), np.ptp(columns)) + 1
    hollow = thickness < 0.06 * extent and float(np.median(contrast[product])) < 25
    # Edges left behind in the background belong to something that was lost: a leak.
    lost = edges.sharp & ~ndimage.binary_dilation(product, disk(6)) & ~ring_of(product.shape)
    orphaned = float(without_dust(lost, 25).sum()) > 0.5 * outline.sum()
    if supported < 0.8 or hollow or orphaned:
        raise ItemError(f"{name}: the product's outline is too faint to cut it out; {HINT}")


def _trimap(product: Mask, levels: Floats, backdrop: Backdrop) -> tuple[Mask, Floats]:
    """Which pixels are certain [H, W], and a first alpha.

    The band of doubt is wide at clear edges, narrow at faint ones (where colours could not decide), and
    reaches further in where the background shines through, as in hair.
    """
    outline = product ^ ndimage.binary_erosion(product, border_value=1)
    contrast = np.abs(levels - backdrop.colour).max(axis=-1)
    scale = max(product.shape) / WORKING_SIDE
    reach = max(9, round(12 * scale))
    clear = outline & (ndimage.maximum_filter(contrast, 5) > 30)
    wide = ndimage.binary_dilation(clear, disk(max(4, round(6 * scale))))
    narrow = ndimage.binary_dilation(outline, disk(2))
    mixed = (contrast > 6) & (contrast < 0.85 * ndimage.maximum_filter(contrast, 2 * reach + 1))
    hairy = mixed & product & ndimage.binary_dilation(clear, disk(reach))
    return ~(wide | narrow | hairy), product.astype(np.float64)
