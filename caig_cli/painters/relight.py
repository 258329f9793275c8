"""Relighting, only where it is asked for: the product takes on the light of the set, its detail stays.

The set was photographed with the product's stand-in, which has the product's colours. Stand-in against
product is the light of the set against the light of the photo; of that ratio only the low frequencies are
used, so that label, seams and edges stay what they are. What was changed is measured, for the manifest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

from caig_cli.painters.studio.render import LUMA, decode_srgb, encode_srgb, quantise

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.floating]

_GRID = 48  # samples over the longer side of the product at which light is compared
_SIGMA = 3.0  # of those: nothing smaller than a tenth of the product is touched
_SHARE = 0.7  # of the ratio, in stops; the photo's own shading stays part of it
_MOST = 2.0  # times brighter or darker, at most


@dataclass(frozen=True, slots=True)
class Relit:
    """What relighting did to a product's solid pixels.

    ``tone``: mean difference in levels (0 to 255); ``most``: the largest. ``detail``: correlation of the
    brightness' gradients before and after, 1 where nothing but the light changed.
    """

    tone: float
    most: int
    detail: float


def relight(rgba: Pixels, lit: Pixels) -> Pixels:
    """The product uint8 [H, W, 4] in the light in which ``lit`` uint8 [H, W, 3] shows its stand-in."""
    solid = rgba[..., 3] == 255
    inner = ndimage.binary_erosion(solid, iterations=2)
    if not inner.any():
        return rgba
    own, seen = (decode_srgb(picture.astype(np.float32) / 255) for picture in (rgba[..., :3], lit))
    step = max(1.0, max(solid.shape) / _GRID)
    size = (max(1, round(solid.shape[1] / step)), max(1, round(solid.shape[0] / step)))
    weight = inner.astype(np.float32)[..., None]
    wanted, had = (_blurred(part * weight, size) for part in (seen, own))
    floor = 1e-3 * _blurred(weight, size)
    ratio = (wanted + floor + 1e-6) / (had + floor + 1e-6)
    ratio = np.clip(ratio ** np.float32(_SHARE), 1 / _MOST, _MOST).astype(np.float32)
    gain = _stretched(ratio, (solid.shape[1], solid.shape[0]))
    shown = np.asarray(own * gain / (1 + own * np.maximum(gain - 1, 0)), np.float32)  # white never burns
    result = rgba.copy()
    result[..., :3] = quantise(encode_srgb(shown))
    return result


def changes(ad: Pixels, rgba: Pixels) -> Relit:
    """What ``ad`` uint8 [H, W, 3] shows of a product uint8 [H, W, 4], against its own pixels."""
    inside = ndimage.binary_erosion(rgba[..., 3] == 255, iterations=2, border_value=1)
    if not inside.any():
        return Relit(0.0, 0, 1.0)
    before, after = rgba[..., :3].astype(np.float32), ad.astype(np.float32)
    apart = np.abs(after - before)[inside]
    one, other = (_gradients(picture @ LUMA)[:, inside].ravel() for picture in (before, after))
    norm = float(np.linalg.norm(one) * np.linalg.norm(other))
    detail = float(one @ other) / norm if norm > 0 else 1.0
    return Relit(round(float(apart.mean()), 2), int(apart.max()), round(detail, 4))


def _gradients(luma: Floats) -> Floats:
    return np.stack([ndimage.sobel(luma, axis=axis) for axis in (0, 1)])


def _blurred(plane: Floats, size: tuple[int, int]) -> Floats:
    """[H, W, C] at (width, height) samples, blurred; 0 counts beyond the border, as outside the product."""
    small = np.stack([_resized(plane[..., c], size, Image.Resampling.BOX) for c in range(plane.shape[2])], -1)
    return np.asarray(ndimage.gaussian_filter(small, (_SIGMA, _SIGMA, 0), mode="constant"), np.float32)


def _stretched(plane: Floats, size: tuple[int, int]) -> Floats:
    return np.stack([_resized(plane[..., c], size, Image.Resampling.BICUBIC) for c in range(3)], axis=-1)


def _resized(plane: Floats, size: tuple[int, int], how: Image.Resampling) -> Floats:
    return np.asarray(Image.fromarray(np.ascontiguousarray(plane)).resize(size, how))
