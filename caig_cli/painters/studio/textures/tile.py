"""What a texture is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caig_cli.painters.studio.noise import (
    Field,
)


@dataclass(frozen=True, slots=True, eq=False)
class Texture:
    """A square tile: ``colour`` uint8 [S, S, 3] in sRGB, ``height`` float32 [S, S] in 0 to 1 or None."""

    colour: NDArray[np.uint8]
    size_cm: float  # side of the tile in the world
    roughness: float  # of the material that carries it
    height: Field | None = None
    depth_cm: float = 0.0  # what height 1 stands for
