"""Props found outdoors: stones, shells, wood, cones, ice."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from caig_cli.painters.studio.materials import Colour, Material
from caig_cli.painters.studio.mesh import (
    Mesh,
    copies,
    flat,
    grid,
    lathe,
    merge,
    moved,
    ribbon,
    rotation,
    sphere,
    superellipsoid,
    transform,
    tube,
)
from caig_cli.painters.studio.props.kit import Parts, lumpy, pick, placed, rest, shade, spread, stand, varied
from caig_cli.painters.studio.props.skins import bark_skin, speckle_skin
from caig_cli.painters.studio.textures import tinted

STONES: tuple[Colour, ...] = (
    (150, 146, 140),
    (104, 104, 106),
    (190, 180, 166),
    (74, 76, 80),
    (214, 208, 198),
    (136, 122, 108),
)
ROCKS: tuple[Colour, ...] = ((132, 124, 114), (104, 102, 100), (156, 140, 120))


def pebbles(rng: Generator, colour: Colour | None = None) -> Parts:
    """A balanced stack of flat river stones with some strewn around it."""
    parts: Parts = []
    top = 0.0
    size = rng.uniform(3.1, 3.6)
    for _ in range(int(rng.integers(3, 5))):
        stone = _pebble(rng, size, rng.uniform(0.34, 0.46))
        at = (*rng.normal(0, 0.12, 2), top)
        parts.append((transform(stone, at, (0, 0, rng.uniform(0, 360))), _stone(rng, colour)))
        top += float(np.ptp(stone.vertices[:, 2])) * 0.93
        size *= rng.uniform(0.68, 0.82)
    around = int(rng.integers(4, 7))
    for angle in np.linspace(0, 2 * np.pi, around, endpoint=False) + rng.uniform(0, 1, around):
        small = rng.uniform(0.8, 1.8)
        far = 3.6 + small + rng.uniform(0, 1.2)
        at = (far * np.cos(angle), far * np.sin(angle), 0)
        parts.append(
            (transform(_pebble(rng, small, 0.55), at, (0, 0, rng.uniform(0, 360))), _stone(rng, colour))
        )
    return stand(parts)


def _pebble(rng: Generator, radius: float, flatness: float) -> Mesh:
    body = sphere(1.0, 14, 24)
    shaped = lumpy(body, rng, 0.05, 1.1, 2)
    return rest(transform(shaped, scale=(radius, radius * rng.uniform(0.75, 0.95), radius * flatness)))


def _stone(rng: Generator, colour: Colour | None) -> Material:
    return Material(
        "matte", roughness=0.55, texture=speckle_skin(colour or pick(rng, STONES)), uv_scale=(2, 1)
    )


def boulders(rng: Generator, colour: Colour | None = None) -> Parts:
    """Two or three rough rocks, split along planes."""
    skin = tinted("slate", colour or pick(rng, ROCKS), 256).colour
    material = Material("matte", roughness=0.9, texture=skin, uv_scale=(2, 1))
    sizes = sorted(rng.uniform(4.0, 8.5, int(rng.integers(2, 4))), reverse=True)
    parts: Parts = []
    for size, (x, y) in zip(sizes, spread(rng, [0.9 * s for s in sizes], 15.0), strict=True):
        parts.append((transform(_rock(rng, size), (x, y, -0.06 * size)), material))
    parts = [(moved(m, np.maximum(m.vertices, [-1e9, -1e9, 0])), mat) for m, mat in parts]
    return stand(parts)


def _rock(rng: Generator, size: float) -> Mesh:
    ball = sphere(1.0, 22, 36)
    direction = ball.vertices / np.linalg.norm(ball.vertices, axis=1, keepdims=True)
    planes = rng.normal(size=(18, 3))
    planes /= np.linalg.norm(planes, axis=1, keepdims=True)
    reach = rng.uniform(0.66, 0.95, 18)
    facing = np.maximum(direction @ planes.T, 1e-3)
    far = np.min(np.where(facing > 0.05, reach / facing, 9), axis=1)
    cut = moved(ball, direction * np.minimum(far, 1.15)[:, None])
    rough = lumpy(cut, rng, 0.035, 5.0, 3)
    return flat(rest(transform(rough, scale=size * np.array([1.0, 0.85, 0.75]) * rng.uniform(0.9, 1.1, 3))))


def shells(rng: Generator, colour: Colour | None = None) -> Parts:
    """A sea snail, two scallops and a starfish on the beach."""
    tone = colour or pick(rng, ((236, 214, 190), (240, 226, 208), (226, 190, 168)))
    parts: Parts = [
        *placed(_snail(rng, tone), (-1.5, 1.5, 0), (0, 0, rng.uniform(-60, 60))),
        *placed(_scallop(rng, varied(rng, tone, 0.05), 3.2), (3.6, -0.6, 0), (0, 0, rng.uniform(-30, 30))),
        *placed(_scallop(rng, varied(rng, tone, 0.08), 2.3), (0.4, -4.0, 0), (0, 0, rng.uniform(20, 120))),
        *placed(_starfish(rng), (-5.2, -2.6, 0), (0, 0, rng.uniform(0, 72))),
    ]
    return stand(parts)


def _snail(rng: Generator, tone: Colour) -> Parts:
    """A whelk: a tube that grows along a conical spiral."""
    turns = rng.uniform(4.6, 5.4)
    t = np.linspace(0, 1, 150)
    grow = np.exp(2.7 * (t - 1))
    angle = 2 * np.pi * turns * t
    path = np.stack([2.0 * grow * np.cos(angle), 2.0 * grow * np.sin(angle), -6.2 * grow], axis=-1)
    ridges = 1 + 0.06 * np.sin(angle * 7)
    body = tube(path, 1.55 * grow * ridges, 18)
    lying = rest(transform(body, rotate=(78, 0, 0)))
    bands = shade(tone, 0.86, (150, 96, 66), 0.25)
    x = np.linspace(0, 1, 256)
    stripe = 0.5 + 0.5 * np.sin(x * 2 * np.pi * 5 + 0.8 * np.sin(x * 17))
    skin = (
        np.asarray(tone) * (1 - stripe[:, None] * 0.75) + np.asarray(bands) * stripe[:, None] * 0.75
    ).astype(np.uint8)
    texture = np.broadcast_to(skin[None], (64, 256, 3)).copy()
    return [(lying, Material("plastic", tone, 0.35, texture))]


def _scallop(rng: Generator, tone: Colour, radius: float) -> Parts:
    """A ribbed fan, domed, lying on its rim."""
    fan = np.radians(np.linspace(-72, 72, 81))[None]
    t = np.linspace(0.04, 1, 15)[:, None]
    rib = np.cos(np.linspace(-9, 9, 81) * 2 * np.pi / 2)[None]
    far = radius * 1.35 * t * (1 + 0.025 * rib * t) * (0.86 + 0.14 * np.cos(fan))
    dome = (
        radius * 0.52 * np.sin(np.pi * np.clip(t, 0, 1) ** 0.8) * np.cos(fan * 0.9) + 0.045 * radius * rib * t
    )
    points = np.stack([far * np.sin(fan), far * np.cos(fan) - radius * 0.7, dome + 0 * fan], axis=-1)
    rings = 0.5 + 0.5 * np.sin(np.linspace(0, 1, 128) ** 1.4 * 26)
    skin = np.asarray(tone) * (1 - 0.16 * rings[:, None]) + np.array([-4, -16, -14]) * rings[:, None]
    texture = np.clip(np.broadcast_to(skin[:, None], (128, 32, 3)), 0, 255).astype(np.uint8)
    sheet = grid(points)
    hinge = transform(
        superellipsoid((0.34 * radius, 0.1 * radius, 0.07 * radius), 0.6, 0.5, 8, 16),
        (0, -0.66 * radius, 0.06 * radius),
    )
    return [
        (rest(sheet), Material("plastic", tone, 0.5, texture)),
        (rest(hinge), Material("plastic", tone, 0.5)),
    ]


def _starfish(rng: Generator) -> Parts:
    angle = np.linspace(0, 2 * np.pi, 101)
    arm = (0.5 + 0.5 * np.cos(5 * angle)) ** 1.8
    outline = 0.9 + 2.3 * arm
    t = np.linspace(0, 1, 9)[:, None]
    high = 0.75 * np.sqrt(np.clip(1 - t**2, 0, 1)) * (1 - 0.35 * t * arm)
    points = np.stack([t * outline * np.sin(angle), -t * outline * np.cos(angle), high + 0 * angle], axis=-1)
    points[:, -1] = points[:, 0]
    skin = speckle_skin(pick(rng, ((214, 126, 86), (222, 164, 116), (196, 96, 74))), 2.2)
    return [(grid(points[::-1]), Material("matte", roughness=0.8, texture=skin, uv_scale=(3, 1)))]


def driftwood(rng: Generator, colour: Colour | None = None) -> Parts:
    """A bleached, twisted branch with a fork and a broken stub."""
    skin = bark_skin(colour or pick(rng, ((184, 170, 152), (164, 150, 134), (196, 180, 156))))
    t = np.linspace(0, 1, 40)
    bend = rng.uniform(0.8, 1.3, 3)
    trunk = np.stack(
        [28 * (t - 0.5), 2.4 * bend[0] * np.sin(5 * t + bend[2]), 1.0 * bend[1] * np.sin(7 * t)], axis=-1
    )
    thick = (
        (1.75 - 0.95 * t)
        * (1 + 0.07 * np.sin(23 * t) + 0.05 * np.sin(41 * t + 1))
        * np.clip(10 * (1.03 - t), 0.25, 1)
    )
    pieces = [tube(trunk, thick, 18)]
    for start, turn, long in ((14, 0.75, 10.0), (24, -0.8, 6.0)):
        s = np.linspace(0, 1, 18)
        way = np.array([np.cos(turn), np.sin(turn), 0.28])
        side = (
            trunk[start]
            + long * s[:, None] * way
            + np.stack([0 * s, 0.7 * np.sin(4 * s), 1.0 * s**2], axis=-1)
        )
        pieces.append(tube(side, thick[start] * (0.75 - 0.5 * s) * (1 + 0.06 * np.sin(19 * s)), 14))
    wood = [lumpy(p, rng, 0.012, 14.0, 2) for p in pieces]
    texture = np.ascontiguousarray(skin.transpose(1, 0, 2))
    return stand([(merge(wood), Material("matte", roughness=0.95, texture=texture, uv_scale=(1, 1)))])


def pine_cones(rng: Generator, colour: Colour | None = None) -> Parts:
    """Open cones, scales on a golden spiral, with a twig of fir."""
    tone = colour or pick(rng, ((146, 100, 66), (128, 88, 60), (160, 116, 80)))
    parts: Parts = []
    places = ((-2.2, 0.6), (3.0, -0.8), (0.6, 4.2))
    for k, (x, y) in enumerate(places[: int(rng.integers(2, 4))]):
        cone = _cone(rng, tone, rng.uniform(0.85, 1.1))
        lean = (0.0, 0.0, rng.uniform(0, 360)) if k == 0 else (82.0, 0.0, rng.uniform(0, 360))
        turned = placed(cone, rotate=lean)
        low = min(float(m.vertices[:, 2].min()) for m, _ in turned)
        parts += placed(turned, (x, y, -low))
    parts += placed(_fir(rng), (-1.0, -2.8, 0.4), (0, 0, rng.uniform(-25, 25)))
    return stand(parts)


def _cone(rng: Generator, tone: Colour, size: float) -> Parts:
    count = 88
    k = np.arange(count)
    t = (k + 0.5) / count
    body = np.sin(np.pi * (0.13 + 0.82 * t)) ** 0.8
    u, v = np.meshgrid(np.linspace(-1, 1, 5), np.linspace(0, 1, 4))
    # a spoon: narrow at its root, thick and curled up at the rim
    scale = grid(
        np.stack(
            [0.42 * u * (0.35 + 0.75 * v - 0.25 * v**3), 0.2 + v, 0.16 * v**3 - 0.10 * u**2 * v], axis=-1
        )
    )
    back = grid(
        np.stack(
            [-scale.vertices[:, 0], scale.vertices[:, 1], scale.vertices[:, 2] - 0.13 * scale.vertices[:, 1]],
            -1,
        ).reshape(4, 5, 3)
    )
    piece = merge([scale, back])
    turns = rotation(12 + 50 * (t - 0.15), 0, np.degrees(k * 2.39996))
    places = np.stack([0 * t, 0 * t, 5.2 * t], axis=-1)
    scales = 1.75 * body[:, None] * np.array([1.0, 1.0, 1.0]) * rng.uniform(0.93, 1.07, (count, 1))
    cone = copies(piece, places, turns, scales)
    core = lathe([(0, 0.1), (0.75, 0.6), (0.9, 2.2), (0.3, 4.9), (0, 5.2)], 12)
    rim = np.linspace(0, 1, 32)[::-1, None, None]
    skin = np.asarray(tone) * (0.55 + 0.45 * rim) + np.array([64, 48, 34]) * np.clip(rim * 6 - 5, 0, 1)
    texture = np.clip(np.broadcast_to(skin, (32, 8, 3)), 0, 255).astype(np.uint8)
    scaled = [
        (cone, Material("matte", tone, 0.7, texture)),
        (core, Material("matte", shade(tone, 0.45), 0.9)),
    ]
    return placed(scaled, scale=size)


def _fir(rng: Generator) -> Parts:
    """A twig 14 cm long with needles all around, more to the sides."""
    t = np.linspace(0, 1, 12)
    stem = np.stack([14 * (t - 0.5), 0.9 * np.sin(3 * t), 0.5 + 0.6 * t], axis=-1)
    count = 260
    at = rng.random(count)
    root = np.stack([np.interp(at, t, stem[:, k]) for k in range(3)], axis=-1)
    u = np.linspace(0, 1, 4)
    path = np.stack([0 * u, 1.7 * u, 0.16 * u**2], axis=-1)
    needle = ribbon(path, 0.13 * (1.02 - u) ** 0.4, rotation(y=35.0)[:, 0])
    side = np.where(rng.random(count) < 0.5, -38.0, -142.0) + rng.normal(0, 14, count)
    turns = rotation(rng.normal(14, 22, count), 0, side)
    needles = copies(needle, root, turns, rng.uniform(0.7, 1.1, count) * (1.05 - 0.45 * at))
    return [
        (tube(stem, 0.16 * (1.1 - 0.6 * t), 8), Material("matte", (92, 68, 46), 0.9)),
        (needles, Material("matte", pick(rng, ((50, 82, 50), (62, 94, 70))), 0.5)),
    ]


def ice_cubes(rng: Generator, colour: Colour | None = None) -> Parts:
    """Melting cubes of clear ice, some on top of others."""
    tint = shade(colour, 1.0, (255, 255, 255), 0.55) if colour else (246, 251, 255)
    glass = Material("glass", tint, 0.0)
    parts: Parts = []
    places = spread(rng, [2.1] * 5, 7.2)
    for x, y in places:
        parts.append((transform(_ice(rng), (x, y, 0), (0, 0, rng.uniform(0, 90))), glass))
    middle = places[:3].mean(axis=0)
    top = transform(
        _ice(rng), (*middle, 2.75), (rng.uniform(8, 20), rng.uniform(-12, 12), rng.uniform(0, 90))
    )
    return stand([*parts, (top, glass)])


def _ice(rng: Generator) -> Mesh:
    cube = superellipsoid(rng.uniform(1.3, 1.6, 3), 0.32, 0.32, 18, 36)
    return rest(lumpy(cube, rng, 0.035, 2.2, 2))
