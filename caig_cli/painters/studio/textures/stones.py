"""Stones and walls: marbles, terrazzo, concrete, slate, plaster, bricks, tiles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from caig_cli.painters.studio.noise import (
    Field,
    cells,
    fbm,
    mix,
    plane,
    ramp,
    rgb8,
    sample,
    step,
    unit_range,
    veins,
)
from caig_cli.painters.studio.textures.tile import Texture


def white_marble(size: int) -> Texture:
    """White with smoke, grey veins and a little ochre."""
    colour = ramp(unit_range(fbm(size, 61, 1.9)), (220, 220, 221), (238, 237, 236), (247, 246, 244))
    smoke = veins(size, 57, 1, 0.55, 0.10)
    colour = mix(colour, (196, 197, 200), 0.42 * smoke)
    for seed, low, width, bend, strength in _VEINS:
        colour = mix(colour, (128, 128, 133), strength * veins(size, seed, low, width, bend))
    colour = mix(colour, (190, 168, 136), 0.30 * veins(size, 77, 1, 0.10, 0.10))
    return Texture(rgb8(colour), 70, 0.12)


def black_marble(size: int) -> Texture:
    """Black with white and golden veins."""
    colour = ramp(unit_range(fbm(size, 81, 1.7)), (14, 14, 17), (28, 28, 32), (42, 42, 47))
    colour = mix(colour, (70, 70, 76), 0.4 * veins(size, 78, 1, 0.4, 0.1))
    for seed, low, width, bend, strength in _VEINS:
        vein = veins(size, seed + 31, low, width * 0.5, bend)
        colour = mix(colour, (222, 214, 202), np.minimum(strength * 1.2, 0.9) * vein**1.2)
    colour = mix(colour, (190, 148, 86), 0.6 * veins(size, 97, 1, 0.03, 0.10))
    return Texture(rgb8(colour), 70, 0.1)


# seed, lowest frequency, width, bend, strength: a few long veins, more branches, many hair cracks
_VEINS = (
    (62, 1, 0.075, 0.09, 0.85),
    (67, 1, 0.045, 0.07, 0.6),
    (72, 3, 0.035, 0.04, 0.4),
    (79, 8, 0.03, 0.02, 0.22),
)


def terrazzo(size: int) -> Texture:
    """Stone chips of two sizes in pale cement."""
    chips = np.array(
        [
            (196, 120, 92),
            (92, 104, 110),
            (222, 190, 150),
            (150, 158, 140),
            (60, 62, 66),
            (236, 232, 226),
            (176, 150, 130),
        ]
    )
    base = (226, 221, 213) + 3.0 * fbm(size, 101, 0.6, 20)[..., None]
    for across, seed, share, border in ((23, 102, 0.6, 0.16), (11, 105, 0.5, 0.22)):
        near, next_, index = cells(size, across, seed, 0.04)
        rng = np.random.default_rng(seed)
        count = across**2
        there = rng.random(count) < share
        reach = rng.uniform(0.25, 0.55, count)
        inside = step(border - 0.03, border + 0.03, next_ - near) * step(0.03, -0.03, near - reach[index])
        tone = chips[rng.integers(0, len(chips), count)] + rng.normal(0, 8, (count, 1))
        base = mix(base, tone[index], inside * there[index])
    return Texture(rgb8(base), 44, 0.2)


def concrete(size: int) -> Texture:
    """Cast concrete: clouds, stains, pores."""
    cloud, fine = fbm(size, 111, 1.9), fbm(size, 112, 0.4, 30)
    near, _, index = cells(size, 16, 113)
    radius = np.random.default_rng(114).gamma(1.2, 0.035, 256)[index]
    pores = step(1.0, 0.6, near / radius)
    stain = step(0.6, 2.0, fbm(size, 115, 2.2, 1, stretch=(2.0, 1.0)))
    tone = 162 + 8.5 * cloud + 3.2 * fine - 13 * stain - 62 * pores
    colour = tone[..., None] * np.array([1.0, 0.992, 0.975])
    return Texture(rgb8(colour), 80, 0.8, unit_range(0.25 * cloud + 0.12 * fine - 4.0 * pores, 0.05), 0.12)


def slate(size: int) -> Texture:
    """Split slate: dark terraces, rust here and there."""
    x, y = plane(size)
    layers = sample(fbm(size, 121, 1.9, 2), x + 0.05 * fbm(size, 122), y + 0.05 * fbm(size, 123))
    terraces = np.floor(layers * 2.2) / 2.2 + 0.35 * step(0.75, 1.0, (layers * 2.2) % 1)
    fine = fbm(size, 124, 0.9, 12, stretch=(1.0, 2.0))
    height = unit_range(terraces + 0.16 * fine + 0.2 * layers)
    rust = step(1.0, 2.2, fbm(size, 125, 1.8, 2))
    colour = ramp(height, (44, 48, 53), (66, 71, 76), (92, 97, 101)) + 3.5 * fine[..., None]
    return Texture(rgb8(mix(colour, (104, 86, 70), 0.35 * rust)), 50, 0.55, height, 0.25)


def plaster(size: int) -> Texture:
    """Trowelled wall, nearly white."""
    x, y = plane(size)
    strokes = sample(
        fbm(size, 131, 1.3, 3, stretch=(1.0, 2.2)), x + 0.08 * fbm(size, 132), y + 0.08 * fbm(size, 133)
    )
    fine = fbm(size, 134, 0.6, 40)
    tone = 226 + 4.0 * fbm(size, 135, 2.0) + 3.0 * strokes + 1.3 * fine
    return Texture(
        rgb8(tone[..., None] * (1.0, 0.985, 0.96)), 120, 0.9, unit_range(strokes + 0.25 * fine), 0.25
    )


def _courses(size: int, rows: int, cols: int, shift: float) -> tuple[Field, Field, NDArray[np.int64]]:
    """Bricks or tiles: distance to the joint along x and y in brick heights, and the brick's number."""
    x, y = plane(size)
    row = np.minimum((y * rows).astype(int), rows - 1)
    along = x * cols + shift * (row % 2)
    fx, fy = along % 1, (y * rows) % 1
    dx = np.minimum(fx, 1 - fx) * rows / cols
    dy = np.minimum(fy, 1 - fy)
    return dx, dy, row * cols + np.floor(along).astype(np.int64) % cols


def brick(size: int) -> Texture:
    """Red bricks in running bond."""
    rows, cols = 10, 4
    dx, dy, index = _courses(size, rows, cols, 0.5)
    rough, cloud = fbm(size, 141, 1.0, 14), fbm(size, 142, 1.6, 3)
    edge = np.minimum(dx, dy) + 0.018 * rough
    face = step(0.07, 0.13, edge)
    rng = np.random.default_rng(143)
    tone = rng.random(rows * cols)[index]
    colour = ramp(
        np.clip(tone + 0.10 * cloud, 0, 1), (118, 62, 48), (158, 82, 60), (176, 104, 78), (142, 92, 76)
    )
    colour = colour + (5.5 * rough + 5 * cloud)[..., None]
    colour = mix(colour, (206, 196, 184), 0.20 * step(0.8, 2.0, fbm(size, 144, 1.5, 5)))
    mortar = (190, 182, 171) + 7.0 * fbm(size, 145, 0.7, 24)[..., None]
    height = face * (0.85 + 0.05 * rough + 0.1 * tone) + (1 - face) * 0.1
    return Texture(rgb8(mix(mortar, colour, face)), 84, 0.9, unit_range(height, 0.05), 0.8)


def tiles(size: int) -> Texture:
    """Glazed white wall tiles, each leaning a little."""
    rows, cols = 8, 4
    dx, dy, index = _courses(size, rows, cols, 0.5)
    edge = np.minimum(dx, dy)
    face = step(0.03, 0.05, edge)
    rng = np.random.default_rng(151)
    tone = 229 + rng.normal(0, 3.5, rows * cols)[index] + 2.2 * fbm(size, 152, 2.0, 3)
    grout = (178, 174, 168) + 5.0 * fbm(size, 153, 0.7, 30)[..., None]
    lean = rng.normal(0, 1, (2, rows * cols))
    pillow = step(0.03, 0.16, edge) + 0.05 * (lean[0][index] * dx + lean[1][index] * dy)
    wave = 0.03 * fbm(size, 154, 2.4, 3, 14)
    return Texture(
        rgb8(mix(grout, tone[..., None] * np.array([1, 0.995, 0.98]), face)), 80, 0.06,
        unit_range(face * (pillow + wave), 0.05), 0.2,
    )  # fmt: skip
