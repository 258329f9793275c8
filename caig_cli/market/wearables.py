"""What people wear and carry: make-up, jewellery, glasses, watches, shoes."""

from __future__ import annotations

import math
import random

import numpy as np
from numpy.typing import NDArray

from caig_cli.market.forms import DARK, GOLD, ROSE, SILVER, WHITE, arc, at, capsule, raised, turned, upright
from caig_cli.market.look import Part, ProductLook
from caig_cli.painters.studio.geometry import grid
from caig_cli.painters.studio.materials import Material
from caig_cli.painters.studio.mesh import (
    Mesh,
    box,
    cylinder,
    extrude,
    lathe,
    merge,
    moved,
    superellipsoid,
    torus,
    transform,
    tube,
)


def lipstick(rng: random.Random, look: ProductLook) -> list[Part]:
    """An open lipstick: case, collar, slanted bullet."""
    radius = rng.uniform(1.0, 1.25)
    square = rng.random() < 0.4
    case: Mesh = box((2 * radius, 2 * radius, 3.6), 0.15) if square else cylinder(radius, 3.6, 0.1)
    metal = Material("metal", rng.choice((GOLD, SILVER, ROSE)), 0.25)
    bullet = cylinder(radius * 0.66, 3.4, 0.3, 40)
    v = bullet.vertices.copy()
    high = v[:, 2] > 2.0
    v[high, 2] += 0.9 * v[high, 0] / radius
    shell = look.body(rng, colour=look.colour(rng, look.accent))
    collar = raised(cylinder(radius * 0.82, 1.8, 0.05), 3.5)
    return [
        (case, shell),
        (collar, metal),
        (raised(moved(bullet, v), 4.8), Material("plastic", look.colour(rng), 0.3)),
    ]


def ring(rng: random.Random, look: ProductLook) -> list[Part]:
    """A ring or bangle, standing up, often with a stone."""
    radius, thick = 3.2, rng.uniform(0.22, 0.5)
    metal = Material("metal", rng.choice((GOLD, GOLD, SILVER, ROSE)), 0.2)
    hoop = transform(
        torus(radius, thick, 72), rotate=(90, 0, rng.uniform(-35, 35)), translate=(0, 0, radius + thick)
    )
    parts = [(hoop, metal)]
    top = 2 * (radius + thick)
    if rng.random() < 0.75:
        size = rng.uniform(0.7, 1.5)
        gem = lathe(
            [(0, 0), (size, size * 0.8), (size * 0.6, size * 1.2), (0, size * 1.2)], rng.choice((6, 8, 10))
        )
        stone = Material("plastic", look.colour(rng), 0.02)
        setting = raised(cylinder(size * 0.6, 0.5, 0.1), top - 0.2)
        parts += [(setting, metal), (raised(gem, top), stone)]
    return parts


def watch(rng: random.Random, look: ProductLook) -> list[Part]:
    """A wristwatch, its dial to the camera, the strap closed behind."""
    radius = 2.6
    square = rng.random() < 0.3
    metal = Material("metal", rng.choice((SILVER, SILVER, GOLD, ROSE, (60, 60, 64))), 0.25)
    plan = (
        capsule(2 * radius, 2.2 * radius)
        if square
        else [
            (radius * math.cos(a), radius * math.sin(a)) for a in np.linspace(0, math.tau, 48, endpoint=False)
        ]
    )
    case = upright(extrude(plan, 1.1, 0.15))
    inner = [(0.84 * x, 0.84 * y) for x, y in plan]
    dial_colour = look.colour(rng, look.accent)
    dial = transform(upright(extrude(inner, 0.1)), translate=(0, -1.08, 0))
    ink = Material("metal", (240, 238, 230), 0.4) if sum(dial_colour) < 380 else DARK
    marks = []
    for k in range(12):
        a = math.tau * k / 12
        mark = transform(box((0.12, 0.06, 0.45), 0.0), translate=(0, 0, radius * 0.6), rotate=(0, 0, 0))
        marks.append(transform(mark, rotate=(0, math.degrees(a), 0), translate=(0, -1.22, 0)))
    for length, turn in ((1.1, rng.uniform(0, 360)), (1.6, rng.uniform(0, 360))):
        marks.append(transform(box((0.16, 0.08, length), 0.0), rotate=(0, turn, 0), translate=(0, -1.26, 0)))
    wide = radius * rng.uniform(1.0, 1.25)
    loop = torus(3.6, 0.28, 64)
    v = loop.vertices * np.array([1.0, 0.86, wide / 0.56 / 2 * 1.0])
    strap = transform(moved(loop, v), rotate=(0, 90, 0), translate=(0, 2.6, 0))
    band = metal if rng.random() < 0.3 else look.body(rng)
    crown = transform(cylinder(0.3, 0.5, 0.05), rotate=(0, 90, 0), translate=(radius, -0.6, 0))
    parts = [
        (strap, band),
        (merge([case, crown]), metal),
        (dial, Material("plastic", dial_colour, 0.05)),
        (merge(marks), ink),
    ]
    turn = rng.uniform(-28, 28)
    return [(transform(raised(m, 3.6), rotate=(-8, 0, turn)), material) for m, material in parts]


def glasses(rng: random.Random, look: ProductLook) -> list[Part]:
    """Spectacles or sunglasses from the front, temples going back."""
    wide, tall = rng.uniform(3.0, 3.8), rng.uniform(2.2, 3.4)
    frame = Material("metal", rng.choice((GOLD, SILVER)), 0.25) if rng.random() < 0.35 else look.body(rng)
    thick = 0.16 if frame.kind == "metal" else rng.uniform(0.25, 0.42)
    round_lens = rng.random() < 0.4
    outline = (
        [
            (wide / 2 * math.cos(a), tall / 2 * math.sin(a))
            for a in np.linspace(0, math.tau, 32, endpoint=False)
        ]
        if round_lens
        else capsule(wide, tall, 6)
    )
    rims, lenses, arms = [], [], []
    z = tall / 2 + thick
    for side in (-1, 1):
        x = side * (wide / 2 + 0.6)
        rims.append(tube([[x + px, 0, z + pz] for px, pz in outline], thick, 10, closed=True))
        lenses.append(transform(upright(extrude(outline, 0.12)), translate=(x, 0, z)))
        far = side * (wide + 0.7)
        arms.append(tube([[far, 0, z + 0.5], [far, 4.5, z + 0.5], [far * 0.97, 6, z - 0.4]], thick * 0.8))
    bridge = tube(arc((0, z + 0.2), 0.75, 15, 165, 8), thick)
    tint = look.colour(rng, rng.choice((look.accent, "black", "brown")))
    lens = Material("plastic", tuple(int(c * 0.55) for c in tint), 0.03)  # type: ignore[arg-type]
    turn = rng.uniform(-30, 30)
    parts = [(merge([*rims, *arms, bridge]), frame), (merge(lenses), lens)]
    return turned(parts, turn)


Line = NDArray[np.float64]

SHOE = 13.0  # length


def shoe(rng: random.Random, look: ProductLook) -> list[Part]:
    """A sports shoe from the side: sole, upper, collar, laces."""
    side = rng.choice((-1, 1))
    t = np.linspace(0, 1, 32)  # heel to toe
    half = 1.75 * np.sqrt(np.clip(1 - np.abs(2 * t - 0.95) ** 4.2, 0.0, 1)) * (0.82 + 0.28 * t)
    high = rng.uniform(4.2, 6.5)
    heel = 1 - 0.12 * np.sin(t / 0.42 * math.pi)
    slope = np.exp(-((np.maximum(t - 0.42, 0) / 0.33) ** 1.6)) * 0.72 + 0.28
    top = 1.2 + (high - 1.2) * np.where(t < 0.42, heel, slope)
    sheet = _upper(side, t, half, top)
    sole = extrude(_sole(side, t, half), rng.uniform(1.2, 2.2), 0.2)
    upper = look.body(rng) if look.finish != "metal" else Material("fabric", look.colour(rng))
    stripe = Material("plastic", look.colour(rng, look.accent), 0.3)
    laces = []
    for k in range(5):
        x, z = side * (0.055 * k - 0.04) * SHOE, float(np.interp(0.46 + 0.055 * k, t, top))
        laces.append(tube([[x, -0.75, z - 0.18], [x, 0, z + 0.1], [x, 0.75, z - 0.18]], 0.16, 8))
    stripes = []
    for k in range(rng.randrange(1, 4)):
        x = side * (-0.02 + 0.09 * k) * SHOE
        y = -float(np.interp(0.5 + 0.09 * k, t, half))
        rise = [(0.0, y - 0.02, 1.6), (0.6, y * 0.97 - 0.06, 2.4), (1.2, y * 0.86 - 0.04, 3.3)]
        stripes.append(tube([[x - side * back, at_y, z] for back, at_y, z in rise], 0.3, 8))
    mouth = at(superellipsoid((1.9, 1.15, 0.3), 0.8, 0.9), side * -0.27 * SHOE, 0, high * 0.985)
    pale = Material("plastic", look.colour(rng, rng.choice(("white", "white", look.accent, "black"))), 0.4)
    lacing = WHITE if sum(upper.colour) < 500 else DARK
    return [
        (sheet, upper), (sole, pale), (merge(laces), lacing), (merge(stripes), stripe), (mouth, DARK),
    ]  # fmt: skip


def _upper(side: int, t: Line, half: Line, top: Line) -> Mesh:
    """The shoe's body: an arch of half width ``half`` and height ``top`` at each place from heel to toe."""
    angle = np.linspace(0, math.pi, 17)
    cos, sin = np.cos(angle), np.sin(angle)
    points = np.empty((len(t), len(angle), 3))
    points[..., 0] = side * (t[:, None] - 0.5) * SHOE
    points[..., 1] = half[:, None] * np.sign(cos) * np.abs(cos) ** 0.6
    points[..., 2] = 0.9 + (top[:, None] - 0.9) * np.abs(sin) ** 0.7
    return grid(points[:, ::-1] if side < 0 else points)


def _sole(side: int, t: Line, half: Line) -> Line:
    """The sole's outline, counter-clockwise, a little wider than the upper."""
    x = side * (t - 0.5) * SHOE
    rim = np.concatenate([np.stack([x, half * 1.06], -1), np.stack([x[::-1], -half[::-1] * 1.06], -1)])
    plan = rim if side < 0 else rim[::-1]
    apart = np.linalg.norm(np.diff(plan, axis=0), axis=1) > 0.02
    return np.asarray(plan[np.concatenate([[True], apart])])
