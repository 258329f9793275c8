"""Fruit: citrus, apples, berries."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from caig_cli.painters.studio.materials import Colour, Material
from caig_cli.painters.studio.mesh import Mesh, copies, lathe, merge, moved, rotation, sphere, transform, tube
from caig_cli.painters.studio.props.kit import (
    LEAF_GREENS,
    Parts,
    Points,
    disc,
    heap,
    leaf,
    lumpy,
    pick,
    placed,
    rest,
    shade,
    spread,
    stand,
)
from caig_cli.painters.studio.props.skins import apple_skin, citrus_cut, leaf_skin, peel_skin

LEMON, ORANGE = (246, 206, 62), (240, 140, 40)


def lemons(rng: Generator, colour: Colour | None = None) -> Parts:
    """Two or three lemons, one cut open, with leaves."""
    peel = colour or LEMON
    return _citrus(rng, peel, shade(peel, 1.06, (255, 244, 190), 0.45), 2.9, nipple=0.75)


def oranges(rng: Generator, colour: Colour | None = None) -> Parts:
    """Two or three oranges, one cut open, with leaves."""
    peel = colour or ORANGE
    return _citrus(rng, peel, shade(peel, 1.06, (255, 190, 90), 0.4), 3.6, nipple=0.0)


def limes(rng: Generator, colour: Colour | None = None) -> Parts:
    """Two or three limes, one cut open, with leaves."""
    peel = colour or (112, 156, 62)
    return _citrus(rng, peel, shade(peel, 1.06, (226, 240, 180), 0.6), 2.6, nipple=0.5)


def lime(rng: Generator, colour: Colour | None = None) -> Parts:
    """One lime, lying."""
    return _whole(rng, colour or (112, 156, 62), 2.6, 0.5)


def lemon(rng: Generator, colour: Colour | None = None) -> Parts:
    """One lemon, lying."""
    return _whole(rng, colour or LEMON, 2.9, 0.75)


def orange(rng: Generator, colour: Colour | None = None) -> Parts:
    """One orange."""
    return _whole(rng, colour or ORANGE, 3.6, 0.0)


def _whole(rng: Generator, peel: Colour, radius: float, nipple: float) -> Parts:
    skin, pores = peel_skin(peel)
    fruit = _fruit(rng, radius * rng.uniform(0.92, 1.05), nipple)
    tilt = (rng.uniform(60, 100) if nipple else rng.uniform(-50, 50), 0, rng.uniform(0, 360))
    return stand(
        [(transform(fruit, rotate=tilt), Material("plastic", peel, 0.45, skin, (2, 1), pores, 0.01))]
    )


def _citrus(rng: Generator, peel: Colour, flesh: Colour, radius: float, nipple: float) -> Parts:
    skin, pores = peel_skin(peel)
    rind = Material("plastic", peel, 0.45, skin, (2, 1), pores, 0.01)
    cut = Material("plastic", flesh, 0.3, citrus_cut(peel, flesh))
    whole = int(rng.integers(2, 4))
    sizes = [radius * 1.25] * (whole + 1) + [radius * 1.1]
    places = spread(rng, sizes, radius * 3.0)
    parts: Parts = []
    for k, (x, y) in enumerate(places[:-1]):
        fruit = _fruit(rng, radius * rng.uniform(0.92, 1.05), nipple)
        if k == whole:
            half = moved(fruit, np.minimum(fruit.vertices, [1e9, 1e9, 0.0]))
            lean = rotation(x=rng.uniform(38, 58), z=rng.uniform(-30, 30))
            equator = float(np.hypot(half.vertices[:, 0], half.vertices[:, 1]).max())
            bowl = transform(half, rotate=lean)
            low = float(bowl.vertices[:, 2].min())
            parts += [
                (transform(bowl, (x, y, -low)), rind),
                (transform(disc(equator, 0.02), (x, y, -low), lean), cut),
            ]
            continue
        lying = rng.uniform(60, 100) if nipple else rng.uniform(-50, 50)
        tilt = (lying, 0, rng.uniform(0, 360))
        parts.append((transform(rest(transform(fruit, rotate=tilt)), (x, y, 0)), rind))
    parts += placed(_slice(radius * 0.95, cut, rind), (*places[-1], 0))
    return stand([*parts, *_foliage(rng, places[0], radius)])


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
    return [(rim, rind), (disc(radius * 0.97, 0.5), cut)]


def _foliage(rng: Generator, at: Points, radius: float) -> Parts:
    green = pick(rng, LEAF_GREENS[:2])
    blade = leaf(radius * 1.7, radius * 0.8, 18, 0.2)
    blades = []
    for turn in rng.uniform(0, 360) + np.array([0, 55, 130]):
        x, y, _ = rotation(z=turn)[:, 1] * (radius * 0.7)
        blades.append(transform(blade, (at[0] + x, at[1] + y, 0.5), rotation(x=16, z=turn)))
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
    profile = _apple_profile()
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


def apple(rng: Generator, colour: Colour | None = None) -> Parts:
    """One apple with its stalk."""
    blush = colour or pick(rng, ((176, 32, 38), (150, 168, 84), (150, 20, 34)))
    skin = Material("plastic", blush, 0.12, apple_skin(shade(blush, 1.15, (236, 214, 130), 0.35), blush))
    s = np.linspace(0, 1, 8)
    stalk = tube(np.stack([0.5 * s**2, 0 * s, 5.2 + 2.3 * s], axis=-1), 0.13 + 0.06 * s**3, 8)
    body = lumpy(lathe(_apple_profile(), 40), rng, 0.03, 1.0, 1)
    whole: Parts = [(body, skin), (stalk, Material("matte", (92, 66, 40), 0.9))]
    return stand(placed(whole, rotate=(rng.uniform(-14, 14), 0, rng.uniform(0, 360))))


def _apple_profile() -> Points:
    """Radius and height along an apple's side [P, 2]."""
    t = np.linspace(0, 2 * np.pi, 40)[1:-1] / 2
    # a cardioid, narrower below, with a dimple at both ends
    r = 3.7 * np.sin(t) * (1 + 0.16 * np.cos(t) * -1) * 1.02
    z = 3.3 - 3.3 * np.cos(t) * (1 - 0.0 * t)
    z = (
        z
        - 1.0 * np.exp(-((r / 1.1) ** 2)) * (t > np.pi / 2)
        + 0.55 * np.exp(-((r / 0.9) ** 2)) * (t < np.pi / 2)
    )
    return np.stack([np.append(np.insert(r, 0, 0), 0), np.append(np.insert(z, 0, z[0]), z[-1])], axis=-1)


def berries(rng: Generator, colour: Colour | None = None) -> Parts:
    """A heap of blueberries and raspberries with mint."""
    red = colour or (188, 32, 58)
    blue_at = heap(rng, 22, 0.72, 5.2)
    rasp_at = heap(rng, 9, 1.15, 5.8)
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
