"""Columns as numbers: each distinct cell once, and for each row which it is. Legend: R rows, V values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int32]
Ints = NDArray[np.integer[Any]]

T = TypeVar("T")


class Coder(dict[Any, int]):
    """Numbers the distinct values that it is asked for."""

    def __missing__(self, value: Any) -> int:
        number = self[value] = len(self)
        return number

    def codes(self, cells: Sequence[Any]) -> Codes:
        """The number of each cell, int32 [R]."""
        if isinstance(cells, CodedCells):
            return np.fromiter(map(self.__getitem__, cells.values), np.int32, len(cells.values))[cells.code_R]
        return np.fromiter(map(self.__getitem__, cells), np.int32, len(cells))


class CodedCells(Sequence[Any]):
    """Cells by their distinct values, in order of first rows: a row's cell is ``values[code_R[row]]``."""

    def __init__(self, values: Sequence[Any], code_R: Ints) -> None:
        self.values, self.code_R = values, code_R

    def __len__(self) -> int:
        return len(self.code_R)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self.values[code] for code in self.code_R[index].tolist()]
        return self.values[self.code_R[index]]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, its distinct values [V] and which of them each row has, int32 [R]."""

    title: str
    values: list[Any]
    code_R: Codes

    def each(self, function: Callable[[Any], T]) -> list[T]:
        """A function of each distinct value [V]."""
        return [function(value) for value in self.values]

    def rows_of(self, codes: Iterable[int]) -> NDArray[np.bool_]:
        """Which rows have one of some values, bool [R]."""
        wanted = np.zeros(max(1, len(self.values)), np.bool_)
        wanted[list(codes)] = True
        return wanted[self.code_R]

    def at(self, rows: Ints | NDArray[np.bool_]) -> Column:
        """The column of some rows."""
        return Column(self.title, self.values, self.code_R[rows])


def coded(values_R: NDArray[np.float64]) -> Ints:
    """Values as numbers that ``groups`` takes: equal ones, and unknown ones, have one [R]."""
    return np.unique(values_R, return_inverse=True)[1]


def groups(columns: Sequence[NDArray[Any]]) -> tuple[Codes, Ints]:
    """Rows equal in all columns: a number for each row [R], in order of first rows, and those rows [G]."""
    rows = len(columns[0])
    key = np.zeros(rows, np.int64)
    for column in columns:
        low = int(column.min(initial=0))
        span = int(column.max(initial=0)) - low + 1
        if int(key.max(initial=0)) >= (1 << 62) // span:
            key = np.unique(key, return_inverse=True)[1]
        key *= span
        key += column
        key -= low
    if int(key.max(initial=0)) < 2 * rows + 1024:
        return _dense(key)
    _, first, group = np.unique(key, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return rank[group], first[order]


def _dense(key_R: Ints) -> tuple[Codes, Ints]:
    """The same for keys of a small range, without sorting rows."""
    first_K = np.full(int(key_R.max(initial=-1)) + 1, len(key_R), np.int32)
    # Of several rows the last one written stays: the first.
    first_K[key_R[::-1]] = np.arange(len(key_R) - 1, -1, -1, dtype=np.int32)
    used = np.flatnonzero(first_K < len(key_R))
    used = used[np.argsort(first_K[used])]
    rank_K = np.zeros(len(first_K), np.int32)
    rank_K[used] = np.arange(len(used), dtype=np.int32)
    return rank_K[key_R], first_K[used].astype(np.int64)


def sums(group_R: Codes | Ints, values_R: Ints, number: int) -> Ints:
    """Exact sums of values by group, int64 [G]."""
    total = np.zeros(number, np.int64)
    np.add.at(total, group_R, values_R)
    return total
