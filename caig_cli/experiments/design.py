"""What an experiment can find before it is run: power, and the least lift that it detects.

Two-proportion tests on the logarithm of the ratio, as the analysis makes them. With impressions as units,
each product is its own control and only clicks scatter. With products as units their own rates scatter too.

Sources: Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, 3rd edition 2003, chapter 4
(power); Kish, Survey Sampling, 1965, section 5.4 (design effect of clusters).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from scipy import optimize, stats

Units = Literal["impressions", "products"]


@dataclass(frozen=True, slots=True)
class Design:
    """What is known of an experiment before: all impressions of all days together, and how rates are spread.

    ``ctr`` is the control's rate; ``product_cv`` the standard deviation of products' rates over their mean;
    ``explained`` the share of the variance between products that their earlier rates explain (CUPED).
    """

    units: Units
    products: int
    impressions: float
    ctr: float
    product_cv: float = 0.0
    explained: float = 0.0
    comparisons: int = 1
    alpha: float = 0.05

    @property
    def correlation(self) -> float:
        """Of two impressions of one product."""
        return self.ctr / (1 - self.ctr) * self.product_cv**2 * (1 - self.explained)

    @property
    def design_effect(self) -> float:
        """How many impressions in products tell as much as one by itself: 1 + (m - 1) r.

        The analysis weighs products by how sure their rates are, so that unequal sizes cost little more.
        """
        if self.units == "impressions":
            return 1.0
        return 1 + max(0.0, self.impressions / self.products - 1) * self.correlation

    def variance(self, share: float, control_share: float, lift: float = 0.0) -> float:
        """Of the logarithm of the ratio of rates, under a lift."""
        better = min(self.ctr * (1 + lift), 1 - 1e-9)
        parts = ((1 - better) / (better * share), (1 - self.ctr) / (self.ctr * control_share))
        return self.design_effect * sum(parts) / self.impressions

    def power(self, lift: float, share: float, control_share: float) -> float:
        """Probability that a lift is told from none at error ``alpha`` over all comparisons (Bonferroni)."""
        error = math.sqrt(self.variance(share, control_share, lift))
        freedom = self._freedom(share, control_share)
        far = math.log1p(lift) / error
        edge = float(stats.t.ppf(1 - self.alpha / (2 * self.comparisons), freedom))
        if math.isinf(freedom):
            return float(stats.norm.sf(edge - far) + stats.norm.cdf(-edge - far))
        # Noncentral t by Abramowitz and Stegun 26.7.10: scipy's own fails far out.
        bent, wide = edge * (1 - 1 / (4 * freedom)), math.sqrt(1 + edge**2 / (2 * freedom))
        return float(stats.norm.sf((bent - far) / wide) + stats.norm.cdf((-bent - far) / wide))

    def least_lift(self, power: float, share: float, control_share: float) -> float | None:
        """The least gain that is found with this probability; None where that is above tenfold."""

        def short(log_lift: float) -> float:
            return self.power(math.expm1(log_lift), share, control_share) - power

        most = math.log(min(10.0, (1 - 1e-6) / self.ctr))
        if short(most) < 0:
            return None
        return math.expm1(float(optimize.brentq(short, 1e-9, most, xtol=1e-7)))

    def _freedom(self, share: float, control_share: float) -> float:
        if self.units == "impressions":
            return math.inf
        return max(1.0, self.products * (share + control_share) - 2)
