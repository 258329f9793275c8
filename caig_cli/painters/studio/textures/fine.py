"""Surfaces as ads show them: the colours of the plain ones, with finer and truer detail.

Previews keep the plain ones, which is what models have learnt.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from caig_cli.painters.studio.noise import cells, fbm, mix, plane, rgb8, step, unit_range
from caig_cli.painters.studio.textures import covers, stones, woods
from caig_cli.painters.studio.textures.tile import Texture


def terrazzo(size: int) -> Texture:
    """Marble chips of 3 to 22 mm in pale cement, most of them pale and small, veined, cut by grinding."""
    colour = (215, 208, 198) + 2.2 * fbm(size, 401, 0.6, 20)[..., None]
    vein = fbm(size, 402, 1.2, 24)
    for across, seed, share, border in _GRADES:
        near, second, index = cells(size, across, seed, 0.10)
        rng, count = np.random.default_rng(seed), across**2
        reach = np.where(rng.random(count) < share, rng.uniform(0.22, 0.48, count), -1.0)
        inside = step(border - 0.06, border + 0.06, second - near) * step(0.05, -0.05, near - reach[index])
        tone = _CHIPS[rng.choice(len(_CHIPS), count, p=_CHIP_SHARES)] + rng.normal(0, 9, (count, 1))
        colour = mix(colour, tone[index] + 6.0 * vein[..., None], 0.88 * inside)
    return Texture(rgb8(colour), 36, 0.2)


# cells along a side, seed, share of them with a chip, least joint: grit, small chips, large chips
_GRADES = ((110, 403, 0.5, 0.16), (50, 404, 0.45, 0.14), (19, 405, 0.42, 0.20))
_CHIPS = np.array([
    (240, 236, 230), (214, 206, 194), (222, 190, 150), (176, 150, 130), (150, 158, 140), (196, 128, 102),
    (112, 120, 124), (78, 78, 80),
], float)  # fmt: skip
_CHIP_SHARES = np.array([0.2, 0.2, 0.14, 0.14, 0.1, 0.1, 0.08, 0.04])


def concrete(size: int) -> Texture:
    """Cast concrete: clouds, faint stains, pores of 1 to 5 mm."""
    cloud, fine = fbm(size, 111, 1.9), fbm(size, 112, 0.4, 30)
    near, _, index = cells(size, 40, 413)
    radius = np.random.default_rng(414).gamma(0.9, 0.022, 1600)[index]
    pores = step(1.0, 0.5, near / radius)
    stain = step(0.6, 2.0, fbm(size, 115, 2.2, 1, stretch=(2.0, 1.0)))
    tone = 161 + 8.5 * cloud + 3.2 * fine - 11 * stain - 40 * pores
    height = unit_range(0.25 * cloud + 0.12 * fine - 2.0 * pores, 0.05)
    return Texture(rgb8(tone[..., None] * np.array([1.0, 0.992, 0.975])), 100, 0.8, height, 0.12)


def rug(size: int) -> Texture:
    """Wool loops with a faint pattern of broad lozenges."""
    x, y = plane(size)
    near, _, index = cells(size, 110, 191)
    loops = np.clip(1 - near, 0, 1)
    lozenge = np.abs(((x * 2) % 1) - 0.5) + np.abs(((y * 2) % 1) - 0.5)
    line = step(0.05, 0.02, np.abs(lozenge - 0.5) + 0.014 * fbm(size, 192, 0.6, 20))
    tone = np.random.default_rng(193).normal(0, 0.04, 110**2)[index]
    shade = 0.66 + 0.36 * loops + tone + 0.03 * fbm(size, 194, 1.8, 2)
    colour = mix((213, 203, 187), (150, 140, 131), 0.5 * line) * shade[..., None]
    return Texture(rgb8(colour), 90, 1.0, unit_range(loops - 0.3 * line), 0.6)


def white_marble(size: int) -> Texture:
    """A slab so large that its veins do not repeat."""
    return replace(stones.white_marble(size), size_cm=170)


def black_marble(size: int) -> Texture:
    """A slab so large that its veins do not repeat."""
    return replace(stones.black_marble(size), size_cm=170)


def leather(size: int) -> Texture:
    """A little browner and greyer than the plain one."""
    plain = covers.leather(size)
    grey = plain.colour.mean(axis=-1, keepdims=True)
    return replace(plain, colour=rgb8(grey + 0.82 * (plain.colour - grey)))


def oak(size: int) -> Texture:
    """Eight boards of light oak with hairline seams."""
    grain = woods.grain_of(size, 11, 14, (202, 164, 119), (157, 113, 72), 0.16)
    colour, height = woods.planks(size, 8, grain, 12, 0.05, *_HAIRLINE)
    return Texture(rgb8(colour), 112, 0.45, unit_range(height, 0.05), 0.03)


def walnut(size: int) -> Texture:
    """Eight boards of dark walnut with hairline seams."""
    grain = woods.grain_of(size, 21, 12, (122, 84, 58), (70, 46, 31), 0.14)
    colour, height = woods.planks(size, 8, grain, 22, 0.07, *_HAIRLINE)
    return Texture(rgb8(colour), 112, 0.4, unit_range(height, 0.05), 0.03)


def whitewood(size: int) -> Texture:
    """Painted boards, a little worn: light enough to be white, dark enough for a white thing on them."""
    colour, height = woods.grain_of(size, 31, 10, (214, 210, 202), (198, 191, 180), 0.2)
    worn = step(1.3, 2.2, fbm(size, 33, 1.5, 4, stretch=(5, 1)))
    colour = mix(colour, mix(colour, (178, 160, 138), np.full_like(worn, 0.4)), worn)
    colour, height = woods.planks(size, 8, (colour, height), 32, 0.02, *_HAIRLINE)
    colour = mix(colour, colour.mean(axis=-1, keepdims=True) * (1.014, 1.0, 0.96), np.full_like(worn, 0.7))
    return Texture(rgb8(colour), 112, 0.65, unit_range(height, 0.05), 0.05)


def parquet(size: int) -> Texture:
    """Herringbone of narrow blocks with hairline seams."""
    grain = woods.grain_of(size, 51, 10, (186, 145, 99), (145, 104, 65), 0.15)
    colour, height = woods.herringbone(size, grain, 0.05, (0.34, 0.04), (0.020, 0.004))
    return Texture(rgb8(colour), 72, 0.35, height, 0.03)


def wood_panel(size: int) -> Texture:
    """Eight narrow boards with fine seams."""
    grain = woods.grain_of(size, 41, 8, (178, 134, 92), (132, 92, 58), 0.14)
    colour, height = woods.planks(size, 8, grain, 42, 0.05, 0.003, 0.32)
    return Texture(rgb8(colour), 96, 0.5, unit_range(height, 0.05), 0.2)


_HAIRLINE = (0.0017, 0.42)
"""Width of a seam as a share of the tile, and how dark it is."""


def plaster(size: int) -> Texture:
    """A wall of smooth plaster: the trowel shows as tone more than as relief."""
    plain = stones.plaster(size)
    height = fbm(size, 133, 1.9, 2, 24) + 0.06 * fbm(size, 134, 0.6, 40)
    return replace(plain, height=unit_range(height), depth_cm=0.12)
