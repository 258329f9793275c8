"""Which creatives make a pair, and who of them must stay together: arrays in, arrays out.

Legend of shape names: C creatives, P pairs, I items, R rows of the log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from caig_cli.clicks.log import ClickLog, Ints
from caig_cli.errors import DataError

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

MAX_CREATIVES = 3_000
"""Most creatives of one item; above, the column of items is hardly one of items."""

MAX_PAIRS = 20_000_000
"""Most pairs that are kept: they are held in memory."""

SPLITS = ("train", "validation", "test")

_AT_ONCE = 500_000  # pairs looked at together
_ROUNDING = 1e-9  # relative: 0.06 / 0.05 is 1.2, whatever the floats say


@dataclass(frozen=True, slots=True)
class RateLimits:
    """How far apart two rates must be and may be; None is no limit."""

    min_ratio: float
    max_ratio: float | None
    min_gap: float
    max_gap: float | None

    def too_close(self, high: Floats, low: Floats) -> Bools:
        """Where rates are equal, or nearer to each other than asked."""
        below = 1 - _ROUNDING
        small = (high / low < self.min_ratio * below) | (high - low < self.min_gap * below)
        return np.asarray(small | (high == low), np.bool_)

    def too_far(self, high: Floats, low: Floats) -> Bools:
        """Where rates are further apart than asked."""
        above = 1 + _ROUNDING
        far = np.zeros(high.shape, np.bool_)
        if self.max_ratio is not None:
            far |= high / low > self.max_ratio * above
        if self.max_gap is not None:
            far |= high - low > self.max_gap * above
        return far


def candidate_pairs(
    item_C: Ints, rate_C: Floats, gates: Mapping[str, Bools], limits: RateLimits
) -> tuple[Ints, Ints, Counter[str]]:
    """Pairs of an item's creatives: the one with the higher rate [P], the other [P], and why others fell.

    ``gates`` says for each reason which creatives pass, bool [C]; a pair that fails several is counted
    under the first. Pairs are ordered by item and creative. Raises DataError where they are too many.
    """
    fallen: Counter[str] = Counter()
    passed = np.ones(len(item_C), np.bool_)
    pairs = _number(item_C)
    for reason, gate in gates.items():
        passed &= gate
        left = _number(item_C[passed])
        fallen[reason] += pairs - left
        pairs = left
    kept_high, kept_low, kept = [np.empty(0, np.int64)], [np.empty(0, np.int64)], 0
    for one, other in _pairs_of_items(item_C, np.flatnonzero(passed)):
        ahead = rate_C[one] >= rate_C[other]
        high, low = np.where(ahead, one, other), np.where(ahead, other, one)
        close = limits.too_close(rate_C[high], rate_C[low])
        far = limits.too_far(rate_C[high], rate_C[low]) & ~close
        fallen["rates too close"] += int(close.sum())
        fallen["rates too far apart"] += int(far.sum())
        keep = ~(close | far)
        kept_high.append(high[keep])
        kept_low.append(low[keep])
        kept += int(keep.sum())
        if kept > MAX_PAIRS:
            raise DataError(f"more than {MAX_PAIRS} pairs; narrow the ratio or raise the impressions")
    high, low = np.concatenate(kept_high), np.concatenate(kept_low)
    order = np.lexsort((np.maximum(high, low), np.minimum(high, low), item_C[high]))
    return high[order], low[order], fallen


def stability(log: ClickLog, high_P: Ints, low_P: Ints, window_days: int) -> Floats:
    """Share of the windows of days in which a pair's order is that of the whole log, float64 [P].

    A window is ``window_days`` successive days of the log; those in which not both ads were shown, or
    neither was ahead, do not count. 0 where none counts.
    """
    window_R = log.day_R // window_days
    rows = np.argsort(window_R, kind="stable")
    edges = np.searchsorted(window_R[rows], np.arange(window_R.max(initial=-1) + 2))
    wins, losses = np.zeros(len(high_P)), np.zeros(len(high_P))
    for start, end in pairwise(edges.tolist()):
        of = log.creative_R[rows[start:end]]
        shown_C, clicks_C = (
            np.bincount(of, values[rows[start:end]], len(log.image_C))
            for values in (log.impressions_R, log.clicks_R)
        )
        rate_C = np.divide(clicks_C, shown_C, out=np.full(len(shown_C), np.nan), where=shown_C > 0)
        wins += rate_C[high_P] > rate_C[low_P]
        losses += rate_C[high_P] < rate_C[low_P]
    return wins / np.maximum(wins + losses, 1)


def units(item_P: Ints, picture_P: Ints, other_picture_P: Ints) -> Ints:
    """For each pair the item that stands for its unit, int64 [P]: items that share a picture are one."""
    parent = {item: item for item in item_P.tolist()}

    def root(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    owner: dict[int, int] = {}
    shows = np.concatenate([picture_P, other_picture_P]).tolist()
    for item, picture in zip(item_P.tolist() * 2, shows, strict=True):
        one, other = root(item), root(owner.setdefault(picture, item))
        parent[max(one, other)] = min(one, other)
    return np.array([root(item) for item in item_P.tolist()], np.int64)


def share_out(drawn: Sequence[int], validation: float, test: float) -> dict[int, str]:
    """Split of each unit, given all of them in random order; shares are of their number, rounded."""
    for_test, for_validation = round(test * len(drawn)), round(validation * len(drawn))
    names = ["test"] * for_test + ["validation"] * for_validation
    names += ["train"] * (len(drawn) - len(names))
    return dict(zip(drawn, names, strict=False))


def _number(item_C: Ints) -> int:
    """How many pairs there are within items."""
    counts = np.bincount(item_C) if len(item_C) else np.zeros(0, np.int64)
    return int((counts * (counts - 1) // 2).sum())


def _pairs_of_items(item_C: Ints, creatives: Ints) -> Iterator[tuple[Ints, Ints]]:
    """All pairs within items, some items at once: those with the same number of creatives."""
    creatives = creatives[np.argsort(item_C[creatives], kind="stable")]
    _, starts, counts = np.unique(item_C[creatives], return_index=True, return_counts=True)
    for count in np.unique(counts[counts > 1]).tolist():
        if count > MAX_CREATIVES:
            raise DataError(f"an item has {count} creatives above the filter; check the column of items")
        first, second = np.triu_indices(count, 1)
        alike = starts[counts == count]
        for part in np.array_split(alike, 1 + len(alike) * len(first) // _AT_ONCE):
            yield creatives[part[:, None] + first].ravel(), creatives[part[:, None] + second].ravel()
