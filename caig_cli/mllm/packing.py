"""Which conversations share a row, and which rows share a forward pass: whatever costs least."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from caig_cli.mllm.inputs import Branch, Place, TreeRow
from caig_cli.mllm.loading import Mllm
from caig_cli.mllm.scoring import why_no_tree

WASTE = 0.1
"""Share of padding that rows in one forward pass may bring."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Multiplications of one row: so many per token, and per two tokens in dense attention."""

    per_token: float
    per_two: float

    @classmethod
    def of(cls, mllm: Mllm) -> Cost:
        """Counted from the language model's shape; only the ratio of the two matters."""
        text = mllm.config.get_text_config()
        width, heads = text.hidden_size, text.num_attention_heads
        head = getattr(text, "head_dim", None) or width // heads
        kv = getattr(text, "num_key_value_heads", None) or heads
        attention = width * head * (2 * heads + 2 * kv)
        return cls(attention + 3 * width * text.intermediate_size, 2.0 * heads * head)

    def __call__(self, row: TreeRow) -> float:
        """Cost of a row: n tokens cost n per_token + n^2 per_two."""
        n = len(row)
        return n * self.per_token + n * n * self.per_two


def cost_of_trees(mllm: Mllm) -> Cost | None:
    """The rule for ``pack``; None where the model computes no trees."""
    return Cost.of(mllm) if why_no_tree(mllm) is None else None


def pack(
    prefix: tuple[int, ...],
    branches: Sequence[Branch],
    cost: Cost | None,
    places: tuple[Place, ...] = (),
) -> tuple[TreeRow, ...]:
    """The conversations about one image as one merged row, or as a row each where that costs less.

    A tree of n tokens costs dense attention over all of them, though each sees only its own branch: many
    long branches behind a short prefix are cheaper apart. ``cost`` None keeps every conversation apart.
    """
    apart = tuple(TreeRow(prefix, (branch,), places=places) for branch in branches)
    together = TreeRow(prefix, tuple(branches), merged=True, places=places)
    if cost is None or cost(together) > sum(map(cost, apart)):
        return apart
    return (together,)


def group_by_length(lengths: Sequence[int]) -> list[list[int]]:
    """Numbers of rows that go through the model together: the longest first, padded by ``WASTE`` at most."""
    groups: list[list[int]] = []
    real = 0
    for number in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        padded = (len(groups[-1]) + 1) * lengths[groups[-1][0]] if groups else 0
        if groups and padded <= (real + lengths[number]) * (1 + WASTE):
            groups[-1].append(number)
            real += lengths[number]
        else:
            groups.append([number])
            real = lengths[number]
    return groups
