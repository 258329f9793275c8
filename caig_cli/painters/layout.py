"""Where the product stands in the frame: sizes by name, and the pixel box that the product fills."""

from __future__ import annotations

import re
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator

from caig_cli.errors import UsageError
from caig_cli.records import Box

Placement = Literal["centre", "left", "right", "golden", "middle"]
PLACEMENTS: tuple[str, ...] = get_args(Placement)

PRESETS = {
    "square": (1024, 1024),
    "portrait": (1080, 1350),
    "story": (1080, 1920),
    "landscape": (1200, 628),
}
SHORTEST, LONGEST = 64, 4096
"""Sides of a frame in pixels."""

_CENTRES = {"centre": 0.5, "left": 1 / 3, "right": 2 / 3, "golden": 0.382, "middle": 0.5}
_MARGIN = 0.02

# Frames up to this width / height: the share of width and of height that the product may fill, and the
# row on which it stands. A taller frame keeps the product small and high enough to stand in the room.
_DEFAULTS = (
    (0.65, 0.74, 0.46, 0.80),
    (0.90, 0.68, 0.54, 0.82),
    (1.25, 0.62, 0.60, 0.85),
    (float("inf"), 0.46, 0.68, 0.86),
)


def parse_size(text: str) -> tuple[int, int]:
    """(width, height) in pixels of a preset's name or ``WxH``. Raises UsageError otherwise."""
    if text in PRESETS:
        return PRESETS[text]
    match = re.fullmatch(r"(\d{1,5})\s*[xX×]\s*(\d{1,5})", text.strip())
    if match is None:
        raise UsageError(f"size {text!r}: expected {', '.join(PRESETS)} or WIDTHxHEIGHT such as 800x600")
    width, height = int(match[1]), int(match[2])
    if not (SHORTEST <= width <= LONGEST and SHORTEST <= height <= LONGEST):
        raise UsageError(f"size {text!r}: each side must be {SHORTEST} to {LONGEST} pixels")
    return width, height


def _readable(size: str) -> str:
    parse_size(size)
    return size


FrameSize = Annotated[str, AfterValidator(_readable)]
"""A recipe value that ``parse_size`` understands."""


def place(
    product: tuple[int, int], frame: tuple[int, int], placement: str = "centre", scale: float | None = None
) -> Box:
    """The box of a product of (width, height) pixels: its own aspect, inside the frame, on the base line;
    ``middle`` is the middle of the frame both ways, as the authors have it.

    ``scale`` is the share of the frame's width and of its height that the product may fill, above 0 and
    at most 1; None is a default for the frame's aspect.
    """
    width, height = frame
    share_x, share_y, base = next(rest for limit, *rest in _DEFAULTS if width / height <= limit)
    if scale is not None:
        share_x = share_y = min(max(scale, 0.0), 1.0)
    shrink = min(share_x * width / product[0], share_y * height / product[1])
    box_width = min(max(1, round(product[0] * shrink)), width)
    box_height = min(max(1, round(product[1] * shrink)), height)
    margin = round(_MARGIN * min(frame))
    stands = (height + box_height) / 2 if placement == "middle" else base * height
    bottom = max(round(stands), min(box_height + margin, height))
    bottom = max(bottom, box_height)
    wanted = round(_CENTRES[placement] * width - box_width / 2)
    left = max(min(wanted, width - box_width - margin), margin)
    left = max(min(left, width - box_width), 0)
    return Box(left, bottom - box_height, left + box_width, bottom)
