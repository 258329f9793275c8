"""Of the seasons: Christmas, Halloween, Valentine, Easter, sales."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from caig_cli.painters.studio.materials import Colour, Material
from caig_cli.painters.studio.mesh import (
    Mesh,
    box,
    cone,
    copies,
    cylinder,
    extrude,
    lathe,
    merge,
    rotation,
    sphere,
    torus,
    transform,
    tube,
)
from caig_cli.painters.studio.props.kit import (
    Parts,
    bunch,
    lumpy,
    pick,
    placed,
    shade,
    spread,
    stand,
    turned,
    varied,
)
from caig_cli.painters.studio.props.outdoor import PUMPKIN, pumpkin_body
from caig_cli.painters.studio.props.skins import bark_skin

FIR: Colour = (44, 84, 54)
PASTELS: tuple[Colour, ...] = (
    (244, 190, 200),
    (250, 226, 150),
    (172, 208, 226),
    (196, 222, 178),
    (222, 196, 232),
)


def christmas_tree(rng: Generator, colour: Colour | None = None) -> Parts:
    """A decorated tree for the table, 40 cm: needles, baubles, lights and a star."""
    needles, spots = fir_tree(rng, 36.0, 13.0)
    balls = copies(sphere(1.25, 10, 16), spots[::3])
    lights = copies(sphere(0.36, 6, 8), spots[1::3])
    tone = colour or pick(rng, ((190, 34, 40), (206, 160, 70)))
    pot = lathe([(0, 0), (3.6, 0), (4.2, 5.0), (0, 5.0)], 32)
    top = transform(_star(2.4, 0.6), (0, 0.3, 38.5), (90, 0, 0))
    return stand(
        [
            (needles, Material("matte", FIR, 0.9)),
            (balls, Material("metal", tone, 0.12)),
            (lights, Material("emissive", (255, 206, 130), glow=14.0)),
            (pot, Material("matte", (150, 112, 76), 0.9, bark_skin((150, 112, 76)))),
            (top, Material("metal", (232, 190, 96), 0.2)),
        ]
    )


def fir_tree(rng: Generator, height: float, radius: float) -> tuple[Mesh, np.ndarray]:
    """A fir of ``height`` cm, ``radius`` wide at its foot, as one mesh; places [N, 3] to hang things on."""
    twig = merge([transform(cone(0.05, 0, 1, 3), rotate=(70, 0, a)) for a in (-35, 0, 35)])
    steps = np.linspace(0, 0.97, 21)
    levels = np.repeat(steps, np.round(54 * (1 - steps) + 6).astype(int))
    a = rng.uniform(0, 360, len(levels))
    reach = radius * (1 - levels) ** 0.9 * rng.uniform(0.65, 1.0, len(levels)) + 0.3
    z = 0.14 * height + 0.84 * height * levels
    turns = rotation(rng.uniform(-16, 6, len(levels)), 0, a)
    size = np.stack([0.12 * radius + 0.34 * reach, reach, 0.12 * radius + 0.34 * reach], -1)
    branches = [transform(twig, (0, 0, h), t, s) for h, t, s in zip(z, turns, size, strict=True)]
    trunk = cone(0.06 * radius + 0.2, 0.05, height, 10)
    tips = np.stack(
        [np.sin(np.radians(a)) * reach * 0.92, -np.cos(np.radians(a)) * reach * 0.92, z - 0.03 * height], -1
    )
    order = rng.permutation(len(tips))[:54]
    return merge([*branches, trunk]), tips[order] * np.array([-1, -1, 1])


def _star(radius: float, thick: float, points: int = 5) -> Mesh:
    a = np.pi / 2 + np.arange(2 * points) * np.pi / points
    r = np.where(np.arange(2 * points) % 2, 0.45 * radius, radius)
    return extrude(np.stack([r * np.cos(a), r * np.sin(a)], -1), thick, 0.12 * thick)


def stars(rng: Generator, colour: Colour | None = None) -> Parts:
    """Five stars, two standing, three lying."""
    metal = Material("metal", colour or pick(rng, ((226, 182, 92), (206, 208, 212))), 0.22)
    shapes = [
        transform(_star(r, 0.8), (x, y, 0.8 * r), (82, 0, turn))
        for r, x, y, turn in ((4.4, -3, 2, 12), (3.0, 4.6, 3, -20))
    ]
    shapes += [
        transform(_star(r, 0.6), (x, y, 0), (0, 0, rng.uniform(0, 70)))
        for r, x, y in ((2.2, -6.6, -3.6), (2.6, 0.4, -4.6), (1.7, 6.0, -2.4))
    ]
    return turned(rng, [(merge(shapes), metal)], 15)


def star(rng: Generator, colour: Colour | None = None) -> Parts:
    """One star, standing a little back."""
    metal = Material("metal", colour or pick(rng, ((226, 182, 92), (206, 208, 212))), 0.22)
    return turned(rng, [(transform(_star(rng.uniform(3.2, 4.6), 0.8), rotate=(80, 0, 0)), metal)], 25)


def baubles(rng: Generator, colour: Colour | None = None) -> Parts:
    """Four Christmas baubles, lying."""
    return bunch(rng, [bauble(rng, colour) for _ in range(4)])


def bauble(rng: Generator, colour: Colour | None = None) -> Parts:
    """One glass ball with its cap and loop."""
    size = rng.uniform(2.7, 3.8)
    tone = varied(
        rng, colour or pick(rng, ((186, 28, 36), (206, 164, 76), (186, 28, 36), (236, 232, 224))), 0.05
    )
    cap = transform(cylinder(0.28 * size, 0.3 * size, 0.05, 20), (0, 0, 0.95 * size))
    loop = transform(torus(0.16 * size, 0.04 * size, 20, 6), (0, 0, 1.38 * size), (90, 0, 0))
    ball = Material("metal", tone, 0.06) if rng.random() < 0.6 else Material("metal", tone, 0.4)
    return stand(
        placed(
            [(sphere(size, 24, 44), ball), (merge([cap, loop]), Material("metal", (226, 190, 110), 0.25))],
            rotate=(rng.uniform(50, 110), 0, rng.uniform(0, 360)),
        )
    )


def candy_canes(rng: Generator, colour: Colour | None = None) -> Parts:
    """Two crossed candy canes with a bow of ribbon."""
    tone = colour or (196, 30, 38)
    t = np.linspace(0, 1, 80)
    straight = np.clip(t / 0.62, 0, 1) * 12
    a = np.clip((t - 0.62) / 0.38, 0, 1) * np.pi * 1.05
    path = np.stack([-9 + straight + 2.6 * np.sin(a), 2.6 * (1 - np.cos(a)), 0.75 + 0 * t], -1)
    u = np.linspace(0, 1, 256)
    stripe = ((u[:, None] * 9 + u[None] * 1.0) % 1 < 0.45)[..., None]
    skin = np.where(stripe, np.asarray(tone), np.array((248, 246, 242))).astype(np.uint8)
    cane = tube(path, 0.75, 16)
    sugar = Material("plastic", tone, 0.15, skin)
    first: Parts = [(cane, sugar)]
    return turned(rng, [*placed(first, rotate=(0, 0, 28)), *placed(first, (0, 0, 1.35), (0, 4, 152))], 40)


def snowman(rng: Generator, colour: Colour | None = None) -> Parts:
    """A snowman, 26 cm, with scarf, hat and carrot."""
    snow = [
        transform(lumpy(sphere(r, 18, 32), rng, 0.015, 2), (0, 0, z))
        for r, z in ((7.0, 6.4), (5.2, 16.0), (3.8, 22.8))
    ]
    wool = colour or pick(rng, ((186, 40, 44), (50, 90, 120)))
    scarf = [
        transform(torus(4.1, 1.15, 40, 10), (0, 0, 19.9)),
        transform(box((2.2, 0.8, 6.5), 0.3), (2.2, -4.6, 13.2), (8, 0, -8)),
    ]
    hat = lathe([(0, 25.6), (4.4, 25.6), (4.4, 26.1), (2.8, 26.2), (2.7, 30.0), (0, 30.1)], 32)
    coal = [
        transform(sphere(0.45, 8, 10), at)
        for at in ((-1.3, -3.4, 23.8), (1.3, -3.4, 23.8), (0, -5.2, 16.8), (0, -4.9, 14.6))
    ]
    nose = transform(cone(0.6, 0, 3.4, 14), (0, -3.5, 22.7), (90, 0, 0))
    return turned(
        rng,
        [
            (merge(snow), Material("matte", (246, 248, 252), 0.9)),
            (merge(scarf), Material("fabric", wool)),
            (merge([hat, *coal]), Material("matte", (34, 33, 36), 0.8)),
            (nose, Material("matte", (230, 120, 40), 0.6)),
        ],
        20,
    )


def jack_o_lantern(rng: Generator, colour: Colour | None = None) -> Parts:
    """One carved pumpkin, 20 cm wide, lit from within."""
    size = rng.uniform(8.5, 10.0)
    body = pumpkin_body(size, 0.84)
    top = float(body.vertices[:, 2].max())
    marks: list[Mesh] = []
    eye, nose = [(-1.0, 0), (1.0, 0), (0, 1.5)], [(-0.5, 0), (0.5, 0), (0, 0.8)]
    grin = [
        (-3.6, 1.2),
        (-2.2, -0.4),
        (0, -1.0),
        (2.2, -0.4),
        (3.6, 1.2),
        (2.4, 0.7),
        (1.5, 0.2),
        (1.0, 0.8),
        (0.3, 0.1),
        (-0.6, 0.1),
        (-1.1, 0.8),
        (-1.7, 0.3),
        (-2.4, 0.7),
    ]
    for shape, x, z in ((eye, -0.36, 0.56), (eye, 0.36, 0.56), (nose, 0, 0.44), (grin, 0, 0.28)):
        flat = extrude(np.asarray(shape) * size * 0.17, 0.5)
        depth = np.sqrt(max(1 - x**2 - (2 * z - 1) ** 2, 0.05)) * size * 0.95
        marks.append(
            transform(
                flat,
                (x * size, -depth - 0.18, z * top),
                (84 - 50 * (z - 0.45), 0, -np.degrees(np.arcsin(x)) * -0.9),
            )
        )
    stalk = tube(
        [(0, 0, 0.8 * top), (0.05 * size, 0, 1.05 * top), (0.2 * size, 0, 1.2 * top)], 0.11 * size, 10
    )
    return turned(
        rng,
        [
            (body, Material("plastic", varied(rng, colour or PUMPKIN, 0.05), 0.4)),
            (merge(marks), Material("emissive", (255, 180, 70), glow=7.0)),
            (stalk, Material("matte", (104, 104, 56), 0.9)),
        ],
        12,
    )


def spider_web(rng: Generator, colour: Colour | None = None) -> Parts:
    """A web stretched between two bare twigs."""
    silk, centre = [], np.array([0, 0, 15.0])
    spokes = np.radians(np.arange(0, 360, 30) + rng.uniform(-6, 6, 12))
    reach = rng.uniform(11, 14, 12)
    ends = centre + np.stack([reach * np.cos(spokes), 0 * spokes, reach * np.sin(spokes)], -1)
    silk += [tube([centre, end], 0.07, 4) for end in ends]
    for k in np.linspace(0.15, 0.92, 8):
        ring = centre + (ends - centre) * k
        ring = np.stack([ring, (ring + np.roll(ring, -1, axis=0)) / 2 - [0, 0, 0.35 * k]], 1).reshape(-1, 3)
        silk.append(tube(ring, 0.055, 4, closed=True))
    twigs = [
        tube([(s * 9, 0, 0), (s * 14, 1, 9), (s * 12, -0.6, 19), (s * 16, 0, 29)], [0.9, 0.7, 0.5, 0.2], 8)
        for s in (-1, 1)
    ]
    twigs.append(tube([(-15, 0, 27), (0, 0.4, 29.5), (15, 0, 27.5)], 0.4, 8))
    return turned(
        rng,
        [
            (merge(silk), Material("matte", colour or (236, 238, 240), 0.6)),
            (merge(twigs), Material("matte", (66, 52, 44), 0.9)),
        ],
        20,
    )


def painted_eggs(rng: Generator, colour: Colour | None = None) -> Parts:
    """Five painted eggs in a nest of straw."""
    straws = []
    for _ in range(150):
        a, far = rng.uniform(0, 2 * np.pi), rng.uniform(5.6, 8.6)
        at = np.array([far * np.cos(a), far * np.sin(a), rng.uniform(0.2, 2.6)])
        way = np.array([-np.sin(a), np.cos(a), rng.normal(0, 0.25)]) + rng.normal(0, 0.35, 3)
        straws.append(tube([at - 2.6 * way, at + np.array([0, 0, 0.5]), at + 2.6 * way], 0.13, 4))
    low = [mesh_clip(s) for s in straws]
    t = np.linspace(-np.pi / 2, np.pi / 2, 20)
    r = 2.0 * np.cos(t) * (1 - 0.12 * np.sin(t))
    r[[0, -1]] = 0
    shell = lathe(np.stack([r, 2.7 * np.sin(t)], -1), 28)
    tones = (
        [varied(rng, colour, 0.1) for _ in range(5)] if colour else [PASTELS[k] for k in rng.permutation(5)]
    )
    parts: Parts = [(merge(low), Material("matte", (206, 176, 116), 0.9))]
    for tone, (x, y) in zip(tones, spread(rng, [2.1] * 5, 4.4), strict=True):
        v = np.linspace(0, 1, 64)
        band = ((v * 7) % 1 < 0.22)[:, None, None]
        skin = np.where(
            band, np.asarray(shade(tone, 1.05, (255, 255, 255), 0.7)), np.asarray(tone)
        ) * np.ones((1, 16, 1))
        parts.append(
            (
                transform(shell, (x, y, 2.6), (rng.uniform(50, 100), 0, rng.uniform(0, 360))),
                Material("plastic", tone, 0.4, skin.astype(np.uint8)),
            )
        )
    return stand(parts)


def mesh_clip(mesh: Mesh) -> Mesh:
    """The mesh pressed flat where it would go below the ground."""
    return Mesh(
        np.maximum(mesh.vertices, [-1e9, -1e9, 0.02]).astype(np.float32), mesh.faces, mesh.uv, mesh.smooth
    )


def bunny(rng: Generator, colour: Colour | None = None) -> Parts:
    """A sitting bunny of porcelain, 19 cm."""
    glaze = Material("plastic", colour or pick(rng, ((246, 244, 240), (226, 206, 186))), 0.2)
    balls = [
        ((0, 1.0, 5.0), (4.4, 5.2, 5.0)),
        ((0, -2.8, 10.6), (3.0, 3.3, 2.9)),
        ((0, 6.2, 3.6), (1.5, 1.5, 1.5)),
        ((-1.7, -4.0, 1.2), (1.2, 2.4, 1.2)),
        ((1.7, -4.0, 1.2), (1.2, 2.4, 1.2)),
        ((-3.3, 0.2, 2.6), (1.8, 3.2, 2.6)),
        ((3.3, 0.2, 2.6), (1.8, 3.2, 2.6)),
    ]
    body = [transform(sphere(1.0, 16, 28), at, scale=size) for at, size in balls]
    ears = [
        transform(sphere(1.0, 14, 20), (1.2 * s, -1.8, 15.6), (8, 11 * s, 0), (0.95, 0.55, 3.4))
        for s in (-1, 1)
    ]
    eyes = [transform(sphere(0.3, 8, 10), (1.25 * s, -5.45, 11.2)) for s in (-1, 1)]
    nose = transform(sphere(0.4, 8, 12), (0, -6.05, 10.2))
    return turned(
        rng,
        [
            (merge([*body, *ears]), glaze),
            (merge(eyes), Material("plastic", (40, 34, 32), 0.1)),
            (nose, Material("plastic", (226, 150, 150), 0.3)),
        ],
        50,
    )


def hearts(rng: Generator, colour: Colour | None = None) -> Parts:
    """Five hearts, large and small."""
    tone = colour or pick(rng, ((196, 28, 44), (226, 90, 110)))
    parts: Parts = []
    for size, (x, y) in zip(
        (4.4, 3.2, 2.6, 2.0, 1.6), spread(rng, [4.4, 3.2, 2.6, 2.0, 1.6], 9), strict=True
    ):
        mesh = transform(heart_mesh(size), rotate=(rng.uniform(62, 84), 0, rng.uniform(-25, 25)))
        parts.append(
            (
                transform(mesh, (x, y, -float(mesh.vertices[:, 2].min()))),
                Material("plastic", varied(rng, tone, 0.05), 0.15),
            )
        )
    return stand(parts)


def heart(rng: Generator, colour: Colour | None = None) -> Parts:
    """One heart, standing."""
    mesh = transform(heart_mesh(rng.uniform(3.2, 4.4)), rotate=(78, 0, 0))
    return turned(
        rng, [(mesh, Material("plastic", colour or pick(rng, ((196, 28, 44), (226, 90, 110))), 0.15))], 30
    )


def heart_mesh(size: float) -> Mesh:
    """A plump heart in the plane z = 0, about 2 ``size`` wide."""
    a = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    outline = (
        np.stack(
            [16 * np.sin(a) ** 3, 13 * np.cos(a) - 5 * np.cos(2 * a) - 2 * np.cos(3 * a) - np.cos(4 * a)], -1
        )
        / 17
    )
    return extrude(outline[::-1] * size, 0.62 * size, 0.22 * size)


def shopping_bags(rng: Generator, colour: Colour | None = None) -> Parts:
    """Three paper bags with cord handles."""
    tones = [colour or (32, 32, 34), (206, 164, 84), (236, 232, 226)]
    parts: Parts = []
    for tone, (x, y, size, turn) in zip(
        tones, ((-8, 2, 1.0, 14), (8.5, 3, 0.86, -18), (1.0, -7, 0.66, -6)), strict=True
    ):
        parts += placed(_bag(tone), (x, y, 0), (0, 0, turn + rng.uniform(-6, 6)), size)
    return turned(rng, parts, 8)


def shopping_bag(rng: Generator, colour: Colour | None = None) -> Parts:
    """One paper bag."""
    return turned(rng, _bag(colour or pick(rng, ((32, 32, 34), (206, 164, 84), (190, 40, 46)))), 30)


def _bag(tone: Colour) -> Parts:
    body = transform(box((15, 7, 20), 0.08, 1), (0, 0, 0))
    inside = transform(box((14.6, 6.6, 0.1), 0, 1), (0, 0, 19.95))
    a = np.linspace(0, np.pi, 20)
    cords = [
        tube(np.stack([3.2 * np.cos(a), 0 * a + y, 19.4 + 5.2 * np.sin(a)], -1), 0.24, 8) for y in (-3.5, 3.5)
    ]
    paper = Material("matte", tone, 0.5)
    return [
        (body, paper),
        (inside, Material("matte", shade(tone, 0.35), 0.9)),
        (merge(cords), Material("matte", shade(tone, 0.7, (230, 220, 200), 0.4), 0.8)),
    ]


def confetti(rng: Generator, colour: Colour | None = None) -> Parts:
    """Confetti strewn on the table."""
    tones: tuple[Colour, ...] = (
        (colour, shade(colour, 0.8), shade(colour, 1.0, (255, 255, 255), 0.5))
        if colour
        else ((226, 182, 92), (206, 60, 70), (70, 130, 180), (240, 236, 228))
    )
    piece = cylinder(0.42, 0.05, 0.0, 8)
    parts: Parts = []
    for tone in tones:
        n = 36
        at = np.stack([rng.normal(0, 6.5, n), rng.normal(0, 5.5, n), rng.uniform(0.0, 0.12, n)], -1)
        parts.append(
            (
                copies(
                    piece, at, rotation(rng.normal(0, 14, n), rng.normal(0, 14, n)), rng.uniform(0.7, 1.2, n)
                ),
                Material("metal" if tone[0] > 215 else "plastic", tone, 0.3),
            )
        )
    low = min(float(m.vertices[:, 2].min()) for m, _ in parts)
    return stand(placed(parts, (0, 0, -low)))


def witch_hat(rng: Generator, colour: Colour | None = None) -> Parts:
    """A pointed hat with a band and a buckle."""
    cloth = Material("fabric", colour or (38, 32, 46))
    brim = lathe([(13, 0.1), (8, 0.6), (6.4, 1.0)], 56)
    t = np.linspace(0, 1, 14)
    tip = tube(np.stack([3.6 * t**3, 0 * t, 0.8 + 19 * t - 2.5 * t**4], -1), 6.4 * (1 - t) ** 0.9 + 0.15, 28)
    band = lathe([(6.5, 1.0), (5.9, 3.2)], 48)
    buckle = transform(box((2.6, 0.5, 2.4), 0.1), (0, -6.3, 1.0), (-14, 0, 0))
    return turned(
        rng,
        [
            (merge([brim, tip]), cloth),
            (band, Material("matte", (120, 60, 140), 0.7)),
            (buckle, Material("metal", (226, 180, 80), 0.25)),
        ],
        40,
    )
