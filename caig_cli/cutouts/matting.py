"""Soft alpha and the product's own colours at soft edges, by pymatting; and their enlargement.

pymatting compiles when it is first imported (over a minute), hence only here, inside functions, and
announced. Its numerical work is bounded by the size of the images given; larger photos follow by
enlargement. He, Sun: Fast Guided Filter, 2015.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from caig_cli.errors import ItemError

Floats = NDArray[np.float64]

_EPSILON = 1e-6
"""Regularisation of the colours of a window, in 0..1; ten times pymatting's, for compressed photos."""

_FILL = 100
"""Entries per unknown pixel that the preconditioner may hold; pymatting would reserve 4 GB at once."""


def load_matting(name: str, notify: Callable[[str], None]) -> None:
    """Imports pymatting; tells ``notify`` before, since the first time on a machine it is compiled.

    Raises ItemError where its compiled code cannot be kept, as numba then refuses to go on.
    """
    if "pymatting" in sys.modules:
        return
    notify(f"{name}: loading the matting library; it is compiled at first use, which takes some minutes")
    try:
        import pymatting  # noqa: F401
    except RuntimeError as error:
        hint = "set NUMBA_CACHE_DIR to a folder that can be written"
        raise ItemError(f"{name}: the matting library cannot be compiled ({error}); {hint}") from error


def solve_alpha(image: Floats, known: NDArray[np.bool_], guess: Floats) -> Floats:
    """Alpha [H, W] in 0..1: ``guess`` (0 or 1) where ``known``, elsewhere the closed-form matte.

    ``image`` [H, W, 3] in 0..1. The solver sees no more than the box around the unknown pixels.
    Raises ValueError if it finds no solution.
    """
    if known.all():
        return guess
    from pymatting import estimate_alpha_cf, ichol

    window = _box(~known, margin=2)
    alpha = guess.copy()
    # It prints when a decomposition has to be repeated; standard output belongs to results.
    with contextlib.redirect_stdout(io.StringIO()):
        alpha[window] = estimate_alpha_cf(
            image[window],
            np.where(known, guess, 0.5)[window],
            preconditioner=partial(ichol, max_nnz=_FILL * np.count_nonzero(~known)),
            laplacian_kwargs={"epsilon": _EPSILON},
        )
    return alpha


def _box(mask: NDArray[np.bool_], margin: int) -> tuple[slice, slice]:
    """The window that holds all of ``mask`` [H, W] and ``margin`` pixels more."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return (
        slice(max(0, rows[0] - margin), rows[-1] + 1 + margin),
        slice(max(0, columns[0] - margin), columns[-1] + 1 + margin),
    )


def product_colours(image: Floats, alpha: Floats) -> Floats:
    """The product's own colours [H, W, 3] in 0..1, without what the background adds at soft pixels."""
    from pymatting import estimate_foreground_ml

    return np.asarray(estimate_foreground_ml(image, alpha), dtype=np.float64)


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
