"""Parts unlike the background that the network did not see: a cable, a keyboard, a foot; or a shadow."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from caig_cli.cutouts.attached import ends_at_frame, is_line, is_low, is_straight, mirrors, reflection
from caig_cli.cutouts.decision import Decision
from caig_cli.cutouts.evidence import PhotoEvidence
from caig_cli.cutouts.masks import Mask, MaskPart, grown, opened, parts, without_dust

Floats = NDArray[np.floating]

_GLIMPSED = 0.35
"""Network's view from which it is not sure that a part is ground."""

_THIN = 12
"""Half of the pixels across from which a part is no line."""


def add_lost_parts(evidence: PhotoEvidence, decision: Decision) -> None:
    product = decision.product
    # The product's own rim, which the network is too soft for, would join all that touches it.
    loose = evidence.unlike & ~product & ~evidence.shadow
    rim = grown(product, 1) | (grown(product, 2) & ~evidence.shaded)
    product |= loose & rim & ~opened(loose, 2)
    missed = without_dust(evidence.unlike & ~product & ~evidence.shadow, max(12.0, 20 * evidence.unit**2))
    beside = grown(product, 3)
    missed &= ~_seams(evidence, missed, beside)
    area, rows = int(product.sum()), np.flatnonzero(product.any(axis=1))
    foot = float(rows[-1]) if rows.size else 0.0
    for part in parts(missed):
        attached = bool((beside[part.window] & part.mask).any())
        taken = [part] if belongs(evidence, part, product, attached, area, foot) else []
        if not taken and attached:  # a dark handle and the shadow that it throws are one part
            found = cores(evidence, part)
            taken = [core for core in found if belongs(evidence, core, product, True, area, foot)]
        for one in taken:
            product[one.window] |= one.mask
            decision.added += one.area
        if not taken and attached and is_low(part, foot) and _mirrors(evidence, part, product):
            decision.mirrored[part.window] |= part.mask


def cores(evidence: PhotoEvidence, part: MaskPart) -> Iterator[MaskPart]:
    """What of a part is much farther from the ground's colour than the most of it, and not unseen.

    The darkest of a shadow is too, but no network sees it.
    """
    off = evidence.off[part.window]
    strong = part.mask & (off > 2 * float(np.median(off[part.mask])))
    inner = opened(strong, 2)
    if not inner.any():
        return
    core = np.zeros_like(evidence.unlike)
    core[part.window] = inner
    for one in parts(without_dust(core, max(12.0, 0.02 * part.area))):
        if float(evidence.prior[one.window][one.mask].mean()) > _GLIMPSED:
            yield one


def _seams(evidence: PhotoEvidence, missed: Mask, beside: Mask) -> Mask:
    """Lines of boards or tiles under the product, those that end at it too.

    A cord leaves the photo at one place, the legs of a table at one side. A seam crosses the photo or meets
    others, or there are more like it away from the product.
    """
    found, doubtful, away = np.zeros_like(missed), list[MaskPart](), 0
    if not any(side.any() for side in (missed[:2], missed[-2:], missed[:, :2], missed[:, -2:])):
        return found  # nothing leaves the photo
    for part in parts(missed & ~opened(missed, round(_THIN * evidence.unit))):
        if not part.at_frame:
            continue
        top, left, bottom, right = ends_at_frame(part, missed.shape)
        crosses = bool(top and bottom) or bool(left and right)
        straight = is_straight(part, evidence.unit)
        if crosses or (straight and top + left + bottom + right > 1):
            found[part.window] |= part.mask
            away += 1
        elif straight:
            doubtful.append(part)
            away += not (beside[part.window] & part.mask).any()
    for part in doubtful if away > 1 else ():
        found[part.window] |= part.mask
    return found


def _thickness(part: MaskPart) -> float:
    """Pixels of half its widest place."""
    return float(ndimage.distance_transform_edt(np.pad(part.mask, 1)).max())


def belongs(
    evidence: PhotoEvidence, part: MaskPart, product: Mask, attached: bool, area: int, foot: float
) -> bool:
    """Whether a part that the network lost is product all the same."""
    ring, around = part.ring(), product[part.window]
    enclosed = float((ring & around).sum()) / max(1, ring.sum())
    shaded = float(evidence.shaded[part.window][part.mask].mean())
    seen = float(evidence.prior[part.window][part.mask].mean())
    if enclosed > 0.6:
        # A shadow between the product's parts is no part; cloth is less even.
        even = float(np.median(evidence.texture[part.window][part.mask])) < 5
        return not (seen < 0.05 and shaded > 0.7 and even)
    rim = ring & ~around
    edged = float(evidence.near_edge[part.window][rim].mean()) if rim.any() else 0.0
    contrast = float(np.median(evidence.off[part.window][part.mask]))
    if edged < 0.5 or contrast < 25 or (shaded > 0.5 and edged < 0.75):
        return False
    uneven = float(evidence.background.error[part.window][part.mask].mean()) > 5
    shadow = shaded > 0.7 and is_low(part, foot) and contrast < 120
    if seen < 0.05 and (uneven or evidence.busy or shadow):
        return False
    if not attached:
        # Whole things that the network does not see at all were looked for before, on even grounds only.
        return seen > 0.1 and part.area > area / 400 and edged > 0.7 and not part.at_frame
    if part.at_frame and _thickness(part) < _THIN * evidence.unit:
        return is_line(part, evidence.grey, evidence.unit)
    return not (is_low(part, foot) and enclosed < 0.4 and _mirrors(evidence, part, product))


def _mirrors(evidence: PhotoEvidence, part: MaskPart, product: Mask) -> bool:
    ground = float(evidence.background.colour[part.window][part.mask].mean())
    return mirrors(part, product, evidence.grey, ground)


def remove_reflection(evidence: PhotoEvidence, decision: Decision) -> None:
    """A mirror image that the network took for product goes, on a ground that is smooth all around."""
    plain = not evidence.busy and bool(evidence.background.smooth[decision.product].all())
    if not plain or not decision.product.any():
        return
    found = reflection(
        decision.product, evidence.levels, evidence.background.colour, evidence.near_edge, evidence.unit
    )
    decision.product &= ~found
    decision.mirrored |= found
