"""Of gyms, workshops, shops, nurseries and feasts, at natural size; as in :mod:`furniture`."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from caig_cli.painters.studio.materials import Material
from caig_cli.painters.studio.mesh import (
    box,
    cone,
    copies,
    cylinder,
    lathe,
    merge,
    sphere,
    transform,
    tube,
)
from caig_cli.painters.studio.places.furniture import DARK, STEEL, grain
from caig_cli.painters.studio.props import comfort, home, season, sport
from caig_cli.painters.studio.props.kit import Parts, pick, placed


def weights_rack(rng: Generator, night: bool) -> Parts:
    """A rack with two rows of dumbbells, 160 cm, and a ball beside it."""
    steel = [transform(box((5, 40, 90), 0.5), (s * 80, 0, 0)) for s in (-1, 1)]
    steel += [transform(box((160, 26, 3), 0.4), (0, -4, z), (14, 0, 0)) for z in (34, 74)]
    one = placed(sport.dumbbell(rng), rotate=(0, 0, 90))
    pieces: Parts = [
        part for z in (37, 77) for x in range(-66, 70, 22) for part in placed(one, (x, -4, z), (14, 0, 0))
    ]
    merged = [
        (
            merge([m for m, mat in pieces if mat.kind == kind]),
            next(mat for _, mat in pieces if mat.kind == kind),
        )
        for kind in ("matte", "metal")
    ]
    ball = (
        transform(sphere(30, 20, 40), (120, -10, 30)),
        Material("plastic", pick(rng, ((62, 110, 150), (196, 74, 62))), 0.35),
    )
    return [(merge(steel), DARK), *merged, ball]


def barbell_stand(rng: Generator, night: bool) -> Parts:
    """A power rack with a loaded bar, 130 cm wide and 200 high."""
    posts = [transform(box((7, 7, 205), 0.4), (x, y, 0)) for x in (-58, 58) for y in (-40, 40)]
    posts += [transform(box((124, 7, 7), 0.4), (0, y, 198)) for y in (-40, 40)]
    bar = transform(cylinder(1.4, 200, 0.2, 14), (-100, -46, 118), (0, 90, 0))
    plates = [transform(cylinder(22, 5, 0.8, 40), (x, -46, 118), (0, 90, 0)) for x in (-88, -81, 76, 83)]
    return [(merge(posts), Material("plastic", (176, 40, 36), 0.4)), (bar, STEEL), (merge(plates), DARK)]


def pegboard(rng: Generator, night: bool) -> Parts:
    """A board of tools over a bench, 220 cm: hammers, saws, pliers, spanners; z = 0 is its lower edge."""
    board = transform(box((220, 2, 100), 0.2), (0, 0, 0))
    dark, tan, red = [], [], []
    for x in np.arange(-96, 100, 16.0):
        kind = int(rng.integers(4))
        top = rng.uniform(72, 92)
        if kind == 0:
            tan.append(transform(box((3, 3, 30), 0.6), (x, -2, top - 34)))
            dark.append(transform(box((12, 4, 4.5), 0.6), (x, -2, top - 5)))
        elif kind == 1:
            red.append(transform(cylinder(1.8, 11, 0.6, 12), (x, -2.5, top - 12)))
            dark.append(transform(cylinder(0.6, 20, 0, 8), (x, -2.5, top - 32)))
        elif kind == 2:
            dark.append(transform(box((4.5, 1.2, 34), 0.4), (x, -2, top - 34)))
            dark.append(transform(cylinder(4.5, 1.2, 0.2, 16), (x, -1.4, top), (90, 0, 0)))
        else:
            red += [
                transform(box((2.4, 1.6, 16), 0.6), (x + 2.2 * s, -2, top - 30), (0, 6 * s, 0))
                for s in (-1, 1)
            ]
            dark.append(transform(box((4, 1.6, 9), 0.5), (x, -2, top - 13)))
    pairs = ((dark, STEEL), (tan, grain("oak")), (red, Material("plastic", (186, 48, 40), 0.3)))
    return [(board, grain("oak", 3)), *((merge(m), mat) for m, mat in pairs if m)]


def bench(rng: Generator, night: bool) -> Parts:
    """A work bench, 220 cm, with drawers, a vice and tins."""
    top = transform(box((220, 60, 7), 0.6), (0, 0, 83))
    legs = [transform(box((9, 9, 83), 0.5), (x, y, 0)) for x in (-100, 100) for y in (-22, 22)]
    drawers = [transform(box((56, 3, 16), 0.4), (-60 + 60 * k, -28, 64)) for k in range(3)]
    vice = [
        transform(box((14, 26, 12), 1), (70, -24, 90)),
        transform(cylinder(1.4, 24, 0.2, 12), (58, -34, 96), (0, 90, 0)),
    ]
    tins = [
        (transform(cylinder(6, 13, 0.6, 24), (x, 8, 90)), Material("metal", tone, 0.35))
        for x, tone in ((-70, (160, 62, 48)), (-54, (64, 96, 120)), (-38, (196, 196, 190)))
    ]
    return [
        (merge([top, *legs, *drawers]), grain("oak", 3)),
        (merge(vice), Material("metal", (86, 92, 98), 0.4)),
        *tins,
    ]


def goods(rng: Generator, night: bool) -> Parts:
    """A shop's shelves, 260 cm wide and 190 high, full of boxes, bottles and tins."""
    boards = [transform(box((260, 40, 3), 0.2), (0, 0, z)) for z in (4, 46, 88, 130, 172)]
    back = transform(box((260, 2, 190), 0), (0, 21, 0))
    tones = (
        (206, 62, 54),
        (240, 186, 60),
        (66, 130, 176),
        (104, 160, 92),
        (238, 234, 226),
        (150, 92, 160),
        (232, 130, 66),
    )
    groups: dict[int, list] = {k: [] for k in range(len(tones))}  # type: ignore[type-arg]
    for z in (7, 49, 91, 133):
        x = -126.0
        while x < 118:
            kind, tone, count = rng.random(), int(rng.integers(len(tones))), int(rng.integers(2, 5))
            wide, high = (
                (rng.uniform(11, 18), rng.uniform(18, 32))
                if kind < 0.5
                else (rng.uniform(6, 9), rng.uniform(16, 30))
            )
            for _ in range(count):
                if x > 118:
                    break
                if kind < 0.5:
                    thing = transform(box((wide * 0.95, 14, high), 0.2, 1), (x + wide / 2, -8, z))
                else:
                    thing = transform(
                        lathe(
                            [
                                (0, 0),
                                (wide * 0.44, 0),
                                (wide * 0.44, high * 0.62),
                                (wide * 0.16, high * 0.8),
                                (wide * 0.16, high),
                                (0, high),
                            ],
                            20,
                        ),
                        (x + wide / 2, -8, z),
                    )
                groups[tone].append(thing)
                x += wide
            x += rng.uniform(0.5, 3)
    rail = [transform(box((260, 1, 4), 0), (0, -20.5, z + 1)) for z in (4, 46, 88, 130)]
    return [
        (merge([*boards, back]), Material("matte", (236, 236, 234), 0.5)),
        (merge(rail), Material("plastic", (244, 244, 240), 0.4)),
        *((merge(things), Material("plastic", tones[k], 0.35)) for k, things in groups.items() if things),
    ]


def toy_shelf(rng: Generator, night: bool) -> Parts:
    """A low shelf with toys, 120 cm, and a bear on it."""
    wood = [transform(box((3, 32, 70), 0.3), (x, 0, 0)) for x in (-60, -20, 20, 60)] + [
        transform(box((123, 32, 3), 0.3), (0, 0, z)) for z in (0, 34, 68)
    ]
    bins = [
        (transform(box((34, 26, 22), 1.5), (x, -2, z)), Material("matte", tone, 0.7))
        for x, z, tone in (
            (-40, 3, (240, 190, 120)),
            (0, 3, (150, 190, 200)),
            (40, 3, (236, 160, 150)),
            (0, 37, (190, 210, 160)),
        )
    ]
    return [
        (merge(wood), Material("matte", (246, 244, 240), 0.5)),
        *bins,
        *placed(comfort.teddy_bear(rng), (-34, -2, 71)),
        *placed(home.books(rng), (40, 0, 37)),
        *placed(comfort.rubber_duck(rng), (36, -2, 71), scale=1.6),
    ]


def tent(rng: Generator, night: bool) -> Parts:
    """A play tent of cloth, 120 cm wide and 150 high."""
    cloth = transform(cone(66, 2, 138, 4), rotate=(0, 0, 45))
    poles = [tube([(s * 46, u * 46, 0), (-s * 7, -u * 7, 158)], 1.5, 8) for s in (-1, 1) for u in (-1, 1)]
    return [
        (cloth, Material("fabric", pick(rng, ((244, 236, 220), (206, 222, 220), (244, 214, 206))))),
        (merge(poles), grain("oak")),
    ]


def bunting(rng: Generator, night: bool) -> Parts:
    """A string of paper pennants, 200 cm; z = 0 is its lowest point."""
    tones = ((236, 150, 150), (250, 214, 130), (150, 196, 200), (190, 206, 150))
    parts: Parts = []
    for k, x in enumerate(np.linspace(-96, 96, 13)):
        sag = 16 * (x / 100) ** 2
        flag = transform(cone(8, 0.1, 18, 3), (x, 0, 18 + sag), (180, 0, 30), (1, 0.04, 1))
        parts.append((flag, Material("matte", tones[k % 4], 0.9)))
    return parts


def tall_tree(rng: Generator, night: bool) -> Parts:
    """A decorated Christmas tree, 190 cm, over wrapped gifts."""
    from caig_cli.painters.studio.props import party

    needles, spots = season.fir_tree(rng, 185.0, 68.0)
    balls = [copies(sphere(4.4, 10, 16), spots[k::4]) for k in range(2)]
    lights = copies(sphere(1.2, 6, 8), spots[2::4])
    parts: Parts = [
        (needles, Material("matte", (40, 74, 48), 0.9)),
        (balls[0], Material("metal", (186, 30, 38), 0.12)),
        (balls[1], Material("metal", (214, 170, 84), 0.15)),
        (lights, Material("emissive", (255, 208, 140), glow=16.0)),
    ]
    for x, y, size in ((-44, -34, 2.4), (6, -52, 2.0), (46, -30, 2.7)):
        parts += placed(party.gift(rng), (x, y, 0), (0, 0, rng.uniform(-20, 20)), size)
    return parts
