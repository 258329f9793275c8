"""Makes the plan of an experiment: which products take part, who is shown what with which probability."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from caig_cli.clicks.log import ClickLog
from caig_cli.engine.runtime import derive_seed
from caig_cli.errors import UsageError
from caig_cli.experiments.design import Design, Units
from caig_cli.experiments.earlier import expected_rates
from caig_cli.experiments.observed import counts_of_ads
from caig_cli.experiments.plan_file import Ad, Arm, ExperimentPlan, Period, ProductFacts
from caig_cli.experiments.sequential import mixture_variance
from caig_cli.experiments.thompson import Belief, chances, posterior, with_floor
from caig_cli.records import Failure

Floats = NDArray[np.float64]


def taking_part(
    ads: Sequence[Ad], control: str, arms: Sequence[Arm], units: Units
) -> tuple[list[Ad], list[Failure]]:
    """The ads of products that can be compared, and the other products with the reason.

    Impressions of a product are compared between arms, so it needs ads of the control and another arm;
    where products are assigned to arms, each needs ads of all. Raises UsageError for an id that stands twice.
    """
    seen: dict[str, Ad] = {}
    for ad in ads:
        if (other := seen.setdefault(ad.id.casefold(), ad)) is not ad:
            raise UsageError(
                f"ad {ad.id} is in arms {other.arm} and {ad.arm}; an export could not tell them apart, so "
                "give each arm ads of its own"
            )
    of: dict[str, set[str]] = {}
    for ad in ads:
        of.setdefault(ad.product, set()).add(ad.arm)
    every = {arm.name for arm in arms}
    left_out = []
    for product, has in of.items():
        lacks = sorted(every - has)
        if control not in has or len(has) < 2 or (units == "products" and lacks):
            left_out.append(Failure(product, f"has no ad of {', '.join(lacks)}; left out"))
    gone = {failure.item for failure in left_out}
    return [ad for ad in ads if ad.product not in gone], left_out


def fixed_shares(ads: Sequence[Ad], shares: Mapping[str, float]) -> dict[str, float]:
    """Propensity of each ad where impressions are the units: its arm's share, equal among the arm's ads.

    A product without ads of some arms has the shares of the others, made to sum to 1.
    """
    count: dict[tuple[str, str], int] = {}
    for ad in ads:
        count[ad.product, ad.arm] = count.get((ad.product, ad.arm), 0) + 1
    total: dict[str, float] = {}
    for product, arm in count:
        total[product] = total.get(product, 0.0) + shares[arm]
    return {ad.id: shares[ad.arm] / total[ad.product] / count[ad.product, ad.arm] for ad in ads}


def assigned(
    ads: Sequence[Ad], products: Sequence[ProductFacts], shares: Mapping[str, float], seed: int
) -> dict[str, float]:
    """Propensity of the ads of each product's arm, where products are the units.

    Within each category, products in random order are dealt to arms by the shares, so that categories and the
    numbers of products per arm are balanced; the order of arms is random too, or small categories would all
    favour the first.
    """
    by_category: dict[str | None, list[str]] = {}
    for product in products:
        by_category.setdefault(product.category, []).append(product.id)
    arm_of: dict[str, str] = {}
    names = list(shares)
    for category, ids in by_category.items():
        rng = np.random.default_rng(derive_seed(seed, "assignment", category or ""))
        order = rng.permutation(sorted(ids)).tolist()
        drawn = rng.permutation(names).tolist()
        edges = np.cumsum([shares[name] for name in drawn])
        places = (np.arange(len(order)) + rng.random()) / len(order)
        arm_of |= {
            one: drawn[min(int(np.searchsorted(edges, place, "right")), len(drawn) - 1)]
            for one, place in zip(order, places, strict=True)
        }
    count: dict[str, int] = {}
    for ad in ads:
        count[ad.product] = count.get(ad.product, 0) + (ad.arm == arm_of[ad.product])
    return {ad.id: shares[ad.arm] / count[ad.product] for ad in ads if ad.arm == arm_of[ad.product]}


def thompson_shares(plan: ExperimentPlan, log: ClickLog | None, seed: int, gone: int = 0) -> dict[str, float]:
    """Propensities by what the judge says and what the clicks of a log, if any, say after ``gone`` days."""
    number = plan.product_number
    product_A = np.array([number[ad.product] for ad in plan.ads], np.int64)
    scores = np.array([np.nan if ad.score is None else ad.score for ad in plan.ads])
    belief = plan.thompson
    rate_P = expected_rates(plan.products, plan.design.ctr, plan.design.product_cv)
    believed = Belief(rate_P, belief["rate_cv"], belief["spread"], belief["trust"], scores)
    shown_A, clicks_A = counts_of_ads(plan, log) if log is not None else np.zeros((2, len(plan.ads)))
    alpha_A, beta_A = posterior(believed, product_A, clicks_A, shown_A)
    shown_P = np.bincount(product_A, shown_A, len(plan.products)).astype(np.float64)
    chance_A = chances(
        alpha_A, beta_A, product_A, np.random.default_rng(seed), left_P=_left(plan, shown_P, gone)
    )
    share_A = with_floor(chance_A, product_A, belief["least_share"])
    return {ad.id: round(float(share), 6) for ad, share in zip(plan.ads, share_A, strict=True)}


def _left(plan: ExperimentPlan, shown_P: Floats, gone: int) -> Floats:
    """Impressions of each product until the planned end, at least a day's. The guess counts as a day."""
    days = plan.thompson["days"]
    planned = plan.design.impressions / len(plan.products) / days
    return (planned + shown_P) / (1 + gone) * max(1.0, days - gone)


def planned_mixture(design: Design, shares: Mapping[str, float], control: str) -> float:
    """The mixture variance whose always-valid intervals are narrowest at the planned end."""
    variances = [design.variance(share, shares[control]) for name, share in shares.items() if name != control]
    return mixture_variance(float(np.mean(variances)))


def gone_on(plan: ExperimentPlan, log: ClickLog, days: int) -> ExperimentPlan:
    """The plan with a further period, by the clicks so far. Raises UsageError where that can't be."""
    last = max((day for day in log.days if day), default="")
    if plan.allocation != "thompson":
        raise UsageError("--after: a fixed allocation stays as it is; only thompson goes on")
    if not last or plan.periods[-1].first_day is None:
        raise UsageError("--after: days are needed to go on; plan with --start, and give exports with days")
    start = (datetime.date.fromisoformat(last) + datetime.timedelta(days=1)).isoformat()
    if start <= plan.periods[-1].first_day:
        raise UsageError(f"--after: the plan already has a period from {plan.periods[-1].first_day} on")
    before = plan.periods[-1]
    gone, lasted = (
        (datetime.date.fromisoformat(start) - datetime.date.fromisoformat(one.first_day or start)).days
        for one in (plan.periods[0], before)
    )
    shares = thompson_shares(plan, log, derive_seed(plan.seed, "thompson", start), gone)
    periods = (*plan.periods[:-1], replace(before, days=lasted), Period(start, days, shares))
    return replace(plan, periods=periods)
