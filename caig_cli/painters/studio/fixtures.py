"""What a hanging product hangs on: a hanger, clips, a hook or a cord, on a peg in the wall or on a rail.

They are behind the product, so what it covers needs no shape; only what shows above it is built.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from caig_cli.cutouts.cutout import SOLID, Cutout
from caig_cli.painters.studio.materials import Material, to_mitsuba
from caig_cli.painters.studio.mesh import Mesh, cylinder, transform, tube
from caig_cli.painters.studio.stage import Stage

Point = npt.NDArray[np.float64]

STEEL = Material("metal", (120, 120, 126), 0.3)
WOOD = Material("plastic", (176, 132, 88), 0.35)
FLEX = Material("fabric", (52, 50, 48), 0.9)

_HOOD = 0.12
"""A garment whose shoulders are lower than this share of its height has a hood."""
_HOOK_CM = 7.0
"""How far a hanger's hook reaches above the garment, where the frame has room for it."""


def fixture_shapes(stage: Stage, cutout: Cutout) -> dict[str, Any]:
    """The fixture of the stage's pose as Mitsuba shapes; nothing for a product that does not hang."""
    fixture = stage.pose.fixture
    if stage.pose.stance != "hang" or fixture == "none" or "top" in cutout.cut_off:
        return {}
    parts = _BUILDERS[fixture](stage, cutout)
    return {f"fixture{k}": to_mitsuba(mesh, material) for k, (mesh, material) in enumerate(parts)}


Parts = list[tuple[Mesh, Material]]


def _hanger(stage: Stage, cutout: Cutout) -> Parts:
    """A wooden hanger: its arch between the shoulders, and a steel hook over a peg or a rail.

    The arch shows in the neck of a shirt; behind a hood it is at the shoulders, and is hidden.
    """
    top, across = _top(stage, cutout), stage.width_cm
    thick = float(np.clip(0.014 * across, 0.35, 1.2))
    t = np.linspace(-1, 1, 17)
    reach, below = 0.2 * across, _shoulders(cutout)
    height = top[2] - thick - (below * stage.height_cm - 0.36 * reach if below > _HOOD else 0.0)
    arms = np.stack([top[0] + reach * t, 0 * t + top[1], height - 0.36 * reach * t**2], axis=-1)
    return [(tube(arms, thick), WOOD), *_hooked(stage, top - np.array([0, 0, thick]))]


def _clips(stage: Stage, cutout: Cutout) -> Parts:
    """A bar with two clips, for what hangs by its waist."""
    top, across = _top(stage, cutout), stage.width_cm
    thick = float(np.clip(0.012 * across, 0.3, 0.8))
    height = top[2] + 2.2 * thick
    bar = [(top[0] - 0.42 * across, top[1], height), (top[0] + 0.42 * across, top[1], height)]
    parts: Parts = [(tube(bar, thick), STEEL)]
    for side in (-0.3, 0.3):
        low = (top[0] + side * across, top[1], top[2] - 4 * thick)
        parts.append((tube([low, (low[0], low[1], height)], 1.5 * thick), STEEL))
    return parts + _hooked(stage, np.array([top[0], top[1], height]))


def _hooked(stage: Stage, foot: Point) -> Parts:
    """A steel hook that goes up from ``foot`` and over a peg in the wall, or over a rail."""
    _, _, _, above = stage.camera.view_at(0.0)
    high = min(_HOOK_CM, 0.75 * (above - foot[2]))
    bend, thick = 0.3 * high, max(0.05 * high, 0.12)
    angle = np.linspace(np.pi, -0.35 * np.pi, 18)
    stem = foot[2] + high - bend
    curve = np.stack([bend * (1 + np.cos(angle)), 0 * angle, stem - foot[2] + bend * np.sin(angle)], axis=-1)
    straight = np.array([(0.0, 0.0, 0.0), (0.0, 0.0, stem - foot[2] - 0.2 * bend)])
    hook = tube(foot + np.concatenate([straight, curve]), thick)
    inside = (foot[0] + bend, foot[1], stem + bend - 2 * thick)
    return [(hook, STEEL), _held(stage, inside, bend - 2 * thick)]


def _hook(stage: Stage, cutout: Cutout) -> Parts:
    """A peg right under the product's highest part: in its loop, if it has one."""
    top = _top(stage, cutout)
    strap, radius = _strap(stage, cutout), float(np.clip(0.02 * stage.height_cm, 0.4, 1.6))
    return [_held(stage, (top[0], top[1], top[2] - strap), radius)]


def _held(stage: Stage, top: tuple[float, float, float], radius: float) -> tuple[Mesh, Material]:
    """What bears a load at ``top``: a peg out of the wall, or a rail across the frame."""
    x, y, z = top
    radius = max(radius, 0.1)
    if stage.on_wall:
        long = stage.wall - y + 3 * radius
        peg = transform(cylinder(radius, long, 0.3 * radius), (x, stage.wall, z - radius), (90, 0, 0))
        return peg, WOOD
    left, right, _, _ = stage.camera.view_at(y)
    more = 0.2 * (right - left)
    return tube([(left - more, y, z - radius), (right + more, y, z - radius)], radius), STEEL


def _cord(stage: Stage, cutout: Cutout) -> Parts:
    """A cord up to beyond the frame's top."""
    top = _top(stage, cutout)
    _, _, low, above = stage.camera.view_at(top[1])
    end = above + 0.3 * (above - low)
    radius = float(np.clip(0.006 * stage.unit, 0.05, 0.4))
    return [(tube([top - np.array([0, 0, 2 * radius]), (top[0], top[1], end)], radius), FLEX)]


_BUILDERS = {"hanger": _hanger, "clips": _clips, "hook": _hook, "cord": _cord}


def _top(stage: Stage, cutout: Cutout) -> Point:
    """The middle of the product's highest part, a little behind its plane."""
    solid = cutout.rgba[..., 3] >= SOLID
    rows = np.flatnonzero(solid.any(axis=1))
    first = int(rows[0]) if rows.size else 0
    band = solid[first : first + max(1, solid.shape[0] // 40)]
    columns = np.flatnonzero(band.any(axis=0))
    column = float(np.median(columns)) + 0.5 if columns.size else solid.shape[1] / 2
    box = stage.camera.box
    pixel = (
        box.left + column * box.width / solid.shape[1], box.top + first * box.height / solid.shape[0]
    )  # fmt: skip
    behind = 0.5 * stage.wall if stage.on_wall else 0.1
    return np.asarray(stage.camera.unproject(pixel, min(behind, 0.02 * stage.height_cm)))


def _shoulders(cutout: Cutout) -> float:
    """How far below its top, as a share of its height, a garment is half as wide as it gets."""
    solid = cutout.rgba[..., 3] >= SOLID
    first, last = np.argmax(solid, axis=1), solid.shape[1] - 1 - np.argmax(solid[:, ::-1], axis=1)
    wide = np.where(solid.any(axis=1), last - first, 0)
    return float(np.argmax(wide >= 0.5 * wide.max()) / solid.shape[0])


def _strap(stage: Stage, cutout: Cutout) -> float:
    """How thick in cm the product is right below its highest point; little where no loop is below it."""
    solid = cutout.rgba[..., 3] >= SOLID
    rows = np.flatnonzero(solid.any(axis=1))
    first = int(rows[0]) if rows.size else 0
    column = int(np.median(np.flatnonzero(solid[first])))
    gap = np.flatnonzero(~solid[first:, column])
    per_row = stage.height_cm / solid.shape[0]
    if gap.size == 0 or gap[0] > solid.shape[0] // 8:
        return 0.0
    return float(gap[0] * per_row)
