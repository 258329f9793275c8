"""Some rows of a log, column by column. Legend: R rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caig_cli.records import Failure

Ints = NDArray[np.integer[Any]]

CHUNK = 1 << 14
"""Rows that are read together."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows: their lines [R] and their cells by column; and rows of another length by their line."""

    line_R: Ints
    columns: Sequence[Sequence[Any]]
    odd: Sequence[tuple[int, Sequence[Any]]] = ()
    bad: Sequence[Failure] = ()


def in_columns(rows: Sequence[Sequence[Any]], line_R: Ints, width: int, bad: Sequence[Failure] = ()) -> Chunk:
    """Rows of one length as columns; longer ones by blank cells are cut, others of another length are odd."""
    odd: list[tuple[int, Sequence[Any]]] = []
    if {*map(len, rows)} - {width}:
        kept, lines = [], []
        for line, row in zip(line_R.tolist(), rows, strict=True):
            if len(row) > width and not any(map(filled, row[width:])):
                row = row[:width]
            if len(row) == width:
                kept.append(row)
                lines.append(line)
            elif any(map(filled, row)):
                odd.append((line, row))
        rows, line_R = kept, np.array(lines, np.int64)
    columns = list(zip(*rows, strict=True)) if rows else [()] * width
    return Chunk(line_R, columns, odd, bad)


def filled(cell: object) -> bool:
    """Whether a cell holds anything."""
    return cell is not None and bool(str(cell).strip())
