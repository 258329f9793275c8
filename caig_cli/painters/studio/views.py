"""Painted views for behind the set: sky, sea, mountains, a city at night, foliage. Linear light, numpy only.

A view is a square whose horizon lies at row HORIZON of its height; 1 is as bright as a white card in
correct exposure. ``air`` is the hour, ``variant`` one of VARIANTS different pictures.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from caig_cli.painters.studio.colours import srgb
from caig_cli.painters.studio.noise import fbm, mix, plane, sample, step
from caig_cli.painters.studio.render import decode_srgb
from caig_cli.painters.studio.view_kit import (
    HORIZON,
    SKIES,
    Leaves,
    Picture,
    disc,
    garden_light,
    leaves,
    level,
    light,
    shining_through,
    sky_srgb,
    skyline,
)
from caig_cli.painters.studio.views_fine import FINER_VIEWS
from caig_cli.painters.studio.views_more import MORE_VIEWS

VARIANTS = 4
COARSE = 256  # pixels of a preview's view; ads show some finer
LARGEST = 640  # pixels; views are far away and mostly out of focus


def view(name: str, air: str, colour: str | None, variant: int, size: int) -> Picture:
    """The view as linear light [S, S, 3], S at most LARGEST; ``colour`` of the vocabulary tints it."""
    picture = _plain(name, air, variant, min(size, LARGEST)).astype(np.float32)
    if colour is not None:
        luma = picture @ np.array([0.2126, 0.7152, 0.0722], np.float32)
        tint = decode_srgb(np.array(srgb(colour)) / 255)
        tint = tint / max(float(tint @ np.array([0.2126, 0.7152, 0.0722])), 0.05)
        picture = 0.35 * picture + 0.65 * luma[..., None] * np.minimum(tint, 3.0)
    return picture


@functools.lru_cache(maxsize=96)
def _plain(name: str, air: str, variant: int, size: int) -> npt.NDArray[np.float16]:
    views = _VIEWS if size <= COARSE else _VIEWS | FINER_VIEWS
    return views[name](air, variant, size).astype(np.float16)


def sky(air: str, variant: int, size: int) -> Picture:
    _, y = plane(size)
    picture = sky_srgb(air, variant, size)
    zenith, low, _, _ = SKIES[air]
    land = mix(np.asarray(low) * 0.82, np.asarray(zenith) * 0.7 + 30, step(HORIZON, 1.0, y))
    return light(mix(picture, land, step(HORIZON - 0.004, HORIZON + 0.012, y)), level(air))


def sea(air: str, variant: int, size: int) -> Picture:
    zenith, low, glow, level = SKIES[air]
    x, y = plane(size)
    picture = sky_srgb(air, variant, size)
    below = np.clip((y - HORIZON) / (1 - HORIZON), 1e-3, 1)
    far = 1 / (below + 0.03)
    waves = sample(
        fbm(512, 321 + variant, 1.5, 3, 160, (1.8, 0.8)), (x - 0.5) * (0.25 + far * 0.06), far * 0.16
    )
    waves = waves * np.clip(below * 7, 0.15, 1)
    deep = np.asarray(zenith) * (0.42, 0.62, 0.66)
    water = mix(np.asarray(low) * (0.72, 0.88, 0.94), deep, np.clip(below * 1.6, 0, 1) ** 0.5)
    water = water * (1 + 0.09 * waves)[..., None]
    sun_x = (0.22, 0.78, 0.35, 0.66)[variant]
    path = np.exp(-(((x - sun_x) / (0.10 + 0.12 * below)) ** 2))
    water = mix(water, glow, np.clip(path * step(0.3, 1.6, waves + 0.4), 0, 0.9))
    foam = step(1.7, 2.4, waves) * step(0.35, 0.8, below) * 0.5
    water = mix(water, np.asarray(glow) * 0.98, foam)
    return light(mix(picture, water, step(HORIZON - 0.001, HORIZON + 0.002, y)), level)


def mountains(air: str, variant: int, size: int) -> Picture:
    zenith, low, _, level = SKIES[air]
    _, y = plane(size)
    picture = sky_srgb(air, variant, size)
    near = {"day": (70, 96, 78), "golden": (92, 74, 66), "overcast": (74, 88, 88)}.get(air, (14, 20, 34))
    columns = np.arange(size)
    for layer in range(5):
        ridge = _ridge(size, 331 + 10 * variant + layer, 1.6 + 0.7 * layer)
        base = HORIZON - 0.20 + 0.055 * layer
        crest = (base - 0.055 * (1 - 0.12 * layer) * ridge)[columns][None, :]
        t = (layer + 1) / 5
        tone = np.asarray(low) * (1 - t) * 0.93 + np.asarray(near) * t + np.asarray(zenith) * 0.10 * (1 - t)
        rock = fbm(size, 361 + layer, 1.4, 4, 300, (1.4, 0.8))
        slope = np.clip((y - crest) / 0.25, 0, 1)
        mist = (0.45 * slope * (1 - t * 0.6)).astype(np.float32)
        shade = mix(tone, np.asarray(low) * 0.9, mist) * (1 + 0.055 * rock * t)[..., None]
        if layer < 2 and air != "night":
            snow = step(0.085, 0.02, y - crest + 0.016 * rock)
            shade = mix(shade, np.minimum(np.asarray(low) * 1.1, 250), 0.7 * snow)
        picture = mix(picture, shade, step(-0.0015, 0.0015, y - crest))
    haze = np.exp(-(((y - HORIZON) / 0.05) ** 2)) * 0.35
    return light(mix(picture, low, haze.astype(np.float32)), level)


def _ridge(size: int, seed: int, peaks: float) -> npt.NDArray[np.float32]:
    """A skyline [size] of mean 0 and deviation 1: broad peaks with finer and finer crags."""
    rng = np.random.default_rng(seed)
    x = np.linspace(0, 1, size)
    line = np.zeros(size)
    for octave in range(8):
        knots = rng.normal(size=int(peaks * 2**octave) + 4)
        line += np.interp(x * (len(knots) - 3) + rng.random(), np.arange(len(knots)), knots) * 0.46**octave
    return np.asarray((line - line.mean()) / line.std(), np.float32)


def bokeh_city(air: str, variant: int, size: int) -> Picture:
    """Lights of a city far out of focus; by day the lights pale against hazy buildings."""
    rng = np.random.default_rng(341 + variant)
    dark = air == "night"
    picture = skyline(rng, dark, size, 0.012)
    hues = np.array(
        [(255, 190, 110), (255, 160, 80), (255, 226, 180), (120, 190, 255), (255, 90, 130), (120, 255, 220)]
    )
    for _ in range(150):
        px, py = rng.random(), HORIZON + 0.02 - abs(rng.normal(0, 0.17)) + rng.uniform(0, 0.14)
        radius, hue = rng.uniform(0.012, 0.036), hues[rng.choice(6, p=(0.3, 0.22, 0.22, 0.12, 0.08, 0.06))]
        disc(picture, px, py, radius, decode_srgb(hue / 255) * rng.gamma(2.0, 0.28 if dark else 0.12))
    return picture


def foliage(air: str, variant: int, size: int) -> Picture:
    """Layers of leaves from the deep shade to sunlit tips, with sky shining through."""
    how = Leaves(
        deep=((92, 124, 74), (48, 72, 40), (30, 46, 26)),
        sky=shining_through(air, (226, 240, 200)),
        tones=((40, 66, 34), (62, 96, 44), (92, 130, 56), (134, 166, 76)),
        length=(0.03, 0.075),
        shade=(0.75, 1.3),
        blur=(0.010, 0.006, 0.003, 0.0015),
    )
    brightness, tint = garden_light(air)
    return light(leaves(np.random.default_rng(351 + variant), variant, size, how), brightness) * tint


_VIEWS: dict[str, Callable[[str, int, int], Picture]] = {
    "sky": sky,
    "sea": sea,
    "mountains": mountains,
    "bokeh_city": bokeh_city,
    "foliage": foliage,
    **MORE_VIEWS,
}
