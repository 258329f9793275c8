"""The judge that knows nothing: the floor under every other one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from caig_cli.engine.runtime import derive_seed
from caig_cli.records import Pair, Verdict


@dataclass(frozen=True, slots=True)
class RandomJudge:
    """Draws a probability for each order, from the seed and the pair's id alone."""

    seed: int
    name: str = "random"
    simulated: bool = False

    def judge(self, pairs: Sequence[Pair]) -> list[Verdict]:
        """Two independent uniform draws per pair."""
        return [Verdict(self._draw(pair, "shown"), self._draw(pair, "swapped")) for pair in pairs]

    def _draw(self, pair: Pair, order: str) -> float:
        return derive_seed(self.seed, "random judge", pair.id, order) / 2**63
