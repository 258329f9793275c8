"""Packages that are no bottles: jars, cans, tubes, pouches and boxes."""

from __future__ import annotations

import math
import random

import numpy as np

from caig_cli.market.forms import bend, foot, raised, three_quarter, turned
from caig_cli.market.look import Part, ProductLook
from caig_cli.painters.studio.materials import Material
from caig_cli.painters.studio.mesh import Mesh, box, cylinder, lathe, merge, moved, pillow, transform


def jar(rng: random.Random, look: ProductLook) -> list[Part]:
    """A wide jar with a screw lid: cream, honey, coffee."""
    radius, height = rng.uniform(3, 4.2), rng.uniform(3, 8.5)
    lid = rng.uniform(1.0, 2.2)
    mouth = radius * rng.uniform(0.82, 1.0)
    profile = [
        *foot(radius, 0.6),
        (radius, height * 0.85),
        *bend((radius, height * 0.85), (mouth, height)),
        (0, height),
    ]
    texture = look.wrap(rng, math.tau * radius / height)
    top = cylinder(max(mouth * 1.03, radius * rng.uniform(0.9, 1.02)), lid, 0.25)
    return [
        (lathe(profile, 56), look.body(rng, texture=texture)),
        (raised(top, height - 0.05), look.trim(rng)),
    ]


def can(rng: random.Random, look: ProductLook) -> list[Part]:
    """A metal tin or drinks can with rims."""
    radius = rng.uniform(2.6, 3.6)
    height = radius * rng.choice((rng.uniform(1.0, 1.6), rng.uniform(2.6, 4.2), rng.uniform(2.6, 4.2)))
    inset = rng.uniform(0.82, 1.0)
    profile = [(radius * inset, 0.3), (radius, 0.3 + radius * 0.2), (radius, height - radius * 0.25)]
    profile += [(radius * inset, height - 0.25)]
    texture = look.wrap(rng, math.tau * radius / height, share=1.0)
    silver = Material("metal", (205, 206, 210), roughness=0.3)
    rim = radius * inset
    ends = merge([cylinder(rim, 0.4, 0.1), raised(cylinder(rim, 0.35, 0.1), height - 0.3)])
    body = look.body(rng, texture=texture)
    return [(lathe(profile, 56), body), (ends, silver)]


def tub(rng: random.Random, look: ProductLook) -> list[Part]:
    """A tapered cup with a flat lid: noodles, yogurt, porridge."""
    bottom, height = rng.uniform(2.6, 3.4), rng.uniform(5, 9)
    top = bottom * rng.uniform(1.25, 1.5)
    texture = look.wrap(rng, math.tau * top / height, share=1.0)
    profile = [
        *foot(bottom, 0.2),
        (top, height),
        (top * 1.04, height + 0.1),
        (top * 1.04, height + 0.4),
        (0, height + 0.42),
    ]
    lid = ProductLook(look.accent, look.main, look.finish, look.brand, look.noun)
    cover = raised(cylinder(top * 1.03, 0.12), height + 0.42)
    return [(lathe(profile, 56), look.body(rng, texture=texture)), (cover, lid.body(rng))]


def squeeze_tube(rng: random.Random, look: ProductLook) -> list[Part]:
    """A squeeze tube standing on its cap (or cap up), round at the cap and flat at its seal."""
    radius, height, cap = rng.uniform(1.7, 2.6), rng.uniform(9, 14), rng.uniform(1.4, 2.6)
    texture = look.wrap(rng, math.tau * radius / height, share=1.0)
    profile = [(radius, height * k / 14) for k in range(15)]
    shell = lathe(profile, 48)
    v = shell.vertices.copy()
    t = v[:, 2] / height
    v[:, 0] *= 1 + 0.35 * t
    v[:, 1] *= np.clip(1 - t**1.5, 0.015, 1)
    cover = cylinder(radius * rng.uniform(0.75, 1.02), cap, 0.2)
    collar = lathe([(radius * 0.5, -0.35), *bend((radius * 0.6, -0.35), (radius, 0.0))], 48)
    body, trim = look.body(rng, texture=texture), look.trim(rng)
    plain = look.body(rng)
    if rng.random() < 0.75:
        return [(raised(moved(shell, v), cap + 0.3), body), (raised(collar, cap + 0.3), plain), (cover, trim)]
    flipped = moved(shell, v * np.array([1, 1, -1]) + np.array([0, 0, height]))
    faces = np.ascontiguousarray(flipped.faces[:, ::-1])
    assert flipped.uv is not None
    uv = flipped.uv * np.array([1, -1], np.float32) + np.array([0, 1], np.float32)
    upside = Mesh(flipped.vertices, faces, uv.astype(np.float32), True)
    ring = transform(collar, rotate=(0, 180, 0), translate=(0, 0, height))
    return [(upside, body), (ring, plain), (raised(cover, height + 0.3), trim)]


def pouch(rng: random.Random, look: ProductLook) -> list[Part]:
    """A stand-up bag or a sealed sachet."""
    width = rng.uniform(7, 11)
    height = width * rng.uniform(1.1, 1.6)
    standing = rng.random() < 0.65
    mesh = pillow(
        width,
        height,
        width * rng.uniform(0.3, 0.5),
        seal=rng.uniform(0.5, 1.0),
        gusset=1.0 if standing else 0.0,
    )
    parts = [(mesh, look.body(rng, texture=look.box_art(rng, (120, round(120 * height / width)))))]
    if standing and rng.random() < 0.3:
        spout = raised(cylinder(0.9, 1.5, 0.1), height - 0.2)
        parts.append((spout, look.trim(rng)))
    return parts


def carton(rng: random.Random, look: ProductLook) -> list[Part]:
    """A folding box."""
    width = rng.uniform(4, 9)
    depth, height = (
        width * rng.uniform(0.35, 0.9),
        width * rng.choice((rng.uniform(0.5, 1), rng.uniform(1.2, 2.2))),
    )
    art = look.box_art(rng, (130, max(40, round(130 * height / width))))
    return turned([(box((width, depth, height), 0.06), look.body(rng, texture=art))], three_quarter(rng))


def drink_carton(rng: random.Random, look: ProductLook) -> list[Part]:
    """A milk or juice carton with a gable or a screw cap."""
    width, height = rng.uniform(5.5, 7), rng.uniform(11, 15)
    body = (box((width, width * 0.9, height), 0.08), look.body(rng, texture=look.box_art(rng, (110, 200))))
    cap = look.trim(rng)
    if rng.random() < 0.5:
        screw = transform(cylinder(1.3, 1.2, 0.1), translate=(rng.uniform(-1, 1), -width * 0.1, height))
        return turned([body, (screw, cap)], three_quarter(rng))
    half, deep, rise = width / 2, width * 0.45, width * 0.5
    sides = [[(-half, -deep, 0), (half, -deep, 0), (half, 0, rise), (-half, 0, rise)]]
    corners = np.array(sides[0] + [(-half, deep, 0), (half, deep, 0)], np.float32)
    faces = np.array([(0, 1, 2), (0, 2, 3), (5, 4, 3), (5, 3, 2), (0, 3, 4), (1, 5, 2)], np.uint32)
    roof = Mesh(corners, faces, None, False)
    seam = raised(box((width, 0.25, 1.2), 0.05), rise - 0.1)
    top = look.body(rng)
    return turned([body, (raised(roof, height), top), (raised(seam, height), top)], three_quarter(rng))
