"""How the set is lit. Strengths say how bright a white card facing the light is, so 1 is correct exposure.

A light is a key (what draws the shadows), sometimes a rim from behind, and the air around: a small
environment with a bright zenith and two soft panels, which is what glass and metal reflect.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from caig_cli.painters.studio.camera import Camera
from caig_cli.painters.studio.render import mitsuba

Colour = tuple[float, float, float]
Air = Literal["day", "golden", "overcast", "dusk", "night"]

WHITE: Colour = (1.0, 1.0, 1.0)
WARM: Colour = (1.0, 0.86, 0.70)
COOL: Colour = (0.84, 0.92, 1.0)
SUN: Colour = (1.0, 0.93, 0.82)
EMBER: Colour = (1.0, 0.62, 0.28)
GOLD: Colour = (1.0, 0.70, 0.40)
MOON: Colour = (0.60, 0.76, 1.0)
PINK: Colour = (1.0, 0.18, 0.62)
CYAN: Colour = (0.12, 0.68, 1.0)


@dataclass(frozen=True, slots=True)
class Lamp:
    """A panel aimed at the product. ``azimuth`` in degrees: 0 behind the camera, 90 right, 180 behind the
    product; ``size`` is its width as an angle in degrees seen from the product, ``away`` its distance in
    frames."""

    azimuth: float
    elevation: float
    strength: float
    colour: Colour = WHITE
    size: float = 30.0
    away: float = 2.2
    gobo: Literal["none", "window", "leaves"] = "none"


@dataclass(frozen=True, slots=True)
class Light:
    """``ambient`` is the brightness of a white card lit by the air alone; ``air`` tells the view outside
    which hour it is; ``level`` is how bright the print shall be; ``spot`` narrows the first lamp to a cone
    of that many degrees."""

    lamps: tuple[Lamp, ...]
    ambient: float
    zenith: Colour
    floor: Colour
    air: Air
    level: float = 1.0
    spot: float = 0.0


LIGHTS: dict[str, Light] = {
    "softbox": Light(
        (Lamp(-52, 48, 0.62, WHITE, 42), Lamp(115, 30, 0.20, WHITE, 30)), 0.40, WHITE, WHITE, "day"
    ),
    "window_light": Light((Lamp(-78, 34, 0.85, SUN, 3.5, 9.0, "window"),), 0.40, COOL, WARM, "day"),
    "golden_hour": Light(
        (Lamp(-118, 20, 1.15, GOLD, 3.0, 9.0),), 0.36, (1.0, 0.88, 0.86), GOLD, "golden", 0.85
    ),
    "night_neon": Light(
        (Lamp(-72, 30, 0.55, PINK, 30), Lamp(74, 26, 0.55, CYAN, 30)),
        0.09,
        (0.55, 0.5, 1.0),
        (0.6, 0.3, 0.9),
        "night",
        0.42,
    ),
    "spotlight": Light((Lamp(-22, 58, 1.0, WARM, 5, 3.0),), 0.07, WHITE, WARM, "night", 0.30, 14.0),
    "candlelight": Light(
        (Lamp(-64, 16, 0.52, EMBER, 9, 0.95), Lamp(70, 14, 0.42, EMBER, 9, 1.05)),
        0.10,
        EMBER,
        EMBER,
        "night",
        0.42,
    ),
    "overcast": Light((Lamp(-30, 72, 0.30, COOL, 75),), 0.68, (0.93, 0.97, 1.0), WHITE, "overcast"),
    "backlight": Light(
        (Lamp(166, 36, 0.95, WARM, 26), Lamp(-60, 40, 0.22, WHITE, 40)), 0.46, WHITE, WARM, "day"
    ),
    "hard_sun": Light((Lamp(-58, 42, 1.0, SUN, 1.2, 12.0),), 0.26, (0.78, 0.88, 1.0), SUN, "day"),
    "moonlight": Light(
        (Lamp(-104, 40, 0.50, MOON, 3.0, 9.0),), 0.13, (0.45, 0.62, 1.0), (0.5, 0.6, 1.0), "night", 0.36
    ),
}


def light_shapes(
    light: Light, camera: Camera, rng: np.random.Generator, *, in_front: bool = False
) -> dict[str, Any]:
    """The emitters of ``light`` (and what stands before them) as Mitsuba objects.

    ``in_front``: a wall is right behind the product, so that lamps from behind come from before it.
    """
    unit = max(camera.frame)
    side = -1.0 if rng.random() < 0.35 else 1.0  # now and then the light comes from the right
    target = camera.target
    shapes: dict[str, Any] = {"air": _environment(light, side)}
    for number, lamp in enumerate(light.lamps):
        around = min(abs(lamp.azimuth), 180 - abs(lamp.azimuth), 66) if in_front else abs(lamp.azimuth)
        azimuth = math.radians(side * math.copysign(around, lamp.azimuth) + rng.uniform(-6, 6))
        up = math.radians(lamp.elevation)
        ray = np.array([math.sin(azimuth) * math.cos(up), -math.cos(azimuth) * math.cos(up), math.sin(up)])
        place = target + ray * lamp.away * unit
        if place[1] > 0 and not camera.down:  # behind the product: lift it out of the frame
            reach = 1.2 * lamp.away * unit * math.tan(math.radians(lamp.size / 2))
            place[2] = max(place[2], camera.view_at(place[1] + reach)[3] + reach)
        if light.spot > 0 and number == 0:
            shapes[f"lamp{number}"] = _spot(lamp, place, target, light.spot)
        else:
            shapes[f"lamp{number}"] = _panel(lamp, place, target, unit)
        for k, blocker in enumerate(_gobo(lamp, target, ray, unit, rng)):
            shapes[f"gobo{number}_{k}"] = blocker
    return shapes


def _panel(
    lamp: Lamp, place: npt.NDArray[np.float64], target: npt.NDArray[np.float64], unit: float
) -> dict[str, Any]:
    half = lamp.away * unit * math.tan(math.radians(lamp.size / 2))
    solid_angle = 4 * half**2 / (lamp.away * unit) ** 2
    radiance = [lamp.strength * math.pi / solid_angle * c for c in lamp.colour]
    return {
        "type": "rectangle",
        "to_world": _towards(place, target).scale(half),
        "bsdf": {"type": "diffuse", "reflectance": {"type": "rgb", "value": 0.0}},
        "emitter": {"type": "area", "radiance": {"type": "rgb", "value": radiance}},
    }


def _spot(
    lamp: Lamp, place: npt.NDArray[np.float64], target: npt.NDArray[np.float64], angle: float
) -> dict[str, Any]:
    distance = float(np.linalg.norm(place - target))
    intensity = [lamp.strength * math.pi * distance**2 * c for c in lamp.colour]
    return {
        "type": "spot",
        "to_world": _towards(place, target),
        "cutoff_angle": angle,
        "beam_width": angle * 0.6,
        "intensity": {"type": "rgb", "value": intensity},
    }


def _towards(place: npt.NDArray[np.float64], target: npt.NDArray[np.float64]) -> Any:
    return mitsuba().ScalarTransform4f().look_at(origin=place.tolist(), target=target.tolist(), up=[0, 0, 1])


def _gobo(
    lamp: Lamp,
    target: npt.NDArray[np.float64],
    ray: npt.NDArray[np.float64],
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


def _environment(light: Light, side: float) -> dict[str, Any]:
    """Air as a 64 x 32 panorama: a gradient from the floor to the zenith and two panels to be reflected."""
    mi = mitsuba()
    up = np.cos((np.arange(32) + 0.5) / 32 * np.pi)[:, None, None]  # 1 at the zenith
    around = ((np.arange(64) + 0.5) / 64 * 360)[None, :, None]
    blend = np.clip(up * 0.5 + 0.5, 0, 1)
    picture = np.asarray(light.zenith) * blend + np.asarray(light.floor) * (1 - blend)
    picture = picture * (0.55 + 0.6 * np.clip(up, 0, 1))
    for azimuth, width, gain in ((90 - side * 55, 26, 2.2), (90 + side * 75, 14, 1.3)):
        inside = (np.abs((around - azimuth + 180) % 360 - 180) < width) & (np.abs(up - 0.35) < 0.35)
        picture = picture * np.where(inside, 1 + gain, 1.0)
    upward = np.clip(up, 0, None) * np.sqrt(1 - up**2)
    mean = float((picture.mean(axis=2, keepdims=True) * upward).sum() / (upward.sum() * 64))
    bitmap = mi.Bitmap((picture * light.ambient / mean).astype(np.float32))
    # the panorama's own up is y; its column 0 looks along world +x here
    turn = mi.ScalarTransform4f().rotate([1, 0, 0], 90)
    return {"type": "envmap", "bitmap": bitmap, "to_world": turn}
