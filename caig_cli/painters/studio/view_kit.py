"""What painted views share: skies by the hour, discs of light, leaves. Linear light, numpy only."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

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


def skyline(rng: np.random.Generator, dark: bool, size: int, blur: float) -> Picture:
    """Towers of a city before the glow of its streets; ``blur`` is a share of ``size``."""
    _, y = plane(size)
    top, low = ((10, 12, 30), (44, 32, 60)) if dark else ((178, 192, 210), (226, 216, 206))
    base = ramp(np.clip(1 - np.abs(y - HORIZON) / 0.55, 0, 1) ** 1.4, top, low)
    towers = Image.new("L", (size, size))
    draw = ImageDraw.Draw(towers)
    for _ in range(26):
        left, width, height = rng.random() * 1.1 - 0.1, rng.uniform(0.04, 0.12), rng.gamma(3, 0.055)
        box = [left * size, (HORIZON - height) * size, (left + width) * size, size]
        draw.rectangle(box, fill=int(rng.integers(60, 255)))
    blocks = np.asarray(towers.filter(ImageFilter.GaussianBlur(size * blur)), np.float32) / 255
    towards = np.asarray(top) * (1.5 if dark else 0.78)
    return light(mix(base, towards, (0.6 * blocks).astype(np.float32)), 0.5 if dark else 0.85)


class Leaves(NamedTuple):
    """How a garden's leaves look: colours of the shade from top to bottom, of the sky between them, and of
    each layer from the back; how long leaves are (shares of the size), how much their shades differ, and how
    much each layer is blurred."""

    deep: tuple[Colour, Colour, Colour]
    sky: Colour
    tones: tuple[Colour, ...]
    length: tuple[float, float]
    shade: tuple[float, float]
    blur: tuple[float, ...]


def leaves(rng: np.random.Generator, variant: int, size: int, how: Leaves) -> Picture:
    """Layers of leaves with sky shining through, in sRGB levels."""
    _, y = plane(size)
    deep = ramp(np.clip(y * 1.1, 0, 1), *how.deep)
    glow = step(0.2, 1.8, fbm(size, 371 + variant, 2.4, 1.2)) * np.clip(1.15 - y, 0, 1)
    canvas = Image.fromarray(np.clip(mix(deep, how.sky, 0.75 * glow), 0, 255).astype(np.uint8))
    for tone, blur in zip(how.tones, how.blur, strict=True):
        draw = ImageDraw.Draw(canvas)
        for _ in range(190):
            cx, cy = rng.random(2) * size
            length, angle = size * rng.uniform(*how.length), rng.uniform(0, 2 * np.pi)
            shade = np.asarray(tone) * rng.uniform(*how.shade) * (1.15 - 0.35 * cy / size)
            draw.polygon(leaf_outline(cx, cy, length, angle), fill=tuple(int(min(c, 255)) for c in shade))
        canvas = canvas.filter(ImageFilter.GaussianBlur(size * blur))
    return np.asarray(canvas, np.float32)


def shining_through(air: str, usual: Colour) -> Colour:
    """The sky's colour between leaves, which some hours have of their own."""
    return {"golden": (255, 222, 150), "overcast": (220, 228, 222)}.get(air, usual)


def garden_light(air: str) -> tuple[float, Picture]:
    """Brightness and tint of a garden by the hour."""
    tints = {"golden": (1.12, 1.0, 0.72), "night": (0.55, 0.8, 1.3)}
    return (0.10 if air == "night" else 0.95), np.array(tints.get(air, (1.0, 1.0, 1.0)), np.float32)
