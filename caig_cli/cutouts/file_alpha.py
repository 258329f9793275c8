"""Faults of the alpha that files bring: shadows stored in it, and hard rims mixed with a background."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from caig_cli.cutouts.masks import Mask, dilated, disk, grown, opened, parts
from caig_cli.cutouts.matting import product_colours, solve_alpha, stretched

Pixels = NDArray[np.uint8]
Levels = NDArray[np.floating]

_NEARLY_SOLID = 242
"""Alpha from which a pixel is no shadow."""

_DARK, _GREY = 110, 30
"""Levels up to which a shadow's own colour is bright, and its channels differ."""

_RIM = 2
"""Pixels that a hard rim is mixed over."""


def without_shadow(rgb: Pixels, alpha: Pixels) -> tuple[Pixels, bool]:
    """Alpha [H, W] without soft dark grey areas that never get solid, and whether there were any.

    Such an area is wider than an edge and open to the outside: glass that the product encloses, veils with
    colours of their own, and the soft edges of the product itself stay.
    """
    levels = rgb.astype(np.int16)
    dark = (levels.max(axis=-1) < _DARK) & (levels.max(axis=-1) - levels.min(axis=-1) < _GREY)
    soft = (alpha > 0) & (alpha < _NEARLY_SOLID) & dark
    edge = max(3, max(alpha.shape) // 150)
    solid = alpha >= _NEARLY_SOLID
    wide = soft & ~grown(solid, edge)
    empty = dilated(alpha == 0, 1)
    shadow = np.zeros_like(soft)
    for part in parts(opened(wide, 1)):
        inside = part.mask
        if part.area < 20 or not (empty[part.window] & inside).any():
            continue
        shadow[part.window] |= inside
    if not shadow.any():
        return alpha, False
    # What hangs on it, up to the product's own edge: the shadow is thin where it fades and where it begins.
    shadow = ndimage.binary_dilation(shadow, disk(1), iterations=2 * edge, mask=soft) & ~grown(solid, 1.5)
    return np.where(shadow, 0, alpha).astype(np.uint8), True


def softened(rgb: Pixels, alpha: Pixels) -> tuple[Pixels, Pixels] | None:
    """Colours [H, W, 3] and alpha [H, W] of a hard cut-out whose rim is mixed with its old background.

    None where alpha is soft already, or the rim has the product's own colours. The old background is what
    transparent pixels beside the rim still hold, or white, whichever the rim leans to.
    """
    solid = alpha >= _NEARLY_SOLID
    border = solid & dilated(alpha == 0, 1)
    if not border.any() or np.count_nonzero((alpha > 0) & ~solid) > 0.1 * border.sum():
        return None
    colour = _old_background(rgb, solid, border)
    if colour is None:
        return None
    image = np.where(solid[..., None], rgb, colour).astype(np.float64) / 255
    core = ~grown(~solid, _RIM)
    known = core | ~solid
    found = solve_alpha(image, known, solid.astype(np.float64))
    colours = np.rint(product_colours(image, found) * 255).astype(np.uint8)
    soft = stretched(found)
    return np.where((soft > 250)[..., None], rgb, colours), soft


def _old_background(rgb: Pixels, solid: Mask, border: Mask) -> Levels | None:
    """The colour [3] that the rim leans to, seen from what lies a few pixels further in."""
    core = ~grown(~solid, _RIM + 1)
    if not core.any():
        return None
    rows, columns = ndimage.distance_transform_edt(~core, return_distances=False, return_indices=True)
    rim, inner = rgb[border].astype(float), rgb[rows[border], columns[border]].astype(float)
    outside = dilated(border, 2) & ~solid
    candidates = [np.full(3, 255.0)]
    if outside.any():
        candidates.insert(0, np.median(rgb[outside].astype(float), axis=0))
    for colour in candidates:
        nearer = np.abs(inner - colour).max(axis=-1) - np.abs(rim - colour).max(axis=-1)
        if float((nearer > 20).mean()) > 0.3:
            return colour
    return None
