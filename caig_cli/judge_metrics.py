"""Measures of a judge's verdicts: numpy arrays in, plain numbers out.

Legend of shape names: P pairs, I items. Not-a-number means unknown.

``truth_P`` is the probability that the left ad of a pair is observed to be clicked more: exactly known on
the simulated market (q), 1 or 0 where only a click log's outcome is known. A judge is paid the truth of the
side that it chooses, so one formula serves both: with q there is no label noise in the measurement.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from caig_cli.intervals import ratio_interval, share_interval

Floats = NDArray[np.float64]

GAPS = (1.0, 1.05, 1.10, 1.15, 1.20, 1.5, np.inf)
"""Borders of the higher over the lower click-through rate."""
IMPRESSIONS = (0, 1_000, 2_000, 5_000, 10_000, 50_000, np.inf)
"""Borders of the impressions of the less shown ad."""
CATEGORIES = 15
"""Categories with a row of their own, the most frequent ones."""
FEW_PAIRS = 100
"""Pairs below which a user is told how little they say."""
BINS = 10
"""Equal steps of confidence from 0.5 to 1."""

SINGLE = (
    "accuracy", "accuracy_ci", "accuracy_left_first", "accuracy_right_first", "order_agreement", "ceiling",
    "ceiling_estimated", "attainable", "attainable_ci", "auc", "log_loss", "ece", "ctr_rmse",
    "ctr_rmse_of_mean", "ctr_spearman",
)  # fmt: skip
"""Figures of a judge, besides the number of its pairs; unknown ones are None."""
LISTS = ("reliability", "by_gap", "by_impressions", "by_category")
"""Figures that are rows, none where nothing is known."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Pairs with what a judge said of them, as columns.

    ``shown_P`` and ``swapped_P``: P(left is clicked more) in each order. ``oracle_P``: how often someone who
    knew the true order would be right, and ``estimated`` whether that comes from posteriors. ``gap_P`` is the
    higher over the lower rate, ``impressions_P`` those of the less shown ad.
    """

    item_P: Sequence[str]
    shown_P: Floats
    swapped_P: Floats
    truth_P: Floats
    oracle_P: Floats
    estimated: bool
    gap_P: Floats
    impressions_P: Floats
    category_P: Sequence[str | None]
    ctr_P2: Floats
    predicted_ctr_P2: Floats

    @property
    def probability(self) -> Floats:
        """Both orders together."""
        return combine(self.shown_P, self.swapped_P)


# --- one figure each -------------------------------------------------------------------------------


def combine(shown_P: Floats, swapped_P: Floats) -> Floats:
    """P(left) of both orders: the mean of their logits, as ``Verdict.p_left``."""
    odds = [np.clip(p, 1e-9, 1 - 1e-9) for p in (shown_P, swapped_P)]
    logit_P = sum(np.log(p / (1 - p)) for p in odds) / 2
    return np.asarray(1 / (1 + np.exp(-logit_P)))


def credit(p_P: Floats, truth_P: Floats) -> Floats:
    """What each choice earns: the truth of the chosen side; an undecided judge gets one half."""
    return np.where(p_P > 0.5, truth_P, np.where(p_P < 0.5, 1 - truth_P, 0.5))


def order_agreement(shown_P: Floats, swapped_P: Floats) -> float:
    """Share of pairs of which both orders name the same side; undecided is no agreement."""
    return float(np.mean(np.sign(shown_P - 0.5) * np.sign(swapped_P - 0.5) > 0))


def attainable(accuracy: float, ceiling: float | None) -> float | None:
    """(accuracy - 0.5) / (ceiling - 0.5): 0 is a coin, 1 someone who knows the true order."""
    if ceiling is None or ceiling <= 0.5:
        return None
    return (accuracy - 0.5) / (ceiling - 0.5)


def attainable_interval(credit_P: Floats, oracle_P: Floats, item_P: Sequence[str]) -> list[float] | None:
    """95 % interval of ``attainable``; None of one item.

    Of bare labels it is at least as wide as accuracy's own: a judge that is right about all of a few pairs
    has no variance, and still says little.
    """
    ends = ratio_interval(credit_P - 0.5, oracle_P - 0.5, item_P)
    if ends is None or not np.isin(credit_P, (0.0, 0.5, 1.0)).all():
        return ends
    above = float(oracle_P.mean()) - 0.5
    low, high = ((end - 0.5) / above for end in share_interval(credit_P, item_P))
    return [min(ends[0], low), max(ends[1], high)]


def auc(p_P: Floats, truth_P: Floats) -> float | None:
    """Probability that a left winner gets a higher P(left) than a right winner; ties count half.

    A pair with truth q counts q as a left winner and 1 - q as a right one. None if there is only one kind.
    """
    order = np.argsort(p_P, kind="stable")
    _, group_P = np.unique(p_P[order], return_inverse=True)
    left_G, right_G = (np.bincount(group_P, weights=w[order]) for w in (truth_P, 1 - truth_P))
    below_G = np.cumsum(right_G) - right_G
    total = left_G.sum() * right_G.sum()
    return float((left_G * (below_G + right_G / 2)).sum() / total) if total > 0 else None


def log_loss(p_P: Floats, truth_P: Floats) -> float:
    """Mean of -(q log p + (1 - q) log(1 - p)), in nats; a coin has ln 2."""
    p_P = np.clip(p_P, 1e-9, 1 - 1e-9)
    return float(-np.mean(truth_P * np.log(p_P) + (1 - truth_P) * np.log(1 - p_P)))


def reliability(p_P: Floats, truth_P: Floats, item_P: Sequence[str]) -> list[dict[str, Any]]:
    """Per step of confidence max(p, 1 - p): pairs, mean confidence, and accuracy with a 95 % interval."""
    credit_P, items = credit(p_P, truth_P), np.asarray(item_P, dtype=object)
    return [
        {
            "pairs": int(inside.sum()),
            "confidence": confidence,
            "accuracy": float(credit_P[inside].mean()),
            "accuracy_ci": share_interval(credit_P[inside], list(items[inside])),
        }
        for confidence, inside in _by_confidence(p_P)
    ]


def _by_confidence(p_P: Floats) -> Iterator[tuple[float, NDArray[np.bool_]]]:
    """Steps of confidence that hold any pair, each with its mean."""
    sure_P = np.maximum(p_P, 1 - p_P)
    bin_P = np.minimum(((sure_P - 0.5) * 2 * BINS).astype(int), BINS - 1)
    for step in np.unique(bin_P):
        inside = bin_P == step
        yield float(sure_P[inside].mean()), inside


def calibration_error(p_P: Floats, truth_P: Floats) -> float:
    """Expected calibration error: mean over pairs of |confidence - accuracy| of their step of confidence."""
    credit_P = credit(p_P, truth_P)
    gaps = [
        inside.sum() * abs(confidence - credit_P[inside].mean()) for confidence, inside in _by_confidence(p_P)
    ]
    return float(sum(gaps) / len(p_P))


def ctr_errors(predicted_P2: Floats, ctr_P2: Floats) -> dict[str, float | None]:
    """Root mean square error of predicted rates, that of always saying their mean, and Spearman's rank
    correlation; over ads whose rate and prediction are known."""
    known = np.isfinite(predicted_P2) & np.isfinite(ctr_P2)
    predicted, ctr = predicted_P2[known], ctr_P2[known]
    if len(ctr) < 2:
        return {"ctr_rmse": None, "ctr_rmse_of_mean": None, "ctr_spearman": None}
    varied = len(np.unique(predicted)) > 1 and len(np.unique(ctr)) > 1
    return {
        "ctr_rmse": float(np.sqrt(np.mean((predicted - ctr) ** 2))),
        "ctr_rmse_of_mean": float(ctr.std()),
        "ctr_spearman": float(stats.spearmanr(predicted, ctr).statistic) if varied else None,
    }


def mcnemar(right_a_P: NDArray[np.bool_], right_b_P: NDArray[np.bool_]) -> dict[str, float]:
    """Pairs that only one of two judges gets right, and the exact two-sided binomial p-value."""
    only_a = int((right_a_P & ~right_b_P).sum())
    only_b = int((right_b_P & ~right_a_P).sum())
    n = only_a + only_b
    p = float(stats.binomtest(only_a, n, 0.5).pvalue) if n else 1.0
    return {"only_first": only_a, "only_second": only_b, "p": p}


# --- all figures of a judge ------------------------------------------------------------------------


def measure(judged: Judged) -> dict[str, Any]:
    """Every figure of one judge, as ``caig eval-rm --json`` names them; unknown is None.

    Answers that are never more than a bare side say nothing of certainty: no log-loss or calibration then.
    """
    if not len(judged.truth_P):
        return {"pairs": 0, **dict.fromkeys(SINGLE), **{name: [] for name in LISTS}}
    p_P, truth_P = judged.probability, judged.truth_P
    credit_P = credit(p_P, truth_P)
    accuracy = float(credit_P.mean())
    ceiling = float(judged.oracle_P.mean()) if np.isfinite(judged.oracle_P).all() else None
    share = attainable(accuracy, ceiling)
    graded = not np.isin(np.stack([judged.shown_P, judged.swapped_P]), (0.0, 0.5, 1.0)).all()
    return {
        "pairs": len(p_P),
        "accuracy": accuracy,
        "accuracy_ci": share_interval(credit_P, judged.item_P),
        "accuracy_left_first": float(credit(judged.shown_P, truth_P).mean()),
        "accuracy_right_first": float(credit(judged.swapped_P, truth_P).mean()),
        "order_agreement": order_agreement(judged.shown_P, judged.swapped_P),
        "ceiling": ceiling,
        "ceiling_estimated": judged.estimated if ceiling is not None else None,
        "attainable": share,
        "attainable_ci": attainable_interval(credit_P, judged.oracle_P, judged.item_P)
        if share is not None
        else None,
        "auc": auc(p_P, truth_P),
        "log_loss": log_loss(p_P, truth_P) if graded else None,
        "ece": calibration_error(p_P, truth_P) if graded else None,
        "reliability": reliability(p_P, truth_P, judged.item_P) if graded else [],
        **ctr_errors(judged.predicted_ctr_P2, judged.ctr_P2),
        **breakdown(judged),
    }


def breakdown(judged: Judged) -> dict[str, list[dict[str, Any]]]:
    """Accuracy with interval and ceiling by gap of the rates, by impressions and by category."""
    masks = {
        "by_gap": _steps(judged.gap_P, GAPS, "{:.2f}"),
        "by_impressions": _steps(judged.impressions_P, IMPRESSIONS, "{:,.0f}"),
        "by_category": _names(judged.category_P),
    }
    credit_P = credit(judged.probability, judged.truth_P)
    item_P = np.asarray(judged.item_P, dtype=object)

    def row(name: str, inside: NDArray[np.bool_]) -> dict[str, Any]:
        oracle = judged.oracle_P[inside]
        return {
            "group": name,
            "pairs": int(inside.sum()),
            "accuracy": float(credit_P[inside].mean()),
            "accuracy_ci": share_interval(credit_P[inside], list(item_P[inside])),
            "ceiling": float(oracle.mean()) if np.isfinite(oracle).all() else None,
        }

    return {key: [row(name, inside) for name, inside in groups] for key, groups in masks.items()}


def right(judged: Judged) -> NDArray[np.bool_]:
    """Which pairs a judge gets right: the side that is observed (or likelier to be) higher."""
    p_P = judged.probability
    return np.asarray(((p_P > 0.5) & (judged.truth_P > 0.5)) | ((p_P < 0.5) & (judged.truth_P < 0.5)))


def most_wrong(judged: Judged, count: int) -> list[int]:
    """Indices of the pairs whose chosen side is worth least against the confidence in it, worst first."""
    p_P = judged.probability
    credit_P = credit(p_P, judged.truth_P)
    excess_P = np.maximum(p_P, 1 - p_P) - credit_P
    worst = [int(i) for i in np.argsort(-excess_P, kind="stable") if credit_P[i] < 0.5]
    return worst[:count]


def _steps(value_P: Floats, borders: Sequence[float], form: str) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Half-open steps that hold any pair, with their names."""
    for low, high in itertools.pairwise(borders):
        inside = (value_P >= low) & (value_P < high)
        if inside.any():
            end = f"to {form.format(high)}" if np.isfinite(high) else "and more"
            yield f"{form.format(low)} {end}", inside


def _names(category_P: Sequence[str | None]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Known categories by size, the rare ones together; nothing when none is known."""
    names = np.asarray([name or "" for name in category_P], dtype=object)
    counts: Mapping[str, int] = {name: int((names == name).sum()) for name in set(names) - {""}}
    by_size = sorted(counts, key=lambda name: (-counts[name], name))
    for name in by_size[:CATEGORIES]:
        yield name, names == name
    rest = set(by_size[CATEGORIES:])
    if rest:
        yield "all others", np.asarray([name in rest for name in names])
