"""Painted views beyond the core's: autumn and winter woods, streets, a haunted night. As in :mod:`views`."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from caig_cli.painters.studio.noise import fbm, mix, plane, ramp, step
from caig_cli.painters.studio.render import decode_srgb
from caig_cli.painters.studio.view_kit import HORIZON, Picture, disc, leaf_outline, level, light, sky_srgb


def autumn(hour: str, variant: int, size: int) -> Picture:
    """A wood in autumn: red, orange and yellow crowns over a floor of leaves, light between them."""
    tones = ((96, 52, 26), (160, 78, 26), (206, 116, 34), (228, 168, 62), (196, 64, 30))
    return _crowns(
        hour, variant, size, ((236, 214, 170), (176, 120, 66), (104, 62, 34)), tones, (255, 232, 176)
    )


def winter_wood(hour: str, variant: int, size: int) -> Picture:
    """Firs under snow before a pale sky."""
    rng = np.random.default_rng(511 + variant)
    picture = sky_srgb(hour, variant, size)
    canvas = Image.fromarray(
        np.clip(mix(picture, (232, 238, 246), np.full((size, size), 0.45, np.float32)), 0, 255).astype(
            np.uint8
        )
    )
    for layer, (tone, snow) in enumerate(
        (
            ((150, 168, 180), (226, 233, 241)),
            ((98, 122, 124), (234, 240, 246)),
            ((52, 76, 74), (242, 246, 250)),
        )
    ):
        draw = ImageDraw.Draw(canvas)
        for _ in range(22 - 5 * layer):
            x, high = rng.random() * size, size * rng.uniform(0.16, 0.30) * (0.7 + 0.35 * layer)
            foot = size * (HORIZON + 0.02 + 0.035 * layer)
            for k in range(5):
                t, wide = k / 5, high * 0.30 * (1 - 0.17 * k)
                low = foot - high * t * 0.9
                crown = [(x - wide, low), (x + wide, low), (x, low - high * 0.36)]
                draw.polygon(crown, fill=tone)
                draw.polygon(
                    [
                        (x - wide * 0.8, low - high * 0.03),
                        (x + wide * 0.15, low - high * 0.05),
                        (x, low - high * 0.36),
                    ],
                    fill=snow,
                )
        canvas = canvas.filter(ImageFilter.GaussianBlur(size * (0.006, 0.004, 0.002)[layer]))
    _, y = plane(size)
    snow_field = mix((226, 232, 242), (246, 249, 252), step(HORIZON, 1.0, y))
    snow_field = snow_field * (1 + 0.02 * fbm(size, 521 + variant, 2.0, 2))[..., None]
    near = step(HORIZON + 0.05, HORIZON + 0.08, y + 0.006 * fbm(size, 522, 2.2, 2))
    return light(mix(np.asarray(canvas, np.float32), snow_field, near), level(hour))


def _crowns(
    hour: str,
    variant: int,
    size: int,
    deep: tuple[tuple[int, int, int], ...],
    tones: tuple[tuple[int, int, int], ...],
    shine: tuple[int, int, int],
) -> Picture:
    """Leaves in layers from far to near, the sky shining through."""
    rng = np.random.default_rng(501 + variant)
    _, y = plane(size)
    base = ramp(np.clip(y * 1.1, 0, 1), *deep)
    glow = step(0.0, 1.8, fbm(size, 505 + variant, 2.4, 1.2)) * np.clip(1.1 - y, 0, 1)
    canvas = Image.fromarray(np.clip(mix(base, shine, 0.8 * glow), 0, 255).astype(np.uint8))
    for layer, tone in enumerate(tones):
        draw = ImageDraw.Draw(canvas)
        for _ in range(200):
            cx, cy = rng.random(2) * size
            shade = np.asarray(tone) * rng.uniform(0.8, 1.25) * (1.15 - 0.3 * cy / size)
            draw.polygon(
                leaf_outline(cx, cy, size * rng.uniform(0.025, 0.06), rng.uniform(0, 2 * np.pi)),
                fill=tuple(int(min(c, 255)) for c in shade),
            )
        canvas = canvas.filter(ImageFilter.GaussianBlur(size * (0.010, 0.007, 0.004, 0.003, 0.002)[layer]))
    warm = np.array((1.1, 1.0, 0.8) if hour == "golden" else (1, 1, 1), np.float32)
    return light(np.asarray(canvas, np.float32), 0.10 if hour == "night" else 0.95) * warm


def street_day(hour: str, variant: int, size: int) -> Picture:
    """A shopping street: facades on both sides, awnings, trees, a pale sky at its end."""
    return _street(hour, variant, size, lit=hour == "night")


def street_night(hour: str, variant: int, size: int) -> Picture:
    """The street by night: lit windows, neon signs, the lamps of cars, all of it on wet ground."""
    picture = _street("night", variant, size, lit=True)
    rng = np.random.default_rng(531 + variant)
    hues = ((255, 120, 150), (120, 220, 255), (255, 200, 120), (190, 120, 255), (255, 90, 60))
    for _ in range(26):
        hue = decode_srgb(np.array(hues[rng.integers(5)]) / 255)
        x, y = rng.random(), HORIZON - rng.uniform(0.02, 0.30)
        disc(picture, x, y, rng.uniform(0.008, 0.02), hue * rng.gamma(2.0, 0.7))
        disc(picture, x, 2 * HORIZON + 0.02 - y, rng.uniform(0.014, 0.03), hue * rng.gamma(2.0, 0.14))
    for k in range(8):
        x = 0.5 + (rng.random() - 0.5) * 0.5
        hue = decode_srgb(np.array((255, 244, 220) if k % 2 else (255, 60, 40)) / 255)
        disc(picture, x, HORIZON + rng.uniform(0.0, 0.02), 0.012, hue * 1.6)
        disc(picture, x, HORIZON + rng.uniform(0.05, 0.12), 0.024, hue * 0.35)
    return picture


WALLS = ((196, 176, 154), (176, 120, 96), (214, 206, 194), (150, 152, 156), (206, 184, 140))
AWNINGS = ((176, 60, 52), (60, 100, 90), (206, 170, 90))


def _street(hour: str, variant: int, size: int, lit: bool) -> Picture:
    """Facades in perspective towards the middle of the horizon."""
    rng = np.random.default_rng(541 + variant)
    canvas = Image.fromarray(np.clip(sky_srgb(hour, variant, size), 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(canvas)
    dark = hour == "night"
    mid, eye = 0.5 * size, HORIZON * size
    for side in (-1, 1):
        edges = 0.56 * size * np.array([1.0, 0.72, 0.50, 0.34, 0.22, 0.14])
        for near, far in pairwise(edges):

            def quad(
                a: float, b: float, top: float, bottom: float, narrow: float = 1.0, side: int = side
            ) -> list[tuple[float, float]]:
                """Corners at two distances from the middle; heights above the eye are shares of these."""
                return [
                    (mid + side * a, eye - a * top), (mid + side * b, eye - b * top),
                    (mid + side * b * narrow, eye - b * bottom), (mid + side * a * narrow, eye - a * bottom),
                ]  # fmt: skip

            _facade(draw, quad, near, far, size, rng, dark=dark, lit=lit)
    road = [
        (mid - 0.125 * size, eye + 0.012 * size), (mid + 0.125 * size, eye + 0.012 * size),
        (size * 1.3, size), (-size * 0.3, size),
    ]  # fmt: skip
    draw.polygon(road, fill=(34, 35, 42) if dark else (150, 150, 152))
    picture = np.asarray(canvas.filter(ImageFilter.GaussianBlur(size * 0.003)), np.float32)
    return light(picture, 0.55 if dark else level(hour))


def _facade(
    draw: ImageDraw.ImageDraw, quad: Callable[..., list[tuple[float, float]]], near: float, far: float,
    size: int, rng: np.random.Generator, *, dark: bool, lit: bool,
) -> None:  # fmt: skip
    """A wall with four rows of windows, a shop and its awning."""
    tone = np.asarray(WALLS[int(rng.integers(5))]) * (0.20 if dark else 1.0) * (0.8 + 0.35 * near / size)
    top = rng.uniform(0.85, 1.15)
    draw.polygon(quad(near, far, top, -0.22), fill=tuple(int(min(c, 255)) for c in tone))
    for row in range(4):
        for col in range(3):
            a, b = (near + (far - near) * (col + 0.25) / 3), (near + (far - near) * (col + 0.72) / 3)
            z0, z1 = 0.16 + 0.19 * row, 0.27 + 0.19 * row
            unlit = (22, 26, 38) if dark else (110, 128, 146)
            glass = (255, 206, 130) if lit and rng.random() < 0.55 else unlit
            draw.polygon(quad(a, b, z1, z0), fill=glass)
    a, b = near + (far - near) * 0.1, near + (far - near) * 0.9
    shop = (255, 220, 160) if lit else (206, 214, 216)
    draw.polygon(quad(a, b, 0.10, -0.18), fill=shop)
    awning = tuple(int(c * (0.5 if dark else 1)) for c in AWNINGS[int(rng.integers(3))])
    draw.polygon(quad(a, b, 0.14, 0.06, narrow=0.94), fill=awning)


def haunted(hour: str, variant: int, size: int) -> Picture:
    """A full moon over bare trees and mist."""
    rng = np.random.default_rng(551 + variant)
    x, y = plane(size)
    night = ramp(np.clip(y / HORIZON, 0, 1), (16, 14, 34), (40, 32, 66), (104, 74, 92))
    mx, my = (0.24, 0.76, 0.28, 0.72)[variant], 0.36
    halo = np.exp(-((np.hypot(x - mx, y - my) / 0.22) ** 2))
    canvas = mix(night, (196, 176, 150), (0.55 * halo).astype(np.float32))
    moon = step(0.088, 0.084, np.hypot(x - mx, y - my)) * (1 - 0.16 * step(0.1, 1.4, fbm(size, 552, 1.8, 6)))
    canvas = mix(canvas, (250, 238, 204), moon.astype(np.float32))
    drawn = Image.fromarray(np.clip(canvas, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(drawn)
    for _ in range(9):
        _branch(
            draw,
            rng,
            rng.random() * size,
            (HORIZON + 0.06) * size,
            -90.0,
            size * rng.uniform(0.09, 0.14),
            size * 0.014,
            5,
        )
    picture = np.asarray(drawn.filter(ImageFilter.GaussianBlur(size * 0.0016)), np.float32)
    mist = np.exp(-(((y - HORIZON - 0.06) / 0.09) ** 2)) * (
        0.55 + 0.2 * fbm(size, 553, 2.0, 2, stretch=(0.5, 1.5))
    )
    return light(mix(picture, (128, 108, 132), np.clip(mist, 0, 0.8).astype(np.float32)), 0.6)


def _branch(
    draw: ImageDraw.ImageDraw,
    rng: np.random.Generator,
    x: float,
    y: float,
    way: float,
    length: float,
    width: float,
    depth: int,
) -> None:
    """A bare tree, drawn limb by limb."""
    end = x + length * np.cos(np.radians(way)), y + length * np.sin(np.radians(way))
    draw.line([(x, y), end], fill=(18, 14, 22), width=max(int(width), 1))
    if depth:
        for _ in range(2 if depth > 1 else 3):
            _branch(
                draw,
                rng,
                *end,
                way + rng.normal(0, 28),
                length * rng.uniform(0.6, 0.85),
                width * 0.66,
                depth - 1,
            )


MORE_VIEWS = {
    "autumn": autumn, "winter_wood": winter_wood, "street_day": street_day, "street_night": street_night,
    "haunted": haunted,
}  # fmt: skip
