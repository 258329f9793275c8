"""How sure a cut-out is, measured against the photo and not against itself; and what to say of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from caig_cli.cutouts.contour import blended
from caig_cli.cutouts.decision import Decision
from caig_cli.cutouts.edges import grey_of
from caig_cli.cutouts.evidence import PhotoEvidence
from caig_cli.cutouts.filters import gradient, largest
from caig_cli.cutouts.masks import Mask, connected, grown, opened, outline, shrunk

Floats = NDArray[np.floating]

_LIMITS = {
    "lost": 0.12, "unsure": 0.15, "rim": 0.35, "kept": 0.1, "added": 0.6, "left": 0.1, "ceded": 0.12,
    "blended": 0.3, "pale": 0.15,
}  # fmt: skip
"""Each measure's value at which it alone makes a cut-out doubtful (a doubt of a half)."""

_MOST = {"kept": 0.45, "blended": 0.45, "pale": 0.45}
"""How much doubt these can make, others all: they are seldom wrong alone."""

_TOLD = {"blended": 0.04, "pale": 0.1}
"""Doubt from which these are told, others a quarter: each is worth a look."""

_WORDS = {
    "lost": "parts that the network takes for product were left out",
    "unsure": "network and colours are unsure of {share:.0%} of the product",
    "rim": "{share:.0%} of the outline follows no edge of the photo",
    "kept": "parts with the background's colour were kept as product",
    "added": "{share:.0%} of it is seen by its colour only",
    "ceded": "a part that the network is sure of has the background's colour and was left out",
    "blended": "product and ground look alike at {share:.0%} of the outline, which may be wrong there",
    "pale": "a paler part at its foot, which the photo cuts off, may be its mirror image or shadow",
    "left": "something with a sharp outline touches it and was left out",
}


def measured(evidence: PhotoEvidence, decision: Decision) -> dict[str, float]:
    """Shares of a cut: of the product's area, or for ``rim`` of the outline's length.

    ``lost``: the network is sure of it, and it is gone. ``unsure``: network and colours together are not.
    ``rim``: outline without any edge of the photo. ``kept``: product of the background's colour. ``added``:
    seen by its colour only. ``left``: beside it, with a sharp outline. ``ceded``: the network is sure of it,
    but it has the background's colour and no border with it. ``blended``: outline before a busy ground or one
    of its tone, where both sides have the same colours. ``pale``: its foot at the frame, in the ground's hue.
    """
    product, unit = decision.product, evidence.unit
    area = max(1, int(product.sum()))
    border = outline(product)
    inner = ~grown(border, 8 * unit)
    unsure = (decision.belief > 0.25) & (decision.belief < 0.75) & ~evidence.alike & ~evidence.unlike
    beside = evidence.background.touching & evidence.unlike
    return {
        "lost": float(
            (
                (evidence.prior > 0.85)
                & ~product
                & ~evidence.alike
                & ~decision.opened
                & ~decision.mirrored
                & inner
            ).sum()
            / area
        ),
        "unsure": float((unsure & inner).sum() / area),
        "rim": _unsupported(evidence, border),
        "kept": decision.kept / area,
        "added": decision.added / area,
        "left": float((beside & ~evidence.shaded & ~decision.mirrored & ~product).sum() / area),
        "ceded": decision.ceded / area,
        "blended": blended(evidence.soft, product, border & decision.unclear, unit)
        * float(decision.unclear[border].mean() if border.any() else 0),
        "pale": _pale_foot(evidence, product) / area,
    }


def _pale_foot(evidence: PhotoEvidence, product: Mask) -> int:
    """Pixels of the product at the photo's lower side that are its ground in less light."""
    if not product[-1].any():
        return 0
    ground = np.maximum(grey_of(evidence.background.colour), 1)
    light = evidence.grey / ground
    pale = opened(product & evidence.shaded & (light > 0.3) & (light < 0.9), 2)
    bottom = np.zeros_like(pale)
    bottom[-1] = True
    return int(connected(pale, pale & grown(bottom, 4)).sum())


def _unsupported(evidence: PhotoEvidence, border: Mask) -> float:
    """Share of the outline that follows no edge of the photo."""
    if not border.any():
        return 0.0
    radius = max(3, round(6 * evidence.unit))
    steep = largest(evidence.edges.strength, 2 * radius + 1) > 8
    return float(1 - (grown(evidence.edges.sharp, radius) | steep)[border].mean())


def doubt_of(measures: dict[str, float]) -> tuple[float, list[str]]:
    """All measures as one doubt from 0 to 1, and a sentence for each that is near its limit, worst first."""
    shares = {
        name: min(_MOST.get(name, 1.0), 0.5 * measures[name] / limit) for name, limit in _LIMITS.items()
    }
    # A product of its ground's tone is one cause of both: it counts once.
    alike = max(shares["kept"], shares["blended"])
    others = [1 - share for name, share in shares.items() if name not in ("kept", "blended")]
    doubt = 1 - (1 - alike) * float(np.prod(others))
    worst = sorted(
        (name for name, share in shares.items() if share > _TOLD.get(name, 0.25)),
        key=lambda name: -shares[name],
    )
    return round(doubt, 3), [_WORDS[name].format(share=measures[name]) for name in worst]


# --- what is told ----------------------------------------------------------------------------------


def shows_skin(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> bool:
    """Whether smooth parts of the product's photo [H, W, 3] have the colour of skin, in any shade.

    Chai and Ngan 1999: Cb 77 to 127, Cr 133 to 173. Wood and leather have it too, but are never so even.
    """
    levels = rgb.astype(np.float32)
    red, green, blue = (levels[..., c] for c in range(3))
    cb = 128 - 0.168736 * red - 0.331264 * green + 0.5 * blue
    cr = 128 + 0.5 * red - 0.418688 * green - 0.081312 * blue
    even = gradient(grey_of(levels), 1.5) < 4
    solid = alpha > 250
    skin = (cb > 77) & (cb < 127) & (cr > 137) & (cr < 173) & (red > 50) & even & solid
    skin = grown(shrunk(skin, 2), 2)
    return bool(skin.sum() > 0.02 * solid.sum())
