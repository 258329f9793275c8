"""Arms against the control: overall, by category, at each look on the way, and how they wear off.

Legend of shape names: S strata, P products, K arms (0 the control), D days.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from caig_cli.experiments.earlier import expected_rates
from caig_cli.experiments.fatigue import Trend, difference, trend
from caig_cli.experiments.observed import Observed
from caig_cli.experiments.ratio_check import RatioCheck, check_impressions, check_products
from caig_cli.experiments.ratios import (
    LogRatio,
    between_products,
    dispersion_of,
    for_other_products,
    within_strata,
)
from caig_cli.experiments.sequential import FIRST_CLICKS, always_valid

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PLENTY = 30
"""Products from which on categories are adjusted for, and clicks before the experiment made use of."""


@dataclass(frozen=True, slots=True)
class ArmState:
    """An arm at the end of a day."""

    day: str
    lift: float
    interval: tuple[float, float]
    always_valid: tuple[float, float]


@dataclass(frozen=True)
class ArmComparison:
    """All that is compared, from strata; a day at a time it is the same with fewer strata."""

    seen: Observed

    @property
    def _by_impressions(self) -> bool:
        return self.seen.plan.units == "impressions"

    @cached_property
    def shown(self) -> Floats:
        return self.seen.by_arm(self.seen.shown_R)

    @cached_property
    def clicks(self) -> Floats:
        return self.seen.by_arm(self.seen.clicks_R)

    @cached_property
    def category_of_product(self) -> Ints:
        """Number of each product's category among ``categories``; -1 for none."""
        number = {name: n for n, name in enumerate(self.categories)}
        return np.array([number.get(p.category or "", -1) for p in self.seen.plan.products], np.int64)

    @cached_property
    def categories(self) -> list[str]:
        return sorted({p.category for p in self.seen.plan.products if p.category})

    @cached_property
    def earlier_rates(self) -> Floats | None:
        """What each product did before, None where nothing is known."""
        products, design = self.seen.plan.products, self.seen.plan.design
        if sum(product.impressions > 0 for product in products) < PLENTY:
            return None
        return expected_rates(products, design.ctr, design.product_cv)

    def dispersion(self, arm: int, of_S: Ints | None = None) -> float:
        """How clicks scatter beyond chance between days, at least 1."""
        pick = [0, arm]
        at = slice(None) if of_S is None else of_S
        return dispersion_of(self.clicks[at][:, pick], self.shown[at][:, pick], self.seen.product_S[at])

    def ratio(
        self, arm: int, of_S: Ints | None = None, *, cuped: bool = True, dispersion: float | None = None
    ) -> LogRatio | None:
        """An arm over the control in some strata; None where the clicks do not tell."""
        at = np.arange(len(self.seen.product_S)) if of_S is None else of_S
        if self._by_impressions:
            pick = [0, arm]
            scatter = self.dispersion(arm, at) if dispersion is None else dispersion
            return within_strata(self.clicks[at][:, pick], self.shown[at][:, pick], scatter)
        return self._between(arm, at, cuped=cuped)

    def generalised(self, arm: int) -> LogRatio | None:
        """An arm over the control as about other products like these."""
        if not self._by_impressions:
            return self.ratio(arm)
        pick = [0, arm]
        return for_other_products(self.clicks[:, pick], self.shown[:, pick], self.seen.product_S)

    def _between(self, arm: int, at: Ints, *, cuped: bool) -> LogRatio | None:
        products = len(self.seen.plan.products)
        arms = len(self.seen.plan.names)
        flat = self.seen.product_S[at]
        shown_PK, clicks_PK = (
            np.stack([np.bincount(flat, values[at, k], products) for k in range(arms)], axis=1)
            for values in (self.shown, self.clicks)
        )
        arm_P = shown_PK.argmax(1)
        used = np.isin(arm_P, (0, arm)) & (shown_PK.max(1) > 0)
        if used.sum() < 4:
            return None
        of = np.flatnonzero(used)
        many = len(of) >= PLENTY
        means = between_products(
            clicks_PK[of, arm_P[of]],
            shown_PK[of, arm_P[of]],
            (arm_P[of] == arm).astype(np.int64),
            2,
            self.category_of_product[of] if many else None,
            self.earlier_rates[of] if many and cuped and self.earlier_rates is not None else None,
        )
        return means.ratio(1)

    def check_split(self) -> RatioCheck:
        """Whether the platform kept to the plan."""
        if self._by_impressions:
            share_SK = self.seen.by_arm(self.seen.propensity_R)
            whole_S = share_SK.sum(1)
            kept = whole_S > 0
            shares = share_SK[kept] / whole_S[kept][:, None]
            return check_impressions(self.shown[kept], shares, self.seen.product_S[kept])
        assigned_P = self._assigned()
        shown_P = np.bincount(self.seen.product_S, self.shown.sum(1), len(assigned_P)) > 0
        arms = len(self.seen.plan.names)
        seen_K = np.bincount(assigned_P[shown_P & (assigned_P >= 0)], minlength=arms)
        return check_products(seen_K, np.bincount(assigned_P[assigned_P >= 0], minlength=arms))

    def _assigned(self) -> Ints:
        """The arm of each product, -1 for none."""
        plan = self.seen.plan
        arm_P = np.full(len(plan.products), -1, np.int64)
        number = {name: k for k, name in enumerate(plan.names)}
        for ad in plan.ads:
            if ad.id in plan.periods[0].propensity:
                arm_P[plan.product_number[ad.product]] = number[ad.arm]
        return arm_P

    def strata_of_categories(self) -> Iterator[tuple[str, Ints]]:
        """Each category with its strata."""
        category_S = self.category_of_product[self.seen.product_S]
        for number, name in enumerate(self.categories):
            yield name, np.flatnonzero(category_S == number)

    def looks(self, arm: int) -> list[ArmState]:
        """What an arm looked like at the end of each day, from where there are clicks enough on."""
        found = []
        scatter = self.dispersion(arm) if self._by_impressions else None
        for day, name in enumerate(self.seen.days):
            of_S = np.flatnonzero(self.seen.day_S <= day)
            clicks_K = self.clicks[of_S].sum(0)
            if min(clicks_K[0], clicks_K[arm]) < FIRST_CLICKS:
                continue
            ratio = self.ratio(arm, of_S, dispersion=scatter)
            if ratio is not None:
                valid = always_valid(ratio, self.seen.plan.mixture)
                found.append(ArmState(name, ratio.lift, ratio.interval(), valid))
        return found

    def trends(self) -> list[Trend | None]:
        """The change by day of exposure of each arm [K]."""
        seen, day_R = self.seen, self.seen.day_number()
        live_R = seen.shown_R > 0
        first_A = np.full(len(seen.plan.ads), np.inf)
        np.minimum.at(first_A, seen.ad_R[live_R], day_R[live_R])
        arm_R, product_R = seen.arm_of_ad[seen.ad_R], seen.product_of_ad[seen.ad_R]
        found = []
        for arm in range(len(seen.plan.names)):
            use = live_R & (arm_R == arm)
            age_R = day_R[use] - first_A[seen.ad_R[use]]
            found.append(
                trend(seen.clicks_R[use], seen.shown_R[use], age_R, seen.ad_R[use], product_R[use],
                      len(seen.plan.products)) if use.any() else None
            )  # fmt: skip
        return found


def against_control(trends: list[Trend | None]) -> list[Trend | None]:
    """How much faster each arm changes than the control."""
    first = trends[0]
    return [None if one is None or first is None else difference(one, first) for one in trends]
