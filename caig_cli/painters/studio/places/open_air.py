"""What stands in gardens, on beaches and in streets, at natural size; as in :mod:`furniture`."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from caig_cli.painters.studio.materials import Material
from caig_cli.painters.studio.mesh import (
    box,
    copies,
    cylinder,
    lathe,
    merge,
    sphere,
    superellipsoid,
    transform,
    tube,
)
from caig_cli.painters.studio.places.furniture import DARK, grain
from caig_cli.painters.studio.props.kit import Parts, pick, placed, shade, varied


def lounger(rng: Generator, night: bool) -> Parts:
    """A sun lounger, 190 cm, with a towel."""
    frame = [
        transform(box((60, 130, 5), 0.5), (0, -30, 30)),
        transform(box((60, 70, 5), 0.5), (0, 60, 48), (32, 0, 0)),
    ]
    legs = [transform(box((4, 4, 30), 0.3), (x, y, 0)) for x in (-27, 27) for y in (-80, 26)]
    pad = [
        transform(superellipsoid((29, 64, 5), 0.3, 0.3), (0, -30, 38)),
        transform(superellipsoid((29, 35, 5), 0.3, 0.3), (0, 58, 56), (32, 0, 0)),
    ]
    return placed(
        [(merge([*frame, *legs]), grain("oak", 2)), (merge(pad), Material("fabric", (244, 242, 236)))],
        rotate=(0, 0, 64),
    )


def parasol(rng: Generator, night: bool) -> Parts:
    """A sunshade, 230 cm."""
    roof = lathe([(130, 205), (118, 210), (40, 236), (0, 242)], 8)
    pole = cylinder(2.4, 238, 0.3, 14)
    return [
        (roof, Material("fabric", pick(rng, ((244, 240, 230), (214, 96, 80), (236, 196, 90))))),
        (pole, grain("oak")),
    ]


def palm(rng: Generator, night: bool) -> Parts:
    """A palm tree, about 420 cm."""
    t = np.linspace(0, 1, 16)
    lean = rng.uniform(20, 70)
    trunk = tube(np.stack([lean * t**2, 0 * t, 400 * t], -1), 15 - 6 * t, 14)
    from caig_cli.painters.studio.props.kit import leaf

    fronds = []
    for turn in np.arange(0, 360, 24.0):
        size = rng.uniform(150, 200)
        spine = leaf(size, 9, rng.uniform(105, 150), 0.1, along=14)
        blades = [
            transform(
                leaf(size * 0.30, 4.5, 25, 0.1, along=4, across=2),
                (0, size * f * 0.72, -size * 0.55 * f**2),
                (-20 - 55 * f, 0, s * 58),
            )
            for f in np.linspace(0.12, 0.95, 12)
            for s in (-1, 1)
        ]
        fronds.append(transform(merge([spine, *blades]), (lean, 0, 398), (rng.uniform(24, 52), 0, turn)))
    return [
        (trunk, Material("matte", (138, 112, 84), 0.95)),
        (merge(fronds), Material("translucent", (74, 116, 54), 0.5)),
    ]


def young_palm(rng: Generator, night: bool) -> Parts:
    """A palm tree that has not grown up, about 220 cm."""
    return placed(palm(rng, night), scale=0.55)


def fence(rng: Generator, night: bool) -> Parts:
    """A white picket fence, 400 cm, with flowers before it."""
    slats = [transform(box((8, 2, rng.uniform(82, 88)), 0.6), (x, 0, 0)) for x in np.arange(-200, 201, 14.0)]
    rails = [transform(box((404, 3, 7), 0.3), (0, 3, z)) for z in (22, 62)]
    parts: Parts = [(merge([*slats, *rails]), Material("matte", (246, 245, 240), 0.7))]
    for tone in ((214, 84, 110), (244, 206, 90), (240, 238, 234), (150, 110, 180)):
        at = np.stack([rng.uniform(-190, 190, 20), rng.uniform(-40, -12, 20), rng.uniform(24, 58, 20)], -1)
        parts.append((copies(sphere(4.2, 6, 10), at), Material("matte", varied(rng, tone, 0.04), 0.9)))
    bush = np.stack([rng.uniform(-195, 195, 90), rng.uniform(-36, -8, 90), rng.uniform(4, 34, 90)], -1)
    parts.append((copies(sphere(11, 6, 10), bush), Material("matte", (82, 118, 58), 0.95)))
    return parts


def trunks(rng: Generator, night: bool) -> Parts:
    """Eleven trees of a wood, 9 m deep and wide."""
    bodies = []
    for x in np.linspace(-420, 420, 11):
        size = rng.uniform(12, 26)
        path = [(0, 0, -10), (rng.normal(0, 8), 0, 200), (rng.normal(0, 18), 0, 560)]
        bodies.append(
            transform(
                tube(path, [size * 1.25, size, size * 0.8], 14),
                (x + rng.uniform(-30, 30), rng.uniform(-200, 420), 0),
            )
        )
    return [(merge(bodies), Material("matte", shade((96, 76, 58), rng.uniform(0.85, 1.1)), 0.95))]


def pillar_lamp(rng: Generator, night: bool) -> Parts:
    """A street lamp, 330 cm, lit by night."""
    post = merge(
        [
            cylinder(9, 40, 1, 16),
            transform(cylinder(4, 270, 0, 14), (0, 0, 40)),
            transform(box((46, 6, 6), 1), (14, 0, 306)),
        ]
    )
    bulb = transform(sphere(12, 14, 24), (34, 0, 300))
    light = (
        Material("emissive", (255, 206, 140), glow=9.0)
        if night
        else Material("plastic", (240, 240, 236), 0.2)
    )
    return [(post, DARK), (bulb, light)]
