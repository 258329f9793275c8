"""Preferences between prompts that nobody painted: many products for the price of writing."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from caig_cli.engine.run_dir import RunDir
from caig_cli.engine.runtime import derive_seed
from caig_cli.painters.registry import Crossover
from caig_cli.pcpo.candidates import VERDICTS, ProcessGroup, Prompts, verdicts_of
from caig_cli.pcpo.preference_pairs import LESS_RELEVANT, NEAR_TIE, SAME_PROMPT, comparisons
from caig_cli.pcpo.recombination import best_recombinations
from caig_cli.pcpo.suitability import Suitability
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
    """What is asked of preferences: how many of a product, how sure, and how well the chosen one suits."""

    pairs: int
    min_margin: float
    relevant: bool
    """Whether it must suit at least as surely as the rejected one."""
    consistent_share: float = 1.0
    """It must suit as surely as this share of the product's prompts, those that suit most surely."""
    crossover: Crossover | None = None
    """How chosen prompts are recombined of the product's; None takes them as they are."""
    recombinations: int = 0
    """How many are weighed for each product."""
    seed: int = 0


def build_unpainted_preferences(
    products: Sequence[Product],
    prompts: Prompts,
    surrogate: Surrogate,
    suitability: Suitability,
    wanted: WantedPreferences,
) -> tuple[list[Preference], Counter[str]]:
    """Predicted preferences, widest first, each prompt in one of them; and how many fell out why."""
    found: list[Preference] = []
    dropped: Counter[str] = Counter()
    for product in products:
        texts = list(dict.fromkeys(text for text in prompts[product.id] if text))
        pairs, lost = _pairs(product.id, texts, surrogate, suitability, wanted)
        dropped += lost
        found += [
            Preference(f"{product.id}-unpainted-{n}", product, best, worst, p)
            for n, (best, worst, p) in enumerate(pairs, start=1)
        ]
    return found, dropped


def _pairs(
    product: str,
    texts: Sequence[str],
    surrogate: Surrogate,
    suitability: Suitability,
    wanted: WantedPreferences,
) -> tuple[list[tuple[str, str, float]], Counter[str]]:
    suits = dict(zip(texts, suitability.score(product, texts).tolist(), strict=True))
    surest = sorted(suits.values(), reverse=True)[: math.ceil(wanted.consistent_share * len(texts))]
    least = surest[-1] if surest else 0.0
    if wanted.crossover is None or not texts:
        best_first = [text for text in texts if suits[text] >= least]
    else:
        best_first = best_recombinations(
            texts, wanted.crossover, surrogate.worth, partial(suitability.total, product), least,
            drawn=wanted.recombinations, count=wanted.pairs, seed=derive_seed(wanted.seed, product),
        )  # fmt: skip
        suits |= zip(best_first, suitability.score(product, best_first).tolist(), strict=True)
    utility = dict(zip(suits, surrogate.score(list(suits)).tolist(), strict=True))
    best_first.sort(key=lambda text: -utility[text])
    left = sorted(texts, key=lambda text: utility[text])
    pairs: list[tuple[str, str, float]] = []
    dropped: Counter[str] = Counter()
    unsuited = len(texts) - sum(suits[text] >= least for text in texts)
    for best in best_first:
        if len(pairs) + dropped.total() == wanted.pairs:
            break
        if wanted.crossover is None and best not in left:
            continue
        left = [text for text in left if text != best]
        worse = [text for text in left if utility[text] <= utility[best]]
        fits = [text for text in worse if not wanted.relevant or suits[best] >= suits[text]]
        if not fits:
            unsuited += bool(worse)
            continue
        p = p_chosen(utility[best] - utility[fits[0]])
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
