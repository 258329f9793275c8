"""Of garden and field: tulips, sunflowers, autumn leaves, a watering can, pumpkins."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from caig_cli.painters.studio.materials import Colour, Material
from caig_cli.painters.studio.mesh import (
    Mesh,
    cylinder,
    grid,
    lathe,
    merge,
    moved,
    rotation,
    sphere,
    transform,
    tube,
)
from caig_cli.painters.studio.props.flowers import foil
from caig_cli.painters.studio.props.kit import (
    LEAF_GREENS,
    Parts,
    bunch,
    leaf,
    pick,
    rest,
    shade,
    stand,
    turned,
    varied,
)
from caig_cli.painters.studio.props.pots import POTS, vessel
from caig_cli.painters.studio.props.skins import leaf_skin, petal_skin

AUTUMN: tuple[Colour, ...] = ((206, 92, 32), (226, 146, 42), (170, 52, 34), (214, 178, 66), (140, 84, 46))
PUMPKIN: Colour = (226, 116, 34)


def tulips(rng: Generator, colour: Colour | None = None) -> Parts:
    """Seven tulips in a vase."""
    tone = colour or pick(rng, ((236, 190, 70), (214, 70, 76), (238, 170, 186)))
    parts = vessel(rng, pick(rng, POTS), 4.4, 14.0)
    heads, stems, blades = [], [], []
    for k in range(7):
        lean, turn = (rng.uniform(4, 10) if k == 0 else rng.uniform(14, 30)), 60.0 * k + rng.uniform(-15, 15)
        t, high = np.linspace(0, 1, 10), rng.uniform(18, 22)
        bow = np.radians(lean)
        path = np.stack([0 * t, -high * np.sin(bow) * t**1.6, 9 + high * np.cos(bow) * t], -1)
        face = rotation(z=turn)
        stems.append(transform(tube(path, 0.32, 8), rotate=face))
        heads.append(transform(_tulip(rng), face @ path[-1], face @ rotation(x=lean)))
        if k % 2:
            blades.append(
                transform(
                    leaf(14, 3.2, 55, 0.35, 1.2, along=12), (0, 0, 12), rotation(z=turn + 30) @ rotation(x=62)
                )
            )
    green = LEAF_GREENS[2]
    return stand(
        [
            *parts,
            (merge(heads), Material("translucent", tone, 0.5, petal_skin(tone))),
            (merge(stems), Material("plastic", shade(green, 1.1), 0.5)),
            (merge(blades), foil(green)),
        ]
    )


def _tulip(rng: Generator) -> Mesh:
    """A closed tulip's six petals, base at the origin."""
    v, u = np.linspace(0, 1, 10)[:, None], np.linspace(-1, 1, 7)[None]
    petals = []
    for k in range(6):
        wide = np.radians(38) * np.sin(np.pi * np.clip(v, 0.05, 1) ** 0.8) ** 0.6 + 0.02
        r = (2.0 - 0.14 * (k % 2)) * np.sin(np.pi * np.clip(0.12 + 0.66 * v, 0, 1)) * rng.uniform(0.96, 1.04)
        a = np.radians(60 * k) + wide * u
        petals.append(grid(np.stack([r * np.cos(a), r * np.sin(a), 5.4 * v - 0.5 * u**2 * v**2 + 0 * a], -1)))
    return merge(petals)


def sunflowers(rng: Generator, colour: Colour | None = None) -> Parts:
    """Three sunflowers in a vase."""
    tone = colour or (242, 186, 36)
    parts = vessel(rng, pick(rng, POTS), 4.6, 15.0)
    rays, hearts, stems = [], [], []
    for turn, lean, high in ((0, 12, 17.0), (125, 26, 13.0), (240, 28, 14.0)):
        face = rotation(z=turn + rng.uniform(-12, 12))
        t = np.linspace(0, 1, 10)
        path = np.stack([0 * t, -high * np.sin(np.radians(lean)) * t**1.5, 10 + high * t], -1)
        stems.append(transform(tube(path, 0.5, 8), rotate=face))
        look = rotation(x=58)  # the flower faces the camera, a little up
        ray = leaf(6.2, 2.0, 20, 0.2, 0.9)
        ring = [
            transform(
                ray,
                rotation(z=a)[:, 1] * 2.6 + np.array([0, 0, 0.1 * (k % 2)]),
                rotation(z=a) @ rotation(x=8 - 12 * (k % 2)),
            )
            for k, a in enumerate(np.arange(0, 360, 18.0))
        ]
        at = face @ path[-1]
        rays.append(transform(merge(ring), at, look))
        hearts.append(transform(transform(sphere(3.2, 12, 28), scale=(1, 1, 0.35)), at, look))
    return stand(
        [
            *parts,
            (merge(rays), Material("translucent", tone, 0.5, petal_skin(tone))),
            (merge(hearts), Material("matte", (74, 48, 28), 0.95)),
            (merge(stems), Material("plastic", LEAF_GREENS[2], 0.5)),
        ]
    )


def autumn_leaves(rng: Generator, colour: Colour | None = None) -> Parts:
    """Fallen maple leaves in the colours of autumn, or in one."""
    tones = (
        [varied(rng, colour, 0.1) for _ in range(3)]
        if colour
        else [AUTUMN[k] for k in rng.permutation(5)[:3]]
    )
    parts: Parts = []
    for tone in tones:
        n = 7
        far, angle = 12 * np.sqrt(rng.random(n)), rng.uniform(0, 2 * np.pi, n)
        pieces = [
            transform(
                maple(rng, rng.uniform(3.4, 5.0)),
                (f * np.cos(a), 0.75 * f * np.sin(a), rng.uniform(0.1, 0.9)),
                (rng.normal(0, 9), rng.normal(0, 9), rng.uniform(0, 360)),
            )
            for f, a in zip(far, angle, strict=True)
        ]
        parts.append(
            (
                merge([moved(p, np.maximum(p.vertices, [-99, -99, 0.02])) for p in pieces]),
                Material("translucent", tone, 0.6, leaf_skin(tone)),
            )
        )
    return stand(parts)


def maple(rng: Generator, size: float) -> Mesh:
    """A maple leaf of five lobes, lying, its face up and a little curled."""
    a = np.linspace(-np.pi * 0.86, np.pi * 0.86, 69)
    lobes = 0.5 + 0.5 * np.exp(-((((a / np.radians(52) + 0.5) % 1 - 0.5) / 0.30) ** 2))
    teeth = 1 + 0.07 * np.sin(a * 26)
    r = size * lobes * teeth * (1 - 0.22 * np.abs(a) / np.pi)
    t = np.linspace(0.02, 1, 5)[:, None]
    x, y = t * r * np.sin(a), t * r * np.cos(a)
    curl = rng.uniform(0.02, 0.07) * (x**2 + y**2) / size + 0.05 * size * np.cos(a * 3.5) * t
    uv = np.stack([0.5 + x / (2.4 * size), 0.35 + y / (2.4 * size)], -1)
    return grid(np.stack([x, y, curl], -1), uv)


def watering_can(rng: Generator, colour: Colour | None = None) -> Parts:
    """A watering can of zinc, or painted."""
    metal = Material("metal", (186, 192, 194), 0.4) if colour is None else Material("plastic", colour, 0.3)
    body = lathe([(0, 0), (8, 0), (8.2, 0.4), (7.6, 15), (7.9, 15.4), (0, 15.6)], 48)
    spout = tube([(7.5, 0, 3.5), (12, 0, 8), (17, 0, 15.5)], [1.7, 1.3, 1.0], 16)
    rose = transform(cylinder(2.7, 1.1, 0.3, 28), (17.1, 0, 15.2), (0, 48, 0))
    a = np.linspace(-0.3, np.pi * 0.72, 24)
    handle = tube(np.stack([-4.5 - 7.0 * np.cos(a) * 0.9, 0 * a, 11 + 9.5 * np.sin(a)], -1), 0.75, 10)
    return turned(rng, [(merge([body, spout, rose, handle]), metal)], 30)


def pumpkins(rng: Generator, colour: Colour | None = None) -> Parts:
    """Three pumpkins of different sizes."""
    return bunch(rng, [_pumpkin(rng, colour, size) for size in (9.0, 6.4, 5.0)])


def pumpkin(rng: Generator, colour: Colour | None = None) -> Parts:
    """One pumpkin."""
    return turned(rng, _pumpkin(rng, colour, rng.uniform(6.5, 9.0)), 180)


def _pumpkin(rng: Generator, colour: Colour | None, size: float) -> Parts:
    tone = varied(rng, colour or PUMPKIN, 0.06)
    stalk = tube(
        [(0, 0, 1.1 * size), (0.05 * size, 0, 1.4 * size), (0.24 * size, 0, 1.62 * size)],
        [0.16 * size, 0.11 * size, 0.13 * size],
        10,
    )
    return [
        (pumpkin_body(size, rng.uniform(0.74, 0.86)), Material("plastic", tone, 0.4)),
        (stalk, Material("matte", (112, 108, 60), 0.9)),
    ]


def pumpkin_body(size: float, flatness: float, ribs: int = 10) -> Mesh:
    """A ribbed pumpkin standing on z = 0, ``size`` its radius."""
    ball = sphere(1.0, 24, 72)
    x, y, z = ball.vertices.T
    a = np.arctan2(y, x)
    rib = 1 - 0.10 * np.abs(np.sin(a * ribs / 2)) ** 8 * (1 - 0.3 * np.abs(z))
    rib = 1 - 0.09 * (1 - np.abs(np.sin(a * ribs / 2)) ** 0.5)
    far = np.hypot(x, y)
    dip = 0.28 * np.exp(-((far / 0.32) ** 2)) * np.sign(z)
    return rest(moved(ball, np.stack([x * rib, y * rib, (z - dip) * flatness], -1) * size))
