"""The look of the print: a row per mood. Applied to linear light after denoising."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from caig_cli.painters.studio.render import Image, develop

BASE = 1.3  # sets are lit for a white card of 0.75; prints are a little brighter
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


@dataclass(frozen=True, slots=True)
class Grade:
    """``exposure`` and ``tint`` multiply light, ``saturation`` spreads colour, ``contrast`` bends tones,
    ``haze`` lifts the blacks, ``vignette`` darkens the corners."""

    exposure: float = 1.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    saturation: float = 1.0
    contrast: float = 0.12
    haze: float = 0.0
    vignette: float = 0.06


MOODS: dict[str, Grade] = {
    "neutral": Grade(),
    "airy": Grade(1.5, (1.01, 1.0, 1.0), 0.92, 0.0, 0.03, 0.0),
    "moody": Grade(0.66, (0.98, 1.0, 1.04), 0.88, 0.30, 0.0, 0.28),
    "warm": Grade(1.02, (1.12, 1.0, 0.84), 1.05, 0.12),
    "cool": Grade(1.0, (0.88, 1.0, 1.15), 0.95, 0.14),
    "pastel": Grade(1.35, (1.03, 1.0, 1.02), 0.72, -0.12, 0.05, 0.0),
    "vivid": Grade(1.06, (1.0, 1.0, 1.0), 1.42, 0.26),
    "earthy": Grade(0.94, (1.10, 1.0, 0.80), 0.78, 0.14, 0.012, 0.12),
}


def grade(linear: Image, mood: str, exposure: float = 1.0) -> npt.NDArray[np.uint8]:
    """The developed picture uint8 [H, W, 3] of linear light in the look of ``mood``."""
    look = MOODS[mood]
    light = linear * (np.array(look.tint, np.float32) * np.float32(BASE * look.exposure * exposure))
    luma: Image = (light @ LUMA)[..., None]
    light = np.maximum(luma + (light - luma) * np.float32(look.saturation), 0.0)
    light = light * (1 - np.float32(look.haze)) + np.float32(look.haze)
    if look.vignette > 0:
        light = light * _vignette(light.shape[:2], look.vignette)
    return develop(light, contrast=look.contrast)


def metered(linear: Image) -> float:
    """A gentle correction of the exposure: half-way, in stops, into the range that prints well."""
    luma = np.log2(np.maximum(linear @ LUMA, 1e-3))
    middle, bright = float(luma.mean()), float(np.percentile(luma, 92))
    stops = 0.5 * max(np.log2(0.11) - middle, 0.0) - 0.6 * max(bright - np.log2(0.95), 0.0)
    return float(2.0 ** np.clip(stops, -1.2, 1.2))


def _vignette(shape: tuple[int, int], strength: float) -> Image:
    rows, columns = shape
    y = (np.arange(rows, dtype=np.float32) + 0.5) / rows * 2 - 1
    x = (np.arange(columns, dtype=np.float32) + 0.5) / columns * 2 - 1
    far = (x[None] ** 2 + y[:, None] ** 2) / 2
    return (1 - np.float32(strength) * far**1.5)[..., None].astype(np.float32)
