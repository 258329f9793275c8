"""What soft edges start from: which pixels are certain, and a first alpha from two known colours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from caig_cli.cutouts.decision import Decision
from caig_cli.cutouts.edges import WORKING_SIDE, apart, grey_of
from caig_cli.cutouts.evidence import PhotoEvidence
from caig_cli.cutouts.filters import gaussian, largest, mean, smallest
from caig_cli.cutouts.masks import Mask, dilated, grown, outline, shrunk
from caig_cli.cutouts.matting import enlarge

Floats = NDArray[np.floating]

_STEADY = 0.12
"""Share of the strongest gradient near by up to which a shadow beside it is steady."""

_TRUST = 0.1
"""Weight of an alpha that follows from two known colours, beside the colours' smoothness."""

_LEANING = 0.1
"""Weight of what was decided before a busy ground; up to 20 times more where the photo shows no contrast."""

_BESIDE = 9
"""Pixels to each side over which the ground's colour beside a product is averaged."""

_SOME = 0.02
"""Share of ground among them from which that counts."""


def find_trimap(evidence: PhotoEvidence, decision: Decision) -> tuple[Mask, Floats]:
    """Which pixels are certain [H, W], and a first alpha.

    On a smooth background the band of doubt is narrow, and what has the background's very colour,
    or its hue in shadow, is certain.
    Elsewhere it is as wide as network and colours are unsure.
    """
    product, unit = decision.product, evidence.unit
    smooth = ~decision.unclear
    border = outline(product)
    # On a smooth ground the outline lies where the product begins to show: its edge is not far inside.
    near, far = max(3, round(3 * unit)), max(3, round(4 * unit))
    # Before a busy ground it was drawn along the strongest edge, and is a narrow step there.
    band = np.where(smooth & product | ~smooth, grown(border, near), grown(border, far))
    # What is hardly wider than the band keeps its middle.
    core = shrunk(product, max(2, round(2 * unit))) & ~grown(shrunk(product, near), 2 * near)
    band &= ~(smooth & core)
    # At an opening that the network did not see, compression has left the background's colour uneven.
    band |= grown(decision.opened, far) & product
    off_edge = ~dilated(product, 2)
    plain = smooth & ((evidence.exactly & ~dilated(product, 1)) | (evidence.shadow & off_edge))
    # A halo or shadow along the outline of a darker product is not mixed with it but for the last pixels.
    faint = evidence.off < 0.35 * largest(evidence.off * product, 2 * far + 1)
    plain |= smooth & off_edge & evidence.pale & faint
    # So it is with what hardly changes beside a sharp edge.
    shaded = evidence.shaded & (evidence.light > 0.3) & ~evidence.coloured
    steady = evidence.edges.strength < _STEADY * largest(evidence.edges.strength, 2 * far + 1)
    plain |= smooth & off_edge & shaded & steady
    # A cord is all band: its middle is product nevertheless.
    middle = product & evidence.unlike & (evidence.off > 0.85 * largest(evidence.off * product, 5))
    step = gaussian(product.astype(np.float32), 0.8 * unit)
    return ~(band & ~plain & ~(middle & smooth)), np.where(smooth, product, step).astype(np.float64)


def first_alpha(
    image: Floats,
    known: Mask,
    guess: Floats,
    evidence: PhotoEvidence,
    decision: Decision,
    window: tuple[slice, slice],
    shape: tuple[int, ...],
) -> tuple[Floats, Floats]:
    """A first alpha [h, w] in a ``window`` of the photo of ``shape``, and how much to trust it [h, w].

    On a smooth background both colours are known: the background's, and the product's at the nearest pixel
    that is surely product. Where they differ, alpha is how far the photo's colour lies between them.
    """
    sure, unknown = known & (guess > 0.5), ~known
    if not sure.any():
        return guess, np.zeros_like(guess)
    planes = [enlarge(evidence.background.colour[..., c], shape, window) for c in range(3)]
    background = np.stack(planes, axis=-1)
    # On a coloured ground shadow was told by its hue before, and soft edges keep to the ground's estimate.
    grey = enlarge(evidence.coloured.astype(np.float32), shape, window) < 0.5
    behind = _behind(image, known & (guess < 0.5) & grey, unknown, background)
    smooth = enlarge((~decision.unclear).astype(np.float32), shape, window)[unknown]
    rows, columns = ndimage.distance_transform_edt(~sure, return_distances=False, return_indices=True)
    span = image[rows[unknown], columns[unknown]] - behind
    length = np.maximum((span * span).sum(axis=-1), 1.0)
    between = ((image[unknown] - behind) * span).sum(axis=-1) / length
    # Where the product has light parts beside its dark ones, such as a white rim, nothing follows.
    off = np.where(sure, apart(image, background), np.float32(255))
    plainest = smallest(off, 2 * round(8 * max(shape) / WORKING_SIDE) + 1)[unknown]
    weight = smooth * np.clip((np.sqrt(length) - 40) / 80, 0, 1) * np.clip((plainest - 15) / 30, 0, 1)
    guess, trust = guess.copy(), np.zeros_like(guess)
    leaning = _LEANING * np.clip((80 / np.maximum(_range(image)[unknown], 1)) ** 2, 1, 20)
    trust[unknown] = np.maximum(_TRUST * weight, leaning * (smooth < 0.5))
    guess[unknown] = np.where(weight > 0, np.clip(between, 0, 1), guess[unknown])
    return guess, trust


def _behind(image: Floats, ground: Mask, unknown: Mask, background: Floats) -> Floats:
    """The ground's colour [N, 3] behind each unknown pixel: as it is beside it, in the product's shadow, say.

    Else, far from any ``ground`` [H, W] that is known, its estimate ``background`` [H, W, 3].
    """
    size = 2 * _BESIDE + 1
    share = mean(ground.astype(np.float32), size)
    scale = 1 / np.maximum(share[unknown], 1e-3)
    means = [mean(np.where(ground, image[..., c], 0), size)[unknown] * scale for c in range(3)]
    beside = np.stack(means, axis=-1)
    return np.where((share[unknown] > _SOME)[:, None], beside, background[unknown])


def _range(image: Floats) -> Floats:
    """Between the brightest and the darkest [H, W] of the pixels near by, in levels."""
    grey = grey_of(image)
    return np.asarray(largest(grey, 7) - smallest(grey, 7))
