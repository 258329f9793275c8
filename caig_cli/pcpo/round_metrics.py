"""Figures of a round from prompts and verdicts, and when to stop. No torch."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from caig_cli.intervals import ratio_interval, share_interval
from caig_cli.market.known import Oracle
from caig_cli.pcpo.config import EvalSection
from caig_cli.records import Product, Verdict

UNDECIDED = 1e-6
"""A probability this close to one half is no decision: an ad against itself."""
COMPARED = 200
"""Prompts that are compared with each other for self-BLEU, at most."""
ORDER = 4
"""Longest run of words that self-BLEU counts."""

Figures = dict[str, float | None]


def win_rate(verdicts: Sequence[Verdict]) -> float | None:
    """Share of pairs of which the left ad wins, both orders together; a tie counts half."""
    if not verdicts:
        return None
    return sum(_win(verdict.p_left) for verdict in verdicts) / len(verdicts)


def win_interval(verdicts_of: Mapping[str, Sequence[Verdict] | None]) -> tuple[float, float] | None:
    """95 % interval of the win rate; pairs of one product count as one sample. None without a verdict."""
    wins = [(_win(v.p_left), product) for product, some in verdicts_of.items() for v in some or ()]
    if not wins:
        return None
    credit_P, item_P = zip(*wins, strict=True)
    low, high = share_interval(np.asarray(credit_P), item_P)
    return low, high


def _win(p: float) -> float:
    return 0.5 if abs(p - 0.5) <= UNDECIDED else float(p > 0.5)


def worth(
    products: Sequence[Product], prompts: Mapping[str, Sequence[str]], oracle: Oracle | None
) -> Figures:
    """Share of prompts whose background suits the product, and mean true CTR; None off the market."""
    if oracle is None or not products:
        return {"match": None, "ctr_true": None}
    item_P = [product.id for product in products for _ in prompts[product.id]]
    found = [oracle.worth(product.id, text) for product in products for text in prompts[product.id]]
    match_P, rate_P = (np.array([float(getattr(one, key)) for one in found]) for key in ("match", "ctr"))
    rates = ratio_interval(rate_P, np.ones(len(rate_P)), item_P) or (None, None)
    return {
        "match": float(match_P.mean()),
        **ends("match", share_interval(match_P, item_P)),
        "ctr_true": float(rate_P.mean()),
        **ends("ctr_true", rates),
    }


def ends(name: str, interval: Sequence[float | None] | None) -> Figures:
    """An interval as two figures beside the one that it is of."""
    low, high = interval or (None, None)
    return {f"{name}_low": low, f"{name}_high": high}


def diversity(prompts: Mapping[str, Sequence[str]]) -> Figures:
    """Share of all prompts that no other one repeats, and self-BLEU over products."""
    everything = [text for texts in prompts.values() for text in texts]
    if not everything:
        return {"distinct": None, "self_bleu": None}
    return {"distinct": len(set(everything)) / len(everything), "self_bleu": self_bleu(everything[:COMPARED])}


def self_bleu(texts: Sequence[str]) -> float:
    """Mean over texts of the n-gram precision against all others together: 0 all different, 1 all alike.

    Geometric mean of clipped precisions for n = 1 to 4 (Zhu et al. 2018, Texygen), without a length penalty.
    """
    if len(texts) < 2:
        return 0.0
    words = [re.findall(r"\w+", text.lower()) for text in texts]
    scores: list[float] = [1.0] * len(texts)
    for n in range(1, ORDER + 1):
        counts = [Counter(zip(*(some[k:] for k in range(n)), strict=False)) for some in words]
        first, second = _two_largest(counts)
        for number, own in enumerate(counts):
            total = own.total()
            others = {gram: second[gram] if own[gram] == first[gram] else first[gram] for gram in own}
            hits = sum(min(count, others[gram]) for gram, count in own.items())
            scores[number] *= hits / total if total else 0.0
    return math.fsum(score ** (1 / ORDER) for score in scores) / len(scores)


def _two_largest(counts: Sequence[Counter[tuple[str, ...]]]) -> tuple[Counter[tuple[str, ...]], ...]:
    """Of each gram the largest count in a text, and the largest in the others."""
    first: Counter[tuple[str, ...]] = Counter()
    second: Counter[tuple[str, ...]] = Counter()
    for own in counts:
        for gram, count in own.items():
            if count > first[gram]:
                first[gram], second[gram] = count, first[gram]
            elif count > second[gram]:
                second[gram] = count
    return first, second


def why_refused(row: Mapping[str, Any], before: Mapping[str, Any]) -> str | None:
    """Why a round is not kept, against the figures of the newest that was; None where it is.

    Held-out match must not have fallen by more than its 95 % interval says, and the held-out win rate must
    have risen: the second judge's, where there is one.
    """
    high, match = row.get("match_high"), before.get("match")
    if high is not None and match is not None and high < match:
        return f"held-out match fell from {match:.0%} to {row['match']:.0%}"
    key = "win_rate_heldout" if row.get("win_rate_heldout") is not None else "win_rate"
    if row.get(key) is not None and row[key] <= (before.get(key) or 0.5):
        return f"{key} did not rise: {row[key]:.0%} after {before.get(key) or 0.5:.0%}"
    return None


def stops_at(rates: Sequence[float | None], evaluation: EvalSection) -> int | None:
    """The round to go back to (0: the start) if training should stop after these rounds, None to go on.

    It stops when the held-out judge's win rate has been more than ``drop`` below its best so far (the start
    has one half) in each of the last ``patience`` rounds: what the training judge still gains then is not
    shared by another judge.
    """
    known = [0.5, *(-math.inf if rate is None else rate for rate in rates)]
    if not evaluation.patience or len(rates) < evaluation.patience or rates[-1] is None:
        return None
    best = max(known)
    fallen = all(rate < best - evaluation.drop for rate in known[-evaluation.patience :])
    return known.index(best) if fallen else None
