"""What the prop builders share: parts, leaves, lumps, arranging, and small skins (textures) for them."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from caig_cli.painters.studio.materials import Colour, Material
from caig_cli.painters.studio.mesh import Mesh, bounds, grid, lathe, merge, moved, sphere, transform
from caig_cli.painters.studio.noise import cells, fbm, mix, plane, ramp, rgb8, step

Part = tuple[Mesh, Material]
Parts = list[Part]
Points = NDArray[Any]

LEAF_GREENS: tuple[Colour, ...] = ((74, 110, 58), (58, 96, 62), (98, 128, 74), (52, 84, 48))
FLAME_GLOW = 16.0  # radiance of a candle flame where a softbox has about 10


def pick(rng: Generator, options: Sequence[Any]) -> Any:
    return options[int(rng.integers(len(options)))]


def shade(
    colour: Sequence[float], factor: float, towards: Sequence[float] = (128, 128, 128), blend: float = 0.0
) -> Colour:
    """``colour`` times ``factor``, then ``blend`` of it replaced by another colour."""
    mixed = np.asarray(colour, float) * factor * (1 - blend) + np.asarray(towards, float) * blend
    r, g, b = (int(c) for c in np.clip(np.round(mixed), 0, 255))
    return r, g, b


def varied(rng: Generator, colour: Sequence[float], amount: float = 0.08) -> Colour:
    """A colour a little lighter, darker, warmer or cooler."""
    gains = (1 + rng.normal(0, amount)) * (1 + rng.normal(0, amount / 3, 3))
    r, g, b = (int(c) for c in np.clip(np.asarray(colour) * gains, 0, 255))
    return r, g, b


def placed(
    parts: Parts, translate: ArrayLike = (0, 0, 0), rotate: ArrayLike = (0, 0, 0), scale: ArrayLike = 1.0
) -> Parts:
    return [(transform(mesh, translate, rotate, scale), material) for mesh, material in parts]


def stand(parts: Parts) -> Parts:
    """The parts moved to stand on z = 0 with the middle of their plan over the origin."""
    low, high = box_of(parts)
    middle = (low + high) / 2
    return placed(parts, (-middle[0], -middle[1], -low[2]))


def box_of(parts: Parts) -> tuple[Points, Points]:
    """Lowest and highest corner [3] of all parts."""
    corners = [bounds(mesh) for mesh, _ in parts]
    return np.min([low for low, _ in corners], axis=0), np.max([high for _, high in corners], axis=0)


def rest(mesh: Mesh) -> Mesh:
    """The mesh lowered or raised until it touches z = 0."""
    return transform(mesh, (0, 0, -float(mesh.vertices[:, 2].min())))


def spread(rng: Generator, radii: Sequence[float], reach: float) -> Points:
    """Places [N, 2] for discs of ``radii`` in a loose bunch without overlap, centres within ``reach``."""
    size = np.asarray(radii, float)
    angle, far = rng.uniform(0, 2 * np.pi, len(size)), np.sqrt(rng.random(len(size)))
    at = np.stack([np.cos(angle), np.sin(angle)], axis=-1) * (far * np.maximum(reach - size, 0.1))[:, None]
    need = size[:, None] + size
    for _ in range(40):
        gap = at[:, None] - at
        distance = np.maximum(np.hypot(gap[..., 0], gap[..., 1]), 1e-6)
        push = np.maximum(need - distance, 0) * (1 - np.eye(len(size)))
        at = at + 0.55 * (gap / distance[..., None] * push[..., None]).sum(axis=1)
    return at - at.mean(axis=0)


def lumpy(mesh: Mesh, rng: Generator, amount: float, waves: float = 2.0, octaves: int = 3) -> Mesh:
    """Dented along the line from the middle; ``amount`` in shares of the size, ``waves`` per radius."""
    middle = (mesh.vertices.min(axis=0) + mesh.vertices.max(axis=0)) / 2
    offset = mesh.vertices - middle
    reach = float(np.abs(offset).max())
    dent = np.zeros(len(offset))
    for octave in range(octaves):
        for _ in range(4):
            direction = rng.normal(size=3) * waves * 1.8**octave
            dent += np.sin(offset @ direction / reach + rng.uniform(0, 7)) / 1.9**octave
    return moved(mesh, middle + offset * (1 + amount / 2 * dent)[:, None])


def leaf(
    length: float,
    width: float,
    bend: float = 40.0,
    fold: float = 0.25,
    tip: float = 1.0,
    across: int = 4,
    along: int = 10,
) -> Mesh:
    """A leaf that starts at the origin along +y with its face up, and bends down by ``bend`` degrees in all.

    ``fold`` lifts the sides of the midrib, ``tip`` above 1 moves the broadest place towards the base.
    """
    t = np.linspace(0, 1, along + 1)
    angle = -np.radians(bend) * t
    stride = length / along
    y = np.concatenate([[0], np.cumsum(np.cos(angle[1:]))]) * stride
    z = np.concatenate([[0], np.cumsum(np.sin(angle[1:]))]) * stride
    half = width / 2 * np.sin(np.pi * t ** (1 / tip)) ** 0.8
    half[-1] = 0.0
    u = np.linspace(-1, 1, across + 1)
    x = half[:, None] * u
    lift = fold * np.abs(x)
    points = np.stack(
        [x, y[:, None] - np.sin(angle)[:, None] * lift, z[:, None] + np.cos(angle)[:, None] * lift], axis=-1
    )
    return grid(points)


def flame(height: float = 2.2) -> Parts:
    """A candle's flame on its wick, base at the origin."""
    t = np.linspace(0, 1, 12)
    radius = 0.27 * height * np.sin(np.pi * t**0.62) ** 1.2 * (1 - 0.35 * t)
    radius[[0, -1]] = 0
    body = lathe(np.stack([radius, height * t], axis=-1), 12)
    wick = lathe([(0, -0.5), (0.06, -0.5), (0.06, 0.35 * height), (0, 0.35 * height)], 6)
    return [
        (transform(body, (0, 0, 0.25)), Material("emissive", (255, 178, 84), glow=FLAME_GLOW)),
        (wick, Material("matte", (30, 26, 24), 0.9)),
    ]


def balls(rng: Generator, centres: Points, radius: float, rings: int = 8, segments: int = 12) -> Mesh:
    """Small balls merged into one mesh, of nearly one size."""
    size = rng.uniform(0.85, 1.1, len(centres)) * radius
    return merge(
        [transform(sphere(float(s), rings, segments), c) for s, c in zip(size, centres, strict=True)]
    )


# Skins: small textures by colour. Colours come from short palettes, so that few are ever made.


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
    x, y = plane((128, 128))
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
    return rgb8(255 * tone[..., None] * np.ones(3)), loops.astype(np.float32)
