"""Furniture and fittings at natural size in cm: plain shapes, as they are seen out of focus behind a product.

A builder stands its piece on z = 0 with the middle of its plan over the origin, its front towards -y.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from caig_cli.painters.studio.materials import Colour, Material
from caig_cli.painters.studio.mesh import (
    box,
    cone,
    cylinder,
    lathe,
    merge,
    sphere,
    superellipsoid,
    transform,
    tube,
)
from caig_cli.painters.studio.props import comfort, home, pots
from caig_cli.painters.studio.props.kit import Parts, pick, placed, varied
from caig_cli.painters.studio.textures import texture, tinted

STEEL = Material("metal", (206, 208, 210), 0.25)
BRASS = Material("metal", (214, 174, 104), 0.3)
PORCELAIN = Material("plastic", (246, 246, 243), 0.06)
DARK = Material("matte", (34, 33, 34), 0.7)
FIRE: Colour = (255, 150, 60)
SOFA: tuple[Colour, ...] = ((150, 152, 156), (206, 192, 170), (112, 126, 118))


def grain(name: str = "oak", repeats: float = 1.0) -> Material:
    """Wood with its own grain."""
    return Material("matte", roughness=0.5, texture=texture(name, 256).colour, uv_scale=(repeats, repeats))


def woven(colour: Colour, repeats: float = 6.0) -> Material:
    return Material("fabric", texture=tinted("linen", colour, 256).colour, uv_scale=(repeats, repeats))


def cabinets(rng: Generator, night: bool) -> Parts:
    """Kitchen base cabinets with a worktop, 300 cm, and what stands on it."""
    front = Material("matte", pick(rng, ((236, 234, 228), (122, 140, 130), (214, 206, 192))), 0.45)
    doors = [transform(box((58, 3, 76), 0.5), (60.0 * k, -30, 10)) for k in (-2, -1, 0, 1, 2)]
    pulls = [transform(cylinder(0.6, 18, 0.2, 12), (60.0 * k + 20, -33, 64)) for k in (-2, -1, 0, 1, 2)]
    body = [
        (transform(box((300, 58, 86), 0.5), (0, 0, 0)), front),
        (merge(doors), front),
        (merge(pulls), BRASS),
    ]
    top = (transform(box((304, 64, 4), 0.4), (0, -2, 86)), grain("oak", 3))
    kettle = lathe([(0, 0), (8, 0), (9, 4), (7.5, 16), (4, 20), (0, 21)], 32)
    jars = [transform(cylinder(5, h, 0.8, 24), (x, 10, 90)) for x, h in ((-96, 18), (-83, 14), (-71, 11))]
    board = transform(box((26, 2, 38), 0.8), (96, 20, 90), (-10, 0, 0))
    tap = tube([(30, 18, 90), (30, 18, 116), (30, 8, 122), (30, -2, 114)], 1.3, 12)
    extras: Parts = [
        (transform(kettle, (-40, 4, 90)), STEEL),
        (merge(jars), PORCELAIN),
        (board, grain("walnut")),
        (tap, STEEL),
    ]
    return [*body, top, *extras, *placed(pots.plant(rng), (126, 6, 90))]


def wall_shelf(rng: Generator, night: bool) -> Parts:
    """Two wall boards with bowls, jars and glasses, 130 cm; z = 0 is the lower one."""
    boards = [transform(box((130, 24, 3), 0.3), (0, 0, z)) for z in (0, 38)]
    things: Parts = []
    for z in (3, 41):
        for x in np.arange(-54, 56, 14) + rng.uniform(-3, 3, 8):
            high, tone = (
                rng.uniform(8, 22),
                pick(rng, ((240, 238, 232), (196, 178, 152), (120, 134, 128), (188, 122, 92))),
            )
            things.append(
                (
                    transform(cylinder(rng.uniform(4, 6.2), high, 0.8, 24), (x, 0, z)),
                    Material("plastic", tone, 0.3),
                )
            )
    return [(merge(boards), grain("oak", 2)), *things]


def sofa(rng: Generator, night: bool, tone: Colour | None = None) -> Parts:
    """A three-seater, 210 cm, with cushions and a throw."""
    cloth = woven(tone or SOFA[int(rng.integers(len(SOFA)))], 8)
    hull = [
        transform(superellipsoid((105, 44, 14), 0.2, 0.2), (0, 0, 26)),
        transform(superellipsoid((105, 13, 26), 0.25, 0.2), (0, 32, 58), (-8, 0, 0)),
        *(transform(superellipsoid((11, 44, 22), 0.25, 0.25), (s * 96, 0, 40)) for s in (-1, 1)),
        *(transform(superellipsoid((42, 37, 9), 0.35, 0.25), (s * 43, -6, 44)) for s in (-1, 1)),
        *(transform(superellipsoid((41, 10, 22), 0.4, 0.3), (s * 43, 20, 66), (-12, 0, 0)) for s in (-1, 1)),
    ]
    legs = [transform(cone(2, 3, 12, 12), (x, y, 0)) for x in (-92, 92) for y in (-34, 34)]
    pillows = [
        *placed(comfort.cushion(rng), (-62, -4, 50), (0, 0, 14)),
        *placed(comfort.cushion(rng), (66, -4, 50), (0, 0, -16)),
    ]
    return [(merge(hull), cloth), (merge(legs), grain("walnut")), *pillows]


def fireplace(rng: Generator, night: bool) -> Parts:
    """An open fire in a white surround with its mantel, 150 cm."""
    stone = Material("matte", (232, 228, 220), 0.6)
    frame = [transform(box((28, 26, 104), 0.6), (s * 58, 0, 0)) for s in (-1, 1)]
    frame += [transform(box((144, 26, 24), 0.6), (0, 0, 80)), transform(box((164, 34, 7), 1.0), (0, -2, 104))]
    soot = [
        transform(box((92, 2, 84), 0), (0, 24, 0)),
        *(transform(box((2, 24, 84), 0), (s * 45, 12, 0)) for s in (-1, 1)),
    ]
    logs = [
        transform(cylinder(5.5, 52, 1, 16), (x, y, z), (0, 90, turn))
        for x, y, z, turn in ((-26, 2, 7, 8), (-24, 10, 8, -10), (-22, 6, 17, 3))
    ]
    t = np.linspace(0, 1, 10)
    flames = []
    for x, high in ((-18, 26), (-9, 36), (0, 44), (10, 34), (18, 24), (-4, 30), (5, 28)):
        wide = 5.5 * np.sin(np.pi * (0.12 + 0.88 * t)) * (1 - 0.4 * t)
        wide[-1] = 0
        flames.append(
            transform(
                lathe(np.stack([wide, high * t], -1), 12),
                (x + rng.normal(0, 1), 6 + rng.normal(0, 2), 12),
                (0, rng.normal(0, 5), 0),
            )
        )
    decor = [*placed(pots.vase(rng), (-56, 0, 111)), *placed(home.books(rng), (44, 0, 111))]
    return [
        (merge(frame), stone),
        (merge(soot), DARK),
        (merge(logs), Material("matte", (74, 52, 36), 0.9)),
        (merge(flames), Material("emissive", FIRE, glow=7.0)),
        *decor,
    ]


def bed(rng: Generator, night: bool) -> Parts:
    """A double bed's head end, 190 cm: headboard, pillows, and a night table with its lamp."""
    cloth = woven(pick(rng, ((196, 184, 168), (130, 138, 142), (186, 150, 128))), 6)
    head = [transform(superellipsoid((98, 7, 60), 0.15, 0.2), (0, 18, 62))]
    white = Material("fabric", (244, 242, 238))
    pillows = [
        transform(superellipsoid((38, 12, 24), 0.5, 0.35), (s * 45, 2, 76), (-20, 0, 4 * s)) for s in (-1, 1)
    ]
    front = [
        transform(superellipsoid((30, 9, 19), 0.5, 0.35), (s * 42, -14, 70), (-24, 0, -6 * s))
        for s in (-1, 1)
    ]
    quilt = transform(superellipsoid((98, 70, 28), 0.2, 0.2), (0, -62, 34))
    return [
        (merge(head), cloth),
        (merge([*pillows, quilt]), white),
        (merge(front), woven(varied(rng, (190, 198, 190)), 3)),
    ]


def nightstand(rng: Generator, night: bool) -> Parts:
    """A night table with a lamp and a plant."""
    body = [transform(box((46, 36, 50), 0.6), (0, 0, 6)), transform(box((42, 2, 18), 0.4), (0, -18, 32))]
    return [
        (merge(body), grain("oak")),
        *placed(table_lamp(rng, night), (-6, 0, 56)),
        *placed(home.book(rng), (12, -4, 56)),
    ]


def table_lamp(rng: Generator, night: bool) -> Parts:
    """A lamp with a linen shade; by night it glows warmer than by day."""
    base = lathe([(0, 0), (8, 0), (8.4, 1), (5.5, 4), (7, 12), (3, 20), (1, 24), (1, 32), (0, 32)], 32)
    hood = lathe([(16, 28), (11, 52)], 40)
    return [(base, PORCELAIN), (hood, Material("emissive", (255, 206, 146), glow=2.6 if night else 1.3))]


def floor_lamp(rng: Generator, night: bool) -> Parts:
    """A standing lamp, 155 cm."""
    foot = merge([cylinder(14, 2, 0.5, 32), transform(cylinder(1.2, 130, 0, 12), (0, 0, 2))])
    hood = lathe([(22, 122), (15, 155)], 40)
    return [(foot, BRASS), (hood, Material("emissive", (255, 206, 146), glow=2.4 if night else 1.2))]


def bookcase(rng: Generator, night: bool) -> Parts:
    """A bookcase, 120 cm wide and 190 high."""
    wood = [transform(box((3, 30, 190), 0.2), (s * 60, 0, 0)) for s in (-1, 1)]
    wood += [transform(box((120, 30, 3), 0.2), (0, 0, z)) for z in (0, 38, 76, 114, 152, 187)]
    books: dict[int, list] = {k: [] for k in range(5)}  # type: ignore[type-arg]
    for z in (3, 41, 79, 117, 155):
        x = -56.0
        while x < 52:
            wide, high = rng.uniform(2.2, 5), rng.uniform(20, 31)
            if rng.random() < 0.8:
                books[int(rng.integers(5))].append(
                    transform(box((wide * 0.94, 20, high), 0.1, 1), (x + wide / 2, -2, z))
                )
            x += wide if rng.random() < 0.9 else wide + rng.uniform(4, 14)
    tones = ((176, 92, 72), (66, 86, 110), (222, 208, 180), (96, 118, 98), (206, 164, 92))
    return [
        (merge(wood), grain("oak", 2)),
        *(
            (merge(some), Material("matte", tone, 0.7))
            for some, tone in zip(books.values(), tones, strict=True)
            if some
        ),
    ]


def window(rng: Generator, night: bool) -> Parts:
    """A window of two wings, 140 by 150 cm: daylight, or blue night, outside; z = 0 is its sill."""
    bars = [transform(box((7, 7, 150), 0.5), (x, 0, 0)) for x in (-70, 0, 70)]
    bars += [transform(box((147, 7, 7), 0.5), (0, 0, z)) for z in (0, 72, 144)] + [
        transform(box((160, 20, 4), 0.5), (0, -6, -4))
    ]
    pane = transform(box((140, 1, 150), 0), (0, 4, 0))
    glow = Material("emissive", (40, 56, 110) if night else (226, 238, 250), glow=0.5 if night else 1.7)
    return [(merge(bars), Material("matte", (244, 243, 240), 0.5)), (pane, glow)]


def curtains(rng: Generator, night: bool) -> Parts:
    """A drawn curtain on either side of a window, 210 cm high."""
    x = np.linspace(-1, 1, 60)
    sheets = []
    for s in (-1, 1):
        line = np.stack([s * 95 + 22 * x, 4 * np.sin(13 * x), 0 * x], -1)
        points = np.stack([line, line + np.array([0, 0, 210])])
        from caig_cli.painters.studio.mesh import grid

        sheets.append(grid(points))
    return [(merge(sheets), Material("translucent", pick(rng, ((244, 240, 232), (214, 206, 194))), 0.9))]


def plant(rng: Generator, night: bool) -> Parts:
    """A tall house plant, 110 cm."""
    return placed(pots.monstera(rng), scale=2.9)


def basin(rng: Generator, night: bool) -> Parts:
    """A washstand, 120 cm, with a round mirror over it."""
    body = (transform(box((120, 46, 50), 0.8), (0, 0, 30)), grain("oak", 2))
    top = transform(box((124, 50, 4), 0.5), (0, 0, 80))
    bowl = lathe([(0, 84), (14, 84), (20, 90), (22, 98), (21, 98), (19, 91), (12, 86.5), (0, 86)], 40)
    tap = tube([(0, 18, 84), (0, 18, 112), (0, 10, 116), (0, 2, 110)], 1.3, 12)
    glass = transform(cylinder(36, 1.5, 0.3, 64), (0, 22, 150), (90, 0, 0))
    bottles = [transform(cylinder(3.4, h, 1.0, 20), (x, 4, 84)) for x, h in ((38, 18), (46, 14), (-40, 12))]
    return [
        body,
        (top, PORCELAIN),
        (bowl, PORCELAIN),
        (tap, BRASS),
        (glass, Material("metal", (232, 235, 238), 0.03)),
        (merge(bottles), Material("plastic", (196, 166, 134), 0.2)),
    ]


def bathtub(rng: Generator, night: bool) -> Parts:
    """A free-standing bath tub, 170 cm, with a towel over its rim."""
    hull = lathe([(0, 0), (26, 0), (32, 6), (39, 54), (41, 58), (39, 58), (37, 54), (30, 10), (0, 8)], 64)
    tub = transform(hull, scale=(2.05, 1.0, 1.0))
    towel = transform(box((34, 4, 42), 1.5), (26, -42, 20), (-6, 0, 0))
    return [(tub, PORCELAIN), (towel, woven((206, 190, 170), 3))]


def towel_rail(rng: Generator, night: bool) -> Parts:
    """A rail with two towels; z = 0 is their lower edge."""
    bar = transform(cylinder(1, 90, 0.2, 12), (-45, 0, 60), (0, 90, 0))
    cloths = [
        (transform(box((34, 4, 58), 1.6), (x, -1, 3 * k)), woven(tone, 3))
        for k, (x, tone) in enumerate(((-20, (238, 234, 226)), (22, (172, 188, 180))))
    ]
    return [(bar, BRASS), *cloths]


def desk(rng: Generator, night: bool) -> Parts:
    """A desk, 150 cm, with a screen, a lamp and a chair before it."""
    top = transform(box((150, 70, 4), 0.5), (0, 0, 70))
    legs = [transform(box((5, 60, 70), 0.4), (s * 68, 0, 0)) for s in (-1, 1)]
    screen = [
        (transform(box((62, 3, 36), 0.6), (-10, 14, 90)), DARK),
        (transform(box((58, 0.4, 32), 0), (-10, 12.2, 92)), Material("emissive", (172, 176, 180), glow=0.3)),
    ]
    foot = (
        merge(
            [
                transform(cylinder(9, 1.4, 0.3, 24), (-10, 14, 74)),
                transform(box((4, 3, 20), 0.5), (-10, 16, 74)),
            ]
        ),
        STEEL,
    )
    return [
        (merge([top, *legs]), grain("oak", 2)),
        *screen,
        foot,
        *placed(table_lamp(rng, night), (56, 10, 74), scale=0.8),
        *chair(rng, night),
    ]


def chair(rng: Generator, night: bool) -> Parts:
    """A wooden chair seen from behind or before."""
    legs = [transform(cone(2.2, 1.6, 46, 12), (x, y, 0)) for x in (-19, 19) for y in (-19, 19)]
    back = [transform(box((4, 3, 46), 0.6), (s * 19, 19, 44), (-6, 0, 0)) for s in (-1, 1)]
    back += [
        transform(superellipsoid((21, 2, 8), 0.4, 0.4), (0, 24, 80)),
        transform(superellipsoid((21, 1.6, 4), 0.4, 0.4), (0, 22, 64)),
    ]
    seat = transform(superellipsoid((23, 22, 2.6), 0.3, 0.4), (0, 0, 46))
    return placed([(merge([*legs, *back, seat]), grain("walnut"))], (0, -62, 0), (0, 0, rng.uniform(-20, 20)))


def laid_table(rng: Generator, night: bool) -> Parts:
    """A restaurant's table under a white cloth, 90 cm, laid for two, with a candle and chairs."""
    from caig_cli.painters.studio.props import glow, tableware

    drape = lathe([(48, 44), (46, 60), (45, 75), (0, 75.2)], 64)
    foot = cylinder(5, 74, 0.4, 16)
    parts: Parts = [(drape, Material("fabric", (244, 242, 238))), (foot, DARK)]
    parts += placed(tableware.one_plate(rng), (-22, 0, 75)) + placed(tableware.one_plate(rng), (22, 0, 75))
    parts += placed(tableware.one_wine_glass(rng), (-8, 14, 75)) + placed(
        tableware.one_wine_glass(rng), (30, 18, 75)
    )
    parts += placed(glow.candle(rng), (2, -2, 75))
    for x, turn in ((-64, 90), (64, -90)):
        parts += placed(placed(chair(rng, night), (0, 62, 0)), (x, 6, 0), (0, 0, turn))
    return parts


def pendant(rng: Generator, night: bool) -> Parts:
    """Three hanging lamps; z = 0 is their lower edge."""
    bulbs = [transform(sphere(5.5, 14, 24), (x, 0, 5)) for x in (-46, 0, 46)]
    cords = [transform(cylinder(0.4, 90, 0, 8), (x, 0, 14)) for x in (-46, 0, 46)]
    hoods = [transform(lathe([(13, 4), (11, 9), (3, 15), (0, 16)], 28), (x, 0, 0)) for x in (-46, 0, 46)]
    return [
        (merge([*cords, *hoods]), DARK),
        (merge(bulbs), Material("emissive", (255, 196, 120), glow=4.0 if night else 2.2)),
    ]
