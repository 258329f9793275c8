"""Where a thing that stands touches its support, told by the lower line of its outline.

Seen from a little above, the edge of what stands on the ground rises slowly to the sides: a level edge that
runs away from the eye rises as the camera looks down. What rises faster is no edge on the ground: a leg that
is set aslant, the round of a ball, the waist of a shoe.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Field = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

REACH = 0.45
"""A foot may stand at most this share of its thing's width behind its front."""
FAR = 1.3
"""The same of a thin leg, and of a base that the whole lower line belongs to."""
_TURNED = 2.5
"""Most that an edge on the ground goes back for each step to the side; beyond, it hardly shows."""
_LEAST_SLOPE = 0.35  # rise over run that is always that of an edge: no photo tells its angle exactly
_STEP = 0.015  # of the width: over which a slope is measured
_ON_HULL = 0.02  # of the width: how far above the line that it would roll over an edge still touches
_LEG, _SOLE = 0.06, 0.02
"""Of the height: how long at least a narrow leg is, and how much of it counts as its end."""


def touching(foot: Field, depth: Field, wide: float, elevation: float) -> Mask:
    """Columns [W] in which a thing touches its support.

    ``foot`` [W]: the row under each column's lowest sample, 0 where it has none; ``depth`` [W]: how far
    behind the product's plane that row shows the support, in cm; ``wide``: the thing's width in cm;
    ``elevation``: tangent of the angle at which the camera looks down on its foot.
    """
    steepest = max(_TURNED * elevation, _LEAST_SLOPE)
    behind = depth - depth.min()
    level = _slope(foot) <= steepest
    found = level & (behind <= REACH * wide)
    found |= level & _base(foot, steepest) & (behind <= FAR * wide)
    return np.asarray(found | (legs(foot) & (behind <= FAR * wide)))


def legs(foot: Field) -> Mask:
    """Columns [W] that end a narrow leg."""
    narrow = max(3, foot.size // 5)
    long = foot - ndimage.grey_opening(foot, size=(narrow,)) >= _LEG * foot.max()
    return np.asarray(long & (foot >= ndimage.maximum_filter1d(foot, narrow) - _SOLE * foot.max()))


def _slope(foot: Field) -> Field:
    """How fast the lower line rises or falls at each column [W], on its more level side."""
    step = max(2, round(_STEP * foot.size))
    padded = np.pad(np.where(foot > 0, foot, np.inf), step, constant_values=np.inf)
    own = np.where(foot > 0, foot, 0.0)
    sides = np.abs(padded[: -2 * step] - own), np.abs(padded[2 * step :] - own)
    return np.asarray(np.minimum(*sides) / step)


def _base(foot: Field, steepest: float) -> Mask:
    """Columns [W] near the line that the thing would roll over, where that line itself is no steeper."""
    columns = np.flatnonzero(foot > 0)
    corners: list[int] = []  # of the hull, by Andrew's monotone chain
    for new in map(int, columns):
        while len(corners) > 1 and _above(foot, corners[-2], corners[-1], new):
            corners.pop()
        corners.append(new)
    line = np.interp(np.arange(foot.size), corners, foot[corners])
    slope = np.abs(np.diff(line))
    level = np.minimum(np.append(slope, np.inf), np.insert(slope, 0, np.inf)) <= steepest
    return np.asarray(level & (foot > 0) & (line - foot <= _ON_HULL * len(columns)))


def _above(foot: Field, first: int, middle: int, last: int) -> bool:
    """Whether the middle one is not below the line between the others; rows count downwards."""
    line = foot[first] + (foot[last] - foot[first]) * (middle - first) / (last - first)
    return bool(foot[middle] <= line)
