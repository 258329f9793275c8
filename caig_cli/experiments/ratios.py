"""How much more an arm is clicked than the control: ratios of click-through rates with their intervals.

A lift is ``rate / rate of the control - 1``; intervals are made on the logarithm of the ratio, where they are
nearly normal, and never reach below -100 %.

Legend of shape names: S strata, P products, K arms, X columns of a regression.
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
class LogRatio:
    """The logarithm of a ratio of rates, the standard error of that, and the degrees of freedom of the latter
    (infinite where it follows from counts)."""

    value: float
    error: float
    freedom: float = math.inf

    @property
    def lift(self) -> float:
        """Of the rate over the control's, 0.1 for 10 % more."""
        return math.expm1(self.value)

    @property
    def p(self) -> float:
        """Two-sided p-value of no difference."""
        return float(2 * stats.t.sf(abs(self.value) / self.error, self.freedom)) if self.error > 0 else 1.0

    def interval(self, alpha: float = 0.05) -> tuple[float, float]:
        """Of the lift: it covers the truth with probability 1 - alpha, at one look planned beforehand."""
        half = float(stats.t.ppf(1 - alpha / 2, self.freedom)) * self.error
        return math.expm1(self.value - half), math.expm1(self.value + half)


def within_strata(clicks_S2: Floats, shown_S2: Floats, dispersion: float = 1.0) -> LogRatio | None:
    """Two arms [control, other] compared within strata, such as a product on a day.

    Mantel and Haenszel's ratio of rates with the variance of Greenland and Robins (Biometrics 41, 1985, eq.
    5 and 13): what differs between strata, as products, days and audiences do, can't tilt it, and strata may
    be as small as they like. None where an arm has no click in what can be compared.
    """
    (x0, x1), (n0, n1) = clicks_S2.T, shown_S2.T
    both = (n0 > 0) & (n1 > 0)
    x0, x1, n0, n1 = x0[both], x1[both], n0[both], n1[both]
    total = n0 + n1
    above, below = float((x1 * n0 / total).sum()), float((x0 * n1 / total).sum())
    if above <= 0 or below <= 0:
        return None
    variance = float((((x0 + x1) * n0 * n1 - x0 * x1 * total) / total**2).sum()) / (above * below)
    return LogRatio(math.log(above / below), math.sqrt(max(0.0, variance * dispersion)))


def for_other_products(clicks_S2: Floats, shown_S2: Floats, product_S: Ints) -> LogRatio | None:
    """The same ratio as about products like these, which are a sample: products may differ in their lift.

    The standard error is the sandwich over products (Liang and Zeger, Biometrika 73, 1986) with Student's
    degrees of freedom. None where ``within_strata`` is, or with fewer than two products.
    """
    (x0, x1), (n0, n1) = clicks_S2.T, shown_S2.T
    total = np.where(n0 + n1 > 0, n0 + n1, 1)
    above, below = (np.bincount(product_S, one) for one in (x1 * n0 / total, x0 * n1 / total))
    used = (above > 0) | (below > 0)
    number = int(used.sum())
    if number < 2 or above.sum() <= 0 or below.sum() <= 0:
        return None
    ratio = float(above.sum() / below.sum())
    off_P = (above - ratio * below)[used] / above.sum()
    variance = float(off_P @ off_P) * number / (number - 1)
    return LogRatio(math.log(ratio), math.sqrt(variance), number - 1)


def dispersion_of(clicks_S2: Floats, shown_S2: Floats, product_S: Ints) -> float:
    """How much more clicks scatter from day to day than chance lets them, at least 1.

    Pearson's chi-square over its degrees of freedom (McCullagh and Nelder 1989, section 4.5): given all
    clicks of a stratum, those of the second arm are binomial, by a ratio of the product's own. 1 where fewer
    than 20 degrees of freedom are left to tell.
    """
    (x0, x1), (n0, n1) = clicks_S2.T, shown_S2.T
    use = (n0 > 0) & (n1 > 0) & (x0 + x1 > 0)
    x0, x1, n0, n1, product = x0[use], x1[use], n0[use], n1[use], product_S[use]
    if not len(product):
        return 1.0
    above, below = np.bincount(product, x1 * n0 / (n0 + n1)), np.bincount(product, x0 * n1 / (n0 + n1))
    strata = np.bincount(product)
    telling = (above > 0) & (below > 0) & (strata > 1)
    freedom = int((strata[telling] - 1).sum())
    if freedom < 20:
        return 1.0
    use = telling[product]
    x0, x1, n0, n1, product = x0[use], x1[use], n0[use], n1[use], product[use]
    odds = n1 * above[product] / (n0 * below[product])
    share, clicks = odds / (1 + odds), x0 + x1
    return max(1.0, float(((x1 - clicks * share) ** 2 / (clicks * share * (1 - share))).sum()) / freedom)


@dataclass(frozen=True, slots=True)
class ArmMeans:
    """Mean rates of arms over products [K], their covariance [K, K], and products that count in each [K]."""

    mean_K: Floats
    covariance_KK: Floats
    products_K: Floats

    def ratio(self, arm: int, control: int = 0) -> LogRatio | None:
        """An arm over the control, by the delta method; Welch and Satterthwaite's degrees of freedom.

        None where a rate is 0, or an arm has fewer than two products.
        """
        one, other = self.mean_K[arm], self.mean_K[control]
        counts = self.products_K[[arm, control]]
        if one <= 0 or other <= 0 or counts.min() < 2:
            return None
        parts = np.array([self.covariance_KK[k, k] / self.mean_K[k] ** 2 for k in (arm, control)])
        variance = parts.sum() - 2 * self.covariance_KK[arm, control] / (one * other)
        if not variance > 0:
            return None
        freedom = float(parts.sum() ** 2 / (parts**2 / (counts - 1)).sum())
        return LogRatio(math.log(one / other), math.sqrt(variance), freedom)


def between_products(
    clicks_P: Floats,
    shown_P: Floats,
    arm_P: Ints,
    arms: int,
    block_P: Ints | None = None,
    covariate_P: Floats | None = None,
) -> ArmMeans:
    """Mean rates of arms whose products are others: a regression on arm, block and covariate.

    Products weigh by how sure their rates are, ``1 / (1 / impressions + correlation)``: a rate of a million
    impressions is no surer about other products than one of ten thousand. ``block_P`` are categories within
    which products were assigned, ``covariate_P`` is what is known of a product from before (CUPED: Deng, Xu,
    Kohavi and Walker, WSDM 2013; with blocks and arms it is the analysis of covariance). Both are centred, so
    that an arm's coefficient is its mean for products of the average block and covariate. The covariance is
    MacKinnon and White's HC2 (1985), right where arms scatter differently.
    """
    rate_P = clicks_P / shown_P
    weight_P = 1 / (1 / shown_P + _likeness(clicks_P, shown_P, arm_P))
    columns = [(arm_P == k).astype(np.float64) for k in range(arms)]
    if block_P is not None:
        columns += [(block_P == b).astype(np.float64) for b in np.unique(block_P)[1:]]
    if covariate_P is not None and np.ptp(covariate_P) > 0:
        columns.append(covariate_P)
    x_PX = np.stack(columns, axis=1)
    x_PX[:, arms:] -= np.average(x_PX[:, arms:], axis=0, weights=weight_P)
    root_P = np.sqrt(weight_P)
    design_PX = x_PX * root_P[:, None]
    bread_XX = np.linalg.pinv(design_PX.T @ design_PX)
    coefficient_X = bread_XX @ design_PX.T @ (root_P * rate_P)
    residual_P = root_P * (rate_P - x_PX @ coefficient_X)
    leverage_P = np.einsum("px,xy,py->p", design_PX, bread_XX, design_PX)
    scores_PX = design_PX * (residual_P / np.sqrt(np.maximum(1 - leverage_P, 1e-9)))[:, None]
    covariance_XX = bread_XX @ scores_PX.T @ scores_PX @ bread_XX
    sums, squares = np.bincount(arm_P, weight_P, arms), np.bincount(arm_P, weight_P**2, arms)
    counts_K = np.divide(sums**2, squares, out=np.zeros(arms), where=squares > 0)  # Kish's effective number
    return ArmMeans(coefficient_X[:arms], covariance_XX[:arms, :arms], counts_K)


def _likeness(clicks_P: Floats, shown_P: Floats, arm_P: Ints) -> float:
    """Correlation of two impressions of one product within its arm: Kleinman's moments (1973), one step."""
    total_K, sum_K = np.bincount(arm_P, shown_P), np.bincount(arm_P, clicks_P)
    mean_P = (sum_K / np.where(total_K > 0, total_K, 1))[arm_P]
    spread = mean_P * (1 - mean_P)
    known = spread > 0
    if known.sum() < 3:
        return 1e-6
    square = ((clicks_P / shown_P - mean_P) ** 2 / np.where(known, spread, 1))[known]
    noise = 1 / shown_P[known]
    return float(np.clip((square - noise).mean() / (1 - noise).mean(), 1e-6, 1.0))
