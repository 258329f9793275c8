"""Of the house: books and towels."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from caig_cli.painters.studio.materials import Colour, Material
from caig_cli.painters.studio.mesh import Mesh, box, cylinder, extrude, grid, merge, moved, transform
from caig_cli.painters.studio.props.kit import Parts, pick, placed, stand, varied
from caig_cli.painters.studio.props.skins import page_skin, terry_skin

COVERS: tuple[Colour, ...] = (
    (158, 58, 52), (48, 72, 104), (70, 98, 80), (214, 196, 164), (196, 148, 84), (96, 70, 92),
    (62, 62, 66), (200, 170, 160),
)  # fmt: skip


def books(rng: Generator, colour: Colour | None = None) -> Parts:
    """A stack of three to five hardbacks, spines to the front, a little askew."""
    parts: Parts = []
    z, long, deep = 0.0, rng.uniform(19, 21), rng.uniform(13, 14.5)
    count = int(rng.integers(3, 6))
    tones = [pick(rng, COVERS) for _ in range(count)]
    if colour:
        tones[::2] = [varied(rng, colour, 0.05) for _ in tones[::2]]
    for tone in tones:
        thick = rng.uniform(1.7, 3.0)
        parts += placed(
            _book(rng, long, deep, thick, tone),
            (rng.normal(0, 0.4), rng.normal(0, 0.3), z),
            (0, 0, rng.normal(0, 5)),
        )
        z += thick
        long, deep = long * rng.uniform(0.9, 0.98), deep * rng.uniform(0.92, 0.99)
    return stand(parts)


def book(rng: Generator, colour: Colour | None = None) -> Parts:
    """One closed hardback lying flat."""
    size = rng.uniform(17, 20), rng.uniform(12, 14), rng.uniform(1.8, 3.0)
    return stand(placed(_book(rng, *size, colour or pick(rng, COVERS)), rotate=(0, 0, rng.uniform(-20, 20))))


def _book(rng: Generator, long: float, deep: float, thick: float, tone: Colour) -> Parts:
    """A closed book lying flat, spine along x at the front."""
    board = 0.22
    boards = [transform(box((long, deep, board), 0.06, 1), (0, 0.15, z)) for z in (0.0, thick - board)]
    a = np.linspace(-np.pi / 2, np.pi / 2, 9)
    bow = np.stack([thick / 2 * (1 + np.sin(a)), -0.42 * np.cos(a)], axis=-1)  # z and y of the rounded back
    spine = transform(extrude(bow[:, ::-1][::-1], long), (-deep / 2 + 0.2, 0, -long / 2))
    back = transform(spine, rotate=_LYING)
    pages = transform(box((long - 0.7, deep - 0.5, thick - 2 * board), 0.02, 1), (0, 0.1, board))
    cloth = Material("matte", tone, 0.75 if rng.random() < 0.6 else 0.35)
    gold = pick(rng, ((224, 190, 120), (240, 232, 214), (60, 50, 46)))
    title = (rng.uniform(-0.08, 0.05), rng.uniform(0.14, 0.3), 0.63)
    bands = [_band(at * long, wide * long, reach, thick, deep) for at, wide, reach in (*_RULES, title)]
    return [
        (merge([*boards, back]), cloth),
        (pages, Material("matte", (236, 228, 210), 0.95, page_skin())),
        (merge(bands), Material("metal", gold, 0.35)),
    ]


# gold rules near both ends of a spine: place and width in spine lengths, reach over the back in radians
_RULES = ((-0.40, 0.012, 1.18), (-0.37, 0.006, 1.18), (0.40, 0.012, 1.18), (0.37, 0.006, 1.18))
_LYING = np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]])  # z becomes x, x becomes y, y becomes z


def _band(at: float, wide: float, reach: float, thick: float, deep: float) -> Mesh:
    """A strip of foil around a book's back, ``at`` and ``wide`` along it in cm."""
    t = np.linspace(-reach, reach, 9)
    y, z = 0.2 - deep / 2 - 0.42 * np.cos(t) - 0.012, thick / 2 * (1 + np.sin(t))
    return grid(
        np.stack([np.stack([0 * t + at + side * wide / 2, y, z], axis=-1) for side in (-1, 1)], axis=1)
    )


def towels(rng: Generator, colour: Colour | None = None) -> Parts:
    """Two folded towels with a rolled one on top."""
    tone = colour or pick(rng, ((240, 236, 228), (214, 200, 182), (178, 196, 190), (226, 190, 184)))
    skin, pile = terry_skin()
    parts: Parts = []
    z = 0.0
    for k in range(2):
        cloth = Material(
            "fabric",
            texture=_dyed(skin, varied(rng, tone, 0.03 + 0.05 * k)),
            uv_scale=(5, 4),
            bump=pile,
            bump_scale=0.02,
        )
        fold = _folded(rng, 19 - k, 12.5 - 0.4 * k, 3.4)
        parts.append((transform(fold, (0, 0, z), (0, 0, rng.normal(0, 2.5))), cloth))
        z += 3.3
    cloth = Material("fabric", texture=_dyed(skin, tone), uv_scale=(3, 4), bump=pile, bump_scale=0.02)
    parts.append(
        (transform(_rolled(11.5, 2.9), (rng.normal(0, 2), 0, z + 2.75), (0, 0, rng.uniform(60, 78))), cloth)
    )
    return stand(parts)


def _dyed(skin: NDArray[np.uint8], tone: Colour) -> NDArray[np.uint8]:
    return (skin.astype(np.float32) * (np.asarray(tone, np.float32) / 255)).astype(np.uint8)


def _folded(rng: Generator, wide: float, deep: float, high: float) -> Mesh:
    """Two layers folded at the front, each soft and a little uneven, along x."""
    half = high / 2
    layers = []
    for level in (0, 1):
        a = np.linspace(0, 2 * np.pi, 49)[:-1]
        c, s = np.cos(a), np.sin(a)
        y = deep / 2 * np.sign(c) * np.abs(c) ** 0.22
        z = half / 2 * np.sign(s) * np.abs(s) ** 0.55 + half * (level + 0.5)
        layers.append(np.stack([y, z], axis=-1))
    sheets = []
    x = np.linspace(-1, 1, 15)
    for ring in layers:
        pinch = 1 - 0.35 * np.clip((np.abs(x) - 0.9) / 0.1, 0, 1) ** 2
        centre = ring.mean(axis=0)
        closed = np.concatenate([ring, ring[:1]])[::-1]
        wave = 0.10 * np.sin(5 * x[:, None] + closed[None, :, 0] + rng.uniform(0, 6))
        y = centre[0] + (closed[None, :, 0] - centre[0]) * (0.97 + 0.03 * pinch[:, None])
        z = (
            centre[1]
            + (closed[None, :, 1] - centre[1]) * pinch[:, None]
            + wave * (closed[None, :, 1] > centre[1])
        )
        body = np.stack([x[:, None] * wide / 2 + 0 * y, y, z], axis=-1)
        ends = [np.broadcast_to(body[k].mean(axis=0), body[k].shape) for k in (0, -1)]
        sheets.append(grid(np.concatenate([ends[0][None], body, ends[1][None]])))
    front = cylinder(half * 0.98, wide * 0.985, 0.5, 24)
    roll = transform(front, (-wide * 0.985 / 2, -deep / 2 + 0.35, half), (0, 90, 0))
    return merge([*sheets, moved(roll, roll.vertices * [1, 0.6, 1] + [0, -deep * 0.2 + 0.2, 0])])


def _rolled(wide: float, radius: float) -> Mesh:
    """A towel rolled up along x: a spiral with thickness."""
    turns, thick = 3.2, radius / 3.6
    a = np.linspace(0, 2 * np.pi * turns, 110)
    r = radius - thick * (turns - a / (2 * np.pi)) * 1.0
    outer = np.stack([r * np.cos(a), r * np.sin(a)], axis=-1)
    inner = np.stack([(r - thick * 0.92) * np.cos(a), (r - thick * 0.92) * np.sin(a)], axis=-1)
    ring = np.concatenate([outer, inner[::-1], outer[:1]])[::-1]
    x = np.array([-1, -0.97, 0.97, 1]) * wide / 2
    soft = np.array([0.97, 1.0, 1.0, 0.97])
    body = np.stack(
        [
            x[:, None] + 0 * ring[None, :, 0],
            ring[None, :, 0] * soft[:, None],
            ring[None, :, 1] * soft[:, None],
        ],
        axis=-1,
    )
    sides = [
        grid(
            np.stack(
                [
                    np.column_stack([np.full(110, at), s * outer]),
                    np.column_stack([np.full(110, at), s * inner]),
                ]
            )
        )
        for at, s in ((x[0], 0.97), (x[-1], 0.97))
    ]
    return merge([grid(body), *sides])
