"""Soft alpha from a trimap by closed-form matting, and its enlargement to the photo's full size.

Written out in numpy and scipy because the public libraries for it compile for a minute at first use.
Levin, Lischinski, Weiss: A Closed-Form Solution to Natural Image Matting, 2008; equation numbers are theirs.
He, Sun: Fast Guided Filter, 2015.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage, sparse
from scipy.sparse import linalg

Floats = NDArray[np.float64]

EPSILON = 1e-6
"""Regularisation of the colour covariance of a window, for colours in 0..1."""

PRIOR = 1e-4
"""Pull of unknown pixels towards the guess; it decides only where colours say nothing."""

_WINDOW = 9  # pixels of a 3 x 3 window


def solve_alpha(image: Floats, known: NDArray[np.bool_], guess: Floats) -> Floats:
    """Alpha [H, W] in 0..1: ``guess`` where ``known``, elsewhere the closed-form matte.

    ``image`` [H, W, 3] in 0..1. Minimises alpha' L alpha (eq. 11) over the unknown pixels with the known
    ones fixed.
    """
    if known.all():
        return guess
    unknown = np.flatnonzero(~known.ravel())
    rows, columns, values = _laplacian_entries(image, ~known)
    size = known.size
    laplacian = sparse.csr_array((values, (rows, columns)), shape=(size, size))[unknown]
    fixed = np.where(known, guess, 0.0).ravel()
    system = laplacian[:, unknown] + PRIOR * sparse.eye_array(unknown.size)
    right = PRIOR * guess.ravel()[unknown] - laplacian @ fixed
    alpha = guess.ravel().copy()
    # Unknown pixels form thin bands, for which a direct solver is fast and needs no stopping rule.
    alpha[unknown] = linalg.spsolve(sparse.csc_array(system), right)
    return np.clip(alpha, 0.0, 1.0).reshape(guess.shape)


def _laplacian_entries(image: Floats, unknown: NDArray[np.bool_]) -> tuple[Any, Any, Any]:
    """Row, column, value triples of the matting Laplacian (eq. 12) from windows that touch ``unknown``."""
    width = unknown.shape[1]
    touching = ndimage.binary_dilation(unknown, np.ones((3, 3), dtype=bool))[1:-1, 1:-1]
    centre_y, centre_x = np.nonzero(touching)
    offset_y, offset_x = np.divmod(np.arange(_WINDOW), 3)
    index = (centre_y[:, None] + offset_y) * width + centre_x[:, None] + offset_x  # [N, 9]
    colours = image.reshape(-1, 3)[index]  # [N, 9, 3]
    centred = colours - colours.mean(axis=1, keepdims=True)
    covariance = np.einsum("nki,nkj->nij", centred, centred) / _WINDOW + EPSILON / _WINDOW * np.eye(3)
    affinity = (1 + np.einsum("nki,nij,nlj->nkl", centred, np.linalg.inv(covariance), centred)) / _WINDOW
    values = np.eye(_WINDOW) - affinity  # [N, 9, 9]
    rows = np.repeat(index, _WINDOW, axis=1)
    columns = np.tile(index, (1, _WINDOW))
    return rows.ravel(), columns.ravel(), values.ravel()


def enlarge_alpha(alpha: Floats, small: Floats, large: Floats, radius: int = 2) -> Floats:
    """Alpha of the ``large`` photo [H, W, 3] from that of its ``small`` copy [h, w, 3] (fast guided filter).

    In windows of the small copy alpha is fitted as a linear function of grey; the function's two
    coefficients are enlarged and applied to the large grey, so that the edge is as sharp as the photo's.
    """
    guide, full = small.mean(axis=-1), large.mean(axis=-1)

    def mean(values: Floats) -> Floats:
        return np.asarray(ndimage.uniform_filter(values, 2 * radius + 1), dtype=np.float64)

    variance = mean(guide * guide) - mean(guide) ** 2
    slope = (mean(guide * alpha) - mean(guide) * mean(alpha)) / (variance + 1e-5)
    offset = mean(alpha) - slope * mean(guide)
    fitted = enlarge(mean(slope), full.shape) * full + enlarge(mean(offset), full.shape)
    # Windows wholly inside or outside say exactly 1 or 0; only the band between may be fitted.
    plain = enlarge(alpha, full.shape)
    low = enlarge(ndimage.minimum_filter(alpha, 5), full.shape)
    high = enlarge(ndimage.maximum_filter(alpha, 5), full.shape)
    return np.where(high - low < 0.02, plain, np.clip(fitted, low, high))


def enlarge(values: Floats, shape: tuple[int, ...]) -> Floats:
    """Bilinear enlargement of [h, w] to ``shape``, pixel areas aligned."""
    image = Image.fromarray(values.astype(np.float32))
    return np.asarray(image.resize((shape[1], shape[0]), Image.Resampling.BILINEAR), dtype=np.float64)
