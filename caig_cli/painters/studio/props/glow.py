"""What gives light: candles, a lantern, fairy lights."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from caig_cli.painters.studio.materials import Colour, Material
from caig_cli.painters.studio.mesh import (
    box,
    copies,
    lathe,
    merge,
    moved,
    rotation,
    torus,
    transform,
    tube,
)
from caig_cli.painters.studio.props.kit import Parts, flame, pick, placed, spread, stand

WAXES: tuple[Colour, ...] = ((246, 238, 220), (240, 226, 200), (232, 206, 190), (206, 212, 196))
BRASS = Material("metal", (226, 186, 112), 0.28)
IRON = Material("matte", (38, 37, 38), 0.45)


def candles(rng: Generator, colour: Colour | None = None) -> Parts:
    """Three burning pillar candles of different heights, one on a brass dish."""
    tone = colour or pick(rng, WAXES)
    wax = Material("translucent", tone, 0.45)
    heights = rng.permutation([rng.uniform(5, 6.5), rng.uniform(8, 9.5), rng.uniform(11, 13)])
    radii = [float(rng.uniform(2.3, 3.1)) for _ in heights]
    spots = spread(rng, [r + 0.9 for r in radii], 7.0)
    parts: Parts = []
    for k, (height, radius) in enumerate(zip(heights, radii, strict=True)):
        x, y = spots[k]
        candle = _pillar(rng, radius, float(height), wax)
        if k == 0:
            dish = lathe(
                [
                    (0, 0),
                    (radius + 0.9, 0),
                    (radius + 1.2, 0.7),
                    (radius + 1.0, 0.7),
                    (radius + 0.7, 0.25),
                    (0, 0.25),
                ],
                48,
            )
            parts.append((transform(dish, (x, y, 0)), BRASS))
            candle = placed(candle, (0, 0, 0.25))
        parts += placed(candle, (x, y, 0))
    return stand(parts)


def candle(rng: Generator, colour: Colour | None = None) -> Parts:
    """One burning pillar candle."""
    wax = Material("translucent", colour or pick(rng, WAXES), 0.45)
    return stand(_pillar(rng, float(rng.uniform(2.3, 3.1)), float(rng.uniform(5.5, 12.5)), wax))


def _pillar(rng: Generator, radius: float, height: float, wax: Material) -> Parts:
    """A pillar with a melted pool, an uneven rim and its flame."""
    rim = [
        (radius, -0.4),
        (radius - 0.12, -0.08),
        (radius - 0.35, 0.0),
        (radius - 0.7, -0.25),
        (radius - 1.2, -0.7),
    ]
    profile = [
        (0, 0),
        (radius - 0.1, 0),
        (radius, 0.12),
        *((r, height + z) for r, z in rim),
        (0, height - 0.8),
    ]
    body = lathe(profile, 40)
    x, y, z = body.vertices.T
    angle = np.arctan2(y, x)
    sag = 0.22 * np.sin(angle + rng.uniform(0, 6)) + 0.12 * np.sin(2 * angle + rng.uniform(0, 6))
    body = moved(body, np.stack([x, y, z + sag * np.clip((z - height + 1) / 1, 0, 1)], axis=-1))
    return [(body, wax), *placed(flame(rng.uniform(1.9, 2.4)), (0, 0, height - 0.35))]


def lantern(rng: Generator, colour: Colour | None = None) -> Parts:
    """A metal lantern with a burning candle inside and a ring to carry it."""
    paint = Material("matte", colour or (236, 232, 226), 0.45)
    frame = paint if colour else pick(rng, (IRON, BRASS, paint))
    w, h = 9.5, 15.0
    quarters = rotation(z=np.arange(4) * 90.0)
    corners, sides = quarters @ [w / 2, w / 2, 0.8], quarters @ [0, -w / 2, 0.8]
    r = 0.7 * (w + 1.2)
    roof = lathe([(0, 0), (r, 0), (0.88 * r, 0.5), (2.0, 4.2), (1.9, 5.2), (1.2, 5.4), (0, 5.4)], 4)
    iron = [
        box((w + 1.4, w + 1.4, 0.8), 0.15, 1),
        transform(box((w + 1.0, w + 1.0, 0.6), 0.15, 1), (0, 0, h + 0.8)),
        copies(box((0.7, 0.7, h), 0.1, 1), corners),
        copies(box((0.3, 0.3, h), 0.05, 1), sides),
        copies(box((w, 0.3, 0.35), 0.05, 1), sides + np.array([0, 0, 3.8]), quarters),
        transform(roof, (0, 0, h + 1.4), (0, 0, 45)),
        transform(torus(1.9, 0.22, 32, 8), (0, 0, h + 8.4), (90, 0, 0)),
    ]
    candle = placed(_pillar(rng, 2.6, 7.0, Material("translucent", (246, 236, 214), 0.45)), (0, 0, 0.8))
    return stand(placed([(merge(iron), frame), *candle], rotate=(0, 0, rng.uniform(20, 34))))


def fairy_lights(rng: Generator, colour: Colour | None = None) -> Parts:
    """Three swags of copper wire with warm little bulbs, to hang above and behind; 80 cm wide."""
    tone = colour or (255, 196, 116)
    wires, bulbs = [], []
    for y, high, dips in ((0.0, 15.0, 3), (2.0, 11.0, 2), (-2.0, 19.0, 2)):
        t = np.linspace(0, 1, 90)
        swag = np.abs(np.sin(np.pi * dips * t + rng.uniform(0, 3)))
        path = np.stack(
            [80 * (t - 0.5), y + 0.4 * np.sin(31 * t), high - rng.uniform(6, 8.5) * swag], axis=-1
        )
        wires.append(tube(path, 0.06, 5))
        at = np.interp(np.linspace(0.02, 0.98, 19) + rng.normal(0, 0.006, 19), t, np.arange(90))
        spots = np.stack([np.interp(at, np.arange(90), path[:, k]) for k in range(3)], axis=-1)
        bulbs.append(spots - [0, 0, 0.45])
    bulb = lathe([(0, -0.55), (0.22, -0.42), (0.32, -0.1), (0.24, 0.2), (0.12, 0.4), (0, 0.42)], 10)
    at_all = np.concatenate(bulbs)
    turns = rotation(rng.normal(0, 14, len(at_all)), rng.normal(0, 14, len(at_all)))
    return stand([
        (merge(wires), Material("metal", (196, 130, 84), 0.35)),
        (copies(bulb, at_all, turns), Material("emissive", tone, glow=26.0)),
    ])  # fmt: skip
