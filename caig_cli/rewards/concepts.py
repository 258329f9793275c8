"""What an ad shows, in names: a reward model may judge by the chances of each surface, light or prop.

From the clicks of a few thousand ads, what each of a hundred names is worth can be learnt; what each of
hundreds of features is worth cannot. And the chance of a name is no linear function of features, so that a
linear head on these does not find it (concept bottleneck models, Koh et al. 2020).

A task that is answered with yes or no, as whether the background suits the product, is a judgement: it is
read off the chances of all names, not off features. Some names are only for judgements: what is advertised is
the same in all ads of a product, and how sure a model is of it would be noise where they are compared.

Legend of shape names: I ads, T image tokens, D width of their features, N names.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Self

import torch
from torch import nn

from caig_cli.mllm.attribute_pretraining import AttributeTask, mean_features

GAIN = 8.0
"""What chances are multiplied by. They are small numbers, and a step of a head's weights moves less by them
than by features."""
JUDGEMENT = frozenset({"yes", "no"})
SUITS = "match"
"""The judgement whether the background suits the product."""
HIDDEN = 64
"""Width of the layer between names and judgements."""


class ConceptBottleneck(nn.Module):
    """Linear layers on levelled mean features, one per task; frozen once they are taught.

    ``auxiliary``: names of tasks that only judgements read. These are first in ``tasks``, judgements last.
    """

    def __init__(self, width: int, tasks: Sequence[AttributeTask], auxiliary: Collection[str] = ()) -> None:
        super().__init__()
        named = [task for task in tasks if not is_judgement(task)] or list(tasks)
        judged = [task for task in tasks if task not in named]
        named.sort(key=lambda task: task.name not in auxiliary)
        self.tasks = (*named, *judged)
        self._auxiliary = [task for task in named if task.name in auxiliary]
        self.level = nn.BatchNorm1d(width, affine=False)
        self.layers = nn.ModuleList(nn.Linear(width, len(task.names)) for task in named)
        names = sum(len(task.names) for task in named)
        self.judgements = nn.ModuleList(
            nn.Sequential(nn.Linear(names, HIDDEN), nn.GELU(), nn.Linear(HIDDEN, len(task.names)))
            for task in judged
        )
        self._first = sum(len(task.names) for task in self._auxiliary)
        self.width = sum(len(task.names) for task in self.tasks) - self._first

    def named(self, mean_ID: torch.Tensor) -> list[torch.Tensor]:
        """Logits [I, names] of each task that names what is seen."""
        level_ID = self.level(mean_ID)
        return [layer(level_ID) for layer in self.layers]

    def judged(self, chances_IN: torch.Tensor) -> list[torch.Tensor]:
        """Logits [I, 2] of each judgement, from the chances of all names times GAIN."""
        return [judgement(chances_IN) for judgement in self.judgements]

    def chances(self, logits: Sequence[torch.Tensor]) -> torch.Tensor:
        """Of the names of the first tasks, or of all, times GAIN, float32 [I, N]."""
        return GAIN * torch.cat(
            [task.chances(one) for task, one in zip(self.tasks, logits, strict=False)], dim=1
        )

    def chances_of_named(self, features_I: torch.Tensor) -> torch.Tensor:
        """Chances of all names that are seen times GAIN, auxiliary ones first, float32 [I, names].

        Features are [I, D] or [I, ..., T, D].
        """
        with torch.autocast(features_I.device.type, enabled=False):
            return self.chances(self.named(mean_features(features_I).float()))

    def concluded(self, seen_IN: torch.Tensor) -> torch.Tensor:
        """What heads read, float32 [I, N]: chances of what is seen, no auxiliary ones, and of judgements."""
        judgements = self.tasks[len(self.layers) :]
        outputs = zip(judgements, self.judged(seen_IN), strict=True)
        judged = [GAIN * task.chances(logits) for task, logits in outputs]
        return torch.cat([seen_IN[:, self._first :], *judged], dim=1)

    def is_auxiliary(self, task: AttributeTask) -> bool:
        """Whether only judgements read it."""
        return task in self._auxiliary

    def forward(self, features_I: torch.Tensor) -> torch.Tensor:
        """Chances of names but auxiliary ones, times GAIN, float32 [I, N], of features as above."""
        with torch.autocast(features_I.device.type, enabled=False):
            return self.concluded(self.chances_of_named(features_I))

    @property
    def has_relevance(self) -> bool:
        """Whether one of the judgements says if the background suits the product."""
        return any(task.name == SUITS and is_judgement(task) for task in self.tasks)

    def p_suits(self, features_I: torch.Tensor) -> torch.Tensor:
        """Probability [I] that the background suits the product, of features as in ``forward``."""
        place = next(n for n, task in enumerate(self.tasks) if task.name == SUITS)
        with torch.autocast(features_I.device.type, enabled=False):
            named = self.named(mean_features(features_I).float())
            judged = self.judged(self.chances(named))[place - len(named)]
        return judged.softmax(1)[:, self.tasks[place].names.index("yes")]

    def train(self, mode: bool = True) -> Self:
        """Nothing here is trained with the model: its layers stay levelled as they were taught."""
        return super().train(False)

    @property
    def settings(self) -> list[Mapping[str, Any]]:
        """What ``open_concepts`` needs."""
        return [
            {
                "task": t.name,
                "names": list(t.names),
                "several": t.several,
                "auxiliary_only": self.is_auxiliary(t),
            }
            for t in self.tasks
        ]


class ConceptHead(nn.Module):
    """What the names in an ad are worth: one linear layer without bias that starts at zero."""

    def __init__(self, concepts: ConceptBottleneck) -> None:
        super().__init__()
        self.concepts = concepts
        self.each = nn.Linear(concepts.width, 2, bias=False)
        nn.init.zeros_(self.each.weight)

    def forward(self, features_I: torch.Tensor) -> torch.Tensor:
        """Added to the ad's logit and to its rate in the heads' units, float32 [I, 2]."""
        added_I2: torch.Tensor = self.each(self.concepts(features_I))
        return added_I2


def is_judgement(task: AttributeTask) -> bool:
    """Whether it is answered with yes or no."""
    return set(task.names) <= JUDGEMENT


def open_concepts(width: int, settings: Sequence[Mapping[str, Any]]) -> ConceptBottleneck:
    """The layers that ``settings`` describe; their weights are random."""
    tasks = [AttributeTask(str(row["task"]), tuple(row["names"]), bool(row["several"])) for row in settings]
    auxiliary = {str(row["task"]) for row in settings if row.get("auxiliary_only")}
    return ConceptBottleneck(width, tasks, auxiliary).requires_grad_(False).eval()
