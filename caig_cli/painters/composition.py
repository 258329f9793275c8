"""How the candidates of one product differ: place, size, camera, distance to the backdrop, lens.

Each draws from sequences whose terms are spread as evenly as can be (Roberts' R sequence), so that few
candidates differ as much as many do, and a candidate does not depend on how many there are.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from caig_cli.painters.layout import CENTRES, Placement, scale_for
from caig_cli.painters.outline import Outline
from caig_cli.painters.pose import Pose

_PLASTIC = 1.2207440846057596
"""The real root of x^4 = x + 1, for sequences in three dimensions: Roberts 2018."""

_PLACES: tuple[Placement, ...] = ("centre", "golden", "right", "centre", "left")
_ASIDE: tuple[Placement, ...] = ("golden", "right", "left")
_ROOM = 0.82
"""Factor of the size where things stand beside the product."""
_AREAS = (0.27, 0.43)
"""Share of the frame's area that a compact product covers itself."""
_FILLS = (0.88, 1.0)
"""Share of the room that one fills which is too long for that."""
_CLEAR = 0.06
"""Least share of the frame's width between a product and the frame's side."""
_ELEVATIONS, _MEASURED = (-2.0, 5.0), (0.0, 3.0)
"""Degrees that its camera is higher; where its feet tell how high it was, no lower, or they would hover."""
_DEPTHS, _APERTURES = (0.75, 1.5), (0.8, 1.35)
CLOSE, WIDE = 1.3, 0.62
"""Factors of the size in a close-up, and in a wide shot."""


@dataclass(frozen=True, slots=True)
class Composition:
    """Where a candidate's product is, how large, and how it is photographed."""

    placement: Placement
    scale: float
    pose: Pose


def composition(
    pose: Pose, shape: Outline, frame: tuple[int, int], product: str, number: int, camera: str | None = None,
    *, things: bool = False,
) -> Composition:  # fmt: skip
    """The composition of candidate ``number`` of a product, in a frame of (width, height) pixels.

    ``camera`` is what the prompt asks: close, wide, or anything else. ``things``: it names some that stand
    beside the product, which leaves them room.
    """
    start = _start(product)
    u, v, w = (
        (offset + number / _PLASTIC**power) % 1.0 for power, offset in enumerate(start, 1)
    )  # fmt: skip
    places = _ASIDE if things else _PLACES
    placement = places[(int(start[0] * len(places)) + number) % len(places)]
    scale, limited = scale_for(_between(_AREAS, u), shape.aspect, shape.coverage, frame, pose.stance)
    scale *= {"close": CLOSE, "wide": WIDE}.get(camera or "", _between(_FILLS, u) if limited else 1.0)
    scale *= _ROOM if things and camera != "close" else 1.0
    placement = _clear_of_sides(placement, min(scale, scale * frame[1] * shape.aspect / frame[0]))
    raised = pose.elevation
    if raised is not None and camera not in ("above", "low"):
        raised = max(raised + _between(_ELEVATIONS if shape.elevation is None else _MEASURED, v), 6.0)
    pose = replace(pose, elevation=raised, depth=_between(_DEPTHS, w), aperture=_between(_APERTURES, v))
    return Composition(placement, min(scale, 0.96), pose)


def _clear_of_sides(placement: Placement, width: float) -> Placement:
    """The placement, or one nearer to the middle for a product so wide that it would nearly touch a side."""
    aside = abs(CENTRES[placement] - 0.5)
    if 0.5 - aside - width / 2 >= _CLEAR:
        return placement
    return "golden" if placement == "left" and CENTRES["golden"] - width / 2 >= _CLEAR else "centre"


def _between(ends: tuple[float, float], share: float) -> float:
    return ends[0] + (ends[1] - ends[0]) * share


def _start(product: str) -> tuple[float, float, float]:
    """Where the sequences of a product start, in three directions, 0 to 1."""
    digest = hashlib.sha256(product.encode()).digest()
    a, b, c = (int.from_bytes(digest[k : k + 4], "little") / 2**32 for k in (0, 4, 8))
    return a, b, c
