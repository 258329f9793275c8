"""Turned profiles, soft curves and materials that several shapes share.

A shape is built by a function of a seeded random source and a look; it returns parts that stand on z = 0.
The unit is about a centimetre for a product 20 cm tall: only proportions matter to a photograph.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import numpy as np

from caig_cli.market.look import Part, ProductLook
from caig_cli.painters.studio.materials import Colour, Material
from caig_cli.painters.studio.mesh import Mesh, transform

Point = tuple[float, float]

GOLD, SILVER, ROSE = (214, 176, 104), (206, 206, 210), (216, 152, 130)
DARK = Material("plastic", (26, 26, 28), roughness=0.25)
WHITE = Material("plastic", (238, 236, 232), roughness=0.2)
WOODS: tuple[Colour, ...] = ((172, 124, 80), (98, 64, 42), (206, 170, 122), (128, 84, 54), (74, 50, 38))


def bend(start: Point, end: Point, steps: int = 9, kind: str = "round") -> list[Point]:
    """Profile points from ``start`` to ``end``, both (r, z): a quarter ellipse, or an S where ``soft``."""
    (r0, z0), (r1, z1) = start, end
    points = []
    for k in range(steps + 1):
        t = k / steps
        if kind == "soft":
            points.append((r0 + (r1 - r0) * t * t * (3 - 2 * t), z0 + (z1 - z0) * t))
        else:
            points.append(
                (r1 + (r0 - r1) * math.cos(t * math.pi / 2), z0 + (z1 - z0) * math.sin(t * math.pi / 2))
            )
    return points


def foot(radius: float, rounding: float) -> list[Point]:
    """Profile of a base: from the axis out to ``radius``, its edge rounded."""
    arc = [k * math.pi / 8 for k in range(5)]
    edge = [(radius - rounding + rounding * math.sin(a), rounding - rounding * math.cos(a)) for a in arc]
    return [(0.0, 0.0), *edge]


def raised(mesh: Mesh, z: float) -> Mesh:
    """The mesh moved up by ``z``."""
    return transform(mesh, translate=(0, 0, z))


def oval(mesh: Mesh, depth: float) -> Mesh:
    """A round mesh flattened front to back."""
    return transform(mesh, scale=(1.0, depth, 1.0))


def turned(parts: list[Part], degrees: float) -> list[Part]:
    """The parts turned about the vertical axis."""
    return [(transform(mesh, rotate=(0, 0, degrees)), material) for mesh, material in parts]


def at(mesh: Mesh, x: float, y: float, z: float) -> Mesh:
    """The mesh moved."""
    return transform(mesh, translate=(x, y, z))


def upright(mesh: Mesh) -> Mesh:
    """A plan drawn in x-y stood up so that it faces the camera."""
    return transform(mesh, rotate=(90, 0, 0))


def arc(
    centre: tuple[float, float], radius: float, start: float, end: float, steps: int = 16
) -> list[list[float]]:
    """Points of a circular arc in the x-z plane; degrees, 0 along +x."""
    angles = np.radians(np.linspace(start, end, steps))
    return [[centre[0] + radius * math.cos(a), 0.0, centre[1] + radius * math.sin(a)] for a in angles]


def capsule(width: float, height: float, steps: int = 10) -> list[tuple[float, float]]:
    """A rounded rectangle around the origin, counter-clockwise."""
    r = min(width, height) * 0.32
    corners = ((1, -1, -90), (1, 1, 0), (-1, 1, 90), (-1, -1, 180))
    points = []
    for sx, sy, start in corners:
        x, y, turn = (
            sx * (width / 2 - r),
            sy * (height / 2 - r),
            np.radians(np.linspace(start, start + 90, steps)),
        )
        points += [(x + r * math.cos(a), y + r * math.sin(a)) for a in turn]
    return points


def smooth(path: Sequence[tuple[float, float, float]], steps: int = 6) -> list[list[float]]:
    """A Catmull-Rom curve through the points."""
    points = np.array([path[0], *path, path[-1]], float)
    out = []
    for a, b, c, d in zip(points, points[1:], points[2:], points[3:], strict=False):
        square, cube = 2 * a - 5 * b + 4 * c - d, 3 * b - a - 3 * c + d
        steady = np.linspace(0, 1, steps, endpoint=False)
        out += [0.5 * (2 * b + (c - a) * t + square * t**2 + cube * t**3) for t in steady]
    return [p.tolist() for p in (*out, points[-1])]


def three_quarter(rng: random.Random) -> float:
    """A turn that shows a side too, as boxes are photographed; degrees."""
    return rng.uniform(12, 40) * rng.choice((-1, 1))


def timber(rng: random.Random, look: ProductLook) -> Material:
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
