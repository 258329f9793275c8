"""Cut flowers and sprigs: roses, petals, branches of leaves."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from caig_cli.painters.studio.materials import Colour, Material
from caig_cli.painters.studio.mesh import Mesh, copies, grid, merge, rotation, transform, tube
from caig_cli.painters.studio.props.kit import LEAF_GREENS, Parts, Points, leaf, pick, shade, spread, stand
from caig_cli.painters.studio.props.skins import leaf_skin, petal_skin

ROSES: tuple[Colour, ...] = (
    (236, 170, 178),
    (186, 34, 46),
    (246, 226, 208),
    (240, 178, 140),
    (248, 238, 230),
)


def foil(colour: Colour) -> Material:
    """The material of a leaf of that colour: light shines through it."""
    return Material("translucent", colour, 0.45, leaf_skin(colour))


def roses(rng: Generator, colour: Colour | None = None) -> Parts:
    """Three or four open roses with leaves, laid out as a low bunch."""
    tone = colour or pick(rng, ROSES)
    petal = Material("translucent", tone, 0.6, petal_skin(tone))
    green = pick(rng, LEAF_GREENS)
    sizes = sorted(rng.uniform(3.0, 4.2, int(rng.integers(3, 5))), reverse=True)
    blooms: list[Mesh] = []
    leaves: list[Mesh] = []
    stems: list[Mesh] = []
    for size, (x, y) in zip(sizes, spread(rng, [0.92 * s for s in sizes], 8.2), strict=True):
        away = np.degrees(np.arctan2(x, -y))
        lean = float(np.clip(3.4 * np.hypot(x, y) + 8, 8, 34))
        turn = rotation(z=away) @ rotation(x=lean) @ rotation(z=rng.uniform(0, 360))
        at = np.array([x, y, 2.2])
        blooms.append(transform(_rose(rng, size), at, turn))
        stems.append(
            tube(np.stack([at + turn @ np.array([0, 0, 0.2]), [0.5 * x, 0.5 * y + 0.3, 0.25]]), 0.28, 8)
        )
        for _ in range(3):
            way = away + rng.uniform(-100, 100)
            blade = leaf(rng.uniform(4.2, 5.4), rng.uniform(2.4, 3.0), rng.uniform(25, 55), 0.25, 1.3)
            leaves.append(
                transform(
                    blade,
                    (x, y, rng.uniform(1.2, 2.2)),
                    rotation(z=way + 180) @ rotation(x=rng.uniform(0, 22)),
                )
            )
    return stand(
        [
            (merge(blooms), petal),
            (merge(leaves), foil(green)),
            (merge(stems), Material("matte", shade(green, 0.9), 0.7)),
        ]
    )


def rose(rng: Generator, colour: Colour | None = None) -> Parts:
    """One open rose, lying with its stem and two leaves."""
    tone = colour or pick(rng, ROSES)
    green = pick(rng, LEAF_GREENS)
    size = float(rng.uniform(3.2, 4.0))
    bloom = transform(_rose(rng, size), (0, -2.0, 2.2), rotation(x=58))
    stem = tube(np.array([(0, -1.6, 2.0), (0.2, 3.0, 1.0), (0.0, 9.0, 0.3)]), 0.24, 8)
    blade = leaf(4.8, 2.6, 40, 0.25, 1.3)
    blades = [transform(blade, (0.1, 4.0, 1.0), rotation(x=8, z=turn)) for turn in (70, -80)]
    return stand([
        (bloom, Material("translucent", tone, 0.6, petal_skin(tone))),
        (merge(blades), foil(green)),
        (stem, Material("matte", shade(green, 0.9), 0.7)),
    ])  # fmt: skip


def _rose(rng: Generator, size: float) -> Mesh:
    """Petals on a golden spiral: a closed bud inside, opening and curling outwards."""
    count = 27
    k = np.arange(count)[:, None, None]
    v, u = np.linspace(0, 1, 8)[None, :, None], np.linspace(-1, 1, 11)[None, None]
    t = k / (count - 1)
    opening = 0.08 + 0.92 * t**1.4 + rng.normal(0, 0.05, k.shape)
    curl = (0.2 + 1.25 * t) * v**4
    elevation = (
        np.pi / 2 - opening * (0.35 + 0.65 * np.sin(np.pi * (0.2 + 0.55 * v))) - curl + 0.35 * t * (1 - v)
    )
    stride = size * (0.90 + 0.12 * t) / 7
    far = np.cumsum(np.cos(elevation), axis=1) * stride + 0.05 * size + 0.10 * size * t * np.sin(np.pi * v)
    high = np.cumsum(np.sin(elevation), axis=1) * stride
    reach = (
        size * (0.30 + 0.30 * t) * np.clip(v, 0.02, 1) ** 0.5 * np.sqrt(np.clip(1 - (0.985 * v) ** 5, 0, 1))
    )
    angle = k * 2.39996 + u * np.clip(reach / np.maximum(far, 0.12 * size), 0, 1.9)
    tuck = 1 + 0.07 * (1 - t) * u  # each petal tucks one side under the next
    wave = 0.02 * size * np.sin(2.5 * u + rng.uniform(0, 6, k.shape)) * v**2
    radius = far * tuck + wave
    dip = 0.10 * size * u**2 * v**2 * (0.4 + t)
    return grid(np.stack([radius * np.cos(angle), radius * np.sin(angle), high - dip], axis=-1))


def petals(rng: Generator, colour: Colour | None = None) -> Parts:
    """Rose petals strewn on the ground."""
    tone = colour or pick(rng, ROSES[:4])
    shapes = []
    for cup in rng.uniform(0.25, 0.6, 3):
        v, u = np.linspace(0, 1, 8)[:, None], np.linspace(-1, 1, 7)[None]
        wide = 1.25 * np.sqrt(v) * np.sqrt(np.clip(1 - (0.9 * v) ** 5, 0, 1))
        x, y = wide * u, 2.5 * v * (1 - 0.08 * u**2) - 1.2
        shapes.append(
            grid(np.stack([x, y + 0 * x, cup * (0.5 * x**2 + 0.35 * (y - 0.2) ** 2) + 0.02], axis=-1))
        )
    scattered: list[Mesh] = []
    for shape in shapes:
        n = 9
        far = 9.0 * np.sqrt(rng.random(n))
        angle = rng.uniform(0, 2 * np.pi, n)
        tilt = rng.normal(0, 9, (n, 2))
        turns = [rotation(a, b, c) for (a, b), c in zip(tilt, rng.uniform(0, 360, n), strict=True)]
        size = rng.uniform(0.75, 1.15, n)
        piece = [
            transform(shape, (f * np.cos(a), f * np.sin(a), 0), t, s)
            for f, a, t, s in zip(far, angle, turns, size, strict=True)
        ]
        scattered += [transform(p, (0, 0, -float(p.vertices[:, 2].min()))) for p in piece]
    return stand([(merge(scattered), Material("translucent", tone, 0.6, petal_skin(tone)))])


def sprig(
    rng: Generator, length: float, pairs: int, size: float, droop: float, shape: float = 1.0
) -> tuple[Mesh, Mesh]:
    """A stem along +y from the origin with opposite leaves: (stem, leaves). ``droop`` in cm at its end."""
    t = np.linspace(0, 1, 14)
    sway = rng.normal(0, 0.05) * length
    path = np.stack([sway * np.sin(2.5 * t), length * t, -droop * t**2], axis=-1)
    stem = tube(path, 0.16 * (1.1 - 0.8 * t) * (length / 20) ** 0.5, 6)
    blade = leaf(size, size * 0.52 * shape, 34, 0.18, 1.1)
    at = np.repeat(np.linspace(0.14, 0.98, pairs), 2)
    root = np.stack([np.interp(at, t, path[:, k]) for k in range(3)], axis=-1)
    side = np.where(np.arange(2 * pairs) % 2 == 0, -1.0, 1.0)
    swing = side * rng.uniform(42, 66, 2 * pairs) * (1.1 - 0.55 * at)
    turns = rotation(rng.normal(20, 12, 2 * pairs), rng.normal(0, 16, 2 * pairs), swing)
    leaves = copies(blade, root, turns, (1.05 - 0.5 * at**2) * rng.uniform(0.85, 1.1, 2 * pairs))
    return stem, leaves


def leaves(rng: Generator, colour: Colour | None = None) -> Parts:
    """Two sprigs, eucalyptus or olive, laid crosswise."""
    round_ = bool(rng.random() < 0.5)
    tone = colour or ((126, 150, 132) if round_ else pick(rng, LEAF_GREENS))
    stems: list[Mesh] = []
    blades: list[Mesh] = []
    for turn, shift in ((rng.uniform(58, 84), -1.6), (rng.uniform(100, 128), 1.8)):
        stem, foliage = sprig(
            rng, rng.uniform(19, 23), 9, 3.3 if round_ else 4.2, 0.4, 1.55 if round_ else 0.62
        )
        for group, mesh in ((stems, stem), (blades, foliage)):
            group.append(transform(mesh, (10.5, shift, 1.0), (0, 0, turn)))
    low = [transform(b, (0, 0, 0.35 * k)) for k, b in enumerate(blades)]
    settled = [Mesh(*_settle(b)) for b in low]
    return stand(
        [
            (merge(settled), foil(tone)),
            (merge(stems), Material("matte", shade(tone, 0.75, (120, 90, 60), 0.4), 0.8)),
        ]
    )


def _settle(mesh: Mesh) -> tuple[Points, Points, Points | None]:
    """Leaves that would reach into the table bend up along it instead."""
    vertices = mesh.vertices.copy()
    vertices[:, 2] = np.logaddexp(0, vertices[:, 2] * 4) / 4
    return vertices, mesh.faces, mesh.uv
