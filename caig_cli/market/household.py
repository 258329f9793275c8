"""Things about the house: mugs, pans, flasks, books, candles, cushions, lamps and vases."""

from __future__ import annotations

import math
import random

import numpy as np

from caig_cli.market.forms import DARK, GOLD, SILVER, WOODS, arc, at, bend, foot, grain, raised, turned
from caig_cli.market.labels import mix
from caig_cli.market.look import Part, ProductLook
from caig_cli.painters.studio.materials import Material
from caig_cli.painters.studio.mesh import box, cylinder, lathe, merge, moved, pillow, sphere, transform, tube


def mug(rng: random.Random, look: ProductLook) -> list[Part]:
    """A cup with a handle at its side."""
    radius, height = rng.uniform(3.4, 4.4), rng.uniform(6, 10)
    top, wall = radius * rng.uniform(0.95, 1.2), 0.35
    profile = [*foot(radius, 0.6), (top, height), (top - wall, height), (radius - wall, 0.6), (0, 0.6)]
    texture = look.wrap(rng, math.tau * radius / height, share=None if rng.random() < 0.6 else 0.34)
    body = look.body(rng, texture=texture if rng.random() < 0.6 else None)
    side, z = rng.choice((-1, 1)), height * 0.52
    grip = height * rng.uniform(0.26, 0.34)
    ring = [[side * (radius * 0.97 + abs(x)), y, zz] for x, y, zz in arc((0, z), grip, -95, 95)]
    same = Material(body.kind, look.colour(rng), body.roughness)
    return [(lathe(profile, 56), body), (tube(ring, 0.55, 14), same)]


def pan(rng: random.Random, look: ProductLook) -> list[Part]:
    """A frying pan or pot: one long handle, or two short ones and a lid."""
    radius, deep = rng.uniform(6, 7.5), rng.uniform(2, 7)
    profile = [
        *foot(radius * 0.88, 0.8),
        (radius, deep),
        (radius - 0.25, deep),
        (radius * 0.86, 0.4),
        (0, 0.4),
    ]
    body = look.body(rng)
    parts: list[Part] = [(lathe(profile, 64), body)]
    trim = rng.choice((DARK, look.trim(rng), Material("matte", (150, 100, 62), 0.5)))
    if deep < 4.5:
        side = rng.choice((-1, 1))
        path = [
            [side * radius * 0.97, 0, deep * 0.75],
            [side * (radius + 3), 0, deep + 1.2],
            [side * (radius + 9), 0, deep + 2.0],
        ]
        parts.append((transform(tube(path, [0.55, 0.6, 0.75]), scale=(1, 1.4, 1)), trim))
        if rng.random() < 0.35:
            return parts
    else:
        for side in (-1, 1):
            loop = [
                [side * (radius - 0.4 + 1.6 * math.sin(t)), 2.0 * math.cos(t), deep * 0.72]
                for t in np.linspace(0, math.pi, 12)
            ]
            parts.append((tube(loop, 0.4), trim))
    if deep >= 4.5 or rng.random() < 0.3:
        glass = Material("plastic", (196, 206, 210), 0.05) if rng.random() < 0.6 else body
        lid = lathe([(radius, 0), *bend((radius, 0.3), (0.0, rng.uniform(1.2, 2.4)))], 64)
        parts += [(raised(lid, deep), glass), (raised(sphere(0.9), deep + 2.4), trim)]
    return parts


def flask(rng: random.Random, look: ProductLook) -> list[Part]:
    """A slim insulated bottle with a tall cap or a straw lid."""
    radius, height = rng.uniform(2.6, 3.4), rng.uniform(11, 16)
    top = radius * rng.uniform(0.8, 1.0)
    profile = [
        *foot(radius, 0.3),
        (radius, height * 0.88),
        *bend((radius, height * 0.88), (top, height)),
        (0, height),
    ]
    steel = Material("metal", SILVER, 0.25)
    texture = look.wrap(rng, math.tau * radius / height, share=0.24)
    cap = cylinder(top * rng.uniform(0.92, 1.0), rng.uniform(1.8, 4), 0.3)
    parts = [
        (lathe(profile, 56), look.body(rng, texture=texture if rng.random() < 0.5 else None)),
        (raised(cylinder(top * 1.01, 0.5, 0.05), height - 0.2), steel),
        (raised(cap, height + 0.2), look.trim(rng)),
        (cylinder(radius * 1.005, 0.7, 0.1), steel),
    ]
    if rng.random() < 0.35:
        loop = arc((0, height + 3), 1.9, 0, 180)
        parts.append((tube(loop, 0.35), look.trim(rng)))
    return parts


def book(rng: random.Random, look: ProductLook) -> list[Part]:
    """A closed book standing upright, its cover to the camera, spine and pages visible when turned."""
    width = rng.uniform(9, 12)
    height, thick = width * rng.uniform(1.2, 1.5), rng.uniform(0.9, 2.8)
    art = look.box_art(rng, (130, round(130 * height / width)))
    cover = look.body(rng, texture=art)
    boards = [
        transform(box((width, 0.3, height), 0.05), translate=(0, y, 0)) for y in (-thick / 2, thick / 2)
    ]
    spine = transform(box((0.35, thick, height), 0.08), translate=(-width / 2, 0, 0))
    pages = transform(box((width - 0.5, thick - 0.1, height - 0.6), 0.02), translate=(0, 0, 0.3))
    parts = [
        (merge(boards), cover),
        (spine, look.body(rng)),
        (pages, Material("matte", (238, 232, 216), 0.9)),
    ]
    if rng.random() < 0.3:
        band = transform(box((0.6, thick + 0.7, height + 0.02), 0.02), translate=(width * 0.36, 0, 0))
        parts.append((band, Material("fabric", look.colour(rng, look.accent))))
    return turned(parts, rng.uniform(12, 40))


def candle(rng: random.Random, look: ProductLook) -> list[Part]:
    """A candle in a glass or tin, or a bare pillar; with a wick, at times a small flame."""
    radius, height = rng.uniform(3, 4), rng.uniform(5, 9)
    if rng.random() < 0.65:
        texture = look.wrap(rng, math.tau * radius / height, share=0.3)
        wall = [*foot(radius, 0.4), (radius, height), (radius - 0.25, height), (radius - 0.25, height - 1.2)]
        wax = raised(cylinder(radius - 0.25, 0.2), height - 1.4)
        parts = [
            (lathe(wall, 56), look.body(rng, texture=texture)),
            (wax, Material("matte", (244, 236, 218), 0.5)),
        ]
        top = height - 1.2
    else:
        ridge = rng.choice((0.0, 0.0, 0.06))
        mesh = cylinder(radius, height, 0.5, 72)
        angle = np.arctan2(mesh.vertices[:, 1], mesh.vertices[:, 0])
        swell = 1 + ridge * np.cos(12 * angle)
        vertices = mesh.vertices * np.stack([swell, swell, np.ones_like(swell)], axis=-1)
        parts = [(moved(mesh, vertices) if ridge else mesh, Material("matte", look.colour(rng), 0.45))]
        top = height
    parts.append((raised(cylinder(0.14, 1.0), top - 0.1), Material("matte", (48, 40, 36), 0.9)))
    if rng.random() < 0.6:
        flame = lathe([(0, 0), *bend((0.02, 0.0), (0.5, 0.7)), *bend((0.5, 0.8), (0, 2.3), kind="soft")], 24)
        parts.append((raised(flame, top + 0.5), Material("matte", (255, 206, 110), 0.9)))
    return parts


def cushion(rng: random.Random, look: ProductLook) -> list[Part]:
    """A soft square or oblong cushion leaning back, plain, striped or patterned."""
    width = rng.uniform(9, 13)
    height = width * rng.choice((1.0, 1.0, 0.65))
    mesh = pillow(width, height, width * 0.42, seal=0.15)
    texture = _cloth(rng, look) if rng.random() < 0.7 else None
    leaning = transform(mesh, rotate=(-12, 0, rng.uniform(-20, 20)))
    return [(leaning, Material("fabric", look.colour(rng), texture=texture))]


def _cloth(rng: random.Random, look: ProductLook) -> np.ndarray:
    first, second = look.colour(rng), look.colour(rng, look.accent)
    texture = np.empty((96, 96, 3), np.uint8)
    texture[:] = first
    y, x = np.mgrid[0:96, 0:96]
    step = rng.choice((12, 16, 24, 32))
    masks = (
        (x % step) < step // 3, (y % step) < step // 3, ((x // step) + (y // step)) % 2 == 0,
        ((x % step - step / 2) ** 2 + (y % step - step / 2) ** 2) < (step * 0.27) ** 2,
        ((x + y) % step) < step // 3,
        (np.minimum(np.minimum(x, y), 95 - np.maximum(x, y)) < 7),
    )  # fmt: skip
    texture[rng.choice(masks)] = second
    return texture


def lamp(rng: random.Random, look: ProductLook) -> list[Part]:
    """A lamp with a lit shade: on a table base, or on a tall stem, or a mushroom."""
    shade_colour = look.colour(rng)
    lit = mix(shade_colour, (255, 236, 200), rng.choice((0.0, 0.35)))  # a lamp that is on looks warmer
    cloth = Material("matte", lit, 0.7)
    metal = rng.choice(
        (
            Material("metal", GOLD, 0.3),
            Material("metal", SILVER, 0.3),
            look.trim(rng),
            grain(rng, rng.choice(WOODS)),
        )
    )
    if rng.random() < 0.2:
        dome = lathe([(0.6, 0), (4.2, 0.3), *bend((4.2, 0.4), (0, 3.2))], 56)
        stem = lathe([*foot(2.2, 0.3), *bend((2.2, 0.6), (0.9, 5), kind="soft"), (0.9, 6)], 48)
        return [(raised(dome, 5.2), cloth), (stem, metal)]
    tall = rng.choice((rng.uniform(4, 7), rng.uniform(9, 16)))
    low, high, height = rng.uniform(3.2, 4.6), rng.uniform(1.8, 4.2), rng.uniform(3.4, 5.2)
    shade = lathe([(low, 0), (high, height), (high - 0.1, height), (low - 0.1, 0.02)], 56)
    base = cylinder(rng.uniform(1.8, 2.6), 0.5, 0.15)
    parts = [(merge([base, cylinder(0.28, tall + 1.5)]), metal), (raised(shade, tall), cloth)]
    if tall < 8 and rng.random() < 0.6:
        belly = transform(sphere(1.0), scale=(1.9, 1.9, tall * 0.42), translate=(0, 0, tall * 0.45))
        parts.append((belly, look.body(rng, colour=look.colour(rng, look.accent))))
    return parts


def vase(rng: random.Random, look: ProductLook) -> list[Part]:
    """A turned vase of any profile, at times with two handles or some stems."""
    height = rng.uniform(9, 14)
    belly, neck, lip = rng.uniform(2.6, 4.6), rng.uniform(0.9, 2.4), rng.uniform(1.2, 2.8)
    low, middle = rng.uniform(1.4, 2.4), rng.uniform(0.3, 0.6)
    profile = [(0, 0), (low, 0), *bend((low, 0.1), (belly, height * middle), kind="soft")[1:]]
    profile += bend((belly, height * middle), (neck, height * 0.84), kind="soft")[1:]
    profile += [
        *bend((neck, height * 0.86), (lip, height), kind="soft"),
        (lip - 0.25, height),
        (neck * 0.8, height * 0.84),
    ]
    body = look.body(rng)
    stripes = None
    if rng.random() < 0.4:
        stripes = np.empty((96, 8, 3), np.uint8)
        stripes[:] = look.colour(rng)
        for _ in range(rng.randrange(1, 5)):
            at_row = rng.randrange(0, 80)
            stripes[at_row : at_row + rng.randrange(3, 14)] = look.colour(rng, look.accent)
        body = look.body(rng, texture=stripes)
    parts = [(lathe(profile, 64), body)]
    if rng.random() < 0.25:
        plain = look.body(rng)
        loops = [
            tube(
                [[s * (neck + 0.2 + abs(p[0])), 0, p[2]] for p in arc((0, height * 0.78), 1.5, -80, 80)], 0.32
            )
            for s in (-1, 1)
        ]
        parts.append((merge(loops), plain))
    if rng.random() < 0.35:
        parts += _stems(rng, look, height)
    return parts


def _stems(rng: random.Random, look: ProductLook, height: float) -> list[Part]:
    stems, heads = [], []
    for _ in range(rng.randrange(3, 7)):
        lean, deep, tall = rng.uniform(-4, 4), rng.uniform(-1.5, 1.5), rng.uniform(4, 8)
        stems.append(
            tube(
                [
                    [0, 0, height * 0.8],
                    [lean * 0.4, deep * 0.4, height + tall * 0.6],
                    [lean, deep, height + tall],
                ],
                0.14,
                6,
            )
        )
        heads.append(at(sphere(rng.uniform(0.7, 1.2), 8, 12), lean, deep, height + tall))
    flower = Material("fabric", look.colour(rng, rng.choice(("pink", "white", "yellow", "red", look.accent))))
    return [(merge(stems), Material("matte", (92, 122, 70), 0.8)), (merge(heads), flower)]
