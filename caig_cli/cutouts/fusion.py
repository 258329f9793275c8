"""What in a photo is product: a network's view of it and the background's colour, weighed against each other.

The network knows what a product is but is soft, and may lose a cable or a keyboard. The colour knows to a
pixel where a smooth background ends but takes every line and shadow for a product. Where both agree nothing
is asked. A region that only one of them takes for product is decided as a whole, by outline, light and place.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from caig_cli.cutouts.colours import colour_evidence
from caig_cli.cutouts.contour import busy_contour
from caig_cli.cutouts.decision import Decision
from caig_cli.cutouts.edges import grey_of
from caig_cli.cutouts.enclosed import is_printed, remove_enclosed, remove_fading, remove_gaps, remove_glazed
from caig_cli.cutouts.evidence import PhotoEvidence
from caig_cli.cutouts.fringe import remove_fringe
from caig_cli.cutouts.lost_parts import add_lost_parts, remove_reflection
from caig_cli.cutouts.masks import Mask, grown, main_parts, outline, parts, without_dust
from caig_cli.cutouts.openings import find_openings

Floats = NDArray[np.floating]

_COLOUR_WEIGHT = 2.5
"""Weight of the colours beside the network's own log odds."""

_LIKELY = 0.65
"""Network's view from which colours alone take nothing away before a busy ground; the contour may."""

_HARDLY = 0.6
"""Network's view that a part apart from the product reaches nowhere, if it is a piece of the ground."""

_SURE, _AGREED = 0.95, 0.1
"""Network's view from which it is sure of a part, and the difference up to which its two looks agree."""

_WHITE = 235
"""Mean level from which a ground counts as white."""


def decide(evidence: PhotoEvidence) -> Decision:
    """What is product, from the network's view and the colours, region by region."""
    odds = np.clip(evidence.prior, 0.02, 0.98)
    # The surer the network is of product, the less the colours say against it.
    weight = _COLOUR_WEIGHT * np.where(odds > 0.5, 4 * odds * (1 - odds), 1.0)
    logit = np.log(odds / (1 - odds)) + weight * colour_evidence(evidence.levels, evidence.prior)
    product = np.where(
        evidence.background.smooth,
        (evidence.unlike & (logit > -1) & (evidence.prior > 0.1)) | ((logit > 0) & ~evidence.alike),
        (logit > 0) | (evidence.prior > _LIKELY),
    )
    product &= ~(evidence.shadow & ((logit < 2.5) | evidence.foreign))
    # A shadow on a neutral ground could also be a dark product, but ends softly and has no edges in it.
    soft = evidence.shaded & (evidence.off > 15) & ~grown(evidence.edges.sharp, 3)
    product &= ~(soft & (logit < 2))
    product |= evidence.background.others & evidence.unlike
    nothing = np.zeros_like(product)
    belief = 1 / (1 + np.exp(-logit))
    decision = Decision(product, belief, nothing, nothing.copy(), evidence.unclear)
    add_lost_parts(evidence, decision)
    remove_enclosed(evidence, decision)
    remove_glazed(evidence, decision)
    remove_gaps(evidence, decision)
    remove_reflection(evidence, decision)
    remove_fading(evidence, decision)
    remove_fringe(evidence, decision)
    product = ~without_dust(~decision.product, 12 * evidence.unit**2)
    openings = _openings(evidence, product)
    decision.opened |= openings
    decision.belief = np.where(openings, 0.0, decision.belief)
    decision.product = product & ~openings
    decision.unclear = evidence.unclear | _faint_outline(evidence, decision.product)
    band = decision.unclear & _uncertain(evidence, decision)
    drawn = busy_contour(evidence.soft, decision.product, decision.belief, band, evidence.unit)
    decision.product = _sure_parts(evidence, main_parts(drawn))
    return decision


def _sure_parts(evidence: PhotoEvidence, product: Mask) -> Mask:
    """The product without fragments that the network hardly sees, apart from it on an uneven ground.

    On an even ground what stands out of it is a thing, unless the photo cuts it off.
    """
    found = product.copy()
    for part in parts(product):
        seen = float(np.quantile(evidence.prior[part.window][part.mask], 0.9))
        even = not evidence.busy and evidence.background.smooth[part.window][part.mask].mean() > 0.8
        if seen < _HARDLY and (part.at_frame or not even) and part.area < 0.3 * product.sum():
            found[part.window] &= ~part.mask
    return found


def _uncertain(evidence: PhotoEvidence, decision: Decision) -> Mask:
    """Where before a busy ground the outline may lie: wider where network and colours are unsure."""
    border = outline(decision.product) | outline(decision.opened)
    unsure = (decision.belief > 0.05) & (decision.belief < 0.95)
    return np.asarray(grown(border, 12 * evidence.unit) | (unsure & grown(border, 24 * evidence.unit)))


def _faint_outline(evidence: PhotoEvidence, product: Mask) -> Mask:
    """Around outlines where the product is near to the ground's tone.

    Not around others: a few pixels away from any outline nothing stands out of an even ground.
    """
    near = grown(outline(product) & evidence.faint, 24 * evidence.unit)
    return grown(evidence.faint & near, 4 * evidence.unit)


def _openings(evidence: PhotoEvidence, product: Mask) -> Mask:
    """What else shows the background, by its likeness to what lies around the product.

    Not in smooth white, grey or black, whose colour has decided more exactly and which products have too;
    but what is a large part of all but white is seldom a part of the product.
    """
    found = find_openings(evidence.levels, product)
    ground, smooth = evidence.background, evidence.background.smooth
    telling = (evidence.coloured & ~evidence.kindred) | (~smooth & evidence.busy)
    usual = float(np.median(grey_of(ground.colour)[ground.seen])) if ground.seen.any() else 255.0
    if found.sum() > 0.2 * product.sum() and usual < _WHITE:
        telling |= smooth
    found = np.asarray(found & telling, dtype=bool)
    for part in parts(found, margin=8):
        if smooth[part.window][part.mask].mean() > 0.5:
            wrong = is_printed(evidence, part)
        else:
            # Coffee in a cup may look like the table: of a hole the network's two looks are seldom as sure.
            seen, apart = (values[part.window][part.mask] for values in (evidence.prior, evidence.differing))
            wrong = float(seen.mean()) > _SURE and float(apart.mean()) < _AGREED
        if wrong:
            found[part.window] &= ~part.mask
    return np.asarray(found)
