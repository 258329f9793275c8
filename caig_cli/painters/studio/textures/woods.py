"""Woods: one board of grain, sawn into planks, panels and parquet blocks."""

from __future__ import annotations

import numpy as np

from caig_cli.painters.studio.materials import Colour
from caig_cli.painters.studio.noise import (
    Field,
    Picture,
    fbm,
    mix,
    plane,
    ramp,
    rgb8,
    sample,
    step,
    unit_range,
)
from caig_cli.painters.studio.textures.tile import Texture


def grain_of(
    size: int, seed: int, rings: int, light: Colour, dark: Colour, pores: float
) -> tuple[Picture, Field]:
    """One broad board: growth rings cut lengthwise, fibres, pores and a knot or two; colour and height."""
    x, y = plane(size)
    swirl = fbm(size, seed, fall=2.2, stretch=(5.0, 1.0), high=24)
    knots = np.zeros_like(x)
    rng = np.random.default_rng(seed)
    for at_x, at_y in rng.random((2, 2)):
        dx, dy = (x - at_x + 0.5) % 1 - 0.5, (y - at_y + 0.5) % 1 - 0.5
        knots += np.exp(-((dx / 0.07) ** 2 + (dy / 0.022) ** 2))
    phase = y * rings + swirl * 0.75 + 0.02 * fbm(size, seed + 1, 1.2, 8, stretch=(12, 1)) - knots * 2.6
    ring = phase % 1.0
    late = ring**3.0 * step(1.0, 0.93, ring)
    fibre = fbm(size, seed + 2, fall=0.7, low=12, stretch=(40.0, 1.0))
    vessel = step(1.3, 2.4, fbm(size, seed + 3, fall=0.35, low=30, stretch=(18.0, 1.0))) * (1.0 - 0.5 * ring)
    broad = fbm(size, seed + 4, fall=2.0, stretch=(4.0, 1.0))
    tone = 0.30 + 0.52 * late + 0.075 * fibre + 0.10 * broad + pores * vessel + 0.55 * step(0.55, 1.0, knots)
    hue = np.stack([2.0 * broad, -1.0 * broad, -3.0 * broad], axis=-1)
    return ramp(tone, light, dark) + hue, np.asarray(0.8 - 0.25 * vessel - 0.12 * late + 0.03 * fibre)


def planks(
    size: int,
    rows: int,
    grain: tuple[Picture, Field],
    seed: int,
    vary: float,
    seam: float = 0.0035,
    dark: float = 0.72,
) -> tuple[Picture, Field]:
    """Boards along u, each with its own piece of grain and tone, ``dark`` seams, staggered joints."""
    rng = np.random.default_rng(seed)
    x, y = plane(size)
    row = np.minimum((y * rows).astype(int), rows - 1)
    joint = (np.arange(rows) * 0.382 + rng.uniform(0, 0.1, rows)) % 1
    along = (x - joint[row]) % 1
    at_x, at_y, tone, warm = (rng.random(rows) for _ in range(4))
    colour = sample(grain[0], x + at_x[row], (y + at_y[row]) % 1)
    height = sample(grain[1], x + at_x[row], (y + at_y[row]) % 1)
    shade = 1 + vary * (tone[row] * 2 - 1)
    tint = np.stack([1 + 0.03 * (warm - 0.5), np.ones(rows), 1 - 0.06 * (warm - 0.5)], axis=-1)[row]
    across = np.abs((y * rows) % 1 - 0.5)
    gap = np.minimum(0.5 - across, 1.0) / rows
    gap = np.minimum(gap, np.minimum(along, 1 - along))
    open_ = step(seam, seam * 0.25, gap)
    soft = step(seam * 4, 0, gap)
    picture = colour * shade[..., None] * tint * (1 - dark * open_ - dark / 6 * soft)[..., None]
    return picture.astype(np.float32), np.asarray(height * (1 - open_) - 0.1 * soft, np.float32)


def oak(size: int) -> Texture:
    """Four broad boards of light oak."""
    grain = grain_of(size, 11, 9, (208, 169, 122), (150, 104, 62), 0.22)
    colour, height = planks(size, 4, grain, 12, 0.07)
    return Texture(rgb8(colour), 56, 0.45, unit_range(height, 0.05), 0.05)


def walnut(size: int) -> Texture:
    """Three broad boards of dark walnut."""
    grain = grain_of(size, 21, 7, (122, 84, 58), (58, 36, 24), 0.18)
    colour, height = planks(size, 3, grain, 22, 0.10)
    return Texture(rgb8(colour), 56, 0.4, unit_range(height, 0.05), 0.04)


def whitewood(size: int) -> Texture:
    """Whitewashed boards, worn to the wood in places."""
    colour, height = grain_of(size, 31, 8, (232, 227, 218), (196, 184, 168), 0.30)
    worn = step(0.7, 1.6, fbm(size, 33, 1.5, 3, stretch=(4, 1)))
    colour = mix(colour, mix(colour, (176, 152, 124), np.full_like(worn, 0.75)), worn)
    colour, height = planks(size, 5, (colour, height), 32, 0.035, 0.005)
    return Texture(rgb8(colour), 60, 0.65, unit_range(height, 0.05), 0.08)


def wood_panel(size: int) -> Texture:
    """Six narrow boards with deep seams."""
    grain = grain_of(size, 41, 6, (178, 134, 92), (116, 78, 48), 0.18)
    colour, height = planks(size, 6, grain, 42, 0.09, 0.006)
    return Texture(rgb8(colour), 72, 0.5, unit_range(height, 0.05), 0.4)


def parquet(size: int) -> Texture:
    """Herringbone: blocks 4 wide units long, the pattern repeats every 8 units."""
    grain = grain_of(size, 51, 10, (190, 146, 98), (138, 94, 56), 0.2)
    colour, height = herringbone(size, grain, 0.07, (0.65, 0.08), (0.028, 0.006))
    return Texture(rgb8(colour), 64, 0.35, height, 0.05)


def herringbone(
    size: int, grain: tuple[Picture, Field], vary: float, dark: tuple[float, float], seam: tuple[float, float]
) -> tuple[Picture, Field]:
    """Blocks 4 wide units long, each with its own piece of grain; ``seam`` in wide units, ``dark`` in it and
    beside it."""
    n = 4
    x, y = plane(size)
    i, j = np.floor(x * 2 * n).astype(int), np.floor(y * 2 * n).astype(int)
    k = (i - j) % (2 * n)
    lying = k < n
    fx, fy = (x * 2 * n) % 1, (y * 2 * n) % 1
    along = np.where(lying, k + fx, (2 * n - 1 - k) + fy)
    across = np.where(lying, fy, fx)
    start = np.where(lying, (i - k) % (2 * n), i)
    other = np.where(lying, j, (j - (2 * n - 1 - k)) % (2 * n))
    block = (start * 2 * n + other) * 2 + lying
    rng = np.random.default_rng(52)
    count = 8 * n * n
    at_x, at_y, tone = rng.random(count), rng.random(count), rng.normal(0, vary, count)
    u, v = along / (2 * n) + at_x[block], across / (2 * n) + at_y[block]
    gap = np.minimum(np.minimum(across, 1 - across), np.minimum(along, n - along))
    open_ = step(*seam, gap)
    shade = 1 + tone[block] - dark[0] * open_ - dark[1] * step(0.12, 0, gap)
    picture = np.asarray(sample(grain[0], u, v) * shade[..., None], np.float32)
    return picture, np.asarray(sample(grain[1], u, v) * (1 - open_), np.float32)
