"""Varied views of the training pictures: a small tower must learn shapes from a few thousand photos."""

from __future__ import annotations

import random

import numpy as np
from PIL import Image

from caig_cli.mllm.images import Pixels, flatten

Colour = tuple[int, int, int]
TINTS = ((255, 255, 255), (238, 238, 238), (214, 205, 190), (120, 120, 120), (40, 40, 44))


def vary(pixels: Pixels, fill: Colour, rng: random.Random, strength: float) -> Pixels:
    """One varied view, uint8 [H, W, 3], of a square picture, uint8 [H, W, 4].

    Mirrored half the time, shifted and scaled by up to about a tenth, turned by a few degrees, brightness and
    contrast moved a little; half the time what is transparent gets another colour than ``fill``.
    ``strength`` 0 changes nothing; 1 is the described amount, and lower values scale all but the mirror.
    """
    if strength <= 0:
        return flatten(pixels, fill)
    moved = np.asarray(_moved(Image.fromarray(pixels), fill, rng, strength))
    under = _tint(rng) if rng.random() < 0.5 * strength else fill
    view = flatten(moved, under).astype(np.float32)
    contrast = 1 + strength * rng.uniform(-0.15, 0.15)
    brightness = strength * rng.uniform(-14, 14)
    varied: Pixels = np.clip((view - 128) * contrast + 128 + brightness, 0, 255).astype(np.uint8)
    return varied


def _moved(image: Image.Image, fill: Colour, rng: random.Random, strength: float) -> Image.Image:
    """Mirror, scale, turn and shift in one bilinear step."""
    side = image.width
    angle = np.deg2rad(strength * rng.uniform(-5, 5))
    zoom = 1 + strength * rng.uniform(-0.10, 0.15)
    cos, sin = float(np.cos(angle)) * zoom, float(np.sin(angle)) * zoom
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    dx, dy = (strength * rng.uniform(-0.07, 0.07) * side for _ in range(2))
    centre = side / 2
    a, b, d, e = mirror * cos, -sin, mirror * sin, cos
    c = centre - a * centre - b * centre + dx
    f = centre - d * centre - e * centre + dy
    opaque = image.getchannel("A").getextrema()[0] == 255
    outside = (*fill, 255) if opaque else (*fill, 0)
    return image.transform(
        image.size, Image.Transform.AFFINE, (a, b, c, d, e, f), Image.Resampling.BILINEAR, fillcolor=outside
    )


def _tint(rng: random.Random) -> Colour:
    red, green, blue = (c + rng.randint(-20, 20) for c in rng.choice(TINTS))
    return red, green, blue
