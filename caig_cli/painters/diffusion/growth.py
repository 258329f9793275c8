"""How much a painted background continues the product past its outline."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from caig_cli.cutouts.cutout import Cutout
from caig_cli.painters.compose import Floats, Mask, Pixels, laid_out, nearest
from caig_cli.records import Box

_SAME = 12.0
"""Levels, mean over the channels: colours nearer than this look the same, but for their brightness."""
_SHADE = 22.0
"""Levels of brightness that a part of a thing may differ by where another light falls on it."""
_BASE, _MOSTLY = 0.3, 0.9
"""What a product stands on lies with this share of its area beside the lower part of the product, this share
of its height, or below."""
_RIM = 2
"""Pixels: how far inside its outline the product's own colours are read."""


def growth(ad: Pixels, product: Cutout, box: Box) -> float:
    """Area that continues the product, as a share of the product's area.

    A pixel continues it if it has the colour of the nearest part of the product's rim, in whatever light, and
    is connected to the product through such pixels. What reaches out on both sides below it is what it stands
    on (a plate, a cloth) and counts as little as a background of its colour: a region that touches more of
    the frame's edge than the product is long. Patterns are followed only as far as they keep the rim's
    colour, so this is the least that it can be.
    """
    rgba = laid_out(product, box, (ad.shape[1], ad.shape[0]))
    solid, touched = rgba[..., 3] == 255, rgba[..., 3] > 0
    inner = ndimage.binary_erosion(solid, iterations=_RIM)
    rim = inner if inner.any() else solid
    if not rim.any() or touched.all():
        return 0.0
    same = _same(ad, rgba, rim) & ~touched
    grown = _connected(same, touched, max(box.width, box.height), box)
    return float(grown.sum() / touched.sum())


def _same(ad: Pixels, rgba: Pixels, rim: Mask) -> Mask:
    """Where the ad has the colour of the nearest pixel of ``rim``."""
    own = nearest(rgba[..., :3].astype(np.float32), rim)
    apart: Floats = ad.astype(np.float32) - own
    shade: Floats = apart.mean(axis=-1)
    tint: Floats = np.abs(apart - shade[..., None]).mean(axis=-1)
    return (np.abs(shade) < _SHADE) & (tint < _SAME)


def _connected(same: Mask, product: Mask, longest: int, box: Box) -> Mask:
    """Regions of ``same`` beside the product, without those that have more than ``longest`` pixels at the
    frame's edge and those that it stands on."""
    labels, count = ndimage.label(same, structure=np.ones((3, 3), bool))
    beside = ndimage.binary_dilation(product, structure=np.ones((3, 3), bool))
    keep = np.zeros(count + 1, bool)
    keep[labels[beside]] = True
    at_edge = np.concatenate([labels[0], labels[-1], labels[1:-1, 0], labels[1:-1, -1]])
    keep &= np.bincount(at_edge, minlength=count + 1) <= longest
    keep[0] = False
    for number in np.flatnonzero(keep):
        rows, columns = np.nonzero(labels == number)
        low = (rows >= box.bottom - _BASE * box.height).mean()
        keep[number] = not (columns.min() < box.left and columns.max() >= box.right and low >= _MOSTLY)
    return keep[labels]
