"""Grounds and cloths of the catalogue: cotton, checks, rubber, asphalt, cobbles, water, workshop boards."""

from __future__ import annotations

import numpy as np

from caig_cli.painters.studio.noise import cells, fbm, mix, plane, ramp, rgb8, step, unit_range
from caig_cli.painters.studio.textures.tile import Texture


def cotton(size: int) -> Texture:
    """Bed linen: white, softly creased."""
    crease = fbm(size, 601, 2.1, 2, 40, (1.0, 1.6))
    tone = 240 + 3.0 * crease + 1.2 * fbm(size, 602, 0.6, 30)
    return Texture(rgb8(tone[..., None] * np.array([1.0, 0.995, 0.985])), 70, 0.95, unit_range(crease), 0.9)


def checks(size: int) -> Texture:
    """Gingham: red and white squares of 3 cm."""
    x, y = plane(size)
    across, along = ((x * 8) % 1 < 0.5), ((y * 8) % 1 < 0.5)
    share = (across.astype(np.float32) + along.astype(np.float32)) / 2
    thread = (
        1
        + 0.05 * np.sign(np.sin(2 * np.pi * 96 * x) * np.sin(2 * np.pi * 96 * y))
        + 0.02 * fbm(size, 611, 1.0, 8)
    )
    picture = mix((246, 242, 234), (196, 44, 46), share.astype(np.float32)) * thread[..., None].astype(
        np.float32
    )
    return Texture(rgb8(picture), 48, 0.95, unit_range(fbm(size, 612, 1.8, 2)), 0.3)


def rubber(size: int) -> Texture:
    """A gym's floor: black rubber with grey and blue crumbs."""
    near, _, index = cells(size, 90, 621, 0.3)
    rng = np.random.default_rng(622)
    tones = np.array(
        [(46, 47, 49), (46, 47, 49), (54, 55, 57), (46, 47, 49), (104, 106, 110), (66, 88, 118)], np.float32
    )
    picture = (
        tones[rng.integers(0, 6, 90**2)][index]
        * (1 - 0.12 * near[..., None])
        * (1 + 0.03 * fbm(size, 623, 0.4, 30))[..., None]
    )
    return Texture(rgb8(picture), 40, 0.8, unit_range(1 - near), 0.05)


def asphalt(size: int) -> Texture:
    """Asphalt: dark binder, grey grains."""
    near, _, index = cells(size, 84, 631, 0.25)
    tone = (
        np.random.default_rng(632).normal(92, 14, 84**2)[index]
        - 34 * step(0.45, 0.7, near)
        + 4 * fbm(size, 633, 1.8, 1)
    )
    return Texture(
        rgb8(tone[..., None].astype(np.float32) * np.array([1, 1, 1.02])), 45, 0.9, unit_range(1 - near), 0.25
    )


def cobbles(size: int) -> Texture:
    """Paving of granite setts in rows."""
    x, y = plane(size)
    row = np.floor(y * 6)
    col = x * 6 + 0.5 * (row % 2)
    u, v = np.abs(col % 1 - 0.5) * 2, np.abs((y * 6) % 1 - 0.5) * 2
    edge = np.maximum(u, v) + 0.03 * fbm(size, 641, 1.4, 6)
    stone = step(0.98, 0.86, edge)
    number = (row * 6 + np.floor(col) % 6).astype(int) % 36
    tone = np.random.default_rng(642).normal(0, 11, 36)[number] + 6 * fbm(size, 643, 0.6, 20)
    picture = mix((62, 60, 56), np.array([146, 140, 132]) + tone[..., None], stone)
    return Texture(rgb8(picture), 66, 0.85, unit_range(stone * (1 - 0.4 * edge)), 0.9)


def pool_water(size: int) -> Texture:
    """A pool from above: turquoise, nets of light on its floor."""
    near, second, _ = cells(size, 9, 651, 0.35)
    net = np.exp(-((second - near) / 0.07))
    deep = ramp(unit_range(fbm(size, 652, 2.2, 1)), (40, 150, 178), (86, 196, 212))
    return Texture(
        rgb8(mix(deep, (214, 244, 244), (0.6 * net).astype(np.float32))),
        150,
        0.1,
        unit_range(fbm(size, 653, 2.0, 3)),
        1.0,
    )


def bench(size: int) -> Texture:
    """A work bench: worn boards with scratches and stains."""
    from caig_cli.painters.studio.textures import woods

    wood = woods.oak(size)
    scratch = step(2.1, 2.8, fbm(size, 661, 0.7, 8, stretch=(1.0, 12.0))) + step(
        2.2, 2.8, fbm(size, 662, 0.7, 8, stretch=(14.0, 1.0))
    )
    stain = step(0.7, 1.6, fbm(size, 663, 2.0, 2))
    picture = wood.colour.astype(np.float32) * (0.72 - 0.22 * stain)[..., None]
    picture = mix(picture, (196, 164, 122), np.clip(0.45 * scratch, 0, 1).astype(np.float32))
    return Texture(rgb8(picture), wood.size_cm, 0.7, wood.height, wood.depth_cm)
