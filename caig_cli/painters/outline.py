"""What the outline of a cut-out tells of its photo: does the product stand, from how high was it seen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

from caig_cli.cutouts.cutout import Cutout

Mask = npt.NDArray[np.bool_]

_LONGEST = 200  # samples
_PART = 0.03  # of the product's area: smaller pieces are no parts
_FOOT = 0.05  # of the height: what is so near the lowest point is a foot
_STEEP = 1.7  # rise over run at which a base ends and a wall begins
_WIDENS = 1.06  # a product that widens so much right above its base overhangs it
_LONG, _SLANT, _ALIKE = 1.3, (30.0, 60.0), 0.65
"""How much longer than wide it is, between which angles from upright, and how like its mirror image."""
_LEVEL = 0.75  # of the width: a level base so wide is that of something that stands
_LEG, _HIGHEST_FOOT = 0.05, 0.35  # of the height: the least length of a leg, and how high one may end
_BASE = 0.7  # least width of a base, as a share of the product's, that tells the angle


@dataclass(frozen=True, slots=True)
class Outline:
    """``aspect`` is width over height, ``coverage`` the product's share of its box, ``parts`` how many things
    lie apart, ``steady`` whether its weight is over its feet and it is not aslant, ``elevation`` the angle in
    degrees at which the photo looks down on its base, None where the outline does not tell, ``mirrored`` how
    like its mirror image it is."""

    aspect: float
    coverage: float
    parts: int
    steady: bool
    elevation: float | None
    mirrored: float = 0.0


def outline(cutout: Cutout) -> Outline:
    """Measures the outline of a cut-out."""
    alpha = Image.fromarray(np.ascontiguousarray(cutout.rgba[..., 3]))
    alpha.thumbnail((_LONGEST, _LONGEST), Image.Resampling.BOX)
    inside = np.asarray(alpha) > 127
    width, height = cutout.size
    if not inside.any():
        return Outline(width / height, 0.0, 1, True, None)
    rows, columns = np.nonzero(inside)
    parts, mirrored = _parts(inside), _symmetry(rows, columns, inside)
    steady = _steady(inside) and not _aslant(inside, mirrored)
    return Outline(width / height, float(inside.mean()), parts, steady, _elevation(inside), mirrored)


def _parts(inside: Mask) -> int:
    labels: Any
    labels, _ = ndimage.label(inside, structure=np.ones((3, 3), bool))
    areas = np.bincount(labels.ravel())[1:]
    return max(1, int((areas > _PART * areas.sum()).sum()))


def _steady(inside: Mask) -> bool:
    """Whether the middle of the outline is over its lowest parts, and these are more than a tip."""
    rows, columns = np.nonzero(inside)
    feet = _feet(rows, columns, inside)
    slack = 0.1 * inside.shape[1]
    wide = np.ptp(feet) >= 0.2 * inside.shape[1]
    return bool(wide and feet.min() - slack <= columns.mean() <= feet.max() + slack)


def _feet(rows: npt.NDArray[Any], columns: npt.NDArray[Any], inside: Mask) -> npt.NDArray[Any]:
    """The columns of its lowest samples."""
    lowest = rows >= rows.max() - max(1.0, _FOOT * inside.shape[0])
    return np.asarray(columns[lowest])


def _aslant(inside: Mask, mirrored: float) -> bool:
    """Whether it is long in a direction between upright and level, and no mirror image of itself.

    What has a level base as wide as itself is not: a boot is long from its toe to its shaft, and stands.
    """
    rows, columns = np.nonzero(inside)
    if np.ptp(_feet(rows, columns, inside)) >= _LEVEL * inside.shape[1]:
        return False
    spread, axes = np.linalg.eigh(np.cov(np.stack([columns, rows])))
    angle = math.degrees(math.atan2(abs(axes[0, 1]), abs(axes[1, 1])))
    long = spread[1] > _LONG**2 * max(float(spread[0]), 1e-9)
    return bool(long and _SLANT[0] < angle < _SLANT[1] and mirrored < _ALIKE)


def _symmetry(rows: npt.NDArray[Any], columns: npt.NDArray[Any], inside: Mask) -> float:
    """How much of the outline and its mirror image is in both, about the best axis near it."""
    width, best = inside.shape[1], 0.0
    for axis in columns.mean() + width * np.linspace(-0.1, 0.1, 9):
        mirrored = np.round(2 * axis - columns).astype(int)
        within = (mirrored >= 0) & (mirrored < width)
        both = int(inside[rows[within], mirrored[within]].sum())
        best = max(best, both / (2 * len(rows) - both))
    return best


def _elevation(inside: Mask) -> float | None:
    """The angle at which a base that is as deep as it is wide rises to both sides as the outline does.

    A box turned by any angle shows two edges below whose slopes multiply to the square of the sine of the
    camera's elevation, and a round base an arc that rises by it over half of its width.
    """
    columns = np.flatnonzero(inside.any(axis=0))
    bottom = inside.shape[0] - np.argmax(inside[::-1], axis=0)[columns].astype(float)
    rise = bottom.max() - bottom
    lowest = int(np.median(np.flatnonzero(rise <= max(1.0, 0.01 * inside.shape[0]))))
    left, right = _side(rise[: lowest + 1][::-1]), _side(rise[lowest:])
    base = left[0] + right[0]
    if base < _BASE * len(columns) or _overhangs(inside, columns, lowest, left, right):
        return _over_feet(rise, inside.shape[0])
    slopes = [side[1] / side[0] for side in (left, right) if side[0] >= 0.12 * base]
    if not slopes:
        return None
    sine = math.sqrt(slopes[0] * slopes[1]) if len(slopes) == 2 else 0.7 * slopes[0]
    return math.degrees(math.atan(min(sine, 1.0)))


def _over_feet(rise: npt.NDArray[np.float64], height: int) -> float | None:
    """The same of what stands on thin legs: the square of its feet is as deep as it is wide.

    ``rise``: how far each column ends above the lowest, in samples.
    """
    from scipy.signal import find_peaks  # with it comes scipy.stats, a second that few products need

    padded = np.concatenate([[height], rise, [height]])
    feet, _ = find_peaks(-padded, prominence=_LEG * height, plateau_size=1)
    feet = feet[padded[feet] < _HIGHEST_FOOT * height]
    if len(feet) < 3 or np.ptp(feet) < _BASE * 0.7 * len(rise):
        return None
    return math.degrees(math.asin(min(float(padded[feet].max()) / float(np.ptp(feet)), 1.0)))


def _side(rise: npt.NDArray[np.float64]) -> tuple[int, float]:
    """How far a base reaches from its lowest point to one side, and how much it rises there, in samples."""
    step = max(2, len(rise) // 16)
    for at in range(step, len(rise)):
        if rise[at] - rise[at - step] > _STEEP * step:
            return max(at - step, 1), float(rise[at - step])
    return max(len(rise) - 1, 1), float(rise[-1])


def _overhangs(
    inside: Mask, columns: npt.NDArray[Any], lowest: int, left: tuple[int, float], right: tuple[int, float]
) -> bool:
    """Whether the product is clearly wider a little above its base than at it."""
    row = inside.shape[0] - 1 - round(max(left[1], right[1]))
    above = row - round(0.15 * inside.shape[0])
    if above < 0 or not inside[above].any():
        return False
    wide = np.ptp(np.flatnonzero(inside[above]))
    return bool(wide > _WIDENS * max(left[0] + right[0], 1))
