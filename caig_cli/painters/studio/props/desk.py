"""Of the desk: laptop, notebook, pens, glasses, headphones, telephone, lamp, clock, frame."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from caig_cli.painters.studio.materials import Colour, Material
from caig_cli.painters.studio.mesh import (
    box,
    cone,
    cylinder,
    extrude,
    grid,
    lathe,
    merge,
    ribbon,
    sphere,
    torus,
    transform,
    tube,
)
from caig_cli.painters.studio.props.kit import Parts, pick, placed, shade, stand, turned
from caig_cli.painters.studio.props.skins import page_skin

ALUMINIUM: Colour = (196, 198, 202)
BLACK = Material("plastic", (34, 34, 36), 0.3)
SCREEN_GLOW = 0.9


def laptop(rng: Generator, colour: Colour | None = None) -> Parts:
    """An open laptop, 32 cm wide, its screen lit."""
    metal = Material("metal", colour or ALUMINIUM, 0.45)
    base = box((32, 22, 1.2), 0.4)
    keys = [
        transform(box((1.55, 1.4, 0.2), 0.08, 1), (-12.6 + 1.94 * k, -2.2 + 1.8 * row, 1.15))
        for row in range(5)
        for k in range(14)
    ]
    pad = transform(box((10, 6, 0.06), 0.02, 1), (0, -6.6, 1.18))
    lid = [
        (box((32, 0.7, 21), 0.3), metal),
        (
            transform(box((30.4, 0.1, 18.6), 0, 1), (0, -0.4, 1.5)),
            Material("emissive", (120, 160, 205), glow=SCREEN_GLOW),
        ),
    ]
    back = placed(lid, (0, 11.0, 0.9), (-16, 0, 0))
    return turned(
        rng,
        [
            (base, metal),
            (merge(keys), BLACK),
            (pad, Material("metal", shade(colour or ALUMINIUM, 0.9), 0.5)),
            *back,
        ],
        30,
    )


def notebook(rng: Generator, colour: Colour | None = None) -> Parts:
    """A closed notebook with an elastic band and a pen on it."""
    cover = Material(
        "matte", colour or pick(rng, ((62, 74, 92), (150, 82, 62), (206, 184, 150), (54, 54, 56))), 0.6
    )
    shell = [
        box((14.5, 21, 0.25), 0.1),
        transform(box((14.5, 21, 0.25), 0.1), (0, 0, 1.35)),
        transform(box((0.25, 21, 1.5), 0.1), (-7.2, 0, 0)),
    ]
    pages = transform(box((14, 20.4, 1.1), 0.02, 1), (0.1, 0, 0.25))
    band = transform(box((0.6, 21.1, 1.66), 0.05, 1), (5.6, 0, 0))
    return turned(
        rng,
        [
            (merge(shell), cover),
            (pages, Material("matte", (240, 234, 220), 0.95, page_skin())),
            (band, BLACK),
            *placed(
                _pen(pick(rng, ((30, 30, 34), (196, 160, 90), (120, 40, 46)))),
                (-1.5, 0, 2.0),
                (0, 0, rng.uniform(10, 40)),
            ),
        ],
        30,
    )


def _pen(tone: Colour) -> Parts:
    """A ball pen along y, 14 cm, lying on z = 0."""
    body = lathe([(0, -7), (0.12, -6.9), (0.42, -5.4), (0.45, -5.2), (0.45, 6.6), (0.3, 7.0), (0, 7.0)], 20)
    clip = transform(box((0.25, 0.14, 4), 0.05, 1), (0, -0.5, 2.6))
    return placed(
        [(body, Material("plastic", tone, 0.2)), (clip, Material("metal", (214, 206, 190), 0.3))],
        (0, 0, 0.45),
        (90, 0, 0),
    )


def pens(rng: Generator, colour: Colour | None = None) -> Parts:
    """Pencils and a brush in a cup."""
    cup = Material("matte", colour or pick(rng, ((70, 74, 80), (226, 220, 210), (186, 120, 92))), 0.5)
    pot = lathe([(0, 0), (3.8, 0), (3.9, 0.2), (3.9, 10), (3.6, 10), (3.6, 0.5), (0, 0.5)], 40)
    tones = ((226, 170, 60), (60, 96, 150), (180, 60, 56), (76, 130, 90), (40, 40, 44))
    parts: Parts = [(pot, cup)]
    for k, tone in enumerate(tones):
        lean = rng.uniform(8, 15)
        shaft = lathe([(0, 0.6), (0.38, 0.6), (0.38, 14.5), (0.12, 16.4), (0, 16.6)], 6)
        parts.append(
            (
                transform(shaft, (0, 0, 0), (lean, 0, 72 * k + rng.uniform(-15, 15))),
                Material("matte", tone, 0.4),
            )
        )
    return stand(parts)


def sunglasses(rng: Generator, colour: Colour | None = None) -> Parts:
    """A pair of sunglasses lying open."""
    frame = Material("plastic", colour or pick(rng, ((28, 26, 26), (110, 66, 36))), 0.06)
    dark = Material("plastic", (30, 34, 40), 0.02)
    rims, lenses, arms = [], [], []
    for side in (-1, 1):
        a = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        ring = np.stack(
            [3.3 * side + 2.7 * np.cos(a), 0 * a, 2.5 + 2.3 * np.sin(a) * (1 - 0.12 * np.cos(a) * side)], -1
        )
        rims.append(tube(ring, 0.3, 8, closed=True))
        lenses.append(
            transform(cylinder(2.6, 0.2, 0.05, 32), (3.3 * side, 0.1, 2.5), (90, 0, 0), (1, 1, 0.9))
        )
        arms.append(
            tube(
                [
                    (6.0 * side, 0, 3.2),
                    (6.3 * side, 5, 3.2),
                    (6.3 * side, 10.5, 3.0),
                    (6.1 * side, 13.5, 1.0),
                ],
                0.25,
                8,
            )
        )
    bridge = tube([(-0.8, 0, 3.2), (0, -0.2, 3.6), (0.8, 0, 3.2)], 0.3, 8)
    return turned(rng, [(merge([*rims, *arms, bridge]), frame), (merge(lenses), dark)], 40)


def headphones(rng: Generator, colour: Colour | None = None) -> Parts:
    """Headphones standing on their cups."""
    shell = Material("plastic", colour or pick(rng, ((40, 40, 44), (226, 222, 214), (60, 74, 96))), 0.25)
    a = np.linspace(-0.2, np.pi + 0.2, 30)
    bow = ribbon(np.stack([8.0 * np.cos(a), 0 * a, 8.6 + 9.2 * np.sin(a)], -1), 2.6, (0, 1, 0))
    pads = [transform(torus(2.9, 1.2, 32, 12), (6.6 * s, 0, 4.4), (0, 90, 0)) for s in (-1, 1)]
    cups = [
        transform(cylinder(3.7, 2.2, 0.7, 40), (s * 6.9 if s > 0 else -9.1, 0, 4.4), (0, 90, 0))
        for s in (-1, 1)
    ]
    return turned(
        rng, [(merge([bow, *cups]), shell), (merge(pads), Material("matte", (32, 30, 30), 0.8))], 40
    )


def phone(rng: Generator, colour: Colour | None = None) -> Parts:
    """A telephone lying on its back, its screen lit."""
    body = box((7.4, 15.2, 0.8), 0.38, 4)
    glass = transform(box((6.9, 14.7, 0.04), 0, 1), (0, 0, 0.8))
    return turned(
        rng,
        [
            (body, Material("metal", colour or (70, 72, 78), 0.3)),
            (glass, Material("emissive", (96, 130, 176), glow=0.7)),
        ],
        60,
    )


def table_lamp(rng: Generator, colour: Colour | None = None) -> Parts:
    """A bedside lamp, 38 cm, its linen shade glowing."""
    foot = colour or pick(rng, ((196, 154, 110), (226, 220, 210), (80, 84, 88)))
    base = lathe(
        [
            (0, 0),
            (6, 0),
            (6.2, 0.6),
            (4.0, 1.2),
            (4.6, 4),
            (5.2, 8),
            (3.6, 13),
            (1.2, 16),
            (0.8, 22),
            (0, 22),
        ],
        44,
    )
    lit = lathe([(10.5, 20), (7.2, 37)], 48)
    return turned(
        rng,
        [
            (base, Material("plastic", foot, 0.25)),
            (lit, Material("emissive", (255, 214, 160), glow=2.2)),
            (transform(torus(7.2, 0.15, 40, 6), (0, 0, 37)), Material("matte", (200, 180, 150), 0.9)),
        ],
        180,
    )


def alarm_clock(rng: Generator, colour: Colour | None = None) -> Parts:
    """A round alarm clock with two bells; it shows ten past ten."""
    shell = Material(
        "metal" if colour is None else "plastic", colour or pick(rng, ((206, 160, 96), (180, 184, 190))), 0.25
    )
    case = transform(cylinder(5.6, 4.0, 0.6, 48), (0, 2.0, 7.0), (90, 0, 0))
    face = transform(cylinder(4.9, 0.1, 0.02, 48), (0, -2.0, 7.0), (90, 0, 0))
    ticks = [
        transform(
            box((0.3, 0.1, 0.9), 0, 1), (4.1 * np.sin(t), -2.15, 7.0 + 4.1 * np.cos(t)), (0, np.degrees(t), 0)
        )
        for t in np.arange(12) * np.pi / 6
    ]
    hands = [
        transform(box((0.32, 0.1, long), 0, 1), (0, -2.2, 7.0), (0, turn, 0))
        for long, turn in ((2.6, -60), (3.7, 60))
    ]
    bells = [
        transform(sphere(2.0, 12, 24), (3.1 * s, 0, 12.4), (0, 28 * s, 0), (1, 1, 0.75)) for s in (-1, 1)
    ]
    legs = [transform(cone(0.5, 0.3, 3.2, 12), (3.4 * s, 0, 0), (0, 18 * s, 0)) for s in (-1, 1)]
    return turned(
        rng,
        [
            (merge([case, *bells, *legs]), shell),
            (face, Material("matte", (246, 242, 232), 0.7)),
            (merge([*ticks, *hands]), BLACK),
        ],
        25,
    )


def picture_frame(rng: Generator, colour: Colour | None = None) -> Parts:
    """A framed abstract print, standing."""
    tone = Material("matte", colour or pick(rng, ((60, 52, 46), (196, 160, 110), (240, 236, 228))), 0.45)
    bars = [transform(box((18, 1.6, 1.5), 0.15), (0, 0, z)) for z in (0, 22.5)]
    bars += [transform(box((1.5, 1.6, 24), 0.15), (x, 0, 0)) for x in (-8.25, 8.25)]
    sheet = transform(box((16, 0.3, 22), 0, 1), (0, 0.3, 1))
    hues = ((214, 150, 120), (120, 140, 130), (226, 196, 130))
    shapes = [
        placed([(transform(cylinder(r, 0.1, 0, 32), (x, 0.05, z), (90, 0, 0)), Material("matte", hue, 0.9))])
        for hue, x, z, r in zip(hues, (-2.2, 2.4, 0.4), (9, 14, 6.5), rng.uniform(2.4, 4.2, 3), strict=True)
    ]
    flat = [part for shape in shapes for part in shape]
    return turned(
        rng,
        placed(
            [(merge(bars), tone), (sheet, Material("matte", (242, 238, 230), 0.9)), *flat], rotate=(-9, 0, 0)
        ),
        20,
    )


def open_book(rng: Generator, colour: Colour | None = None) -> Parts:
    """A book lying open."""
    u, v = np.meshgrid(np.linspace(-1, 1, 41), np.linspace(-1, 1, 5))
    lift = 1.9 * np.abs(u) ** 0.35 * (1 - 0.55 * np.abs(u))
    pages = grid(np.stack([14 * u, 10.5 * v, 0.4 + lift], -1))
    cover = transform(box((28.8, 21.6, 0.35), 0.1), (0, 0, 0))
    side = [transform(box((13.6, 20.8, 0.9), 0.1, 1), (7.0 * s, 0, 0.2)) for s in (-1, 1)]
    lines = [
        transform(
            box((rng.uniform(8, 10.5), 0.18, 0.02), 0, 1), (s * 7.4, 8 - 1.1 * k, 1.72), (0, s * 4.5, 0)
        )
        for s in (-1, 1)
        for k in range(15)
    ]
    paper = Material("matte", (244, 238, 224), 0.95)
    return turned(
        rng,
        [
            (cover, Material("matte", colour or pick(rng, ((120, 46, 44), (50, 66, 90))), 0.6)),
            (merge([pages, *side]), paper),
            (merge(lines), Material("matte", (150, 146, 140), 0.9)),
        ],
        25,
    )


def scissors(rng: Generator, colour: Colour | None = None) -> Parts:
    """A pair of scissors lying half open."""
    blade = extrude([(-0.75, 0), (0.75, 0), (0.5, 8), (0, 10), (-0.3, 8)], 0.25)
    loop = transform(torus(1.9, 0.45, 28, 8), (1.3, -6.6, 0.4), scale=(0.85, 1.3, 1))
    shank = tube([(0, 0.5, 0.2), (0.4, -2.5, 0.3), (1.0, -4.4, 0.4)], 0.45, 8)
    half = [
        (merge([blade]), Material("metal", (222, 222, 220), 0.2)),
        (
            merge([loop, shank]),
            Material("plastic", colour or pick(rng, ((40, 40, 42), (196, 150, 80), (180, 50, 46))), 0.3),
        ),
    ]
    other = placed(half, (0, 0, 0.28), (0, 180, -24))
    return turned(rng, [*placed(half, (0, 0, 0), (0, 0, 14)), *placed(other, (0, 0, 0.3))], 90)
