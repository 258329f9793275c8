"""The air around a set as a panorama: what lights it from all sides and what glass and metal reflect.

Out of doors it is the sky of Mitsuba's own model (Hosek and Wilkie) for the height of the sun, under clouds
the standard overcast sky of the CIE. Indoors it is a room: walls, ceiling and floor seen from the set, with a
window on the side of the key light, or with lamps by night. Brightness within a panorama is relative.
"""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from caig_cli.painters.studio.catalogue_rows import Hour
from caig_cli.painters.studio.render import LUMA, mitsuba

Floats = npt.NDArray[np.float64]
Colour = tuple[float, float, float]

ROWS, COLUMNS = 32, 64
SUN = {"day": (42.0, 3.0), "golden": (9.0, 4.0)}
"""Height of the sun in degrees and turbidity of the air (2 clear, 10 hazy) by the hour."""

_ROOM = (2.6, 3.0, 1.4, 1.1)  # metres from the set to the side walls, those before and behind, ceiling, floor
_WINDOW = (-1.0, 1.1, -0.2, 1.2)  # metres along the wall on the key's side and up from the set
_LAMPS = ((70.0, 22.0), (-60.0, 26.0), (150.0, 30.0))  # degrees from the key's side around, and up
_WALLS, _CEILING, _FLOOR = 0.55, 0.75, 0.35  # brightness; a window is _PANE
_PANE, _LAMP = 9.0, 26.0


class Air(NamedTuple):
    """Colours from above and from below; ``ambient``: how bright a white card is that sees nothing else."""

    hour: Hour
    zenith: Colour
    floor: Colour
    ambient: float


def surroundings(air: Air, azimuth: float, *, outside: bool) -> dict[str, Any]:
    """The air as an emitter.

    ``azimuth``: where the key light comes from, in degrees as those of a lamp; ``outside``: the set is in the
    open.
    """
    picture = _outdoors(air, azimuth) if outside else _indoors(air, azimuth)
    return panorama(picture, air.ambient)


def plain(air: Air, side: float) -> dict[str, Any]:
    """A gradient from the floor to the zenith and two panels to be reflected: the air of previews."""
    up, azimuth = directions()
    blend = np.clip(up * 0.5 + 0.5, 0, 1)
    picture = np.asarray(air.zenith) * blend + np.asarray(air.floor) * (1 - blend)
    picture = picture * (0.55 + 0.6 * np.clip(up, 0, 1))
    around = 180 - azimuth
    for middle, width, gain in ((90 - side * 55, 26, 2.2), (90 + side * 75, 14, 1.3)):
        inside = (np.abs((around - middle + 180) % 360 - 180) < width) & (np.abs(up - 0.35) < 0.35)
        picture = picture * np.where(inside, 1 + gain, 1.0)
    return panorama(picture, air.ambient)


def panorama(picture: Floats, ambient: float) -> dict[str, Any]:
    """The emitter of a picture [32, 64, 3], under which a white card that faces up is ``ambient`` bright."""
    mi = mitsuba()
    up, _ = directions()
    upward = np.clip(up, 0, None) * np.sqrt(1 - up**2)
    mean = float((picture.mean(axis=2, keepdims=True) * upward).sum() / (upward.sum() * COLUMNS))
    bitmap = mi.Bitmap((picture * ambient / mean).astype(np.float32))
    turn = mi.ScalarTransform4f().rotate([1, 0, 0], 90)  # the panorama's own up is y
    return {"type": "envmap", "bitmap": bitmap, "to_world": turn}


def directions() -> tuple[Floats, Floats]:
    """Sine of the height [32, 1, 1], 1 at the zenith, and azimuth in degrees [1, 64, 1] as that of a lamp:
    0 behind the camera, 90 right, 180 behind the product. The first column looks there."""
    up = np.cos((np.arange(ROWS) + 0.5) / ROWS * np.pi)[:, None, None]
    azimuth = (180 - (np.arange(COLUMNS) + 0.5) / COLUMNS * 360)[None, :, None]
    return up, azimuth


def _outdoors(air: Air, azimuth: float) -> Floats:
    """Sky over ground, which has the colour of ``air.floor``."""
    up, _ = directions()
    if air.hour in SUN:
        sky = np.roll(_sky(*SUN[air.hour]), -round(azimuth / 360 * COLUMNS), axis=1)
    else:
        sky = np.asarray(air.zenith) * (1 + 2 * np.clip(up, 0, 1)) / 3 * np.ones((1, COLUMNS, 1))
    level = float((sky[: ROWS // 2] @ LUMA).mean())
    ground = 0.35 * level * np.asarray(air.floor)
    return np.where(up > 0, sky, ground)


@functools.lru_cache(maxsize=8)
def _sky(elevation: float, turbidity: float) -> Floats:
    """The sky [32, 64, 3] without the disc of the sun, which stands behind the camera; the ground is black.

    The camera is set to this light rather than to noon: half of the sky's cast is taken out.
    """
    mi = mitsuba()
    high = math.radians(elevation)
    towards = [0.0, -math.cos(high), math.sin(high)]
    model = {"type": "sunsky", "sun_direction": towards, "turbidity": turbidity, "albedo": 0.3}
    sky = mi.load_dict(model | {"sun_scale": 0.0})
    up, azimuth = (part[..., 0] for part in directions())
    flat = np.sqrt(1 - up**2)
    x, y = np.sin(np.radians(azimuth)) * flat, -np.cos(np.radians(azimuth)) * flat
    picture = np.zeros((ROWS, COLUMNS, 3))
    point = mi.SurfaceInteraction3f()
    for row, column in np.ndindex(ROWS // 2, COLUMNS):
        point.wi = mi.Vector3f(-x[row, column], -y[row, column], -up[row, 0])
        picture[row, column] = np.array(sky.eval(point))
    mean = picture[: ROWS // 2].mean(axis=(0, 1))
    picture *= np.sqrt(float(mean @ LUMA) / mean) / float(mean @ LUMA)
    picture.setflags(write=False)
    return picture


def _indoors(air: Air, azimuth: float) -> Floats:
    """A room around the set: what a ray meets first of two pairs of walls, a ceiling and a floor."""
    up, around = (part[..., 0] for part in directions())
    turn = np.radians(around - azimuth)  # 0 towards the key's wall
    flat = np.sqrt(1 - up**2)
    along, across = np.sin(turn) * flat, np.cos(turn) * flat
    side, end, ceiling, floor = _ROOM
    to_side, to_end = side / np.maximum(np.abs(across), 1e-6), end / np.maximum(np.abs(along), 1e-6)
    to_level = np.where(up > 0, ceiling, floor) / np.maximum(np.abs(up), 1e-6)
    level = (to_level < to_side) & (to_level < to_end)
    shade = np.where(level, np.where(up > 0, _CEILING, _FLOOR), _WALLS)
    tone = np.where((up < 0)[..., None], air.floor, air.zenith)
    picture = shade[..., None] * tone
    if air.hour == "night":
        return _with_lamps(picture, air, azimuth)
    left, right, low, high = _WINDOW
    at, above = along * to_side, up * to_side
    pane = (across > 0) & ~level & (to_side <= to_end)
    pane &= (at > left) & (at < right) & (above > low) & (above < high)
    return np.where(pane[..., None], _PANE * np.asarray(air.zenith), picture)


def _with_lamps(picture: Floats, air: Air, azimuth: float) -> Floats:
    """The room by night: darker, with a few lamps of the floor's colour."""
    up, around = directions()
    height = np.degrees(np.arcsin(up))
    lit = 0.5 * picture
    for turn, high in _LAMPS:
        off = np.abs((around - azimuth - turn + 180) % 360 - 180)
        glow = np.exp(-((off / 7) ** 2) - ((height - high) / 7) ** 2)
        lit = lit + _LAMP * glow * np.asarray(air.floor)
    return np.asarray(lit)
