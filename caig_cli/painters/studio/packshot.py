"""Packshots: the product on white that is exactly white, with nothing but its own soft shadow.

What marketplaces want of a first picture: pure white (255), the product at least 85 % of the frame, no props.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from caig_cli.painters import Shot
from caig_cli.painters.studio.cast_shadow import SET, cast_shadow
from caig_cli.painters.studio.language import Reading, read
from caig_cli.painters.studio.scene import Scene

BACKDROP = "packshot"
SCALE = 0.88
"""Share of the frame's width and height that the product may fill, where the user does not say it."""

_DARKEST = 0.75  # share of the light that the deepest shadow takes away
_BORDER = 0.05  # of the frame's longer side, over which a shadow ends
_FIELDS = ("backdrop_colour", "blur", "light", "mood", "surface_colour")


def is_packshot(scene: Scene) -> bool:
    """Whether the scene is white paper and nothing else; on a table white is a backdrop like others."""
    return scene.backdrop == BACKDROP and scene.surface == "paper"


def packshot(shot: Shot, spp: int) -> npt.NDArray[np.uint8]:
    """The background uint8 [H, W, 3]: 255 everywhere but in the product's shadow."""
    shadow = cast_shadow(shot.product, shot.size, shot.box, shot.height_cm, shot.seed, shot.pose, spp=spp)
    light = 1 - np.float32(_DARKEST) * shadow * _frame(shot.size)
    grey = np.floor(255 * light ** np.float32(1 / 2.2) + 0.5).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=-1)


def _frame(size: tuple[int, int]) -> npt.NDArray[np.float32]:
    """1 inside, falling to 0 at the frame's border [H, W], where marketplaces look whether white is white."""
    x, y = (np.minimum(at := np.arange(side) + 0.0, side - 1 - at) / (_BORDER * max(size)) for side in size)
    fall = np.clip(np.minimum(x[None], y[:, None]), 0, 1)
    return np.asarray(fall * fall * (3 - 2 * fall), np.float32)


def framed(shot: Shot, asked: float | None) -> Shot:
    """A packshot with its product as large as marketplaces want it, unless the user ``asked`` for a scale."""
    if asked is not None or not is_packshot(read(shot.prompt).scene):
        return shot
    return replace(shot, scale=SCALE, placement="middle")


def without_effect(reading: Reading) -> dict[str, str]:
    """Names that the prompt asks for and a packshot does not have, with the reason."""
    asked = {name: getattr(reading.scene, name) for name in _FIELDS if name in reading.named}
    other = [str(one) for name, one in asked.items() if one not in (getattr(SET, name), "white")]
    names = [*reading.scene.props, *other]
    return {
        name.replace("_", " "): "a packshot shows the product on white and nothing else" for name in names
    }
