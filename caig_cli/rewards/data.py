"""Pairs of ads to batches: whole items together, each ad of a batch once, texts of like length together.

Everything is a function of (seed, epoch, position): a resumed run sees just what an uninterrupted one sees.

Legend of shape names: P pairs of a batch, I its ads.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch

from caig_cli.engine.report import Reporter
from caig_cli.engine.runtime import derive_seed
from caig_cli.errors import ItemError
from caig_cli.records import Failure, Pair
from caig_cli.rewards.feature_cache import FeatureCache, NumberedAds
from caig_cli.rewards.model import RewardModel
from caig_cli.rewards.question_template import QuestionTemplate
from caig_cli.rewards.targets import LabelPolicy

WINDOW = 16
"""Batches' worth of items that are grouped by length together: enough to save padding, still well mixed."""
BUCKET = 24
"""Texts whose lengths in characters differ by less than this count as alike."""

Swap = Literal["none", "random", "both"]
"""Order-swap augmentation: ``random`` turns half of the pairs round, others in each epoch; ``both`` shows
each pair in both orders in the same batch."""


@dataclass(frozen=True, slots=True)
class Draw:
    """One batch to be: its pairs, which of them are swapped, and the number behind its chances.

    Without a seed nothing is left to chance: ads as they are, the first question of the pool.
    """

    pairs: tuple[int, ...]
    swapped: tuple[bool, ...]
    seed: int | None

    @property
    def both_orders(self) -> bool:
        """Whether the second half of the pairs is the first half, swapped."""
        half = len(self.pairs) // 2
        return (
            half > 0
            and self.pairs == 2 * self.pairs[:half]
            and self.swapped == (False,) * half + (True,) * half
        )


@dataclass(frozen=True, slots=True)
class PairBatch:
    """The tensors of a batch. Its ads are ``features`` (from the cache), then ``pixels`` (to be encoded).

    Pair p compares ads ``left_P[p]`` and ``right_P[p]``; ad i is of item ``item_I[i]`` of ``items`` and has
    the rate ``rate_I[i]`` (NaN: unknown). ``p_left_P`` is the target and ``weight_P`` what it counts. With
    ``both_orders`` the second half of the pairs is the first half with their sides swapped.
    """

    features: torch.Tensor | None
    pixels: torch.Tensor | None
    left_P: torch.Tensor
    right_P: torch.Tensor
    texts: tuple[str, ...]
    p_left_P: torch.Tensor
    weight_P: torch.Tensor
    rate_I: torch.Tensor
    item_I: torch.Tensor
    items: int
    both_orders: bool

    def to(self, device: torch.device) -> PairBatch:
        """The same on another device."""
        values = ((name, getattr(self, name)) for name in self.__slots__)
        moved: dict[str, Any] = {n: v.to(device) for n, v in values if isinstance(v, torch.Tensor)}
        return replace(self, **moved)

    def encode(self, model: RewardModel) -> torch.Tensor:
        """Features [I, ...] of all ads of the batch."""
        parts = [] if self.features is None else [self.features]
        if self.pixels is not None:
            parts.append(model.features(self.pixels))
        return torch.cat(parts) if len(parts) > 1 else parts[0]

    def pair_rates(self) -> torch.Tensor:
        """Rates [P, 2] of the left and the right ad of each pair."""
        return torch.stack([self.rate_I[self.left_P], self.rate_I[self.right_P]], dim=1)


class PairSet:
    """Pairs that have a target, and the batches of any epoch."""

    def __init__(
        self,
        pairs: Sequence[Pair],
        teaching: LabelPolicy,
        wording: QuestionTemplate,
        cache: FeatureCache,
        size: int,
        *,
        mixed: bool = False,
    ) -> None:
        """``size``: pairs of a batch, at most. ``mixed`` spreads an item's pairs over many batches, so that a
        batch tells of many items; otherwise whole items stay together, as list-wise losses need it.
        """
        self.mixed = mixed
        self.pairs, self.wording, self.cache, self.size = list(pairs), wording, cache, size
        self.sides = [(cache.ads.number(p.left), cache.ads.number(p.right)) for p in pairs]
        self._target = [teaching.target(pair) for pair in pairs]
        self._weight = [teaching.weight(pair) for pair in pairs]
        self.rate: dict[int, float] = {}
        self._items: dict[str, list[int]] = defaultdict(list)
        for number, (pair, (left, right)) in enumerate(zip(pairs, self.sides, strict=True)):
            self.rate.setdefault(left, teaching.rate(pair.left))
            self.rate.setdefault(right, teaching.rate(pair.right))
            self._items[pair.item].append(number)

    @property
    def knows_rates(self) -> bool:
        """Whether any ad's click-through rate is known."""
        return any(math.isfinite(rate) for rate in self.rate.values())

    def epoch(self, seed: int, epoch: int, swap: Swap) -> list[Draw]:
        """One pass over all pairs in a new order, turned round as ``swap`` says."""
        rng = random.Random(derive_seed(seed, "epoch", epoch))
        chunks = []
        for numbers in self._items.values():
            drawn = rng.sample(numbers, len(numbers))
            chunks += self._disjoint(drawn) if self.mixed else self._split(drawn)
        rng.shuffle(chunks)
        window = WINDOW * max(1, self.size // max(map(len, chunks)))
        batches: list[list[int]] = []
        for start in range(0, len(chunks), window):
            batches += self._pack(sorted(chunks[start : start + window], key=self._bucket))
        rng.shuffle(batches)
        draws = []
        for n, batch in enumerate(batches):
            turned = [swap == "random" and rng.random() < 0.5 for _ in batch]
            if swap == "both":
                batch, turned = batch + batch, turned + [True] * len(batch)
            draws.append(Draw(tuple(batch), tuple(turned), derive_seed(seed, epoch, n)))
        return draws

    def in_order(self) -> list[Draw]:
        """One pass for judging: nothing is turned round or left to chance, like texts are together."""
        chunks = [chunk for numbers in self._items.values() for chunk in self._split(numbers)]
        batches = self._pack(sorted(chunks, key=self._bucket))
        return [Draw(tuple(batch), (False,) * len(batch), None) for batch in batches]

    def collate(self, draw: Draw) -> PairBatch:
        """The tensors of a batch."""
        rng = None if draw.seed is None else random.Random(draw.seed)
        sides = [
            self.sides[n][::-1] if swapped else self.sides[n]
            for n, swapped in zip(draw.pairs, draw.swapped, strict=True)
        ]
        item_of = {ad: self.pairs[n].item for n, pair in zip(draw.pairs, sides, strict=True) for ad in pair}
        shown = self.cache.show(list(item_of), rng)
        place = {ad: number for number, ad in enumerate(shown.ads)}
        items = {item: number for number, item in enumerate(dict.fromkeys(item_of.values()))}
        draws = [0 if rng is None else rng.randrange(2**16) for _ in draw.pairs]
        return PairBatch(
            features=shown.features,
            pixels=shown.pixels,
            left_P=torch.tensor([place[left] for left, _ in sides]),
            right_P=torch.tensor([place[right] for _, right in sides]),
            texts=tuple(
                self.wording.text(self.pairs[n], asked) for n, asked in zip(draw.pairs, draws, strict=True)
            ),
            p_left_P=torch.tensor(
                [self._p_left(n, s) for n, s in zip(draw.pairs, draw.swapped, strict=True)]
            ),
            weight_P=torch.tensor([self._weight[n] for n in draw.pairs]),
            rate_I=torch.tensor([self.rate[ad] for ad in shown.ads]),
            item_I=torch.tensor([items[item_of[ad]] for ad in shown.ads]),
            items=len(items),
            both_orders=draw.both_orders,
        )

    def _p_left(self, number: int, swapped: bool) -> float:
        p_left = self._target[number]
        if p_left is None:  # judged, but not learnt from
            return 0.5
        return 1 - p_left if swapped else p_left

    def _split(self, numbers: Sequence[int]) -> list[list[int]]:
        """An item's pairs in parts that fit into a batch."""
        return [list(numbers[i : i + self.size]) for i in range(0, len(numbers), self.size)]

    def _disjoint(self, numbers: Sequence[int]) -> list[list[int]]:
        """An item's pairs in parts in which no ad comes twice: each look at an ad teaches something new."""
        chunks: list[list[int]] = []
        seen: list[set[int]] = []
        for number in numbers:
            ads = set(self.sides[number])
            home = next((k for k, known in enumerate(seen) if not known & ads), None)
            if home is None or len(chunks[home]) >= self.size:
                chunks.append([number])
                seen.append(ads)
            else:
                chunks[home].append(number)
                seen[home] |= ads
        return chunks

    def _pack(self, chunks: Sequence[list[int]]) -> list[list[int]]:
        """Consecutive parts of items into batches."""
        batches: list[list[int]] = []
        for chunk in chunks:
            if batches and len(batches[-1]) + len(chunk) <= self.size:
                batches[-1] += chunk
            else:
                batches.append(list(chunk))
        return batches

    def _bucket(self, chunk: Sequence[int]) -> int:
        return len(self.wording.text(self.pairs[chunk[0]])) // BUCKET


def usable(pairs: Sequence[Pair], ads: NumberedAds, report: Reporter) -> tuple[list[Pair], list[Failure]]:
    """Those whose ads can be opened; opening them now also keeps them."""
    kept: list[Pair] = []
    failed: list[Failure] = []
    faults: dict[int, str | None] = {}
    with report.progress("reading ads", len(pairs)) as bar:
        for pair in pairs:
            bar.advance()
            numbers = [ads.number(creative) for creative in (pair.left, pair.right)]
            for number in numbers:
                if number not in faults:
                    faults[number] = _fault(ads, number)
            fault = next((faults[n] for n in numbers if faults[n] is not None), None)
            if fault is None:
                kept.append(pair)
            else:
                failed.append(Failure(pair.id, fault))
    return kept, failed


def _fault(ads: NumberedAds, number: int) -> str | None:
    try:
        ads.picture(number)
    except ItemError as error:
        return str(error)
    return None
