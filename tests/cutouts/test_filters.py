"""The fast filters give what scipy gives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from caig_cli.cutouts import filters, masks


@pytest.mark.parametrize("shape", [(40, 53), (7, 90)])
def test_filters_agree_with_scipy(shape: tuple[int, int]) -> None:
    values = np.random.default_rng(0).random(shape).astype(np.float32)
    for size in (3, 5, 13):
        np.testing.assert_array_equal(filters.largest(values, size), ndimage.maximum_filter(values, size))
        np.testing.assert_array_equal(filters.smallest(values, size), ndimage.minimum_filter(values, size))
    np.testing.assert_allclose(filters.gaussian(values, 1.2), ndimage.gaussian_filter(values, 1.2), atol=1e-5)
    slope = ndimage.gaussian_gradient_magnitude(values, 1.0)
    np.testing.assert_allclose(filters.gradient(values, 1.0), slope, atol=1e-5)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_masks_agree_with_scipy(share: float) -> None:
    mask = np.random.default_rng(1).random((60, 47)) < share
    for radius in (1, 2, 3):
        disk = masks.disk(radius)
        np.testing.assert_array_equal(masks.dilated(mask, radius), ndimage.binary_dilation(mask, disk))
        np.testing.assert_array_equal(masks.opened(mask, radius), ndimage.binary_opening(mask, disk))
    rim = mask & ~ndimage.binary_erosion(mask, border_value=1)
    np.testing.assert_array_equal(masks.outline(mask), rim)
    square = np.ones((11, 11), dtype=bool)
    np.testing.assert_array_equal(masks.grown(mask, 5), ndimage.binary_dilation(mask, square))
