"""Where the product stands in the frame: sizes by name, and the pixel box that the product fills."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated, Literal, get_args

from pydantic import AfterValidator

from caig_cli.errors import UsageError
from caig_cli.painters.pose import Stance
from caig_cli.records import Box
from caig_cli.tables import PluginTable

if TYPE_CHECKING:  # recipes read names from here; they should not wait for scipy
    from caig_cli.cutouts.cutout import Edge

Placement = Literal["centre", "left", "right", "golden", "middle"]
PLACEMENTS: tuple[str, ...] = get_args(Placement)

PRESETS: PluginTable[tuple[int, int]] = PluginTable(
    "caig.sizes",
    tuple,
    {
        "square": (1024, 1024),
        "portrait": (1080, 1350),
        "story": (1080, 1920),
        "landscape": (1200, 628),
    },
)
"""(width, height) in pixels by name."""
SHORTEST, LONGEST = 64, 4096
"""Sides of a frame in pixels."""

CENTRES = {"centre": 0.5, "left": 1 / 3, "right": 2 / 3, "golden": 0.382, "middle": 0.5}
"""Where the middle of a product is in each placement, as a share of the frame's width."""
_MARGIN = 0.02
_HANGS = 0.9
"""Share of the frame's width that a product may fill that reaches from the frame's top to the base line."""
_BLEED = 0.12
"""Share of the product's side that may be lost beyond the frame, so that no side that is cut off shows."""
_LOW = 0.12
"""How far below the frame's middle a product's may be whose ``scale`` is given: a flat one stands higher."""
_MIDDLES = {"lie": 0.5, "hang": 0.48, "float": 0.47}
"""Row of the middle of a product that is not on the base line, as a share of the frame's height."""
_ACROSS, _DOWN = frozenset({"left", "right"}), frozenset({"top", "bottom"})

# Frames up to this width / height: the share of width and of height that the product may fill, and the
# row on which it stands. A taller frame keeps the product small and high enough to stand in the room.
_DEFAULTS = (
    (0.65, 0.74, 0.46, 0.80),
    (0.90, 0.68, 0.54, 0.82),
    (1.25, 0.62, 0.60, 0.85),
    (float("inf"), 0.46, 0.68, 0.86),
)


_ROOM: dict[str, tuple[float, float]] = {
    "stand": (0.84, 0.78), "lean": (0.84, 0.78), "lie": (0.84, 0.84), "hang": (0.80, 0.80),
    "float": (0.82, 0.76), "worn": (0.88, 0.90),
}  # fmt: skip
"""Share of the frame's width and height that a product may fill in each stance: room for what it stands on,
hangs on, or casts its shadow on."""


def scale_for(
    area: float, aspect: float, coverage: float, frame: tuple[int, int], stance: Stance
) -> tuple[float, bool]:
    """The ``scale`` at which a product covers the share ``area`` of a frame of (width, height).

    What is long, or mostly holes, is only as large as there is room for: then the second value is True.
    ``aspect`` is the product's width over its height, ``coverage`` its share of its own box.
    """
    width, height = frame
    wanted = math.sqrt(area * width * height * aspect / max(coverage, 0.05))
    across, down = _ROOM[stance]
    wide = min(wanted, across * width, down * height * aspect)
    return max(wide / width, wide / aspect / height), wide < wanted


def parse_size(text: str) -> tuple[int, int]:
    """(width, height) in pixels of a preset's name or ``WxH``. Raises UsageError otherwise."""
    match = re.fullmatch(r"(\d{1,5})\s*[xX×]\s*(\d{1,5})", text.strip())
    if match is None and text not in PRESETS:
        known = ", ".join(PRESETS.names())
        raise UsageError(f"size {text!r}: expected {known} or WIDTHxHEIGHT such as 800x600")
    width, height = _preset(text) if match is None else (int(match[1]), int(match[2]))
    if not (SHORTEST <= width <= LONGEST and SHORTEST <= height <= LONGEST):
        raise UsageError(f"size {text!r}: each side must be {SHORTEST} to {LONGEST} pixels")
    return width, height


def _preset(name: str) -> tuple[int, int]:
    size = PRESETS[name]
    if len(size) != 2 or not all(isinstance(side, int) for side in size):
        raise UsageError(f"size {name!r}: its plug-in gives {size!r}; expected (width, height) in pixels")
    return size


def _readable(size: str) -> str:
    parse_size(size)
    return size


FrameSize = Annotated[str, AfterValidator(_readable)]
"""A recipe value that ``parse_size`` understands."""


def parse_sizes(text: str) -> tuple[tuple[int, int], ...]:
    """The sizes in a text with commas between, each once. Raises UsageError as ``parse_size``."""
    return tuple(dict.fromkeys(parse_size(part.strip()) for part in text.split(",")))


def _all_readable(sizes: str) -> str:
    parse_sizes(sizes)
    return sizes


FrameSizes = Annotated[str, AfterValidator(_all_readable)]
"""A recipe value that ``parse_sizes`` understands."""

SafeArea = tuple[float, float, float, float]
"""Shares of a frame at its left, top, right and bottom that a platform may cut off or cover."""


def safe_box(frame: tuple[int, int], safe: SafeArea) -> Box:
    """What of a frame of (width, height) pixels is never cut off or covered."""
    width, height = frame
    left, top = math.ceil(safe[0] * width), math.ceil(safe[1] * height)
    return Box(left, top, math.floor((1 - safe[2]) * width), math.floor((1 - safe[3]) * height))


def moved_inside(box: Box, area: Box) -> Box:
    """A box inside an area: as near as can be to where it was, in its aspect, smaller if it has to be."""
    shrink = min(1.0, area.width / box.width, area.height / box.height)
    width, height = max(1, math.floor(box.width * shrink)), max(1, math.floor(box.height * shrink))
    left = round((box.left + box.right - width) / 2)
    left = max(area.left, min(left, area.right - width))
    top = max(area.top, min(box.bottom - height, area.bottom - height))
    return Box(left, top, left + width, top + height)


def place(
    product: tuple[int, int],
    frame: tuple[int, int],
    placement: str = "centre",
    scale: float | None = None,
    *,
    cut_off: Collection[Edge] = (),
    stance: Stance = "stand",
) -> Box:
    """The box of a product of (width, height) pixels: its own aspect, inside the frame, on the base line;
    ``middle`` is the middle of the frame both ways, as the authors have it. What lies, hangs or floats is
    not on the base line, but in the middle of the height or a little above.

    ``scale`` is the share of the frame's width and of its height that the product may fill, above 0 and
    at most 1, and a flat product then stands a little higher; None is a default for the frame's aspect.

    At the sides ``cut_off`` the photo ends and the product does not. There the box touches the frame, for
    in mid-air one would see a straight cut. Of two opposite ones it spans the frame, whatever ``scale`` says,
    and may stick out a little beyond a side that is cut off. Where it would be too large for that, it fills
    the frame, and of two opposite sides it touches the bottom, or the left (placed ``right``: the right).
    """
    width, height = frame
    shrink, base = _shrink(product, frame, scale, cut_off)
    # Half a pixel goes down, however the product of the floats comes out: never more than the share.
    box_width, box_height = (max(1, round(side * shrink - 1e-6)) for side in product)
    margin = round(_MARGIN * min(frame))
    left = round(CENTRES[placement] * width - box_width / 2)
    left = max(min(left, width - box_width - margin), margin)
    left = max(min(left, width - box_width), 0)
    if scale is not None and stance == "stand":
        base = min(base, 0.5 + box_height / 2 / height + _LOW)
    middle = 0.5 if placement == "middle" else _MIDDLES.get(stance)
    stands = base * height if middle is None else middle * height + box_height / 2
    bottom = max(round(stands), min(box_height + margin, height))
    left = _along(left, box_width, width, "left" in cut_off, "right" in cut_off, last=placement == "right")
    top = max(bottom - box_height, 0)
    top = _along(top, box_height, height, "top" in cut_off, "bottom" in cut_off, last=True)
    return Box(left, top, left + box_width, top + box_height)


def _shrink(
    product: tuple[int, int], frame: tuple[int, int], scale: float | None, cut_off: Collection[Edge]
) -> tuple[float, float]:
    """What the product's size is multiplied by, and the row of the base line as a share of the height."""
    across, down = frame[0] / product[0], frame[1] / product[1]
    share_x, share_y, base = next(rest for limit, *rest in _DEFAULTS if frame[0] / frame[1] <= limit)
    if scale is not None:
        share_x = share_y = min(max(scale, 0.0), 1.0)
    else:  # the end that is not cut off stays where it would be, or comes to stand on the base line
        sides = len({"left", "right"} & set(cut_off))
        if "bottom" in cut_off:
            share_y += 1 - base
        elif "top" in cut_off:
            share_x, share_y = max(share_x, _HANGS), base
        share_x = (1 + share_x) / 2 if sides == 1 else share_x
    spans = [one for one, ends in ((across, _ACROSS), (down, _DOWN)) if ends <= set(cut_off)]
    if not spans:
        return min(share_x * across, share_y * down), base
    # At the larger of the spans nothing is missing at either end; in the other direction the product is then
    # larger than the frame, which must be by little, and beyond a side where it goes on anyway.
    free = _ACROSS if max(spans) == down else _DOWN
    fits = min(across, down)
    if fits == max(spans) or (free & set(cut_off) and fits >= (1 - _BLEED) * max(spans)):
        return max(spans), base
    return fits * (1 if free & set(cut_off) else 1 - 2 * _MARGIN), base


def _along(start: int, length: int, frame: int, cut_first: bool, cut_last: bool, *, last: bool) -> int:
    """Where the box starts in one direction of the frame; ``last`` says which of two ends comes first."""
    if length >= frame and cut_first == cut_last:
        return (frame - length) // 2
    if length > frame:
        return frame - length if cut_first else 0
    if cut_first and cut_last:
        return frame - length if last else 0
    return 0 if cut_first else frame - length if cut_last else start
