"""The judge's view on ads of any number of products, as numbers that a trainer can use."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from caig_cli.serving.limits import Refused

if TYPE_CHECKING:
    from caig_cli.rewards.judge import Estimate, Ranking, TrainedJudge

REWARDS = {
    "log_ctr": "logarithm of the predicted click-through rate; an ad alone has one",
    "log_odds": "mean log-odds of being clicked more than another ad of its group",
    "win": "mean probability of being clicked more than another ad of its group, 0 to 1",
}
"""What an ad can be given, by name; the last two compare, so that they need a group of at least two."""


@dataclass(frozen=True, slots=True)
class AdGroup:
    """Ads of one product, and what is known of it."""

    images: Sequence[Image.Image]
    caption: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scored:
    """An ad within its group: place from 1, predicted rate, and its rewards by name as far as there are."""

    rank: int
    ctr: Estimate | None
    rewards: Mapping[str, float]


class Scorer:
    """A judge for many threads, one at a time; ``pairs`` counts what it has compared."""

    def __init__(self, judge: TrainedJudge) -> None:
        self._judge = judge
        self._lock = threading.Lock()
        self.name, self.simulated = Path(judge.name).name, judge.simulated
        self.pairs = 0
        predicts = judge.facts.ctr_log_spread is not None
        self.rewards = tuple(name for name in REWARDS if predicts or name != "log_ctr")

    def score(self, groups: Sequence[AdGroup]) -> list[list[Scored]]:
        """For each group its ads in the given order."""
        return [self._scored(group) for group in groups]

    def chosen(self, reward: object) -> str:
        """The reward that a request names, or the first that the judge has. Raises Refused."""
        name = self.rewards[0] if reward is None else reward
        if not isinstance(name, str) or name not in self.rewards:
            raise Refused(422, f"no such reward; this judge has {', '.join(self.rewards)}")
        return name

    def _scored(self, group: AdGroup) -> list[Scored]:
        with self._lock:
            ranking = self._judge.rank(group.images, group.caption, group.attributes)
            self.pairs += len(group.images) * (len(group.images) - 1) // 2
        places = {ad: place + 1 for place, ad in enumerate(ranking.order)}
        return [Scored(places[ad], ranking.ctr[ad], _rewards(ranking, ad)) for ad in range(len(places))]


def _rewards(ranking: Ranking, ad: int) -> dict[str, float]:
    rewards = {}
    if (ctr := ranking.ctr[ad]) is not None:
        rewards["log_ctr"] = math.log(max(ctr.rate, 1e-6))
    if len(ranking.order) > 1:
        rewards |= {"log_odds": ranking.margins[ad], "win": ranking.wins[ad]}
    return rewards
