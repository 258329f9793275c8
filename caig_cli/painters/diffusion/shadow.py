"""The soft shadow of the product on what diffusion painted: without one it looks pasted on.

A diffusion model is shown the product and a mask, and often forgets that the product touches the ground. The
studio's stand-in casts the shadow, in light from where the photo's came from.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from caig_cli.painters import Shot
from caig_cli.painters.compose import Pixels
from caig_cli.painters.studio.cast_shadow import cast_shadow
from caig_cli.records import Box

LONGEST = 256  # pixels at which the shadow is made; it is soft, and is enlarged to the ad


def shaded(painted: Pixels, shot: Shot, strength: float) -> Pixels:
    """What was painted, uint8 [H, W, 3] of the ad's size, in the product's shadow.

    ``strength`` is the share of the light, 0 to 1, that the deepest point of the shadow loses.
    """
    width, height = shot.size
    scale = min(1.0, LONGEST / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    sides = (shot.box.left, shot.box.top, shot.box.right, shot.box.bottom)
    left, top, right, bottom = (round(side * scale) for side in sides)
    box = Box(left, top, max(right, left + 1), max(bottom, top + 1))
    shadow = cast_shadow(shot.product, size, box, shot.height_cm, shot.seed, shot.pose)
    whole = np.asarray(Image.fromarray(shadow).resize(shot.size, Image.Resampling.BICUBIC))
    light = (1 - np.float32(strength) * np.clip(whole, 0, 1)) ** np.float32(1 / 2.2)
    return np.asarray(painted * light[..., None] + np.float32(0.5), np.uint8)
