"""The dark line where a product touches what it stands on, lies on or hangs before.

A stand-in has no round edges and no feet of felt, so the path tracer finds no narrow gap under it; in the gap
of a real thing nearly no light arrives, and that line is what makes it stand there. Here the area of contact
on the support is blurred twice: narrowly for the gap, widely for the light of the air that the product keeps
away (half of it right beside a wall), the wide one moved away from the key light.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from caig_cli.cutouts.cutout import Cutout
from caig_cli.painters.compose import laid_out
from caig_cli.painters.studio.body import SHRINK, Body, body_of
from caig_cli.painters.studio.camera import Camera
from caig_cli.painters.studio.stage import Stage

Floats = npt.NDArray[np.float32]
Field = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_GAP, _AIR = 0.88, 0.60
"""Share of the light that is missing in the gap, and beside the product where the gap ends."""
_NARROW, _WIDE = 0.018, 0.12
"""How far these reach, as a share of the size of what stands."""
_FOOT = 0.15
"""Share of the wide reach by which the area of contact of what stands is widened."""
_THIN, _THICK = 0.08, 0.36
"""The same for what lies, as a share of how thick it is."""
_LEAST = (0.004, 0.010)  # of the frame's longer side: what reaches less far would not be seen
_MOVED, _TURNED = 0.65, 0.82  # of the wide reach, and the share of it that is moved away from the light
_LYING_MOVED, _LYING_TURNED = 1.1, 0.95  # of what lies: a glow all round it is no shadow
_LYING = 0.58  # of the strength: the light that such a thing keeps away is ray-traced too
_WALL = 0.6  # of the strength: what hangs touches its wall at a few points only


def contact(product: Cutout, stage: Stage, azimuth: float) -> Floats:
    """Share of the light [H, W] that is missing around where the product touches something, 0 to 1.

    ``azimuth``: where the key light comes from, in degrees as those of a lamp. 0 everywhere for a product
    that touches nothing, and inside the product, which is composed on top.
    """
    camera, pose = stage.camera, stage.pose
    width, height = camera.size
    none = np.zeros((height, width), np.float32)
    if camera.hover > 0 or pose.stance == "float" or (pose.stance == "hang" and not stage.on_wall):
        return none
    solid = laid_out(product, camera.box, camera.size)[..., 3] > 127
    body = body_of(product, camera, pose)
    if pose.stance in ("lie", "hang"):
        thick = float(np.percentile(body.swell[body.distance > 0], 90)) / camera.cm
        gap, air, flat = _THIN * thick, _THICK * thick, 1.0
        touching, strength = solid, _LYING if pose.stance == "lie" else _WALL
    else:
        size = math.sqrt(camera.box.width * camera.box.height)
        gap, air, flat = _NARROW * size, _WIDE * size, _foreshortening(camera)
        touching, strength = solid & _base(body, camera, lean=pose.stance == "lean"), 1.0
    away = (_LYING_MOVED, _LYING_TURNED) if pose.stance == "lie" else (_MOVED, _TURNED)
    if pose.stance not in ("lie", "hang"):  # a narrow foot is dark too
        touching = ndimage.maximum_filter(touching, [2 * round(_FOOT * air / s) + 1 for s in (flat, 1.0)])
    dark = _shade(touching, (gap, air), flat, azimuth, away, wall=pose.stance == "hang")
    dark[ndimage.binary_erosion(solid, iterations=3, border_value=1)] = 0
    return np.asarray(strength * dark, np.float32)


def _shade(
    touching: Mask, reach: tuple[float, float], flat: float, azimuth: float, away: tuple[float, float], *,
    wall: bool,
) -> Field:  # fmt: skip
    """The light that is missing around an area of contact; ``reach``: of the gap and of the air;
    ``flat``: rows show so many times more ground than columns do; ``away``: how far, in its reach, the wide
    part is moved away from the light, and which share of it."""
    (gap, air), (moves, turned) = reach, away
    area = touching.astype(np.float64)
    least_gap, least_air = (share * max(area.shape) for share in _LEAST)
    narrow = _beside(area, max(gap, least_gap), max(gap / flat, least_gap))
    wide = _beside(area, max(air, least_air), max(air / flat, least_air))
    turn = math.radians(azimuth)
    down = 0.5 * air if wall else -math.cos(turn) * moves * air / flat
    moved = ndimage.shift(wide, (down, -math.sin(turn) * moves * air), order=1, mode="nearest")
    return 1 - (1 - _GAP * narrow) * (1 - _AIR * (turned * moved + (1 - turned) * wide))


def _beside(area: Field, across: float, down: float) -> Field:
    """1 in the middle of the area and at its straight edges, falling outside, 0 far from it."""
    blurred = ndimage.gaussian_filter(area, (down, across), mode="nearest", truncate=3.0)
    return np.asarray(np.minimum(2 * blurred, 1))


def _foreshortening(camera: Camera) -> float:
    """How many times more ground a row shows than a column does, at the product."""
    return camera.distance / max(camera.height - camera.lift, 1e-6)


def _base(body: Body, camera: Camera, *, lean: bool) -> Mask:
    """Where the frame shows the ground that the product covers with its feet [H, W]."""
    width, height = camera.size
    touching = np.zeros((height, width), bool)
    rows = np.arange(height)[:, None] + 0.5
    columns = np.arange(width)
    at = np.floor((columns + 0.5 - camera.box.left) * body.scale[0]).astype(int)
    within = (at >= 0) & (at < body.part.shape[1])
    at = np.clip(at, 0, body.part.shape[1] - 1)
    for foot in [_lowest(body)] if lean else [part.foot for part in body.parts]:
        there = within & np.isfinite(foot[at])
        low = np.where(there, np.nan_to_num(foot)[at], 0.0)
        thick = 0.0 if lean else body.swell[np.clip(low.astype(int) - 1, 0, body.part.shape[0] - 1), at]
        front = camera.box.top + low / body.scale[1] + SHRINK
        back = camera.support_row(camera.support_depth(front) + thick)
        touching |= there & (rows > np.minimum(back, front - 1)) & (rows < front)
    return touching


def _lowest(body: Body) -> Field:
    """Row [W] under the lowest sample of each column near the product's lowest, NaN elsewhere."""
    inside = body.distance > 0
    rows = inside.shape[0]
    foot = np.where(inside.any(axis=0), rows - np.argmax(inside[::-1], axis=0), 0).astype(float)
    return np.where(foot >= foot.max() - 0.03 * rows, foot, np.nan)
