"""Painters turn a product cut-out and a background prompt into an ad."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from caig_cli.painters.layout import SafeArea, moved_inside, place, safe_box
from caig_cli.painters.pose import STANDS, Pose
from caig_cli.records import Box

if TYPE_CHECKING:  # recipes and help texts read names from this package; they should not wait for scipy
    from PIL import Image

    from caig_cli.cutouts.cutout import Cutout


@dataclass(frozen=True, slots=True)
class Shot:
    """One ad to paint.

    ``size`` is (width, height) in pixels; ``placement`` and ``scale`` (share of the frame that the
    product may fill) say where the product goes; ``height_cm`` is the product's height in the real
    world, so that what stands beside it has a believable size; ``pose`` says how it is placed there,
    ``posed_by`` what decided that (words, option, title, photo or default) and ``contradictions`` what speaks
    against it; ``relight`` lets the product take on the light of the set; ``safe`` are the shares of the
    frame at its sides that the product keeps clear of; ``seed`` decides everything random.
    """

    product: Cutout
    prompt: str
    size: tuple[int, int]
    seed: int
    placement: str = "centre"
    scale: float | None = None
    height_cm: float = 20.0
    pose: Pose = STANDS
    posed_by: str = "default"
    contradictions: tuple[str, ...] = ()
    relight: bool = False
    safe: SafeArea = (0.0, 0.0, 0.0, 0.0)

    @property
    def box(self) -> Box:
        """Where the product stands in the frame, in pixels; it may stick out where it is cut off."""
        box = place(
            self.product.size, self.size, self.placement, self.scale, cut_off=self.product.cut_off,
            stance=self.pose.stance,
        )  # fmt: skip
        return moved_inside(box, safe_box(self.size, self.safe)) if any(self.safe) else box


@dataclass(frozen=True, slots=True)
class Notes:
    """What a painter says of a shot that it has painted.

    ``ignored``: words of the prompt that have no effect, ``reasons``: why, by word, where it is known.
    ``left_out``: things that the prompt names and that found no room. ``background``: facts about how the
    background came to be, for the manifest.
    """

    ignored: Sequence[str] = ()
    left_out: Sequence[str] = ()
    background: Mapping[str, float] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)


class Painter(Protocol):
    """Anything that paints shots; the product's pixels in the result are exactly the customer's."""

    def paint(self, shots: Sequence[Shot]) -> list[Image.Image]: ...

    def notes(self, shot: Shot) -> Notes:
        """About a shot of the last call of ``paint``."""
        ...
