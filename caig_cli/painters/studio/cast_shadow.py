"""The shadow that a product casts on nothing but a plane: for packshots, and under what diffusion paints.

The plane lies in light from infinitely far away, so that without the product every point of it is equally
bright, and what is darker is shadow. The light is soft, and its middle is where the photo's light came from.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from caig_cli.cutouts.cutout import Cutout
from caig_cli.painters.compose import laid_out, nearest
from caig_cli.painters.pose import STANDS, Pose
from caig_cli.painters.studio.air import directions, panorama
from caig_cli.painters.studio.contact import contact
from caig_cli.painters.studio.photo_light import PhotoLight, photo_light
from caig_cli.painters.studio.render import LUMA, mitsuba, render
from caig_cli.painters.studio.scene import Scene
from caig_cli.painters.studio.set import build_stage
from caig_cli.painters.studio.standin import stand_in
from caig_cli.records import Box

Floats = npt.NDArray[np.float32]

_GREY = 0.5  # of the plane; what it throws back onto the product does not matter here
_NOISE = 0.13  # shadows weaker than this are none
_REACH = 0.3  # of the product's longer side: beyond that no shadow is drawn


SET = Scene("paper", "gradient", (), "softbox", "neutral", "none")
"""Where the shadow is cast."""


def cast_shadow(
    product: Cutout,
    size: tuple[int, int],
    box: Box,
    height_cm: float,
    seed: int,
    pose: Pose = STANDS,
    *,
    spp: int = 6,
) -> Floats:
    """Share of the light [H, W] that the product keeps from a plane under it, 0 (none) to 1.

    ``size`` is the frame's (width, height), in which the product is in ``box``; behind it the shadow is
    continued. Exactly 0 where there is none.
    """
    stage = build_stage(SET, size, box, height_cm, seed, pose)
    camera, mi = stage.camera, mitsuba()
    plane: dict[str, Any] = {
        "type": "rectangle",
        "to_world": mi.ScalarTransform4f().scale(300 * stage.unit),
        "bsdf": {"type": "diffuse", "reflectance": {"type": "rgb", "value": _GREY}},
    }
    parts = {"sensor": camera.sensor(), "product": stand_in(product, camera, pose), "plane": plane}
    azimuth = _azimuth(photo_light(product), down=camera.down)
    parts["air"] = _light(azimuth)
    seen = render(parts, size, spp, seed, depth=2, final=True) @ LUMA / np.float32(_GREY)
    shadow = np.clip((1 - seen - _NOISE) / (1 - _NOISE), 0, 1).astype(np.float32)
    if not camera.down:
        shadow *= _ground(size[1], camera.horizon, box.bottom)
    inside = laid_out(product, box, size)[..., 3] > 0
    outside = ~ndimage.binary_dilation(inside, iterations=2)  # the stand-in's own rim is no shadow
    if outside.any():
        shadow = nearest(shadow[..., None], outside)[..., 0]
    shadow = 1 - (1 - shadow) * (1 - contact(product, stage, azimuth))
    return np.asarray(shadow * _near(size, box), np.float32)


def _azimuth(photo: PhotoLight, *, down: bool) -> float:
    """Where the lamp is, in degrees as those of a lamp."""
    turn = -38.0 if photo.sure < 0.2 else photo.azimuth
    return 180 - turn if down else turn


def _light(towards: float) -> dict[str, Any]:
    """A large soft lamp in a bright room; a white card that faces up is 1 bright."""
    up, azimuth = directions()
    off = np.abs((azimuth - towards + 180) % 360 - 180)
    height = np.degrees(np.arcsin(up))
    lamp = np.exp(-((off / 38) ** 2) - ((height - 60) / 22) ** 2)
    return panorama((0.55 + 2.2 * lamp) * np.ones(3), 1.0)


def _ground(rows: int, horizon: int, foot: int) -> Floats:
    """0 down to the horizon, 1 from half of the way to the foot on [H, 1]: no shadow ends in a line."""
    share = np.clip((np.arange(rows) + 0.5 - horizon) / (0.5 * max(foot - horizon, 1)), 0, 1)[:, None]
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def _near(size: tuple[int, int], box: Box) -> Floats:
    """1 at the product, falling to exactly 0 at ``_REACH`` from it, [H, W]."""
    x, y = np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5
    dx = np.maximum(np.maximum(box.left - x, x - box.right), 0)[None]
    dy = np.maximum(np.maximum(box.top - y, y - box.bottom), 0)[:, None]
    away = np.hypot(dx, dy) / (_REACH * max(box.width, box.height))
    fall = np.clip(1 - away, 0, 1)
    return np.asarray(fall * fall * (3 - 2 * fall), np.float32)
