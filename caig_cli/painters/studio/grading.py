"""The look of the print: a row per mood. Applied to linear light after denoising.

A print is exposed for the product: its stand-in, which has the product's colours, comes out as bright as the
product's own pixels are, so a white card beside it is white. The mood may lean from there a little; darkness
is made by the light on the set. Previews are exposed for the whole picture, as models have learnt them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from caig_cli.cutouts.cutout import SOLID, Cutout
from caig_cli.painters.studio.colours import is_hex, srgb
from caig_cli.painters.studio.render import LUMA, Image, decode_srgb, develop
from caig_cli.painters.studio.scene import Scene
from caig_cli.records import Box

KNEE = 0.65  # linear light up to which a print that is exposed for its product is straight
_BALANCE = 0.4  # share of the light's cast on the product that is taken out of the whole picture
_SAMPLES = 64  # each way over the product, where it is metered
_WHITE = 1.12  # walls get a little less light than the product, and are to be white too
_BURNT = 1.12  # linear light that few pixels may pass
_PASTEL = 0.25  # chroma from which a colour pales sooner than white burns, by as much as it has more
_LEAST = 0.6  # of the product's exposure: a set may be so much darker, not to burn
_SHARE = 0.6  # of a mood's lean, colour and vignette, where the product itself has none of them
_CHROMA = 0.55  # of colours that nobody named: beyond it they are held


@dataclass(frozen=True, slots=True)
class Grade:
    """``key`` is the middle brightness that the print aims at, ``tint`` multiplies light, ``saturation``
    spreads colour, ``contrast`` bends tones, ``haze`` lifts the blacks, ``vignette`` darkens the corners.
    ``lean`` is how far, in stops, a print that is exposed for its product leans towards light or dark."""

    key: float = 0.27
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    saturation: float = 1.0
    contrast: float = 0.12
    haze: float = 0.0
    vignette: float = 0.06
    lean: float = 0.0


MOODS: dict[str, Grade] = {
    "neutral": Grade(),
    "airy": Grade(0.58, (1.01, 1.0, 1.0), 0.92, 0.0, 0.03, 0.0, 0.25),
    "moody": Grade(0.09, (0.98, 1.0, 1.04), 0.88, 0.30, 0.0, 0.28, -0.45),
    "warm": Grade(0.25, (1.12, 1.0, 0.84), 1.05, 0.12),
    "cool": Grade(0.26, (0.88, 1.0, 1.15), 0.95, 0.14),
    "pastel": Grade(0.52, (1.03, 1.0, 1.02), 0.72, -0.12, 0.05, 0.0, 0.2),
    "vivid": Grade(0.27, (1.0, 1.0, 1.0), 1.42, 0.26),
    "earthy": Grade(0.20, (1.10, 1.0, 0.80), 0.78, 0.14, 0.012, 0.12, -0.2),
}


def grade(linear: Image, mood: str, level: float) -> npt.NDArray[np.uint8]:
    """The developed picture uint8 [H, W, 3] of linear light in the look of ``mood``.

    ``level`` is how bright the light itself is meant to look: 1 by day, less by night.
    """
    look = MOODS[mood]
    light = linear * (np.array(look.tint, np.float32) * np.float32(_exposure(linear, look.key * level)))
    light = _saturated(light, look.saturation)
    light = light * (1 - np.float32(look.haze)) + np.float32(look.haze * level)
    if look.vignette > 0:
        light = light * _vignette(light.shape[:2], look.vignette)
    return develop(light, contrast=look.contrast)


def match(linear: Image, product: Cutout, box: Box) -> Image:
    """What linear light [H, W, 3] must be multiplied by [3], for the stand-in to be as the product is."""
    rows, columns = (np.arange(_SAMPLES) + 0.5) / _SAMPLES, (np.arange(_SAMPLES) + 0.5) / _SAMPLES
    height, width = product.rgba.shape[:2]
    own = product.rgba[(rows * height).astype(int)][:, (columns * width).astype(int)]
    y = np.floor(box.top + rows * box.height).astype(int)
    x = np.floor(box.left + columns * box.width).astype(int)
    inside = ((y >= 0) & (y < linear.shape[0]))[:, None] & ((x >= 0) & (x < linear.shape[1]))[None]
    solid = inside & (own[..., 3] >= SOLID)
    # The stand-in is a hair smaller: at the rim of a dark product on white, white would be metered.
    inner = ndimage.binary_erosion(solid, iterations=3, border_value=0)
    solid = inner if inner.any() else solid
    if not solid.any():
        return np.ones(3, np.float32)
    seen = linear[y.clip(0, linear.shape[0] - 1)][:, x.clip(0, linear.shape[1] - 1)]
    wanted = decode_srgb(own[..., :3].astype(np.float32) / 255)[solid].mean(axis=0)
    return np.asarray(np.maximum(wanted, 1e-3) / np.maximum(seen[solid].mean(axis=0), 1e-3), np.float32)


def grade_for(
    linear: Image, scene: Scene, gain: Image, brightness: float, shadow: Image
) -> npt.NDArray[np.uint8]:
    """The developed picture uint8 [H, W, 3] in the look of the scene's mood, exposed for its product.

    ``gain`` [3] is what :func:`match` says, ``brightness`` that of a white card in the product's photo,
    ``shadow`` [H, W] the share of light that is missing where the product touches something. Colours that
    are named by hex codes are not held back.
    """
    look = MOODS[scene.mood]
    level = _WHITE * float(gain @ LUMA) * brightness * 2.0 ** (_SHARE * look.lean)
    top = max(float(np.percentile(linear @ LUMA, 94)), _table(linear))
    exposure = min(level, max(_BURNT / max(top, 1e-3), _LEAST * level))
    balance = np.clip((gain / float(gain @ LUMA)) ** np.float32(_BALANCE), 0.85, 1.15)
    tint = np.sqrt(np.array(look.tint, np.float32))  # the product itself is not tinted
    light = linear * (balance * tint * np.float32(exposure))
    peak = np.maximum(light.max(axis=-1) / np.float32(_WHITE), 1)  # a shadow on what is burnt is seen too
    light = light * ((1 - shadow) / (1 + shadow * (peak - 1)))[..., None]
    codes = [decode_srgb(np.array(srgb(one)) / 255) for one in scene.colours if is_hex(one)]
    most = max([_CHROMA, *(float(_chroma(code).max()) for code in codes)])
    light = _held(_saturated(light, 1 + _SHARE * (look.saturation - 1)), most)
    light = light * (1 - np.float32(look.haze)) + np.float32(look.haze)
    if look.vignette > 0:
        light = light * _vignette(light.shape[:2], _SHARE * look.vignette)
    return develop(light, contrast=look.contrast, knee=KNEE, slope=1.0)


def _table(linear: Image) -> float:
    """How bright the lower third is, where the product stands, of what is coloured: wood pales long before
    white burns."""
    low = linear[-(len(linear) // 3) :]
    coloured = np.maximum(_chroma(low) - np.float32(_PASTEL), 0)
    return float(np.percentile(low.max(axis=-1, keepdims=True) * (coloured > 0) * (1 + coloured), 90))


def _saturated(light: Image, saturation: float) -> Image:
    luma: Image = (light @ LUMA)[..., None]
    return np.maximum(luma + (light - luma) * np.float32(saturation), 0.0)


def _chroma(light: Image) -> Image:
    """How far colours [..., 3] lie from their grey, as a share of their brightest channel [..., 1]."""
    top = np.maximum(light.max(axis=-1, keepdims=True), 1e-4)
    return np.asarray(1 - light.min(axis=-1, keepdims=True) / top, np.float32)


def _held(light: Image, most: float) -> Image:
    """Colours of more chroma than ``most`` come back towards their grey, the further the more: no set is
    garish."""
    chroma = _chroma(light)
    over = np.maximum(chroma - np.float32(most), 0.0)
    kept = np.minimum(chroma, np.float32(most)) + over / (1 + 2 * over)
    luma: Image = (light @ LUMA)[..., None]
    return np.asarray(luma + (light - luma) * (kept / np.maximum(chroma, 1e-4)), np.float32)


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
