"""Small textures for props, by colour. Colours come from short palettes, so that few are ever made."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from caig_cli.painters.studio.materials import Colour
from caig_cli.painters.studio.noise import cells, fbm, mix, plane, ramp, rgb8, step


@functools.lru_cache(maxsize=48)
def leaf_skin(colour: Colour) -> NDArray[np.uint8]:
    """A leaf: pale midrib and side veins, darker between, lighter rim; v runs from stalk to tip."""
    x, y = plane((128, 128))
    side = np.abs(x - 0.5) * 2
    rib = np.exp(-((side / 0.05) ** 2))
    veins = np.exp(-((((1 - y) * 9 - side * 2.6) % 1 - 0.5) ** 2) / 0.006) * step(1.0, 0.6, side)
    tone = 0.90 + 0.10 * fbm(128, 401, 1.5, 2) * 0.5 - 0.08 * step(0.4, 1.0, side)
    base = np.asarray(colour, np.float32) * tone[..., None]
    pale = np.asarray(colour, np.float32) * 0.75 + np.array([70, 74, 44])
    return rgb8(mix(mix(base, pale, 0.30 * veins), pale, 0.75 * rib))


@functools.lru_cache(maxsize=48)
def speckle_skin(colour: Colour, contrast: float = 1.0) -> NDArray[np.uint8]:
    """Stone: soft clouds, fine grains and a few light bands."""
    cloud, fine = fbm(256, 411, 1.6), fbm(256, 412, 0.3, 24)
    band = step(1.2, 2.0, fbm(256, 413, 1.8, 2, stretch=(6.0, 1.0)))
    tone = 1 + contrast * (0.07 * cloud + 0.06 * fine + 0.22 * band)
    return rgb8(np.asarray(colour, np.float32) * tone[..., None])


@functools.lru_cache(maxsize=24)
def petal_skin(colour: Colour) -> NDArray[np.uint8]:
    """A petal: paler at the base, fine long veins, a deeper rim; v runs from base to rim."""
    _, y = plane((128, 128))
    vein = fbm(128, 421, 0.8, 6, stretch=(1.0, 10.0))
    rise = 1 - y
    tone = 0.97 + 0.03 * vein - 0.06 * step(0.8, 1.0, rise)
    base = np.asarray(colour, np.float32) * tone[..., None]
    return rgb8(mix((236, 228, 190), base, step(-0.05, 0.42, rise + 0.03 * vein)))


@functools.lru_cache(maxsize=16)
def peel_skin(colour: Colour) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Citrus peel: colour and the heights of its pores."""
    near, _, _ = cells(256, 40, 431)
    pore = step(0.35, 0.1, near)
    tone = 1 + 0.03 * fbm(256, 432, 1.8) - 0.10 * pore
    return rgb8(np.asarray(colour, np.float32) * tone[..., None]), (1 - pore).astype(np.float32)


@functools.lru_cache(maxsize=16)
def citrus_cut(peel: Colour, flesh: Colour) -> NDArray[np.uint8]:
    """A cut citrus: rind, pith, ten juicy segments and their walls, over the unit square."""
    x, y = plane((256, 256))
    dx, dy = x * 2 - 1, y * 2 - 1
    far, angle = np.hypot(dx, dy), np.arctan2(dy, dx)
    turn = angle / (2 * np.pi) * 10
    wall = np.abs(turn % 1 - 0.5)
    juice = 1 + 0.11 * fbm(256, 441, 0.9, 12)
    segment = (
        step(0.47, 0.42, wall + 0.05 / np.maximum(far, 0.08)) * step(0.86, 0.81, far) * step(0.08, 0.14, far)
    )
    base = mix((250, 240, 214), np.asarray(flesh, np.float32) * juice[..., None], segment)
    return rgb8(mix(base, peel, step(0.93, 0.955, far)))


@functools.lru_cache(maxsize=16)
def apple_skin(base: Colour, blush: Colour) -> NDArray[np.uint8]:
    """Streaks of ``blush`` over ``base`` from stalk to bottom, and pale dots."""
    streak = fbm(256, 451, 1.0, 4, stretch=(1.0, 7.0)) + 0.7 * fbm(256, 452, 2.0, 1)
    near, _, _ = cells(256, 22, 453)
    picture = mix(base, blush, step(-1.0, 0.5, streak))
    return rgb8(mix(picture, (236, 214, 150), 0.5 * step(0.13, 0.05, near)))


@functools.cache
def page_skin() -> NDArray[np.uint8]:
    """The cut edge of a book: hundreds of leaves, v across them."""
    lines = np.broadcast_to(fbm((256, 8), 461, 0.3, 20)[:, :1], (256, 64))
    return rgb8(np.array([238, 230, 212]) * (1 + 0.05 * lines)[..., None])


@functools.cache
def crema_skin() -> NDArray[np.uint8]:
    """Coffee from above: dark middle, hazel foam towards the rim with fine bubbles."""
    x, y = plane((256, 256))
    far = np.hypot(x - 0.5, y - 0.5) * 2
    swirl = fbm(256, 471, 1.6, 2)
    tone = np.clip(0.25 + 0.55 * far**3 + 0.10 * swirl, 0, 1)
    near, _, _ = cells(256, 40, 472)
    return rgb8(
        mix(
            ramp(tone, (58, 30, 16), (118, 68, 34), (178, 122, 70)),
            (212, 168, 116),
            step(0.2, 0.1, near) * step(0.75, 0.95, far),
        )
    )


@functools.lru_cache(maxsize=16)
def bark_skin(colour: Colour) -> NDArray[np.uint8]:
    """Weathered wood: long cracks and fibres along u, softly clouded."""
    fibre = fbm(256, 481, 0.7, 6, stretch=(14.0, 1.0))
    crack = step(1.5, 2.6, fbm(256, 482, 1.0, 5, stretch=(9.0, 1.0)))
    tone = 1 + 0.08 * fibre + 0.05 * fbm(256, 483, 1.8) - 0.42 * crack
    return rgb8(np.asarray(colour, np.float32) * tone[..., None])


@functools.cache
def terry_skin() -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Towelling: shade (near white) and height of its loops."""
    near, _, index = cells(256, 44, 491)
    loops = np.clip(1 - near, 0, 1)
    tone = 0.80 + 0.22 * loops + 0.03 * np.random.default_rng(492).normal(size=44 * 44)[index]
    return rgb8((255 * tone[..., None] * np.ones(3)).astype(np.float32)), loops.astype(np.float32)
