"""Bags: handbags and backpacks."""

from __future__ import annotations

import random

import numpy as np

from caig_cli.market.forms import GOLD, SILVER, arc, at, raised, turned
from caig_cli.market.look import Part, ProductLook
from caig_cli.painters.studio.materials import Material
from caig_cli.painters.studio.mesh import Mesh, box, merge, moved, superellipsoid, torus, transform, tube


def handbag(rng: random.Random, look: ProductLook) -> list[Part]:
    """A handbag: body, flap or open top, a handle arc and a clasp."""
    width = rng.uniform(8, 12)
    height, deep = width * rng.uniform(0.55, 0.9), rng.uniform(2.6, 4)
    woven = look.finish == "fabric"
    leather = Material("fabric" if woven else "plastic", look.colour(rng), 0.5 if woven else 0.45)
    taper = rng.uniform(0.8, 1.0)
    body = box((width, deep, height), 0.6, 5)
    v = body.vertices.copy()
    v[:, 0] *= 1 - (1 - taper) * v[:, 2] / height
    v[:, 1] *= 1 - 0.35 * v[:, 2] / height
    metal = Material("metal", rng.choice((GOLD, GOLD, SILVER)), 0.25)
    loop = rng.uniform(0.24, 0.36) * width
    handle = tube(arc((0, height - 0.4), loop, 0, 180, 24), 0.28, 10)
    parts = [(moved(body, v), leather), (handle, rng.choice((leather, leather, metal)))]
    if rng.random() < 0.65:
        flap = box((width * 0.97 * taper + 0.5, 0.4, height * rng.uniform(0.4, 0.6)), 0.2, 3)
        drop = height - float(np.ptp(flap.vertices[:, 2])) - 0.1
        hung = transform(flap, rotate=(-4, 0, 0), translate=(0, -deep * 0.42, drop))
        clasp = at(box((1.3, 0.3, 1.0), 0.1), 0, -deep * 0.56, drop - 0.2)
        parts += [(hung, Material(leather.kind, look.colour(rng), 0.45)), (clasp, metal)]
    else:
        patch = at(box((width * 0.5, 0.1, 0.7), 0.02), 0, -deep * 0.46, height * 0.5)
        parts.append((patch, Material("plastic", look.colour(rng, look.accent), 0.4)))
    eyelet = transform(torus(0.45, 0.12, 20, 8), rotate=(90, 0, 0))
    parts.append((merge([at(eyelet, s * loop, -0.2, height - 0.2) for s in (-1, 1)]), metal))
    return turned(parts, rng.uniform(-25, 25))


def backpack(rng: random.Random, look: ProductLook) -> list[Part]:
    """A rounded rucksack with front pocket, zip and straps."""
    width, height, deep = rng.uniform(7.5, 9), rng.uniform(10.5, 13), rng.uniform(4, 5)
    cloth = Material("fabric", look.colour(rng))
    second = Material("fabric", look.colour(rng, look.accent))
    body = raised(superellipsoid((width / 2, deep / 2, height / 2), 0.45, 0.5), height / 2)
    trim = Material("plastic", look.colour(rng, rng.choice(("black", look.accent, "white"))), 0.4)
    parts = [
        (body, cloth),
        (merge(_pockets(width, height, deep)), rng.choice((cloth, second))),
        (merge(_zips(width, height, deep)), trim),
        (merge(_straps(width, height, deep)), rng.choice((cloth, trim))),
    ]
    return turned(parts, rng.uniform(-32, 32))


def _pockets(width: float, height: float, deep: float) -> list[Mesh]:
    front = superellipsoid((width * 0.38, 1.1, height * 0.2), 0.35, 0.4)
    side = superellipsoid((0.9, deep * 0.34, height * 0.17), 0.6, 0.6)
    sides = [at(side, s * width * 0.47, 0, height * 0.22) for s in (-1, 1)]
    return [at(front, 0, -deep * 0.46, height * 0.3), *sides]


def _zips(width: float, height: float, deep: float) -> list[Mesh]:
    """The zip over the top, the pocket's zip and the grab handle."""
    over = [[x * 0.9, -deep * 0.44, z] for x, _, z in arc((0, height * 0.66), width * 0.36, 10, 170)]
    front = [[s * width * 0.3, -deep * 0.68, height * 0.42] for s in (-1, 1)]
    grab = [[x, 0.4, z] for x, _, z in arc((0, height - 0.3), 1.3, 0, 180, 10)]
    return [tube(over, 0.14, 8), tube(front, 0.13, 8), tube(grab, 0.3)]


def _straps(width: float, height: float, deep: float) -> list[Mesh]:
    line = ((0.3, 0.4, 0.9), (0.56, 0.8, 0.55), (0.4, 0.5, 0.12))
    return [tube([[s * x * width, y * deep, z * height] for x, y, z in line], 0.5) for s in (-1, 1)]
