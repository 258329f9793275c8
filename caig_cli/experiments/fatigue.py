"""Fatigue: how an arm's rate changes with each day that its ads have been out.

Poisson regression of an ad's clicks on days of exposure, given the ad's total, so that ads may differ by any
factor (conditional Poisson: Armstrong, Gasparrini and Tobias, BMC Medical Research Methodology 14, 2014). Its
error is the larger of the model's own and of the sandwich over products, unless these are few. What all ads
go through alike, such as a weekend, is in the trend of each arm and not in the difference to the control's.

Legend of shape names: R rows (an ad on a day), A ads, P products.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEW_PRODUCTS = 10


@dataclass(frozen=True, slots=True)
class Trend:
    """Logarithm of the factor by which the rate changes a day, and its standard error."""

    value: float
    error: float
    influence_P: Floats
    """What each product adds to the estimate's deviation."""

    @property
    def per_day(self) -> float:
        """Relative change a day, -0.02 for 2 % less."""
        return math.expm1(self.value)

    @property
    def p(self) -> float:
        return float(2 * stats.norm.sf(abs(self.value) / self.error))

    def interval(self) -> tuple[float, float]:
        """Of the relative change, 95 %."""
        half = float(stats.norm.ppf(0.975)) * self.error
        return math.expm1(self.value - half), math.expm1(self.value + half)


def trend(
    clicks_R: Floats, shown_R: Floats, age_R: Floats, ad_R: Ints, product_R: Ints, products: int
) -> Trend | None:
    """The trend of some ads. None where no ad has clicks on several days."""
    total_A: Floats = np.bincount(ad_R, clicks_R).astype(np.float64)
    value = 0.0
    for _ in range(50):
        score_R, spread = _score(value, clicks_R, shown_R, age_R, ad_R, total_A)
        if spread <= 1e-12:
            return None
        step = float(np.clip(score_R.sum() / spread, -0.5, 0.5))
        value += step
        if abs(step) < 1e-10:
            break
    score_R, spread = _score(value, clicks_R, shown_R, age_R, ad_R, total_A)
    influence_P = np.bincount(product_R, score_R, products) / spread
    used = int((np.bincount(product_R, clicks_R, products) > 0).sum())
    squares = float(influence_P @ influence_P)
    robust = squares * used / (used - 1) if used >= FEW_PRODUCTS else 0.0
    return Trend(value, math.sqrt(max(robust, 1 / spread)), influence_P)


def difference(one: Trend, other: Trend) -> Trend:
    """How much faster one arm changes than another: what both go through alike falls out."""
    influence_P = one.influence_P - other.influence_P
    used = int((influence_P != 0).sum())
    robust = float(influence_P @ influence_P) * used / max(1, used - 1)
    apart = math.hypot(one.error, other.error)
    error = math.sqrt(robust) if used >= FEW_PRODUCTS else apart
    return Trend(one.value - other.value, error or apart, influence_P)


def _score(
    value: float, clicks_R: Floats, shown_R: Floats, age_R: Floats, ad_R: Ints, total_A: Floats
) -> tuple[Floats, float]:
    """The score of each row, which sums to 0 at the solution, and the information."""
    weight_R = shown_R * np.exp(value * (age_R - age_R.mean()))
    sum_A = np.bincount(ad_R, weight_R)
    share_R = weight_R / np.where(sum_A > 0, sum_A, 1)[ad_R]
    mean_A = np.bincount(ad_R, share_R * age_R)
    expected_R = total_A[ad_R] * share_R
    off_R = age_R - mean_A[ad_R]
    return (clicks_R - expected_R) * off_R, float((expected_R * off_R**2).sum())
