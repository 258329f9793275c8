"""Chooses pairs of ads from a click log: the filters, in the order in which they are applied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import Field

from caig_cli.errors import UsageError
from caig_cli.recipe import Section
from caig_cli.records import Creative, Pair, Side

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from caig_cli.clicks.facts import Facts
    from caig_cli.clicks.log import ClickLog, Ints
    from caig_cli.clicks.posteriors import Prior
    from caig_cli.clicks.selection import Floats
    from caig_cli.engine.report import Reporter

Positive = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Ratio = Annotated[float, Field(ge=1, allow_inf_nan=False)]
Probability = Annotated[float, Field(ge=0, le=1)]


class FilterSection(Section):
    """Which pairs of ads are worth learning from; the official filter is the default."""

    min_impressions: Annotated[int, Field(ge=0)] = 1000
    """Impressions that both ads must exceed."""

    min_ratio: Ratio = 1.05
    """Higher rate over lower rate, at least."""

    max_ratio: Ratio | None = 1.20
    """Higher rate over lower rate, at most; empty for no limit."""

    min_gap: Positive = 0.0
    """Difference of the two rates, at least; 0.001 is a tenth of a per cent."""

    max_gap: Positive | None = None
    """Difference of the two rates, at most; empty for no limit."""

    min_confidence: Probability = 0.0
    """Probability that the winner is truly better, given the log, at least."""

    prior: str = "2.04,54.06"
    """Beta prior of click-through rates: ALPHA,BETA; fit, most likely given the logs; or items, fitted around
    each item's own rate, which is honest where ads of one item are alike."""

    window_days: Annotated[int, Field(ge=1)] | None = None
    """Days of a window over which the order must hold; empty does not ask for it."""

    min_stability: Probability = 1.0
    """Share of the windows in which the winner must be ahead, of those in which one of the two is."""


@dataclass(frozen=True, slots=True)
class CreativeArrays:
    """What is known of each creative [C]."""

    log: ClickLog
    impressions_C: Ints | Floats
    """Effective ones where they are weighed."""
    clicks_C: Ints | Floats
    observed_C: Floats
    """Clicks over impressions, 0 where never shown."""
    true_C: Floats | None
    """True rates, if the truth is given; not a number where it says nothing."""
    prior: Prior
    """One for all, or one for each creative."""

    def rates(self) -> Floats:
        """The rates by which pairs are chosen, float64 [C]."""
        return self.observed_C if self.true_C is None else self.true_C

    def columns(self) -> tuple[Sequence[str | None], list[int], list[int], list[float]]:
        """Pictures, impressions, clicks and rates, each [C]; counts are whole also where they are weighed."""
        import numpy as np

        impressions, clicks = (np.rint(of).astype(np.int64) for of in (self.impressions_C, self.clicks_C))
        return self.log.path_C, impressions.tolist(), clicks.tolist(), self.rates().tolist()


@dataclass(frozen=True, slots=True)
class Chosen:
    """The pairs that are kept [P], ordered by item, and how many others fell for each reason."""

    high_P: Ints
    """Creative with the higher rate."""
    low_P: Ints
    p_P: Floats
    """Probability that the first is truly better, given the log."""
    q_P: Floats | None
    """Probability that the first is observed higher, given the truth."""
    picture_C: Ints
    """A number for each creative of a pair that it shares with those of the same image bytes: of its own
    item, or of all."""
    fallen: Counter[str]


def choose(
    material: CreativeArrays, limits: FilterSection, report: Reporter, *, across_items: bool = True
) -> Chosen:
    """The pairs that pass every filter. Raises UsageError where a filter cannot be applied.

    ``across_items`` asks which items share a picture, which only a split has to know.
    """
    import numpy as np

    from caig_cli.clicks.posteriors import probability_higher, q_observed_higher
    from caig_cli.clicks.selection import RateLimits, candidate_pairs, stability

    log, rate = material.log, material.rates()
    clicks, shown = material.clicks_C, material.impressions_C
    gates = {
        "image not usable": np.array([path is not None for path in log.path_C], np.bool_),
        "true rate not known": ~np.isnan(rate),
        "too few impressions": shown > limits.min_impressions,
        "no clicks": rate > 0,
    }
    apart = RateLimits(limits.min_ratio, limits.max_ratio, limits.min_gap, limits.max_gap)
    high, low, fallen = candidate_pairs(log.contests(), rate, gates, apart)

    def keep(passes_P: NDArray[np.bool_], reason: str) -> None:
        nonlocal high, low
        fallen[reason] += int((~passes_P).sum())
        high, low = high[passes_P], low[passes_P]

    if limits.window_days is not None:
        if "" in log.days:
            raise UsageError("filter.window_days: the log has rows without a day; leave it out or add days")
        keep(stability(log, high, low, limits.window_days) >= limits.min_stability, "order not stable")
    p = probability_higher(
        clicks[high], shown[high], clicks[low], shown[low], material.prior.at(high.astype(np.int64))
    )
    sure = p >= limits.min_confidence
    keep(sure, "winner not sure")
    picture = _pictures(material, high, low, across_items, report)
    differ = picture[high] != picture[low]
    keep(differ, "same picture twice")
    q = None if material.true_C is None else q_observed_higher(rate[high], shown[high], rate[low], shown[low])
    return Chosen(high, low, p[sure][differ], q, picture, fallen)


class ChosenPair(NamedTuple):
    """A pair that is kept, its ads by their numbers."""

    id: str
    item: str
    left: int
    right: int
    target: Side | None
    p_left: float
    p_observed_left: float | None


def in_order(material: CreativeArrays, chosen: Chosen, of: Ints, seed: int) -> Iterator[ChosenPair]:
    """The pairs numbered ``of``, in order; the better ad is left in half of them, by the seed."""
    import numpy as np

    log = material.log
    item_P = log.item_C[chosen.high_P]
    number_P = np.arange(len(item_P)) - np.searchsorted(item_P, item_P) + 1  # within the item
    drawn_P = np.zeros(len(item_P), np.int64)
    drawn_P[of] = np.random.default_rng(seed).permutation(len(of))
    observed = material.observed_C.tolist()
    columns = (chosen.high_P, chosen.low_P, chosen.p_P, item_P, number_P, drawn_P % 2 == 0)
    q_P = [None] * len(of) if chosen.q_P is None else chosen.q_P[of].tolist()
    for left, right, p, of_item, number, is_left, q in zip(
        *(column[of].tolist() for column in columns), q_P, strict=True
    ):
        if not is_left:
            left, right, p, q = right, left, 1 - p, None if q is None else 1 - q
        item, target = log.items[of_item], _target(observed[left], observed[right])
        rounded = None if q is None else round(q, 6)
        yield ChosenPair(f"{item}-{number}", item, left, right, target, round(p, 6), rounded)


def as_pairs(
    material: CreativeArrays, pairs: Iterable[ChosenPair], facts: Mapping[str, Facts]
) -> Iterator[Pair]:
    """Chosen pairs as records."""
    from caig_cli.clicks.facts import Facts

    unknown = Facts()
    columns = material.columns()
    creative = lru_cache(maxsize=1 << 12)(partial(_creative, *columns))  # pairs of an item follow each other
    for pair in pairs:
        about = facts.get(pair.item, unknown)
        yield Pair(
            id=pair.id,
            item=pair.item,
            left=creative(pair.left),
            right=creative(pair.right),
            target=pair.target,
            p_left=pair.p_left,
            p_observed_left=pair.p_observed_left,
            caption=about.caption,
            attributes=about.attributes,
            category=about.category,
        )


def _creative(
    images: Sequence[str | None], impressions_C: Sequence[int], clicks_C: Sequence[int],
    rate_C: Sequence[float], creative: int,
) -> Creative:  # fmt: skip
    image = images[creative]
    assert image is not None, "a creative without an image is in no pair"
    return Creative(Path(image), impressions_C[creative], clicks_C[creative], rate_C[creative])


def _target(left: float, right: float) -> Side | None:
    """The side observed higher; where pairs are chosen by true rates it may be neither."""
    return None if left == right else "left" if left > right else "right"


def _pictures(
    material: CreativeArrays, high_P: Ints, low_P: Ints, across_items: bool, report: Reporter
) -> NDArray[np.int64]:
    """See ``Chosen.picture_C``."""
    import numpy as np

    from caig_cli.clicks.image_files import digests, file_sizes

    used = np.unique(np.concatenate([high_P, low_P]))
    paths = [path for creative in used.tolist() if (path := material.log.path_C[creative]) is not None]
    size_C = np.full(len(material.log.path_C), -1, np.int64)
    size_C[used] = file_sizes(paths)
    picture_C = np.full(len(size_C), -1, np.int64)
    picture_C[used] = np.arange(len(used))
    alike_C = np.zeros(len(size_C), np.bool_)  # has the size of another file that it is compared with
    if across_items:
        _, group, count = np.unique(size_C[used], return_inverse=True, return_counts=True)
        alike_C[used] = count[group] > 1
    else:
        alike_P = size_C[high_P] == size_C[low_P]
        alike_C[high_P[alike_P]] = alike_C[low_P[alike_P]] = True
    read = np.flatnonzero(alike_C)
    if not len(read):
        return picture_C
    paths = [str(material.log.path_C[creative]) for creative in read.tolist()]
    with report.progress("images compared", len(set(paths))) as bar:
        digest = digests(paths, size_C[read].tolist(), advance=bar.advance)
    number: dict[str, int] = {}
    picture_C[read] = [
        number.setdefault(digest[path], int(picture_C[one]))
        for path, one in zip(paths, read.tolist(), strict=True)
    ]
    return picture_C
