"""Tables whose labels are written once, as pivot tables and formatted reports have them. Legend: R rows.

Product | Image | Day        | Impressions          Product | Image | Day        | Impressions
shoe    | a.png | 2026-10-01 | 10            ->     shoe    | a.png | 2026-10-01 | 10
        |       | 2026-10-02 | 12                   shoe    | a.png | 2026-10-02 | 12
shoe Total |    |            | 22
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np

from caig_cli.clicks.chunks import Chunk, filled
from caig_cli.clicks.tables import LogTable
from caig_cli.data.images import shown

HEAD = 2000
"""Rows by which it is told."""


def filled_down(table: LogTable, labels: int) -> LogTable:
    """A table whose blank labels are those above them, where its first ``labels`` columns show that they are.

    They show it where a column repeats its values below each label, every value at most once: days below an
    ad. A name that some ads lack, as a picture's, has no such column beside it. Rows without a value in that
    column are sums of those above, and left out.
    """
    first = next(table.chunks, None)
    if first is None:
        return table
    chunks = chain([first], table.chunks)
    head = [list(column[:HEAD]) for column in first.columns[:labels]]
    sparse = _sparse(head)
    if not sparse:
        return replace(table, chunks=chunks)
    names = ", ".join(f"'{shown(str(table.header[place])[:40])}'" for place in sparse)
    inner = shown(str(table.header[_inner(head, sparse)])[:40])
    note = f"{names}: blank cells are read as the label above; rows without '{inner}' are sums and left out"
    rows = _filled(chunks, sparse, _inner(head, sparse))
    return replace(table, chunks=rows, notes=(*table.notes, note))


def _sparse(head: Sequence[Sequence[Any]]) -> list[int]:
    """The columns whose labels are written once; none where that does not show."""
    used = [place for place, cells in enumerate(head) if any(map(filled, cells))]
    sparse: list[int] = []
    for place in used:
        if not filled(head[place][0]) or all(map(filled, head[place])):
            break
        if sum(map(filled, head[place])) > len(head[place]) * 2 // 3:
            break
        sparse.append(place)
    while sparse and not _repeats(head, sparse):
        sparse.pop()
    return sparse


def _inner(head: Sequence[Sequence[Any]], sparse: Sequence[int]) -> int:
    return next(place for place in range(sparse[-1] + 1, len(head)) if any(map(filled, head[place])))


def _repeats(head: Sequence[Sequence[Any]], sparse: Sequence[int]) -> bool:
    """Whether the column after the labels has each value once below a label, and again below others."""
    if not any(any(map(filled, head[place])) for place in range(sparse[-1] + 1, len(head))):
        return False
    inner = head[_inner(head, sparse)]
    groups: list[list[str]] = []
    for row, cell in enumerate(inner):
        if not filled(cell):
            continue
        if any(filled(head[place][row]) for place in sparse):
            groups.append([])
        if groups:
            groups[-1].append(str(cell))
    values = [value for group in groups for value in group]
    once = all(len(set(group)) == len(group) for group in groups)
    several = 2 * sum(len(group) > 1 for group in groups) > len(groups)
    return len(groups) > 1 and once and several and 2 * len(set(values)) <= len(values)


def _filled(chunks: Iterator[Chunk], sparse: Sequence[int], inner: int) -> Iterator[Chunk]:
    last: list[Any] = [None] * len(sparse)
    for chunk in chunks:
        columns = [list(column) for column in chunk.columns]
        kept = [row for row, cell in enumerate(columns[inner]) if filled(cell)]
        for row in kept:
            for number, place in enumerate(sparse):
                if filled(columns[place][row]):
                    last[number] = columns[place][row]
                else:
                    columns[place][row] = last[number]
        cells = [[column[row] for row in kept] for column in columns]
        yield Chunk(chunk.line_R[np.array(kept, np.int64)], cells, chunk.odd, chunk.bad)
