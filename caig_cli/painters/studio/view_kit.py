"""What painted views share: skies by the hour, discs of light, leaves. Linear light, numpy only."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from caig_cli.painters.studio.noise import fbm, mix, plane, ramp, sample, step
from caig_cli.painters.studio.render import decode_srgb

Picture = npt.NDArray[np.float32]
Colour = tuple[float, float, float]

HORIZON = 0.6

# zenith, horizon, glow around the sun, brightness
SKIES: dict[str, tuple[Colour, Colour, Colour, float]] = {
    "day": ((92, 152, 216), (204, 226, 240), (255, 246, 226), 0.95),
    "golden": ((116, 134, 182), (252, 190, 140), (255, 206, 146), 0.95),
    "overcast": ((168, 178, 188), (214, 219, 223), (226, 228, 230), 0.9),
    "dusk": ((58, 70, 122), (226, 160, 140), (255, 180, 130), 0.7),
    "night": ((14, 20, 44), (48, 60, 104), (120, 140, 190), 0.55),
}


def sky_srgb(air: str, variant: int, size: int) -> Picture:
    zenith, low, glow, _ = SKIES[air]
    x, y = plane(size)
    t = np.clip(y / HORIZON, 0, 1).astype(np.float32)
    sky = ramp((1 - t) ** 0.8, low, mix(low, zenith, np.full((1, 1), 0.55, np.float32))[0, 0], zenith)
    sun_x = (0.22, 0.78, 0.35, 0.66)[variant]
    near = np.exp(-(((x - sun_x) / 0.34) ** 2 + ((y - HORIZON * 0.86) / 0.26) ** 2))
    sky = mix(sky, glow, (0.75 * near).astype(np.float32))
    clouds = sample(fbm(512, 301 + variant, 1.9, 1.5, 200, (1.7, 0.8)), x * 0.8, y * (0.7 + 0.9 * t))
    cover = step(0.25, 1.9, clouds) * (0.65 if air != "overcast" else 0.4)
    lit = mix(np.minimum(np.asarray(glow) * 1.02, 255), low, step(1.0, 2.6, clouds) * 0.5)
    return mix(sky, lit, cover)


def level(air: str) -> float:
    return SKIES[air][3]


def light(srgb: Picture, level: float) -> Picture:
    return decode_srgb(np.clip(srgb, 0, 255) / 255) * np.float32(level)


def disc(picture: Picture, px: float, py: float, radius: float, light: Picture) -> None:
    """Adds a disc of light with a slightly brighter rim, as a lens draws a far lamp."""
    size = len(picture)
    rows = slice(max(int((py - radius) * size) - 2, 0), max(int((py + radius) * size) + 3, 0))
    cols = slice(max(int((px - radius) * size) - 2, 0), max(int((px + radius) * size) + 3, 0))
    part = picture[rows, cols]
    if part.size == 0:
        return
    yy = (np.arange(size)[rows] + 0.5) / size - py
    xx = (np.arange(size)[cols] + 0.5) / size - px
    r = np.hypot(yy[:, None], xx[None]) / radius
    part += (step(1.0 + 1.5 / (radius * size), 1.0, r) * (0.75 + 0.4 * r**3))[..., None] * light


def leaf_outline(cx: float, cy: float, length: float, angle: float) -> list[tuple[float, float]]:
    t = np.linspace(0, 1, 9)
    side = 0.22 * np.sin(np.pi * t) * (1.15 - 0.5 * t)
    along = np.concatenate([t - 0.5, (t - 0.5)[::-1]]) * length
    across = np.concatenate([side, -side[::-1]]) * length
    c, s = np.cos(angle), np.sin(angle)
    return [
        (float(cx + c * a - s * b), float(cy + s * a + c * b)) for a, b in zip(along, across, strict=True)
    ]
