"""The files of pairs that a recipe names. No torch: inputs are read before anything is written or loaded."""

from __future__ import annotations

from functools import partial

from caig_cli.data.pairs import read_pairs
from caig_cli.errors import UsageError
from caig_cli.records import Failure, Pair
from caig_cli.rewards.config import TrainRmSection


def read_files(section: TrainRmSection) -> tuple[list[Pair], list[Pair], list[Failure]]:
    """Pairs to learn, pairs of ``eval_pairs``, and the records that can't be used.

    Raises UsageError where no file is named or nothing in it can be used.
    """
    if section.pairs is None:
        raise UsageError("train_rm.pairs is missing: name the pairs, as in caig train-rm --pairs FILE")
    read = partial(read_pairs, images=section.images, allow_outside=section.allow_outside)
    train, failed = read(section.pairs)
    held_out: list[Pair] = []
    if section.eval_pairs is not None:
        held_out, failed_too = read(section.eval_pairs)
        failed = failed + failed_too
    if not train:
        why = failed[0].error if failed else "it is empty"
        raise UsageError(f"{section.pairs}: no pair can be used; {why}")
    return train, held_out, failed
