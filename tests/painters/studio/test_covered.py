"""Where a product hides its set: the largest rectangle of its own solid pixels."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from caig_cli.cutouts.cutout import Cutout
from caig_cli.painters.compose import laid_out
from caig_cli.painters.studio.covered import MARGIN, _largest, covered
from caig_cli.records import Box


def test_the_largest_rectangle_is_found() -> None:
    """Against all rectangles of small random masks."""
    rng = np.random.default_rng(4)
    for _ in range(60):
        cells = rng.random((5, 6)) < 0.7
        areas = [
            (bottom - top) * (right - left)
            for top, bottom in combinations(range(6), 2)
            for left, right in combinations(range(7), 2)
            if cells[top:bottom, left:right].all()
        ]
        top, bottom, left, right = _largest(cells)
        assert cells[top:bottom, left:right].all()
        assert (bottom - top) * (right - left) == max(areas, default=0)


def test_nothing_but_the_product_is_in_it() -> None:
    y, x = np.mgrid[:200, :160]
    alpha = np.where((x - 80) ** 2 / 70**2 + (y - 100) ** 2 / 95**2 < 1, 255, 0)
    alpha[90:110, 70:90] = 200  # a window that the set is seen through
    product = Cutout(np.dstack([np.full((200, 160, 3), 90), alpha]).astype(np.uint8))
    box = Box(60, 40, 220, 240)
    found = covered(product, (300, 260), box)
    assert found is not None
    solid = laid_out(product, box, (300, 260))[..., 3] == 255
    wide = (
        slice(found.top - MARGIN, found.bottom + MARGIN),
        slice(found.left - MARGIN, found.right + MARGIN),
    )
    assert solid[wide].mean() > 0.97 and solid[found.top : found.bottom, found.left : found.right].all()
    assert covered(product, (300, 260), Box(140, 120, 156, 140)) is None, "too small to be worth it"
