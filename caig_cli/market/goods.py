"""Goods that are no packages: mugs, pans, toys, shoes, headphones and more. Same conventions as packages."""

from __future__ import annotations

import math
import random

import numpy as np

from caig_cli.market.look import Look, Part
from caig_cli.market.packaging import bend, foot, raised, turned
from caig_cli.painters.studio.materials import Colour, Material
from caig_cli.painters.studio.mesh import (
    Mesh, box, cylinder, extrude, lathe, merge, moved, pillow, sphere, superellipsoid, torus, transform, tube,
)  # fmt: skip

GOLD, SILVER, ROSE = (214, 176, 104), (206, 206, 210), (216, 152, 130)
DARK = Material("plastic", (26, 26, 28), roughness=0.25)
WHITE = Material("plastic", (238, 236, 232), roughness=0.2)


def arc(centre: tuple[float, float], radius: float, start: float, end: float, steps: int = 16) -> list[list[float]]:
    """Points of a circular arc in the x-z plane; degrees, 0 along +x."""
    angles = np.radians(np.linspace(start, end, steps))
    return [[centre[0] + radius * math.cos(a), 0.0, centre[1] + radius * math.sin(a)] for a in angles]


def capsule(width: float, height: float, steps: int = 10) -> list[tuple[float, float]]:
    """A rounded rectangle around the origin, counter-clockwise."""
    r = min(width, height) * 0.32
    corners = ((1, -1, -90), (1, 1, 0), (-1, 1, 90), (-1, -1, 180))
    points = []
    for sx, sy, start in corners:
        for a in np.radians(np.linspace(start, start + 90, steps)):
            points.append((sx * (width / 2 - r) + r * math.cos(a), sy * (height / 2 - r) + r * math.sin(a)))
    return points


def upright(mesh: Mesh) -> Mesh:
    """A plan drawn in x-y stood up so that it faces the camera."""
    return transform(mesh, rotate=(90, 0, 0))


def mug(rng: random.Random, look: Look) -> list[Part]:
    """A cup with a handle at its side."""
    radius, height = rng.uniform(3.4, 4.4), rng.uniform(6, 10)
    top, wall = radius * rng.uniform(0.95, 1.2), 0.35
    profile = [*foot(radius, 0.6), (top, height), (top - wall, height), (radius - wall, 0.6), (0, 0.6)]
    texture = look.wrap(rng, math.tau * radius / height, share=None if rng.random() < 0.6 else 0.34)
    body = look.body(rng, texture=texture if rng.random() < 0.6 else None)
    side, z = rng.choice((-1, 1)), height * 0.52
    grip = height * rng.uniform(0.26, 0.34)
    ring = [[side * (radius * 0.97 + abs(x)), y, zz] for x, y, zz in arc((0, z), grip, -95, 95)]
    same = Material(body.kind, look.colour(rng), body.roughness)
    return [(lathe(profile, 56), body), (tube(ring, 0.55, 14), same)]


def pan(rng: random.Random, look: Look) -> list[Part]:
    """A frying pan or pot: one long handle, or two short ones and a lid."""
    radius, deep = rng.uniform(6, 7.5), rng.uniform(2, 7)
    profile = [*foot(radius * 0.88, 0.8), (radius, deep), (radius - 0.25, deep), (radius * 0.86, 0.4), (0, 0.4)]
    body = look.body(rng)
    parts: list[Part] = [(lathe(profile, 64), body)]
    trim = rng.choice((DARK, look.trim(rng), Material("matte", (150, 100, 62), 0.5)))
    if deep < 4.5:
        side = rng.choice((-1, 1))
        path = [[side * radius * 0.97, 0, deep * 0.75], [side * (radius + 3), 0, deep + 1.2], [side * (radius + 9), 0, deep + 2.0]]
        parts.append((transform(tube(path, [0.55, 0.6, 0.75]), scale=(1, 1.4, 1)), trim))
        if rng.random() < 0.35:
            return parts
    else:
        for side in (-1, 1):
            loop = [[side * (radius - 0.4 + 1.6 * math.sin(t)), 2.0 * math.cos(t), deep * 0.72] for t in np.linspace(0, math.pi, 12)]
            parts.append((tube(loop, 0.4), trim))
    if deep >= 4.5 or rng.random() < 0.3:
        glass = Material("plastic", (196, 206, 210), 0.05) if rng.random() < 0.6 else body
        lid = lathe([(radius, 0), *bend((radius, 0.3), (0.0, rng.uniform(1.2, 2.4)))], 64)
        parts += [(raised(lid, deep), glass), (raised(sphere(0.9), deep + 2.4), trim)]
    return parts


def flask(rng: random.Random, look: Look) -> list[Part]:
    """A slim insulated bottle with a tall cap or a straw lid."""
    radius, height = rng.uniform(2.6, 3.4), rng.uniform(11, 16)
    top = radius * rng.uniform(0.8, 1.0)
    profile = [*foot(radius, 0.3), (radius, height * 0.88), *bend((radius, height * 0.88), (top, height)), (0, height)]
    steel = Material("metal", SILVER, 0.25)
    texture = look.wrap(rng, math.tau * radius / height, share=0.24)
    cap = cylinder(top * rng.uniform(0.92, 1.0), rng.uniform(1.8, 4), 0.3)
    parts = [
        (lathe(profile, 56), look.body(rng, texture=texture if rng.random() < 0.5 else None)),
        (raised(cylinder(top * 1.01, 0.5, 0.05), height - 0.2), steel),
        (raised(cap, height + 0.2), look.trim(rng)),
        (cylinder(radius * 1.005, 0.7, 0.1), steel),
    ]
    if rng.random() < 0.35:
        loop = arc((0, height + 3), 1.9, 0, 180)
        parts.append((tube(loop, 0.35), look.trim(rng)))
    return parts


def book(rng: random.Random, look: Look) -> list[Part]:
    """A closed book standing upright, its cover to the camera, spine and pages visible when turned."""
    width = rng.uniform(9, 12)
    height, thick = width * rng.uniform(1.2, 1.5), rng.uniform(0.9, 2.8)
    art = look.box_art(rng, (130, round(130 * height / width)))
    cover = look.body(rng, texture=art)
    boards = [transform(box((width, 0.3, height), 0.05), translate=(0, y, 0)) for y in (-thick / 2, thick / 2)]
    spine = transform(box((0.35, thick, height), 0.08), translate=(-width / 2, 0, 0))
    pages = transform(box((width - 0.5, thick - 0.1, height - 0.6), 0.02), translate=(0, 0, 0.3))
    parts = [(merge(boards), cover), (spine, look.body(rng)), (pages, Material("matte", (238, 232, 216), 0.9))]
    if rng.random() < 0.3:
        band = transform(box((0.6, thick + 0.7, height + 0.02), 0.02), translate=(width * 0.36, 0, 0))
        parts.append((band, Material("fabric", look.colour(rng, look.accent))))
    return turned(parts, rng.uniform(12, 40))


def candle(rng: random.Random, look: Look) -> list[Part]:
    """A candle in a glass or tin, or a bare pillar; with a wick, at times a small flame."""
    radius, height = rng.uniform(3, 4), rng.uniform(5, 9)
    if rng.random() < 0.65:
        texture = look.wrap(rng, math.tau * radius / height, share=0.3)
        wall = [*foot(radius, 0.4), (radius, height), (radius - 0.25, height), (radius - 0.25, height - 1.2)]
        wax = raised(cylinder(radius - 0.25, 0.2), height - 1.4)
        parts = [(lathe(wall, 56), look.body(rng, texture=texture)), (wax, Material("matte", (244, 236, 218), 0.5))]
        top = height - 1.2
    else:
        ridge = rng.choice((0.0, 0.0, 0.06))
        mesh = cylinder(radius, height, 0.5, 72)
        angle = np.arctan2(mesh.vertices[:, 1], mesh.vertices[:, 0])
        swell = 1 + ridge * np.cos(12 * angle)
        vertices = mesh.vertices * np.stack([swell, swell, np.ones_like(swell)], axis=-1)
        parts = [(moved(mesh, vertices) if ridge else mesh, Material("matte", look.colour(rng), 0.45))]
        top = height
    parts.append((raised(cylinder(0.14, 1.0), top - 0.1), Material("matte", (48, 40, 36), 0.9)))
    if rng.random() < 0.6:
        flame = lathe([(0, 0), *bend((0.02, 0.0), (0.5, 0.7)), *bend((0.5, 0.8), (0, 2.3), kind="soft")], 24)
        parts.append((raised(flame, top + 0.5), Material("matte", (255, 206, 110), 0.9)))
    return parts


def lipstick(rng: random.Random, look: Look) -> list[Part]:
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
    return [(case, shell), (collar, metal), (raised(moved(bullet, v), 4.8), Material("plastic", look.colour(rng), 0.3))]


def ring(rng: random.Random, look: Look) -> list[Part]:
    """A ring or bangle, standing up, often with a stone."""
    radius, thick = 3.2, rng.uniform(0.22, 0.5)
    metal = Material("metal", rng.choice((GOLD, GOLD, SILVER, ROSE)), 0.2)
    hoop = transform(torus(radius, thick, 72), rotate=(90, 0, rng.uniform(-35, 35)), translate=(0, 0, radius + thick))
    parts = [(hoop, metal)]
    top = 2 * (radius + thick)
    if rng.random() < 0.75:
        size = rng.uniform(0.7, 1.5)
        gem = lathe([(0, 0), (size, size * 0.8), (size * 0.6, size * 1.2), (0, size * 1.2)], rng.choice((6, 8, 10)))
        stone = Material("plastic", look.colour(rng), 0.02)
        setting = raised(cylinder(size * 0.6, 0.5, 0.1), top - 0.2)
        parts += [(setting, metal), (raised(gem, top), stone)]
    return parts


def watch(rng: random.Random, look: Look) -> list[Part]:
    """A wristwatch, its dial to the camera, the strap closed behind."""
    radius = 2.6
    square = rng.random() < 0.3
    metal = Material("metal", rng.choice((SILVER, SILVER, GOLD, ROSE, (60, 60, 64))), 0.25)
    plan = capsule(2 * radius, 2.2 * radius) if square else [(radius * math.cos(a), radius * math.sin(a)) for a in np.linspace(0, math.tau, 48, endpoint=False)]
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
    parts = [(strap, band), (merge([case, crown]), metal), (dial, Material("plastic", dial_colour, 0.05)), (merge(marks), ink)]
    turn = rng.uniform(-28, 28)
    return [(transform(raised(m, 3.6), rotate=(-8, 0, turn)), material) for m, material in parts]


def headphones(rng: random.Random, look: Look) -> list[Part]:
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


def glasses(rng: random.Random, look: Look) -> list[Part]:
    """Spectacles or sunglasses from the front, temples going back."""
    wide, tall = rng.uniform(3.0, 3.8), rng.uniform(2.2, 3.4)
    frame = Material("metal", rng.choice((GOLD, SILVER)), 0.25) if rng.random() < 0.35 else look.body(rng)
    thick = 0.16 if frame.kind == "metal" else rng.uniform(0.25, 0.42)
    round_lens = rng.random() < 0.4
    outline = [(wide / 2 * math.cos(a), tall / 2 * math.sin(a)) for a in np.linspace(0, math.tau, 32, endpoint=False)] if round_lens else capsule(wide, tall, 6)
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


def ball(rng: random.Random, look: Look) -> list[Part]:
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
        seam = (np.abs(p[..., 0]) < 0.035) | (np.abs(p[..., 1]) < 0.035) | (np.abs(np.abs(p[..., 2]) - 0.62) < 0.03)
        texture[seam] = (30, 28, 28) if sum(first) > 250 else (230, 228, 222)
    elif kind == 2:  # volleyball swirls
        texture[(np.sin(3 * np.arctan2(p[..., 1], p[..., 0]) + 4 * p[..., 2]) > 0.1)] = second
    else:
        texture[(np.abs(p[..., 2]) < 0.35) & (np.abs(p[..., 2]) > 0.08)] = second
    return [(raised(sphere(5, 24, 48), 5), Material("plastic", first, 0.4, texture=texture))]


_GOLDEN = (1 + 5**0.5) / 2
_ICOSAHEDRON = np.array([
    *[(0, a, b * _GOLDEN) for a in (-1, 1) for b in (-1, 1)], *[(a, b * _GOLDEN, 0) for a in (-1, 1) for b in (-1, 1)],
    *[(b * _GOLDEN, 0, a) for a in (-1, 1) for b in (-1, 1)],
]) / math.hypot(1, _GOLDEN)  # fmt: skip


def plush(rng: random.Random, look: Look) -> list[Part]:
    """A sitting plush animal: ears say whether it is a bear, a rabbit, a cat or an elephant."""
    fur, pale = look.colour(rng), look.colour(rng, look.accent if rng.random() < 0.5 else "cream")
    head = rng.uniform(2.5, 3.1)
    z = 6.2 + head * 0.7
    body = transform(sphere(3.2), scale=(1, 0.9, 1.1), translate=(0, 0, 3.4))
    limbs = [transform(sphere(1.3), scale=(1, 1.3, 1.0), translate=(s * 2.4, -1.6, 1.1)) for s in (-1, 1)]
    limbs += [transform(sphere(1.0), scale=(0.85, 0.9, 1.9), rotate=(-25, s * -28, 0), translate=(s * 3.1, -0.6, 4.4)) for s in (-1, 1)]
    skull = transform(sphere(head), scale=(1.08, 0.95, 0.95), translate=(0, -0.3, z))
    ears = [_ear(rng_kind, side, head, z) for rng_kind in (rng.choice(("bear", "rabbit", "rabbit", "cat", "floppy")),) for side in (-1, 1)]
    muzzle = transform(sphere(head * 0.42), scale=(1.15, 0.7, 0.85), translate=(0, -head * 0.92, z - head * 0.28))
    belly = transform(sphere(2.4), scale=(0.95, 0.6, 1.05), translate=(0, -1.75, 3.4))
    eyes = [transform(sphere(0.27, 8, 12), translate=(s * head * 0.4, -head * 1.13, z + head * 0.12)) for s in (-1, 1)]
    nose = transform(sphere(0.33, 8, 12), scale=(1.3, 0.8, 0.9), translate=(0, -head * 1.33, z - head * 0.16))
    parts = [
        (merge([body, *limbs, skull, *ears]), Material("fabric", fur)),
        (merge([muzzle, belly]), Material("fabric", pale)), (merge([*eyes, nose]), DARK),
    ]  # fmt: skip
    if rng.random() < 0.4:
        bow = Material("fabric", look.colour(rng, rng.choice(("red", "pink", "blue", look.accent))))
        knots = [transform(sphere(0.8), scale=(1.2, 0.6, 0.8), translate=(s * 0.9, -2.7, 6.3)) for s in (-1, 1)]
        parts.append((merge(knots), bow))
    return turned(parts, rng.uniform(-20, 20))


def _ear(kind: str, side: int, head: float, z: float) -> Mesh:
    if kind == "bear":
        return transform(sphere(head * 0.38), scale=(1, 0.5, 1), translate=(side * head * 0.75, -0.2, z + head * 0.78))
    if kind == "rabbit":
        return transform(sphere(head * 0.34), scale=(1, 0.5, 3.0), rotate=(0, side * 12, 0), translate=(side * head * 0.42, 0, z + head * 1.6))
    if kind == "cat":
        cone_ear = lathe([(0, 0), (head * 0.4, 0), (0.1, head * 0.75), (0, head * 0.78)], 24)
        return transform(cone_ear, scale=(1, 0.5, 1), rotate=(0, side * 18, 0), translate=(side * head * 0.58, -0.2, z + head * 0.55))
    return transform(sphere(head * 0.5), scale=(0.8, 0.35, 1.35), rotate=(0, side * -25, 0), translate=(side * head * 1.15, -0.2, z - head * 0.1))


def shoe(rng: random.Random, look: Look) -> list[Part]:
    """A sports shoe from the side: sole, upper, collar, laces."""
    side = rng.choice((-1, 1))
    steps = 32
    t = np.linspace(0, 1, steps)  # heel to toe
    length = 13.0
    half = 1.75 * np.sqrt(np.clip(1 - np.abs(2 * t - 0.95) ** 4.2, 0.0, 1)) * (0.82 + 0.28 * t)
    high = rng.uniform(4.2, 6.5)
    top = 1.2 + (high - 1.2) * np.where(t < 0.42, 1 - 0.12 * np.sin(t / 0.42 * math.pi), np.exp(-((np.maximum(t - 0.42, 0) / 0.33) ** 1.6)) * 0.72 + 0.28)
    angle = np.linspace(0, math.pi, 17)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    points = np.empty((steps, 17, 3))
    points[..., 0] = side * (t[:, None] - 0.5) * length
    points[..., 1] = half[:, None] * np.sign(ring[:, 0]) * np.abs(ring[:, 0]) ** 0.6
    points[..., 2] = 0.9 + (top[:, None] - 0.9) * np.abs(ring[:, 1]) ** 0.7
    sheet = _sheet(points, outward_flip=side < 0)
    rim = np.concatenate([np.stack([points[:, 0, 0], half * 1.06], -1), np.stack([points[::-1, 0, 0], -half[::-1] * 1.06], -1)])
    plan = rim if side < 0 else rim[::-1]
    plan = plan[np.concatenate([[True], np.linalg.norm(np.diff(plan, axis=0), axis=1) > 0.02])]
    thick = rng.uniform(1.2, 2.2)
    sole = extrude(plan, thick, 0.2)
    upper = look.body(rng) if look.finish != "metal" else Material("fabric", look.colour(rng))
    stripe = Material("plastic", look.colour(rng, look.accent), 0.3)
    laces = []
    for k in range(5):
        at = 0.46 + 0.055 * k
        x, z = side * (at - 0.5) * length, float(np.interp(at, t, top))
        w = 0.75
        laces.append(tube([[x, -w, z - 0.18], [x, 0, z + 0.1], [x, w, z - 0.18]], 0.16, 8))
    swoosh = []
    for k in range(rng.randrange(1, 4)):
        x = side * (-0.02 + 0.09 * k) * length
        y = -float(np.interp(0.5 + 0.09 * k, t, half))
        swoosh.append(tube([[x, y - 0.02, 1.6], [x - side * 0.6, y * 0.97 - 0.06, 2.4], [x - side * 1.2, y * 0.86 - 0.04, 3.3]], 0.3, 8))
    hole = superellipsoid((1.9, 1.15, 0.3), 0.8, 0.9)
    mouth = transform(hole, translate=(side * -0.27 * length, 0, high * 0.985))
    pale = Material("plastic", look.colour(rng, rng.choice(("white", "white", look.accent, "black"))), 0.4)
    return [(sheet, upper), (sole, pale), (merge(laces), WHITE if sum(upper.colour) < 500 else DARK), (merge(swoosh), stripe), (mouth, DARK)]


def _sheet(points: np.ndarray, *, outward_flip: bool) -> Mesh:
    from caig_cli.painters.studio.geometry import grid

    return grid(points[:, ::-1] if outward_flip else points)


def blocks(rng: random.Random, look: Look) -> list[Part]:
    """A small pile of coloured building blocks."""
    words = [look.main, look.accent, *rng.sample(("red", "yellow", "blue", "green", "orange"), 3)]
    studs = rng.random() < 0.5
    parts, spots = [], [(-3.2, 0.0, 0), (0.2, 0.0, 0), (3.6, 0.0, 0), (-1.5, 0.0, 1), (1.9, 0.0, 1), (0.2, 0.0, 2)]
    for x, y, level in spots[: rng.choice((4, 5, 6, 6))]:
        colour = look.colour(rng, rng.choice(words))
        material = Material("plastic", colour, 0.15) if studs else Material("matte", colour, 0.4)
        block: Mesh = box((3.2, 3.2, 3.0), 0.2)
        if studs:
            pins = [transform(cylinder(0.6, 0.5, 0.1, 20), translate=(a, b, 2.98)) for a in (-0.8, 0.8) for b in (-0.8, 0.8)]
            block = merge([block, *pins])
        elif level == 2 or rng.random() < 0.25:
            block = rng.choice((cylinder(1.6, 3.0, 0.2), lathe([(0, 0), (1.7, 0), (0, 3.0)], 4), raised(sphere(1.5), 1.5)))
        parts.append((transform(block, rotate=(0, 0, rng.uniform(-14, 14)), translate=(x, y, 3.0 * level)), material))
    return parts


def speaker(rng: random.Random, look: Look) -> list[Part]:
    """A loudspeaker: a box with cones, or a fabric cylinder."""
    grille: Colour = (34, 34, 36)
    if rng.random() < 0.55:
        width, height = rng.uniform(5.5, 8), rng.uniform(9, 13)
        body = (box((width, width * 0.8, height), rng.uniform(0.1, 0.6), 3), look.body(rng))
        cones, rings = [], []
        sizes = ((0.32, 0.36), (0.76, 0.2)) if rng.random() < 0.6 else ((0.5, 0.38),)
        for z, share in sizes:
            r = width * share
            cones.append(transform(lathe([(0, 0.5), (r * 0.3, 0.45), (r * 0.9, 0.0), (r, 0.3)], 40), rotate=(90, 0, 0), translate=(0, -width * 0.4, height * z)))
            rings.append(transform(torus(r, 0.18, 40), rotate=(90, 0, 0), translate=(0, -width * 0.41, height * z)))
        trim = look.trim(rng)
        parts = [body, (merge(cones), Material("plastic", grille, 0.35)), (merge(rings), trim)]
        return turned(parts, rng.uniform(8, 38) * rng.choice((-1, 1)))
    radius, height = rng.uniform(3.5, 5), rng.uniform(5, 12)
    mesh = cylinder(radius, height, 0.7, 56)
    cap = cylinder(radius * 0.86, 0.3, 0.1)
    foot_ring = cylinder(radius * 1.01, 0.6, 0.2, 56)
    cloth = Material("fabric", look.colour(rng))
    return [(mesh, cloth), (raised(cap, height - 0.15), DARK), (foot_ring, look.trim(rng))]


def power_bank(rng: random.Random, look: Look) -> list[Part]:
    """A flat slab standing up, with ports and a light."""
    width, height = rng.uniform(5.5, 7), rng.uniform(9, 13)
    slab = upright(extrude(capsule(width, height), rng.uniform(1.2, 2.2), 0.25))
    slab = raised(slab, height / 2)
    art = look.box_art(rng, (90, 150)) if rng.random() < 0.4 else None
    parts: list[Part] = [(slab, look.body(rng, texture=art))]
    front = -float(np.ptp(slab.vertices[:, 1])) - 0.01
    dots = [transform(cylinder(0.16, 0.1), rotate=(90, 0, 0), translate=(-0.9 + 0.6 * k, front, height * 0.88)) for k in range(4)]
    parts.append((merge(dots), Material("matte", (170, 226, 250), 0.9)))
    ports = [transform(box((1.3, 0.5, 0.3), 0.1), translate=(x, front / 2, height - 0.12)) for x in (-1.4, 1.4)]
    parts.append((merge(ports), DARK))
    return turned(parts, rng.uniform(-35, 35))


def keyboard(rng: random.Random, look: Look) -> list[Part]:
    """A computer keyboard tilted towards the camera, rows of keys, some in the accent colour."""
    columns, rows = rng.choice((11, 14, 16)), 5
    width, deep = columns * 1.0 + 0.6, rows * 1.0 + 0.6
    case = box((width, deep, 0.8), 0.25)
    plain, marked = [], []
    for row in range(rows):
        x = -columns / 2
        while x < columns / 2 - 0.01:
            span = 1.0
            if row == 0 and abs(x + columns / 2 - 3) < 0.01:
                span = 5.0
            elif x + 2 >= columns / 2 - 0.01 and row in (1, 2):
                span = columns / 2 - x
            key = transform(box((span - 0.14, 0.86, 0.55), 0.12, 1), translate=(x + span / 2, (row - 2) * 1.0, 0.7))
            (marked if rng.random() < 0.12 or span > 3 else plain).append(key)
            x += span
    accent = Material("plastic", look.colour(rng, look.accent), 0.35)
    caps = Material("plastic", look.colour(rng), 0.35)
    frame = rng.choice((caps, DARK, WHITE, Material("metal", SILVER, 0.4)))
    parts = [(case, frame), (merge(plain), caps), (merge(marked), accent)]
    tilt, turn = rng.uniform(28, 60), rng.uniform(-18, 18)
    return [(raised(transform(transform(m, rotate=(tilt, 0, 0)), rotate=(0, 0, turn)), deep / 2), material) for m, material in parts]


def cushion(rng: random.Random, look: Look) -> list[Part]:
    """A soft square or oblong cushion leaning back, plain, striped or patterned."""
    width = rng.uniform(9, 13)
    height = width * rng.choice((1.0, 1.0, 0.65))
    mesh = pillow(width, height, width * 0.42, seal=0.15)
    texture = _cloth(rng, look) if rng.random() < 0.7 else None
    leaning = transform(mesh, rotate=(-12, 0, rng.uniform(-20, 20)))
    return [(leaning, Material("fabric", look.colour(rng), texture=texture))]


def _cloth(rng: random.Random, look: Look) -> np.ndarray:
    first, second = look.colour(rng), look.colour(rng, look.accent)
    texture = np.empty((96, 96, 3), np.uint8)
    texture[:] = first
    y, x = np.mgrid[0:96, 0:96]
    step = rng.choice((12, 16, 24, 32))
    masks = (
        (x % step) < step // 3, (y % step) < step // 3, ((x // step) + (y // step)) % 2 == 0,
        ((x % step - step / 2) ** 2 + (y % step - step / 2) ** 2) < (step * 0.27) ** 2, ((x + y) % step) < step // 3,
        (np.minimum(np.minimum(x, y), 95 - np.maximum(x, y)) < 7),
    )  # fmt: skip
    texture[rng.choice(masks)] = second
    return texture
