"""What another way of choosing ads would have been worth, from clicks under the old one and its propensities.

Each impression of context s (a product on a day) showed ad a with known probability e; the new policy would
show it with probability pi. With w = pi / e and click y:

- IPS: mean of w y (Horvitz and Thompson, JASA 47, 1952); unbiased.
- SNIPS: sum of w y over sum of w (Swaminathan and Joachims, NIPS 2015); a little biased, less variance.
- DR: mean of sum_a pi r_a + w (y - r_a), with rates r modelled on other days (Dudik, Langford and Li, ICML
  2011; folds: Chernozhukov and others 2018); unbiased, and nearly all variance of products falls out.

Intervals are normal, from the impressions' own variance (delta method for SNIPS).

Legend of shape names: R rows (an ad on a day), S strata (a product on a day).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Logged:
    """Clicks under the old policy, and what the new one would do: rows of all ads that may be shown."""

    shown_R: Floats
    clicks_R: Floats
    stratum_R: Ints
    propensity_R: Floats
    """Of the old policy, above 0."""
    policy_R: Floats
    """Of the new one; those of a stratum sum to 1, or less where it wants ads that were never out."""


@dataclass(frozen=True, slots=True)
class Value:
    """Clicks per impression of a policy."""

    rate: float
    error: float

    def interval(self, alpha: float = 0.05) -> tuple[float, float]:
        """Never below 0."""
        half = float(stats.norm.ppf(1 - alpha / 2)) * self.error
        return max(0.0, self.rate - half), self.rate + half


def ips(logged: Logged) -> Value:
    """Inverse propensity score."""
    weight_R, total = _weights(logged), logged.shown_R.sum()
    rate = float((weight_R * logged.clicks_R).sum() / total)
    square = float((weight_R**2 * logged.clicks_R).sum() / total)
    return Value(rate, math.sqrt(max(0.0, square - rate**2) / total))


def snips(logged: Logged) -> Value:
    """Self-normalised inverse propensity score."""
    weight_R = _weights(logged)
    whole = float((weight_R * logged.shown_R).sum())
    rate = float((weight_R * logged.clicks_R).sum()) / whole
    squares = weight_R**2 * (logged.clicks_R * (1 - 2 * rate) + logged.shown_R * rate**2)
    return Value(rate, math.sqrt(float(squares.sum())) / whole)


def doubly_robust(logged: Logged, model_R: Floats) -> Value:
    """Modelled rates ``model_R``, corrected by what was seen. They don't come from the rows' own clicks."""
    weight_R, total = _weights(logged), logged.shown_R.sum()
    expected_S = np.bincount(logged.stratum_R, logged.policy_R * model_R)
    missed = logged.shown_R - logged.clicks_R
    base_R = expected_S[logged.stratum_R] - weight_R * model_R
    clicked_R = base_R + weight_R
    rate = float((missed * base_R + logged.clicks_R * clicked_R).sum() / total)
    square = float((missed * base_R**2 + logged.clicks_R * clicked_R**2).sum() / total)
    return Value(rate, math.sqrt(max(0.0, square - rate**2) / total))


def effective_impressions(logged: Logged) -> float:
    """How many impressions of the new policy's own would tell as much (Kish)."""
    weight_R = _weights(logged)
    first = float((weight_R * logged.shown_R).sum())
    return first**2 / max(1e-300, float((weight_R**2 * logged.shown_R).sum()))


def modelled_rates(logged: Logged, ad_R: Ints, product_R: Ints, fold_R: Ints) -> Floats:
    """Rates of ads from the rows of other folds, shrunk towards their product's and that towards all [R]."""
    found = np.zeros(len(ad_R))
    for fold in np.unique(fold_R):
        other = fold_R != fold
        shown, clicks = logged.shown_R * other, logged.clicks_R * other
        overall = (clicks.sum() + 0.5) / (shown.sum() + 1 / max(1e-4, clicks.sum() / max(1.0, shown.sum())))
        clicks_P, shown_P = np.bincount(product_R, clicks), np.bincount(product_R, shown)
        rate_P = (clicks_P + 10) / (shown_P + 10 / overall)
        clicks_A, shown_A = np.bincount(ad_R, clicks), np.bincount(ad_R, shown)
        mine = fold_R == fold
        mean = rate_P[product_R[mine]]
        found[mine] = (clicks_A[ad_R[mine]] + 40) / (shown_A[ad_R[mine]] + 40 / mean)
    return found


def _weights(logged: Logged) -> Floats:
    return logged.policy_R / logged.propensity_R
