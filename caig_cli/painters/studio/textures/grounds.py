"""Grounds out of doors: sand, snow, moss, grass, soil."""

from __future__ import annotations

import numpy as np

from caig_cli.painters.studio.noise import (
    cells,
    fbm,
    plane,
    ramp,
    rgb8,
    step,
    unit_range,
)
from caig_cli.painters.studio.textures.tile import Texture


def sand(size: int) -> Texture:
    """Wind ripples: steep on one side, forking here and there, over soft dunes."""
    _, y = plane(size)
    drift = 0.30 * fbm(size, 201, 2.6, 1, stretch=(1.0, 0.7)) + 0.035 * fbm(size, 202, 1.8, 5)
    phase = (y * 9 + drift * 1.9) % 1
    ripple = step(0, 0.7, phase) * step(1.0, 0.7, phase)
    strength = np.clip(0.75 + 0.3 * fbm(size, 203, 2.2, 1.5), 0.15, 1.2)
    grain = fbm(size, 204, 0.1, 90)
    height = unit_range(ripple * strength + 0.10 * drift + 0.03 * grain, 0.05)
    dark = step(2.3, 2.8, fbm(size, 205, 0.05, 120))
    tone = 0.88 + 0.13 * height + 0.03 * grain - 0.22 * dark
    return Texture(rgb8(tone[..., None] * np.array([228, 202, 162])), 60, 1.0, height, 1.1)


def snow(size: int) -> Texture:
    """Fresh snow: soft mounds, clods, sparkle."""
    soft, crumbs = fbm(size, 211, 2.3, 1), fbm(size, 212, 0.8, 24)
    clods = np.clip(fbm(size, 213, 1.2, 10), 0, 3)
    height = unit_range(soft + 0.16 * clods + 0.06 * crumbs)
    spark = step(2.6, 3.1, fbm(size, 214, 0.05, 100))
    tone = 238 + 7 * (height - 0.5) + 1.6 * crumbs + 14 * spark
    return Texture(rgb8(tone[..., None] * np.array([0.985, 0.995, 1.012])), 70, 0.95, height, 2.0)


def moss(size: int) -> Texture:
    """Cushions of moss."""
    near, _, index = cells(size, 20, 221, 0.25)
    cushion = np.clip(1.05 - near, 0, 1) ** 0.7
    fronds = fbm(size, 222, 0.35, 26)
    tone = np.random.default_rng(223).normal(0, 0.13, 400)[index]
    height = unit_range(cushion + 0.22 * fronds + 0.4 * fbm(size, 224, 2.0, 1))
    colour = ramp(
        np.clip(0.12 + 0.62 * height + tone + 0.09 * fronds, 0, 1),
        (26, 38, 14),
        (66, 88, 28),
        (112, 134, 44),
        (160, 174, 78),
    )
    return Texture(rgb8(colour), 36, 1.0, height, 1.4)


def grass(size: int) -> Texture:
    """A lawn from above: thousands of short blades in every direction, the deeper ones darker."""
    rng = np.random.default_rng(231)
    blades = 9000
    depth = np.sort(rng.random(blades))
    at, angle = rng.random((blades, 2)), rng.normal(np.pi / 2, 0.9, blades)
    length, bend = rng.uniform(0.03, 0.075, blades), rng.normal(0, 0.5, blades)
    t = np.linspace(0, 1, max(size // 14, 8))
    turn = angle[:, None] + bend[:, None] * t
    x = at[:, :1] + length[:, None] * t * np.cos(turn)
    y = at[:, 1:] - length[:, None] * t * np.sin(turn)
    green = ramp(np.clip(depth + rng.normal(0, 0.16, blades), 0, 1).astype(np.float32),
                 (24, 40, 14), (58, 90, 30), (98, 132, 46), (152, 174, 82))  # fmt: skip
    picture = np.empty((size, size, 3), np.float32)
    picture[:] = (26, 34, 16)
    height = np.zeros((size, size), np.float32)
    cols, rows = (x * size).astype(int) % size, (y * size).astype(int) % size
    shade = (0.72 + 0.34 * t)[None, :, None]
    for side in (1, 0):  # two pixels wide, the left one lit
        spot = rows, (cols + side) % size
        picture[spot] = green[:, None] * shade * (1.0 - 0.22 * side)
        height[spot] = depth[:, None] * (0.6 + 0.4 * t)
    return Texture(rgb8(picture * (1 + 0.06 * fbm(size, 232, 2.0)[..., None])), 26, 1.0, height, 1.0)


def soil(size: int) -> Texture:
    """Crumbs of dark earth."""
    near, _, index = cells(size, 39, 241, 0.3)
    crumb = np.clip(1 - near, 0, 1) * (0.5 + 0.5 * np.random.default_rng(242).random(39**2)[index])
    height = unit_range(crumb + 0.2 * fbm(size, 243, 1.2, 4))
    return Texture(rgb8(ramp(height, (30, 21, 15), (62, 44, 31), (98, 74, 54))), 20, 1.0, height, 0.5)
