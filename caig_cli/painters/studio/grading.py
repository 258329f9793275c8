"""The look of the print: a row per mood. Applied to linear light after denoising."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from caig_cli.painters.studio.render import Image, develop

LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


@dataclass(frozen=True, slots=True)
class Grade:
    """``key`` is the middle brightness that the print aims at, ``tint`` multiplies light, ``saturation``
    spreads colour, ``contrast`` bends tones, ``haze`` lifts the blacks, ``vignette`` darkens the corners."""

    key: float = 0.27
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    saturation: float = 1.0
    contrast: float = 0.12
    haze: float = 0.0
    vignette: float = 0.06


MOODS: dict[str, Grade] = {
    "neutral": Grade(),
    "airy": Grade(0.58, (1.01, 1.0, 1.0), 0.92, 0.0, 0.03, 0.0),
    "moody": Grade(0.09, (0.98, 1.0, 1.04), 0.88, 0.30, 0.0, 0.28),
    "warm": Grade(0.25, (1.12, 1.0, 0.84), 1.05, 0.12),
    "cool": Grade(0.26, (0.88, 1.0, 1.15), 0.95, 0.14),
    "pastel": Grade(0.52, (1.03, 1.0, 1.02), 0.72, -0.12, 0.05, 0.0),
    "vivid": Grade(0.27, (1.0, 1.0, 1.0), 1.42, 0.26),
    "earthy": Grade(0.20, (1.10, 1.0, 0.80), 0.78, 0.14, 0.012, 0.12),
}


def grade(linear: Image, mood: str, level: float) -> npt.NDArray[np.uint8]:
    """The developed picture uint8 [H, W, 3] of linear light in the look of ``mood``.

    ``level`` is how bright the light itself is meant to look: 1 by day, less by night.
    """
    look = MOODS[mood]
    light = linear * (np.array(look.tint, np.float32) * np.float32(_exposure(linear, look.key * level)))
    luma: Image = (light @ LUMA)[..., None]
    light = np.maximum(luma + (light - luma) * np.float32(look.saturation), 0.0)
    light = light * (1 - np.float32(look.haze)) + np.float32(look.haze * level)
    if look.vignette > 0:
        light = light * _vignette(light.shape[:2], look.vignette)
    return develop(light, contrast=look.contrast)


def _exposure(linear: Image, key: float) -> float:
    """Most of the way, in stops, from the picture's own middle brightness to ``key``.

    Not all the way, so that black marble stays darker than white; never so far that much burns out.
    """
    luma = np.log2(np.maximum(linear @ LUMA, 1e-3))
    stops = float(np.clip(0.62 * (np.log2(key) - luma.mean()), -1.6, 1.3))
    room = float(np.log2(1.15) - np.percentile(luma, 94))
    return float(2.0 ** min(stops, max(room, -1.6)))


def _vignette(shape: tuple[int, int], strength: float) -> Image:
    rows, columns = shape
    y = (np.arange(rows, dtype=np.float32) + 0.5) / rows * 2 - 1
    x = (np.arange(columns, dtype=np.float32) + 0.5) / columns * 2 - 1
    far = (x[None] ** 2 + y[:, None] ** 2) / 2
    return (1 - np.float32(strength) * far**1.5)[..., None].astype(np.float32)
