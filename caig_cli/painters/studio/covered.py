"""Where the product hides the set: light that nobody sees need not be followed for long."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from caig_cli.cutouts.cutout import Cutout
from caig_cli.painters.compose import laid_out
from caig_cli.records import Box

CELL = 4
"""Pixels of a step in which the rectangle is looked for."""
MARGIN = 8
"""Pixels between it and the product's outline: the denoiser looks at what is beside a pixel."""
LEAST = 0.02
"""Share of the frame that is worth a rectangle of its own."""


def covered(product: Cutout, size: tuple[int, int], box: Box) -> Box | None:
    """The largest rectangle of a frame of (width, height) that shows nothing but the product's solid pixels.

    None where it would be too small to be worth it.
    """
    solid = laid_out(product, box, size)[..., 3] == 255
    inner = ndimage.binary_erosion(solid, iterations=MARGIN, border_value=1)
    rows, columns = (side // CELL for side in inner.shape)
    steps = inner[: rows * CELL, : columns * CELL].reshape(rows, CELL, columns, CELL)
    cells = np.asarray(steps.all(axis=(1, 3)), np.bool_)
    top, bottom, left, right = (CELL * edge for edge in _largest(cells))
    if (bottom - top) * (right - left) < LEAST * size[0] * size[1]:
        return None
    return Box(left, top, right, bottom)


def _largest(cells: npt.NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """(top, bottom, left, right) of the largest rectangle in which all cells [H, W] are true.

    Row by row, how many true cells are above each; of such a bar chart the largest rectangle is found with a
    stack of bars that are still open.
    """
    best, found = 0, (0, 0, 0, 0)
    heights = np.zeros(cells.shape[1], np.int64)
    for row, line in enumerate(cells):
        heights = np.where(line, heights + 1, 0)
        open_bars: list[tuple[int, int]] = []
        for column, height in enumerate([*heights.tolist(), 0]):
            start = column
            while open_bars and open_bars[-1][1] >= height:
                start, high = open_bars.pop()
                if high * (column - start) > best:
                    best, found = high * (column - start), (row + 1 - high, row + 1, start, column)
            open_bars.append((start, height))
    return found
