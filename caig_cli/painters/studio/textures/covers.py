"""Cloths, hides, paper and sheet metal."""

from __future__ import annotations

import numpy as np

from caig_cli.painters.studio.noise import (
    Field,
    cells,
    fbm,
    mix,
    plane,
    rgb8,
    sample,
    step,
    unit_range,
    veins,
)
from caig_cli.painters.studio.textures.tile import Texture


def _weave(size: int, threads: int, seed: int, slub: float) -> tuple[Field, Field]:
    """Plain weave: shade around 1 and height 0 to 1; ``threads`` each way, of uneven thickness."""
    x, y = plane(size)
    bend = 0.18 / threads
    x = x + bend * fbm(size, seed, 1.2, 4)
    y = y + bend * fbm(size, seed + 1, 1.2, 4)
    over = np.sin(np.pi * threads * x) * np.sin(np.pi * threads * y) > 0
    warp = np.abs(np.sin(np.pi * threads * x))
    weft = np.abs(np.sin(np.pi * threads * y))
    thick_x, thick_y = (
        fbm(size, seed + 2, 0.5, 4, threads, (1, 24)),
        fbm(size, seed + 3, 0.5, 4, threads, (24, 1)),
    )
    lift = np.where(over, warp * (0.55 + 0.45 * weft), weft * (0.55 + 0.45 * warp))
    thread = np.where(over, thick_x, thick_y)
    fuzz = fbm(size, seed + 4, 0.3, threads)
    shade = 0.80 + 0.26 * lift + slub * thread + 0.02 * fuzz
    return np.asarray(shade, np.float32), np.asarray(np.clip(lift + 2 * slub * thread, 0, 1), np.float32)


def linen(size: int) -> Texture:
    """Natural linen with uneven threads."""
    shade, height = _weave(size, 100, 161, 0.055)
    colour = shade[..., None] * np.array([224, 212, 192]) * (1 + 0.012 * fbm(size, 168, 2.0)[..., None])
    return Texture(rgb8(colour), 14, 0.95, height, 0.06)


def velvet(size: int) -> Texture:
    """Velvet with brush marks, wine red."""
    x, y = plane(size)
    nap = sample(
        fbm(size, 171, 1.9, 1, stretch=(1, 1.6)), x + 0.06 * fbm(size, 172), y + 0.06 * fbm(size, 173)
    )
    shade = 1 + 0.10 * nap + 0.035 * fbm(size, 174, 0.2, 60)
    return Texture(rgb8(shade[..., None] * np.array([112, 40, 62])), 40, 1.0, unit_range(nap), 0.2)


def leather(size: int) -> Texture:
    """Tanned hide: grain, folds, clouds."""
    near, next_, index = cells(size, 51, 181, 0.12)
    crease = step(0.0, 0.22, next_ - near)
    folds = veins(size, 182, 3, 0.03, 0.04)
    bulge = np.random.default_rng(187).random(51**2)[index]
    height = unit_range(
        crease * (0.8 + 0.2 * bulge) - 0.3 * near - 0.8 * folds + 0.05 * fbm(size, 188, 1.5, 4), 0.1
    )
    cloud = fbm(size, 189, 1.9)
    shade = 0.80 + 0.24 * height + 0.05 * cloud
    return Texture(rgb8(shade[..., None] * np.array([142, 88, 54])), 22, 0.42, height, 0.06)


def rug(size: int) -> Texture:
    """Wool loops in rows, with a quiet pattern of lozenges."""
    x, y = plane(size)
    near, _, index = cells(size, 72, 191)
    loops = np.clip(1 - near, 0, 1)
    lozenge = np.abs(((x * 4) % 1) - 0.5) + np.abs(((y * 4) % 1) - 0.5)
    line = step(0.07, 0.035, np.abs(lozenge - 0.5) + 0.012 * fbm(size, 192, 0.6, 20))
    tone = np.random.default_rng(193).normal(0, 0.05, 72**2)[index]
    shade = 0.62 + 0.44 * loops + tone + 0.03 * fbm(size, 194, 1.8, 2)
    colour = mix((226, 216, 200), (112, 104, 100), 0.85 * line) * shade[..., None]
    return Texture(rgb8(colour), 60, 1.0, unit_range(loops - 0.5 * line), 0.6)


def metal(size: int) -> Texture:
    """Brushed steel, streaks along u."""
    streak = fbm(size, 251, 0.25, 8, stretch=(140.0, 1.0)) + 0.5 * fbm(size, 252, 0.5, 2, stretch=(60.0, 1.0))
    cloud = fbm(size, 253, 2.0, 1, stretch=(3.0, 1.0))
    tone = 188 + 9 * streak + 4 * cloud
    return Texture(
        rgb8(tone[..., None] * np.array([0.985, 0.995, 1.01])), 40, 0.32, unit_range(streak), 0.004
    )


def paper(size: int) -> Texture:
    """White drawing paper."""
    fibre = fbm(size, 261, 0.6, 24)
    tone = 240 + 1.6 * fibre + 1.2 * fbm(size, 262, 2.0)
    return Texture(rgb8(tone[..., None] * np.array([1, 0.995, 0.985])), 30, 0.95, unit_range(fibre), 0.01)
