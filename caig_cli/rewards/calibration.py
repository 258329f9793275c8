"""How a reward model's log-odds become probabilities, and how sure that is with few pairs.

One temperature T divides all log-odds (Guo et al. 2017). It is the most likely one under a prior in which
log T is normal around 0: with few pairs T stays near 1, with hundreds the prior no longer counts. Pairs of
one item share their ads, so an item counts as many independent pairs as it has ads, less one.

Legend of shape names: P pairs, N points of the grid.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

COOLEST, HOTTEST = 0.02, 50.0
"""Range of temperatures: beyond it a model is as good as certain, or as good as a coin."""
SPREAD = 0.5
"""Standard deviation of log T before any pair is seen: 95 % of temperatures lie between 0.38 and 2.7."""
POINTS = 401
FOLDS = 10
"""Parts of the items; the probabilities of one are measured at the temperature of the others."""


@dataclass(frozen=True, slots=True)
class Temperature:
    """The most likely temperature, and the middle 95 % of what it may be."""

    value: float
    low: float
    high: float


def independent(item_P: Sequence[str], ads_P: Sequence[tuple[object, object]]) -> Floats:
    """What each pair counts [P]: an item's pairs together as many as it has ads, less one, at most 1 each."""
    ads: dict[str, set[object]] = {}
    pairs: dict[str, int] = {}
    for item, two in zip(item_P, ads_P, strict=True):
        ads.setdefault(item, set()).update(two)
        pairs[item] = pairs.get(item, 0) + 1
    return np.array([min(1.0, (len(ads[item]) - 1) / pairs[item]) for item in item_P])


def fit_temperature(
    odds_P: Floats, truth_P: Floats, weight_P: Floats | None = None, spread: float = SPREAD
) -> Temperature:
    """The temperature of log-odds whose left ad is clicked more with probability ``truth_P``.

    ``spread`` is the prior's; infinite, the pairs alone decide.
    """
    weight_P = np.ones(len(odds_P)) if weight_P is None else weight_P
    log_t_N = np.linspace(math.log(COOLEST), math.log(HOTTEST), POINTS)
    cost_N = np.array([_cost(log_t, odds_P, truth_P, weight_P) for log_t in log_t_N])
    log_posterior_N = -cost_N - (log_t_N / spread) ** 2 / 2
    best = int(np.argmax(log_posterior_N))
    density_N = np.exp(log_posterior_N - log_posterior_N[best])
    below_N = (np.cumsum(density_N) - density_N / 2) / density_N.sum()
    low, high = np.interp((0.025, 0.975), below_N, log_t_N)
    value = _peak(log_t_N, log_posterior_N, best)
    return Temperature(math.exp(value), math.exp(low), math.exp(high))


def cross_fitted(odds_P: Floats, truth_P: Floats, weight_P: Floats, item_P: Sequence[str]) -> Floats:
    """For each pair the temperature [P] that the pairs of other items give: none is measured on itself."""
    items = list(dict.fromkeys(item_P))
    folds = min(FOLDS, len(items))
    part_of = {item: number % folds for number, item in enumerate(items)}
    part_P = np.array([part_of[item] for item in item_P])
    value_P = np.ones(len(odds_P))
    for part in range(folds):
        others = part_P != part
        value_P[~others] = fit_temperature(odds_P[others], truth_P[others], weight_P[others]).value
    return value_P


def _cost(log_t: float, odds_P: Floats, truth_P: Floats, weight_P: Floats) -> float:
    """Minus the log likelihood."""
    odds_P = odds_P * math.exp(-log_t)
    nll_P = np.logaddexp(0, odds_P) - truth_P * odds_P
    return float((weight_P * nll_P).sum())


def _peak(x_N: Floats, y_N: Floats, best: int) -> float:
    """Where the parabola through the highest point and its neighbours is highest."""
    if best in (0, len(x_N) - 1):
        return float(x_N[best])
    before, at, after = y_N[best - 1 : best + 2]
    curve = before - 2 * at + after
    shift = 0.5 * (before - after) / curve if curve < 0 else 0.0
    return float(x_N[best] + shift * (x_N[1] - x_N[0]))
