"""What the prop builders share: parts, leaves, flames, lumps, heaps and arranging."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from caig_cli.painters.studio.materials import Colour, Material
from caig_cli.painters.studio.mesh import Mesh, bounds, grid, lathe, merge, moved, sphere, transform

Part = tuple[Mesh, Material]
Parts = list[Part]
Points = NDArray[Any]


LEAF_GREENS: tuple[Colour, ...] = ((74, 110, 58), (58, 96, 62), (98, 128, 74), (52, 84, 48))
FLAME_GLOW = 16.0  # radiance of a candle flame where a softbox has about 10


def pick(rng: Generator, options: Sequence[Any]) -> Any:
    """One of the options, all equally likely."""
    return options[int(rng.integers(len(options)))]


def shade(
    colour: Sequence[float], factor: float, towards: Sequence[float] = (128, 128, 128), blend: float = 0.0
) -> Colour:
    """``colour`` times ``factor``, then ``blend`` of it replaced by another colour."""
    mixed = np.asarray(colour, float) * factor * (1 - blend) + np.asarray(towards, float) * blend
    r, g, b = (int(c) for c in np.clip(np.round(mixed), 0, 255))
    return r, g, b


def varied(rng: Generator, colour: Sequence[float], amount: float = 0.08) -> Colour:
    """A colour a little lighter, darker, warmer or cooler."""
    gains = (1 + rng.normal(0, amount)) * (1 + rng.normal(0, amount / 3, 3))
    r, g, b = (int(c) for c in np.clip(np.asarray(colour) * gains, 0, 255))
    return r, g, b


def placed(
    parts: Parts, translate: ArrayLike = (0, 0, 0), rotate: ArrayLike = (0, 0, 0), scale: ArrayLike = 1.0
) -> Parts:
    """All parts scaled, rotated and moved together, as ``transform`` does for one mesh."""
    return [(transform(mesh, translate, rotate, scale), material) for mesh, material in parts]


def stand(parts: Parts) -> Parts:
    """The parts moved to stand on z = 0 with the middle of their plan over the origin."""
    low, high = box_of(parts)
    middle = (low + high) / 2
    return placed(parts, (-middle[0], -middle[1], -low[2]))


def turned(rng: Generator, parts: Parts, most: float = 30.0) -> Parts:
    """The parts standing as ``stand`` does, turned about z by up to ``most`` degrees either way."""
    return stand(placed(parts, rotate=(0, 0, rng.uniform(-most, most))))


def vessel_wall(outside: ArrayLike, wall: float, segments: int = 48) -> Mesh:
    """A bowl, glass or pot: ``outside`` [P, 2] of (r, z) from the axis up to the rim, ``wall`` cm thick."""
    outer = np.asarray(outside, float)
    inner = np.stack([np.maximum(outer[:, 0] - wall, 0.0), outer[:, 1] + wall], axis=-1)[::-1]
    inner[:, 1] = np.minimum(inner[:, 1], outer[-1, 1])
    inner = inner[inner[:, 1] >= outer[:, 1].min() + wall * 0.99]
    return lathe(np.concatenate([outer, inner, [(0.0, inner[-1, 1])]]), segments)


def box_of(parts: Parts) -> tuple[Points, Points]:
    """Lowest and highest corner [3] of all parts."""
    corners = [bounds(mesh) for mesh, _ in parts]
    return np.min([low for low, _ in corners], axis=0), np.max([high for _, high in corners], axis=0)


def rest(mesh: Mesh) -> Mesh:
    """The mesh lowered or raised until it touches z = 0."""
    return transform(mesh, (0, 0, -float(mesh.vertices[:, 2].min())))


def spread(rng: Generator, radii: Sequence[float], reach: float) -> Points:
    """Places [N, 2] for discs of ``radii`` in a loose bunch without overlap, centres within ``reach``."""
    size = np.asarray(radii, float)
    angle, far = rng.uniform(0, 2 * np.pi, len(size)), np.sqrt(rng.random(len(size)))
    at = np.stack([np.cos(angle), np.sin(angle)], axis=-1) * (far * np.maximum(reach - size, 0.1))[:, None]
    need = size[:, None] + size
    for _ in range(40):
        gap = at[:, None] - at
        distance = np.maximum(np.hypot(gap[..., 0], gap[..., 1]), 1e-6)
        push = np.maximum(need - distance, 0) * (1 - np.eye(len(size)))
        at = at + 0.55 * (gap / distance[..., None] * push[..., None]).sum(axis=1)
    return np.asarray(at - at.mean(axis=0))


def bunch(rng: Generator, things: Sequence[Parts]) -> Parts:
    """Several things side by side on the table, each turned its own way, as close as they fit."""
    radii = [0.54 * float(np.hypot(*(high - low)[:2])) for low, high in map(box_of, things)]
    spots = spread(rng, radii, 1.15 * float(np.linalg.norm(radii)))
    parts: Parts = []
    for thing, (x, y) in zip(things, spots, strict=True):
        parts += placed(thing, (x, y, 0), (0, 0, rng.uniform(-40, 40)))
    return stand(parts)


def disc(radius: float, z: float = 0.0, segments: int = 40) -> Mesh:
    """A flat disc that faces up; its texture is the square around it."""
    face = lathe([(radius, z), (0, z)], segments)
    return replace(face, uv=face.vertices[:, :2] / (2 * radius) + np.float32(0.5))


def lumpy(mesh: Mesh, rng: Generator, amount: float, waves: float = 2.0, octaves: int = 3) -> Mesh:
    """Dented along the line from the middle; ``amount`` in shares of the size, ``waves`` per radius."""
    middle = (mesh.vertices.min(axis=0) + mesh.vertices.max(axis=0)) / 2
    offset = mesh.vertices - middle
    reach = float(np.abs(offset).max())
    dent = np.zeros(len(offset))
    for octave in range(octaves):
        for _ in range(4):
            direction = rng.normal(size=3) * waves * 1.8**octave
            dent += np.sin(offset @ direction / reach + rng.uniform(0, 7)) / 1.9**octave
    return moved(mesh, middle + offset * (1 + amount / 2 * dent)[:, None])


def leaf(
    length: float,
    width: float,
    bend: float = 40.0,
    fold: float = 0.25,
    tip: float = 1.0,
    across: int = 4,
    along: int = 10,
) -> Mesh:
    """A leaf that starts at the origin along +y with its face up, and bends down by ``bend`` degrees in all.

    ``fold`` lifts the sides of the midrib, ``tip`` above 1 moves the broadest place towards the base.
    """
    t = np.linspace(0, 1, along + 1)
    angle = -np.radians(bend) * t
    stride = length / along
    y = np.concatenate([[0], np.cumsum(np.cos(angle[1:]))]) * stride
    z = np.concatenate([[0], np.cumsum(np.sin(angle[1:]))]) * stride
    half = width / 2 * np.sin(np.pi * t ** (1 / tip)) ** 0.8
    half[-1] = 0.0
    u = np.linspace(-1, 1, across + 1)
    x = half[:, None] * u
    lift = fold * np.abs(x)
    points = np.stack(
        [x, y[:, None] - np.sin(angle)[:, None] * lift, z[:, None] + np.cos(angle)[:, None] * lift], axis=-1
    )
    return grid(points)


def flame(height: float = 2.2) -> Parts:
    """A candle's flame on its wick, base at the origin."""
    t = np.linspace(0, 1, 12)
    radius = 0.27 * height * np.sin(np.pi * t**0.62) ** 1.2 * (1 - 0.35 * t)
    radius[[0, -1]] = 0
    body = lathe(np.stack([radius, height * t], axis=-1), 12)
    wick = lathe([(0, -0.5), (0.06, -0.5), (0.06, 0.35 * height), (0, 0.35 * height)], 6)
    return [
        (transform(body, (0, 0, 0.25)), Material("emissive", (255, 178, 84), glow=FLAME_GLOW)),
        (wick, Material("matte", (30, 26, 24), 0.9)),
    ]


def balls(rng: Generator, centres: Points, radius: float, rings: int = 8, segments: int = 12) -> Mesh:
    """Small balls merged into one mesh, of nearly one size."""
    size = rng.uniform(0.85, 1.1, len(centres)) * radius
    return merge(
        [transform(sphere(float(s), rings, segments), c) for s, c in zip(size, centres, strict=True)]
    )


def heap(rng: Generator, count: int, radius: float, reach: float) -> Points:
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
