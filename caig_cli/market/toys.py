"""Toys and balls."""

from __future__ import annotations

import math
import random

import numpy as np

from caig_cli.market.forms import DARK, at, raised, turned
from caig_cli.market.look import Part, ProductLook
from caig_cli.painters.studio.materials import Material
from caig_cli.painters.studio.mesh import Mesh, box, cylinder, lathe, merge, sphere, transform


def ball(rng: random.Random, look: ProductLook) -> list[Part]:
    """A sports ball: panels, seams or stripes."""
    v, u = np.mgrid[0:128, 0:256]
    lon, lat = (u / 256) * math.tau, (0.5 - v / 128) * math.pi
    p = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)
    turn = np.linalg.qr(np.random.default_rng(rng.getrandbits(32)).normal(size=(3, 3)))[0]
    p = p @ turn
    first, second = look.colour(rng), look.colour(rng, look.accent)
    kind = rng.randrange(4)
    texture = np.empty((128, 256, 3), np.uint8)
    texture[:] = first
    if kind == 0:  # patches around the corners of an icosahedron
        texture[(p @ _ICOSAHEDRON.T).max(axis=-1) > 0.93] = second
    elif kind == 1:  # basketball seams
        seam = (
            (np.abs(p[..., 0]) < 0.035)
            | (np.abs(p[..., 1]) < 0.035)
            | (np.abs(np.abs(p[..., 2]) - 0.62) < 0.03)
        )
        texture[seam] = (30, 28, 28) if sum(first) > 250 else (230, 228, 222)
    elif kind == 2:  # volleyball swirls
        texture[(np.sin(3 * np.arctan2(p[..., 1], p[..., 0]) + 4 * p[..., 2]) > 0.1)] = second
    else:
        texture[(np.abs(p[..., 2]) < 0.35) & (np.abs(p[..., 2]) > 0.08)] = second
    return [(raised(sphere(5, 24, 48), 5), Material("plastic", first, 0.4, texture=texture))]


_GOLDEN = (1 + 5**0.5) / 2


_ICOSAHEDRON = np.array([
    *[(0, a, b * _GOLDEN) for a in (-1, 1) for b in (-1, 1)],
    *[(a, b * _GOLDEN, 0) for a in (-1, 1) for b in (-1, 1)],
    *[(b * _GOLDEN, 0, a) for a in (-1, 1) for b in (-1, 1)],
]) / math.hypot(1, _GOLDEN)  # fmt: skip


def plush(rng: random.Random, look: ProductLook) -> list[Part]:
    """A sitting plush animal: ears say whether it is a bear, a rabbit, a cat or an elephant."""
    fur, pale = look.colour(rng), look.colour(rng, look.accent if rng.random() < 0.5 else "cream")
    head = rng.uniform(2.5, 3.1)
    z = 6.2 + head * 0.7
    body = transform(sphere(3.2), scale=(1, 0.9, 1.1), translate=(0, 0, 3.4))
    limbs = [transform(sphere(1.3), scale=(1, 1.3, 1.0), translate=(s * 2.4, -1.6, 1.1)) for s in (-1, 1)]
    limbs += [
        transform(
            sphere(1.0), scale=(0.85, 0.9, 1.9), rotate=(-25, s * -28, 0), translate=(s * 3.1, -0.6, 4.4)
        )
        for s in (-1, 1)
    ]
    skull = transform(sphere(head), scale=(1.08, 0.95, 0.95), translate=(0, -0.3, z))
    ears = [
        _ear(rng_kind, side, head, z)
        for rng_kind in (rng.choice(("bear", "rabbit", "rabbit", "cat", "floppy")),)
        for side in (-1, 1)
    ]
    muzzle = transform(
        sphere(head * 0.42), scale=(1.15, 0.7, 0.85), translate=(0, -head * 0.92, z - head * 0.28)
    )
    belly = transform(sphere(2.4), scale=(0.95, 0.6, 1.05), translate=(0, -1.75, 3.4))
    eyes = [
        transform(sphere(0.27, 8, 12), translate=(s * head * 0.4, -head * 1.13, z + head * 0.12))
        for s in (-1, 1)
    ]
    nose = transform(sphere(0.33, 8, 12), scale=(1.3, 0.8, 0.9), translate=(0, -head * 1.33, z - head * 0.16))
    parts = [
        (merge([body, *limbs, skull, *ears]), Material("fabric", fur)),
        (merge([muzzle, belly]), Material("fabric", pale)), (merge([*eyes, nose]), DARK),
    ]  # fmt: skip
    if rng.random() < 0.4:
        bow = Material("fabric", look.colour(rng, rng.choice(("red", "pink", "blue", look.accent))))
        knots = [
            transform(sphere(0.8), scale=(1.2, 0.6, 0.8), translate=(s * 0.9, -2.7, 6.3)) for s in (-1, 1)
        ]
        parts.append((merge(knots), bow))
    return turned(parts, rng.uniform(-20, 20))


def _ear(kind: str, side: int, head: float, z: float) -> Mesh:
    if kind == "bear":
        return transform(
            sphere(head * 0.38), scale=(1, 0.5, 1), translate=(side * head * 0.75, -0.2, z + head * 0.78)
        )
    if kind == "rabbit":
        return transform(
            sphere(head * 0.34),
            scale=(1, 0.5, 3.0),
            rotate=(0, side * 12, 0),
            translate=(side * head * 0.42, 0, z + head * 1.6),
        )
    if kind == "cat":
        cone_ear = lathe([(0, 0), (head * 0.4, 0), (0.1, head * 0.75), (0, head * 0.78)], 24)
        return transform(
            cone_ear,
            scale=(1, 0.5, 1),
            rotate=(0, side * 18, 0),
            translate=(side * head * 0.58, -0.2, z + head * 0.55),
        )
    return transform(
        sphere(head * 0.5),
        scale=(0.8, 0.35, 1.35),
        rotate=(0, side * -25, 0),
        translate=(side * head * 1.15, -0.2, z - head * 0.1),
    )


def blocks(rng: random.Random, look: ProductLook) -> list[Part]:
    """A small pile of coloured building blocks."""
    words = [look.main, look.accent, *rng.sample(("red", "yellow", "blue", "green", "orange"), 3)]
    studs = rng.random() < 0.5
    spots = [(-3.2, 0), (0.2, 0), (3.6, 0), (-1.5, 1), (1.9, 1), (0.2, 2)]  # x and level
    pins = [at(cylinder(0.6, 0.5, 0.1, 20), a, b, 2.98) for a in (-0.8, 0.8) for b in (-0.8, 0.8)]
    parts: list[Part] = []
    for x, level in spots[: rng.choice((4, 5, 6, 6))]:
        colour = look.colour(rng, rng.choice(words))
        material = Material("plastic", colour, 0.15) if studs else Material("matte", colour, 0.4)
        block: Mesh = box((3.2, 3.2, 3.0), 0.2)
        if studs:
            block = merge([block, *pins])
        elif level == 2:
            roof = lathe([(0, 0), (1.7, 0), (0, 3.0)], 4)
            block = rng.choice((cylinder(1.6, 3.0, 0.2), roof, raised(sphere(1.5), 1.5)))
        elif rng.random() < 0.25:
            block = cylinder(1.6, 3.0, 0.2)  # what carries others is flat on top
        stacked = transform(block, rotate=(0, 0, rng.uniform(-14, 14)), translate=(x, 0.0, 3.0 * level))
        parts.append((stacked, material))
    return parts
