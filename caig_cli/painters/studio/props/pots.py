"""What stands in vases and pots: great leaves, branches, plumes, house plants."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from caig_cli.painters.studio.materials import Colour, Material
from caig_cli.painters.studio.mesh import Mesh, copies, grid, lathe, merge, rotation, transform, tube, unit
from caig_cli.painters.studio.props.flowers import foil, sprig
from caig_cli.painters.studio.props.kit import LEAF_GREENS, Parts, leaf, pick, shade, stand
from caig_cli.painters.studio.props.skins import leaf_skin

POTS: tuple[Colour, ...] = ((236, 230, 222), (196, 126, 92), (150, 160, 150), (70, 74, 80), (222, 200, 178))


def monstera(rng: Generator, colour: Colour | None = None) -> Parts:
    """Three split leaves on arching stalks in a slim vase."""
    tone = colour or pick(rng, ((46, 92, 54), (58, 104, 58), (40, 80, 52)))
    parts = vessel(rng, pick(rng, POTS), 3.6, 14.0)
    stalks: list[Mesh] = []
    blades: list[Mesh] = []
    for turn, lean, high in ((-58, 34, 20.0), (62, 30, 16.0), (4, 20, 27.0)):
        t = np.linspace(0, 1, 12)
        swing = np.radians(lean + rng.normal(0, 4))
        path = np.stack([0 * t, high * np.sin(swing) * t**1.5, 8 + high * np.cos(swing) * t], axis=-1)
        face = rotation(z=turn + rng.normal(0, 8) + 180)
        stalks.append(transform(tube(path, 0.34 - 0.12 * t, 8), rotate=face))
        blade = _split_leaf(rng, rng.uniform(15, 18))
        tilt = face @ rotation(x=rng.uniform(-62, -46))  # the blade hangs and shows its face
        blades.append(transform(blade, face @ path[-1], tilt))
    gloss = Material("translucent", tone, 0.28, leaf_skin(tone))
    return stand(
        [*parts, (merge(stalks), Material("plastic", shade(tone, 1.1), 0.4)), (merge(blades), gloss)]
    )


def _split_leaf(rng: Generator, length: float) -> Mesh:
    """A monstera leaf: heart outline, deep slits between its fingers, holes beside the midrib."""
    rows, cols = 121, 10
    s = np.linspace(0, 1, rows)
    outline = 0.56 * length * np.sin(np.pi * s**0.72) ** 0.62 * (1.08 - 0.42 * s)
    heading = np.radians(128 - 104 * s**0.85)  # from the midrib: backwards at the stalk, forwards at the tip
    fingers = 5.5
    phase = (s * fingers + 0.3) % 1
    slit = np.exp(-(((phase - 0.5) / 0.085) ** 2)) * (s > 0.1) * (s < 0.93)
    sheets = []
    for side in (-1.0, 1.0):
        reach = outline * (1 - (0.60 + 0.12 * rng.random()) * slit) * rng.uniform(0.95, 1.03)
        t = np.linspace(0, 1, cols)
        across = reach[:, None] * t
        x = side * across * np.sin(heading)[:, None]
        y = length * s[:, None] * 0.9 + across * np.cos(heading)[:, None] * (0.55 + 0.45 * t)
        droop = -0.012 * across**2 - 0.010 * np.maximum(y, 0) ** 2 * 0.8 + 0.16 * across
        ripple = 0.10 * np.sin(2 * np.pi * (s * fingers + 0.05))[:, None] * across / length * 4
        points = np.stack([x, y, droop + ripple], axis=-1)
        uv = np.stack([0.5 + side * 0.5 * t[None] + 0 * x, s[:, None] + 0 * x], axis=-1)
        sheet = grid(points if side > 0 else points[:, ::-1], uv if side > 0 else uv[:, ::-1])
        middle_s = (
            (sheet.uv[sheet.faces].mean(axis=1)[:, 1] * fingers + 0.3) % 1
            if sheet.uv is not None
            else np.zeros(0)
        )
        middle_t = (
            np.abs(sheet.uv[sheet.faces].mean(axis=1)[:, 0] - 0.5) * 2
            if sheet.uv is not None
            else np.zeros(0)
        )
        hole = ((middle_s - 0.02) % 1 < 0.10) & (middle_t > 0.16) & (middle_t < 0.36)
        sheets.append(Mesh(sheet.vertices, sheet.faces[~hole], sheet.uv, True, unit(sheet.shading_normals())))
    return merge(sheets)


def vessel(rng: Generator, colour: Colour, radius: float, height: float) -> Parts:
    """A thrown ceramic vase of one of four outlines, open at its neck."""
    outlines = (
        ((0.55, 0), (0.95, 0.22), (1.0, 0.45), (0.7, 0.72), (0.36, 0.86), (0.42, 1.0)),
        ((0.62, 0), (0.74, 0.25), (0.95, 0.6), (0.92, 0.78), (0.55, 0.92), (0.58, 1.0)),
        ((0.8, 0), (0.86, 0.2), (0.86, 0.6), (0.8, 0.8), (0.62, 0.95), (0.62, 1.0)),
        ((0.45, 0), (0.9, 0.12), (1.0, 0.28), (0.55, 0.52), (0.3, 0.72), (0.34, 1.0)),
    )
    from scipy.interpolate import PchipInterpolator

    shape = np.array(pick(rng, outlines)) * (radius, height)

    z = np.linspace(0, height, 26)
    r = PchipInterpolator(shape[:, 1], shape[:, 0])(z)
    wall = 0.35
    outside = np.stack([r, z], axis=-1)
    inside = np.stack([r - wall, z], axis=-1)[:12:-1]
    lip = [(r[-1] - wall / 2, height + 0.1)]
    body = lathe(
        np.concatenate(
            [[(0, 0), (r[0] - 0.3, 0), (r[0] - 0.06, 0.06)], outside[1:], lip, inside, [(0, inside[-1, 1])]]
        ),
        48,
    )
    if rng.random() < 0.5:
        return [(body, Material("plastic", colour, 0.15))]
    return [(body, Material("matte", colour, 0.85))]


def vase(rng: Generator, colour: Colour | None = None) -> Parts:
    """A ceramic vase with a few olive or eucalyptus branches."""
    parts = vessel(rng, colour or pick(rng, POTS), rng.uniform(4.2, 4.8), rng.uniform(14, 16))
    high = max(float(m.vertices[:, 2].max()) for m, _ in parts)
    tone = pick(rng, ((126, 150, 132), (88, 116, 74), (106, 128, 88)))
    stems: list[Mesh] = []
    blades: list[Mesh] = []
    for k in range(5):
        stem, foliage = sprig(rng, rng.uniform(15, 20), 8, 3.4, rng.uniform(1, 4), 0.9)
        turn = rotation(z=72 * k + rng.uniform(0, 40)) @ rotation(x=rng.uniform(62, 80))
        for group, mesh in ((stems, stem), (blades, foliage)):
            group.append(transform(mesh, (0, 0, high - 4.5), turn))
    return stand([*parts, (merge(blades), foil(tone)), (merge(stems), Material("matte", (96, 82, 58), 0.8))])


def pampas(rng: Generator, colour: Colour | None = None) -> Parts:
    """Feathery plumes in a vase."""
    tone = colour or pick(rng, ((240, 224, 198), (232, 212, 182), (246, 236, 220)))
    parts = vessel(rng, pick(rng, POTS), 4.6, 15.0)
    stems: list[Mesh] = []
    hairs: list[Mesh] = []
    for k in range(5):
        plume_stem, plume = _plume(rng, rng.uniform(15, 19))
        turn = rotation(z=72 * k + rng.uniform(-20, 20)) @ rotation(x=-rng.uniform(4, 17))
        for group, mesh in ((stems, plume_stem), (hairs, plume)):
            group.append(transform(mesh, (0, 0, 9.0), turn))
    return stand(
        [
            *parts,
            (merge(hairs), Material("translucent", tone, 0.8)),
            (merge(stems), Material("matte", shade(tone, 0.8), 0.9)),
        ]
    )


def _plume(rng: Generator, height: float) -> tuple[Mesh, Mesh]:
    """(stem, hairs): fine ribbons that leave the stem upwards and droop outwards."""
    t = np.linspace(0, 1, 16)
    bend = rng.uniform(2.0, 4.5)
    path = np.stack([0 * t, bend * t**2.2, (height + 10) * t - 1.2 * t**4], axis=-1)
    count = 720
    at = 1 - 0.64 * rng.random(count)
    root = np.stack([np.interp(at, t, path[:, k]) for k in range(3)], axis=-1)
    v = np.array([0.0, 0.45, 1.0])
    wide = 0.10 * np.array([0.7, 1.0, 0.08])
    arc = np.stack([0 * v, 0.75 * v + 0.5 * v**2, 2.3 * v - 0.9 * v**2.4], axis=-1)
    hair = grid(np.stack([arc - wide[:, None] * [1, 0, 0], arc + wide[:, None] * [1, 0, 0]], axis=1))
    fullness = np.sin(np.pi * np.clip((at - 0.32) / 0.76, 0, 1)) ** 0.6
    size = (0.9 + 1.35 * fullness) * rng.uniform(0.6, 1.3, count)
    turns = rotation(rng.normal(8, 12, count), 0, rng.uniform(0, 360, count))
    return tube(path, 0.16 - 0.08 * t, 6), copies(hair, root, turns, size)


def plant(rng: Generator, colour: Colour | None = None) -> Parts:
    """A pot with soil and broad arching leaves, or upright blades."""
    tone = colour or pick(rng, POTS)
    r, h = 5.6, 9.5
    pot = lathe(
        [
            (0, 0),
            (r * 0.74, 0),
            (r * 0.78, 0.15),
            (r, h - 0.15),
            (r - 0.1, h),
            (r - 0.5, h),
            (r - 0.62, h - 1.2),
            (0, h - 1.2),
        ],
        48,
    )
    bumps = h - 1.1 + 0.35 * rng.random((12, 12))
    x, y = np.meshgrid(np.linspace(-1, 1, 12), np.linspace(-1, 1, 12))
    disc = np.maximum(np.abs(x), np.abs(y)) / np.maximum(np.hypot(x, y), 1e-6) * (r - 0.6)
    soil = grid(np.stack([x * disc, y * disc, bumps], axis=-1))
    parts: Parts = [(pot, Material("matte", tone, 0.75)), (soil, Material("matte", (52, 38, 28), 1.0))]
    return stand([*parts, *(_blades(rng, h) if rng.random() < 0.4 else _arching(rng, h))])


def _arching(rng: Generator, base: float) -> Parts:
    green = pick(rng, LEAF_GREENS)
    stalks: list[Mesh] = []
    blades: list[Mesh] = []
    count = 15
    for k in range(count):
        t = k / count
        turn = rotation(z=k * 137.5 + rng.uniform(-12, 12))
        high, out = rng.uniform(8, 11) * (1.15 - 0.55 * t), 1.5 + 4.2 * t
        s = np.linspace(0, 1, 9)
        path = np.stack([0 * s, 0.8 + out * s**1.4, base - 1 + high * s], axis=-1)
        stalks.append(transform(tube(path, 0.2 - 0.08 * s, 6), rotate=turn))
        blade = leaf(rng.uniform(7.5, 9.5), rng.uniform(4.2, 5.2), rng.uniform(50, 80), 0.16, 1.5, 6, 10)
        blades.append(transform(blade, turn @ path[-1], turn @ rotation(x=62 - 34 * t)))
    return [
        (merge(stalks), Material("matte", shade(green, 1.1), 0.6)),
        (merge(blades), Material("translucent", green, 0.3, leaf_skin(green))),
    ]


def _blades(rng: Generator, base: float) -> Parts:
    """Snake plant: stiff twisted swords with pale rims."""
    v, u = np.linspace(0, 1, 15), np.linspace(-1, 1, 5)
    blades = []
    for k in range(9):
        long, wide = rng.uniform(14, 22), rng.uniform(1.5, 2.0)
        half = wide * np.clip(1.15 - v**3.5, 0, 1) * (0.75 + 0.25 * np.sin(np.pi * v))
        half[-1] = 0
        twist = (rng.normal(0, 0.5) * v)[:, None]
        x, y = (
            half[:, None] * u * np.cos(twist),
            half[:, None] * u * np.sin(twist) + 0.25 * half[:, None] * u**2,
        )
        blade = grid(np.stack([x, y, long * v[:, None] + 0 * x], axis=-1))
        turn = rotation(z=k * 137.5) @ rotation(x=-rng.uniform(2, 13))
        far = 0.4 + 0.28 * k
        blades.append(transform(blade, (far * np.cos(2.4 * k), far * np.sin(2.4 * k), base - 1.5), turn))
    x = np.abs(np.linspace(-1, 1, 64))[None, :, None]
    wave = 0.5 + 0.5 * np.sin(np.linspace(0, 60, 256) + 1.5 * np.sin(np.linspace(0, 17, 256)))[:, None, None]
    green = np.array([52, 84, 56]) * (1 - 0.45 * wave) + np.array([120, 144, 104]) * 0.45 * wave
    skin = np.where(x > 0.8, np.array([200, 190, 110]), green + 0 * x).astype(np.uint8)
    return [(merge(blades), Material("plastic", (70, 100, 70), 0.5, skin))]
