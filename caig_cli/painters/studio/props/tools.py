"""Of the workshop: hammer, screwdrivers, shavings, paint."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from caig_cli.painters.studio.materials import Colour, Material
from caig_cli.painters.studio.mesh import (
    box,
    cylinder,
    lathe,
    merge,
    ribbon,
    sphere,
    superellipsoid,
    transform,
)
from caig_cli.painters.studio.props.kit import Parts, pick, placed, spread, stand, turned
from caig_cli.painters.studio.props.skins import bark_skin

ASH: Colour = (206, 164, 112)
STEEL = Material("metal", (176, 178, 180), 0.3)


def hammer(rng: Generator, colour: Colour | None = None) -> Parts:
    """A claw hammer lying on its side, 32 cm."""
    tone = colour or ASH
    skin = bark_skin(tone)
    shaft = transform(superellipsoid((15.5, 1.5, 1.1), 0.5, 0.5), (2, 0, 1.3))
    head = [
        transform(box((2.6, 7.4, 2.6), 0.4), (-13.0, -1.2, 0)),
        transform(cylinder(1.75, 2.6, 0.3, 28), (-13.0, -4.6, 1.4), (90, 0, 0)),
    ]
    claws = [
        transform(superellipsoid((0.55, 3.6, 0.5), 0.6, 0.6), (-13.0 + 0.8 * s, 5.2, 1.5), (-16, 0, 7 * s))
        for s in (-1, 1)
    ]
    return turned(rng, [(shaft, Material("matte", tone, 0.6, skin)), (merge([*head, *claws]), STEEL)], 40)


def screwdrivers(rng: Generator, colour: Colour | None = None) -> Parts:
    """Three screwdrivers side by side."""
    parts: Parts = []
    for k, tone in enumerate((colour or (206, 56, 44), (236, 182, 50), (44, 96, 150))):
        parts += placed(
            _screwdriver(tone, rng.uniform(0.85, 1.1)),
            (rng.normal(0, 0.8), 3.9 * (k - 1), 0),
            (0, 0, rng.normal(0, 6)),
        )
    return turned(rng, parts, 25)


def screwdriver(rng: Generator, colour: Colour | None = None) -> Parts:
    """One screwdriver, lying."""
    return turned(
        rng, _screwdriver(colour or pick(rng, ((206, 56, 44), (236, 182, 50), (44, 96, 150))), 1.0), 60
    )


def _screwdriver(tone: Colour, size: float) -> Parts:
    grip = lathe([(0, 0), (1.0, 0.2), (1.6, 1.6), (1.55, 7.0), (1.0, 9.2), (1.15, 10.0), (0, 10.2)], 10)
    blade = lathe([(0.36, 10.0), (0.36, 21.0), (0.3, 22.0), (0, 22.0)], 14)
    return placed(
        [(grip, Material("plastic", tone, 0.2)), (blade, STEEL)],
        (-11 * size, 0, 1.55 * size),
        (0, 90, 0),
        size,
    )


def wood_shavings(rng: Generator, colour: Colour | None = None) -> Parts:
    """Curls of planed wood."""
    tone = colour or (224, 184, 130)
    curls = []
    for x, y in spread(rng, [2.0] * 14, 9.5):
        turns, size = rng.uniform(1.2, 2.4), rng.uniform(0.7, 1.3)
        a = np.linspace(0, 2 * np.pi * turns, 40)
        r = size * (0.75 + 0.06 * a)
        path = np.stack([0.5 * a * size * rng.uniform(0.1, 0.35), r * np.cos(a), r * np.sin(a)], -1)
        curl = ribbon(path, 1.5 * size, (1, 0, 0))
        lying = transform(curl, rotate=(0, rng.uniform(-20, 20), rng.uniform(0, 360)))
        curls.append(transform(lying, (x, y, -float(lying.vertices[:, 2].min()))))
    return stand([(merge(curls), Material("translucent", tone, 0.7, bark_skin(tone)))])


def paint_pots(rng: Generator, colour: Colour | None = None) -> Parts:
    """Two open tins of paint with a brush across."""
    parts: Parts = []
    for (x, y), tone in zip(
        ((-6.2, 0.6), (6.0, -1.2)), (colour or (60, 120, 150), (232, 176, 70)), strict=True
    ):
        tin = lathe(
            [(0, 0), (5.2, 0), (5.3, 0.3), (5.3, 10.6), (5.5, 11.0), (4.8, 11.0), (4.8, 9.4), (0, 9.4)], 48
        )
        paint = lathe([(4.8, 9.45), (0, 9.5)], 48)
        parts += placed(
            [(tin, Material("metal", (200, 202, 204), 0.3)), (paint, Material("plastic", tone, 0.05))],
            (x, y, 0),
        )
    handle = transform(superellipsoid((7.5, 0.9, 0.6), 0.6, 0.5), (6.5, -2, 11.7), (0, 4, 20))
    bristle = transform(box((5.5, 3.0, 1.2), 0.3), (-2.4, -5.2, 11.4), (0, 4, 20))
    return turned(
        rng,
        [
            *parts,
            (handle, Material("matte", ASH, 0.5)),
            (bristle, Material("matte", (66, 52, 44), 0.9)),
        ],
        30,
    )


def pliers(rng: Generator, colour: Colour | None = None) -> Parts:
    """A pair of pliers, lying."""
    grips = [
        transform(superellipsoid((6.0, 0.95, 0.7), 0.6, 0.5), (6.5, 2.0 * s, 0.8), (0, 0, 12 * s))
        for s in (-1, 1)
    ]
    jaws = [
        transform(superellipsoid((3.4, 0.8, 0.6), 0.5, 0.5), (-3.6, 0.5 * s, 0.8), (0, 0, -5 * s))
        for s in (-1, 1)
    ]
    joint = transform(cylinder(1.5, 1.6, 0.2, 24), (0, 0, 0))
    red = Material("plastic", colour or pick(rng, ((190, 44, 40), (230, 170, 40), (40, 70, 110))), 0.35)
    nail = [transform(sphere(0.3, 8, 10), (x, y, 0.3)) for x, y in rng.uniform(-7, 7, (5, 2))]
    return turned(rng, [(merge(grips), red), (merge([*jaws, joint, *nail]), STEEL)], 60)
