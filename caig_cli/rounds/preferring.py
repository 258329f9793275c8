"""From verdicts to preferences: every product gives its share of pairs, or a counted reason why not.

A product is owed ``pairs_per_product`` pairs (or as many as its candidates can make). Candidates are ordered
by how often they win on average over all others in both orders; the first pair is the best against the
worst, then the next widest apart. A pair whose winner the judge is not sure enough of is a near-tie.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from caig_cli.records import Verdict

NEAR_TIE, SAME_PROMPT, UNUSABLE, UNJUDGED = "near_tie", "same_prompt", "unusable_image", "unjudged"
"""Reasons for which a pair is dropped."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Numbers of the chosen and the rejected candidate, and how sure the judge is."""

    chosen: int
    rejected: int
    p_chosen: float
    agrees: bool


def owed(candidates: int, pairs_per_product: int) -> int:
    """Pairs that a product is to give."""
    return min(pairs_per_product, candidates * (candidates - 1) // 2)


def duels(prompts: Sequence[str]) -> list[tuple[int, int]]:
    """Every two candidates that differ; an empty prompt, or one that repeats an earlier one, has no duel."""
    different = [k for k, prompt in enumerate(prompts) if prompt and prompt not in prompts[:k]]
    return list(combinations(different, 2))


def prefer(
    prompts: Sequence[str], verdicts: Sequence[Verdict], pairs_per_product: int, min_margin: float
) -> tuple[list[Choice], Counter[str]]:
    """The pairs to learn from, best against worst first, and why others are not there.

    ``verdicts`` are those on ``duels(prompts)``, the first of two on the left. Choices and reasons together
    are ``owed`` pairs.
    """
    fought = duels(prompts)
    p_first = dict(zip(fought, (verdict.p_left for verdict in verdicts), strict=True))
    agrees = dict(zip(fought, (verdict.agrees for verdict in verdicts), strict=True))
    wins = _mean_wins(p_first)

    def apart(duel: tuple[int, int]) -> float:
        return -abs(wins[duel[0]] - wins[duel[1]])

    wanted = owed(len(prompts), pairs_per_product)
    choices: list[Choice] = []
    dropped: Counter[str] = Counter()
    for first, second in sorted(fought, key=apart)[:wanted]:
        ahead = wins[first] >= wins[second]
        p = p_first[first, second] if ahead else 1 - p_first[first, second]
        if p <= 0.5 or p - 0.5 < min_margin:
            dropped[NEAR_TIE] += 1
        else:
            winner, loser = (first, second) if ahead else (second, first)
            choices.append(Choice(winner, loser, p, agrees[first, second]))
    missing = wanted - len(choices) - dropped.total()
    if missing:
        dropped[SAME_PROMPT] += missing
    return choices, dropped


def _mean_wins(p_first: dict[tuple[int, int], float]) -> dict[int, float]:
    """Mean probability of each candidate over its duels."""
    won: dict[int, list[float]] = {}
    for (first, second), p in p_first.items():
        won.setdefault(first, []).append(p)
        won.setdefault(second, []).append(1 - p)
    return {number: sum(ps) / len(ps) for number, ps in won.items()}
