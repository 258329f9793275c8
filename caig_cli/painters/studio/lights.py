"""How the set is lit. Strengths say how bright a white card facing the light is, so 1 is correct exposure.

A light is a key (what draws the shadows), sometimes a rim from behind, and the air around, which is what
glass and metal reflect. A product brings light of its own in its photo: the key comes from where that came
from, and where the set alone would light the product otherwise (by night, from behind), a soft lamp near it
agrees with the photo, while the set keeps its mood.
"""

from __future__ import annotations

import functools
import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from caig_cli.painters.studio.air import Air, Colour, plain, surroundings
from caig_cli.painters.studio.camera import Camera
from caig_cli.painters.studio.catalogue import MORE_LIGHTS
from caig_cli.painters.studio.catalogue_rows import Lamp, Light
from caig_cli.painters.studio.photo_light import PhotoLight
from caig_cli.painters.studio.render import mitsuba

Vector = npt.NDArray[np.float64]

WHITE: Colour = (1.0, 1.0, 1.0)
WARM: Colour = (1.0, 0.86, 0.70)
COOL: Colour = (0.84, 0.92, 1.0)
SUN: Colour = (1.0, 0.93, 0.82)
EMBER: Colour = (1.0, 0.62, 0.28)
GOLD: Colour = (1.0, 0.70, 0.40)
MOON: Colour = (0.60, 0.76, 1.0)
PINK: Colour = (1.0, 0.18, 0.62)
CYAN: Colour = (0.12, 0.68, 1.0)


LIGHTS: dict[str, Light] = {
    "softbox": Light(
        (Lamp(-52, 48, 0.62, WHITE, 42), Lamp(115, 30, 0.20, WHITE, 30)), 0.40, WHITE, WHITE, "day"
    ),
    "window_light": Light(
        (Lamp(-78, 34, 0.85, SUN, 3.5, 9.0, "window"),), 0.40, COOL, WARM, "day", near=0.2, fill=0.25
    ),
    "golden_hour": Light(
        (Lamp(-118, 20, 1.15, GOLD, 3.0, 9.0),), 0.36, (1.0, 0.88, 0.86), GOLD, "golden", 0.85, near=1.25
    ),
    "night_neon": Light(
        (Lamp(-72, 30, 0.55, PINK, 30), Lamp(74, 26, 0.55, CYAN, 30)),
        0.09,
        (0.55, 0.5, 1.0),
        (0.6, 0.3, 0.9),
        "night",
        0.42,
        near=1.3,
        fill=0.06,
    ),
    "spotlight": Light(
        (Lamp(-22, 58, 1.0, WARM, 5, 3.0),), 0.07, WHITE, WARM, "night", 0.30, 14.0, fill=0.06
    ),
    "candlelight": Light(
        (Lamp(-64, 16, 0.52, EMBER, 9, 0.95), Lamp(70, 14, 0.42, EMBER, 9, 1.05)),
        0.10,
        EMBER,
        EMBER,
        "night",
        0.42,
        near=0.8,
        fill=0.06,
    ),
    "overcast": Light((Lamp(-30, 72, 0.30, COOL, 75),), 0.68, (0.93, 0.97, 1.0), WHITE, "overcast", near=0.3),
    "backlight": Light(
        (Lamp(166, 36, 0.95, WARM, 26), Lamp(-60, 40, 0.22, WHITE, 40)), 0.46, WHITE, WARM, "day", near=0.4
    ),
    "hard_sun": Light((Lamp(-58, 42, 1.0, SUN, 1.2, 12.0),), 0.26, (0.78, 0.88, 1.0), SUN, "day"),
    "moonlight": Light(
        (Lamp(-104, 40, 0.50, MOON, 3.0, 9.0),),
        0.13,
        (0.45, 0.62, 1.0),
        (0.5, 0.6, 1.0),
        "night",
        0.36,
        near=0.9,
        fill=0.06,
    ),
    **{name: row.light for name, row in MORE_LIGHTS.items()},
}


def air_of(light: Light) -> Air:
    """What is around the set, which glass and metal reflect."""
    return Air(light.hour, light.zenith, light.floor, light.ambient)


SURE = 0.2
"""How sure the direction of a photo's light must be for the key to come from the same side."""
_FOLLOWS = 0.6
"""How far, at most, a key follows the photo's light around and up, and takes on its colour."""
_LEAST_ABOVE = (50.0, 11.0)  # degrees that a lamp is high, and large, over what lies
_CALMED = 0.3  # of its colour, that a lamp gives up where the set agrees with its product
_NEAR = Lamp(-38.0, 58.0, 1.0, size=44.0, away=1.0, overhead=True)
_LOW = Lamp(-38.0, 38.0, 1.0, size=34.0, away=1.7, overhead=True)


def light_shapes(
    light: Light,
    camera: Camera,
    rng: np.random.Generator,
    *,
    photo: PhotoLight | None = None,
    outside: bool = False,
    in_front: bool = False,
) -> dict[str, Any]:
    """The emitters of ``light`` (and what stands before them) as Mitsuba objects.

    ``photo``: the light of the product's photo, which the key agrees with; None: as models have learnt it.
    ``outside``: the set is in the open. ``in_front``: a wall is right behind the product, so that lamps from
    behind come from before it.
    """
    unit = max(camera.frame)
    side = _side(rng)
    target = camera.target
    if photo is None:
        shapes: dict[str, Any] = {"air": plain(air_of(light), side)}
    else:
        light, side = fitted(light, photo, side, down=camera.down), 1.0
        shapes = {"air": surroundings(air_of(light), light.lamps[0].azimuth, outside=outside)}
    for number, lamp in enumerate(light.lamps):
        ray = _ray(replace(lamp, azimuth=side * lamp.azimuth), rng.uniform(-6, 6), in_front)
        place = _out_of_frame(target + ray * lamp.away * unit, lamp, camera)
        if light.spot > 0 and number == 0:
            shapes[f"lamp{number}"] = _spot(lamp, place, target, light.spot)
        else:
            shapes[f"lamp{number}"] = _panel(lamp, place, target, unit)
        for k, blocker in enumerate(_gobo(lamp, target, ray, unit, rng)):
            shapes[f"gobo{number}_{k}"] = blocker
    return shapes


def key_azimuth(light: Light, camera: Camera, rng: np.random.Generator, photo: PhotoLight) -> float:
    """Where the strongest lamp comes from, in degrees as those of a lamp; ``rng`` as for light_shapes."""
    lamps = fitted(light, photo, _side(rng), down=camera.down).lamps
    return max(lamps, key=lambda lamp: lamp.strength).azimuth


def _side(rng: np.random.Generator) -> float:
    """Now and then the light comes from the right."""
    return -1.0 if rng.random() < 0.35 else 1.0


def _ray(lamp: Lamp, turn: float, in_front: bool) -> Vector:
    """Direction of a lamp seen from the product, turned by ``turn`` degrees."""
    around = min(abs(lamp.azimuth), 180 - abs(lamp.azimuth), 66) if in_front else abs(lamp.azimuth)
    azimuth = math.radians(math.copysign(around, lamp.azimuth) + turn)
    up = math.radians(lamp.elevation)
    return np.array([math.sin(azimuth) * math.cos(up), -math.cos(azimuth) * math.cos(up), math.sin(up)])


def _out_of_frame(place: Vector, lamp: Lamp, camera: Camera) -> Vector:
    """The place, lifted where the lamp would be seen: behind the product, or right above it."""
    if camera.down or (place[1] <= 0 and not lamp.overhead):
        return place
    reach = 1.2 * lamp.away * max(camera.frame) * math.tan(math.radians(lamp.size / 2))
    # A camera that looks down sees higher up nearby than further away.
    ends = (place[1] + reach, max(place[1] - reach, -0.9 * camera.distance))
    top = max(camera.view_at(end)[3] for end in (ends if lamp.overhead else ends[:1]))
    return np.array([*place[:2], max(place[2], top + reach)])


def fitted(light: Light, photo: PhotoLight, side: float, *, down: bool = False) -> Light:
    """``light`` with its key from where the photo's light came from, and with the lamp near the product.

    ``side`` (1 or -1) turns the set's lamps where the photo does not tell the side. ``down``: seen from
    above, where the photo's upper edge is the far side of the set, and a lamp overhead would be seen.
    """
    key = light.lamps[0]
    if photo.sure >= SURE:
        side = math.copysign(1.0, photo.azimuth) * math.copysign(1.0, key.azimuth)
    lamps = [replace(lamp, azimuth=side * lamp.azimuth) for lamp in light.lamps]
    if light.hour == "day":  # a white wall is to be white: half of the shade's blue goes
        light = replace(light, zenith=_pale(light.zenith), floor=_pale(light.floor))
    else:  # neon colours a set, and does not drown it
        lamps = [replace(lamp, colour=_mixed(lamp.colour, WHITE, _CALMED)) for lamp in lamps]
    light = replace(light, ambient=light.ambient + light.fill)
    follows = _FOLLOWS * photo.sure
    if light.near > 0:
        near = _LOW if down else _NEAR
        near = replace(near, azimuth=math.copysign(_NEAR.azimuth, lamps[0].azimuth), strength=light.near)
        tint = _mixed(photo.colour, _pale(key.colour), 1 - _FOLLOWS)
        lamps.append(_towards_photo(near, photo, follows, tint))
    else:
        lamps[0] = _towards_photo(lamps[0], photo, follows, _mixed(key.colour, photo.colour, _FOLLOWS))
    if down:
        lamps = [_above(lamp) for lamp in lamps]
    return replace(light, lamps=tuple(lamps), spot=0.0 if down else light.spot)


def _above(lamp: Lamp) -> Lamp:
    """The lamp of a set seen from above: so soft and high that the shadow of a cord stays beside it."""
    up = max(lamp.elevation, _LEAST_ABOVE[0])
    return replace(lamp, azimuth=180 - lamp.azimuth, elevation=up, size=max(lamp.size, _LEAST_ABOVE[1]))


def _towards_photo(lamp: Lamp, photo: PhotoLight, share: float, colour: Colour) -> Lamp:
    """The lamp in ``colour``, turned by ``share`` of the way to where the photo's light came from."""
    azimuth = (1 - share) * lamp.azimuth + share * photo.azimuth
    elevation = (1 - share) * lamp.elevation + share * max(photo.elevation, 25.0)
    return replace(lamp, azimuth=azimuth, elevation=elevation, colour=colour)


def _mixed(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (a + (b - a) * share for a, b in zip(one, other, strict=True))
    return red, green, blue


def _pale(colour: Colour) -> Colour:
    """Half as coloured, its brightest channel 1."""
    return _mixed(colour, WHITE, 0.5)


def _panel(lamp: Lamp, place: Vector, target: Vector, unit: float) -> dict[str, Any]:
    half = lamp.away * unit * math.tan(math.radians(lamp.size / 2))
    solid_angle = 4 * half**2 / (lamp.away * unit) ** 2
    radiance = [lamp.strength * math.pi / solid_angle * c for c in lamp.colour]
    light: dict[str, Any] = {"type": "rgb", "value": radiance}
    if lamp.overhead:  # near and bright: polished stone would show a hard edge
        cloth = mitsuba().Bitmap(_soft_box() * np.array(radiance, np.float32))
        light = {"type": "bitmap", "bitmap": cloth, "raw": True}
    return {
        "type": "rectangle",
        "to_world": _towards(place, target).scale(half),
        "bsdf": {"type": "diffuse", "reflectance": {"type": "rgb", "value": 0.0}},
        "emitter": {"type": "area", "radiance": light},
    }


@functools.cache
def _soft_box() -> npt.NDArray[np.float32]:
    """A cloth before a lamp [16, 16, 1]: bright in the middle, nothing at the rim, 1 on average."""
    at = np.sin((np.arange(16) + 0.5) / 16 * np.pi)
    cloth = (at[:, None] * at[None])[..., None]
    return np.asarray(cloth / cloth.mean(), np.float32)


def _spot(lamp: Lamp, place: Vector, target: Vector, angle: float) -> dict[str, Any]:
    distance = float(np.linalg.norm(place - target))
    intensity = [lamp.strength * math.pi * distance**2 * c for c in lamp.colour]
    return {
        "type": "spot",
        "to_world": _towards(place, target),
        "cutoff_angle": angle,
        "beam_width": angle * 0.6,
        "intensity": {"type": "rgb", "value": intensity},
    }


def _towards(place: Vector, target: Vector) -> Any:
    return mitsuba().ScalarTransform4f().look_at(origin=place.tolist(), target=target.tolist(), up=[0, 0, 1])


def _gobo(
    lamp: Lamp,
    target: Vector,
    ray: Vector,
    unit: float,
    rng: np.random.Generator,
) -> list[dict[str, Any]]:
    """What stands between lamp and set: the frame and bars of a window, or nothing."""
    if lamp.gobo != "window":
        return []
    centre = target + ray * 2.4 * unit + np.array([0.0, 0.25, 0.0]) * unit * rng.uniform(-1, 1)
    plane = _towards(centre, target)
    width, height, bar, far = 0.62 * unit, 0.58 * unit, 0.032 * unit, 1.3 * unit
    bars = [
        (0.0, 0.0, bar, height),
        (0.0, 0.18 * unit, width, bar * 0.8),
        (0.0, -0.2 * unit, width, bar * 0.8),
    ]
    walls = [
        (-width - far, 0, far, far),
        (width + far, 0, far, far),
        (0, height + far, width, far),
        (0, -height - far, width, far),
    ]
    black = {"type": "diffuse", "reflectance": {"type": "rgb", "value": 0.2}}
    return [
        {"type": "rectangle", "to_world": plane.translate([x, y, 0]).scale([w, h, 1]), "bsdf": black}
        for x, y, w, h in bars + walls
    ]
