"""How sure a cut-out is, measured against the photo and not against itself; and what to say of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from caig_cli.cutouts.contour import blended
from caig_cli.cutouts.decision import Decision
from caig_cli.cutouts.edges import grey_of
from caig_cli.cutouts.evidence import PhotoEvidence
from caig_cli.cutouts.filters import gradient, largest
from caig_cli.cutouts.masks import Mask, connected, grown, opened, outline, shrunk

Floats = NDArray[np.floating]

_LIMITS = {"lost": 0.12, "rim": 0.35, "kept": 0.1, "left": 0.1, "ceded": 0.12, "pale": 0.15}
"""Values at which each of these alone makes a cut-out doubtful (a doubt of a half)."""

_MOST = {"kept": 0.45, "pale": 0.45}
"""How much doubt these can make, others all: they are seldom wrong alone."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A measure that is more often high where a cut-out is damaged: at ``half`` it has half of its ``weight``
    in the log odds of that.
    """

    half: float
    weight: float


SIGNS = {
    "blended": Sign(0.066, 1.7), "apart": Sign(0.07, 1.55), "floating": Sign(0.0003, 0.8),
    "soft": Sign(0.13, 1.05), "weak": Sign(0.034, 1.3), "kept": Sign(0.006, 1.2),
    "added": Sign(0.018, 1.05), "unclear": Sign(0.45, 1.0),
}  # fmt: skip
SOUND = -3.3
"""Log odds of damage without any sign. These and the weights are a ridge logistic regression on 109 real
photos whose cut-outs were judged by eye (``benchmarks/doubt.py``), for a shop where fewer are damaged.
"""

_WORDS = {
    "lost": "parts that the network takes for product were left out",
    "rim": "{share:.0%} of the outline follows no edge of the photo",
    "left": "something with a sharp outline touches it and was left out",
    "ceded": "a part that the network is sure of has the background's colour and was left out",
    "pale": "a paler part at its foot, which the photo cuts off, may be its mirror image or shadow",
    "blended": "product and ground look alike at {share:.0%} of the outline, which may be wrong there",
    "apart": "the network sees {share:.0%} of it otherwise in the mirrored photo, such as legs or shadow",
    "floating": "parts of it float in an opening, which may be product too",
    "soft": "the network is hardly sure of some parts",
    "weak": "{share:.0%} of the outline is faint in the photo",
    "kept": "parts with the background's colour were kept as product",
    "added": "{share:.1%} of it is seen by its colour only",
}
"""What is told; that the ground is uneven (``unclear``) is no news."""

_TOLD = 3
"""Notes on doubt at most."""


def measured(evidence: PhotoEvidence, decision: Decision) -> dict[str, float]:
    """Shares of a cut: of the product's area, unless the outline is named.

    ``lost``: the network is sure of it, and it is gone. ``left``: beside it, with a sharp outline. ``ceded``:
    the network is sure of it, but it has the background's colour and no border with it. ``pale``: its foot at
    the frame, in the ground's hue. ``blended``: outline before a busy ground or one of its tone, where both
    sides have the same colours. ``apart``: what the network's two looks see otherwise. ``floating``: things
    apart within an opening. ``soft``: what the network is not sure of. ``rim``: outline without any edge of
    the photo; ``weak``: with hardly any; ``unclear``: before a ground without a colour of its own. ``kept``:
    product of the background's colour. ``added``: seen by its colour only.
    """
    product, prior = decision.product, evidence.prior
    area = max(1, int(product.sum()))
    border = outline(product)
    near = grown(border, 8 * evidence.unit)
    gone = (prior > 0.85) & ~product & ~evidence.alike & ~decision.opened & ~decision.mirrored & ~near
    beside = evidence.background.touching & evidence.unlike & ~evidence.shaded
    areas = {
        "lost": int(gone.sum()),
        "left": int((beside & ~decision.mirrored & ~product).sum()),
        "ceded": decision.ceded,
        "pale": _pale_foot(evidence, product),
        "apart": int((evidence.differing > 0.3).sum()),
        "floating": _floating(product),
        "soft": int(((prior > 0.1) & (prior < 0.9)).sum()),
        "kept": decision.kept,
        "added": decision.added,
    }
    unclear = float(decision.unclear[border].mean()) if border.any() else 0.0
    blends = blended(evidence.soft, product, border & decision.unclear, evidence.unit) * unclear
    rim, weak = _unsupported(evidence, border)
    return {name: float(part) / area for name, part in areas.items()} | {
        "blended": blends, "unclear": unclear, "rim": rim, "weak": weak,
    }  # fmt: skip


def _floating(product: Mask) -> int:
    """Pixels of things that lie apart within openings of the largest thing: a dial's digits."""
    labels, count = ndimage.label(product)
    if count < 2:
        return 0
    areas = np.bincount(labels.ravel())
    areas[0] = 0
    largest_one = labels == areas.argmax()
    return int((ndimage.binary_fill_holes(largest_one) & product & ~largest_one).sum())


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


def _unsupported(evidence: PhotoEvidence, border: Mask) -> tuple[float, float]:
    """Shares of the outline that follow no edge of the photo, and next to none."""
    if not border.any():
        return 0.0, 0.0
    radius, close = (max(3, round(pixels * evidence.unit)) for pixels in (6, 4))
    steep = largest(evidence.edges.strength, 2 * radius + 1) > 8
    supported = (grown(evidence.edges.sharp, radius) | steep)[border]
    weak = largest(evidence.edges.strength, 2 * close + 1)[border] < 5
    return float(1 - supported.mean()), float(weak.mean())


def doubt_of(measures: dict[str, float]) -> tuple[float, list[str]]:
    """All measures as one doubt from 0 to 1, and sentences for those that make it, worst first."""
    said = {name: sign.weight * _saturated(measures[name], sign.half) for name, sign in SIGNS.items()}
    sound, damaged = (1 / (1 + np.exp(-odds)) for odds in (SOUND, SOUND + sum(said.values())))
    alone = {name: min(_MOST.get(name, 1.0), 0.5 * measures[name] / limit) for name, limit in _LIMITS.items()}
    doubt = 1 - (1 - damaged) / (1 - sound) * float(np.prod([1 - share for share in alone.values()]))
    told = {name: 4 * share for name, share in alone.items() if share > (0.1 if name == "pale" else 0.25)}
    if doubt > _WORTH_TELLING:
        told |= {
            name: said[name] for name in said if name in _WORDS and said[name] > 0.4 * SIGNS[name].weight
        }
    worst = sorted(told, key=lambda name: -told[name])[:_TOLD]
    return round(float(doubt), 3), [_WORDS[name].format(share=measures[name]) for name in worst]


_WORTH_TELLING = 0.15
"""Doubt from which its signs are told."""


def _saturated(value: float, half: float) -> float:
    return value / (value + half)


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
