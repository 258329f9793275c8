"""What a run of rounds came to, in a sentence: better, worse or unresolved, and which adapter was kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]

TERMS = {
    "win_rate": "how often the round's ads beat the starting model's, by the judge that ranks; 0.5 is a draw",
    "win_rate_heldout": "the same by the second judge, which the policy has not learnt from",
    "ctr_true": "mean true click-through rate of the prompts' ads, known on the simulated market only",
    "match": "share of the prompts whose background suits the product",
    "kl": "how far the policy has moved from the starting model, nats per prompt; 0 is not at all",
    "chosen_logp": "log-probability of the held-out chosen prompts; falls where learning pushes both down",
    "rejected_logp": "the same of the rejected ones",
    "rewards/accuracies": "share of held-out preferences that the policy ranks as the judge does",
    "product/accuracies": "share in which the right product makes the chosen prompt likelier than a wrong",
    "distinct": "share of the prompts that no other one repeats",
    "self_bleu": "how alike prompts are: 0 all different, 1 all alike",
    "length": "mean length of a prompt, tokens",
    "surrogate_accuracy": "share of held-out pairs of ads that prompts' words alone order as the judge does",
    "accepted": "whether the next round goes on from this one, where pcpo.accept asks",
    "shaded band": "95 % interval; prompts and ads of one product count as one sample of it",
}
"""Words of the page, explained on it: those that are one word are a round's figures, a column each."""

COLUMNS = ("round", "pairs", *(name for name in TERMS if name.isidentifier()))
"""What is told of a round, and held out of ``round.json`` for people and programs."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What says whether the policy is better: in words, and an interval against the level of no change."""

    words: str
    low: float | None
    high: float | None
    level: float

    @property
    def verdict(self) -> str:
        """Better, Worse or Unresolved, as the whole interval lies."""
        if self.low is None or self.high is None or self.low <= self.level <= self.high:
            return "Unresolved"
        return "Better" if self.low > self.level else "Worse"


def by_rate(found: float, before: float, ends: Sequence[float] | None) -> Evidence:
    """From true rates; ``ends`` are those of the difference, product by product."""
    words = f"the true click-through rate is {found:.2%} and was {before:.2%}"
    low, high = ends if ends is not None else (None, None)
    if low is not None and high is not None:
        words += f" (simulated market; the difference is {100 * low:+.2f} to {100 * high:+.2f} points, 95 %)"
    return Evidence(words, low, high, 0.0)


def by_wins(row: Row, key: str, who: str) -> Evidence | None:
    """From a judge's wins over the starting model; None where there are none."""
    if row.get(key) is None:
        return None
    low, high = row.get(f"{key}_low"), row.get(f"{key}_high")
    near = "" if low is None or high is None else f" (95 %: {low:.0%} to {high:.0%})"
    return Evidence(f"{who} prefers its ads to the starting model's in {row[key]:.0%}{near}", low, high, 0.5)


def sentence(
    evidence: Evidence | None, products: int, rounds: Sequence[Row], taken: int, planned: int
) -> str:
    """The verdict of the page. ``taken`` is the round whose adapter was kept, 0 the starting model."""
    kept = _kept(taken, rounds, planned)
    if taken == 0:
        return f"Not better: every round was worse than the starting model. {kept}"
    if evidence is None or not products:
        return f"Unresolved: no product was held out, so nothing tells whether the policy is better. {kept}"
    few = "one product" if products == 1 else f"{products} products"
    return f"{evidence.verdict}: on {few} that it did not learn from, {evidence.words}. {kept}"


def _kept(taken: int, rounds: Sequence[Row], planned: int) -> str:
    """Which adapter, and why."""
    played = len(rounds)
    if taken == played == planned:
        return f"Kept: the adapter of round {taken}, the last one."
    if taken == played:
        return f"Kept: the adapter of round {taken}, the last of {planned} that was played."
    what = f"the adapter of round {taken}" if taken else "the adapter as it was before round 1"
    refused = all(row.get("accepted") is False for row in rounds[taken:])
    why = "no round was accepted" if refused else "the held-out judge fell"
    return f"Kept: {what}, because {why} after it; round {played} was the last one played."
