"""What earlier clicks say before an experiment: each product's rate, how rates are spread, what to expect."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caig_cli.clicks.log import ClickLog
from caig_cli.clicks.posteriors import Prior, fit_prior
from caig_cli.experiments.plan_file import ProductFacts

Floats = NDArray[np.float64]

PUBLISHED_CTR = 0.036
"""Mean of the click-through rates published for this domain, where nothing else is known."""
PUBLISHED_CV = 0.69
"""Their standard deviation over their mean: of Beta(2.04, 54.06)."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """Rates of products, and how sure earlier clicks are of them."""

    ctr: float
    product_cv: float
    explained: float
    """Share of the variance between products that earlier rates explain, if these last: n / (n + c) of a
    Beta prior as sure as c impressions, on average over products."""


def product_totals(log: ClickLog) -> Mapping[str, tuple[int, int]]:
    """Impressions and clicks of each item of a log."""
    impressions_C, clicks_C = log.totals()
    shown = np.bincount(log.item_C, impressions_C, len(log.items))
    clicked = np.bincount(log.item_C, clicks_C, len(log.items))
    return {item: (int(shown[n]), int(clicked[n])) for n, item in enumerate(log.items)}


def what_to_expect(products: tuple[ProductFacts, ...], ctr: float | None, cv: float | None) -> Earlier:
    """From the products' earlier clicks, what the user says first, the published rates last."""
    shown = np.array([product.impressions for product in products], np.float64)
    clicks = np.array([product.clicks for product in products], np.float64)
    prior = _fitted(clicks, shown)
    if prior is None:
        return Earlier(ctr or PUBLISHED_CTR, PUBLISHED_CV if cv is None else cv, 0.0)
    mean, sure = prior
    found = math.sqrt((1 - mean) / (mean * (sure + 1)))
    explained = float(np.mean(shown / (shown + sure)))
    return Earlier(ctr or mean, found if cv is None else cv, explained)


def _fitted(clicks: Floats, shown: Floats) -> tuple[float, float] | None:
    """Mean and concentration of the Beta prior of products' rates."""
    try:
        prior: Prior = fit_prior(clicks, shown)
    except ValueError:
        return None
    return float(prior.mean), float(prior.alpha + prior.beta)


def expected_rates(products: tuple[ProductFacts, ...], ctr: float, cv: float) -> Floats:
    """Each product's rate by its earlier clicks, shrunk towards ``ctr`` as rates are spread [P]."""
    shown = np.array([product.impressions for product in products], np.float64)
    clicks = np.array([product.clicks for product in products], np.float64)
    sure = max(1.0, (1 - ctr) / (ctr * max(cv, 1e-3) ** 2) - 1)
    return (clicks + ctr * sure) / (shown + sure)
