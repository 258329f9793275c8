"""Varied views of the training pictures: a small tower must learn shapes from a few thousand photos.

All pictures of a batch are varied at once, on the device that they are on. Legend of shape names: B pictures.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional as F

from caig_cli.mllm.images import Pixels, flatten

Colour = tuple[int, int, int]
TINTS = ((255, 255, 255), (238, 238, 238), (214, 205, 190), (120, 120, 120), (40, 40, 44))


def vary(picture: Pixels, fill: Colour, rng: random.Random, strength: float) -> Pixels:
    """One varied view, uint8 [H, W, 3], of a picture, uint8 [H, W, 4]; see ``vary_all``."""
    view: Pixels = vary_all(torch.tensor(picture)[None], fill, rng, strength)[0].numpy()
    return view


def vary_all(pictures_BHW4: torch.Tensor, fill: Colour, rng: random.Random, strength: float) -> torch.Tensor:
    """A varied view of each picture: uint8 [B, H, W, 3] of uint8 [B, H, W, 4].

    Mirrored half the time, shifted and scaled by up to about a tenth, turned by a few degrees, brightness and
    contrast moved a little; half the time what is transparent gets another colour than ``fill``.
    ``strength`` 0 only lays them over ``fill``; 1 is the described amount, and lower values scale all but the
    mirror.
    """
    if strength <= 0:
        plain = np.stack([flatten(picture, fill) for picture in pictures_BHW4.cpu().numpy()])
        return torch.from_numpy(plain).to(pictures_BHW4.device)
    count, height, width, _ = pictures_BHW4.shape
    device = pictures_BHW4.device
    drawn = [_draw(fill, rng, strength, height / width) for _ in range(count)]
    move_B23, under_B3, tone_B2 = (torch.tensor(values, device=device) for values in zip(*drawn, strict=True))
    levels = pictures_BHW4.permute(0, 3, 1, 2).float()
    alpha = levels[:, 3:] / 255
    opaque_B1 = (alpha.amin(dim=(1, 2, 3)) == 1)[:, None]
    under_B3 = torch.where(opaque_B1, torch.tensor(fill, device=device), under_B3)
    # Beside the picture is nothing, so colours are weighted by their alpha before they are mixed.
    weighed = torch.cat([levels[:, :3] * alpha, alpha], dim=1)
    grid = F.affine_grid(move_B23, list(weighed.shape), align_corners=False)
    moved = F.grid_sample(weighed, grid, padding_mode="zeros", align_corners=False)
    view = moved[:, :3] + under_B3[:, :, None, None] * (1 - moved[:, 3:])
    contrast_B, brightness_B = tone_B2[:, :, None, None, None].unbind(1)
    toned = (view - 128) * contrast_B + 128 + brightness_B
    return toned.clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)


def _draw(
    fill: Colour, rng: random.Random, strength: float, aspect: float
) -> tuple[Sequence[Sequence[float]], Sequence[float], Sequence[float]]:
    """One view's movement, 2 by 3 in units of half sides, the colour under it, and (contrast, brightness)."""
    angle = math.radians(strength * rng.uniform(-5, 5))
    zoom = 1 + strength * rng.uniform(-0.10, 0.15)
    cos, sin = math.cos(angle) * zoom, math.sin(angle) * zoom
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    dx, dy = (strength * rng.uniform(-0.14, 0.14) for _ in range(2))
    move = ((mirror * cos, -sin * aspect, dx), (mirror * sin / aspect, cos, dy))
    under = _tint(rng) if rng.random() < 0.5 * strength else fill
    contrast, brightness = 1 + strength * rng.uniform(-0.15, 0.15), strength * rng.uniform(-14, 14)
    return move, [float(c) for c in under], (contrast, brightness)


def _tint(rng: random.Random) -> Colour:
    red, green, blue = (c + rng.randint(-20, 20) for c in rng.choice(TINTS))
    return red, green, blue
