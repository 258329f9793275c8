"""Furniture: chairs, cabinets, tables and pianos."""

from __future__ import annotations

import random

from caig_cli.market.forms import GOLD, SILVER, WHITE, WOODS, at, bend, foot, grain, raised, timber, turned
from caig_cli.market.look import Part, ProductLook
from caig_cli.painters.studio.materials import Material
from caig_cli.painters.studio.mesh import Mesh, box, cylinder, lathe, merge, sphere, torus, transform, tube

SIDES = (-1, 1)
CORNERS = ((-1, -1), (-1, 1), (1, -1), (1, 1))


def chair(rng: random.Random, look: ProductLook) -> list[Part]:
    """A dining chair, an armchair or a stool."""
    seat, deep, high = rng.uniform(6.5, 8), rng.uniform(6.5, 7.5), rng.uniform(6, 7)
    metal = Material("metal", (60, 60, 62), 0.4)
    frame = rng.choice((grain(rng, rng.choice(WOODS)), metal, timber(rng, look)))
    cover = Material("fabric", look.colour(rng)) if look.finish == "fabric" else timber(rng, look)
    style = rng.choice(("dining", "dining", "armchair", "stool"))
    if style == "armchair":
        parts = _armchair(seat * 1.25, deep, cover, frame)
    else:
        spread = 1.0 if rng.random() < 0.5 else 1.15
        if style == "stool":
            parts = _stool(seat, deep, high * 1.5, spread, cover, frame)
        else:
            parts = _dining_chair(rng, seat, deep, high, spread, cover, frame)
    return turned(parts, rng.uniform(20, 45) * rng.choice((-1, 1)))


def _armchair(wide: float, deep: float, cover: Material, frame: Material) -> list[Part]:
    soft = [at(box((wide, deep, 2.6), 0.8, 4), 0, 0, 2), at(box((wide, 2.0, 7), 0.9, 4), 0, deep / 2, 2.2)]
    soft += [at(box((1.8, deep, 4.2), 0.8, 4), s * wide / 2, 0, 2) for s in SIDES]
    feet = [
        tube([[x * wide * 0.48, y * deep * 0.4, 0], [x * wide * 0.42, y * deep * 0.36, 2.4]], [0.3, 0.45])
        for x, y in CORNERS
    ]
    return [(merge(soft), cover), (merge(feet), frame)]


def _legs(seat: float, deep: float, tall: float, spread: float) -> list[Mesh]:
    """Four legs, wider apart at the floor by ``spread``."""
    low, high = 0.43 * spread, 0.4
    return [
        tube([[x * seat * low, y * deep * low, 0], [x * seat * high, y * deep * high, tall]], [0.28, 0.38])
        for x, y in CORNERS
    ]


def _stool(
    seat: float, deep: float, tall: float, spread: float, cover: Material, frame: Material
) -> list[Part]:
    ring = at(torus(seat * 0.42, 0.22), 0, 0, tall * 0.35)
    pad = raised(cylinder(seat / 2, 0.9, 0.3), tall)
    return [(pad, cover), (merge([*_legs(seat, deep, tall, spread), ring]), frame)]


def _dining_chair(
    rng: random.Random, seat: float, deep: float, tall: float, spread: float, cover: Material, frame: Material
) -> list[Part]:
    posts = [
        tube([[s * seat * 0.42, deep * 0.42, tall], [s * seat * 0.42, deep * 0.6, tall * 2.15]], 0.35)
        for s in SIDES
    ]
    if rng.random() < 0.5:
        back = [box((seat * 0.88, 0.5, tall * 0.7), 0.2)]
    else:
        slats = (-0.28, -0.09, 0.09, 0.28)
        back = [at(box((0.5, 0.4, tall * 0.9), 0.1), x * seat, 0, 0) for x in slats]
        back.append(at(box((seat * 0.95, 0.6, 1.0), 0.2), 0, 0, tall * 0.85))
    rest = transform(merge(back), rotate=(-9, 0, 0), translate=(0, deep * 0.46, tall * 1.25))
    pad = raised(box((seat, deep, 0.9), 0.3, 3), tall)
    legs = merge([*_legs(seat, deep, tall, spread), *posts])
    return [(pad, cover), (rest, rng.choice((cover, frame))), (legs, frame)]


def cabinet(rng: random.Random, look: ProductLook) -> list[Part]:
    """A cabinet with drawers, doors or open shelves."""
    width = rng.uniform(6, 13)
    height, deep = rng.uniform(7, 14), rng.uniform(4, 5.5)
    legs = rng.choice((0.0, 0.0, 1.4))
    body = timber(rng, look)
    knob = rng.choice(
        (Material("metal", GOLD, 0.3), Material("metal", (50, 50, 52), 0.4), Material("metal", SILVER, 0.3))
    )
    shell = at(box((width, deep, height), 0.15), 0, 0, legs)
    parts: list[Part] = [(shell, body)]
    faces, knobs, darks = [], [], []
    front = -deep / 2 - 0.12
    columns, rows = (1 if width < 8.5 else rng.choice((1, 2, 3))), rng.randrange(2, 6)
    doors = rng.random() < 0.35
    rows = 1 if doors else rows
    columns = max(2, columns) if doors else columns
    gap, cell_w, cell_h = 0.22, (width - 0.5) / columns, (height - 0.5) / rows
    for row in range(rows):
        for column in range(columns):
            x, z = -width / 2 + 0.25 + cell_w * (column + 0.5), legs + 0.25 + cell_h * row
            if not doors and rng.random() < 0.1:
                darks.append(at(box((cell_w - gap, 0.1, cell_h - gap), 0.0), x, front + 0.08, z + gap / 2))
                continue
            faces.append(at(box((cell_w - gap, 0.35, cell_h - gap), 0.08), x, front, z + gap / 2))
            kx = x + (cell_w * 0.36 * (1 if column < columns / 2 else -1) if doors else 0)
            knobs.append(at(sphere(0.3, 8, 12), kx, front - 0.35, z + cell_h / 2))
    second = body if rng.random() < 0.7 else Material("matte", look.colour(rng, look.accent), 0.5)
    parts.append((merge([*faces]), second) if faces else (merge(darks), body))
    if knobs:
        parts.append((merge(knobs), knob))
    if darks and faces:
        parts.append((merge(darks), Material("matte", (44, 36, 32), 0.9)))
    if legs:
        feet = [
            at(cylinder(0.32, legs + 0.1), sx * width * 0.44, sy * deep * 0.4, 0)
            for sx in (-1, 1)
            for sy in (-1, 1)
        ]
        parts.append((merge(feet), knob))
    return turned(parts, rng.uniform(12, 38) * rng.choice((-1, 1)))


def table(rng: random.Random, look: ProductLook) -> list[Part]:
    """A table or desk: round or square top, four legs or a pedestal."""
    top = timber(rng, look)
    height = rng.uniform(4.5, 8)
    other = rng.choice(
        (
            top,
            Material("metal", (56, 56, 58), 0.4),
            grain(rng, rng.choice(WOODS)),
            Material("metal", GOLD, 0.3),
        )
    )
    if rng.random() < 0.35:
        radius = rng.uniform(4.5, 6)
        board: Mesh = raised(cylinder(radius, 0.6, 0.2, 64), height)
        stand = lathe([*foot(radius * 0.5, 0.2), *bend((radius * 0.5, 0.3), (0.5, 1.4)), (0.5, height)], 48)
        return [(board, top), (stand, other)]
    width, deep = rng.uniform(10, 15), rng.uniform(5.5, 7)
    board = at(box((width, deep, 0.6), 0.12), 0, 0, height)
    splay = rng.choice((0.0, 0.6))
    legs = [
        tube(
            [
                [sx * (width * 0.45 + splay), sy * deep * 0.42, 0],
                [sx * width * 0.45, sy * deep * 0.42, height],
            ],
            [0.3, 0.42],
        )
        for sx in (-1, 1)
        for sy in (-1, 1)
    ]
    parts = [(board, top), (merge(legs), other)]
    if rng.random() < 0.4:
        drawer = at(
            box((width * 0.36, deep * 0.9, 1.7), 0.1), rng.choice((-1, 1)) * width * 0.25, 0, height - 1.7
        )
        parts.append((drawer, top))
    return turned(parts, rng.uniform(12, 35) * rng.choice((-1, 1)))


def piano(rng: random.Random, look: ProductLook) -> list[Part]:
    """An upright or stage piano with white and black keys, at times with a bench."""
    width, deep = 14.0, 3.6
    body = timber(rng, look) if rng.random() < 0.4 else Material("plastic", look.colour(rng), 0.08)
    level = rng.uniform(6.2, 7)
    case = [at(box((width, deep, 1.1), 0.15), 0, 0, level - 1.1)]
    case += [at(box((0.7, deep * 0.85, level - 1), 0.1), s * width * 0.47, 0.1, 0) for s in SIDES]
    case += [at(box((0.7, deep, 1.1), 0.1), s * width * 0.475, 0, level - 0.1) for s in SIDES]
    if rng.random() < 0.75:
        panel = box((width, 1.0, rng.uniform(level, level + 4.5)), 0.15)
        case.append(at(panel, 0, deep / 2 - 0.2, rng.choice((0.0, level - 3))))
    case.append(at(box((width * 0.45, 0.2, 2.0), 0.05), 0, deep / 2 - 0.9, level + 0.3))
    parts = [(merge(case), body), *_keys(width, deep, level)]
    if rng.random() < 0.5:
        bench = [at(box((5.5, 2.4, 0.8), 0.2), 0, -4.6, 3.6)]
        bench += [at(box((0.4, 0.4, 3.7), 0.05), x * 2.4, -4.6 + y * 0.9, 0) for x, y in CORNERS]
        parts.append((merge(bench), body))
    return turned(parts, rng.uniform(15, 38) * rng.choice((-1, 1)))


def _keys(width: float, deep: float, level: float, count: int = 30) -> list[Part]:
    step, left = width * 0.9 / count, -width * 0.45
    white = box((step * 0.9, deep * 0.62, 0.35), 0.04, 1)
    black = box((step * 0.5, deep * 0.36, 0.35), 0.04, 1)
    whites = [at(white, left + (k + 0.5) * step, -deep * 0.2, level - 0.1) for k in range(count)]
    sharps = [k for k in range(count - 1) if k % 7 not in (2, 6)]
    blacks = [at(black, left + (k + 1) * step, -deep * 0.06, level + 0.2) for k in sharps]
    return [(merge(whites), WHITE), (merge(blacks), Material("plastic", (22, 22, 24), 0.2))]
