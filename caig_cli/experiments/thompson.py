"""Thompson sampling: each ad is shown as often as it may be the best, given its clicks and the judge's score.

The shares of a period are fixed before it and written down, so that its clicks can be weighed by them later.

What is believed before the first click: a product's ads differ by a relative standard deviation ``spread``,
and the judge's scores agree with the truth to a correlation ``trust``. For two ads with normal scores a judge
of pair accuracy a has trust sin(pi (a - 1/2)) (Sheppard 1899), so that ``caig eval-rm`` tells it. Of an ad
whose score is z standard deviations above its product's mean, the relative effect is then normal with mean
``trust spread z`` and standard deviation ``spread sqrt(1 - trust^2)``.

How well a product does as a whole is learnt from all its ads (a Gamma prior around what it did before);
around that each ad has a Beta prior of the two moments above, and a Beta posterior (Thompson, Biometrika 25,
1933; Chapelle and Li, NIPS 2011).

An experiment ends. What can't be learnt before its end is not worth exploring: so the draws that are
compared are not rates, but what would be believed of them at the end, had the ad all impressions that its
product has left (Min, Maglaras and Moallemi, "Thompson sampling with information relaxation penalties",
NeurIPS 2019, their IRS.FH). With many impressions left that is plain Thompson sampling, with none the best
guess.

Legend of shape names: A ads, P products, D draws.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed of ads before they are shown."""

    rate_P: Floats
    """Each product's expected rate."""
    rate_cv: float
    """Relative standard deviation of products' rates around what is expected."""
    spread: float
    """Relative standard deviation of the rates of a product's ads."""
    trust: float = 0.0
    """Correlation of the judge's scores with the truth; 0 leaves the judge out."""
    score_A: Floats | None = None
    """The judge's scores in units where differences count, such as logarithms of predicted rates."""


def trust_of(accuracy: float) -> float:
    """Correlation with the truth of a judge that is right about this share of pairs."""
    return math.sin(math.pi * (min(1.0, max(0.5, accuracy)) - 0.5))


def standard(score_A: Floats, product_A: Ints) -> Floats:
    """Scores around their product's mean, in standard deviations within products; 0 where none is known."""
    known = np.isfinite(score_A)
    count_P = np.maximum(1, np.bincount(product_A, known))
    mean_P = np.bincount(product_A, np.where(known, score_A, 0.0)) / count_P
    off_A = np.where(known, score_A - mean_P[product_A], 0.0)
    freedom = known.sum() - (np.bincount(product_A, known) > 0).sum()
    scale = math.sqrt(float((off_A**2).sum()) / freedom) if freedom > 0 else 0.0
    return off_A / scale if scale > 0 else np.zeros_like(off_A)


def posterior(belief: Belief, product_A: Ints, clicks_A: Floats, shown_A: Floats) -> tuple[Floats, Floats]:
    """Alpha and beta of each ad's rate, float64 [A] each."""
    effect_A = np.zeros(len(product_A))
    if belief.score_A is not None and belief.trust > 0:
        effect_A = belief.trust * belief.spread * standard(belief.score_A, product_A)
    factor_A = np.exp(effect_A)
    products = len(belief.rate_P)
    shape = 1 / belief.rate_cv**2
    expected_P = np.bincount(product_A, shown_A * factor_A, products)
    clicks_P = np.bincount(product_A, clicks_A, products)
    rate_P = (shape + clicks_P) / (shape / belief.rate_P + expected_P)
    mean_A = np.clip(rate_P[product_A] * factor_A, 1e-7, 0.999)
    left = belief.spread * math.sqrt(max(1 - belief.trust**2, 1e-4))
    concentration_A = np.maximum((1 - mean_A) / (mean_A * left**2) - 1, 1e-3)
    return mean_A * concentration_A + clicks_A, (1 - mean_A) * concentration_A + shown_A - clicks_A


def chances(
    alpha_A: Floats,
    beta_A: Floats,
    product_A: Ints,
    rng: np.random.Generator,
    draws: int = 4000,
    left_P: Floats | None = None,
) -> Floats:
    """Probability that each ad is its product's best, from joint draws; those of a product sum to 1 [A].

    ``left_P``: impressions of each product until the end; then that each ad will be believed to be the best.
    """
    order = np.argsort(product_A, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(product_A[order]) != 0])
    group_A = np.cumsum(np.isin(np.arange(len(order)), starts)) - 1
    wins_A = np.zeros(len(order))
    left_A = None if left_P is None else np.rint(left_P[product_A[order]]).astype(np.int64)
    step = max(1, 2_000_000 // max(1, len(order)))
    for begin in range(0, draws, step):
        size = (min(step, draws - begin), len(order))
        drawn_DA = rng.beta(alpha_A[order], beta_A[order], size)
        if left_A is not None:
            drawn_DA = _at_the_end(drawn_DA, alpha_A[order], beta_A[order], left_A, rng)
        best_DP = np.maximum.reduceat(drawn_DA, starts, axis=1)
        best_DA = drawn_DA == best_DP[:, group_A]
        wins_A += (best_DA / np.add.reduceat(best_DA, starts, axis=1)[:, group_A]).sum(0)
    found = np.empty(len(order))
    found[order] = wins_A / draws
    return found


def _at_the_end(
    rate_DA: Floats, alpha_A: Floats, beta_A: Floats, left_A: Ints, rng: np.random.Generator
) -> Floats:
    """Mean belief in each ad after all impressions that are left, under the rates drawn."""
    clicks_DA = rng.binomial(left_A, rate_DA)
    found: Floats = (alpha_A + clicks_DA) / (alpha_A + beta_A + left_A)
    return found


def with_floor(chance_A: Floats, product_A: Ints, least: float) -> Floats:
    """Shares of at least ``least`` each, so that every ad can still be measured (and weighed) later."""
    count_A = np.bincount(product_A)[product_A]
    floor_A = np.minimum(least, 1 / count_A)
    return floor_A + (1 - floor_A * count_A) * chance_A
