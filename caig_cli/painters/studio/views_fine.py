"""Views as ads show them: the colours of the plain ones, as a lens draws them that is not focused on them.

Previews keep the plain ones, which is what models have learnt.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from scipy import ndimage

from caig_cli.painters.studio.noise import fbm, mix, plane, ramp, step
from caig_cli.painters.studio.render import decode_srgb
from caig_cli.painters.studio.view_kit import HORIZON, Picture, leaf_outline, light

_HUES = np.array([
    (255, 196, 130), (255, 176, 112), (255, 228, 190), (150, 190, 240), (248, 140, 150), (160, 232, 214),
], float)  # fmt: skip
_HUE_SHARES = (0.34, 0.24, 0.26, 0.09, 0.04, 0.03)


def bokeh_city(air: str, variant: int, size: int) -> Picture:
    """Lights of a city far out of focus: soft discs of one lens, near the horizon, mostly warm and faint."""
    rng = np.random.default_rng(341 + variant)
    _, y = plane(size)
    dark = air == "night"
    top, low = ((10, 12, 30), (44, 32, 60)) if dark else ((178, 192, 210), (226, 216, 206))
    base = ramp(np.clip(1 - np.abs(y - HORIZON) / 0.55, 0, 1) ** 1.4, top, low)
    towers = Image.new("L", (size, size))
    draw = ImageDraw.Draw(towers)
    for _ in range(26):
        left, width, height = rng.random() * 1.1 - 0.1, rng.uniform(0.04, 0.12), rng.gamma(3, 0.055)
        box = [left * size, (HORIZON - height) * size, (left + width) * size, size]
        draw.rectangle(box, fill=int(rng.integers(60, 255)))
    blocks = np.asarray(towers.filter(ImageFilter.GaussianBlur(size * 0.03)), np.float32) / 255
    towards = np.asarray(top) * (1.5 if dark else 0.78)
    picture = light(mix(base, towards, (0.6 * blocks).astype(np.float32)), 0.5 if dark else 0.85)
    discs = np.zeros_like(picture)
    lens = rng.uniform(0.022, 0.030)
    for _ in range(130):
        px, py = rng.random(), HORIZON + 0.01 - abs(rng.normal(0, 0.11)) + rng.uniform(0, 0.06)
        hue = decode_srgb(_HUES[rng.choice(len(_HUES), p=_HUE_SHARES)] / 255)
        radius = lens * rng.uniform(0.7, 1.1)
        _soft_disc(discs, px, py, radius, hue * min(rng.gamma(1.2, 0.22 if dark else 0.10), 1.0))
    blurred = ndimage.gaussian_filter(discs, (size * 0.004, size * 0.004, 0))
    return np.asarray(picture + blurred, np.float32)


def _soft_disc(picture: Picture, px: float, py: float, radius: float, light: Picture) -> None:
    """Adds a disc of light whose edge is an eighth of its radius wide."""
    size, reach = len(picture), 1.15 * radius
    rows = slice(max(int((py - reach) * size), 0), max(int((py + reach) * size) + 2, 0))
    cols = slice(max(int((px - reach) * size), 0), max(int((px + reach) * size) + 2, 0))
    yy = (np.arange(size)[rows] + 0.5) / size - py
    xx = (np.arange(size)[cols] + 0.5) / size - px
    r = np.hypot(yy[:, None], xx[None]) / radius
    picture[rows, cols] += step(1.1, 0.9, r)[..., None] * light


def foliage(air: str, variant: int, size: int) -> Picture:
    """A garden out of focus: blurred leaves before deep shade, sky shining through in soft discs."""
    rng = np.random.default_rng(351 + variant)
    night = air == "night"
    _, y = plane(size)
    deep = ramp(np.clip(y * 1.1, 0, 1), (104, 128, 88), (62, 82, 54), (42, 56, 38))
    glow = step(0.2, 1.8, fbm(size, 371 + variant, 2.4, 1.2)) * np.clip(1.15 - y, 0, 1)
    bright = {"golden": (255, 222, 150), "overcast": (220, 228, 222)}.get(air, (228, 238, 210))
    canvas = Image.fromarray(np.clip(mix(deep, bright, 0.75 * glow), 0, 255).astype(np.uint8))
    tones = ((54, 74, 48), (74, 100, 60), (102, 130, 76), (138, 160, 98))
    for layer, tone in enumerate(tones):
        draw = ImageDraw.Draw(canvas)
        for _ in range(190):
            cx, cy = rng.random(2) * size
            length, angle = size * rng.uniform(0.02, 0.055), rng.uniform(0, 2 * np.pi)
            shade = np.asarray(tone) * rng.uniform(0.8, 1.2) * (1.15 - 0.35 * cy / size)
            draw.polygon(leaf_outline(cx, cy, length, angle), fill=tuple(int(min(c, 255)) for c in shade))
        canvas = canvas.filter(ImageFilter.GaussianBlur(size * (0.018, 0.014, 0.012, 0.010)[layer]))
    picture = light(np.asarray(canvas, np.float32), 1.0)
    shine = np.zeros_like(picture)
    for _ in range(60):
        px, py = rng.random(), HORIZON - abs(rng.normal(0, 0.25))
        _soft_disc(
            shine,
            px,
            py,
            rng.uniform(0.010, 0.020),
            decode_srgb(np.array(bright) / 255) * rng.gamma(1.2, 0.10),
        )
    picture += ndimage.gaussian_filter(shine, (size * 0.003, size * 0.003, 0))
    warm = np.array((1.12, 1.0, 0.72) if air == "golden" else (1.0, 1.0, 1.0), np.float32)
    cold = np.array((0.55, 0.8, 1.3) if night else (1, 1, 1), np.float32)
    return np.asarray(picture * (0.10 if night else 0.95) * warm * cold, np.float32)


FINER_VIEWS = {"bokeh_city": bokeh_city, "foliage": foliage}
