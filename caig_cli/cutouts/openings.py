"""Openings of a product before a busy background: what is seen through a handle, a ring, a chair.

Networks that see the outline of a ring fill it. Inside and outside then look alike, and neither like the rim.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from caig_cli.cutouts.colours import colour_tree, features
from caig_cli.cutouts.masks import Mask, connected, dilated, disk, grown, opened, parts, shrunk

Floats = NDArray[np.floating]

_SIDE = 320
"""Longest side in pixels at which openings are looked for."""

_ALIKE, _FOREIGN = 9.0, 7.0
"""Distances of colours: up to which an opening is like the outside, and from which unlike nearly all of its
rim (half of which is twice as far).
"""

_SMALLEST = 0.004
"""Share of the product's area that an opening must have."""


def find_openings(levels: Floats, product: Mask) -> Mask:
    """Enclosed parts of ``product`` [H, W] that look like its surroundings, and not like its rim.

    ``levels`` [H, W, 3]. Colours are compared as distributions: most of an opening must be near to colours of
    the surroundings, and those of the rim around it far.
    """
    height, width = product.shape
    scale = min(1.0, _SIDE / max(height, width))
    size = max(8, round(width * scale)), max(8, round(height * scale))
    small = np.asarray(Image.fromarray(levels.astype(np.uint8)).resize(size, Image.Resampling.BOX), float)
    inside = np.asarray(Image.fromarray(product).resize(size, Image.Resampling.NEAREST))
    colours = features(small)[..., :3]
    outside = grown(inside, 30) & ~grown(inside, 2)
    core = shrunk(inside, 3)
    if outside.sum() < 50 or core.sum() < 50:
        return np.zeros_like(product)
    near = colour_tree(colours[outside][:: max(1, int(outside.sum()) // 3000)])
    alike = np.zeros_like(inside)
    alike[core] = np.asarray(near.query(colours[core], k=3)[0]).mean(axis=-1) < _ALIKE
    alike = opened(ndimage.binary_closing(alike, disk(1)), 2)
    found = np.zeros_like(inside)
    for part in parts(alike, margin=8):
        if part.area >= _SMALLEST * inside.sum() and _is_foreign(
            part.mask, colours[part.window], inside[part.window]
        ):
            found[part.window] |= dilated(part.mask, 2) & inside[part.window]
    if found.any():
        found = _whole(found, colours, inside)
    large = Image.fromarray(found).resize((width, height), Image.Resampling.NEAREST)
    return np.asarray(large) & product


def _is_foreign(mask: Mask, colours: Floats, inside: Mask) -> bool:
    """Whether a part differs in colour from the product that surrounds it, and is surrounded by it."""
    ring = dilated(mask, 6) & ~dilated(mask, 2)
    around = ring & inside
    if around.sum() < 0.9 * ring.sum() or not around.any():
        return False
    own = colour_tree(colours[mask][:: max(1, int(mask.sum()) // 1500)])
    distance = np.asarray(own.query(colours[around], k=1)[0])
    low, middle = np.percentile(distance, (15, 50))
    return bool(low > _FOREIGN and middle > 2 * _FOREIGN)


def _whole(found: Mask, colours: Floats, inside: Mask) -> Mask:
    """The openings [h, w] with what joins them inside the product and is like no other part of it either."""
    near = grown(found, 40)
    own, asked = inside & ~near, inside & near & ~found
    if own.sum() < 50 or not asked.any():
        return found
    unlike = np.zeros_like(found)
    tree = colour_tree(colours[own][:: max(1, int(own.sum()) // 3000)])
    unlike[asked] = np.asarray(tree.query(colours[asked], k=3)[0]).mean(axis=-1) > _ALIKE
    joined = connected(opened(unlike | found, 1) | found, found)
    return joined if joined.sum() < 3 * found.sum() else found
