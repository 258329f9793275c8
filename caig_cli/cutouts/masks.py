"""Shapes in masks [H, W]: growing, connected parts, specks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from caig_cli.cutouts.filters import largest

Mask = NDArray[np.bool_]
Window = tuple[slice, slice]

_EIGHT = np.ones((3, 3), dtype=bool)


def disk(radius: int) -> Mask:
    """A round structuring element [2 r + 1, 2 r + 1]."""
    y, x = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    return np.asarray(y * y + x * x <= radius * radius + 1)


def grown(mask: Mask, radius: float) -> Mask:
    """All pixels within ``radius`` of the mask along rows and columns."""
    return largest(mask, 2 * round(radius) + 1)


def dilated(mask: Mask, radius: int) -> Mask:
    """All pixels within ``disk(radius)`` of the mask, as by scipy's binary_dilation."""
    height, width = mask.shape
    padded = np.zeros((height, width + 2 * radius), dtype=bool)
    padded[:, radius : radius + width] = mask
    # Rows of the disk are of few lengths: each is grown from the one before, then moved up and down.
    spans = [mask]
    for reach in range(1, radius + 1):
        span = spans[-1] | padded[:, radius - reach : radius - reach + width]
        span |= padded[:, radius + reach : radius + reach + width]
        spans.append(span)
    found = np.zeros((height + 2 * radius, width), dtype=bool)
    for row, length in enumerate(disk(radius).sum(axis=1)):
        found[row : row + height] |= spans[int(length) // 2]
    return found[radius : radius + height]


def opened(mask: Mask, radius: int) -> Mask:
    """The mask without what is narrower than ``disk(radius)``; beyond the frame there is nothing of it."""
    outside = dilated(np.pad(~mask, radius, constant_values=True), radius)
    return dilated(~outside[radius:-radius, radius:-radius], radius)


def shrunk(mask: Mask, radius: float) -> Mask:
    """Pixels of the mask farther than ``radius`` from its outside; the frame is no outside."""
    return ~grown(~mask, radius)


def outline(mask: Mask) -> Mask:
    """The outermost pixels of the mask; where it leaves the frame it has none."""
    beside = ~np.pad(mask, 1, mode="edge")
    return mask & (beside[:-2, 1:-1] | beside[2:, 1:-1] | beside[1:-1, :-2] | beside[1:-1, 2:])


def connected(mask: Mask, seeds: Mask) -> Mask:
    """The parts of ``mask`` that hold a seed."""
    labels: Any
    labels, count = ndimage.label(mask)
    reached = np.zeros(count + 1, dtype=bool)
    reached[labels[seeds]] = True
    reached[0] = False
    return np.asarray(reached[labels])


def without_dust(mask: Mask, smallest: float) -> Mask:
    """The mask without parts of fewer pixels than ``smallest``."""
    labels: Any
    labels, _ = ndimage.label(mask, _EIGHT)
    kept = np.bincount(labels.ravel()) >= smallest
    kept[0] = False
    return np.asarray(kept[labels])


def main_parts(mask: Mask) -> Mask:
    """The mask without parts below 1/400 of the largest."""
    labels, count = ndimage.label(mask, _EIGHT)
    areas = np.bincount(np.asarray(labels).ravel(), minlength=count + 1)
    kept = areas >= max(12.0, areas[1:].max(initial=0) / 400)
    kept[0] = False
    return np.asarray(kept[labels])


def window_of(mask: Mask, margin: int) -> Window:
    """The window that holds all of a mask that is not empty, and ``margin`` pixels around it."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return (
        slice(max(0, int(rows[0]) - margin), int(rows[-1]) + margin + 1),
        slice(max(0, int(columns[0]) - margin), int(columns[-1]) + margin + 1),
    )


@dataclass(frozen=True, slots=True)
class MaskPart:
    """A connected part of a mask: its pixels ``mask`` [h, w] within ``window`` of the frame."""

    window: Window
    mask: Mask
    at_frame: bool
    """Whether it touches the border of the frame."""

    @property
    def area(self) -> int:
        return int(self.mask.sum())

    def ring(self, width: int = 1) -> Mask:
        """The pixels around it [h, w]."""
        return dilated(self.mask, width) & ~self.mask


def parts(mask: Mask, margin: int = 6) -> Iterator[MaskPart]:
    """The connected parts of a mask, each with ``margin`` pixels around it."""
    labels: Any
    labels, _ = ndimage.label(mask, _EIGHT)
    height, width = mask.shape
    for label, (rows, columns) in enumerate(ndimage.find_objects(labels), 1):
        window = (
            slice(max(0, rows.start - margin), rows.stop + margin),
            slice(max(0, columns.start - margin), columns.stop + margin),
        )
        at_frame = rows.start < 2 or columns.start < 2 or rows.stop > height - 2 or columns.stop > width - 2
        yield MaskPart(window, np.asarray(labels[window] == label), at_frame)
