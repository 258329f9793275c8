"""Parts of the background's colour that the network takes for product: handles, rings, gaps; or a label."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from caig_cli.cutouts.decision import Decision
from caig_cli.cutouts.edges import grey_of, span_of
from caig_cli.cutouts.evidence import COLOURED, PhotoEvidence
from caig_cli.cutouts.filters import largest, smallest
from caig_cli.cutouts.masks import Mask, MaskPart, connected, dilated, opened, parts, without_dust

Floats = NDArray[np.floating]

_BLACK, _WHITE = 60, 235
"""Mean levels below and above which a ground has a colour that products have too."""


def remove_enclosed(evidence: PhotoEvidence, decision: Decision) -> None:
    """Handles, rings and rungs show the background; labels and white parts only have its colour."""
    product = decision.product
    # On a coloured ground a hole may also lie in the product's shadow: it has the ground's hue.
    spilt = (evidence.alike | evidence.shadow) & (evidence.prior > 0.5)
    outside = ~product & ~spilt
    product |= spilt
    area = int(product.sum())
    seen = evidence.background.seen & evidence.background.smooth
    far = evidence.exact_off[seen]
    error = float(np.clip(1.5 * np.median(far), 1.0, 2.5)) if far.size else 1.0
    # The photo goes on beyond its border: a line of background along it is no thin part.
    open_parts = opened(np.pad(spilt, 3, mode="edge"), 1)[3:-3, 3:-3]
    for part in parts(open_parts, margin=16):
        if part.area < max(12, 20 * evidence.unit**2):
            # Too small to be judged by its rim: by network and colours together.
            if float(decision.belief[part.window][part.mask].mean()) < 0.3:
                product[part.window] &= ~dilated(part.mask, 1)
            continue
        if _shows_background(evidence, part, outside[part.window], error, part.area / area):
            # To the narrow ends of a wedge, which the opening took off.
            whole = ndimage.binary_dilation(part.mask, iterations=12, mask=spilt[part.window])
            product[part.window] &= ~whole
            decision.opened[part.window] |= whole
            sure = float(evidence.prior[part.window][part.mask].mean()) > 0.95
            decision.ceded += part.area * (sure and _is_open(part, outside[part.window]))
        else:
            decision.kept += part.area * (_core_off(evidence, part) < 3 * error)


_SATURATED = 252
"""Mean level from which a ground is as white as a photo can be: then any white part matches it."""

_DARKEST = 0.4
"""Share of the ground's light below which what a network is sure of is no ground in shadow."""

_DIM = 0.55
"""Share of the ground's light down to which it is seen through glass, in the shadow of a frame."""


def remove_glazed(evidence: PhotoEvidence, decision: Decision) -> None:
    """Lenses and panes: enclosed ground in the frame's soft shadow, which a network takes for product.

    A part of it matches a ground exactly that is not simply white; it ends sharply, and bears no print.
    """
    ground, product = evidence.background, decision.product
    some = slice(None, None, 4), slice(None, None, 4)
    usual = (ground.seen & ground.smooth)[some]
    if not usual.any() or float(np.median(grey_of(ground.colour[some])[usual])) >= _SATURATED:
        return
    far = evidence.exact_off[some][usual]
    error = float(np.clip(1.5 * np.median(far), 1.0, 2.5))
    light = evidence.light
    dim = product & (evidence.alike | evidence.shaded) & (light > _DIM) & ~evidence.coloured
    area = int(product.sum())
    if dim.sum() <= 0.02 * area:
        return
    for part in parts(opened(dim, 1), margin=16):
        w, inside = part.window, part.mask
        ring = part.ring(3)
        if part.at_frame or not 0.02 * area < part.area < 0.6 * area or (ring & ~product[w]).any():
            continue
        # Nothing seen through glass is brighter than the ground itself; white paper mostly is.
        exact = float((evidence.exact_off[w][inside] < 3 * error).mean())
        bright = (
            float(np.quantile(light[w][inside], 0.95)) > 1.01 or float(np.median(light[w][inside])) < 0.85
        )
        edged = float(evidence.near_edge[w][part.ring(2)].mean())
        step = float(np.quantile(evidence.off[w][ring], 0.3))
        if exact > 0.08 and not bright and edged > 0.7 and step > 40 and not is_printed(evidence, part):
            product[w] &= ~inside
            decision.opened[w] |= inside


def remove_gaps(evidence: PhotoEvidence, decision: Decision) -> None:
    """Gaps so narrow that no pixel in them has the background's colour unmixed: open to the outside."""
    product = decision.product
    off = evidence.exact_off
    size = 2 * round(4 * evidence.unit) + 1
    sides = smallest(largest(off, size), size)
    narrow = evidence.background.smooth & product & (sides > 60) & (off < 0.35 * sides)
    narrow = connected(narrow | ~product, ~product) & product
    for part in parts(narrow):
        core = off[part.window][part.mask]
        # More of it would be the stripes of a product.
        if 6 * evidence.unit**2 < part.area < 0.01 * product.sum() and np.quantile(core, 0.25) < 12:
            product[part.window] &= ~part.mask
            decision.opened[part.window] |= part.mask


_DIFFER = 0.6
"""Difference of the network's two looks from which one of them sees ground."""


def _in_shadow(evidence: PhotoEvidence, part: MaskPart, edges: Mask) -> bool:
    """Whether an enclosed part is ground in the product's soft shadow.

    One of the two looks sees ground there, it is perfectly even, and in places hardly darker than the ground.
    """
    w, inside = part.window, part.mask
    if float(edges.mean()) < 0.9 or float(evidence.differing[w][inside].mean()) < _DIFFER:
        return False
    near = evidence.grey[w]
    uneven = np.abs(near - ndimage.gaussian_filter(near, 3))[inside]
    light, usual = np.quantile(evidence.off[w][inside], (0.1, 0.5))
    return bool(np.median(uneven) < 0.8 and light < 25 and usual < 60)


def remove_fading(evidence: PhotoEvidence, decision: Decision) -> None:
    """Shadows and glows that the network takes for product: most pass into the ground without an edge."""
    product = decision.product
    candidates = product & (evidence.shaded | evidence.alike) & (evidence.off < 120) & ~evidence.near_edge
    area = int(product.sum())
    for part in parts(opened(candidates, 2), margin=8):
        if not 150 * evidence.unit**2 < part.area < 0.15 * area:
            continue
        ring, inside = part.ring(4), product[part.window]
        free, held = ring & ~inside, ring & inside
        edge = evidence.near_edge[part.window]
        wide = free.sum() > max(0.06 * ring.sum(), 80 * evidence.unit)
        fades = wide and edge[free].mean() < 0.2 and edge[held].mean() > 0.6
        if fades or _in_shadow(evidence, part, edge[ring]):
            product[part.window] &= ~dilated(part.mask, 3) | edge


def _shows_background(
    evidence: PhotoEvidence, part: MaskPart, outside: Mask, error: float, share: float
) -> bool:
    """Whether a part of the background's colour, product to the network, is background.

    Open to the outside, it is where it nearly matches. Enclosed, it must end sharply; on white and
    black, which products have too, it must also match to the noise, on grey nearly, while the hue of a
    coloured ground is no coincidence. ``share``: of the product's area.
    """
    off = _core_off(evidence, part)
    if _is_open(part, outside):
        return off < 2.5 * error
    if (part.ring(2) & outside).sum() >= 4 and off < 1.5 * error:
        # The narrow end of a gap, which borders on its open part along a few pixels only.
        return True
    sure = float(evidence.prior[part.window][part.mask].mean())
    if sure > 0.9 and (is_printed(evidence, part) or _light(evidence, part) < _DARKEST):
        return False
    if evidence.foreign and evidence.coloured[part.window][part.mask].all():
        return True
    ground = evidence.background.colour[part.window][part.mask]
    white = float(ground.mean()) >= _WHITE
    edged = float(evidence.near_edge[part.window][part.ring(2)].mean())
    contrast = _contrast(evidence, part, outside, 0.6 if white else 0.5)
    if edged < 0.7 or contrast < 25:
        return False  # a coat of the sky's blue has no hole
    if float(span_of(ground).mean()) > COLOURED:
        matches = part.area >= 100 * evidence.unit**2 or off < 3 * error or sure < 0.9
        return matches and (sure < 0.9 or share > 0.002)
    if _BLACK < float(ground.mean()) < _WHITE:
        return off < (3 if sure < 0.8 else 2) * error
    # So large a hole the network would have seen, unless the product is hardly more than its rim; what
    # is very small is as often a letter or a glint; and a nearly white product has white parts.
    least = float(np.quantile(evidence.prior[part.window][part.mask], 0.1))
    small = part.area < 150 * evidence.unit**2
    if (least > 0.9 and (small or contrast < 50)) or (sure > 0.97 and 0.025 < share < 0.25):
        return False
    return _core_off(evidence, part, 0.33) < (3 if sure < 0.8 else 1.1) * error


def _light(evidence: PhotoEvidence, part: MaskPart) -> float:
    """Share of the ground's light in a part. What is nearly black has no hue to tell it by."""
    return float(np.median(evidence.light[part.window][part.mask]))


def is_printed(evidence: PhotoEvidence, part: MaskPart) -> bool:
    """Whether print, hands or letters stand in an enclosed part, apart from its rim: a dial or label.

    Through a hole a smooth ground shows nothing, and what crosses it holds on to the rim.
    """
    filled = np.asarray(ndimage.binary_fill_holes(part.mask))
    islands = filled & ~dilated(part.mask, 1) & evidence.unlike[part.window]
    islands = without_dust(islands, 6 * evidence.unit**2)
    return float(islands.sum()) > 0.004 * part.area


def _contrast(evidence: PhotoEvidence, part: MaskPart, outside: Mask, share: float) -> float:
    """How many levels the product around a part is off the background, at the ``share`` quantile."""
    ring = dilated(part.mask, 8) & ~dilated(part.mask, 3)
    around = evidence.off[part.window][ring & ~outside]
    return float(np.quantile(around, share)) if around.size else 255.0


def _core_off(evidence: PhotoEvidence, part: MaskPart, share: float = 0.5) -> float:
    """Distance in levels from the background, away from the part's rim as far as it is thick.

    ``share``: of the pixels that are nearer. In a narrow gap compression and blur leave little of the
    background unmixed.
    """
    off = evidence.exact_off[part.window]
    depth = ndimage.distance_transform_edt(part.mask)
    return float(np.quantile(off[depth >= 0.6 * min(float(depth.max()), 6.0)], share))


def _is_open(part: MaskPart, outside: Mask) -> bool:
    """Whether a part borders on the ``outside`` [h, w] of the product along more than a few pixels."""
    ring = part.ring(2)
    return bool((ring & outside).sum() > 0.1 * ring.sum())
