"""Sample-ratio mismatch: whether the platform showed the arms in the shares that were planned.

Where it did not, something other than chance decides who sees which arm, and a lift may be its doing
(Fabijan and others, Diagnosing Sample Ratio Mismatch, KDD 2019).

Legend of shape names: S strata (a product on a day), P products, K arms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ALARM = 0.001
"""p-value below which the split is called wrong; it is looked at in every experiment."""
FEW_PRODUCTS = 20
"""Products below which impressions count one by one."""


@dataclass(frozen=True, slots=True)
class RatioCheck:
    """Observed and expected numbers of each arm, and how likely so large a difference is by chance."""

    unit: str
    observed: tuple[float, ...]
    expected: tuple[float, ...]
    chi2: float
    p: float
    """Of Pearson's chi-square, every unit by itself."""
    p_products: float | None
    """With products as the units: right also where a platform shows ads in bursts."""

    @property
    def alarm(self) -> bool:
        return (self.p if self.p_products is None else self.p_products) < ALARM


def check_impressions(shown_SK: Floats, share_SK: Floats, product_S: Ints) -> RatioCheck:
    """Of impressions, given those of each stratum and the planned shares (rows sum to 1).

    Pearson's chi-square, and Hotelling's T2 of products' deviations over the root of their impressions.
    """
    total_S = shown_SK.sum(1)
    off_SK = shown_SK - total_S[:, None] * share_SK
    covariance_KK = np.diag(total_S @ share_SK) - (share_SK * total_S[:, None]).T @ share_SK
    summed_K = off_SK.sum(0)
    freedom = int(np.linalg.matrix_rank(covariance_KK)) if total_S.sum() else 0
    chi2 = float(summed_K @ np.linalg.pinv(covariance_KK, rcond=1e-9) @ summed_K) if freedom else 0.0
    p = float(stats.chi2.sf(chi2, freedom)) if freedom else 1.0
    observed, expected = shown_SK.sum(0), total_S @ share_SK
    by_product = _by_products(off_SK, total_S, product_S)
    return RatioCheck("impressions", tuple(observed), tuple(expected), chi2, p, by_product)


def _by_products(off_SK: Floats, total_S: Floats, product_S: Ints) -> float | None:
    """p-value of Hotelling's T2; None with few products."""
    shown_P = np.bincount(product_S, total_S)
    used = shown_P > 0
    arms = off_SK.shape[1]
    off_PK = np.stack([np.bincount(product_S, off_SK[:, k]) for k in range(arms)], axis=1)[used]
    scaled_PK = off_PK / np.sqrt(shown_P[used])[:, None]
    number = len(scaled_PK)
    if number < FEW_PRODUCTS or arms < 2:
        return None
    covariance_KK = np.cov(scaled_PK.T) / number
    rank = int(np.linalg.matrix_rank(covariance_KK))
    if rank == 0 or number <= rank:
        return None
    mean_K = scaled_PK.mean(0)
    t2 = float(mean_K @ np.linalg.pinv(covariance_KK, rcond=1e-9) @ mean_K)
    return float(stats.f.sf(t2 * (number - rank) / (rank * (number - 1)), rank, number - rank))


def check_products(seen_K: Ints, assigned_K: Ints) -> RatioCheck:
    """Of products that were shown at all, given those assigned to each arm."""
    expected_K = assigned_K / max(1, assigned_K.sum()) * seen_K.sum()
    some = assigned_K > 0
    table = np.stack([seen_K[some], (assigned_K - seen_K)[some]])
    if some.sum() < 2 or (table.sum(1) == 0).any():
        chi2, p = 0.0, 1.0  # all were shown, or none: arms do not differ
    else:
        chi2, p = (float(v) for v in stats.chi2_contingency(table, correction=False)[:2])
    return RatioCheck("products", tuple(map(float, seen_K)), tuple(map(float, expected_K)), chi2, p, None)
