"""From verdicts to preferences: every product gives its share of pairs, or a counted reason why not.

A product gives ``pairs_per_product`` pairs (or as many as its candidates can make). Candidates are ordered
by how often they win on average over all others in both orders; the first pair is the best against the
worst, then the next widest apart. A pair whose winner the judge is not sure enough of is a near-tie. For a
group objective every two candidates are a pair, with the difference of their advantages.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

from caig_cli.losses.objective import LOSSES
from caig_cli.pcpo.config import PcpoSection
from caig_cli.records import Verdict

NEAR_TIE, SAME_PROMPT, UNUSABLE, UNJUDGED = "near_tie", "same_prompt", "unusable_image", "unjudged"
LESS_RELEVANT = "less_relevant"
"""Reasons for which a pair is dropped."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Numbers of the chosen and the rejected candidate, and how sure the judge is."""

    chosen: int
    rejected: int
    p_chosen: float
    agrees: bool
    advantage: float = 0.0


def expected_pairs(candidates: int, pairs_per_product: int) -> int:
    """Pairs that a product is to give."""
    return min(pairs_per_product, candidates * (candidates - 1) // 2)


def wanted_pairs(section: PcpoSection, candidates: int) -> int:
    """Pairs that a product of so many candidates is to give: all of them for a group objective."""
    everything = LOSSES[section.loss].all_pairs
    return expected_pairs(candidates, candidates**2 if everything else section.pairs_per_product)


def comparisons(prompts: Sequence[str]) -> list[tuple[int, int]]:
    """Every two candidates that differ; an empty prompt, or one that repeats an earlier one, has no duel."""
    different = [k for k, prompt in enumerate(prompts) if prompt and prompt not in prompts[:k]]
    return list(combinations(different, 2))


def build_preferences(
    prompts: Sequence[str],
    verdicts: Sequence[Verdict],
    pairs_per_product: int,
    min_margin: float,
    relevant: Callable[[int, int], bool] = lambda chosen, rejected: True,
) -> tuple[list[Choice], Counter[str]]:
    """The pairs to learn from, best against worst first, and why others are not there.

    ``verdicts`` are those on ``comparisons(prompts)``, the first of two on the left; a pair that is not
    ``relevant`` makes room for the next. Choices and reasons together are ``expected_pairs``.
    """
    fought = comparisons(prompts)
    p_first = dict(zip(fought, (verdict.p_left for verdict in verdicts), strict=True))
    agrees = dict(zip(fought, (verdict.agrees for verdict in verdicts), strict=True))
    wins = _mean_wins(p_first)

    def apart(comparison: tuple[int, int]) -> float:
        return -abs(wins[comparison[0]] - wins[comparison[1]])

    wanted = expected_pairs(len(prompts), pairs_per_product)
    choices: list[Choice] = []
    dropped: Counter[str] = Counter()
    unsuited = 0
    for first, second in sorted(fought, key=apart):
        ahead = wins[first] >= wins[second]
        if len(choices) + dropped.total() == wanted:
            break
        if not relevant(*((first, second) if ahead else (second, first))):
            unsuited += 1
            continue
        p = p_first[first, second] if ahead else 1 - p_first[first, second]
        if p <= 0.5 or p - 0.5 < min_margin:
            dropped[NEAR_TIE] += 1
        else:
            winner, loser = (first, second) if ahead else (second, first)
            choices.append(Choice(winner, loser, p, agrees[first, second]))
    missing = wanted - len(choices) - dropped.total()
    for reason, count in ((LESS_RELEVANT, min(missing, unsuited)), (SAME_PROMPT, max(0, missing - unsuited))):
        if count:
            dropped[reason] += count
    return choices, dropped


def compare_all(
    prompts: Sequence[str], verdicts: Sequence[Verdict], normalise: bool
) -> tuple[list[Choice], Counter[str]]:
    """Every two of a product's K candidates, with ``advantage`` u_k - u_j, the judge's log-odds.

    Half the mean over all pairs of advantage times (r_k - r_j) is then the mean of a_k r_k with RLOO's
    advantages a. With ``normalise`` it is that with GRPO's, (u_k - mean) / deviation, where the deviation's
    square is the sum of all pairs' squared differences over K^2.
    """
    fought = comparisons(prompts)
    gaps = [verdict.log_odds for verdict in verdicts]
    count = len({number for comparison in fought for number in comparison})
    scale = 1.0
    if normalise and any(gaps):
        scale = (count - 1) / math.sqrt(sum(gap * gap for gap in gaps))
    choices = []
    for (first, second), verdict, gap in zip(fought, verdicts, gaps, strict=True):
        ahead = gap >= 0
        winner, loser = (first, second) if ahead else (second, first)
        p = verdict.p_left if ahead else 1 - verdict.p_left
        choices.append(Choice(winner, loser, p, verdict.agrees, scale * abs(gap)))
    missing = expected_pairs(len(prompts), len(prompts) ** 2) - len(choices)
    return choices, Counter({SAME_PROMPT: missing} if missing else {})


def _mean_wins(p_first: dict[tuple[int, int], float]) -> dict[int, float]:
    """Mean probability of each candidate over its duels."""
    won: dict[int, list[float]] = {}
    for (first, second), p in p_first.items():
        won.setdefault(first, []).append(p)
        won.setdefault(second, []).append(1 - p)
    return {number: sum(ps) / len(ps) for number, ps in won.items()}
