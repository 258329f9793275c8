"""See-through products: the set shines through clear glass where the photo allows it.

A cut-out of clear glass still shows the white that it was photographed on. Where the title says that it is
clear, what is nearly as white and as grey as that backdrop, wide, and no label is taken for glass. Its
transparency is chosen so that on white the product looks exactly as in its photo; before the set, the set
takes white's place. A file's own transparency is left as it is.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from caig_cli.cutouts.cutout import Cutout
from caig_cli.records import Product

Mask = npt.NDArray[np.bool_]

_FOR = r"(glass|water|milk|juice|wine|oil|spice|storage|food|flower|coffee|tea|candle|perfume|phone)"
_VESSEL = r"(bottle|jar|vase|bowl|cup|mug|carafe|jug|pitcher|teapot|tumbler|dome|container|box|case|lid)s?"
_CLEAR = re.compile(
    rf"\b(clear|transparent|see[- ]?through|crystal|glass)\s+({_FOR}\s+)?{_VESSEL}\b"
    rf"|\b{_VESSEL}\s+(of|in|made of)\s+(clear\s+)?(glass|crystal)\b"
    r"|\b(wine|drinking|cocktail|water|beer|whisk(e)?y|martini|champagne|juice|shot|highball)\s+glass(es)?\b"
    r"|\b(carafe|decanter|goblet|champagne flute|glasvase|weinglas|trinkglas|glasflasche|glaskaraffe)s?\b"
    r"|\b(transparent|clear)\s+(glass|acrylic|plastic)\b",
    re.IGNORECASE,
)
_DARKEST = 0.6  # level (0 to 1) of the darkest channel from which a pixel may be glass
_GREY = 0.07  # difference of a pixel's channels (0 to 1) up to which it may be
_WIDE = 0.03  # share of the product that clear glass has at least
_MOST = 0.85  # transparency of the clearest part
_OWN = 0.03  # share of half-transparent pixels from which a file's own alpha counts


def clear_parts(cutout: Cutout, product: Product) -> tuple[Cutout, str | None]:
    """The cut-out with its clear parts half transparent, and a sentence about it; else as it is, and None."""
    words = " ".join([product.caption or "", *(str(value) for value in (product.attributes or {}).values())])
    match = _CLEAR.search(words)
    alpha = cutout.rgba[..., 3]
    visible = alpha > 0
    soft = ndimage.binary_erosion(visible & (alpha < 240), iterations=2)
    if match is None or soft.sum() > _OWN * visible.sum():
        return cutout, None
    glass = _glass(cutout.rgba)
    share = float(glass.sum() / visible.sum())
    if share < _WIDE:
        return cutout, None
    rgba = _thinned(cutout.rgba, glass)
    note = f"clear parts ({share:.0%} of it) let the set shine through: the title says {match[0].lower()!r}"
    return replace(cutout, rgba=rgba, facts=replace(cutout.facts, notes=(*cutout.facts.notes, note))), note


def _glass(rgba: npt.NDArray[np.uint8]) -> Mask:
    """Wide parts [H, W] that are as grey and nearly as bright as the backdrop was, labels left aside."""
    level = rgba[..., :3].astype(np.float32) / 255
    low, high = level.min(axis=-1), level.max(axis=-1)
    solid = rgba[..., 3] == 255
    reach = max(2, round(0.012 * max(solid.shape)))
    bright = solid & (low > _DARKEST) & (high - low < _GREY)
    # Print is small and dark on bright; the label around it is closed from it.
    dark = solid & ~bright
    thin = dark & ~ndimage.binary_opening(dark, iterations=reach)
    print_ = thin & ndimage.binary_erosion(solid, iterations=2 * reach)
    busy = ndimage.uniform_filter(print_.astype(np.float32), 6 * reach + 1) > 0.08
    label = ndimage.binary_dilation(busy, iterations=2 * reach)
    return np.asarray(ndimage.binary_opening(bright & ~label, iterations=max(1, reach // 2)))


def _thinned(rgba: npt.NDArray[np.uint8], glass: Mask) -> npt.NDArray[np.uint8]:
    """Alpha and colour of the glass such that over white it looks as before."""
    level = rgba[..., :3].astype(np.float32) / 255
    soft = ndimage.gaussian_filter(glass.astype(np.float32), 1.5) * glass
    through = np.clip(level.min(axis=-1), 0, _MOST) * soft
    colour = (level - through[..., None]) / np.maximum(1 - through, 1e-3)[..., None]
    result = rgba.copy()
    result[..., :3] = np.where(glass[..., None], np.clip(255 * colour + 0.5, 0, 255), rgba[..., :3])
    result[..., 3] = np.where(glass, np.rint(255 * (1 - through)), rgba[..., 3])
    return result
