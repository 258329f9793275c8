"""The light that a product was photographed in, estimated from its cut-out.

Direction: the outline of a solid tells its normals (at the rim they lie in the picture, towards the middle
they turn to the camera), and a matte surface is as bright as its normal faces the light. Brightness is fitted
to the normals by least squares, with a level of its own for each colour, so that a dark cap is no shade
(after Nillius and Eklundh, "Automatic estimation of the projected light source direction", CVPR 2001).
Warmth: the colour of what is nearly grey and bright. What a photo does not show stays at its default.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

from caig_cli.cutouts.cutout import Cutout
from caig_cli.painters.studio.render import LUMA, decode_srgb

Floats = npt.NDArray[np.floating]
Colour = tuple[float, float, float]

SIDE = 96  # pixels of the longer side at which the product is looked at
_FRONTAL = 0.55  # light along the lens axis that a photo is taken to have at least, of the whole
_GREY = 0.24  # log ratio of two channels up to which a colour counts as nearly grey
_BURNT, _BLACK = 0.97, 0.004  # linear light beyond which a pixel says nothing of the shading


@dataclass(frozen=True, slots=True)
class PhotoLight:
    """``azimuth``: degrees, 0 from the camera, 90 from the right; ``elevation``: degrees above level.

    ``sure``: 0 (no shading could be told) to 1, of the direction. ``brightness``: of a white card in the
    photo's print, 0.9 to 1. ``colour``: of the light, its luma 1; white where the photo does not tell.
    """

    azimuth: float = 0.0
    elevation: float = 40.0
    sure: float = 0.0
    brightness: float = 1.0
    colour: Colour = (1.0, 1.0, 1.0)


def photo_light(cutout: Cutout) -> PhotoLight:
    """The light in the photo of a cut-out, in about 6 ms."""
    image = Image.fromarray(cutout.rgba)
    image.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    rgba = np.asarray(image)
    solid = rgba[..., 3] > 250
    if solid.sum() < 40:
        return PhotoLight()
    light = decode_srgb(rgba[..., :3].astype(np.float32) / 255)
    luma = np.asarray(light @ LUMA, np.float32)
    azimuth, elevation, sure = _direction(light, luma, solid)
    top = float(np.percentile(luma[solid], 98))
    return PhotoLight(azimuth, elevation, sure, 0.9 + 0.1 * min(1.0, top / 0.6), _colour(light[solid]))


def _direction(light: Floats, luma: Floats, solid: npt.NDArray[np.bool_]) -> tuple[float, float, float]:
    """Azimuth and elevation in degrees, and how sure they are, from the shading [H, W]."""
    normals = _normals(solid)
    seen = solid & (luma < _BURNT) & (luma > _BLACK)
    if seen.sum() < 40:
        return 0.0, 40.0, 0.0
    material = _materials(light[seen])
    shade, facing = luma[seen], normals[seen]
    count = np.bincount(material)
    level = np.bincount(material, shade) / np.maximum(count, 1)
    shade = shade / np.maximum(level[material], 1e-4)
    middle = np.stack([np.bincount(material, facing[:, k]) / np.maximum(count, 1) for k in range(3)], axis=-1)
    facing = facing - middle[material]
    # Outliers are prints and highlights, not shading.
    shade = np.clip(shade, 0.4, 1.8) - 1
    push = facing.T @ facing + 0.02 * len(shade) * np.eye(3)
    x, y, z = np.linalg.solve(push, facing.T @ shade)
    predicted = facing @ (x, y, z)
    spread = float(np.square(shade).sum())
    explained = 1 - float(np.square(shade - predicted).sum()) / max(spread, 1e-6)
    side = math.hypot(x, z)
    front = max(float(y), _FRONTAL)
    sure = float(np.clip(explained / 0.25, 0, 1) * np.clip(side / 0.15, 0, 1))
    azimuth = math.degrees(math.atan2(x, front))
    elevation = math.degrees(math.atan2(z, math.hypot(x, front)))
    return azimuth, float(np.clip(elevation, 5, 75)), sure


def _normals(solid: npt.NDArray[np.bool_]) -> Floats:
    """Normals [H, W, 3] of the solid that an outline stands for: x right, y to the camera, z up."""
    depth = np.asarray(ndimage.distance_transform_edt(np.pad(solid, 1)))[1:-1, 1:-1]
    radius = max(float(depth.max()), 1.0)
    swell = np.sqrt(np.clip(1 - (1 - depth / radius) ** 2, 0, 1)) * radius
    swell = ndimage.gaussian_filter(swell, 1.0)
    down, right = np.gradient(swell)
    normals = np.stack([-right, np.ones_like(swell), down], axis=-1)
    return np.asarray(normals / np.linalg.norm(normals, axis=-1, keepdims=True), np.float32)


def _materials(light: Floats) -> npt.NDArray[np.int64]:
    """A number [N] for each of the colours of ``light`` [N, 3], its brightness left aside."""
    share = light / np.maximum(light.sum(axis=1, keepdims=True), 1e-4)
    bins = np.clip((share[:, :2] * 12).astype(int), 0, 11)
    code = bins[:, 0] * 12 + bins[:, 1]
    return np.asarray(np.unique(code, return_inverse=True)[1], np.int64)


def _colour(light: Floats) -> Colour:
    """Colour of the light from the pixels [N, 3] that are nearly grey, the brighter the more."""
    luma = light @ LUMA
    logs = np.log(np.maximum(light, 1e-3))
    warm, cold = logs[:, 0] - logs[:, 1], logs[:, 2] - logs[:, 1]
    grey = (np.abs(warm) < _GREY) & (np.abs(cold) < _GREY) & (luma > 0.15)
    weight = luma[grey] ** 2
    trust = float(grey.mean()) / (float(grey.mean()) + 0.15)
    if weight.size == 0:
        return (1.0, 1.0, 1.0)
    cast = [trust * float(np.average(logs[grey, k] - logs[grey, 1], weights=weight)) for k in (0, 2)]
    colour = np.exp([cast[0], 0.0, cast[1]])
    red, green, blue = colour / float(colour @ LUMA)
    return float(red), float(green), float(blue)
