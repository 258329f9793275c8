"""A product and boxes for the studio's tests: a bottle drawn with numpy, red cap on top, blue foot."""

from __future__ import annotations

import numpy as np

from caig_cli.cutouts.cutout import Cutout


def bottle(width: int = 90, height: int = 240) -> Cutout:
    """A round-shouldered bottle; its foot is the front of an ellipse, as seen from slightly above."""
    y, x = np.mgrid[0:height, 0:width].astype(float)
    u, v = (x + 0.5) / width * 2 - 1, (y + 0.5) / height
    half = np.where(v < 0.2, 0.4, np.minimum(0.4 + (v - 0.2) * 4, 1.0))
    foot = 1 - 0.05 * (1 - np.sqrt(np.clip(1 - u**2, 0, 1)))
    inside = (np.abs(u) <= half) & (v <= foot)
    rgba = np.zeros((height, width, 4), np.uint8)
    rgba[..., :3] = np.where(v[..., None] < 0.5, (200, 30, 30), (30, 30, 200))
    rgba[..., 3] = np.where(inside, 255, 0)
    rgba[~inside] = 0
    return Cutout(rgba)


def lit_ball(azimuth: float, elevation: float, size: int = 120) -> Cutout:
    """A matte grey ball in light from a direction in degrees (0 from the camera, 90 from the right), and some
    from all sides; exact, without a renderer."""
    y, x = (np.mgrid[0:size, 0:size] + 0.5) / size * 2 - 1
    inside = x**2 + y**2 < 1
    front = np.sqrt(np.clip(1 - x**2 - y**2, 0, 1))
    a, e = np.radians(azimuth), np.radians(elevation)
    facing = x * np.sin(a) * np.cos(e) + front * np.cos(a) * np.cos(e) - y * np.sin(e)
    light = 0.25 + 0.5 * np.clip(facing, 0, 1)
    rgba = np.zeros((size, size, 4), np.uint8)
    rgba[..., :3] = np.where(inside, 255 * light ** (1 / 2.2), 0)[..., None]
    rgba[..., 3] = np.where(inside, 255, 0)
    return Cutout(rgba)
