"""Shadow and halo that networks include: rims along a product's outline, and wedges between its parts."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from caig_cli.cutouts.decision import Decision
from caig_cli.cutouts.evidence import PhotoEvidence
from caig_cli.cutouts.filters import largest
from caig_cli.cutouts.masks import Mask, connected, dilated, grown, opened, parts

_WIDEST = 14
"""Pixels at the working size that a rim may be wide; its middle is nearer to the outline than a half."""

_THIN = 5
"""Half the width in pixels, at the working size, up to which a part is thin."""

_SEEN = 0.8
"""Network's view up to which a rim may be no product: inside of what it sees it is surer."""

_STEP = 40
"""Levels by which the product inside is farther off the ground than its rim."""

_EVEN = 10
"""Standard deviation in levels of a shadow or halo at the most."""


def remove_fringe(evidence: PhotoEvidence, decision: Decision) -> None:
    """Rims of an even, smooth ground's hue that lie between it and a product that is clearly no such thing.

    A white sole the network sees.
    """
    product, unit = decision.product, evidence.unit
    pale = evidence.pale & product
    free = ~product
    # What is thin alone, such as a cord, has the ground on both sides.
    rim = pale & grown(free, _WIDEST * unit) & opened(product, max(2, round(_THIN * unit)))
    rim = connected(rim | free, free) & rim
    core = product & ~pale
    # Pixels that outline and ground share are no rim.
    for part in parts(opened(rim, max(1, round(1.5 * unit))), margin=8):
        if part.area >= 20 * unit**2 and _is_fringe(evidence, part.mask, part.window, core, free):
            # With what the opening took off its ends.
            whole = ndimage.binary_dilation(part.mask, iterations=3, mask=rim[part.window])
            product[part.window] &= ~whole


def _is_fringe(
    evidence: PhotoEvidence, mask: Mask, window: tuple[slice, slice], core: Mask, free: Mask
) -> bool:
    if opened(mask, max(2, round(_WIDEST * evidence.unit / 2))).any():
        return False
    ring = dilated(mask, 3) & ~mask
    inner, outer = ring & core[window], ring & free[window]
    if inner.sum() < 0.35 * (inner.sum() + outer.sum()) or outer.sum() < 0.2 * ring.sum():
        return False
    if float(evidence.prior[window][mask].mean()) > _SEEN:
        return False
    off, grey = evidence.off[window], evidence.grey[window]
    step = float(np.median(off[inner]) - np.median(off[mask]))
    return step > _STEP and float(grey[mask].std()) < _EVEN


_STRONG = 0.25
"""Share of the strongest gradient near by from which an edge ends a shadow."""

_DIM = 0.9
"""Share of the ground's light up to which a wedge lies in shadow."""

_UNSURE = 0.6
"""Network's view up to which a wedge may be ground: labels and knobs it sees better."""

_CLEAR = 50
"""Levels by which the product beside a wedge of shadow is farther off the ground."""

_SCRAP = 0.02
"""Share of a product that a scrap of its shadow has at most."""

_OPEN = 0.45
"""Share of sharp edges up to which a shadow passes into the ground outside of the outline."""


def remove_wedges(evidence: PhotoEvidence, decision: Decision) -> None:
    """Shadow between a product's parts, such as knobs: it passes into the ground, and ends at strong edges.

    Of the ground's hue in less light, beside a product that is much farther off it.
    """
    product, unit = decision.product, evidence.unit
    free, strength = ~product, evidence.edges.strength
    near = largest(strength * product, 2 * max(6, round(20 * unit)) + 1)
    strong = strength > np.maximum(_STRONG * near, 3.0)
    hue = (evidence.shaded | evidence.alike) & (evidence.light > 0.35)
    dim = product & hue & ~strong
    dim = connected(opened(dim, 1) | free, free) & product
    sharp, before = dilated(evidence.edges.sharp, 1), product.copy()
    for part in parts(dim, margin=8):
        if part.at_frame or part.area < 20 * unit**2:
            continue
        w, ring = part.window, part.ring(1)
        outer, inner = ring & free[w], ring & product[w]
        core = dilated(part.mask, 6) & ~dilated(part.mask, 2) & product[w]
        if not inner.any() or not core.any() or outer.sum() < 0.05 * ring.sum():
            continue
        dark = float(np.median(evidence.light[w][part.mask])) < _DIM
        if not dark or float(evidence.prior[w][part.mask].mean()) > _UNSURE:
            continue  # a label, or a pale part of the product
        step = float(np.median(evidence.off[w][core]) - np.median(evidence.off[w][part.mask]))
        held = float(dilated(strong[w], 2)[inner].mean())
        if step > _CLEAR and held > 0.9 and float(sharp[w][outer].mean()) < _OPEN:
            product[w] &= ~dilated(part.mask, 1) | strong[w]
    _drop_scraps(product, before & ~product, hue)


def _drop_scraps(product: Mask, gone: Mask, hue: Mask) -> None:
    """Small parts of the product, of the ground's hue, that hung on what is ``gone`` alone."""
    if not gone.any():
        return
    beside = grown(gone, 2)
    for part in parts(product):
        small = part.area < _SCRAP * product.sum() and (beside[part.window] & part.mask).any()
        if small and hue[part.window][part.mask].mean() > 0.6:
            product[part.window] &= ~part.mask
