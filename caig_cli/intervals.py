"""95 % intervals of means over pairs that come in items, right also for few items. Arrays in, numbers out.

Legend of shape names: P pairs, I items.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]


def share_interval(credit_P: Floats, item_P: Sequence[str]) -> list[float]:
    """Of a mean credit: 1 for a right choice, 0 for a wrong one, or what the choice is worth in between.

    Of bare credits it is Clopper and Pearson's binomial interval of as many pairs as tell independently: the
    variance between items says how many, and Student's law widens it (Korn and Graubard 1998). Others get
    Student's own. Of one item nothing is known.
    """
    mean = float(np.mean(credit_P))
    variance, wide = _spread(credit_P - mean, item_P)
    if not np.isfinite(wide):
        return [0.0, 1.0]
    if not np.isin(credit_P, (0.0, 0.5, 1.0)).all():
        half = wide * variance**0.5
        return [max(0.0, mean - half), min(1.0, mean + half)]
    pairs, alone = len(credit_P), mean * (1 - mean)
    telling = pairs if variance * pairs <= alone else alone / variance
    telling = max(1.0, telling * (float(stats.norm.ppf(0.975)) / wide) ** 2)
    won, lost = telling * mean, telling * (1 - mean)
    low = float(stats.beta.ppf(0.025, won, lost + 1)) if won else 0.0
    return [low, float(stats.beta.ppf(0.975, won + 1, lost)) if lost else 1.0]


def ratio_interval(top_P: Floats, bottom_P: Floats, item_P: Sequence[str]) -> list[float] | None:
    """Of the ratio of two sums over pairs, by the first-order variance between items and Student's law.

    None where the sum below is 0, or of one item.
    """
    below = float(bottom_P.sum())
    if below == 0:
        return None
    ratio = float(top_P.sum()) / below
    variance, wide = _spread(top_P - ratio * bottom_P, item_P)
    half = wide * variance**0.5 * len(top_P) / abs(below)
    return [ratio - half, ratio + half] if np.isfinite(wide) else None


def _spread(residual_P: Floats, item_P: Sequence[str]) -> tuple[float, float]:
    """Variance of the mean residual, whose items are independent, and Student's 97.5 % for their number."""
    _, code_P = np.unique(np.asarray(item_P, dtype=object).astype(str), return_inverse=True)
    sum_I = np.bincount(code_P, weights=residual_P)
    count = len(sum_I)
    if count < 2:
        return 0.0, float("inf")
    variance = count / (count - 1) * float(sum_I @ sum_I) / len(residual_P) ** 2
    return variance, float(stats.t.ppf(0.975, count - 1))
