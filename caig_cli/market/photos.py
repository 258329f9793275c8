"""A photograph of a product on nothing: built, lit by a studio, rendered and cut out in one go."""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import distance_transform_edt

from caig_cli.market.look import Part
from caig_cli.painters.studio.materials import to_mitsuba
from caig_cli.painters.studio.render import develop, mitsuba, render

SAMPLES = 6  # per pixel; the denoiser does the rest
FIELD = 18.0  # degrees: a long lens, as shops use
DEPTH = 3


def photograph(parts: Sequence[Part], size: int, seed: int) -> Image.Image:
    """RGBA photo of the product, cropped to it, its longer side ``size`` pixels; same seed, same bytes."""
    rng = random.Random(seed)
    sensor, frame = _sensor(parts, size, rng.uniform(1.0, 12.0))
    scene: dict[str, Any] = {"sensor": sensor, "light": _studio(rng.randrange(STUDIOS), rng.randrange(2))}
    for k, (mesh, material) in enumerate(parts):
        scene[f"part{k}"] = to_mitsuba(mesh, material)
    linear = render(scene, frame, SAMPLES, seed, alpha=True, depth=DEPTH)
    return _cut_out(linear, rng.uniform(0.92, 1.12))


def _cut_out(linear: NDArray[np.float32], exposure: float) -> Image.Image:
    """The developed picture with straight alpha, cropped to what is not empty."""
    alpha = np.clip(linear[..., 3:], 0.0, 1.0)
    colour = linear[..., :3] / np.maximum(alpha, 1e-3)  # the renderer weighs edges by their coverage
    inside = distance_transform_edt(alpha[..., 0] < 0.97, return_distances=False, return_indices=True)
    colour = colour[inside[0], inside[1]]  # soft edges take the colour of the solid beside them: no halo
    rgb = develop(np.ascontiguousarray(colour), exposure=exposure)
    solid = alpha[..., 0] > 0.02
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    rgba = np.dstack([rgb, (alpha * 255 + 0.5).astype(np.uint8)])
    rgba[~solid] = 0
    return Image.fromarray(rgba[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def _sensor(parts: Sequence[Part], size: int, elevation: float) -> tuple[dict[str, Any], tuple[int, int]]:
    """A camera whose frame just holds the parts, and that frame's (width, height) in pixels."""
    points = np.concatenate([mesh.vertices for mesh, _ in parts]).astype(np.float64)
    low, high = points.min(axis=0), points.max(axis=0)
    centre, reach = (low + high) / 2, float(np.linalg.norm(high - low))
    distance = reach / 2 / math.tan(math.radians(FIELD / 2))
    tilt = math.radians(elevation)
    forward = np.array([0.0, math.cos(tilt), -math.sin(tilt)])
    up = np.array([0.0, math.sin(tilt), math.cos(tilt)])
    right = np.array([1.0, 0.0, 0.0])
    for _ in range(2):  # the second pass centres what the first one saw
        eye = centre - distance * forward
        depth = (points - eye) @ forward
        x, y = (points - eye) @ right / depth, (points - eye) @ up / depth
        middle_x, middle_y = (x.min() + x.max()) / 2, (y.min() + y.max()) / 2
        centre = centre + distance * (middle_x * right + middle_y * up)
    half_x, half_y = float(np.abs(x).max()), float(np.abs(y).max())
    longer = max(half_x, half_y)
    frame = (max(8, math.ceil(size * half_x / longer)) + 2, max(8, math.ceil(size * half_y / longer)) + 2)
    margin = frame[0] / (frame[0] - 2)
    matrix = (
        mitsuba()
        .ScalarTransform4f()
        .look_at(origin=eye.tolist(), target=(eye + forward).tolist(), up=up.tolist())
    )
    field = math.degrees(2 * math.atan(half_x * margin))
    return {"type": "perspective", "fov": field, "fov_axis": "x", "to_world": matrix}, frame


STUDIOS = 3


@functools.cache
def _studio(kind: int, flipped: int) -> Any:
    """A light tent as an environment: grey walls, bright panels, a white floor that lights from below."""
    height, width = 32, 64
    v, u = np.mgrid[0:height, 0:width]
    up = 1 - 2 * (v + 0.5) / height  # 1 zenith, -1 nadir
    angle = (u + 0.5) / width * 360 - 180  # 0 is the camera's side
    sky = 0.42 + 0.35 * np.clip(up, 0, 1) + 0.18 * np.clip(-up, 0, 1)
    main = np.exp(-(((angle - 62) / 30) ** 4)) * np.exp(-(((up - 0.35) / 0.4) ** 4))
    fill = np.exp(-(((angle + 80) / 18) ** 4)) * np.exp(-(((up - 0.15) / 0.6) ** 4))
    top = np.exp(-(((up - 0.95) / 0.25) ** 4))
    strengths = ((5.0, 2.2, 1.5), (2.6, 2.6, 3.2), (7.0, 0.7, 0.8))[kind]
    light = sky + strengths[0] * main + strengths[1] * fill + strengths[2] * top
    if flipped:
        light = light[:, ::-1]
    mi = mitsuba()
    bitmap = mi.Bitmap(np.repeat(light[..., None], 3, axis=2).astype(np.float32))
    turn = mi.ScalarTransform4f().rotate([1, 0, 0], 90)
    return mi.load_dict({"type": "envmap", "bitmap": bitmap, "scale": 0.62, "to_world": turn})
