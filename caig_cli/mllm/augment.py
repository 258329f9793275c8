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
CHANCES = 12
"""Numbers that a view is drawn from."""
TINTS = ((255, 255, 255), (238, 238, 238), (214, 205, 190), (120, 120, 120), (40, 40, 44))


def augment(picture: Pixels, fill: Colour, rng: random.Random, strength: float) -> Pixels:
    """One varied view, uint8 [H, W, 3], of a picture, uint8 [H, W, 4]; see ``augment_all``."""
    view: Pixels = augment_all(torch.tensor(picture)[None], fill, rng, strength)[0].numpy()
    return view


def augment_each(
    pictures: Sequence[Pixels], fill: Colour, rng: random.Random, strength: float
) -> list[Pixels]:
    """A varied view of each picture, uint8 [H, W, 3] of uint8 [H, W, 4]; their sizes may differ."""
    if len({picture.shape for picture in pictures}) > 1:
        return [augment(picture, fill, rng, strength) for picture in pictures]
    return list(augment_all(torch.from_numpy(np.stack(pictures)), fill, rng, strength).numpy())


def augment_all(
    pictures_BHW4: torch.Tensor, fill: Colour, rng: random.Random, strength: float
) -> torch.Tensor:
    """A varied view of each picture: uint8 [B, H, W, 3] of uint8 [B, H, W, 4].

    Mirrored half the time, shifted and scaled by up to about a tenth, turned by a few degrees, brightness and
    contrast moved a little; half the time what is transparent gets another colour than ``fill``.
    ``strength`` 0 only lays them over ``fill``; 1 is the described amount, and lower values scale all but the
    mirror.
    """
    if strength <= 0:
        plain = np.stack([flatten(picture, fill) for picture in pictures_BHW4.cpu().numpy()])
        return torch.from_numpy(plain).to(pictures_BHW4.device)
    move_B23, under_B3, tone_B2 = (
        values.to(pictures_BHW4.device) for values in _draw(pictures_BHW4.shape, fill, rng, strength)
    )
    levels = pictures_BHW4.permute(0, 3, 1, 2).float()
    alpha = levels[:, 3:] / 255
    opaque_B1 = (alpha.amin(dim=(1, 2, 3)) == 1)[:, None]
    under_B3 = torch.where(opaque_B1, under_B3.new_tensor(fill), under_B3)
    # Beside the picture is nothing, so colours are weighted by their alpha before they are mixed.
    weighed = torch.cat([levels[:, :3] * alpha, alpha], dim=1)
    grid = F.affine_grid(move_B23, list(weighed.shape), align_corners=False)
    moved = F.grid_sample(weighed, grid, padding_mode="zeros", align_corners=False)
    view = moved[:, :3] + under_B3[:, :, None, None] * (1 - moved[:, 3:])
    contrast_B, brightness_B = tone_B2[:, :, None, None, None].unbind(1)
    toned = (view - 128) * contrast_B + 128 + brightness_B
    return toned.clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)


def cut_together(views_BHW3: torch.Tensor, rng: random.Random) -> tuple[torch.Tensor, float]:
    """A rectangle of each picture's neighbour in its place, and the share of its own picture that is left.

    CutMix (Yun et al. 2019): a network that must name both by what is left of them cannot know pictures by
    heart. The neighbour of a picture is the one before it.
    """
    _, height, width, _ = views_BHW3.shape
    side = math.sqrt(rng.random())
    tall, wide = round(side * height), round(side * width)
    top, left = rng.randint(0, height - tall), rng.randint(0, width - wide)
    mixed = views_BHW3.clone()
    place = (slice(None), slice(top, top + tall), slice(left, left + wide))
    mixed[place] = views_BHW3.roll(1, 0)[place]
    return mixed, 1 - tall * wide / (height * width)


def _draw(
    shape: Sequence[int], fill: Colour, rng: random.Random, strength: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Movements [B, 2, 3] in half sides, colours under them [B, 3], contrast and brightness [B, 2]."""
    count, height, width, _ = shape
    aspect = height / width
    chance = torch.tensor([[rng.random() for _ in range(CHANCES)] for _ in range(count)])
    turn, zoom, mirror, dx, dy, contrast, brightness, tinted, tint, *shade = chance.unbind(1)
    angle = math.radians(5) * strength * (2 * turn - 1)
    zoom = 1 + strength * (0.25 * zoom - 0.10)
    cos, sin = angle.cos() * zoom, angle.sin() * zoom
    mirror = torch.where(mirror < 0.5, -1.0, 1.0)
    across = torch.stack([mirror * cos, -sin * aspect, 0.14 * strength * (2 * dx - 1)], dim=1)
    down = torch.stack([mirror * sin / aspect, cos, 0.14 * strength * (2 * dy - 1)], dim=1)
    colour = torch.tensor(TINTS, dtype=torch.float32)[(tint * len(TINTS)).long().clamp(max=len(TINTS) - 1)]
    colour = colour + (40 * torch.stack(shade, dim=1) - 20).round()
    under = torch.where((tinted < 0.5 * strength)[:, None], colour, colour.new_tensor(fill))
    tone = torch.stack(
        [1 + 0.15 * strength * (2 * contrast - 1), 14 * strength * (2 * brightness - 1)], dim=1
    )
    return torch.stack([across, down], dim=1), under, tone
