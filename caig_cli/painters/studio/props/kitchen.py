"""From the kitchen: a cup of coffee, beans, spices."""

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
from caig_cli.painters.studio.props.kit import Parts, disc, heap, pick, placed, rest, stand, varied
from caig_cli.painters.studio.props.skins import crema_skin


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
        [(0, 0.25), (3.0, 0.2), (3.1, 0), (3.5, 0), (3.8, 0.35), (5.8, 0.85), (7.2, 1.35), (7.3, 1.5),
         (7.1, 1.5), (5.6, 1.05), (3.6, 0.7), (0, 0.65)], 64,
    )  # fmt: skip
    a = np.linspace(-1.25, 1.25, 16)
    handle = tube(
        np.stack([3.55 + 2.2 * np.cos(a), 0 * a, 4.3 + 1.75 * np.sin(a)], axis=-1),
        0.34 + 0.05 * np.cos(2 * a),
        12,
    )
    turn = float(rng.uniform(-70, 25))
    parts: Parts = [(merge([body, saucer]), glaze), (transform(handle, rotate=(0, 0, turn)), glaze)]
    parts.append((disc(3.74, 5.9), Material("plastic", (92, 52, 28), 0.1, crema_skin())))
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
    at = heap(rng, count, 0.36, 6.6)
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
    bundle: Parts = [
        (merge(quills), Material("matte", tone, 0.85)),
        (_twine(), Material("matte", (206, 182, 140), 0.95)),
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


def _twine() -> Mesh:
    """Four turns around the bundle and two loose ends."""
    a = np.linspace(0, 2 * np.pi, 40)
    height = 1.18 + 1.2 * np.cos(a) * (1 - 0.18 * np.sin(a) ** 2)
    turns = [
        tube(np.stack([x + 0 * a, 1.95 * np.sin(a), height], -1), 0.10, 6) for x in (-0.3, -0.1, 0.1, 0.3)
    ]
    t = np.linspace(0, 1, 8)
    ends = [
        tube(np.stack([0.2 * s + 1.6 * s * t, -0.4 - 1.21 * t**2, 2.35 - 1.4 * t**2], -1), 0.09, 6)
        for s in (-1, 1)
    ]
    return merge([*turns, *ends])


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
