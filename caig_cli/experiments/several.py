"""Many comparisons at once: corrected p-values, intervals that hold together, and Simpson's paradox."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from caig_cli.experiments.ratios import LogRatio

Floats = NDArray[np.float64]


def holm(p_H: Sequence[float]) -> list[float]:
    """Holm's p-values (Scand. J. Statistics 6, 1979): the chance of even one false alarm is kept, whatever
    the dependence between the hypotheses."""
    order = np.argsort(p_H)
    stepped = np.maximum.accumulate(np.asarray(p_H)[order] * np.arange(len(order), 0, -1))
    found = np.empty(len(order))
    found[order] = np.minimum(stepped, 1.0)
    return [float(p) for p in found]


def false_discovery(p_H: Sequence[float]) -> list[float]:
    """Benjamini and Hochberg's p-values (1995): the expected share of false alarms among alarms is kept."""
    return [float(p) for p in stats.false_discovery_control(p_H)] if p_H else []


def each_alpha(alpha: float, number: int) -> float:
    """Error of each of ``number`` intervals that hold together with error ``alpha`` (Sidak 1967: exact for
    independent ones, as of categories, and safe for normal ones)."""
    return -math.expm1(math.log1p(-alpha) / max(1, number))


@dataclass(frozen=True, slots=True)
class Simpson:
    """What comes out with all clicks in one heap, and within strata."""

    pooled: float
    """Lift of the sums of all clicks over all impressions."""
    stratified: float
    reversed: bool
    """Whether one is a gain and the other a loss."""
    sure: bool
    """Whether one of the two is more than chance."""


def simpson(clicks_2: Floats, shown_2: Floats, stratified: LogRatio) -> Simpson | None:
    """Simpson's check (JRSS B 13, 1951) of an arm [control, other] from its sums. None without clicks."""
    if clicks_2.min() <= 0:
        return None
    pooled = math.log(clicks_2[1] / shown_2[1] / (clicks_2[0] / shown_2[0]))
    error = math.sqrt(float((1 / clicks_2 - 1 / shown_2).sum()))
    against = pooled * stratified.value < 0
    sure = abs(pooled) > 1.96 * error or stratified.p < 0.05
    return Simpson(math.expm1(pooled), stratified.lift, against, against and sure)
