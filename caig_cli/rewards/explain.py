"""Why a judge prefers an ad, in the names of its concept bottleneck, and which change would help most.

A concept carries what the verdict loses when its chances are those of the average of the compared ads. A
change sets one concept to another name. What the judge concludes from all names, such as whether the
background suits the product, is concluded anew each time. It is what the judge believes, not what buyers do.

Legend of shape names: I ads, N names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from PIL import Image

from caig_cli.errors import UsageError
from caig_cli.mllm.attribute_pretraining import AttributeTask
from caig_cli.rewards.concepts import GAIN, ConceptBottleneck, is_judgement
from caig_cli.rewards.judge import Ranking, TrainedJudge
from caig_cli.rewards.mllm import MllmReward
from caig_cli.rewards.model import encode
from caig_cli.rewards.rankers import PERCENT, Cg4ctr, Vam

THERE = 0.5
"""Chance from which on a name of a list counts as seen."""
EMPTY = frozenset({"nothing", "none"})
"""Names of a list without names: no change to make, and gone where something is added."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """A concept of an ad: what is seen, how surely, and log-odds of winning that it adds against the average
    of the compared ads."""

    concept: str
    seen: str
    chance: float
    log_odds: float


@dataclass(frozen=True, slots=True)
class Change:
    """One concept set to another name, and log-odds of winning that it would add."""

    concept: str
    now: str
    then: str
    log_odds: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Of one ad: concepts by weight, what no name explains, and changes from the best."""

    contributions: tuple[Contribution, ...]
    unnamed: float
    """Log-odds against the other ads that the names leave over: what the judge sees and does not name."""
    changes: tuple[Change, ...]


def explain(
    judge: TrainedJudge,
    images: Sequence[Image.Image],
    ranking: Ranking,
    caption: str | None,
    attributes: Mapping[str, str],
    most: int = 3,
) -> list[Explanation]:
    """For each ad. Raises UsageError for a judge that names nothing."""
    concepts = getattr(judge.model, "concepts", None)
    if not isinstance(concepts, ConceptBottleneck):
        raise UsageError(f"--explain: {judge.name} judges by no concepts; embedded and heldout do")
    text = judge.facts.wording.tell(caption, attributes)
    with torch.no_grad():
        seen_IN = concepts.chances_of_named(encode(judge.model, images))
        return list(_explanations(_LogOdds(judge, concepts, text), seen_IN, ranking, most))


class _LogOdds:
    """Log-odds that a judge gives to the chances of what is named, on its temperature."""

    def __init__(self, judge: TrainedJudge, concepts: ConceptBottleneck, text: str) -> None:
        self.concepts, self._model, self._text = concepts, judge.model, text
        self._temperature = judge.facts.temperature
        self.tasks = [task for task in concepts.tasks if not is_judgement(task)]

    def of(self, seen_IN: torch.Tensor) -> torch.Tensor:
        """Log-odds [I], up to a constant, of chances of all names that are seen times GAIN."""
        concluded_IN, model = self.concepts.concluded(seen_IN), self._model
        if isinstance(model, MllmReward):
            assert model.concept_head is not None
            logit_I = model.concept_head.each(concluded_IN)[:, 0]
        elif isinstance(model, Vam):
            logit_I = PERCENT * model.scale.real(model.head(concluded_IN)[:, 0])
        else:
            assert isinstance(model, Cg4ctr)
            text_ID = model.text([self._text] * len(concluded_IN)).float()
            logit_I = model.heads(model.meet(torch.cat([concluded_IN, text_ID], dim=1)))[:, 0]
        odds_I: torch.Tensor = logit_I / self._temperature
        return odds_I

    def spans(self) -> Iterator[tuple[AttributeTask, slice]]:
        """The tasks that ads of a product differ in, each with its names' columns."""
        start = 0
        for task in self.tasks:
            stop = start + len(task.names)
            if not self.concepts.is_auxiliary(task):
                yield task, slice(start, stop)
            start = stop


def _explanations(
    log_odds: _LogOdds, seen_IN: torch.Tensor, ranking: Ranking, most: int
) -> Iterator[Explanation]:
    own_I, average_N = log_odds.of(seen_IN), seen_IN.mean(0)
    others_I = (own_I.sum() - own_I) / max(1, len(own_I) - 1)
    without = {}
    for task, span in log_odds.spans():
        plain_IN = seen_IN.clone()
        plain_IN[:, span] = average_N[span]
        without[task.name] = (own_I - log_odds.of(plain_IN)).tolist()
    for ad in range(len(seen_IN)):
        found = [
            Contribution(task.name, *_seen(task, seen_IN[ad, span]), without[task.name][ad])
            for task, span in log_odds.spans()
        ]
        found.sort(key=lambda one: -abs(one.log_odds))
        unnamed = ranking.margins[ad] - float(own_I[ad] - others_I[ad])
        yield Explanation(tuple(found), unnamed, tuple(_changes(log_odds, seen_IN[ad])[:most]))


def _seen(task: AttributeTask, chances_N: torch.Tensor) -> tuple[str, float]:
    """The likeliest name, or of a list all that are likely, and the chance of that (of the least likely)."""
    chance_N = (chances_N / GAIN).tolist()
    if not task.several:
        best = max(range(len(chance_N)), key=lambda n: chance_N[n])
        return task.names[best], chance_N[best]
    there = [n for n, chance in enumerate(chance_N) if chance >= THERE]
    if not there:
        return "none", 1 - max(chance_N)
    return ", ".join(task.names[n] for n in there), min(chance_N[n] for n in there)


def _changes(log_odds: _LogOdds, seen_N: torch.Tensor) -> list[Change]:
    """The best change of each concept, from the best; those that help."""
    found = []
    for task, span in log_odds.spans():
        rows, words = _variants(task, seen_N, span)
        odds = log_odds.of(torch.stack(rows))
        gains = (odds - odds[0])[1:].tolist()
        best = max(range(len(gains)), key=lambda n: gains[n])
        if gains[best] > 0:
            found.append(Change(task.name, *words[best], gains[best]))
    return sorted(found, key=lambda change: -change.log_odds)


def _variants(
    task: AttributeTask, seen_N: torch.Tensor, span: slice
) -> tuple[list[torch.Tensor], list[tuple[str, str]]]:
    """The ad as it is (sure of what is seen), then with one name changed; and each change in words."""
    count = len(task.names)
    if task.several:
        there = (seen_N[span] / GAIN >= THERE).float()
        full = torch.tensor([float(name not in EMPTY) for name in task.names]).to(there)
        sets, words = [there], list[tuple[str, str]]()
        for n, name in enumerate(task.names):
            if name not in EMPTY:
                changed = there * full
                changed[n] = 1 - there[n]
                sets.append(changed if changed.any() else 1 - full)
                words.append((name, "without") if there[n] else ("", f"with {name}"))
    else:
        now = int(seen_N[span].argmax())
        others = [n for n in range(count) if n != now]
        sets = [torch.eye(count)[n] for n in (now, *others)]
        words = [(task.names[now], task.names[n]) for n in others]
    rows = []
    for chances in sets:
        row = seen_N.clone()
        row[span] = GAIN * chances.to(row)
        rows.append(row)
    return rows, words
