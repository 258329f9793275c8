"""Electronics: headphones, speakers, power banks and keyboards."""

from __future__ import annotations

import random

import numpy as np

from caig_cli.market.forms import DARK, SILVER, WHITE, arc, capsule, raised, turned, upright
from caig_cli.market.look import Part, ProductLook
from caig_cli.painters.studio.materials import Colour, Material
from caig_cli.painters.studio.mesh import (
    Mesh,
    box,
    cylinder,
    extrude,
    lathe,
    merge,
    superellipsoid,
    torus,
    transform,
    tube,
)


def headphones(rng: random.Random, look: ProductLook) -> list[Part]:
    """Over-ear headphones, the band above two cups."""
    radius = 4.4
    band = tube([[x, y, z + 7] for x, y, z in arc((0, 0), radius, -8, 188, 28)], rng.uniform(0.35, 0.55), 12)
    pad = tube([[x, y, z + 7] for x, y, z in arc((0, 0), radius, 45, 135, 14)], 0.7, 12)
    shell, cushion, arms = [], [], []
    for side in (-1, 1):
        cup = superellipsoid((1.0, 2.3, 2.9), 0.7, 0.8)
        soft = superellipsoid((0.8, 2.2, 2.8), 0.6, 0.9)
        shell.append(transform(cup, translate=(side * 4.9, 0, 3.4)))
        cushion.append(transform(soft, translate=(side * 3.9, 0, 3.4)))
        arms.append(tube([[side * 4.4, 0, 6.8], [side * 4.9, 0, 5.2], [side * 5.0, 0, 3.4]], 0.35))
    body = look.body(rng)
    soft_material = Material("fabric", look.colour(rng, rng.choice(("black", look.accent, look.main))))
    metal = rng.choice((Material("metal", SILVER, 0.3), body, DARK))
    turn = rng.uniform(20, 50) * rng.choice((-1, 1))
    parts = [(merge([band, *arms]), metal), (merge(shell), body), (merge([pad, *cushion]), soft_material)]
    return turned(parts, turn)


def speaker(rng: random.Random, look: ProductLook) -> list[Part]:
    """A loudspeaker: a box with cones, or a fabric cylinder."""
    grille: Colour = (34, 34, 36)
    if rng.random() < 0.55:
        width, height = rng.uniform(5.5, 8), rng.uniform(9, 13)
        body = (box((width, width * 0.8, height), rng.uniform(0.1, 0.6), 3), look.body(rng))
        cones, rings = [], []
        sizes = ((0.32, 0.36), (0.76, 0.2)) if rng.random() < 0.6 else ((0.5, 0.38),)
        for z, share in sizes:
            r = width * share
            cones.append(
                transform(
                    lathe([(0, 0.5), (r * 0.3, 0.45), (r * 0.9, 0.0), (r, 0.3)], 40),
                    rotate=(90, 0, 0),
                    translate=(0, -width * 0.4, height * z),
                )
            )
            rings.append(
                transform(torus(r, 0.18, 40), rotate=(90, 0, 0), translate=(0, -width * 0.41, height * z))
            )
        trim = look.trim(rng)
        parts = [body, (merge(cones), Material("plastic", grille, 0.35)), (merge(rings), trim)]
        return turned(parts, rng.uniform(8, 38) * rng.choice((-1, 1)))
    radius, height = rng.uniform(3.5, 5), rng.uniform(5, 12)
    mesh = cylinder(radius, height, 0.7, 56)
    cap = cylinder(radius * 0.86, 0.3, 0.1)
    foot_ring = cylinder(radius * 1.01, 0.6, 0.2, 56)
    cloth = Material("fabric", look.colour(rng))
    return [(mesh, cloth), (raised(cap, height - 0.15), DARK), (foot_ring, look.trim(rng))]


def power_bank(rng: random.Random, look: ProductLook) -> list[Part]:
    """A flat slab standing up, with ports and a light."""
    width, height = rng.uniform(5.5, 7), rng.uniform(9, 13)
    slab = upright(extrude(capsule(width, height), rng.uniform(1.2, 2.2), 0.25))
    slab = raised(slab, height / 2)
    art = look.box_art(rng, (90, 150)) if rng.random() < 0.4 else None
    parts: list[Part] = [(slab, look.body(rng, texture=art))]
    front = -float(np.ptp(slab.vertices[:, 1])) - 0.01
    dots = [
        transform(cylinder(0.16, 0.1), rotate=(90, 0, 0), translate=(-0.9 + 0.6 * k, front, height * 0.88))
        for k in range(4)
    ]
    parts.append((merge(dots), Material("matte", (170, 226, 250), 0.9)))
    ports = [
        transform(box((1.3, 0.5, 0.3), 0.1), translate=(x, front / 2, height - 0.12)) for x in (-1.4, 1.4)
    ]
    parts.append((merge(ports), DARK))
    return turned(parts, rng.uniform(-35, 35))


def keyboard(rng: random.Random, look: ProductLook) -> list[Part]:
    """A computer keyboard tilted towards the camera, rows of keys, some in the accent colour."""
    columns, rows = rng.choice((11, 14, 16)), 5
    width, deep = columns * 1.0 + 0.6, rows * 1.0 + 0.6
    case = box((width, deep, 0.8), 0.25)
    plain: list[Mesh] = []
    marked: list[Mesh] = []
    for row in range(rows):
        x = -columns / 2
        while x < columns / 2 - 0.01:
            span = 1.0
            if row == 0 and abs(x + columns / 2 - 3) < 0.01:
                span = 5.0
            elif x + 2 >= columns / 2 - 0.01 and row in (1, 2):
                span = columns / 2 - x
            key = transform(
                box((span - 0.14, 0.86, 0.55), 0.12, 1), translate=(x + span / 2, (row - 2) * 1.0, 0.7)
            )
            (marked if rng.random() < 0.12 or span > 3 else plain).append(key)
            x += span
    accent = Material("plastic", look.colour(rng, look.accent), 0.35)
    caps = Material("plastic", look.colour(rng), 0.35)
    frame = rng.choice((caps, DARK, WHITE, Material("metal", SILVER, 0.4)))
    parts = [(case, frame), (merge(plain), caps), (merge(marked), accent)]
    tilt, turn = rng.uniform(28, 60), rng.uniform(-18, 18)
    return [
        (raised(transform(transform(m, rotate=(tilt, 0, 0)), rotate=(0, 0, turn)), deep / 2), material)
        for m, material in parts
    ]
