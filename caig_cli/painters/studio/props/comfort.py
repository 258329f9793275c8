"""Of bedroom, bath and nursery: cushions, blankets, teddy bears, ducks, soap, a mirror, a mat of wool."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from caig_cli.painters.studio.materials import Colour, Material
from caig_cli.painters.studio.mesh import (
    Mesh,
    box,
    cylinder,
    grid,
    lathe,
    merge,
    sphere,
    superellipsoid,
    torus,
    transform,
    tube,
)
from caig_cli.painters.studio.noise import plane, rgb8
from caig_cli.painters.studio.props.kit import Parts, lumpy, pick, placed, rest, shade, stand, turned, varied
from caig_cli.painters.studio.textures import tinted

SOFT: tuple[Colour, ...] = (
    (226, 214, 196),
    (176, 186, 180),
    (208, 166, 150),
    (120, 132, 146),
    (232, 206, 140),
)


def cloth(rng: Generator, colour: Colour | None, repeats: float = 3.0) -> Material:
    """Woven cloth in the colour, or in one of a few soft ones."""
    dyed = tinted("linen", colour or pick(rng, SOFT), 256)
    return Material(
        "fabric", texture=dyed.colour, uv_scale=(repeats, repeats), bump=dyed.height, bump_scale=0.01
    )


def cushions(rng: Generator, colour: Colour | None = None) -> Parts:
    """Two cushions, one leaning on the other."""
    first = transform(_cushion(rng, 42), (0, 0, 0), (-14, 0, rng.uniform(-8, 8)))
    second = transform(_cushion(rng, 34), (8, -11, 0), (-24, 0, rng.uniform(-14, 2)))
    return stand(
        [
            (rest(first), cloth(rng, colour)),
            (rest(second), cloth(rng, None if colour is None else shade(colour, 1.0, (250, 246, 240), 0.45))),
        ]
    )


def cushion(rng: Generator, colour: Colour | None = None) -> Parts:
    """One cushion, standing."""
    return turned(rng, [(rest(transform(_cushion(rng, 40), rotate=(-14, 0, 0))), cloth(rng, colour))], 15)


def _cushion(rng: Generator, side: float) -> Mesh:
    u, v = np.meshgrid(np.linspace(-1, 1, 33), np.linspace(-1, 1, 33))
    puff = np.clip((1 - u**2) * (1 - v**2), 0, 1) ** 0.42 * rng.uniform(0.15, 0.19)
    pinch = 1 - 0.07 * (1 - u**2) * v**2 - 0.07 * (1 - v**2) * u**2
    front = grid(np.stack([u * pinch, -puff, 0.5 + v * pinch], -1) * side / 2)
    back = grid(np.stack([-u * pinch, puff, 0.5 + v * pinch], -1) * side / 2)
    return merge([front, back])


def blanket(rng: Generator, colour: Colour | None = None) -> Parts:
    """A knitted blanket, folded twice, with fringes."""
    tone = colour or pick(rng, SOFT)
    x, y = plane((128, 128))
    loops = 0.78 + 0.22 * np.abs(np.sin(np.pi * 16 * x)) * (
        0.6 + 0.4 * np.abs(np.sin(np.pi * 24 * (y + np.abs((x * 16) % 1 - 0.5) * 0.05)))
    )
    wool = Material(
        "fabric",
        texture=rgb8(np.asarray(tone, np.float32) * loops[..., None]),
        uv_scale=(3, 2),
        bump=loops.astype(np.float32),
        bump_scale=0.03,
    )
    layers = [
        transform(
            lumpy(superellipsoid((17 - 0.4 * k, 12 - 0.3 * k, 1.5), 0.35, 0.22, 12, 60), rng, 0.02, 1.2),
            (rng.normal(0, 0.4), rng.normal(0, 0.3), 1.4 + 2.5 * k),
        )
        for k in range(3)
    ]
    fringe = [
        tube(
            [(16.5, y, 1.2), (18.0, y + rng.normal(0, 0.2), 0.5), (19.5, y + rng.normal(0, 0.4), 0.15)],
            0.18,
            5,
        )
        for y in np.linspace(-10, 10, 26)
    ]
    return turned(rng, [(merge(layers), wool), (merge(fringe), Material("fabric", shade(tone, 1.05)))], 25)


def scarf(rng: Generator, colour: Colour | None = None) -> Parts:
    """A knitted scarf, loosely laid in waves."""
    tone = np.asarray(colour or pick(rng, ((178, 44, 46), (224, 212, 190), (70, 96, 84))), np.float32)
    t, u = np.meshgrid(np.linspace(0, 1, 160), np.linspace(-1, 1, 9))
    swing = 2 * np.pi * 1.35 * t + rng.uniform(0, 1)
    x, y = 17 * (2 * t - 1), 7.0 * np.sin(swing)
    z = 0.6 + 1.6 * (0.5 + 0.5 * np.cos(2 * swing)) + 0.5 * np.cos(7 * u + 5 * t) * (1 - u**2)
    stripe, _ = plane((32, 256))
    rib = (0.8 + 0.2 * np.abs(np.sin(np.pi * 40 * stripe)))[..., None]
    sheet = grid(np.stack([x + 0.8 * u, y + 5.4 * u, np.maximum(z, 0.1)], -1))
    return turned(rng, [(sheet, Material("fabric", texture=rgb8(tone * rib)))], 30)


def teddy_bear(rng: Generator, colour: Colour | None = None) -> Parts:
    """A sitting teddy bear, 30 cm."""
    fur = varied(rng, colour or pick(rng, ((176, 122, 74), (206, 164, 116), (134, 92, 60))), 0.04)
    balls = [
        ((0, 0, 8.5), (7.2, 6.4, 8.6)),
        ((0, -0.5, 20.5), (6.0, 5.4, 5.6)),
        ((-4.6, 0, 25.2), (2.3, 1.2, 2.3)),
        ((4.6, 0, 25.2), (2.3, 1.2, 2.3)),
        ((-8.0, -3.0, 11.5), (2.4, 2.6, 5.6)),
        ((8.0, -3.0, 11.5), (2.4, 2.6, 5.6)),
        ((-5.6, -9.0, 2.9), (3.0, 6.4, 2.9)),
        ((5.6, -9.0, 2.9), (3.0, 6.4, 2.9)),
    ]
    body = merge(
        [lumpy(transform(sphere(1.0, 16, 28), at, scale=size), rng, 0.03, 3.0, 2) for at, size in balls]
    )
    pale = merge(
        [
            transform(sphere(1.0, 12, 20), at, scale=size)
            for at, size in (
                ((0, -5.0, 19.3), (2.7, 1.9, 2.1)),
                ((-5.6, -14.6, 3.1), (2.2, 0.9, 2.2)),
                ((5.6, -14.6, 3.1), (2.2, 0.9, 2.2)),
            )
        ]
    )
    eyes = merge(
        [
            transform(sphere(r, 10, 14), at)
            for at, r in (((-2.1, -5.2, 22.2), 0.55), ((2.1, -5.2, 22.2), 0.55), ((0, -6.9, 20.1), 0.75))
        ]
    )
    return turned(
        rng,
        [
            (body, Material("fabric", fur)),
            (pale, Material("fabric", shade(fur, 1.1, (246, 232, 206), 0.55))),
            (eyes, Material("plastic", (26, 22, 20), 0.05)),
        ],
        30,
    )


def rubber_duck(rng: Generator, colour: Colour | None = None) -> Parts:
    """A rubber duck, 9 cm."""
    body = lumpy(transform(sphere(1.0, 18, 30), (0, 0, 2.9), scale=(4.6, 3.6, 3.0)), rng, 0.01, 1.0, 1)
    tail = transform(sphere(1.0, 10, 16), (4.2, 0, 4.6), (0, -35, 0), (1.8, 1.6, 0.7))
    head = transform(sphere(2.5, 16, 26), (-2.6, 0, 6.8))
    wings = [
        transform(sphere(1.0, 10, 16), (0.8, 3.2 * s, 3.6), (0, -14, 0), (2.2, 0.6, 1.3)) for s in (-1, 1)
    ]
    beak = transform(sphere(1.0, 10, 16), (-5.0, 0, 6.5), scale=(1.3, 1.1, 0.45))
    eyes = [transform(sphere(0.38, 8, 12), (-4.3, 1.35 * s, 7.6)) for s in (-1, 1)]
    return turned(
        rng,
        [
            (merge([rest(body), tail, head, *wings]), Material("plastic", colour or (246, 206, 54), 0.2)),
            (beak, Material("plastic", (230, 122, 42), 0.25)),
            (merge(eyes), Material("plastic", (24, 22, 22), 0.05)),
        ],
        70,
    )


def soap_dispenser(rng: Generator, colour: Colour | None = None) -> Parts:
    """A soap dispenser beside a bar of soap on a dish."""
    glaze = Material("plastic", colour or pick(rng, ((232, 228, 220), (120, 132, 128), (186, 140, 110))), 0.2)
    bottle = lathe(
        [(0, 0), (3.6, 0), (3.8, 0.3), (3.8, 11), (3.0, 12.4), (1.5, 12.9), (1.5, 13.8), (0, 13.8)], 44
    )
    pump = [
        transform(cylinder(0.5, 3.2), (0, 0, 13.6)),
        transform(cylinder(1.3, 1.1, 0.3), (0, 0, 16.4)),
        tube([(0, 0, 17.0), (-2.4, 0, 17.0), (-3.6, 0, 16.2)], 0.42, 10),
    ]
    dish = transform(
        lathe([(0, 0), (4.2, 0), (5.4, 1.2), (5.1, 1.3), (4.0, 0.5), (0, 0.5)], 40),
        (9.8, -2.0, 0),
        scale=(1, 0.75, 1),
    )
    soap = transform(superellipsoid((3.6, 2.3, 1.2), 0.6, 0.6), (9.8, -2.0, 1.7))
    return turned(
        rng,
        [
            (bottle, glaze),
            (dish, glaze),
            (merge(pump), Material("metal", (206, 180, 130), 0.25)),
            (soap, Material("plastic", pick(rng, ((238, 226, 206), (206, 220, 196), (236, 206, 206))), 0.5)),
        ],
        25,
    )


def toothbrushes(rng: Generator, colour: Colour | None = None) -> Parts:
    """Two toothbrushes in a tumbler."""
    tumbler = lathe([(0, 0), (3.4, 0), (3.6, 0.3), (3.7, 9.5), (3.4, 9.5), (3.3, 0.6), (0, 0.6)], 40)
    parts: Parts = [(tumbler, Material("plastic", colour or (236, 236, 232), 0.15))]
    for tone, turn in (((206, 160, 110), 40), ((120, 160, 170), 200)):
        stick = lathe([(0, 0.7), (0.5, 0.8), (0.45, 12), (0.35, 15), (0.5, 18.5), (0, 18.8)], 12)
        brush = transform(box((0.9, 1.2, 2.4), 0.15), (0, -0.8, 16.2))
        lean = (rng.uniform(9, 13), 0, turn)
        parts += placed(
            [(stick, Material("matte", tone, 0.5)), (brush, Material("matte", (246, 246, 244), 0.9))],
            rotate=lean,
        )
    return stand(parts)


def mirror(rng: Generator, colour: Colour | None = None) -> Parts:
    """A round vanity mirror on its foot."""
    metal = Material("metal", colour or pick(rng, ((214, 176, 110), (190, 192, 196))), 0.2)
    ring = transform(torus(9.0, 0.5, 56, 10), (0, 0, 18), (90, 0, 0))
    glass = transform(cylinder(8.9, 0.3, 0.05, 56), (0, 0.2, 18), (90, 0, 0))
    foot = lathe([(0, 0), (6, 0), (6.1, 0.4), (1.2, 1.2), (0.7, 2.4), (0.7, 9.0), (0, 9.0)], 40)
    frame = placed([(ring, metal), (glass, Material("metal", (236, 238, 240), 0.02))], (0, 0, 0), (-6, 0, 0))
    return turned(rng, [*frame, (foot, metal)], 35)
