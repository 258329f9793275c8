"""Of sport and the beach: weights, mats, balls, bottles, hats."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from caig_cli.painters.studio.materials import Colour, Material
from caig_cli.painters.studio.mesh import (
    cylinder,
    grid,
    lathe,
    merge,
    moved,
    sphere,
    torus,
    transform,
    tube,
)
from caig_cli.painters.studio.noise import plane, rgb8
from caig_cli.painters.studio.props.kit import Parts, Points, pick, placed, shade, stand, turned
from caig_cli.painters.studio.props.skins import bark_skin

IRON: Colour = (52, 53, 56)


def dumbbells(rng: Generator, colour: Colour | None = None) -> Parts:
    """Two hexagonal dumbbells, one turned."""
    first, second = dumbbell(rng, colour), dumbbell(rng, colour)
    return stand(
        [
            *placed(first, (-1, 5.6, 0), (0, 0, 6)),
            *placed(second, (1.5, -6.4, 0), (0, 0, rng.uniform(-24, -8))),
        ]
    )


def dumbbell(rng: Generator, colour: Colour | None = None) -> Parts:
    """One dumbbell, 27 cm."""
    rubber = Material("matte", colour or IRON, 0.55)
    heads = [transform(cylinder(5.2, 8.0, 1.0, 6), (x, 0, 5.2 * 0.866), (0, 90, 0)) for x in (-13.2, 5.2)]
    grip = transform(
        lathe([(0, -5.6), (1.5, -5.6), (1.8, 0), (1.5, 5.6), (0, 5.6)], 28), (0, 0, 4.5), (0, 90, 0)
    )
    return turned(rng, [(merge(heads), rubber), (grip, Material("metal", (206, 206, 206), 0.3))], 12)


def kettlebell(rng: Generator, colour: Colour | None = None) -> Parts:
    """A kettlebell, 27 cm, with a coloured band."""
    ball = lathe([(0, 0), (5.5, 0), (8.4, 3.2), (9.4, 8.0), (8.2, 13.0), (4.6, 16.4), (0, 17.2)], 48)
    a = np.linspace(-0.35, np.pi + 0.35, 26)
    handle = tube(np.stack([6.6 * np.cos(a), 0 * a, 18.6 + 7.2 * np.sin(a)], -1), 1.65, 14)
    band = lathe([(5.2, 15.9), (5.35, 16.1), (4.2, 16.95)], 48)
    return turned(
        rng,
        [
            (merge([ball, handle]), Material("matte", colour or IRON, 0.45)),
            (band, Material("plastic", pick(rng, ((200, 60, 50), (60, 110, 170), (230, 190, 60))), 0.4)),
        ],
        60,
    )


def yoga_mat(rng: Generator, colour: Colour | None = None) -> Parts:
    """A rolled mat with two straps, lying."""
    tone = colour or pick(rng, ((128, 110, 156), (86, 130, 128), (196, 130, 130), (80, 84, 92)))
    a = np.linspace(0, 2 * np.pi * 5.2, 220)
    r = 1.6 + 0.88 * a / (2 * np.pi)
    edge = np.stack([r * np.cos(a), r * np.sin(a)], -1)
    inner = edge * (1 - 0.42 / r)[:, None]
    long = 60.0
    sides = [np.stack([np.full(len(edge), x), edge[:, 0], edge[:, 1]], -1) for x in (-long / 2, long / 2)]
    skin = grid(np.stack(sides))
    caps = [
        grid(np.stack([np.stack([np.full(len(edge), x), p[:, 0], p[:, 1]], -1) for p in (edge, inner)]))
        for x in (-long / 2, long / 2)
    ]
    straps = [
        transform(cylinder(float(r[-1]) + 0.25, 3.0, 0.1, 40), (x - 1.5, 0, 0), (0, 90, 0)) for x in (-15, 15)
    ]
    foam = Material("matte", tone, 0.9)
    return turned(
        rng, [(merge([skin, *caps]), foam), (merge(straps), Material("matte", shade(tone, 0.55), 0.8))], 25
    )


def football(rng: Generator, colour: Colour | None = None) -> Parts:
    """A football of white and black patches, 22 cm."""
    ball = sphere(11.0, 40, 80)
    corners = _icosahedron()
    x, y = plane((256, 512))
    lon, lat = (x - 0.5) * 2 * np.pi, (0.5 - y) * np.pi
    spot = np.stack([np.sin(lon) * np.cos(lat), -np.cos(lon) * np.cos(lat), np.sin(lat)], -1) @ corners.T
    patch = (spot.max(axis=-1) > 0.935)[..., None]
    skin = np.where(patch, np.asarray(colour or (32, 32, 36), np.float32), np.float32(240))
    return turned(
        rng,
        placed(
            [(ball, Material("plastic", texture=rgb8(skin), roughness=0.4))],
            rotate=(rng.uniform(-40, 40), rng.uniform(-40, 40), 0),
        ),
        180,
    )


def _icosahedron() -> Points:
    """The twelve corners [12, 3], unit length: a football's black patches."""
    g = (1 + 5**0.5) / 2
    corners = [p for a in (-1, 1) for b in (-g, g) for p in ((0, a, b), (a, b, 0), (b, 0, a))]
    return np.asarray(np.asarray(corners) / np.hypot(1, g))


def sports_bottle(rng: Generator, colour: Colour | None = None) -> Parts:
    """A steel drinking bottle, 25 cm."""
    tone = colour or pick(rng, ((64, 108, 128), (50, 52, 56), (206, 110, 80)))
    body = lathe([(0, 0), (3.4, 0), (3.6, 0.3), (3.6, 17.5), (2.6, 20.0), (2.5, 20.6), (0, 20.6)], 48)
    cap = [
        transform(cylinder(2.7, 3.2, 0.3, 40), (0, 0, 20.4)),
        transform(torus(1.5, 0.4, 28, 8), (0, 0, 24.4), (90, 0, 0)),
    ]
    return turned(
        rng, [(body, Material("matte", tone, 0.35)), (merge(cap), Material("plastic", (36, 36, 38), 0.4))], 90
    )


def beach_ball(rng: Generator, colour: Colour | None = None) -> Parts:
    """A beach ball of six coloured gores, 30 cm."""
    tones = [
        colour or (214, 62, 56),
        (246, 242, 236),
        (240, 190, 60),
        (246, 242, 236),
        (60, 130, 190),
        (246, 242, 236),
    ]
    x, _ = plane((64, 384))
    skin = np.asarray(tones, np.float32)[(x * 6).astype(int) % 6]
    ball = sphere(15.0, 28, 60)
    return turned(
        rng,
        placed(
            [(ball, Material("plastic", texture=rgb8(skin), roughness=0.15))],
            rotate=(rng.uniform(20, 60), rng.uniform(-30, 30), 0),
        ),
        180,
    )


def straw_hat(rng: Generator, colour: Colour | None = None) -> Parts:
    """A wide straw hat with a ribbon, lying on its brim."""
    straw = colour or pick(rng, ((226, 192, 138), (206, 170, 118)))
    profile = [(18.5, 0.2), (14, 0.9), (9.6, 1.4), (9.0, 2.0), (8.6, 6.5), (7.2, 9.6), (3.5, 10.8), (0, 10.9)]
    hat = lathe(profile, 64)
    wave = hat.vertices.copy()
    angle = np.arctan2(wave[:, 1], wave[:, 0])
    brim = np.clip((np.hypot(wave[:, 0], wave[:, 1]) - 10) / 8, 0, 1)
    wave[:, 2] += brim * (0.9 * np.sin(2 * angle + rng.uniform(0, 6)) + 0.9)
    ribbon = lathe([(9.15, 1.9), (8.95, 4.6)], 64)
    x, y = plane((128, 256))
    weave = 0.82 + 0.18 * np.abs(np.sin(np.pi * 60 * x + np.pi * (np.floor(y * 40) % 2) / 2))
    skin = rgb8(np.asarray(straw, np.float32) * weave[..., None].astype(np.float32))
    return turned(
        rng,
        [
            (moved(hat, wave), Material("matte", straw, 0.9, skin)),
            (ribbon, Material("plastic", pick(rng, ((40, 44, 52), (150, 40, 44), (236, 230, 220))), 0.5)),
        ],
        60,
    )


def jump_rope(rng: Generator, colour: Colour | None = None) -> Parts:
    """A coiled skipping rope with two handles."""
    t = np.linspace(0, 1, 160)
    a = 2 * np.pi * 3.2 * t
    coil = tube(
        np.stack([(6 + 1.6 * np.sin(5 * t)) * np.cos(a), (5 + np.cos(4 * t)) * np.sin(a), 0.4 + 0.9 * t], -1),
        0.34,
        7,
    )
    grips = [
        transform(
            lathe([(0, 0), (1.3, 0), (1.5, 6), (1.2, 13), (0, 13)], 20),
            (4 * s, -7 - 2 * s, 1.5),
            (90, 0, 30 * s),
        )
        for s in (-1, 1)
    ]
    return turned(
        rng,
        [
            (coil, Material("plastic", colour or pick(rng, ((206, 60, 56), (50, 52, 58))), 0.4)),
            (merge(grips), Material("matte", (40, 40, 42), 0.6, bark_skin((70, 60, 54)))),
        ],
        60,
    )
