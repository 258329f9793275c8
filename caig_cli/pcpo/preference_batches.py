"""Preferences to batches: a product's replies as one tree, each image looked at once.

A set belongs to one round. Everything is a function of (seed, epoch, position): a resumed run sees just what
an uninterrupted one sees.

Legend of shape names: P pairs of a batch, D its conversations, M those of the whole set.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import nn

from caig_cli.engine.loop import StepFunction, StepOutput
from caig_cli.engine.report import Reporter
from caig_cli.engine.runtime import derive_seed
from caig_cli.losses.objective import Objective
from caig_cli.losses.preference import Replies, margin_weights, preference_loss
from caig_cli.losses.supervised import weighted_sum
from caig_cli.mllm.images import Pixels, Size, flatten, size_of
from caig_cli.mllm.inputs import Batch, Branch, TreeRow, collate
from caig_cli.mllm.loading import Mllm
from caig_cli.mllm.packing import cost_of_trees, group_by_length, pack
from caig_cli.mllm.scoring import response_logps, why_no_tree
from caig_cli.mllm.vision import apart, patches
from caig_cli.pcpo.negatives import Negative, negative_picture
from caig_cli.pcpo.preference_config import NegativesSection
from caig_cli.records import Preference, Product, Turn

CHUNK = 16
"""Pictures that the tower sees together: always the same ones, so that a resumed run gets the same bits."""


@dataclass(frozen=True, slots=True)
class PromptTemplate:
    """How products become conversations: the question about one, and its framed picture, uint8 [H, W, 4]."""

    question: Callable[[Product], str]
    picture: Callable[[Product], Pixels]


@dataclass(frozen=True, slots=True)
class BatchSizes:
    """A micro-batch holds at most ``products`` products, and ``tokens`` tokens unless one needs more."""

    products: int
    tokens: int


@dataclass(frozen=True, slots=True)
class PackedRow:
    """A row of the set, the number of its picture, and the numbers of its conversations."""

    row: TreeRow
    picture: int
    talks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PreferenceBatch:
    """Forward passes, and which of their conversations, counted on over all of them, each pair compares.

    ``reply_PR`` numbers chosen, rejected and, where there are negatives (R = 3), the negative of each pair.
    """

    passes: tuple[Batch, ...]
    reply_PR: torch.Tensor
    reference_D: torch.Tensor
    p_chosen_P: torch.Tensor
    advantage_P: torch.Tensor

    def to(self, device: torch.device) -> PreferenceBatch:
        """The same on another device."""
        names = ("reply_PR", "reference_D", "p_chosen_P", "advantage_P")
        moved = {name: getattr(self, name).to(device) for name in names}
        return replace(self, passes=tuple(batch.to(device) for batch in self.passes), **moved)

    def replies(self, value_D: torch.Tensor) -> Replies:
        """Values of conversations as values of pairs."""
        return Replies(*value_D[self.reply_PR].unbind(1))


class PreferenceSet:
    """The preferences of a round in a model's form, and the batches of any epoch."""

    def __init__(
        self,
        mllm: Mllm,
        preferences: Sequence[Preference],
        negatives: Sequence[Negative],
        section: NegativesSection,
        asking: PromptTemplate,
    ) -> None:
        """``negatives``: one for each preference, or none at all for a loss that needs none."""
        self.mllm, self.preferences, self.asking, self.section = mllm, preferences, asking, section
        self._encoder = mllm.encoder
        self._pictures: dict[str | tuple[str, Negative], int] = {}
        self.talks: dict[tuple[int, Branch], int] = {}
        self.shown: list[tuple[Product, Negative | None]] = []
        self.sizes: list[Size] = []
        self.replies = [
            self._replies(number, negatives[number] if negatives else None)
            for number in range(len(preferences))
        ]
        by_product: dict[str, list[int]] = defaultdict(list)
        for number, preference in enumerate(preferences):
            by_product[preference.product.id].append(number)
        self.products = list(by_product.values())
        self.rows = self._rows()
        self.patches: list[torch.Tensor] = []
        precise = torch.promote_types(torch.float32, mllm.core.dtype)
        self.reference_M = torch.zeros(len(self.talks), dtype=precise)

    # --- conversations ------------------------------------------------------------------------------

    def _replies(self, number: int, negative: Negative | None) -> tuple[int, ...]:
        """Conversation numbers of a preference: chosen, rejected and negative."""
        preference = self.preferences[number]
        product, own = preference.product, self._picture(preference.product, None)
        replies = [self._talk(own, product, text) for text in (preference.chosen, preference.rejected)]
        if negative is None:
            return tuple(replies)
        if negative.new_picture:
            wrong = self._talk(self._picture(product, negative), product, preference.chosen)
        else:
            assert negative.other is not None, "a caption negative has the title of another product"
            other = self.preferences[negative.other]
            answer = preference.chosen if self.section.answer == "same" else other.chosen
            wrong = self._talk(own, other.product, answer)
        return (*replies, wrong)

    def _picture(self, product: Product, negative: Negative | None) -> int:
        key = product.id if negative is None else (product.id, negative)
        if key not in self._pictures:
            self.shown.append((product, negative))
            self.sizes.append(self._size(product, negative))
        return self._pictures.setdefault(key, len(self._pictures))

    def _talk(self, picture: int, about: Product, text: str) -> int:
        turns = (Turn("human", self.asking.question(about)), Turn("gpt", text))
        branch = self._encoder.branch(turns, image=True)
        return self.talks.setdefault((picture, branch), len(self.talks))

    def _rows(self) -> list[list[PackedRow]]:
        """The rows of each product: one per picture, or one per conversation where that costs less."""
        cost, known, rows = cost_of_trees(self.mllm), list(self.talks), []
        for pairs in self.products:
            by_picture: dict[int, list[int]] = defaultdict(list)
            for talk in dict.fromkeys(talk for pair in pairs for talk in self.replies[pair]):
                by_picture[known[talk][0]].append(talk)
            packed = []
            for picture, talks in by_picture.items():
                waiting = list(talks)
                start = self._encoder.row((), image=True, size=self.sizes[picture])
                for row in pack(start.prefix, [known[talk][1] for talk in talks], cost, start.places):
                    packed.append(PackedRow(row, picture, tuple(waiting[: len(row.branches)])))
                    del waiting[: len(row.branches)]
            rows.append(packed)
        return rows

    def _size(self, product: Product, negative: Negative | None) -> Size:
        """Height and width of a picture: a negative's are those of its product, or of the lent one."""
        if negative is not None and negative.kind == "image" and negative.other is not None:
            product = self.preferences[negative.other].product
        return size_of(self.asking.picture(product))

    def tokens(self, product: int) -> int:
        """Tokens of a product's rows, image tokens included."""
        return sum(len(packed.row) for packed in self.rows[product])

    # --- what is computed once ----------------------------------------------------------------------

    @torch.no_grad()
    def look(self, report: Reporter) -> None:
        """Show every picture to the tower, once; kept beside the data in the model's precision."""
        seen: list[torch.Tensor] = []
        if reason := why_no_tree(self.mllm):
            report.info(reason)
        with report.progress("looking at products", len(self.shown)) as bar:
            for start in range(0, len(self.shown), CHUNK):
                views = [self.view(*shown) for shown in self.shown[start : start + CHUNK]]
                sizes = self.sizes[start : start + CHUNK]
                chunk = patches(self.mllm, self.mllm.rules.tensor(views), sizes).cpu()
                seen += apart(self.mllm, chunk, sizes)
                bar.advance(len(views))
        self.patches = seen

    def view(self, product: Product, negative: Negative | None) -> Pixels:
        own, fill = self.asking.picture(product), self.mllm.rules.fill
        if negative is None:
            return flatten(own, fill)
        other = None if negative.other is None else self.preferences[negative.other].product
        lent = None if other is None else self.asking.picture(other)
        return negative_picture(negative, own, lent, self.section, fill)

    @torch.no_grad()
    def ask_reference(self, scorer: nn.Module, sizes: BatchSizes, report: Reporter) -> None:
        """Log-probabilities of all conversations by ``scorer`` as it is now, once for all epochs.

        Call it where the reference is active (``policy.starting_state``), under the autocast of training.
        """
        device = self.mllm.core.device
        order = sorted(range(len(self.products)), key=self.tokens)
        with report.progress("asking the reference", len(order)) as bar:
            for products in self._cut(order, sizes):
                packed = [row for product in products for row in self.rows[product]]
                passes, talks = self.passes(packed)
                logp_D, _ = response_logps(scorer, [batch.to(device) for batch in passes])
                self.reference_M[talks] = logp_D.cpu()
                bar.advance(len(products))

    # --- batches ------------------------------------------------------------------------------------

    def epoch(self, seed: int, epoch: int, sizes: BatchSizes) -> list[tuple[int, ...]]:
        """One pass over all products in a new order: the products of each micro-batch."""
        order = list(range(len(self.products)))
        random.Random(derive_seed(seed, "epoch", epoch)).shuffle(order)
        return self._cut(order, sizes)

    def collate(self, products: Sequence[int]) -> PreferenceBatch:
        """The tensors of a micro-batch."""
        passes, talks = self.passes([row for product in products for row in self.rows[product]])
        place = {talk: number for number, talk in enumerate(talks)}
        pairs = [pair for product in products for pair in self.products[product]]
        return PreferenceBatch(
            passes=passes,
            reply_PR=torch.tensor([[place[talk] for talk in self.replies[pair]] for pair in pairs]),
            reference_D=self.reference_M[talks],
            p_chosen_P=torch.tensor([self.preferences[pair].p_chosen for pair in pairs]),
            advantage_P=torch.tensor([self.preferences[pair].advantage for pair in pairs]),
        )

    def _cut(self, order: Sequence[int], sizes: BatchSizes) -> list[tuple[int, ...]]:
        """Consecutive products into micro-batches."""
        batches: list[list[int]] = []
        tokens = 0
        for product in order:
            tokens += self.tokens(product)
            if batches and len(batches[-1]) < sizes.products and tokens <= sizes.tokens:
                batches[-1].append(product)
            else:
                batches.append([product])
                tokens = self.tokens(product)
        return [tuple(batch) for batch in batches]

    def passes(self, packed: Sequence[PackedRow]) -> tuple[tuple[Batch, ...], list[int]]:
        """Rows of like length in one forward pass each, and their conversations in the tensors' order."""
        pad = self.mllm.encoder.tokenizer.pad_token_id or 0
        passes, talks = [], []
        for numbers in group_by_length([len(one.row) for one in packed]):
            group = [packed[number] for number in numbers]
            seen = torch.cat([self.patches[one.picture] for one in group])
            sizes = [self.sizes[one.picture] for one in group]
            passes.append(collate([one.row for one in group], pad, patches=seen, sizes=sizes))
            talks += [talk for one in group for talk in one.talks]
        return tuple(passes), talks


def preference_step(how: Objective, device: torch.device) -> StepFunction:
    """The step of the loop: figures are weighted means over pairs."""

    def step(model: nn.Module, batch: PreferenceBatch) -> StepOutput:
        batch = batch.to(device)
        logp_D, length_D = response_logps(model, batch.passes)
        policy, length = batch.replies(logp_D), batch.replies(length_D)
        reference = batch.replies(batch.reference_D)
        loss_P, figures = preference_loss(policy, reference, length, how, batch.advantage_P)
        weight_P = margin_weights(batch.p_chosen_P, how)
        loss, weight = weighted_sum(loss_P, weight_P)
        return StepOutput(loss, float(weight), _weighed(figures, weight_P))

    return step


def _weighed(figures: Mapping[str, torch.Tensor], weight_P: torch.Tensor) -> dict[str, torch.Tensor]:
    return {name: (value_P * weight_P).sum() for name, value_P in figures.items()}
