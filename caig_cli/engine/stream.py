"""The endless stream of micro-batches that the training loop reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
B = TypeVar("B")


class Stream(Generic[T, B]):
    """Epoch after epoch, any index at any time; see ``loop.Batches``.

    ``epoch`` plans the batches of an epoch by its number, and ``collate`` makes the tensors of one. Both
    depend on nothing else, so a resumed run sees just what an uninterrupted one sees.
    """

    def __init__(self, epoch: Callable[[int], Sequence[T]], collate: Callable[[T], B]) -> None:
        self._epoch, self._collate = epoch, collate
        self._planned: list[T] = []
        self._epochs = 0
        self._extend()
        self._first_epoch = len(self._planned)

    def __len__(self) -> int:
        """Batches of the first epoch; later ones may differ by a few."""
        return self._first_epoch

    def __getitem__(self, index: int) -> B:
        while index >= len(self._planned):
            self._extend()
        return self._collate(self._planned[index])

    def _extend(self) -> None:
        self._planned += self._epoch(self._epochs)
        self._epochs += 1
