"""What a pixel's colour and place say: nearer to what is surely product, or to what surely is not."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from caig_cli.cutouts.masks import Mask, grown, shrunk
from caig_cli.cutouts.matting import enlarge

Floats = NDArray[np.floating]

_SIDE = 420
"""Longest side in pixels at which colours are compared."""

_NEIGHBOURS = 4
_SAMPLES = 2000


def colour_evidence(levels: Floats, prior: Floats) -> Floats:
    """Logarithm of how much nearer [H, W] each unsure pixel is to the product's colours than to the others.

    0 where the prior is sure. Nearness is the mean distance to the nearest samples in brightness, two
    opponent colours and place. The samples are a fixed choice, so that the same photo gives the same numbers.
    """
    scale = _SIDE / max(prior.shape)
    size = max(1, round(prior.shape[1] * scale)), max(1, round(prior.shape[0] * scale))
    if scale >= 1:
        size = prior.shape[1], prior.shape[0]
    small = np.asarray(
        Image.fromarray(levels.astype(np.uint8)).resize(size, Image.Resampling.BOX), np.float64
    )
    sure = np.asarray(Image.fromarray(prior.astype(np.float32)).resize(size, Image.Resampling.BOX))
    described = features(small)
    product, ground = shrunk(sure > 0.93, 2), shrunk(sure < 0.05, 2)
    around = ground & grown(sure > 0.3, 40)
    inside, outside = (
        _some(described, product),
        np.concatenate([_some(described, ground), _some(described, around)]),
    )
    evidence = np.zeros(sure.shape)
    unsure = (sure > 0.015) & (sure < 0.97)
    if min(len(inside), len(outside)) >= 20 and unsure.any():
        asked = described[unsure]
        evidence[unsure] = np.log((_distance(outside, asked) + 6) / (_distance(inside, asked) + 6))
    return enlarge(ndimage.gaussian_filter(evidence, 0.6), prior.shape)


def features(levels: Floats) -> Floats:
    """[h, w, 5] of levels [h, w, 3]: the units are such that 1 is about as visible in each."""
    red, green, blue = (levels[..., c] for c in range(3))
    height, width = red.shape
    y, x = np.mgrid[:height, :width] * (60.0 / max(height, width))
    return np.stack([0.7 * levels.mean(axis=-1), 1.2 * (red - green), 0.8 * (green - blue), y, x], axis=-1)


def _some(features: Floats, where: Mask) -> Floats:
    """At most _SAMPLES rows of the features, evenly chosen."""
    rows = features[where]
    if len(rows) <= _SAMPLES:
        return np.asarray(rows)
    return np.asarray(rows[np.linspace(0, len(rows) - 1, _SAMPLES).astype(int)])


def colour_tree(colours: Floats) -> Any:
    """The colours [K, N] as a k-d tree, in which near ones are found."""
    from scipy.spatial import cKDTree  # a tenth of a second that few photos need

    return cKDTree(colours)


def _distance(samples: Floats, asked: Floats) -> Floats:
    distances = np.asarray(colour_tree(samples).query(asked, k=_NEIGHBOURS)[0])
    return np.asarray(distances.mean(axis=-1))
