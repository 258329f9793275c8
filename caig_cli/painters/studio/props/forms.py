"""Painted architecture for sets: plinths and arches."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from caig_cli.painters.studio.materials import Colour, Material
from caig_cli.painters.studio.mesh import Mesh, cylinder, extrude, sphere, transform
from caig_cli.painters.studio.props.kit import Parts, Points, pick, shade, stand
from caig_cli.painters.studio.textures import texture

CLAYS: tuple[Colour, ...] = ((238, 228, 216), (226, 206, 190), (214, 218, 210), (222, 196, 180))


def podium(rng: Generator, colour: Colour | None = None) -> Parts:
    """A round plinth, 6 cm high and flat on top, to stand the product on; sometimes of two steps."""
    tone = colour or pick(rng, CLAYS)
    if rng.random() < 0.4:
        skin = texture(
            pick(rng, ("white_marble", "terrazzo", "oak")) if colour is None else "paper", 512
        ).colour
        stone = Material("matte", tone, 0.3, skin if colour is None else None, (2.0, 0.5))
    else:
        stone = Material("matte", tone, 0.85)
    if rng.random() < 0.5:
        return [(cylinder(12.0, 6.0, 0.25, 72), stone)]
    lower = cylinder(15.0, 2.5, 0.25, 72)
    return [
        (lower, stone),
        (
            transform(cylinder(12.0, 3.5, 0.25, 72), (0, 0, 2.5)),
            Material("matte", shade(tone, 1.02, (255, 255, 255), 0.15), 0.85),
        ),
    ]


def arch(rng: Generator, colour: Colour | None = None) -> Parts:
    """A painted arch, a disc or half-ring beside it and a low step: a set's architecture in matte paint."""
    tone = colour or pick(rng, CLAYS)
    paint = Material("matte", tone, 0.9)
    second = Material(
        "matte", shade(tone, 0.86, pick(rng, ((214, 160, 130), (150, 166, 158), (236, 226, 210))), 0.35), 0.9
    )
    a = np.linspace(0, np.pi, 33)
    out, inn, leg = 14.0, 9.5, 20.0
    outline = np.concatenate([
        [(out, 0)], np.stack([out * np.cos(a), leg + out * np.sin(a)], axis=-1), [(-out, 0), (-inn, 0)],
        np.stack([-inn * np.cos(a), leg + inn * np.sin(a)], axis=-1), [(inn, 0)],
    ])  # fmt: skip
    body = extrude(_clean(outline), 6.0, 0.25)
    upright: Parts = [(_upright(body, 3.0), paint)]
    panel = extrude(
        np.concatenate([[(11.5, 0)], np.stack([11.5 * np.cos(a), 12 + 11.5 * np.sin(a)], -1), [(-11.5, 0)]]),
        3.0,
        0.25,
    )
    side = float(rng.choice([-1, 1]))
    upright.append((transform(_upright(panel, 1.5), (side * 11.0, -5.0, 0)), second))
    ball = transform(sphere(3.2, 20, 40), (-side * 13.0, -6.5, 3.2))
    upright.append((ball, second))
    step = transform(cylinder(6.5, 3.0, 0.25, 56), (side * 15.0, -9.0, 0))
    return stand([*upright, (step, paint)])


def _clean(
    ring: Points,
) -> Points:
    """The outline without corners that repeat."""
    keep = np.linalg.norm(ring - np.roll(ring, 1, axis=0), axis=1) > 1e-6
    return np.asarray(ring[keep])


def _upright(mesh: Mesh, half: float) -> Mesh:
    """An extrusion stood up: its plan faces the camera."""
    return transform(mesh, (0, half, 0), (90, 0, 0))
