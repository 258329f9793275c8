"""Sparse symmetric systems of equations, one unknown a pixel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Indices = NDArray[np.intp]


def solve_symmetric(
    values: Floats, places: tuple[Indices, Indices], diagonal: Floats, right: Floats
) -> Floats:
    """The solution [N] of a system that is ``values`` at (rows, columns), and a ``diagonal`` [N] added."""
    from scipy import sparse  # with the solver a quarter of a second that few photos need
    from scipy.sparse.linalg import splu

    size = right.size
    system = sparse.csc_array((values, places), shape=(size, size))
    system = system + sparse.diags_array(diagonal, format="csc")
    factors = splu(system, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    return np.asarray(factors.solve(right))
