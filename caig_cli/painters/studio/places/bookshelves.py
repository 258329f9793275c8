"""A wall of shelves as ads show it: books, boxes and vases of true size. Previews keep plain blocks."""

from __future__ import annotations

from typing import Any

import numpy as np

from caig_cli.painters.studio.materials import Colour
from caig_cli.painters.studio.mesh import Mesh, box, lathe, merge, transform
from caig_cli.painters.studio.stage import Cloth, Stage, rgb, solid, textured, upright

_GAP, _DEEP, _BOARD = 36.0, 26.0, 2.6  # cm: from board to board, and of a board
_LOWEST = 100.0  # cm below what the product stands on
_SPINES: tuple[Colour, ...] = (
    (226, 218, 202), (206, 196, 178), (238, 235, 228), (158, 142, 122), (112, 92, 76), (88, 98, 108),
    (120, 130, 118), (150, 104, 86), (196, 168, 124), (64, 66, 70),
)  # fmt: skip
_SHARES = (0.18, 0.13, 0.14, 0.12, 0.08, 0.1, 0.08, 0.06, 0.06, 0.05)
_POTTERY = 2  # the tone of vases

Things = list[list[Mesh]]


def bookshelves(stage: Stage, x: tuple[float, float], z: tuple[float, float]) -> dict[str, Any]:
    """Shelves before the wall over ``x`` and ``z``, ranges in cm that the frame shows of it."""
    rng, y = stage.rng("shelves"), stage.wall - _DEEP
    wood = stage.dyed("oak" if rng.random() < 0.5 else "walnut", stage.scene.backdrop_colour)
    back = textured(Cloth(stage.dyed("plaster", stage.scene.backdrop_colour)), "matte")
    boards: list[Mesh] = []
    things: Things = [[] for _ in _SPINES]
    middle = (x[0] + x[1]) / 2
    lowest = max(z[0], -_LOWEST) - _GAP * rng.random()
    for level in np.arange(lowest, z[1], _GAP):
        boards.append(transform(box((x[1] - x[0], _DEEP, _BOARD), 0.2), (middle, y + _DEEP / 2, level)))
        at = x[0] + rng.uniform(0, 10)
        while at < x[1]:
            at += _group(things, (at, y + 3, level + _BOARD), rng)
    shapes = {
        "backdrop": solid(upright(x, z, stage.wall), back, 1 / 120),
        "boards": solid(merge(boards), textured(Cloth(wood), "coated", 0.3)),
    }
    for number, (tone, meshes) in enumerate(zip(_SPINES, things, strict=True)):
        if meshes:
            shapes[f"things{number}"] = solid(merge(meshes), {"type": "diffuse", "reflectance": rgb(tone)})
    return shapes


def _group(things: Things, at: tuple[float, float, float], rng: np.random.Generator) -> float:
    """Puts books, a pile of them, a vase or nothing on a board from ``at`` on; returns the width it takes."""
    kind = rng.random()
    if kind < 0.62:
        return _row(things, at, rng)
    if kind < 0.76:
        return _pile(things, at, rng)
    if kind < 0.88:
        return _vase(things, at, rng)
    return float(rng.uniform(8, 24))


def _row(things: Things, at: tuple[float, float, float], rng: np.random.Generator) -> float:
    """Upright books, some of one series."""
    (x, y, z), taken, high = at, 0.0, float(rng.uniform(19, 27))
    tone = _tone(rng)
    for _ in range(int(rng.integers(4, 11))):
        if rng.random() < 0.65:
            tone, high = _tone(rng), float(rng.uniform(18, 29))
        thick, deep = float(rng.uniform(1.6, 4.2)), float(rng.uniform(14, 19))
        book = box((thick * 0.96, deep, high), 0.15, 1)
        things[tone].append(transform(book, (x + taken + thick / 2, y + deep / 2, z)))
        taken += thick
    return taken + float(rng.uniform(1, 14))


def _pile(things: Things, at: tuple[float, float, float], rng: np.random.Generator) -> float:
    """Books that lie on each other."""
    (x, y, z), wide, high = at, float(rng.uniform(21, 27)), 0.0
    for _ in range(int(rng.integers(2, 5))):
        thick, long = float(rng.uniform(1.8, 4)), wide * float(rng.uniform(0.82, 1))
        book = transform(
            box((long, 17, thick), 0.15, 1), (x + wide / 2, y + 9, z + high), (0, 0, rng.normal(0, 3))
        )
        things[_tone(rng)].append(book)
        high += thick
    return wide + float(rng.uniform(3, 12))


def _vase(things: Things, at: tuple[float, float, float], rng: np.random.Generator) -> float:
    """A vase or bowl."""
    (x, y, z), r, high = at, float(rng.uniform(5, 8)), float(rng.uniform(9, 24))
    line = [(0, 0), (0.6 * r, 0), (r, 0.4 * high), (0.5 * r, 0.85 * high), (0.6 * r, high), (0.5 * r, high)]
    things[_POTTERY].append(transform(lathe(line, 28), (x + 2 * r, y + 10, z)))
    return 4 * r


def _tone(rng: np.random.Generator) -> int:
    return int(rng.choice(len(_SPINES), p=_SHARES))
