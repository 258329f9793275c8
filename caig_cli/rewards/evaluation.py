"""How well a reward model judges held-out pairs, and how its odds become probabilities.

Legend of shape names: P pairs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import stats

from caig_cli import judge_metrics
from caig_cli.intervals import share_interval
from caig_cli.rewards.calibration import cross_fitted, fit_temperature, independent
from caig_cli.rewards.data import PairSet
from caig_cli.rewards.model import RewardModel, device_of

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PairOpinion:
    """What a model says of pairs in both orders: log-odds of the pair's left ad, and predicted rates."""

    shown_P: Floats
    swapped_P: Floats
    ctr_P2: Floats

    def probabilities(self, temperature: Floats | float) -> tuple[Floats, Floats]:
        """P(left) in each order, at one temperature or at one for each pair."""
        shown_P, swapped_P = (
            (1 + np.tanh(odds / temperature / 2)) / 2 for odds in (self.shown_P, self.swapped_P)
        )
        return shown_P, swapped_P


@torch.no_grad()
def both_orders(
    model: RewardModel,
    features_I: torch.Tensor,
    left_P: torch.Tensor,
    right_P: torch.Tensor,
    texts: list[str],
) -> PairOpinion:
    """Compare ads of the looks in both orders in one batch; rates are the mean of both."""
    count = len(texts)
    out = model(features_I, torch.cat([left_P, right_P]), torch.cat([right_P, left_P]), [*texts, *texts])
    gap = (out.logits_P2[:, 0] - out.logits_P2[:, 1]).cpu().numpy().astype(np.float64)
    ctr = out.ctr_P2.cpu().numpy().astype(np.float64)
    return PairOpinion(gap[:count], -gap[count:], (ctr[:count] + ctr[count:, ::-1]) / 2)


@torch.no_grad()
def judge(model: RewardModel, held_out: PairSet) -> PairOpinion:
    """Opinions of all pairs, in the set's order."""
    count = len(held_out.pairs)
    shown_P, swapped_P, ctr_P2 = np.zeros(count), np.zeros(count), np.zeros((count, 2))
    for draw in held_out.in_order():
        batch = held_out.collate(draw).to(device_of(model))
        opinion = both_orders(model, batch.encode(model), batch.left_P, batch.right_P, list(batch.texts))
        rows = list(draw.pairs)
        shown_P[rows], swapped_P[rows], ctr_P2[rows] = opinion.shown_P, opinion.swapped_P, opinion.ctr_P2
    return PairOpinion(shown_P, swapped_P, ctr_P2)


def calibrated(model: RewardModel, held_out: PairSet) -> tuple[PairOpinion, dict[str, float]]:
    """Opinions of the held-out pairs, and their figures; no pair is measured at a temperature fitted to it.

    ``temperature`` is what all pairs together give, with the middle 95 % of what it may be.
    """
    opinion, truth_P = judge(model, held_out), truths(held_out)
    item_P = [pair.item for pair in held_out.pairs]
    odds_P, weight_P = (opinion.shown_P + opinion.swapped_P) / 2, independent(item_P, held_out.sides)
    fitted = fit_temperature(odds_P, truth_P, weight_P)
    figures = measure(opinion, held_out, cross_fitted(odds_P, truth_P, weight_P, item_P))
    return opinion, figures | {
        "temperature": fitted.value,
        "temperature_low": fitted.low,
        "temperature_high": fitted.high,
    }


def promise(opinion: PairOpinion, held_out: PairSet) -> float:
    """Log-loss at the temperature that suits these pairs best: what weights are chosen by, told to nobody.

    Chosen by a careful temperature, timid weights would be kept in the place of better ones.
    """
    truth_P = truths(held_out)
    fitted = fit_temperature((opinion.shown_P + opinion.swapped_P) / 2, truth_P, spread=math.inf)
    shown_P, swapped_P = opinion.probabilities(fitted.value)
    return judge_metrics.log_loss(judge_metrics.combine(shown_P, swapped_P), truth_P)


def measure(opinion: PairOpinion, held_out: PairSet, temperature_P: Floats | float) -> dict[str, float]:
    """Figures of the opinions against the truth that the pairs have; accuracy with a 95 % interval."""
    truth_P = truths(held_out)
    item_P = [pair.item for pair in held_out.pairs]
    shown_P, swapped_P = opinion.probabilities(temperature_P)
    p_P = judge_metrics.combine(shown_P, swapped_P)
    credit_P = judge_metrics.credit(p_P, truth_P)
    accuracy, (low, high) = float(credit_P.mean()), share_interval(credit_P, item_P)
    figures = {
        "pairs": float(len(item_P)),
        "items": float(len(set(item_P))),
        "accuracy": accuracy,
        "accuracy_low": low,
        "accuracy_high": high,
        "log_loss": judge_metrics.log_loss(p_P, truth_P),
        "ece": judge_metrics.calibration_error(p_P, truth_P),
        "order_agreement": judge_metrics.order_agreement(shown_P, swapped_P),
    }
    if all(pair.p_observed_left is not None for pair in held_out.pairs):
        figures["ceiling"] = ceiling = float(np.maximum(truth_P, 1 - truth_P).mean())
        share = judge_metrics.attainable(accuracy, ceiling)
        figures |= {} if share is None else {"attainable": share}
    errors = judge_metrics.ctr_errors(opinion.ctr_P2, rates(held_out))
    return figures | {name: value for name, value in errors.items() if value is not None}


def truths(held_out: PairSet) -> Floats:
    """P(left is observed higher) of each pair."""
    return np.array([pair.truth for pair in held_out.pairs], np.float64)


def rates(held_out: PairSet) -> Floats:
    """Rates [P, 2] of each pair's ads, NaN where unknown."""
    return np.array([[held_out.rate[left], held_out.rate[right]] for left, right in held_out.sides])


def log_spread(opinion: PairOpinion, held_out: PairSet) -> float | None:
    """Spread of log(rate / predicted rate) over held-out ads, so that exp(+-1.96 of it) is a 95 % interval.

    Their root mean square, widened for few items by Student's law; None where fewer than two tell.
    """
    ctr_P2 = rates(held_out)
    known = np.isfinite(ctr_P2) & (ctr_P2 > 0)
    items = {pair.item for pair, row in zip(held_out.pairs, known, strict=True) if row.any()}
    if len(items) < 2:
        return None
    error = np.log(ctr_P2[known]) - np.log(np.maximum(opinion.ctr_P2[known], 1e-4))
    count = len(items)
    widened = stats.t.ppf(0.975, count - 1) / stats.norm.ppf(0.975) * np.sqrt(1 + 1 / count)
    return float(np.sqrt(np.mean(error**2)) * widened)
