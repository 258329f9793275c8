"""Painters turn a product cut-out and a background prompt into an ad."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # recipes and help texts read names from this package; they should not wait for scipy
    from PIL import Image

    from caig_cli.data.cutout import Cutout


@dataclass(frozen=True, slots=True)
class Shot:
    """One ad to paint.

    ``size`` is (width, height) in pixels; ``placement`` and ``scale`` (share of the frame that the
    product may fill) say where the product goes; ``height_cm`` is the product's height in the real
    world, so that what stands beside it has a believable size; ``seed`` decides everything random.
    """

    product: Cutout
    prompt: str
    size: tuple[int, int]
    seed: int
    placement: str = "centre"
    scale: float | None = None
    height_cm: float = 20.0


class Painter(Protocol):
    """Anything that paints shots; the product's pixels in the result are exactly the customer's."""

    def paint(self, shots: Sequence[Shot]) -> list[Image.Image]: ...

    def left_out(self, shot: Shot) -> Sequence[str]:
        """Things that the prompt names and the frame has no room for."""
        ...
