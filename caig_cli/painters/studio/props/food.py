"""Props one can eat or drink: fruit, berries, coffee, spices."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from caig_cli.painters.studio.materials import Colour, Material
from caig_cli.painters.studio.mesh import (
    Mesh,
    copies,
    grid,
    lathe,
    merge,
    moved,
    rotation,
    sphere,
    torus,
    transform,
    tube,
)
from caig_cli.painters.studio.props.kit import (
    LEAF_GREENS,
    Parts,
    apple_skin,
    citrus_cut,
    crema_skin,
    leaf,
    leaf_skin,
    lumpy,
    peel_skin,
    pick,
    placed,
    rest,
    shade,
    spread,
    stand,
    varied,
)

LEMON, LIME, ORANGE = (246, 206, 62), (122, 172, 62), (240, 140, 40)


def lemons(rng: Generator, colour: Colour | None = None) -> Parts:
    """Two or three lemons, one cut open, with leaves."""
    peel = colour or LEMON
    return _citrus(rng, peel, shade(peel, 1.06, (255, 244, 190), 0.45), 2.9, nipple=0.75)


def oranges(rng: Generator, colour: Colour | None = None) -> Parts:
    """Two or three oranges, one cut open, with leaves."""
    peel = colour or ORANGE
    return _citrus(rng, peel, shade(peel, 1.06, (255, 190, 90), 0.4), 3.6, nipple=0.0)


def _citrus(rng: Generator, peel: Colour, flesh: Colour, radius: float, nipple: float) -> Parts:
    skin, pores = peel_skin(peel)
    rind = Material("plastic", peel, 0.45, skin, (2, 1), pores, 0.01)
    cut = Material("plastic", flesh, 0.3, citrus_cut(peel, flesh))
    whole = int(rng.integers(2, 4))
    places = spread(rng, [radius * 1.25] * (whole + 1), radius * 3.0)
    parts: Parts = []
    for k, (x, y) in enumerate(places):
        fruit = _fruit(rng, radius * rng.uniform(0.92, 1.05), nipple)
        if k == whole:
            size = radius * 0.97
            half = moved(fruit, np.minimum(fruit.vertices, [1e9, 1e9, 0.0]))
            lean = rotation(x=rng.uniform(38, 58), z=rng.uniform(-30, 30))
            disc = lathe([(0, 0.03), (size, 0.03), (size * 1.005, 0)], 40)
            face = Mesh(disc.vertices, disc.faces[::-1, ::-1], disc.vertices[:, :2] / (2.02 * size) + 0.5)
            bowl = transform(half, rotate=lean)
            low = float(bowl.vertices[:, 2].min())
            parts += [
                (transform(bowl, (x, y, -low)), rind),
                (transform(_facing(face), (x, y, -low), lean), cut),
            ]
            continue
        tilt = (
            (rng.uniform(60, 100), 0, rng.uniform(0, 360))
            if nipple
            else (rng.uniform(-50, 50), 0, rng.uniform(0, 360))
        )
        parts.append((transform(rest(transform(fruit, rotate=tilt)), (x, y, 0)), rind))
    slice_at = places.mean(axis=0) + [radius * 1.4, -radius * 2.2]
    parts += placed(_slice(radius * 0.95, cut, rind), (*slice_at, 0))
    return stand([*parts, *_foliage(rng, places[0], radius)])


def _facing(disc: Mesh) -> Mesh:
    """The disc with normals straight up, as a cut is flat."""
    up = np.broadcast_to(np.array([0, 0, 1], np.float32), disc.vertices.shape).copy()
    faces = disc.faces if _upwards(disc) else disc.faces[:, ::-1].copy()
    return Mesh(disc.vertices, faces, disc.uv, True, up)


def _upwards(disc: Mesh) -> bool:
    a, b, c = (disc.vertices[disc.faces[0, k]] for k in range(3))
    return bool(np.cross(b - a, c - a)[2] > 0)


def _fruit(rng: Generator, radius: float, nipple: float) -> Mesh:
    """A citrus around the origin, its axis along z."""
    t = np.linspace(-np.pi / 2, np.pi / 2, 27)
    tip = nipple * np.exp(-(((np.abs(t) - np.pi / 2) / 0.28) ** 2))
    r = radius * np.cos(t) * (1 - 0.12 * (nipple > 0) * np.abs(np.sin(t)))
    z = radius * np.sin(t) * (1.16 if nipple else 0.94) + radius * 0.24 * np.sign(t) * tip
    r[[0, -1]] = 0
    return lumpy(lathe(np.stack([r, z], axis=-1), 36), rng, 0.012, 1.6, 2)


def _slice(radius: float, cut: Material, rind: Material) -> Parts:
    """A thin wheel lying flat."""
    rim = lathe([(radius * 0.96, 0), (radius, 0.12), (radius, 0.4), (radius * 0.96, 0.5)], 40)
    disc = lathe([(0, 0.5), (radius * 0.97, 0.49)], 40)
    face = Mesh(disc.vertices, disc.faces, disc.vertices[:, :2] / (2.0 * radius) + 0.5)
    return [(rim, rind), (_facing(face), cut)]


def _foliage(rng: Generator, at: np.ndarray[tuple[int], np.dtype[np.float64]], radius: float) -> Parts:
    green = pick(rng, LEAF_GREENS[:2])
    blades = []
    for turn in rng.uniform(0, 360) + np.array([0, 55, 130]):
        out = rotation(z=turn) @ np.array([0, radius * 0.7, 0.35])
        blades.append(
            transform(
                leaf(radius * 1.7, radius * 0.8, 18, 0.2),
                (at[0] + out[0], at[1] + out[1], 0.5),
                rotation(x=16, z=turn),
            )
        )
    lifted = [moved(b, np.maximum(b.vertices, [-1e9, -1e9, 0.05])) for b in blades]
    return [(merge(lifted), Material("translucent", green, 0.3, leaf_skin(green)))]


def apples(rng: Generator, colour: Colour | None = None) -> Parts:
    """Three apples with stalks and a leaf."""
    base, blush = pick(
        rng,
        (((226, 190, 92), (176, 32, 38)), ((150, 178, 70), (186, 194, 100)), ((204, 70, 56), (150, 20, 34))),
    )
    if colour:
        base, blush = shade(colour, 1.15, (236, 214, 130), 0.25), colour
    skin = Material("plastic", blush, 0.12, apple_skin(base, blush))
    t = np.linspace(0, 2 * np.pi, 40)[1:-1] / 2
    # a cardioid, narrower below, with a dimple at both ends
    r = 3.7 * np.sin(t) * (1 + 0.16 * np.cos(t) * -1) * 1.02
    z = 3.3 - 3.3 * np.cos(t) * (1 - 0.0 * t)
    z = (
        z
        - 1.0 * np.exp(-((r / 1.1) ** 2)) * (t > np.pi / 2)
        + 0.55 * np.exp(-((r / 0.9) ** 2)) * (t < np.pi / 2)
    )
    profile = np.stack([np.append(np.insert(r, 0, 0), 0), np.append(np.insert(z, 0, z[0]), z[-1])], axis=-1)
    parts: Parts = []
    for k, (x, y) in enumerate(spread(rng, [3.9] * 3, 8.4)):
        body = lumpy(lathe(profile, 40), rng, 0.03, 1.0, 1)
        s = np.linspace(0, 1, 8)
        stalk = tube(np.stack([0.5 * s**2, 0 * s, 5.2 + 2.3 * s], axis=-1), 0.13 + 0.06 * s**3, 8)
        fruit: Parts = [(body, skin), (stalk, Material("matte", (92, 66, 40), 0.9))]
        if k == 0:
            blade = transform(leaf(3.6, 1.8, 40, 0.2), (0.3, 0, 7.0), rotation(x=15, z=-70))
            fruit.append((blade, Material("translucent", LEAF_GREENS[2], 0.35, leaf_skin(LEAF_GREENS[2]))))
        tilt = (
            rotation(x=rng.uniform(-16, 16), z=rng.uniform(0, 360))
            if k < 2
            else rotation(x=rng.uniform(55, 75), z=rng.uniform(-50, 50))
        )
        turned = placed(fruit, rotate=tilt)
        parts += placed(turned, (x, y, -float(turned[0][0].vertices[:, 2].min())), scale=1.0)
    return stand(parts)


def berries(rng: Generator, colour: Colour | None = None) -> Parts:
    """A heap of blueberries and raspberries with mint."""
    red = colour or (188, 32, 58)
    blue_at = _heap(rng, 22, 0.72, 5.2)
    rasp_at = _heap(rng, 9, 1.15, 5.8)
    blueberry = _blueberry()
    turns = rotation(rng.uniform(-70, 70, len(blue_at)), rng.uniform(-70, 70, len(blue_at)))
    blues = copies(blueberry, blue_at, turns, rng.uniform(0.62, 0.78, len(blue_at)))
    lie = rotation(rng.uniform(40, 120, len(rasp_at)), 0, rng.uniform(0, 360, len(rasp_at)))
    rasps = copies(_raspberry(), rasp_at, lie, rng.uniform(0.92, 1.12, len(rasp_at)))
    mint = [
        transform(leaf(2.8, 1.9, 30, 0.3, 1.2), (-0.4, -1.2, 1.6), rotation(x=25, z=turn))
        for turn in rng.uniform(0, 90) + np.array([0, 95, 190, 280])
    ]
    green = (86, 142, 74)
    return stand([
        (blues, Material("matte", (58, 70, 118), 0.55)),
        (rasps, Material("plastic", red, 0.3)),
        (merge(mint), Material("translucent", green, 0.45, leaf_skin(green))),
    ])  # fmt: skip


def _heap(
    rng: Generator, count: int, radius: float, reach: float
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Centres [N, 3] of balls dropped one by one: each rests on the table or on those it meets."""
    placed_: list[tuple[float, float, float]] = []
    for _ in range(count):
        angle, far = rng.uniform(0, 2 * np.pi), reach * rng.random() ** 0.8
        x, y, z = far * np.cos(angle), far * np.sin(angle), radius
        for px, py, pz in placed_:
            flat = (x - px) ** 2 + (y - py) ** 2
            if flat < (1.85 * radius) ** 2:
                z = max(z, pz + np.sqrt(max((1.85 * radius) ** 2 - flat, 0)))
        placed_.append((x, y, min(z, 2.9 * radius)))
    return np.array(placed_)


def _blueberry() -> Mesh:
    ball = sphere(1.0, 10, 14)
    z = ball.vertices[:, 2]
    r = np.hypot(ball.vertices[:, 0], ball.vertices[:, 1])
    dent = np.where(z > 0, -0.42 * np.exp(-((r / 0.30) ** 4)), 0)
    crown = np.where(z > 0, 0.10 * np.exp(-(((r - 0.42) / 0.08) ** 2)), 0)
    shaped = ball.vertices * [1, 1, 0.9]
    shaped[:, 2] += dent + crown
    return moved(ball, shaped)


def _raspberry() -> Mesh:
    """Drupelets in rings over a rounded cone."""
    rings = [
        (0.78, 0.05, 11),
        (0.9, 0.45, 12),
        (0.86, 0.85, 11),
        (0.70, 1.22, 9),
        (0.45, 1.52, 6),
        (0.0, 1.66, 1),
    ]
    at = [
        (r * np.cos(2 * np.pi * (k + 0.5 * i) / n), r * np.sin(2 * np.pi * (k + 0.5 * i) / n), z - 0.8)
        for i, (r, z, n) in enumerate(rings) for k in range(n)
    ]  # fmt: skip
    return copies(sphere(0.3, 3, 6), np.array(at))


def cup(rng: Generator, colour: Colour | None = None) -> Parts:
    """A cup of coffee on its saucer with a spoon."""
    glaze = Material(
        "plastic",
        colour or pick(rng, ((242, 240, 234), (206, 188, 164), (60, 68, 78), (178, 196, 186))),
        0.08,
    )
    t = np.linspace(0, 1, 14)
    r = 2.3 + 1.95 * t**0.55
    outside = np.stack([r, 1.1 + 5.7 * t], axis=-1)
    inside = np.stack([r - 0.28, 1.1 + 5.7 * t + 0.12 * (1 - t)], axis=-1)[::-1]
    body = lathe(
        np.concatenate(
            [[(0, 1.0), (1.9, 1.0), (2.0, 0.7), (2.2, 0.7)], outside, [(4.12, 6.88)], inside, [(0, 1.35)]]
        ),
        56,
    )
    saucer = lathe(
        [(0, 0.25), (3.0, 0.2), (3.1, 0), (3.5, 0), (3.8, 0.35), (5.8, 0.85), (7.2, 1.35), (7.3, 1.5), (7.1, 1.5), (5.6, 1.05), (3.6, 0.7), (0, 0.65)], 64
    )  # fmt: skip
    a = np.linspace(-1.25, 1.25, 16)
    handle = tube(
        np.stack([3.55 + 2.2 * np.cos(a), 0 * a, 4.3 + 1.75 * np.sin(a)], axis=-1),
        0.34 + 0.05 * np.cos(2 * a),
        12,
    )
    turn = float(rng.uniform(-70, 25))
    coffee = lathe([(0, 0), (3.72, 0)], 40)
    top = transform(Mesh(coffee.vertices, coffee.faces, coffee.vertices[:, :2] / 7.5 + 0.5), (0, 0, 5.9))
    parts: Parts = [(merge([body, saucer]), glaze), (transform(handle, rotate=(0, 0, turn)), glaze)]
    parts.append((_facing(top), Material("plastic", (92, 52, 28), 0.1, crema_skin())))
    return stand([*parts, *placed(_spoon(), (0, 0, 1.3), (0, 0, turn - 100))])


def _spoon() -> Parts:
    """A teaspoon 13 cm long resting on the saucer's well and rim."""
    t = np.linspace(0, 1, 22)[:, None]
    u = np.linspace(-1, 1, 9)[None]
    bowl = np.sqrt(np.clip(1 - ((t - 0.16) / 0.16) ** 2, 0, 1))
    wide = np.where(t < 0.3, np.maximum(1.25 * bowl, 0.25), 0.25 + 0.3 * (t - 0.3)) * np.clip(
        (1.005 - t) * 14, 0.1, 1
    )
    dip = -0.5 * bowl * (1 - u**2) * (t < 0.32)
    sheet = np.stack(
        [
            5.2 + 0 * u - 0.9 + wide * u,
            13 * (t - 0.5) + 0 * u,
            0.45 + dip + 0.25 * np.sin(np.pi * t) + 0.08 * t,
        ],
        axis=-1,
    )
    return [(grid(sheet), Material("metal", (226, 222, 214), 0.22))]


def coffee_beans(rng: Generator, colour: Colour | None = None) -> Parts:
    """A handful of roasted beans, heaped in the middle."""
    tone = colour or (84, 52, 34)
    ball = sphere(1.0, 8, 14)
    x, y, z = ball.vertices.T
    belly = np.where(z > 0, z * 0.75, z * 0.28)
    groove = 0.30 * np.exp(-(((x + 0.14 * np.sin(2.6 * y)) / 0.13) ** 2)) * (z < 0.05)
    bean = moved(ball, np.stack([x * 0.74, y * 1.05, belly + groove], axis=-1) * 0.55)
    count = 64
    at = _heap(rng, count, 0.36, 6.6)
    face_up = rng.random(count) < 0.55
    turns = rotation(
        np.where(face_up, 180, 0) + rng.normal(0, 22, count),
        rng.normal(0, 22, count),
        rng.uniform(0, 360, count),
    )
    parts: Parts = []
    for part in range(2):  # two roasts
        mine = np.arange(count) % 2 == part
        beans = copies(bean, at[mine], turns[mine], rng.uniform(0.9, 1.12, int(mine.sum())))
        parts.append((beans, Material("matte", varied(rng, tone, 0.10), 0.35)))
    return stand(parts)


def cinnamon(rng: Generator, colour: Colour | None = None) -> Parts:
    """A bundle of quills tied with twine, and star anise."""
    tone = colour or (156, 94, 54)
    bark = [_quill(rng, rng.uniform(8.6, 9.6)) for _ in range(4)]
    spots = ((-1.15, 0.62), (0.0, 0.62), (1.15, 0.62), (-0.2, 1.6))
    quills = [
        transform(q, (0, y, z), (0, 0, rng.normal(0, 1.6))) for q, (y, z) in zip(bark, spots, strict=True)
    ]
    a = np.linspace(0, 2 * np.pi, 40)
    turns = [
        tube(
            np.stack([x + 0 * a, 1.95 * np.sin(a), 1.18 + 1.2 * np.cos(a) * (1 - 0.18 * np.sin(a) ** 2)], -1),
            0.10,
            6,
        )
        for x in (-0.3, -0.1, 0.1, 0.3)
    ]
    ends = [
        tube(
            np.stack(
                [
                    0.2 * s + np.linspace(0, 1.6 * s, 8),
                    -0.4 - np.linspace(0, 1.1, 8) ** 2,
                    2.35 - 1.4 * np.linspace(0, 1, 8) ** 2,
                ],
                -1,
            ),
            0.09,
            6,
        )
        for s in (-1, 1)
    ]
    bundle: Parts = [
        (merge(quills), Material("matte", tone, 0.85)),
        (merge([*turns, *ends]), Material("matte", (206, 182, 140), 0.95)),
    ]
    parts = placed(bundle, rotate=(0, 0, rng.uniform(-35, 35)))
    star = _anise()
    stars = [
        transform(star, (x, y, 0), (rng.uniform(-8, 8), 0, rng.uniform(0, 45)))
        for x, y in ((3.6, -3.4), (-4.0, -3.0), (0.4, -4.6))
    ]
    parts.append((merge([rest(s) for s in stars]), Material("matte", (122, 66, 36), 0.5)))
    seeds = [transform(sphere(0.2, 6, 8), (x, y, 0.62)) for x, y in ((3.6, -3.4), (-4.0, -3.0))]
    parts.append((merge(seeds), Material("plastic", (150, 92, 46), 0.2)))
    return stand(parts)


def _quill(rng: Generator, length: float) -> Mesh:
    """Bark 1.2 cm across, rolled in from both edges, along x; both faces of the sheet."""
    a = np.linspace(-2.4 * np.pi, 2.4 * np.pi, 64)
    r = 0.60 - 0.34 * (np.abs(a) / (2.4 * np.pi)) ** 1.5
    y, z = r * np.sin(a) + 0.06 * np.sign(a), -r * np.cos(a)
    x = np.linspace(-length / 2, length / 2, 6)
    rough = 0.012 * rng.normal(size=(6, 64))
    outer = np.stack([x[:, None] + 0 * a, y + rough, z + rough], axis=-1)
    inner = outer * np.stack([np.ones_like(r), 1 - 0.09 / r, 1 - 0.09 / r], axis=-1)
    ends = [grid(np.stack([outer[k], inner[k]])) for k in (0, -1)]
    return merge([grid(outer), grid(inner), *ends])


def _anise() -> Mesh:
    """Eight boat-shaped carpels in a star."""
    v, u = np.linspace(0, 1, 9)[:, None], np.linspace(-1, 1, 7)[None]
    wide = 0.36 * np.sin(np.pi * v**0.8) ** 0.7
    boat = grid(
        np.stack(
            [
                wide * u,
                0.15 + 1.55 * v + 0 * u,
                0.2 + 0.42 * np.abs(u) ** 1.5 * np.sin(np.pi * v) + 0.18 * v**3 - 0.1 * (1 - u**2),
            ],
            axis=-1,
        )
    )
    star = copies(boat, np.zeros((8, 3)), rotation(0, 0, np.arange(8) * 45.0))
    return merge([star, transform(torus(0.16, 0.12, 12, 8), (0, 0, 0.25))])
