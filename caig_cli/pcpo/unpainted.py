"""Preferences between prompts that nobody painted: many products for the price of writing."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from caig_cli.engine.run_dir import RunDir
from caig_cli.painters.consistency import consistency, shares
from caig_cli.pcpo.candidates import VERDICTS, ProcessGroup, Prompts, verdicts_of
from caig_cli.pcpo.preference_pairs import LESS_RELEVANT, NEAR_TIE, SAME_PROMPT, comparisons
from caig_cli.pcpo.surrogate import JudgedGroup, Surrogate, p_chosen
from caig_cli.records import Preference, Product, Verdict


def judged_groups(folder: RunDir) -> list[JudgedGroup]:
    """The painted and judged products of a round, each prompt with its mean log-odds over the others."""
    prompts, verdicts = ProcessGroup.read(folder, "prompts"), ProcessGroup.read(folder, VERDICTS)
    return [
        judged_group(product, prompts[product]["prompts"], verdicts_of(row))
        for product, row in verdicts.items()
        if row["error"] is None and product in prompts
    ]


def judged_group(product: str, prompts: Sequence[str], verdicts: Sequence[Verdict]) -> JudgedGroup:
    """``verdicts`` are those on ``comparisons(prompts)``."""
    over: dict[int, list[float]] = {}
    for (first, second), verdict in zip(comparisons(prompts), verdicts, strict=True):
        over.setdefault(first, []).append(verdict.log_odds)
        over.setdefault(second, []).append(-verdict.log_odds)
    numbers = sorted(over)
    utility = np.array([math.fsum(over[n]) / len(over[n]) for n in numbers])
    return JudgedGroup(product, tuple(prompts[n] for n in numbers), utility)


def choose_to_paint(
    prompts: Sequence[str], surrogate: Surrogate | None, count: int, random_share: float
) -> list[str]:
    """``count`` of a product's prompts: a share as they were drawn, then those it is least sure of."""
    if surrogate is None:
        return list(prompts[:count])
    drawn = math.ceil(random_share * count)
    rest = list(range(drawn, len(prompts)))
    unsure = surrogate.uncertainty(prompts)
    rest.sort(key=lambda number: -unsure[number])
    return [*prompts[:drawn], *(prompts[number] for number in rest[: count - drawn])]


@dataclass(frozen=True, slots=True)
class WantedPreferences:
    """What is asked of preferences: how many of a product, how sure, and how usual the chosen prompt is."""

    pairs: int
    min_margin: float
    relevant: bool
    """Whether it must be as usual as the rejected one."""
    consistent_share: float = 1.0
    """It must be among this share of the product's prompts, the most usual ones."""


def build_unpainted_preferences(
    products: Sequence[Product], prompts: Prompts, surrogate: Surrogate, wanted: WantedPreferences
) -> tuple[list[Preference], Counter[str]]:
    """Predicted preferences, widest first, each prompt in one of them; and how many fell out why."""
    found: list[Preference] = []
    dropped: Counter[str] = Counter()
    elsewhere = shares([text for product in products for text in prompts[product.id]], surrogate.read)
    for product in products:
        texts = list(dict.fromkeys(text for text in prompts[product.id] if text))
        chosen, lost = _pairs(texts, surrogate, wanted, elsewhere)
        dropped += lost
        found += [
            Preference(f"{product.id}-unpainted-{n}", product, texts[best], texts[worst], p)
            for n, (best, worst, p) in enumerate(chosen, start=1)
        ]
    return found, dropped


def _pairs(
    texts: Sequence[str], surrogate: Surrogate, wanted: WantedPreferences, elsewhere: Mapping[str, float]
) -> tuple[list[tuple[int, int, float]], Counter[str]]:
    utility, usual = surrogate.score(texts), consistency(texts, surrogate.read, elsewhere)
    most_usual = np.argsort(-usual, kind="stable")[: math.ceil(wanted.consistent_share * len(texts))]
    may_win = set(most_usual.tolist())
    best_first = [int(n) for n in np.argsort(-utility, kind="stable")]
    left = best_first[::-1]
    pairs: list[tuple[int, int, float]] = []
    dropped: Counter[str] = Counter()
    unsuited = len(texts) - len(may_win)
    for best in best_first:
        if len(pairs) + dropped.total() == wanted.pairs:
            break
        if best not in may_win or best not in left:
            continue
        left.remove(best)
        worse = [n for n in left if utility[n] <= utility[best]]
        fits = [n for n in worse if not wanted.relevant or usual[best] >= usual[n]]
        if not fits:
            unsuited += bool(worse)
            continue
        p = p_chosen(float(utility[best] - utility[fits[0]]))
        if p - 0.5 < wanted.min_margin:
            dropped[NEAR_TIE] += 1
        else:
            pairs.append((best, fits[0], p))
            left.remove(fits[0])
    missing = wanted.pairs - len(pairs) - dropped.total()
    for reason, count in ((LESS_RELEVANT, min(missing, unsuited)), (SAME_PROMPT, max(0, missing - unsuited))):
        if count:
            dropped[reason] += count
    return pairs, dropped
