"""How far a cut-out is off its truth, and means over products with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from cutout_grounds import Case
from numpy.typing import NDArray
from scipy import ndimage

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

BAND = 10
"""Pixels on either side of the true outline that count as its band."""
SMALLEST = 60
"""Pixels that a hole or a white part must exceed to count."""
OPEN, WHOLE, GOOD = 0.9, 0.95, 0.98
"""Share of a hole that is open, of a white part that is solid, and the IoU, from which each is right."""
RESAMPLES = 2000
RUINED, SOUND = 0.93, 0.97
"""IoU below which a cut-out is ruined, as one with most holes shut is, and from which it is sound."""


def measured(case: Case, alpha: Pixels, colours: Pixels | None) -> dict[str, Any]:
    """How far a cut-out [H, W] is off the truth."""
    true, found = case.alpha > 127, alpha > 127
    off = np.abs(alpha.astype(np.float64) - case.alpha) / 255
    row: dict[str, Any] = {"iou": float((true & found).sum() / max(1, (true | found).sum()))}
    row |= {"alpha": 1000 * float(off.mean()), "edge": _edge_distance(true, found)}
    band = ndimage.distance_transform_cdt(~_outline(true)) <= BAND
    row["band"] = 100 * float(off[band | ((case.alpha > 0) & (case.alpha < 255))].mean())
    row["holes"] = [float((~found)[hole].mean()) >= OPEN for hole in _holes(case.alpha)]
    row["white"] = [float(found[part].mean()) >= WHOLE for part in _parts(case.white)]
    row["good"] = row["iou"] >= GOOD and all(row["holes"]) and all(row["white"])
    if colours is not None:
        soft = (case.alpha > 12) & (case.alpha < 243)
        weight = alpha[soft] * (case.alpha[soft] / 255.0)
        error = np.abs(colours[soft].astype(np.float64) - case.colours[soft]).mean(axis=-1)
        row["colour"] = float((weight * error).sum() / max(1.0, weight.sum()))
    return row


def is_ruined(iou: float, holes: Sequence[bool]) -> bool:
    """Whether no ad should be made of a cut-out."""
    return iou < RUINED or (len(holes) > 0 and sum(holes) < len(holes) / 2)


def _outline(mask: Mask) -> Mask:
    """Pixels of the mask beside others; the frame is no outline."""
    return mask & ~ndimage.binary_erosion(mask, border_value=1)


def _edge_distance(true: Mask, found: Mask) -> float | None:
    """Average symmetric distance of two outlines in pixels; None where one is empty."""
    lines = _outline(true), _outline(found)
    if not (lines[0].any() and lines[1].any()):
        return None
    rows, columns = np.nonzero(lines[0] | lines[1])
    window = slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1)
    lines = lines[0][window], lines[1][window]
    away = [ndimage.distance_transform_edt(~line) for line in lines]
    there, back = away[0][lines[1]], away[1][lines[0]]
    return float((there.sum() + back.sum()) / (there.size + back.size))


def _parts(mask: Mask) -> list[Mask]:
    """Connected regions of more than ``SMALLEST`` pixels, each as a mask."""
    labels: Any
    labels, count = ndimage.label(mask)
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    return [labels == k for k in range(1, count + 1) if areas[k] > SMALLEST]


def _holes(alpha: Pixels) -> list[Mask]:
    """Regions of ground that the product encloses without the frame's help."""
    border = np.ones(alpha.shape, bool)
    border[1:-1, 1:-1] = False
    return [part for part in _parts(alpha < 26) if not part[border].any()]


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean over products, and its 95 % bootstrap interval."""
    given = np.asarray(values, np.float64)
    picks = np.random.default_rng(0).integers(0, given.size, (RESAMPLES, given.size))
    low, high = np.quantile(given[picks].mean(axis=1), (0.025, 0.975))
    return float(given.mean()), float(low), float(high)
