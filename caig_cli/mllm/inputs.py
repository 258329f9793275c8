"""Conversations to tensors. One image and its conversations are one row: the image is looked at once.

Legend of shape names: B rows, L tokens of the longest row, N response tokens of the whole batch, I images,
T tokens of an image, W width of the vision tower.

A row is a prefix (start token, image tokens) and branches (conversations about that image), laid out as a
tree of tokens. Branches of a plain row part right behind the prefix; those of a ``merged`` row where they
first differ::

    plain       <s> img img | q1 q1 a1 </s> | q2 a2 a2 </s>
    positions     0   1   2    3  4  5  6      3  4  5  6

    merged      <s> img img | q q t a1 </s> | a2 a2 </s> | u a1 </s>       chosen, rejected, other title
    positions     0   1   2   3 4 5  6  7      6  7   8    5  6  7

Tokens stand in the order of a walk through the tree (a token, then all that follows it), so the tokens that
build on one are the run that begins with it. A token sees those it builds on, and its position is their
number: each branch is computed exactly as if it stood alone behind the image. (In families whose image tokens
have places in rows and columns, branches go on from where the prefix ends there.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch

from caig_cli.mllm.images import Size

Place = tuple[int, int, int]
"""Position of a token in three orders: time, rows, columns."""


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
class TreeRow:
    """One prefix and the branches that share it; ``merged`` branches also share what they begin with.

    ``places`` are those of the prefix's tokens, where they are not their numbers.
    """

    prefix: tuple[int, ...]
    branches: tuple[Branch, ...]
    merged: bool = False
    places: tuple[Place, ...] = ()

    def __len__(self) -> int:
        return len(self.prefix) + sum(len(self.branches[b]) - shared for b, shared in self.walk())

    @property
    def next(self) -> int:
        """Position of what follows the prefix."""
        return 1 + max(map(max, self.places)) if self.places else len(self.prefix)

    def walk(self) -> Iterator[tuple[int, int]]:
        """Branches in the order in which they are laid out, and how many tokens each has from the one before.

        Sorted branches share most with their neighbours, so that nothing is laid out twice.
        """
        if not self.merged:
            yield from ((b, 0) for b in range(len(self.branches)))
            return
        before: tuple[int, ...] = ()
        for b in sorted(range(len(self.branches)), key=lambda b: self.branches[b].ids):
            ids = self.branches[b].ids
            yield b, _alike(before, ids)
            before = ids


@dataclass(frozen=True, slots=True)
class Batch:
    """What a forward pass needs.

    ``mask_B1LL`` is additive: 0 where a token may look, the lowest float elsewhere. Response token n is
    ``target_N[n]``, predicted at (``row_N[n]``, ``at_N[n]``), and belongs to conversation
    ``branch_N[n]`` of the batch, counted over all rows. The images of the rows that have one are given in
    order, as pixels or as what the tower has seen in them (``vision.patches``), with their ``sizes``.
    Positions are [B, L], or [3, B, L] where a row has places of its own.
    """

    ids_BL: torch.Tensor
    position: torch.Tensor
    mask_B1LL: torch.Tensor
    row_N: torch.Tensor
    at_N: torch.Tensor
    target_N: torch.Tensor
    branch_N: torch.Tensor
    pixels: torch.Tensor | None = None
    patches: torch.Tensor | None = None
    sizes: tuple[Size, ...] = ()

    @property
    def real(self) -> torch.Tensor:
        """Not padding, bool [B, L]: real tokens see the first one of their row, padding sees itself only."""
        return self.mask_B1LL[:, 0, :, 0] == 0

    def to(self, device: torch.device) -> Batch:
        """The same on another device."""
        values = ((name, getattr(self, name)) for name in self.__slots__)
        moved: dict[str, Any] = {n: v.to(device) for n, v in values if isinstance(v, torch.Tensor)}
        return replace(self, **moved)


def collate(
    rows: Sequence[TreeRow],
    pad: int,
    pixels: torch.Tensor | None = None,
    patches: torch.Tensor | None = None,
    sizes: Sequence[Size] = (),
) -> Batch:
    """Rows to one right-padded batch; ``pixels`` or ``patches`` are those of the rows that have an image."""
    longest = max(len(row) for row in rows)
    ids_BL = torch.full((len(rows), longest), pad)
    spread = any(row.places for row in rows)
    position_3BL = torch.zeros((3 if spread else 1, len(rows), longest), dtype=torch.long)
    end_BL = torch.arange(1, longest + 1).repeat(len(rows), 1)
    picks: list[tuple[int, int, int, int]] = []
    seen = 0
    for r, row in enumerate(rows):
        tree = _lay(row)
        n = len(tree.ids)
        ids_BL[r, :n], end_BL[r, :n] = torch.tensor(tree.ids), torch.tensor(tree.ends)
        position_3BL[:, r, :n] = torch.tensor(tree.positions)
        if row.places:
            position_3BL[:, r, : len(row.places)] = torch.tensor(row.places).T
        for branch, path in zip(row.branches, tree.paths, strict=True):
            before = [0, *path][len(row.prefix) :]  # an answer never is the first token
            own = zip(branch.ids, branch.is_response, before, strict=False)
            picks += [(r, at, token, seen) for token, mine, at in own if mine]
            seen += 1
    row_N, at_N, target_N, branch_N = torch.tensor(picks, dtype=torch.long).reshape(-1, 4).unbind(1)
    position = position_3BL if spread else position_3BL[0]
    mask_B1LL = _tree_mask(end_BL)
    given = (pixels, patches, tuple(sizes))
    return Batch(ids_BL, position, mask_B1LL, row_N, at_N, target_N, branch_N, *given)


class _Tree(NamedTuple):
    """Tokens of a row as they are laid out. ``ends``: where the run that builds on each token ends;
    ``paths``: where the tokens of each branch stand, those of the prefix included."""

    ids: list[int]
    positions: list[int]
    ends: list[int]
    paths: list[list[int]]


def _lay(row: TreeRow) -> _Tree:
    n = len(row.prefix)
    ids, positions, ends = list(row.prefix), list(range(n)), [0] * n
    skipped = row.next - n
    paths: list[list[int]] = [[] for _ in row.branches]
    path = list(range(n))
    for b, shared in row.walk():
        new = row.branches[b].ids[shared:]
        for place in path[n + shared :]:
            ends[place] = len(ids)
        path = [*path[: n + shared], *range(len(ids), len(ids) + len(new))]
        positions += range(n + shared + skipped, len(path) + skipped)
        ids += new
        ends += [0] * len(new)
        paths[b] = path
    return _Tree(ids, positions, [end or len(ids) for end in ends], paths)


def _alike(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))


def _tree_mask(end_BL: torch.Tensor) -> torch.Tensor:
    """Additive mask [B, 1, L, L]: a token sees itself and those in whose run it stands.

    The run of a padding token is itself, so that no row of the softmax is empty and nothing else sees it.
    """
    count, length = end_BL.shape
    mask_BLL = torch.full((count, length, length), torch.finfo(torch.float32).min)
    place = torch.arange(length)
    # Row by row: L x L bytes beside the mask, not B times as many.
    for mask_LL, end_L in zip(mask_BLL, end_BL, strict=True):
        visible = (place <= place[:, None]) & (place[:, None] < end_L)
        mask_LL.masked_fill_(visible, 0)
    return mask_BLL[:, None]
