"""Dialogues to batches: task mixture, conversations about one image in one row, rows of like length together.

Everything is a function of (seed, epoch, position): a resumed run sees just what an uninterrupted one sees.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from caig_cli.data.images import open_image
from caig_cli.engine.report import Reporter
from caig_cli.engine.runtime import derive_seed
from caig_cli.errors import ItemError
from caig_cli.mllm.augment import augment_each
from caig_cli.mllm.encoder import Encoder
from caig_cli.mllm.images import Pixels, Rules, Size, size_of
from caig_cli.mllm.inputs import Batch, Branch, collate
from caig_cli.mllm.model_memory import LIKELY, Pass
from caig_cli.records import Dialogue, Failure

WINDOW = 16
"""Batches' worth of rows that are grouped by length together: enough to save padding, still well mixed."""
BUCKET = 32
"""Lengths that differ by less than this count as alike: finer groups would tell the answer by the batch."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """``conversations_per_row`` at most share an image; a padded batch holds at most ``tokens`` tokens."""

    conversations_per_row: int
    tokens: int


@dataclass(frozen=True, slots=True)
class PlannedBatch:
    """One batch to be: the dialogues of each row, and the number that decides how its images vary."""

    rows: tuple[tuple[int, ...], ...]
    seed: int

    @property
    def dialogues(self) -> list[int]:
        """Indices in the order in which ``Batch.branch_N`` counts conversations."""
        return [index for row in self.rows for index in row]


class TrainingPictures:
    """Training pictures, decoded once and kept as framed (64 kB each at 128 by 128 pixels)."""

    def __init__(self, rules: Rules, opener: Callable[[Path], Pixels] | None = None) -> None:
        self.rules = rules
        self._open = opener or (lambda path: rules.frame(open_image(path)))
        self._kept: dict[Path, Pixels] = {}

    def get(self, path: Path) -> Pixels:
        """The framed picture, uint8 [H, W, 4]. Raises ItemError when the file is no usable image."""
        if path not in self._kept:
            self._kept[path] = self._open(path)
        return self._kept[path]

    def size(self, path: Path | None) -> Size | None:
        """Its height and width."""
        return None if path is None else size_of(self.get(path))


class DialogueSet:
    """Dialogues in a model's form, and the batches of any epoch."""

    def __init__(
        self,
        dialogues: Sequence[Dialogue],
        branches: Sequence[Branch],
        encoder: Encoder,
        pictures: TrainingPictures,
        sizes: Sizes,
    ) -> None:
        """``branches``: each dialogue as ``encoder`` writes it."""
        self.dialogues = dialogues
        self.branches = branches
        self.encoder = encoder
        self.pictures = pictures
        self.sizes = sizes

    def length(self, index: int) -> int:
        """Tokens of a dialogue on its own, image included."""
        return self._begins(index) + len(self.branches[index])

    def epoch(self, seed: int, epoch: int, weights: Mapping[str, float] | None = None) -> list[PlannedBatch]:
        """One pass in a new order; ``weights`` says how often, on average, a task's dialogues come in it."""
        rng = random.Random(derive_seed(seed, "epoch", epoch))
        chosen = [i for i in range(len(self.dialogues)) for _ in range(self._copies(i, weights or {}, rng))]
        rows = self._rows(chosen, rng)
        rng.shuffle(rows)
        window = WINDOW * max(1, self.sizes.tokens // max(map(self._row_length, rows), default=1))
        batches: list[list[tuple[int, ...]]] = []
        for start in range(0, len(rows), window):
            batches += self._cut(sorted(rows[start : start + window], key=self._bucket))
        rng.shuffle(batches)
        return [PlannedBatch(tuple(rows), derive_seed(seed, epoch, n)) for n, rows in enumerate(batches)]

    def collate(self, item: PlannedBatch, strength: float = 0.0) -> Batch:
        """The tensors of an item; ``strength`` is the strength of the image variations."""
        rng = random.Random(item.seed)
        rows, shown = [], []
        for indices in item.rows:
            image = self.dialogues[indices[0]].image
            branches = [self.branches[i] for i in indices]
            rows.append(self.encoder.row(branches, image=image is not None, size=self.pictures.size(image)))
            if image is not None:
                shown.append(self.pictures.get(image))
        views = augment_each(shown, self.pictures.rules.fill, rng, strength) if shown else []
        pixels = self.pictures.rules.tensor(views) if views else None
        sizes = [size_of(view) for view in views]
        return collate(rows, self.encoder.tokenizer.pad_token_id or 0, pixels, sizes=sizes)

    def _begins(self, index: int) -> int:
        """Tokens before a dialogue: its image's."""
        image = self.dialogues[index].image
        return len(self.encoder.prefix(image=image is not None, size=self.pictures.size(image)))

    def _copies(self, index: int, weights: Mapping[str, float], rng: random.Random) -> int:
        weight = weights.get(self.dialogues[index].task or "", 1.0)
        whole = math.floor(weight)
        return whole + (rng.random() < weight - whole)

    def _rows(self, chosen: Sequence[int], rng: random.Random) -> list[tuple[int, ...]]:
        """Deal the dialogues of each image evenly over as few rows as allowed.

        Copies of a dialogue lie beside each other before dealing, so that they go to different rows and see
        the image in different variations.
        """
        by_image: dict[Path | None, list[int]] = defaultdict(list)
        rows: list[tuple[int, ...]] = []
        for index in chosen:
            image = self.dialogues[index].image
            if image is None:
                rows.append((index,))
            else:
                by_image[image].append(index)
        for indices in by_image.values():
            place = {index: rng.random() for index in sorted(set(indices))}
            indices.sort(key=place.__getitem__)
            parts = math.ceil(len(indices) / self.sizes.conversations_per_row)
            rows += [tuple(indices[part::parts]) for part in range(parts)]
        return rows

    def _row_length(self, row: Sequence[int]) -> int:
        return self._begins(row[0]) + sum(len(self.branches[i]) for i in row)

    def _cut(self, rows: Sequence[tuple[int, ...]]) -> list[list[tuple[int, ...]]]:
        """Consecutive rows into batches of at most the allowed padded tokens."""
        batches: list[list[tuple[int, ...]]] = []
        longest = 0
        for row in rows:
            longest = max(longest, self._row_length(row))
            if batches and (len(batches[-1]) + 1) * longest <= self.sizes.tokens:
                batches[-1].append(row)
            else:
                batches.append([row])
                longest = self._row_length(row)
        return batches

    def _bucket(self, row: Sequence[int]) -> int:
        return self._row_length(row) // BUCKET


def largest(dialogues: Sequence[Dialogue], encoder: Encoder, sizes: Sizes, longest: int) -> Pass:
    """The forward pass that needs most memory: rows as long as the longest, full of answers; for the plan.

    Only the longest texts are looked at: one of them has most tokens.
    """
    likely = sorted(dialogues, key=lambda d: sum(len(turn.text) for turn in d.turns))[-LIKELY:]
    talks: dict[Path | None, list[Branch]] = defaultdict(list)
    for dialogue in likely:
        has = dialogue.image is not None
        branch = encoder.branch(dialogue.turns, image=has)
        if len(encoder.prefix(image=has)) + len(branch) <= longest:
            talks[dialogue.image].append(branch)
    rows = [
        (len(encoder.prefix(image=image is not None)) + sum(map(len, row)), row)
        for image, branches in talks.items()
        for row in [sorted(branches, key=len)[-sizes.conversations_per_row if image is not None else -1 :]]
    ]
    length = max((length for length, _ in rows), default=len(encoder.prefix(image=True)) + 1)
    answers = max((sum(b.response_length for b in row) for _, row in rows), default=1)
    count = max(1, sizes.tokens // length)
    return Pass(count, length, count * answers, count, encodes_images=True)


def read_set(
    dialogues: Sequence[Dialogue],
    encoder: Encoder,
    pictures: TrainingPictures,
    sizes: Sizes,
    longest: int,
    report: Reporter,
) -> tuple[DialogueSet, list[Failure]]:
    """Those whose image opens and whose length fits; opening them now also fills the cache."""
    kept: list[Dialogue] = []
    branches: list[Branch] = []
    failed: list[Failure] = []
    with report.progress("reading dialogues", len(dialogues)) as bar:
        for dialogue in dialogues:
            bar.advance()
            has = dialogue.image is not None
            try:
                size = pictures.size(dialogue.image)
            except ItemError as error:
                failed.append(Failure(dialogue.id, str(error)))
                continue
            branch = encoder.branch(dialogue.turns, image=has)
            length = len(encoder.prefix(image=has, size=size)) + len(branch)
            if length > longest:
                failed.append(
                    Failure(dialogue.id, f"has {length} tokens, more than pretrain.max_tokens {longest}")
                )
            else:
                kept.append(dialogue)
                branches.append(branch)
    return DialogueSet(kept, branches, encoder, pictures, sizes), failed
