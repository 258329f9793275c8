"""What a reward model is trained and judged on: the usable pairs of the files, an item on one side only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from caig_cli.data.archives import file_of
from caig_cli.data.markets import of_market
from caig_cli.engine.held_out import held_out as held_out_items
from caig_cli.engine.runtime import derive_seed
from caig_cli.errors import UsageError
from caig_cli.records import Failure, Pair
from caig_cli.rewards.config import TrainRmSection
from caig_cli.rewards.files import read_files
from caig_cli.rewards.targets import LabelPolicy


@dataclass(frozen=True, slots=True)
class Data:
    """Pairs to learn, pairs to judge, and the records that could not be used."""

    train: list[Pair]
    held_out: list[Pair]
    failed: list[Failure]
    warnings: list[str]

    @property
    def items(self) -> int:
        """Number of items to learn from."""
        return len({pair.item for pair in self.train})

    def files(self, section: TrainRmSection) -> list[Path]:
        """The files that a model learns from and is judged on: pairs, dialogues, and the ads of the pairs."""
        named = (section.pairs, section.eval_pairs, section.attribute_data)
        pairs = self.train + self.held_out
        return [file for file in named if file is not None] + ad_files(pairs)


def ad_files(pairs: Sequence[Pair]) -> list[Path]:
    """The pictures of pairs, or the archives that hold them, each once."""
    images = dict.fromkeys(creative.image for pair in pairs for creative in (pair.left, pair.right))
    return list(dict.fromkeys(map(file_of, images)))


def teaching(section: TrainRmSection) -> LabelPolicy:
    """What a pair teaches, as the recipe says."""
    return LabelPolicy(section.soft_labels, section.pair_weighting, section.prior)


def read_data(section: TrainRmSection, seed: int) -> Data:
    """Pairs to learn and to judge. Raises UsageError when there are none."""
    train, held_out, failed = read_files(section)
    warnings = []
    if section.eval_pairs is not None:
        shared = {p.item for p in train} & {p.item for p in held_out}
        if shared:
            warnings.append(f"{len(shared)} items are learnt and evaluated on: the figures will flatter")
    else:
        items = held_out_items([p.item for p in train], section.eval_share, section.min_eval_items, seed)
        held_out = [p for p in train if p.item in items]
        train = [p for p in train if p.item not in items]
    target = teaching(section).target
    known = [pair for pair in train if target(pair) is not None]
    unknown = "has neither target nor p_left, so that there is nothing to learn"
    failed = failed + [Failure(pair.id, unknown) for pair in train if target(pair) is None]
    held_out = _most([p for p in held_out if p.truth is not None], section.max_eval_pairs, seed)
    if not known:
        raise UsageError(
            f"{section.pairs}: no pair can be used; {failed[0].error if failed else 'it is empty'}"
        )
    return Data(known, held_out, failed, warnings)


def is_simulated(section: TrainRmSection, data: Data) -> bool:
    """Whether the recipe says so, or what is learnt comes from a market."""
    if section.simulated is not None:
        return section.simulated
    own = [] if section.eval_pairs is not None else data.held_out  # what is held out is of the same log
    return from_market(data.train + own)


def from_market(pairs: Sequence[Pair]) -> bool:
    """Whether a pair knows its truth, or an ad is one of a simulated market."""
    return any(pair.p_observed_left is not None for pair in pairs) or of_market(ad_files(pairs))


def _most(pairs: Sequence[Pair], limit: int, seed: int) -> list[Pair]:
    """At most ``limit`` pairs, of items drawn at random, whole as far as they fit."""
    return sorted(pairs, key=lambda pair: derive_seed(seed, "evaluate", pair.item))[:limit]
