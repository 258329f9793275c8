"""Food beyond fruit: bread, cheese, eggs, vegetables, sweets, a picnic basket."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from caig_cli.painters.studio.materials import Colour, Material
from caig_cli.painters.studio.mesh import (
    Mesh,
    box,
    cylinder,
    extrude,
    lathe,
    merge,
    moved,
    rotation,
    sphere,
    transform,
    tube,
)
from caig_cli.painters.studio.props.kit import (
    Parts,
    bunch,
    leaf,
    lumpy,
    pick,
    placed,
    rest,
    shade,
    stand,
    turned,
)
from caig_cli.painters.studio.props.skins import bark_skin, leaf_skin, peel_skin

CRUST: Colour = (178, 116, 62)


def bread(rng: Generator, colour: Colour | None = None) -> Parts:
    """A floured loaf with cuts, and two slices."""
    crust = colour or CRUST
    skin = bark_skin(crust)
    loaf = transform(sphere(1.0, 18, 36), scale=(11.0, 6.5, 4.6))
    loaf = lumpy(loaf, rng, 0.06, 1.6)
    body = rest(moved(loaf, np.maximum(loaf.vertices, [-99, -99, -3.0])))
    cuts = [
        transform(sphere(1.0, 8, 16), (x, 0, 6.7 - 0.035 * x * x), (0, 0, 28), (0.5, 4.0, 0.4))
        for x in (-5.5, -1.5, 2.5, 6)
    ]
    slice_ = transform(cylinder(4.6, 1.3, 0.3, 40), scale=(1.15, 0.85, 1.0))
    crumb = Material("matte", shade(crust, 1.15, (250, 236, 204), 0.75), 0.95)
    cut = [transform(slice_, (x, -8.6, z), (0, 0, turn)) for x, z, turn in ((-3.5, 0, 10), (3.0, 0.2, -25))]
    return turned(
        rng, [(body, Material("matte", crust, 0.8, skin)), (merge(cuts), crumb), (merge(cut), crumb)], 25
    )


def cheese(rng: Generator, colour: Colour | None = None) -> Parts:
    """A wedge of hard cheese with its rind, and two cubes."""
    tone = colour or (240, 204, 104)
    a = np.linspace(-0.34, 0.34, 12)
    wedge = extrude([(0, 0), *np.stack([15 * np.cos(a), 15 * np.sin(a)], -1)], 6.0, 0.15)
    rind = extrude(
        [
            *np.stack([14.9 * np.cos(a), 14.9 * np.sin(a)], -1),
            *np.stack([15.3 * np.cos(a[::-1]), 15.3 * np.sin(a[::-1])], -1),
        ][::-1],
        6.05,
    )
    holes = [
        transform(sphere(r, 8, 12), (x, -0.353 * x, z), scale=(1, 0.2, 1))
        for x, z, r in ((6, 2, 0.6), (9, 4, 0.9), (12, 2.2, 0.7))
    ]
    cubes = [
        transform(box(2.2, 0.1), (x, y, 0), (0, 0, turn)) for x, y, turn in ((3, -5, 20), (6.2, -6.4, 50))
    ]
    return turned(
        rng,
        [
            (merge([wedge, *cubes]), Material("plastic", tone, 0.5)),
            (rind, Material("matte", shade(tone, 0.8, (190, 110, 50), 0.4), 0.7)),
            (merge(holes), Material("matte", shade(tone, 0.75), 0.8)),
        ],
        40,
    )


def eggs(rng: Generator, colour: Colour | None = None) -> Parts:
    """Three hen's eggs, brown unless asked otherwise."""
    return bunch(rng, [egg(rng, colour) for _ in range(3)])


def egg(rng: Generator, colour: Colour | None = None) -> Parts:
    """One egg, lying, 6 cm long."""
    t = np.linspace(-np.pi / 2, np.pi / 2, 24)
    r = 2.15 * np.cos(t) * (1 - 0.12 * np.sin(t))
    r[[0, -1]] = 0
    shell = lathe(np.stack([r, 2.9 * np.sin(t)], -1), 32)
    tone = shade(
        colour or pick(rng, ((206, 152, 112), (222, 178, 140), (190, 132, 94))), rng.uniform(0.95, 1.05)
    )
    return stand(
        [
            (
                transform(shell, rotate=(rng.uniform(70, 95), 0, rng.uniform(0, 360))),
                Material("matte", tone, 0.55),
            )
        ]
    )


def tomatoes(rng: Generator, colour: Colour | None = None) -> Parts:
    """Four tomatoes with their green stars."""
    return bunch(rng, [tomato(rng, colour) for _ in range(4)])


def tomato(rng: Generator, colour: Colour | None = None) -> Parts:
    """One tomato."""
    size = rng.uniform(2.8, 3.4)
    ball = lumpy(transform(sphere(size, 18, 32), scale=(1, 1, 0.84)), rng, 0.02, 1.0, 1)
    star = [
        transform(leaf(2.2, 0.55, -20, 0.2), (0, 0, 0.8 * size), rotation(z=turn, x=-10))
        for turn in range(0, 360, 72)
    ]
    stalk = tube([(0, 0, 0.78 * size), (0.2, 0, 1.1 * size)], 0.22, 8)
    green = (86, 124, 58)
    return stand(
        placed(
            [
                (ball, Material("plastic", colour or pick(rng, ((200, 40, 30), (216, 62, 38))), 0.08)),
                (merge(star), Material("translucent", green, 0.4, leaf_skin(green))),
                (stalk, Material("matte", green, 0.8)),
            ],
            rotate=(rng.uniform(-25, 25), rng.uniform(-25, 25), 0),
        )
    )


def bananas(rng: Generator, colour: Colour | None = None) -> Parts:
    """A hand of four bananas."""
    t = np.linspace(0, 1, 18)
    radius = 1.75 * np.sin(np.pi * np.clip(0.06 + 0.9 * t, 0, 1)) ** 0.45
    fruits = []
    for k in range(4):
        a = -0.95 + 1.9 * t
        path = np.stack([11 * np.sin(a), 0 * a, 11 * (1 - np.cos(a))], -1)
        fruits.append(
            transform(tube(path, radius, 10), (0, 2.6 * (k - 1.5), 0.9), (24 * (k - 1.5), 0, 5 * (k - 1.5)))
        )
    crown = transform(cylinder(1.4, 2.4, 0.5, 16), (-10.6, 0, 5.6), (0, 55, 0), (1, 2.4, 1))
    tone = colour or (240, 204, 68)
    return turned(
        rng,
        [
            (merge(fruits), Material("plastic", tone, 0.45)),
            (crown, Material("matte", shade(tone, 0.6, (96, 84, 40), 0.4), 0.8)),
        ],
        50,
    )


def pears(rng: Generator, colour: Colour | None = None) -> Parts:
    """Three pears."""
    return bunch(rng, [pear(rng, colour) for _ in range(3)])


def pear(rng: Generator, colour: Colour | None = None) -> Parts:
    """One pear, upright, 10 cm."""
    profile = [
        (0, 0.4),
        (1.2, 0),
        (2.6, 0.7),
        (3.4, 2.4),
        (3.2, 4.4),
        (2.1, 6.6),
        (1.5, 8.0),
        (0.9, 8.9),
        (0, 8.7),
    ]
    from scipy.interpolate import PchipInterpolator

    along = np.linspace(0, 1, 28)
    points = np.array(profile)
    smooth = PchipInterpolator(np.linspace(0, 1, len(points)), points)(along)
    stalk = tube([(0, 0, 8.6), (0.2, 0, 9.6), (0.6, 0, 10.6)], 0.17, 8)
    tone = colour or pick(rng, ((168, 176, 74), (196, 178, 72), (150, 160, 66)))
    skin, _ = peel_skin(tone)
    return turned(
        rng,
        [
            (lumpy(lathe(smooth, 36), rng, 0.03, 1.0, 1), Material("plastic", tone, 0.4, skin)),
            (stalk, Material("matte", (92, 66, 40), 0.9)),
        ],
        180,
    )


def chocolates(rng: Generator, colour: Colour | None = None) -> Parts:
    """An open box of chocolates."""
    paper = Material("matte", colour or pick(rng, ((150, 34, 44), (226, 182, 190), (60, 44, 40))), 0.5)
    tray = [
        box((19, 14, 0.6), 0.1),
        *(
            transform(box(s, 0.1), at)
            for s, at in (
                ((19, 0.4, 3), (0, -6.8, 0)),
                ((19, 0.4, 3), (0, 6.8, 0)),
                ((0.4, 14, 3), (-9.3, 0, 0)),
                ((0.4, 14, 3), (9.3, 0, 0)),
            )
        ),
    ]
    lid = transform(box((19.4, 14.4, 1.6), 0.2), (0, 10.5, 3.6), (62, 0, 0))
    dark, milk = Material("plastic", (66, 38, 26), 0.25), Material("plastic", (124, 78, 48), 0.25)
    sweets: dict[int, list[Mesh]] = {0: [], 1: []}
    for row in range(3):
        for col in range(4):
            shape = sphere(1.5, 12, 20) if (row + col) % 2 else box((2.7, 2.7, 2.2), 0.5)
            sweets[int(rng.integers(2))].append(
                transform(rest(shape), (-6.6 + 4.4 * col, -4.3 + 4.3 * row, 0.6))
            )
    boxed: Parts = [(merge(tray), paper), (lid, paper)]
    return turned(rng, [*boxed, *((merge(s), m) for s, m in ((sweets[0], dark), (sweets[1], milk)) if s)], 15)


def cupcakes(rng: Generator, colour: Colour | None = None) -> Parts:
    """Three cupcakes with swirled icing."""
    return bunch(rng, [cupcake(rng, colour) for _ in range(3)])


def cupcake(rng: Generator, colour: Colour | None = None) -> Parts:
    """One cupcake, 7 cm high, with a cherry."""
    icing = colour or pick(rng, ((244, 190, 200), (250, 240, 222), (196, 222, 210)))
    cup = lathe([(0, 0), (2.5, 0), (3.5, 3.6), (0, 3.8)], 40)
    swirl = lathe(
        [
            (3.5, 3.5),
            (3.7, 4.1),
            (3.2, 4.6),
            (2.7, 4.7),
            (2.8, 5.2),
            (2.2, 5.8),
            (1.6, 5.9),
            (1.6, 6.4),
            (0.8, 7.0),
            (0, 7.3),
        ],
        40,
    )
    cherry = transform(sphere(0.75, 12, 18), (0, 0, 7.7))
    return turned(
        rng,
        [
            (cup, Material("matte", pick(rng, ((178, 120, 80), (226, 214, 190))), 0.8)),
            (lumpy(swirl, rng, 0.04, 3), Material("plastic", icing, 0.5)),
            (cherry, Material("plastic", (170, 22, 34), 0.08)),
        ],
        180,
    )


def basket(rng: Generator, colour: Colour | None = None) -> Parts:
    """A wicker picnic basket with its handle and a cloth."""
    straw = colour or pick(rng, ((176, 128, 78), (150, 104, 62)))
    rings = []
    for k in range(13):
        wide = 1.0 + 0.018 * k
        a = np.linspace(0, 2 * np.pi, 56, endpoint=False)
        path = np.stack(
            [
                17 * wide * np.cos(a),
                11 * wide * np.sin(a),
                0.7 + 1.2 * k + 0.28 * np.sin(16 * a + np.pi * (k % 2)),
            ],
            -1,
        )
        rings.append(tube(path, 0.68, 6, closed=True))
    a = np.linspace(0, np.pi, 24)
    handle = tube(np.stack([17.5 * np.cos(a), 0 * a, 14 + 13 * np.sin(a)], -1), 0.85, 8)
    base = transform(cylinder(1.0, 0.8, 0.1, 40), scale=(16.5, 10.5, 1))
    cloth = transform(sphere(1.0, 14, 36), (0, 0, 13.5), scale=(16.4, 10.6, 3.4))
    skin = bark_skin(straw)
    return turned(
        rng,
        [
            (merge([*rings, handle, base]), Material("matte", straw, 0.8, skin)),
            (
                lumpy(cloth, rng, 0.07, 3.5),
                Material("fabric", pick(rng, ((236, 230, 218), (196, 60, 60), (90, 120, 150)))),
            ),
        ],
        25,
    )


def mushrooms(rng: Generator, colour: Colour | None = None) -> Parts:
    """Four forest mushrooms, brown unless asked otherwise."""
    cap = colour or pick(rng, ((150, 92, 52), (176, 118, 72)))
    tops, stems = [], []
    for x, y, size in ((-3.6, 0.5, 1.0), (0.6, -1.2, 0.72), (3.4, 1.2, 0.86), (1.6, 3.2, 0.55)):
        high = size * rng.uniform(4.4, 5.8)
        lean = (rng.uniform(-8, 8), rng.uniform(-8, 8), 0)
        stems.append(
            transform(
                lathe([(0, 0), (1.1, 0), (1.2, 0.6), (0.75, 2.5), (0.7, high / size), (0, high / size)], 24),
                (x, y, 0),
                lean,
                size,
            )
        )
        hat = lathe([(0, -0.5), (2.2, -0.2), (2.9, 0.1), (2.7, 0.9), (1.6, 1.8), (0, 2.1)], 32)
        tops.append(transform(hat, (x, y, high * 0.97), lean, size))
    return turned(
        rng,
        [
            (merge(tops), Material("plastic", cap, 0.45)),
            (merge(stems), Material("matte", (232, 222, 202), 0.85)),
        ],
        180,
    )
