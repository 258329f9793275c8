"""The plain background of a photo, as its border shows it and as it would look without the product."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from caig_cli.cutouts.masks import Mask, disk
from caig_cli.cutouts.matting import enlarge
from caig_cli.errors import ItemError

Floats = NDArray[np.float64]

HINT = "give a mask (--mask) or a transparent PNG"

_PLAIN_SPREAD = 7.0
"""Largest robust deviation, in levels of 255, of a border that still counts as plain."""


@dataclass(frozen=True, slots=True)
class Backdrop:
    """The background as if there were no product: ``colour`` [H, W, 3] in levels; ``spread`` around it."""

    colour: Floats
    spread: float


def _ring_width(shape: tuple[int, ...]) -> int:
    """2 % of the shorter side."""
    return max(2, min(shape[:2]) // 50)


def ring_of(shape: tuple[int, ...]) -> Mask:
    """The border of the photo as a mask [H, W]."""
    width = _ring_width(shape)
    ring = np.ones(shape[:2], dtype=bool)
    ring[width:-width, width:-width] = False
    return ring


def find_backdrop(levels: Floats, name: str) -> Backdrop:
    """The border's colours, blended across the photo (a Coons patch). Refuses borders that are not smooth.

    Exact for what photographers use: plain paper, a sweep that darkens upwards, light from one side.
    """
    width = _ring_width(levels.shape)
    top, bottom = _profile(levels[:width].mean(axis=0)), _profile(levels[-width:].mean(axis=0))
    left, right = _profile(levels[:, :width].mean(axis=1)), _profile(levels[:, -width:].mean(axis=1))
    v, u = (np.linspace(0, 1, side)[:, None] for side in levels.shape[:2])
    v, u = v[:, None], u[None]
    sides = (1 - u) * left[:, None] + u * right[:, None] + (1 - v) * top + v * bottom
    upper = (1 - u) * (top[0] + left[0]) / 2 + u * (top[-1] + right[0]) / 2
    lower = (1 - u) * (bottom[0] + left[-1]) / 2 + u * (bottom[-1] + right[-1]) / 2
    colour = sides - (1 - v) * upper - v * lower
    off = np.abs(levels - colour).max(axis=-1)[ring_of(levels.shape)]
    spread = 1.4826 * float(np.median(off))
    if spread > _PLAIN_SPREAD or float((off < max(14.0, 4 * spread)).mean()) < 0.8:
        raise ItemError(f"{name}: the background is not plain; {HINT}")
    return Backdrop(colour, spread)


def _profile(line: Floats) -> Floats:
    """Colours [N, 3] along a border without specks and noise."""
    size = len(line) // 12 * 2 + 1
    still = ndimage.median_filter(line, (size, 1), mode="nearest")
    return np.asarray(ndimage.gaussian_filter1d(still, size / 4, axis=0, mode="nearest"))


def refined(backdrop: Backdrop, levels: Floats, background: Mask) -> Backdrop:
    """The backdrop with what the border could not tell, as seen on the background found with it."""
    if not background.any():
        return backdrop
    step = max(1, max(levels.shape) // 200)
    rest = _block_means(levels - backdrop.colour, step)
    height, width = rest.shape[:2]
    inner = ndimage.binary_erosion(background, disk(4))[: height * step, : width * step]
    whole = np.asarray(inner.reshape(height, step, width, step).all(axis=(1, 3)))
    colour: Floats = backdrop.colour + enlarge_colours(_smooth_rest(rest, whole), levels.shape)
    off = np.abs(levels - colour).max(axis=-1)
    return Backdrop(colour, 1.4826 * float(np.median(off[background])))


def _block_means(levels: Floats, step: int) -> Floats:
    """Means of step x step blocks; a rest at the right and the bottom is left out."""
    height, width = (side // step * step for side in levels.shape[:2])
    blocks = levels[:height, :width].reshape(height // step, step, width // step, step, 3)
    return np.asarray(blocks.mean(axis=(1, 3)))


def enlarge_colours(colours: Floats, shape: tuple[int, ...]) -> Floats:
    return np.stack([enlarge(colours[..., c], shape[:2]) for c in range(3)], axis=-1)


def _smooth_rest(rest: Floats, where: Mask) -> Floats:
    """What the backdrop misses, averaged over ``where`` with a wide Gaussian and continued beyond it."""
    sigma = max(where.shape) / 25
    weight = ndimage.gaussian_filter(where.astype(np.float64), sigma, truncate=3) + 1e-3
    inside = np.where(where[..., None], np.clip(rest, -12, 12), 0.0)
    return np.stack(
        [ndimage.gaussian_filter(inside[..., c], sigma, truncate=3) / weight for c in range(3)], axis=-1
    )


def light_of(smooth: Floats, backdrop: Backdrop) -> tuple[Floats, Floats]:
    """How much of the backdrop's light each pixel has, and how far its hue is off (beyond a shadow)."""
    light = smooth.sum(axis=-1) / np.maximum(backdrop.colour.sum(axis=-1), 1.0)
    tint = np.abs(smooth - light[..., None] * backdrop.colour).max(axis=-1)
    # The darker the shadow, the more of its light comes from the product and has its hue.
    return light, tint - 30 * np.clip(1 - light, 0, 1)
