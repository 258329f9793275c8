"""The dark line where a product touches what it stands on, lies on or hangs before.

A stand-in has no round edges and no feet of felt, so the path tracer finds no narrow gap under it; in the gap
of a real thing nearly no light arrives, and that line is what makes it stand there. Here each area of contact
on the support is blurred twice: narrowly for the gap, widely for the light of the air that the product keeps
away, the wide one moved away from the key light. How far both reach follows from the size of what touches:
a chair's leg is dark at its tip, and not around it. All other shade is ray-traced.
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

_GAP, _AIR = 0.82, 0.62
"""Share of the light that is missing in the gap, and beside the product where the gap ends."""
_NARROW, _WIDE = 0.025, 0.16
"""How far these reach, as a share of the width of what touches."""
_MOST = (0.006, 0.05)  # of the frame's longer side: the shade of large things is soft, and is ray-traced
_JUMP = 0.03  # of the product's height: feet that are so far apart in the frame are two
_THIN, _THICK = 0.08, 0.36
"""The same for what lies, as a share of how thick it is."""
_LEAST = (0.003, 0.012)  # of the frame's longer side: what reaches less far would not be seen
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
        dark = _under_flat(solid, body, stage, azimuth)
    else:
        dark = none.astype(np.float64)
        for wide, area in _feet(body, camera, lean=pose.stance == "lean"):
            reach = (_NARROW * wide, _WIDE * wide)
            own = _shade(solid & area, reach, _foreshortening(camera), azimuth, (_MOVED, _TURNED), wall=False)
            dark = np.maximum(dark, own)
        dark *= _ground(stage)
    dark[ndimage.binary_erosion(solid, iterations=3, border_value=1)] = 0
    return np.asarray(dark, np.float32)


def _under_flat(solid: Mask, body: Body, stage: Stage, azimuth: float) -> Field:
    """The same of what touches with all of itself: it lies, or hangs before a wall."""
    hangs = stage.pose.stance == "hang"
    thick = float(np.percentile(body.swell[body.distance > 0], 90)) / stage.camera.cm
    away = (_MOVED, _TURNED) if hangs else (_LYING_MOVED, _LYING_TURNED)
    dark = _shade(solid, (_THIN * thick, _THICK * thick), 1.0, azimuth, away, wall=hangs)
    return (_WALL if hangs else _LYING) * dark


def _shade(
    touching: Mask, reach: tuple[float, float], flat: float, azimuth: float, away: tuple[float, float], *,
    wall: bool,
) -> Field:  # fmt: skip
    """The light that is missing around an area of contact; ``reach``: of the gap and of the air;
    ``flat``: rows show so many times more ground than columns do; ``away``: how far, in its reach, the wide
    part is moved away from the light, and which share of it."""
    if not touching.any():
        return np.zeros(touching.shape)
    (moves, turned), longest = away, max(touching.shape)
    gap, air = (
        float(np.clip(r, least * longest, most * longest))
        for r, least, most in zip(reach, _LEAST, _MOST, strict=True)
    )
    window = _around(touching, math.ceil(5 * air))
    area = touching[window].astype(np.float64)
    narrow = _beside(area, gap, max(gap / flat, _LEAST[0] * longest))
    wide = _beside(area, air, max(air / flat, _LEAST[0] * longest))
    turn = math.radians(azimuth)
    right, down = -math.sin(turn) * moves, 0.5 if wall else -math.cos(turn) * moves / flat
    narrow = ndimage.shift(narrow, (0.5 * down * gap, 0.5 * right * gap), order=1, mode="nearest")
    moved = ndimage.shift(wide, (down * air, right * air), order=1, mode="nearest")
    dark = np.zeros(touching.shape)
    dark[window] = 1 - (1 - _GAP * narrow) * (1 - _AIR * (turned * moved + (1 - turned) * wide))
    return dark


def _around(area: Mask, by: int) -> tuple[slice, slice]:
    """The rows and columns that hold an area and ``by`` pixels around it."""
    rows, columns = np.flatnonzero(area.any(axis=1)), np.flatnonzero(area.any(axis=0))
    return (
        slice(max(rows[0] - by, 0), rows[-1] + 1 + by),
        slice(max(columns[0] - by, 0), columns[-1] + 1 + by),
    )


def _beside(area: Field, across: float, down: float) -> Field:
    """1 in the area and at its edges, however small it is, falling outside, 0 far from it."""
    blurred = ndimage.gaussian_filter(area, (down, across), mode="nearest", truncate=3.0)
    return np.asarray(np.minimum(blurred / max(min(0.5, 0.9 * float(blurred.max())), 1e-6), 1))


def _foreshortening(camera: Camera) -> float:
    """How many times more ground a row shows than a column does, at the product."""
    return camera.distance / max(camera.height - camera.lift, 1e-6)


def _ground(stage: Stage) -> Field:
    """1 where the frame shows what the product stands on, 0 where it shows what is behind [H, 1]."""
    camera = stage.camera
    ends = float(camera.support_row(min(stage.wall, stage.edge)))
    return np.clip((np.arange(camera.size[1])[:, None] + 0.5 - ends) / 3, 0, 1)


def _feet(body: Body, camera: Camera, *, lean: bool) -> list[tuple[float, Mask]]:
    """Of each foot its width in pixels, and where the frame shows the ground that it covers [H, W]."""
    width, height = camera.size
    rows = np.arange(height)[:, None] + 0.5
    at = np.floor((np.arange(width) + 0.5 - camera.box.left) * body.scale[0]).astype(int)
    within = (at >= 0) & (at < body.part.shape[1])
    at = np.clip(at, 0, body.part.shape[1] - 1)
    feet = []
    for foot in [_lowest(body)] if lean else [part.foot for part in body.parts]:
        number = np.where(within, _numbered(foot, _JUMP * body.part.shape[0])[at], 0)
        low = np.nan_to_num(foot)[at]
        thick = 0.0 if lean else body.swell[np.clip(low.astype(int) - 1, 0, body.part.shape[0] - 1), at]
        front = camera.box.top + low / body.scale[1] + SHRINK
        back = camera.support_row(camera.support_depth(front) + thick)
        covers = (rows > np.minimum(back, front - 1)) & (rows < front)
        for one in range(1, number.max() + 1):
            feet.append((float((number == one).sum()), covers & (number == one)))
    return feet


def _numbered(foot: Field, jump: float) -> npt.NDArray[np.int64]:
    """The number of the foot that each column belongs to [W], from 1; 0 where it touches nothing."""
    touches = np.isfinite(foot)
    line = np.nan_to_num(foot)
    starts = touches & (np.insert(~touches[:-1], 0, True) | (np.abs(np.diff(line, prepend=0.0)) > jump))
    return np.where(touches, np.cumsum(starts), 0)


def _lowest(body: Body) -> Field:
    """Row [W] under the lowest sample of each column near the product's lowest, NaN elsewhere."""
    inside = body.distance > 0
    rows = inside.shape[0]
    foot = np.where(inside.any(axis=0), rows - np.argmax(inside[::-1], axis=0), 0).astype(float)
    return np.where(foot >= foot.max() - 0.03 * rows, foot, np.nan)
