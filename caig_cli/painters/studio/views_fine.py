"""Views as ads show them: the colours of the plain ones, as a lens draws them that is not focused on them.

Previews keep the plain ones, which is what models have learnt.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from caig_cli.painters.studio.noise import step
from caig_cli.painters.studio.render import decode_srgb
from caig_cli.painters.studio.view_kit import (
    HORIZON,
    Leaves,
    Picture,
    garden_light,
    leaves,
    light,
    shining_through,
    skyline,
)

_HUES = np.array([
    (255, 196, 130), (255, 176, 112), (255, 228, 190), (150, 190, 240), (248, 140, 150), (160, 232, 214),
], float)  # fmt: skip
_HUE_SHARES = (0.34, 0.24, 0.26, 0.09, 0.04, 0.03)


def bokeh_city(air: str, variant: int, size: int) -> Picture:
    """Lights of a city far out of focus: soft discs of one lens, near the horizon, mostly warm and faint."""
    rng = np.random.default_rng(341 + variant)
    dark = air == "night"
    picture = skyline(rng, dark, size, 0.03)
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
    sky = shining_through(air, (228, 238, 210))
    how = Leaves(
        deep=((104, 128, 88), (62, 82, 54), (42, 56, 38)),
        sky=sky,
        tones=((54, 74, 48), (74, 100, 60), (102, 130, 76), (138, 160, 98)),
        length=(0.02, 0.055),
        shade=(0.8, 1.2),
        blur=(0.018, 0.014, 0.012, 0.010),
    )
    picture = light(leaves(rng, variant, size, how), 1.0)
    shine = np.zeros_like(picture)
    for _ in range(60):
        px, py = rng.random(), HORIZON - abs(rng.normal(0, 0.25))
        radius, colour = rng.uniform(0.010, 0.020), decode_srgb(np.array(sky) / 255)
        _soft_disc(shine, px, py, radius, colour * rng.gamma(1.2, 0.10))
    picture += ndimage.gaussian_filter(shine, (size * 0.003, size * 0.003, 0))
    brightness, tint = garden_light(air)
    return np.asarray(picture * brightness * tint, np.float32)


FINER_VIEWS = {"bokeh_city": bokeh_city, "foliage": foliage}
