"""A trained reward model as a judge of pairs and of any number of ads of one product."""

from __future__ import annotations

import itertools
import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from PIL import Image

from caig_cli.data.creatives import open_creative
from caig_cli.engine.runtime import Runtime
from caig_cli.errors import ItemError
from caig_cli.records import Creative, Failure, Pair, Side, Verdict
from caig_cli.rewards.evaluation import both_orders
from caig_cli.rewards.facts import RewardFacts
from caig_cli.rewards.mllm import MllmReward
from caig_cli.rewards.model import RewardModel, encode
from caig_cli.rewards.storage import locate, read_reward

__all__ = ["Estimate", "Ranking", "TrainedJudge", "locate"]

BATCH = 64
"""Pairs that are compared together, each in both orders."""
TOKENS = 1 << 15
"""Tokens of all rows of such a batch, at most: rows of a large model are long."""
ROOM = 128 << 20
"""Bytes of looks that are remembered: all ads of a test set of thousands with an embedded model."""

AdKey = tuple[Path, Side | None]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A predicted click-through rate with a 95 % interval, from the errors on held-out ads."""

    rate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """Ads of one product compared each with each, in both orders; indices are those of the given ads."""

    wins: tuple[float, ...]
    """Mean probability that the ad is clicked more than another one; one half where there is no other."""

    ctr: tuple[Estimate | None, ...]
    """Predicted click-through rates, None where the model has not learnt any."""

    order: tuple[int, ...]
    """Indices from the ad that is predicted to be clicked most."""

    margins: tuple[float, ...] = ()
    """Mean log-odds of being clicked more than another one."""


class TrainedJudge:
    """A reward model with its wording and calibration; it remembers the newest looks, ``room`` bytes."""

    def __init__(self, name: str, model: RewardModel, facts: RewardFacts, room: int = ROOM) -> None:
        self.name, self.simulated, self.log = name, facts.simulated, facts.log
        self.model, self.facts = model, facts
        self._wording = facts.wording
        self._features = _Memory(room)

    @classmethod
    def load(cls, source: str, runtime: Runtime) -> Self:
        """``embedded``, ``heldout``, or a folder made by ``caig train-rm``. Raises UsageError without one."""
        return cls(source, *read_reward(locate(source), runtime))

    def judge(self, pairs: Sequence[Pair]) -> list[Verdict | Failure]:
        """A verdict on each pair, in order; a Failure where an ad cannot be opened.

        Both orders are one batch, an ad is looked at once, and a verdict does not depend on its batch.
        """
        answers: dict[int, Verdict | Failure] = {}
        texts = [self._wording.text(pair) for pair in pairs]
        # Like lengths together, and the pairs of an item, which share their text and their ads.
        order = sorted(range(len(pairs)), key=lambda n: (len(texts[n]), texts[n]))
        size = together(self.model, texts)
        for start in range(0, len(order), size):
            chunk = order[start : start + size]
            features, faults = self._see([c for n in chunk for c in (pairs[n].left, pairs[n].right)])
            whole = []
            for n in chunk:
                fault = faults.get(_key(pairs[n].left)) or faults.get(_key(pairs[n].right))
                if fault is None:
                    whole.append(n)
                else:
                    answers[n] = Failure(pairs[n].id, fault)
            if whole:
                place = {key: number for number, key in enumerate(features)}
                sides = [(place[_key(pairs[n].left)], place[_key(pairs[n].right)]) for n in whole]
                seen = torch.stack(list(features.values()))
                verdicts = self._verdicts(seen, sides, [texts[n] for n in whole])
                answers |= zip(whole, verdicts, strict=True)
        return [answers[n] for n in range(len(pairs))]

    @property
    def has_relevance(self) -> bool:
        """Whether the model has a concept of backgrounds that suit their product."""
        return self.model.concepts is not None and self.model.concepts.has_relevance

    @torch.no_grad()
    def suits(self, ads: Sequence[Creative]) -> list[float]:
        """Probability that each ad's background suits its product, by that concept.

        Raises ItemError where an ad cannot be opened.
        """
        assert self.model.concepts is not None
        features, faults = self._see(ads)
        if faults:
            raise ItemError(next(iter(faults.values())))
        seen = torch.stack([features[_key(ad)] for ad in ads])
        return [float(p) for p in self.model.concepts.p_suits(seen)]

    def rank(
        self, images: Sequence[Image.Image], caption: str | None, attributes: Mapping[str, str]
    ) -> Ranking:
        """Compare ads of one product with each other; ties keep the given order."""
        features = encode(self.model, images)
        count = len(images)
        text = self._wording.tell(caption, attributes)
        # Alone, an ad is compared with itself: that says nothing of winning, but what rate to expect.
        comparisons = list(itertools.combinations(range(count), 2)) or [(0, 0)] * count
        won, rates, odds = np.zeros((count, 2)), np.zeros((count, 2)), np.zeros(count)
        size = together(self.model, [text])
        for start in range(0, len(comparisons), size):
            chunk = comparisons[start : start + size]
            verdicts = self._verdicts(features, chunk, [text] * len(chunk))
            for (a, b), verdict in zip(chunk, verdicts, strict=True):
                won[a] += verdict.p_left, 1
                won[b] += 1 - verdict.p_left, 1
                odds[[a, b]] += np.array([1, -1]) * log_odds(verdict.p_left)
                for ad, rate in zip((a, b), verdict.ctr or (math.nan, math.nan), strict=True):
                    rates[ad] += rate, 1
        wins = [float(sum_ / n) for sum_, n in won]
        ctr = tuple(self._estimate(float(sum_ / n)) for sum_, n in rates)
        margins = tuple((odds / max(1, count - 1)).tolist())
        return Ranking(tuple(wins), ctr, tuple(sorted(range(count), key=lambda n: -wins[n])), margins)

    def _verdicts(
        self, features_I: torch.Tensor, sides: Sequence[tuple[int, int]], texts: list[str]
    ) -> list[Verdict]:
        left_P, right_P = torch.tensor(sides, device=features_I.device).unbind(1)
        opinion = both_orders(self.model, features_I, left_P, right_P, texts)
        shown_P, swapped_P = opinion.probabilities(self.facts.temperature)
        has_ctr = self.facts.ctr_log_spread is not None
        rates = np.clip(opinion.ctr_P2, 0.0, 1.0).tolist() if has_ctr else [None] * len(texts)
        return [
            Verdict(shown, swapped, None if rate is None else (rate[0], rate[1]))
            for shown, swapped, rate in zip(shown_P.tolist(), swapped_P.tolist(), rates, strict=True)
        ]

    def _estimate(self, rate: float) -> Estimate | None:
        if self.facts.ctr_log_spread is None:
            return None
        factor = math.exp(1.96 * self.facts.ctr_log_spread)
        return Estimate(rate, rate / factor, min(1.0, rate * factor))

    def _see(self, ads: Sequence[Creative]) -> tuple[dict[AdKey, torch.Tensor], dict[AdKey, str]]:
        """Looks at the ads of a batch, and why the others have none."""
        features: dict[AdKey, torch.Tensor] = {}
        faults: dict[AdKey, str] = {}
        images: dict[AdKey, Image.Image] = {}
        for key, creative in {_key(creative): creative for creative in ads}.items():
            known = self._features.get(key)
            if known is not None:
                features[key] = known
                continue
            try:
                images[key] = open_creative(creative)
            except ItemError as error:
                faults[key] = str(error)
        if images:
            for key, seen in zip(images, encode(self.model, list(images.values())), strict=True):
                features[key] = seen
                self._features.put(key, seen)
        return features, faults


def log_odds(probability: float) -> float:
    """Of a probability, kept finite."""
    safe = min(1 - 1e-6, max(1e-6, probability))
    return math.log(safe / (1 - safe))


def together(model: RewardModel, texts: Sequence[str]) -> int:
    """Pairs that are compared together under texts like these."""
    if not isinstance(model, MllmReward):
        return BATCH
    longest = model.length(max(texts, key=len, default=""))
    return max(1, min(BATCH, TOKENS // (2 * longest)))


class _Memory:
    """The newest looks, up to a number of bytes."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._kept: OrderedDict[AdKey, torch.Tensor] = OrderedDict()

    def get(self, key: AdKey) -> torch.Tensor | None:
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def put(self, key: AdKey, value: torch.Tensor) -> None:
        # A copy: a row of a batch would keep the whole batch alive.
        self._kept[key] = value.clone()
        self._room -= value.nbytes
        while self._room < 0:
            _, oldest = self._kept.popitem(last=False)
            self._room += oldest.nbytes


def _key(creative: Creative) -> AdKey:
    return creative.image, creative.half
