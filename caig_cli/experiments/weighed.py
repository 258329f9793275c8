"""Clicks of an experiment as if every day had offered every ad alike: weighed by one over the propensity.

Thompson sampling shows an ad more on some days than on others, and days differ. Within a day a product's ads
are drawn by known probabilities, so that weights make days count alike for all of them. That sampling follows
the clicks is no bias of its own for labels: given what was shown, a Beta posterior does not depend on why.

Legend of shape names: R rows (a creative on a day), C creatives.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np
from numpy.typing import NDArray

from caig_cli.clicks.log import ClickLog
from caig_cli.clicks.pictures import PictureIndex
from caig_cli.errors import UsageError
from caig_cli.experiments.observed import Floats, Ints, finder, weighed_counts
from caig_cli.experiments.plan_file import ExperimentPlan


@dataclass(frozen=True, slots=True)
class Weighed:
    """Effective impressions and clicks of creatives [C]; those without propensities are as they were."""

    shown_C: Floats
    clicks_C: Floats
    known: NDArray[np.bool_]
    """Which creatives are ads of the plan, or have propensities in the log [C]."""
    stray: int
    """Impressions where the plan did not show the ad: left out."""


def weighed_totals(plan: ExperimentPlan | None, log: ClickLog) -> Weighed:
    """By the propensities that the log has, else by those of the plan.

    Raises UsageError where the log has no days and the plan's shares change over days, and where without a
    plan some rows have propensities and others have none.
    """
    ad_C = np.full(len(log.image_C), -1) if plan is None else ads_of(plan, log)
    exported_R = np.full(len(log.creative_R), np.nan) if log.propensity_R is None else log.propensity_R
    if plan is None and np.isnan(exported_R).any():
        raise UsageError(
            "some logs have a column of propensities and others have none; --column propensity= leaves it out"
        )
    planned_R = exported_R if plan is None else _propensities(plan, log, ad_C)
    propensity_R = np.where(np.isnan(exported_R), planned_R, exported_R)
    known = ad_C >= 0
    known[log.creative_R[~np.isnan(exported_R)]] = True
    stray_R = propensity_R == 0
    shown_R, clicks_R = (np.where(stray_R, 0.0, of) for of in (log.impressions_R, log.clicks_R))
    creative_R = np.asarray(log.creative_R, np.int64)
    shown_C, clicks_C = weighed_counts(creative_R, shown_R, clicks_R, propensity_R, len(ad_C))
    return Weighed(shown_C, clicks_C, known, int(log.impressions_R[stray_R].sum()))


class PlannedPictures(PictureIndex):
    """The image files below some folders; those of a plan's ads are of the products that the plan says."""

    def __init__(
        self, plan: ExperimentPlan, folders: Sequence[Path], *, allow_outside: bool = False, deep: bool = True
    ) -> None:
        super().__init__(folders, allow_outside=allow_outside, deep=deep)
        self._planned = PlannedAds(plan)
        self.has_planned = False
        """Whether any ad was of the plan so far."""

    def product(self, found: int, value: str) -> str | None:
        """That of the plan's ad; None of other pictures."""
        ad = self._planned.number(self.paths[found] if found >= 0 else None, value)
        self.has_planned |= ad >= 0
        return self._planned.plan.ads[ad].product if ad >= 0 else None

    def originals(self, numbers: Iterable[int]) -> dict[int, int]:
        """Two ads of a plan that look alike stay two: each has its own propensity."""
        return super().originals(one for one in numbers if self._planned.number(self.paths[one], "") < 0)


class PlannedAds:
    """Numbers a plan's ads by their pictures' paths or names that hold their ids."""

    def __init__(self, plan: ExperimentPlan) -> None:
        self.plan = plan
        self._find = finder(plan)
        self._by_path = {ad.path: number for number, ad in enumerate(plan.ads) if ad.path}

    def number(self, path: str | None, name: str) -> int:
        """-1 for no ad of the plan."""
        number = self._by_path.get(path or "", -1)
        for text in (PurePath(path).name if path else "", name):
            number = self._find.match(text) if number < 0 and text else number
        return max(number, -1)


def ads_of(plan: ExperimentPlan, log: ClickLog) -> Ints:
    """The plan's ad of each creative, by its picture's path or a name with its id; -1 for none [C]."""
    planned = PlannedAds(plan)
    return np.array(
        [planned.number(path, name) for path, name in zip(log.path_C, log.image_C, strict=True)], np.int64
    )


def _propensities(plan: ExperimentPlan, log: ClickLog, ad_C: Ints) -> Floats:
    """Of each row; 1 for creatives that are not in the plan [R]."""
    ids = [plan.ads[ad].id if ad >= 0 else None for ad in ad_C.tolist()]
    periods = [plan.period_of(day) for day in log.days]
    if len(plan.periods) > 1 and "" in log.days:
        raise UsageError("--plan: its shares change over days, and the logs have rows without one; add a day")
    found = np.ones(len(log.creative_R))
    for row, (creative, day) in enumerate(zip(log.creative_R.tolist(), log.day_R.tolist(), strict=True)):
        identifier, period = ids[creative], periods[day]
        if identifier is not None:
            found[row] = 0.0 if period is None else period.propensity.get(identifier, 0.0)
    return found
