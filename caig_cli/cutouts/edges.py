"""Edges of a photo: where colours change within a few pixels, which soft shadows do not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from caig_cli.cutouts.masks import Mask, grown, without_dust

Floats = NDArray[np.floating]

WORKING_SIDE = 1024
"""Longest side in pixels at which it is decided what is product; larger photos follow by enlargement."""


@dataclass(frozen=True, slots=True)
class Edges:
    """``strength`` [H, W] in levels per pixel; ``sharp`` where a narrow edge stands above the noise."""

    strength: Floats
    sharp: Mask

    def near(self, radius: int) -> Mask:
        """Pixels within ``radius`` (at the working size) of a sharp edge."""
        return grown(self.sharp, max(3, round(radius * max(self.sharp.shape) / WORKING_SIDE)))


def find_edges(levels: Floats, noise: float) -> Edges:
    """Gradients of levels [H, W, 3] at two widths: a narrow edge loses its strength in the wider one.

    ``noise``: the usual gradient of the background, in levels per pixel at the finer width.
    """
    fine, wide = gradient(levels, 1.0), gradient(levels, 3.0)
    # Compression rings beside strong edges; what is 25 times weaker than its surroundings is no edge.
    ringing = 0.04 * ndimage.maximum_filter(fine, size=2 * (max(fine.shape) // 60) + 1)
    sharp = (fine > np.maximum(max(1.2, 4 * noise), ringing)) & (fine > 1.5 * wide)
    return Edges(fine, without_dust(sharp, 10))


def gradient(levels: Floats, sigma: float) -> Floats:
    """The largest gradient magnitude of the three channels [H, W], in levels per pixel."""
    blurred = ndimage.gaussian_filter(levels, (sigma, sigma, 0.0))
    down = ndimage.correlate1d(blurred, (-0.5, 0.0, 0.5), axis=0, mode="nearest")
    along = ndimage.correlate1d(blurred, (-0.5, 0.0, 0.5), axis=1, mode="nearest")
    return np.asarray(np.sqrt((down * down + along * along).max(axis=-1)))
