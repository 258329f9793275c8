"""What was decided to be product, and what was taken away or added on the way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caig_cli.cutouts.masks import Mask

Floats = NDArray[np.floating]


@dataclass(slots=True)
class Decision:
    """``product`` [H, W]; ``belief`` [H, W]: probability of product by network and colours together.

    ``opened`` [H, W]: enclosed background that the network takes for product; ``mirrored`` [H, W]: the
    product's mirror image, left out; ``unclear`` [H, W]: where no colour says exactly what is product. Areas
    in pixels: ``kept``: product that could be background by its colour; ``added``: what the network lost;
    ``ceded``: what it is sure of, and has the background's colour and no border with it.
    """

    product: Mask
    belief: Floats
    opened: Mask
    mirrored: Mask
    unclear: Mask
    kept: int = 0
    added: int = 0
    ceded: int = 0
