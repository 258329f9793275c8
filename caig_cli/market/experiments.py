"""Clicks on the ads of an experiment by the market's truth, in the form of a platform's export."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from caig_cli.errors import UsageError
from caig_cli.experiments.plan_file import ExperimentPlan
from caig_cli.market.known import open_oracle

CATALOGUE = Path(__file__).parents[1] / "embedded" / "catalogue" / "products.json"

SPREAD_OF_PRODUCTS = 1.0
"""Standard deviation of the logarithm of products' impressions."""
SPREAD_OF_DAYS = 0.15
"""That of a day's rates, the same for all ads: a Sunday is no Monday."""


@dataclass(frozen=True, slots=True)
class AdDayRow:
    """What an ad got on a day."""

    day: str
    ad: str
    impressions: int
    clicks: int


def true_rates(plan: ExperimentPlan, products: Path | None) -> Mapping[str, float]:
    """The true click-through rate of each ad by id. Raises UsageError for products of no market."""
    path = CATALOGUE if products is None else products
    oracle = open_oracle(path / "products.json" if path.is_dir() else path)
    if oracle is None:
        raise UsageError(f"--market {path}: is no products.json of a caig market")
    rates = {}
    for ad in plan.ads:
        if ad.product not in oracle.products:
            raise UsageError(f"product {ad.product} is not of the market {path}; name its --market")
        if ad.prompt is None:
            raise UsageError(f"ad {ad.id} has no prompt: the market knows a scene by its prompt")
        rates[ad.id] = oracle.worth(ad.product, ad.prompt).ctr
    return rates


def rows(
    plan: ExperimentPlan,
    rates: Mapping[str, float],
    first: datetime.date,
    days: int,
    impressions: float,
    seed: int,
) -> list[AdDayRow]:
    """Impressions by the plan's propensities, clicks by the true rates; some days are better than others."""
    rng = np.random.default_rng(seed)
    ads_of = {product.id: [ad.id for ad in plan.ads if ad.product == product.id] for product in plan.products}
    # The mean of a lognormal is exp(s^2 / 2): taken out, so that ``impressions`` is the mean.
    mean_P = impressions * np.exp(rng.normal(-(SPREAD_OF_PRODUCTS**2) / 2, SPREAD_OF_PRODUCTS, len(ads_of)))
    found = []
    for number in range(days):
        day = (first + datetime.timedelta(days=number)).isoformat()
        period = plan.period_of(day)
        if period is None:
            continue
        good = float(np.exp(rng.normal(0.0, SPREAD_OF_DAYS)))
        for ads, mean in zip(ads_of.values(), mean_P.tolist(), strict=True):
            share = np.array([period.propensity.get(ad, 0.0) for ad in ads])
            shown = rng.multinomial(rng.poisson(mean), share / share.sum()).tolist()
            for ad, count in zip(ads, shown, strict=True):
                if count:
                    found.append(
                        AdDayRow(day, ad, count, int(rng.binomial(count, min(1.0, rates[ad] * good))))
                    )
    return found


def export(found: Iterable[AdDayRow]) -> str:
    """CSV with the column names of an ad platform."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("Day", "Ad name", "Impressions", "Clicks"))
    writer.writerows((row.day, row.ad, row.impressions, row.clicks) for row in found)
    return text.getvalue()
