"""Larger and decorative things: lamps, vases, chairs, cabinets, tables, pianos, bags."""

from __future__ import annotations

import math
import random

import numpy as np

from caig_cli.market.goods import GOLD, SILVER, WHITE, arc
from caig_cli.market.labels import mix
from caig_cli.market.look import Look, Part
from caig_cli.market.packaging import bend, foot, raised, turned
from caig_cli.painters.studio.materials import Colour, Material
from caig_cli.painters.studio.mesh import (
    Mesh, box, cylinder, lathe, merge, moved, sphere, superellipsoid, torus, transform, tube,
)  # fmt: skip

WOODS: tuple[Colour, ...] = ((172, 124, 80), (98, 64, 42), (206, 170, 122), (128, 84, 54), (74, 50, 38))


def at(mesh: Mesh, x: float, y: float, z: float) -> Mesh:
    """The mesh moved."""
    return transform(mesh, translate=(x, y, z))


def timber(rng: random.Random, look: Look) -> Material:
    """Wood in a brown look, otherwise paint in the main colour."""
    if look.main in ("brown", "beige"):
        return grain(rng, rng.choice(WOODS[:1] + WOODS[2:3] if look.main == "beige" else WOODS))
    return Material("matte", look.colour(rng), 0.45)


def grain(rng: random.Random, colour: Colour) -> Material:
    """Wood with a simple grain of long wavy lines."""
    y, x = np.mgrid[0:96, 0:96] / 96.0
    wave = np.sin(40 * (x + 0.05 * np.sin(5 * y + rng.uniform(0, 6))) + 3 * np.sin(3 * y + rng.uniform(0, 6)))
    fine = np.sin(170 * x + 9 * np.sin(2 * y))
    shade = 1 + 0.09 * wave + 0.04 * fine
    texture = np.clip(np.array(colour) * shade[..., None], 0, 255).astype(np.uint8)
    return Material("matte", colour, 0.45, texture=texture)


def lamp(rng: random.Random, look: Look) -> list[Part]:
    """A lamp with a lit shade: on a table base, or on a tall stem, or a mushroom."""
    shade_colour = look.colour(rng)
    lit = mix(shade_colour, (255, 236, 200), rng.choice((0.0, 0.35)))  # a lamp that is on looks warmer
    cloth = Material("matte", lit, 0.7)
    metal = rng.choice((Material("metal", GOLD, 0.3), Material("metal", SILVER, 0.3), look.trim(rng), grain(rng, rng.choice(WOODS))))
    if rng.random() < 0.2:
        dome = lathe([(0.6, 0), (4.2, 0.3), *bend((4.2, 0.4), (0, 3.2))], 56)
        stem = lathe([*foot(2.2, 0.3), *bend((2.2, 0.6), (0.9, 5), kind="soft"), (0.9, 6)], 48)
        return [(raised(dome, 5.2), cloth), (stem, metal)]
    tall = rng.choice((rng.uniform(4, 7), rng.uniform(9, 16)))
    low, high, height = rng.uniform(3.2, 4.6), rng.uniform(1.8, 4.2), rng.uniform(3.4, 5.2)
    shade = lathe([(low, 0), (high, height), (high - 0.1, height), (low - 0.1, 0.02)], 56)
    base = cylinder(rng.uniform(1.8, 2.6), 0.5, 0.15)
    parts = [(merge([base, cylinder(0.28, tall + 1.5)]), metal), (raised(shade, tall), cloth)]
    if tall < 8 and rng.random() < 0.6:
        belly = transform(sphere(1.0), scale=(1.9, 1.9, tall * 0.42), translate=(0, 0, tall * 0.45))
        parts.append((belly, look.body(rng, colour=look.colour(rng, look.accent))))
    return parts


def vase(rng: random.Random, look: Look) -> list[Part]:
    """A turned vase of any profile, at times with two handles or some stems."""
    height = rng.uniform(9, 14)
    belly, neck, lip = rng.uniform(2.6, 4.6), rng.uniform(0.9, 2.4), rng.uniform(1.2, 2.8)
    low, middle = rng.uniform(1.4, 2.4), rng.uniform(0.3, 0.6)
    profile = [(0, 0), (low, 0), *bend((low, 0.1), (belly, height * middle), kind="soft")[1:]]
    profile += bend((belly, height * middle), (neck, height * 0.84), kind="soft")[1:]
    profile += [*bend((neck, height * 0.86), (lip, height), kind="soft"), (lip - 0.25, height), (neck * 0.8, height * 0.84)]
    body = look.body(rng)
    stripes = None
    if rng.random() < 0.4:
        stripes = np.empty((96, 8, 3), np.uint8)
        stripes[:] = look.colour(rng)
        for _ in range(rng.randrange(1, 5)):
            at_row = rng.randrange(0, 80)
            stripes[at_row : at_row + rng.randrange(3, 14)] = look.colour(rng, look.accent)
        body = look.body(rng, texture=stripes)
    parts = [(lathe(profile, 64), body)]
    if rng.random() < 0.25:
        plain = look.body(rng)
        loops = [tube([[s * (neck + 0.2 + abs(p[0])), 0, p[2]] for p in arc((0, height * 0.78), 1.5, -80, 80)], 0.32) for s in (-1, 1)]
        parts.append((merge(loops), plain))
    if rng.random() < 0.35:
        parts += _stems(rng, look, height)
    return parts


def _stems(rng: random.Random, look: Look, height: float) -> list[Part]:
    stems, heads = [], []
    for _ in range(rng.randrange(3, 7)):
        lean, deep, tall = rng.uniform(-4, 4), rng.uniform(-1.5, 1.5), rng.uniform(4, 8)
        stems.append(tube([[0, 0, height * 0.8], [lean * 0.4, deep * 0.4, height + tall * 0.6], [lean, deep, height + tall]], 0.14, 6))
        heads.append(at(sphere(rng.uniform(0.7, 1.2), 8, 12), lean, deep, height + tall))
    flower = Material("fabric", look.colour(rng, rng.choice(("pink", "white", "yellow", "red", look.accent))))
    return [(merge(stems), Material("matte", (92, 122, 70), 0.8)), (merge(heads), flower)]


def chair(rng: random.Random, look: Look) -> list[Part]:
    """A dining chair, an armchair or a stool."""
    seat, deep, high = rng.uniform(6.5, 8), rng.uniform(6.5, 7.5), rng.uniform(6, 7)
    frame = rng.choice((grain(rng, rng.choice(WOODS)), Material("metal", (60, 60, 62), 0.4), timber(rng, look)))
    cover = Material("fabric", look.colour(rng)) if look.finish == "fabric" else timber(rng, look)
    style = rng.choice(("dining", "dining", "armchair", "stool"))
    legs: list[Mesh] = []
    if style == "armchair":
        wide = seat * 1.25
        soft = [at(box((wide, deep, 2.6), 0.8, 4), 0, 0, 2), at(box((wide, 2.0, 7), 0.9, 4), 0, deep / 2, 2.2)]
        soft += [at(box((1.8, deep, 4.2), 0.8, 4), s * wide / 2, 0, 2) for s in (-1, 1)]
        legs = [tube([[sx * wide * 0.48, sy * deep * 0.4, 0], [sx * wide * 0.42, sy * deep * 0.36, 2.4]], [0.3, 0.45]) for sx in (-1, 1) for sy in (-1, 1)]
        parts = [(merge(soft), cover), (merge(legs), frame)]
    else:
        tall = high * (1.5 if style == "stool" else 1)
        spread = 1.0 if rng.random() < 0.5 else 1.15
        legs = [tube([[sx * seat * 0.43 * spread, sy * deep * 0.43 * spread, 0], [sx * seat * 0.4, sy * deep * 0.4, tall]], [0.28, 0.38]) for sx in (-1, 1) for sy in (-1, 1)]
        pad = raised(cylinder(seat / 2, 0.9, 0.3) if style == "stool" else box((seat, deep, 0.9), 0.3, 3), tall)
        parts = [(pad, cover)]
        if style == "stool":
            legs.append(transform(torus(seat * 0.42, 0.22), translate=(0, 0, tall * 0.35)))
        else:
            legs += [tube([[s * seat * 0.42, deep * 0.42, tall], [s * seat * 0.42, deep * 0.6, tall * 2.15]], 0.35) for s in (-1, 1)]
            if rng.random() < 0.5:
                back = [box((seat * 0.88, 0.5, tall * 0.7), 0.2)]
            else:
                back = [at(box((0.5, 0.4, tall * 0.9), 0.1), x * seat, 0, 0) for x in (-0.28, -0.09, 0.09, 0.28)]
                back.append(at(box((seat * 0.95, 0.6, 1.0), 0.2), 0, 0, tall * 0.85))
            parts.append((transform(merge(back), rotate=(-9, 0, 0), translate=(0, deep * 0.46, tall * 1.25)), rng.choice((cover, frame))))
        parts.append((merge(legs), frame))
    return turned(parts, rng.uniform(20, 45) * rng.choice((-1, 1)))


def cabinet(rng: random.Random, look: Look) -> list[Part]:
    """A cabinet with drawers, doors or open shelves."""
    width = rng.uniform(6, 13)
    height, deep = rng.uniform(7, 14), rng.uniform(4, 5.5)
    legs = rng.choice((0.0, 0.0, 1.4))
    body = timber(rng, look)
    knob = rng.choice((Material("metal", GOLD, 0.3), Material("metal", (50, 50, 52), 0.4), Material("metal", SILVER, 0.3)))
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
        feet = [at(cylinder(0.32, legs + 0.1), sx * width * 0.44, sy * deep * 0.4, 0) for sx in (-1, 1) for sy in (-1, 1)]
        parts.append((merge(feet), knob))
    return turned(parts, rng.uniform(12, 38) * rng.choice((-1, 1)))


def table(rng: random.Random, look: Look) -> list[Part]:
    """A table or desk: round or square top, four legs or a pedestal."""
    top = timber(rng, look)
    height = rng.uniform(4.5, 8)
    other = rng.choice((top, Material("metal", (56, 56, 58), 0.4), grain(rng, rng.choice(WOODS)), Material("metal", GOLD, 0.3)))
    if rng.random() < 0.35:
        radius = rng.uniform(4.5, 6)
        board: Mesh = raised(cylinder(radius, 0.6, 0.2, 64), height)
        stand = lathe([*foot(radius * 0.5, 0.2), *bend((radius * 0.5, 0.3), (0.5, 1.4)), (0.5, height)], 48)
        return [(board, top), (stand, other)]
    width, deep = rng.uniform(10, 15), rng.uniform(5.5, 7)
    board = at(box((width, deep, 0.6), 0.12), 0, 0, height)
    splay = rng.choice((0.0, 0.6))
    legs = [tube([[sx * (width * 0.45 + splay), sy * deep * 0.42, 0], [sx * width * 0.45, sy * deep * 0.42, height]], [0.3, 0.42]) for sx in (-1, 1) for sy in (-1, 1)]
    parts = [(board, top), (merge(legs), other)]
    if rng.random() < 0.4:
        drawer = at(box((width * 0.36, deep * 0.9, 1.7), 0.1), rng.choice((-1, 1)) * width * 0.25, 0, height - 1.7)
        parts.append((drawer, top))
    return turned(parts, rng.uniform(12, 35) * rng.choice((-1, 1)))


def piano(rng: random.Random, look: Look) -> list[Part]:
    """An upright or stage piano with white and black keys, at times with a bench."""
    width, deep = 14.0, 3.6
    body = timber(rng, look) if rng.random() < 0.4 else Material("plastic", look.colour(rng), 0.08)
    level = rng.uniform(6.2, 7)
    case = [at(box((width, deep, 1.1), 0.15), 0, 0, level - 1.1)]
    case += [at(box((0.7, deep * 0.85, level - 1), 0.1), s * width * 0.47, 0.1, 0) for s in (-1, 1)]
    case += [at(box((0.7, deep, 1.1), 0.1), s * width * 0.475, 0, level - 0.1) for s in (-1, 1)]
    if rng.random() < 0.75:
        case.append(at(box((width, 1.0, rng.uniform(level, level + 4.5)), 0.15), 0, deep / 2 - 0.2, rng.choice((0.0, level - 3))))
    case.append(at(box((width * 0.45, 0.2, 2.0), 0.05), 0, deep / 2 - 0.9, level + 0.3))
    count = 30
    step = width * 0.9 / count
    whites = [at(box((step * 0.9, deep * 0.62, 0.35), 0.04, 1), -width * 0.45 + (k + 0.5) * step, -deep * 0.2, level - 0.1) for k in range(count)]
    blacks = [at(box((step * 0.5, deep * 0.36, 0.35), 0.04, 1), -width * 0.45 + (k + 1) * step, -deep * 0.06, level + 0.2) for k in range(count - 1) if k % 7 not in (2, 6)]
    parts = [(merge(case), body), (merge(whites), WHITE), (merge(blacks), Material("plastic", (22, 22, 24), 0.2))]
    if rng.random() < 0.5:
        bench = [at(box((5.5, 2.4, 0.8), 0.2), 0, -4.6, 3.6)]
        bench += [at(box((0.4, 0.4, 3.7), 0.05), sx * 2.4, -4.6 + sy * 0.9, 0) for sx in (-1, 1) for sy in (-1, 1)]
        parts.append((merge(bench), body))
    return turned(parts, rng.uniform(15, 38) * rng.choice((-1, 1)))


def handbag(rng: random.Random, look: Look) -> list[Part]:
    """A handbag: body, flap or open top, a handle arc and a clasp."""
    width = rng.uniform(8, 12)
    height, deep = width * rng.uniform(0.55, 0.9), rng.uniform(2.6, 4)
    leather = Material("plastic", look.colour(rng), 0.45) if look.finish != "fabric" else Material("fabric", look.colour(rng))
    taper = rng.uniform(0.8, 1.0)
    body = box((width, deep, height), 0.6, 5)
    v = body.vertices.copy()
    v[:, 0] *= 1 - (1 - taper) * v[:, 2] / height
    v[:, 1] *= 1 - 0.35 * v[:, 2] / height

    metal = Material("metal", rng.choice((GOLD, GOLD, SILVER)), 0.25)
    loop = rng.uniform(0.24, 0.36) * width
    grip = tube([[x * rng_wide, 0, z] for rng_wide in (1.0,) for x, _, z in arc((0, height - 0.4), loop, 0, 180, 24)], 0.28, 10)
    handle = transform(grip, scale=(1, 1, 1))
    parts = [(moved(body, v), leather), (handle, rng.choice((leather, leather, metal)))]
    if rng.random() < 0.65:
        flap = box((width * 0.97 * taper + 0.5, 0.4, height * rng.uniform(0.4, 0.6)), 0.2, 3)
        drop = height - float(np.ptp(flap.vertices[:, 2])) - 0.1
        parts.append((transform(flap, rotate=(-4, 0, 0), translate=(0, -deep * 0.42, drop)), Material(leather.kind, look.colour(rng), 0.45)))
        parts.append((at(box((1.3, 0.3, 1.0), 0.1), 0, -deep * 0.56, drop - 0.2), metal))
    else:
        parts.append((at(box((width * 0.5, 0.1, 0.7), 0.02), 0, -deep * 0.46, height * 0.5), Material("plastic", look.colour(rng, look.accent), 0.4)))
    rings = [transform(torus(0.45, 0.12, 20, 8), rotate=(90, 0, 0), translate=(s * loop, -0.2, height - 0.2)) for s in (-1, 1)]
    parts.append((merge(rings), metal))
    return turned(parts, rng.uniform(-25, 25))


def backpack(rng: random.Random, look: Look) -> list[Part]:
    """A rounded rucksack with front pocket, zip and straps."""
    width, height, deep = rng.uniform(7.5, 9), rng.uniform(10.5, 13), rng.uniform(4, 5)
    cloth = Material("fabric", look.colour(rng))
    second = Material("fabric", look.colour(rng, look.accent))
    body = transform(superellipsoid((width / 2, deep / 2, height / 2), 0.45, 0.5), translate=(0, 0, height / 2))
    pocket = transform(superellipsoid((width * 0.38, 1.1, height * 0.2), 0.35, 0.4), translate=(0, -deep * 0.46, height * 0.3))
    zips = [tube([[x * 0.9, -deep * 0.44, z] for x, _, z in arc((0, height * 0.66), width * 0.36, 10, 170)], 0.14, 8)]
    zips.append(tube([[-width * 0.3, -deep * 0.68, height * 0.42], [width * 0.3, -deep * 0.68, height * 0.42]], 0.13, 8))
    handle = tube([[x, 0.4, z] for x, _, z in arc((0, height - 0.3), 1.3, 0, 180, 10)], 0.3)
    straps = [tube([[s * width * 0.3, deep * 0.4, height * 0.9], [s * width * 0.56, deep * 0.8, height * 0.55], [s * width * 0.4, deep * 0.5, height * 0.12]], 0.5) for s in (-1, 1)]
    sides = [transform(superellipsoid((0.9, deep * 0.34, height * 0.17), 0.6, 0.6), translate=(s * width * 0.47, 0, height * 0.22)) for s in (-1, 1)]
    trim = Material("plastic", look.colour(rng, rng.choice(("black", look.accent, "white"))), 0.4)
    parts = [(body, cloth), (merge([pocket, *sides]), rng.choice((cloth, second))), (merge([*zips, handle]), trim), (merge(straps), rng.choice((cloth, trim)))]
    return turned(parts, rng.uniform(-32, 32))


