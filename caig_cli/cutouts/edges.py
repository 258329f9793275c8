"""Edges of a photo: where colours change within a few pixels, which soft shadows do not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caig_cli.cutouts.filters import gaussian, gradient, largest, mean
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


def find_edges(levels: Floats, quiet: Mask) -> Edges:
    """Gradients of levels [H, W, 3] at two widths: a narrow edge loses its strength in the wider one.

    ``quiet`` [H, W]: a part of the background, whose gradients are noise.
    """
    fine, wide = _gradient(levels, 1.0), _gradient(levels, 3.0)
    noise = float(np.median(fine[quiet])) if quiet.any() else 1.0
    # Compression rings beside strong edges; what is 25 times weaker than its surroundings is no edge.
    ringing = 0.04 * largest(fine, 2 * (max(fine.shape) // 60) + 1)
    sharp = (fine > np.maximum(max(1.2, 4 * noise), ringing)) & (fine > 1.5 * wide)
    return Edges(fine, without_dust(sharp, 10))


def _gradient(levels: Floats, sigma: float) -> Floats:
    """The largest gradient magnitude of the three channels [H, W], in levels per pixel."""
    red, green, blue = (gradient(levels[..., c], sigma) for c in range(3))
    return np.maximum(np.maximum(red, green), blue)


def blurred(levels: Floats) -> Floats:
    """Levels [H, W, 3] a little blurred: what compression and noise add to single pixels is evened out."""
    return np.stack([gaussian(levels[..., c], 0.7) for c in range(3)], axis=-1)


def apart(levels: Floats, colour: Floats) -> Floats:
    """The largest difference of the three channels [H, W], in levels."""
    red, green, blue = (np.abs(levels[..., c] - colour[..., c]) for c in range(3))
    return np.maximum(np.maximum(red, green), blue)


def dotted(one: Floats, two: Floats) -> Floats:
    """The inner product [H, W] of two times three channels; numpy's sum over a short axis is slow."""
    return np.asarray(sum(one[..., c] * two[..., c] for c in range(3)))


def grey_of(levels: Floats) -> Floats:
    """The mean of three channels [H, W]."""
    return np.asarray((levels[..., 0] + levels[..., 1] + levels[..., 2]) / 3)


def span_of(levels: Floats) -> Floats:
    """The difference of the largest and the smallest of three channels [H, W]."""
    red, green, blue = (levels[..., c] for c in range(3))
    high, low = np.maximum(red, green), np.minimum(red, green)
    return np.maximum(high, blue) - np.minimum(low, blue)


def texture(grey: Floats, where: Mask, unit: float) -> Floats:
    """Standard deviation [H, W] of the levels ``where`` in small windows: soil is uneven, a shadow is not."""
    size, inside = 2 * round(4 * unit) + 1, np.where(where, grey, 0).astype(np.float32)
    share = np.maximum(mean(where.astype(np.float32), size), 0.02)
    middle, square = (mean(values, size) / share for values in (inside, inside * inside))
    return np.asarray(np.sqrt(np.maximum(square - middle * middle, 0)))
