"""Shadow and halo along a product's outline: a narrow rim of the ground's hue that networks include."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from caig_cli.cutouts.decision import Decision
from caig_cli.cutouts.evidence import PhotoEvidence
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
