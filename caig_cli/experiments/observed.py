"""Clicks of an experiment joined with its plan: for each ad that may be shown, what it got in each stratum.

A stratum is a product on a day on a platform: within it, chance alone decides which ad is shown.

Legend of shape names: R rows (an ad in a stratum), S strata, A ads of the plan, P its products, K arms.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caig_cli.clicks.ad_finder import NamedAds
from caig_cli.clicks.log import ClickLog
from caig_cli.errors import UsageError
from caig_cli.experiments.plan_file import ExperimentPlan

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Observed:
    """Rows of all strata that were shown, ads without impressions included."""

    plan: ExperimentPlan
    days: tuple[str, ...]
    """ISO days or numbers, in order; one empty text where the exports have none."""
    ad_R: Ints
    stratum_R: Ints
    shown_R: Floats
    clicks_R: Floats
    propensity_R: Floats
    """0 for an ad that the plan does not show there."""
    chosen_R: Floats
    """With which it was chosen: as the exports say, where they have a column for it, else as planned."""
    exported: bool
    """Whether the exports have that column."""
    product_S: Ints
    day_S: Ints
    unplanned: int
    """Impressions of ads that the plan does not show where they were shown."""
    unknown: int
    """Impressions of ads that are not in the plan at all."""

    @property
    def arm_of_ad(self) -> Ints:
        """Number of each ad's arm, 0 the control [A]."""
        number = {name: k for k, name in enumerate(self.plan.names)}
        return np.array([number[ad.arm] for ad in self.plan.ads], np.int64)

    @property
    def product_of_ad(self) -> Ints:
        number = self.plan.product_number
        return np.array([number[ad.product] for ad in self.plan.ads], np.int64)

    def by_arm(self, values_R: Floats) -> Floats:
        """Sums over the ads of each arm in each stratum [S, K]."""
        arms = len(self.plan.names)
        flat = self.stratum_R * arms + self.arm_of_ad[self.ad_R]
        summed: Floats = np.bincount(flat, values_R, len(self.product_S) * arms).astype(np.float64)
        return summed.reshape(-1, arms)

    def day_number(self) -> Floats:
        """Days since the first, by the calendar where days are dates [R]."""
        try:
            dates = [datetime.date.fromisoformat(day).toordinal() for day in self.days]
        except ValueError:
            dates = list(range(len(self.days)))
        number_D = np.array(dates, np.float64) - dates[0]
        return number_D[self.day_S[self.stratum_R]]


def finder(plan: ExperimentPlan) -> NamedAds:
    """Finds the plan's ads in the cells of an export."""
    return NamedAds([ad.id for ad in plan.ads], [ad.product for ad in plan.ads])


def observe(plan: ExperimentPlan, log: ClickLog) -> Observed:
    """A log that was read with ``finder(plan)``, laid out for the analysis.

    Raises UsageError where no ad of the plan is in it.
    """
    ad_C = np.array([-1 if path is None else plan.ad_number[path] for path in log.path_C], np.int64)
    ad_L = ad_C[log.creative_R]
    known = ad_L >= 0
    impressions = int(log.impressions_R.sum())
    unknown = impressions - int(log.impressions_R[known].sum())
    if not known.any() or unknown == impressions:
        example = f", such as {plan.ads[0].id}" if plan.ads else ""
        raise UsageError(f"no ad of the plan is in the exports; ads must be named by their ids{example}")
    product_A = np.array([plan.product_number[ad.product] for ad in plan.ads], np.int64)
    key_L = np.stack([product_A[ad_L], log.day_R, log.platform_C[log.creative_R]], axis=1)[known]
    strata, stratum_L = np.unique(key_L, axis=0, return_inverse=True)
    stratum_L = stratum_L.reshape(-1)
    ads_of = _ads_of_products(product_A, len(plan.products))
    size_S = np.array([len(ads_of[p]) for p in strata[:, 0].tolist()], np.int64)
    begin_S = np.concatenate([[0], np.cumsum(size_S)])
    ad_R = np.concatenate([ads_of[p] for p in strata[:, 0].tolist()])
    place_A = np.zeros(len(plan.ads), np.int64)
    for ads in ads_of:
        place_A[ads] = np.arange(len(ads))
    row_L = begin_S[stratum_L] + place_A[ad_L[known]]
    shown_R = np.bincount(row_L, log.impressions_R[known], len(ad_R))
    clicks_R = np.bincount(row_L, log.clicks_R[known], len(ad_R))
    stratum_R = np.repeat(np.arange(len(strata)), size_S)
    propensity_R = _propensities(plan, log.days, ad_R, strata[stratum_R, 1])
    exported_R = _exported(log, known, row_L, shown_R)
    chosen_R = np.where(np.isnan(exported_R), propensity_R, exported_R)
    stray = (chosen_R == 0) & (shown_R > 0)
    if shown_R.sum() > 0 and not shown_R[~stray].any():
        raise UsageError(
            f"the plan shows none of these ads on the days of the exports ({log.days[0]} to {log.days[-1]}); "
            f"it begins on {plan.periods[0].first_day or 'any day'}: is it the plan of these clicks?"
        )
    return Observed(
        plan, log.days, ad_R, stratum_R, np.where(stray, 0.0, shown_R), np.where(stray, 0.0, clicks_R),
        propensity_R, chosen_R, not np.isnan(exported_R).all(), strata[:, 0], strata[:, 1],
        int(shown_R[stray].sum()), unknown,
    )  # fmt: skip


def counts_of_ads(plan: ExperimentPlan, log: ClickLog) -> tuple[Floats, Floats]:
    """Impressions and clicks of each ad of the plan [A] each, weighed by propensities (``weighed_counts``).

    Where the shares of a product's ads change from day to day, days with other rates would tilt plain sums.
    """
    seen = observe(plan, log)
    return weighed_counts(seen.ad_R, seen.shown_R, seen.clicks_R, seen.chosen_R, len(plan.ads))


def weighed_counts(
    ad_R: Ints, shown_R: Floats, clicks_R: Floats, propensity_R: Floats, ads: int
) -> tuple[Floats, Floats]:
    """Effective impressions and clicks of ads [A] each, from rows with known propensities.

    An ad's rate is the mean over all traffic of its product, each impression weighed by one over the
    propensity e with which it could be the ad's (Hajek 1971): sum(clicks / e) / sum(impressions / e). How
    much that tells is Kish's effective number (sum(impressions / e))^2 / sum(impressions / e^2). Where
    propensities do not change, both are the plain sums.
    """
    weight_R = np.divide(1.0, propensity_R, out=np.zeros(len(propensity_R)), where=propensity_R > 0)
    whole_A = np.bincount(ad_R, weight_R * shown_R, ads)
    square_A = np.bincount(ad_R, weight_R**2 * shown_R, ads)
    clicks_A = np.bincount(ad_R, weight_R * clicks_R, ads)
    shown_A = np.divide(whole_A**2, square_A, out=np.zeros(ads), where=square_A > 0)
    rate_A = np.divide(clicks_A, whole_A, out=np.zeros(ads), where=whole_A > 0)
    return shown_A, rate_A * shown_A


def _ads_of_products(product_A: Ints, products: int) -> list[Ints]:
    order = np.argsort(product_A, kind="stable")
    return np.split(order, np.searchsorted(product_A[order], np.arange(1, products)))


def _exported(log: ClickLog, known: NDArray[np.bool_], row_L: Ints, shown_R: NDArray[Any]) -> Floats:
    """Propensities as the log has them, NaN where it has none [R]; of several a day the mean.

    It is the harmonic one, over impressions: what weighs an impression is one over its propensity.
    """
    if log.propensity_R is None:
        return np.full(len(shown_R), np.nan)
    inverse_R = np.bincount(row_L, log.impressions_R[known] / log.propensity_R[known], len(shown_R))
    has = (shown_R > 0) & (inverse_R > 0)
    found: Floats = np.divide(shown_R, inverse_R, out=np.full(len(shown_R), np.nan), where=has)
    return found


def _propensities(plan: ExperimentPlan, days: tuple[str, ...], ad_R: Ints, day_R: Ints) -> Floats:
    """Raises UsageError where an export without days meets a plan with several periods."""
    table_DA = np.zeros((len(days), len(plan.ads)))
    for number, day in enumerate(days):
        period = plan.period_of(day)
        if period is None:
            if not day:
                raise UsageError("the plan's shares change over days, and the exports have none; add a day")
            continue
        for ad, share in period.propensity.items():
            table_DA[number, plan.ad_number[ad]] = share
    found: Floats = table_DA[day_R, ad_R]
    return found
