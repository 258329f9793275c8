"""Conversations to tensors. One image and its conversations are one row: the image is looked at once.

Legend of shape names: B rows, L tokens of the longest row, N response tokens of the whole batch.

A row is a prefix (start token, image tokens) and branches (conversations about that image), one after the
other::

    tokens      <s> img img img | q1 q1 a1 </s> | q2 a2 a2 </s>
    positions     0   1   2   3    4  5  6    7     4  5  6    7
    branch        0   0   0   0    1  1  1    1     2  2  2    2

A token sees what is before it in the prefix and in its own branch, and its position counts on from the
prefix: each branch is computed exactly as if it stood alone behind the image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from caig_cli.mllm.families import Family
from caig_cli.records import Turn

IMAGE = "<image>"


@dataclass(frozen=True, slots=True)
class Branch:
    """The tokens of one conversation after the prefix, and which of them are the model's own words."""

    ids: tuple[int, ...]
    is_response: tuple[bool, ...]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def response_length(self) -> int:
        return sum(self.is_response)


@dataclass(frozen=True, slots=True)
class Row:
    """One prefix and the branches that share it."""

    prefix: tuple[int, ...]
    branches: tuple[Branch, ...]

    def __len__(self) -> int:
        return len(self.prefix) + sum(len(b) for b in self.branches)


@dataclass(frozen=True, slots=True)
class Batch:
    """What a forward pass needs.

    ``mask_B1LL`` is additive: 0 where a token may look, the lowest float elsewhere. Response token n is
    ``target_N[n]``, predicted at (``row_N[n]``, ``at_N[n]``), and belongs to conversation
    ``branch_N[n]`` of the batch, counted over all rows.
    """

    ids_BL: torch.Tensor
    position_BL: torch.Tensor
    mask_B1LL: torch.Tensor
    row_N: torch.Tensor
    at_N: torch.Tensor
    target_N: torch.Tensor
    branch_N: torch.Tensor
    pixels_B3HW: torch.Tensor | None = None

    def to(self, device: torch.device) -> Batch:
        """The same on another device."""
        names = (name for name in self.__slots__ if getattr(self, name) is not None)
        return replace(self, **{name: getattr(self, name).to(device) for name in names})


class Encoder:
    """Writes conversations in a family's form. Holds no weights."""

    def __init__(self, tokenizer: Any, family: Family, image_token: int, image_tokens: int) -> None:
        self.tokenizer = tokenizer
        self.family = family
        self.image_token = image_token
        self.image_tokens = image_tokens

    def prefix(self, *, image: bool) -> tuple[int, ...]:
        """What all conversations about one image begin with; without an image only the start token."""
        bos = self.tokenizer.bos_token_id
        start = [] if bos is None else [bos]
        if image:
            start += self._ids(self.family.start + self.family.opening)
            start += [self.image_token] * self.image_tokens
        return tuple(start)

    def question(self, text: str, *, image: bool) -> tuple[int, ...]:
        """The first question up to where the answer begins, after the prefix."""
        before = self.family.image if image else self.family.start + self.family.opening
        return tuple(self._ids(before + _without_image(text) + self.family.answering))

    def branch(self, turns: Sequence[Turn], *, image: bool) -> Branch:
        """A whole conversation: human and model in turn, each answer closed by the end token."""
        ids: list[int] = []
        is_response: list[bool] = []
        for index, turn in enumerate(turns):
            if turn.speaker == "gpt":
                piece = [*self._ids(turn.text), self.tokenizer.eos_token_id]
            elif index == 0:
                piece = list(self.question(turn.text, image=image))
            else:
                piece = self._ids(self.family.opening + _without_image(turn.text) + self.family.answering)
            ids += piece
            is_response += [turn.speaker == "gpt"] * len(piece)
        return Branch(tuple(ids), tuple(is_response))

    def decode(self, ids: Sequence[int]) -> str:
        """The words of a response, without special tokens and outer white space."""
        return str(self.tokenizer.decode(ids, skip_special_tokens=True)).strip()

    def _ids(self, text: str) -> list[int]:
        if not text:
            return []
        return list(self.tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"])


def collate(rows: Sequence[Row], pad: int, pixels: torch.Tensor | None = None) -> Batch:
    """Rows to one right-padded batch; ``pixels`` are those of the rows that have an image, in order."""
    longest = max(len(row) for row in rows)
    ids_BL = torch.full((len(rows), longest), pad)
    position_BL = torch.zeros((len(rows), longest), dtype=torch.long)
    owner_BL = torch.full((len(rows), longest), -1)
    picks: list[tuple[int, int, int, int]] = []
    seen = 0
    for r, row in enumerate(rows):
        n = len(row.prefix)
        pieces = [row.prefix, *(b.ids for b in row.branches)]
        ids_BL[r, : len(row)] = torch.tensor([i for piece in pieces for i in piece])
        position_BL[r, :n] = torch.arange(n)
        owner_BL[r, :n] = 0
        start = n
        for b, branch in enumerate(row.branches):
            stop = start + len(branch)
            position_BL[r, start:stop] = torch.arange(n, n + len(branch))
            owner_BL[r, start:stop] = b + 1
            marked = (i for i, own in enumerate(branch.is_response) if own)
            picks += [(r, start + i - 1, branch.ids[i], seen) for i in marked]
            start, seen = stop, seen + 1
    row_N, at_N, target_N, branch_N = torch.tensor(picks, dtype=torch.long).reshape(-1, 4).unbind(1)
    return Batch(ids_BL, position_BL, _tree_mask(owner_BL), row_N, at_N, target_N, branch_N, pixels)


def _tree_mask(owner_BL: torch.Tensor) -> torch.Tensor:
    """Additive mask [B, 1, L, L]: causal, and only the prefix (0) and one's own branch are visible.

    Padding (-1) sees itself, so that no row of the softmax is empty, and nothing else sees it.
    """
    length = owner_BL.shape[1]
    query, key = owner_BL[:, :, None], owner_BL[:, None, :]
    causal = torch.ones(length, length, dtype=torch.bool).tril()
    itself = torch.eye(length, dtype=torch.bool)
    visible = (causal & ((key == query) | (key == 0)) & (query >= 0)) | itself
    lowest = torch.finfo(torch.float32).min
    return torch.zeros(visible.shape).masked_fill(~visible, lowest)[:, None]


def _without_image(text: str) -> str:
    """The question's words; the image's place is fixed by the family, wherever the file had it."""
    return text.replace(IMAGE, "").strip()
