"""Rows of a JSON-lines file in an order of their own, read when they are asked for: only places are held."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar, overload

import numpy as np
import numpy.typing as npt

from caig_cli.parsing import parse_json

Row = dict[str, Any]
Places = npt.NDArray[np.int64]
T = TypeVar("T")


class RowFile(Sequence[Row]):
    """Rows by their places, int64 [rows, 2]: first byte and number of bytes."""

    def __init__(self, path: Path, places: Places) -> None:
        self._path, self._places = path, places

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Row]:
        return self._read(self._places)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        if isinstance(index, slice):
            return list(self._read(self._places[index]))
        return next(self._read(self._places[index][None]))

    def _read(self, places: Places) -> Iterator[Row]:
        if not len(places):
            return
        with self._path.open("rb") as stream:
            for start, length in places.tolist():
                stream.seek(start)
                yield parse_json(stream.read(length))


class Mapped(Sequence[T]):
    """What a function makes of each of many rows, one at a time."""

    def __init__(self, function: Callable[[Row], T], rows: Sequence[Row]) -> None:
        self._function, self._rows = function, rows

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[T]:
        return map(self._function, self._rows)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        if isinstance(index, slice):
            return [self._function(row) for row in self._rows[index]]
        return self._function(self._rows[index])
