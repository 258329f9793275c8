"""New policies: what showing other shares of the same ads would have been worth, from the clicks at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from caig_cli.data.images import shown
from caig_cli.data.tables import read_rows, text_of
from caig_cli.errors import DataError, ItemError, UsageError
from caig_cli.experiments.observed import Observed
from caig_cli.experiments.off_policy import (
    Logged,
    Value,
    doubly_robust,
    effective_impressions,
    ips,
    modelled_rates,
    snips,
)
from caig_cli.experiments.plan_file import ExperimentPlan
from caig_cli.records import Failure

Floats = NDArray[np.float64]

WORDS = ("judge", "uniform")
"""Policies that need no file: the ad that the judge likes best, and all ads alike."""
FOLDS = 2


@dataclass(frozen=True, slots=True)
class PolicyValue:
    """Clicks per impression of a policy by each estimator, and that of what was shown."""

    name: str
    values: Mapping[str, Value]
    observed: float
    effective_impressions: float
    unsupported: float
    """Share of the policy's traffic for ads that were never to be shown: nothing is known of it."""
    exported: bool
    """Whether propensities are those of the exports; else they are the plan's."""


def value_of(name: str, source: str, seen: Observed) -> PolicyValue:
    """A policy's value. Raises UsageError or DataError for one that can't be had."""
    if seen.plan.units != "impressions":
        raise UsageError("--policy: ads were not drawn for each impression; plan with --units impressions")
    share_A = shares_of(source, seen.plan)
    policy_R = share_A[seen.ad_R]
    can_R = seen.chosen_R > 0
    total_S = np.bincount(seen.stratum_R, seen.shown_R)
    lost = float((policy_R * ~can_R * total_S[seen.stratum_R]).sum() / max(1.0, total_S.sum()))
    use = can_R & (total_S[seen.stratum_R] > 0)
    propensity = seen.chosen_R[use]
    if not seen.exported:  # planned shares of the ads that can be had
        propensity = (
            propensity / np.bincount(seen.stratum_R[use], propensity, len(total_S))[seen.stratum_R[use]]
        )
    logged = Logged(seen.shown_R[use], seen.clicks_R[use], seen.stratum_R[use], propensity, policy_R[use])
    if not (logged.policy_R * logged.shown_R).any():
        raise UsageError(f"--policy {name}: none of its ads was shown; nothing can be said of it")
    fold_R = (seen.day_S[seen.stratum_R[use]] + seen.product_S[seen.stratum_R[use]]) % FOLDS
    model_R = modelled_rates(logged, seen.ad_R[use], seen.product_of_ad[seen.ad_R[use]], fold_R)
    values = {"IPS": ips(logged), "SNIPS": snips(logged), "DR": doubly_robust(logged, model_R)}
    observed = float(logged.clicks_R.sum() / logged.shown_R.sum())
    return PolicyValue(name, values, observed, effective_impressions(logged), lost, seen.exported)


def shares_of(source: str, plan: ExperimentPlan) -> Floats:
    """The policy's probability of each ad given its product [A]."""
    product_A = np.array([plan.product_number[ad.product] for ad in plan.ads], np.int64)
    if source == "uniform":
        return 1 / np.bincount(product_A)[product_A]
    if source == "judge":
        scores = np.array([-np.inf if ad.score is None else ad.score for ad in plan.ads])
        best_P = np.full(len(plan.products), -np.inf)
        np.maximum.at(best_P, product_A, scores)
        if not np.isfinite(best_P).all():
            raise UsageError("--policy judge: the plan has no scores for some products; plan with --judge")
        best_A = scores == best_P[product_A]
        shares: Floats = best_A / np.bincount(product_A, best_A)[product_A]
        return shares
    return _from_file(Path(source), plan, product_A)


def _from_file(path: Path, plan: ExperimentPlan, product_A: NDArray[np.int64]) -> Floats:
    """Rows of ad_id and probability, which sum to 1 over a product; one without rows keeps its ads alike."""
    if not path.is_file():
        raise UsageError(f"--policy {path}: no such file; it is one of {', '.join(WORDS)}, or a CSV file")
    share_A = np.zeros(len(plan.ads))
    for row in read_rows(path):
        if isinstance(row, Failure):
            raise DataError(row.error)
        try:
            ad, share = (text_of(row, name, row.values.get(name)) for name in ("ad_id", "probability"))
            if ad is None or ad not in plan.ad_number or share is None:
                raise row.error("ad_id", "must be an ad of the plan, with its probability")
            share_A[plan.ad_number[ad]] = float(share)
        except ItemError as error:
            raise DataError(str(error)) from None
        except ValueError:
            raise DataError(f"{row.where('probability')}: is no number; write a share") from None
    sum_P = np.bincount(product_A, share_A)
    named_P = np.bincount(product_A, share_A != 0) > 0
    if not (share_A >= 0).all() or not np.allclose(sum_P[named_P], 1, atol=1e-3):
        raise DataError(f"{shown(path)}: the probabilities of a product's ads must sum to 1")
    scaled: Floats = share_A / np.where(named_P, sum_P, 1)[product_A]
    return np.where(named_P[product_A], scaled, 1 / np.bincount(product_A)[product_A])
