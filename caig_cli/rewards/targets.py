"""What a pair of ads teaches: which one is clicked more, how sure that is, and how often each is clicked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from caig_cli.records import Creative, Pair
from caig_cli.rewards.model import LEAST_RATE, CtrScale

LEAST = 1e-3
"""Weight of a pair that teaches nothing: a batch of such pairs still has a mean."""


@dataclass(frozen=True, slots=True)
class LabelPolicy:
    """How a click log is believed.

    ``soft_labels``: targets are posterior probabilities where the file has them, else 1 or 0.
    ``pair_weighting``: pairs count alike (none), by the ratio of their rates (gap), or by how sure the
    posterior is (confidence).
    ``prior``: Beta prior (a, b) that smooths observed rates; None takes them as they are.
    """

    soft_labels: bool = True
    pair_weighting: Literal["none", "gap", "confidence"] = "none"
    prior: tuple[float, float] | None = None

    def target(self, pair: Pair) -> float | None:
        """P(left is clicked more) to learn; None when the pair says nothing."""
        if pair.p_left is not None and (self.soft_labels or pair.target is None):
            return pair.p_left
        return None if pair.target is None else float(pair.target == "left")

    def weight(self, pair: Pair) -> float:
        """How much the pair counts; 1 where the file does not say what the weight is made of."""
        if self.pair_weighting == "confidence" and pair.p_left is not None:
            return max(LEAST, abs(2 * pair.p_left - 1))
        if self.pair_weighting == "gap" and pair.left.ctr and pair.right.ctr:
            return max(LEAST, abs(math.log(pair.left.ctr / pair.right.ctr)))
        return 1.0

    def rate(self, creative: Creative) -> float:
        """The ad's click-through rate, smoothed: (clicks + a) / (impressions + a + b); NaN when unknown."""
        if self.prior is not None and creative.clicks is not None and creative.impressions is not None:
            a, b = self.prior
            return (creative.clicks + a) / (creative.impressions + a + b)
        return math.nan if creative.ctr is None else creative.ctr


def fit_scale(rates: Sequence[float], *, log: bool = False) -> CtrScale:
    """Mean and standard deviation of the known rates or their logarithms; (0, 1) if fewer than two differ."""
    known = np.array([rate for rate in rates if math.isfinite(rate)])
    if len(known) < 2 or known.std() == 0:
        return CtrScale()
    if log:
        known = np.log(np.maximum(known, LEAST_RATE))
    return CtrScale(float(known.mean()), float(known.std()), log)
