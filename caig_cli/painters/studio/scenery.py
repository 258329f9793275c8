"""Backdrop pictures, painted by numpy: ``scenery(name)`` for every name of ``SCENERY``, uint8 [H, W, 3] sRGB.

sky, sea, mountains, foliage, bokeh_city, shelves. Twice as wide as high; left and right edges meet, so that
a wide set can repeat them. They are distant things: sharp enough for a lens that focuses in front of them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from caig_cli.painters.studio.noise import (
    Field,
    Picture,
    fbm,
    mix,
    plane,
    ramp,
    rgb8,
    sample,
    step,
    unit_range,
)

SEA_HORIZON = 0.58  # share of the height, from the top, where sky meets water


@functools.cache
def scenery(name: str, height: int = 512) -> NDArray[np.uint8]:
    """The picture [height, 2 height, 3]; the same bytes each time."""
    return rgb8(SCENERY[name]((height, 2 * height)))


def sky(shape: tuple[int, int]) -> Picture:
    """A fair day: deep blue above, haze below, drifting clouds lit from the upper left."""
    _, y = plane(shape)
    blue = ramp(y, (86, 140, 206), (134, 182, 228), (196, 219, 236), (232, 235, 234))
    lit, cover = _clouds(shape, 301)
    cloud = ramp(lit, (196, 206, 220), (236, 239, 243), (255, 253, 249))
    return mix(blue, cloud, cover * step(1.0, 0.75, y))


def sea(shape: tuple[int, int]) -> Picture:
    """Water under a bright horizon; waves shrink with distance and glitter in the middle."""
    x, y = plane(shape)
    t = np.clip(y / SEA_HORIZON, 0, 1)
    air = ramp(t, (98, 154, 212), (156, 196, 228), (214, 228, 234), (240, 236, 226))
    lit, cover = _clouds(shape, 311)
    air = mix(air, ramp(lit, (206, 214, 226), (255, 252, 246)), 0.75 * cover * step(0.95, 0.5, t))
    depth = np.clip((y - SEA_HORIZON) / (1 - SEA_HORIZON), 0, 1)
    far = np.log(0.03 + depth) * 1.1
    waves = sample(fbm(512, 312, 1.3, 8, stretch=(4.0, 1.0)), 2 * x, far) * (0.3 + 0.7 * depth)
    body = ramp(
        np.clip(depth + 0.09 * waves, 0, 1), (96, 150, 184), (44, 116, 158), (28, 94, 132), (24, 82, 112)
    )
    glint = step(1.0, 2.2, waves + 1.1 * np.exp(-(((x - 0.5) / 0.16) ** 2)) * (1 - 0.5 * depth))
    water = mix(body, (250, 246, 232), 0.75 * glint * step(0, 0.05, depth))
    haze = mix(water, (214, 226, 230), 0.65 * np.exp(-depth / 0.035))
    return mix(air, haze, step(-0.001, 0.0015, y - SEA_HORIZON))


def mountains(shape: tuple[int, int]) -> Picture:
    """Five ridges, each nearer one darker and greener, mist between them."""
    rows, cols = shape
    _, y = plane(shape)
    picture = ramp(np.clip(y / 0.7, 0, 1), (128, 170, 214), (196, 214, 228), (244, 232, 216))
    lit, cover = _clouds(shape, 321)
    picture = mix(picture, ramp(lit, (214, 218, 226), (255, 250, 244)), 0.6 * cover * step(0.5, 0.2, y))
    tones = ((168, 186, 206), (136, 158, 180), (104, 128, 146), (72, 96, 100), (46, 66, 58))
    for k, tone in enumerate(tones):
        ridge = fbm((8, cols), 322 + k, 1.95 - 0.09 * k, 1.6 + 0.8 * k)[4]
        top = 0.34 + 0.125 * k - 0.052 * (1.2 - 0.16 * k) * ridge
        below = y - top[None].astype(np.float32)
        wood = fbm(shape, 330 + k, 1.1, 16, stretch=(1.0, 1.6))
        face = np.asarray(tone, np.float32) + (2.2 + 1.7 * k) * wood[..., None]
        snow = step(0.03, 0.0, below - 0.012 * wood) * float(k < 2)
        face = mix(face, (236, 240, 246), (0.75 - 0.25 * k) * snow)
        misty = mix(face, (226, 228, 228), (0.62 - 0.09 * k) * step(0.0, 0.16, below))
        picture = mix(picture, misty, step(-0.001, 0.001, below))
    return picture


def foliage(shape: tuple[int, int]) -> Picture:
    """A garden out of focus: leaf masses in shade and sun, discs of light between them."""
    rows, cols = shape
    mass = unit_range(
        0.8 * fbm(shape, 341, 1.7, 1.5, stretch=(0.5, 1)) + 0.5 * fbm(shape, 342, 1.5, 8, 30, (0.5, 1))
    )
    _, y = plane(shape)
    picture = ramp(
        np.clip(mass * 1.05 - 0.25 * (y - 0.4), 0, 1),
        (20, 34, 16),
        (44, 74, 30),
        (86, 122, 48),
        (150, 178, 86),
        (214, 226, 158),
    )
    rng = np.random.default_rng(343)
    for count, reach, strength in ((260, (0.02, 0.05), 0.26), (110, (0.03, 0.075), 0.30)):
        for _ in range(count):
            at = rng.random(2) * (1.0, 0.85)
            light = mass[int(at[1] * rows), int(at[0] * cols)]
            tone = np.array([60 + 150 * light, 96 + 130 * light, 34 + 90 * light]) * rng.uniform(0.7, 1.3)
            _disc(picture, at, rng.uniform(*reach), tone, strength * rng.uniform(0.4, 1.0))
    return picture


def bokeh_city(shape: tuple[int, int]) -> Picture:
    """Night streets far behind the focus: window walls as soft columns, discs of lamps."""
    rows, cols = shape
    x, y = plane(shape)
    glow = np.exp(-(((y - 0.72) / 0.28) ** 2))
    picture = ramp(y, (10, 13, 28), (20, 22, 44), (36, 30, 50), (22, 20, 30)) + glow[..., None] * np.array(
        [30, 18, 14]
    )
    towers = np.clip(fbm((8, cols), 351, 0.7, 4, 30)[4], -1, 2)[None]
    picture = picture + (step(0.2, 0.6, y - 0.12 * towers) * (4 + 5 * towers))[..., None] * np.array(
        [0.8, 0.9, 1.3]
    )
    rng = np.random.default_rng(352)
    hues = np.array(
        [
            (255, 190, 110),
            (255, 222, 170),
            (255, 120, 70),
            (120, 180, 255),
            (255, 90, 140),
            (120, 255, 220),
            (255, 240, 220),
        ]
    )
    chance = np.array([0.3, 0.24, 0.12, 0.14, 0.07, 0.04, 0.09])
    for _ in range(230):
        at = np.array([rng.random(), np.clip(rng.normal(0.62, 0.17), 0.05, 0.98)])
        size = rng.uniform(0.014, 0.05) * (0.7 + 0.6 * abs(at[1] - 0.4))
        tone = hues[rng.choice(len(hues), p=chance)].astype(float)
        _disc(picture, at, size, tone, rng.uniform(0.12, 0.75), add=True)
    return picture


def shelves(shape: tuple[int, int]) -> Picture:
    """A bookcase: four boards, books of every width, a vase or a gap here and there."""
    rows, cols = shape
    picture = np.empty((rows, cols, 3), np.float32)
    picture[:] = (66, 46, 34)
    rng = np.random.default_rng(361)
    tones = np.array(
        [
            (152, 54, 46),
            (44, 66, 96),
            (206, 184, 146),
            (62, 92, 74),
            (226, 218, 202),
            (178, 128, 62),
            (94, 62, 84),
            (60, 58, 58),
            (122, 142, 150),
            (196, 150, 130),
        ]
    )
    for shelf in range(4):
        top, floor = rows * shelf // 4, rows * (shelf + 1) // 4 - rows // 48
        picture[floor : rows * (shelf + 1) // 4] = (150, 108, 72)
        picture[top : top + rows // 40] *= 0.55
        at = 0
        while at < cols:
            width = int(rng.uniform(0.014, 0.038) * rows) + 2
            if rng.random() < 0.06:
                at += int(rng.uniform(0.05, 0.12) * rows)
                continue
            high = int((floor - top) * rng.uniform(0.62, 0.90))
            _spine(
                picture[floor - high : floor, at : min(at + width, cols)],
                tones[rng.integers(len(tones))],
                rng,
            )
            at += width + int(rng.random() < 0.3)
    shade = 1 + 0.05 * fbm(shape, 362, 1.8)
    return np.asarray(picture * shade[..., None], np.float32)


def _spine(area: Picture, tone: NDArray[np.float64], rng: np.random.Generator) -> None:
    """One book back, rounded by shade, with a band or a title block, drawn in place."""
    high, width = area.shape[:2]
    if width < 2:
        return
    across = np.linspace(-1, 1, width)
    area[:] = tone * rng.uniform(0.75, 1.1) * (1 - 0.35 * np.abs(across) ** 3)[None, :, None]
    mark = np.array([222, 196, 140]) if tone.mean() < 130 else np.array([86, 60, 46])
    place = int(high * rng.uniform(0.12, 0.3))
    if rng.random() < 0.6:
        area[place : place + max(high // 40, 1)] = mark
        area[-place : -place + max(high // 40, 1)] = mark
    else:
        side = max(width // 4, 1)
        area[place : place + high // 4, side:-side] = (
            0.5 * area[place : place + high // 4, side:-side] + 0.5 * mark
        )


def _clouds(shape: tuple[int, int], seed: int) -> tuple[Field, Field]:
    """Light 0 to 1 and cover 0 to 1 of fair-weather clouds, flatter towards the horizon."""
    x, y = plane(shape)
    billow = fbm((512, 512), seed, 1.75, 2, stretch=(1.0, 1.5))
    rise = (y + 0.12) ** 0.75 * 1.1
    density = sample(billow, x, rise) + 0.25
    toward_sun = sample(billow, x - 0.018, rise - 0.03) + 0.25
    cover = step(0.35, 1.25, density)
    return np.asarray(np.clip(0.62 + 0.55 * (density - toward_sun) - 0.1 * density, 0, 1), np.float32), cover


def _disc(
    picture: Picture,
    at: NDArray[np.float64],
    radius: float,
    tone: NDArray[np.float64],
    strength: float,
    add: bool = False,
) -> None:
    """A disc of blurred light with the bright rim of a real lens, drawn in place; wraps around x."""
    rows, cols = picture.shape[:2]
    r = radius * rows
    cx, cy = at[0] * cols, at[1] * rows
    xs = np.arange(int(cx - r - 1), int(cx + r + 2))
    ys = np.arange(max(int(cy - r - 1), 0), min(int(cy + r + 2), rows))
    distance = np.hypot(xs[None] + 0.5 - cx, ys[:, None] + 0.5 - cy) / r
    cover = np.clip((1 - distance) * r * 0.6, 0, 1) * (0.78 + 0.3 * distance**6) * strength
    spot = np.ix_(ys, xs % cols)
    under = picture[spot] * (1 if add else 1 - cover[..., None])
    picture[spot] = under + cover[..., None] * tone


SCENERY: dict[str, Callable[[tuple[int, int]], Picture]] = {
    "sky": sky, "sea": sea, "mountains": mountains, "foliage": foliage, "bokeh_city": bokeh_city,
    "shelves": shelves,
}  # fmt: skip
