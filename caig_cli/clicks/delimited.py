"""Texts with a delimiter between cells, in blocks: regular ones are split as a whole, others read row by row.

A block is regular where each row has the same number of cells and quotes stand at their ends; splitting it
costs a tenth of what reading its rows does.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Literal

import numpy as np

from caig_cli.clicks.chunks import CHUNK, Chunk, Ints, in_columns
from caig_cli.clicks.files import BROKEN, LogFile, unreadable
from caig_cli.clicks.splitting import split
from caig_cli.data.images import shown
from caig_cli.records import Failure

BLOCK = 1 << 20
"""Characters that are read together."""

MAX_ROW = 100
"""Lines of a row beyond which a quote is taken for one that nothing ends."""


@dataclass(slots=True)
class Text:
    """What is left of a text: lines read already, and its stream."""

    file: LogFile
    stream: io.TextIOWrapper
    head: Sequence[str] = field(default_factory=tuple)
    delimiter: str = ","
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL
    line: int = 0
    """Lines before these."""
    escape: str | None = None
    """What stands before a quote inside a cell, where it is not doubled."""


def text_chunks(text: Text, width: int) -> Iterator[Chunk]:
    """The rows of a text as columns; rows of another length are told by their line."""
    try:
        block = "".join(text.head)
        while True:
            block += text.stream.read(BLOCK)
            block += text.stream.readline()
            if not block:
                return
            quotes = text.quoting == csv.QUOTE_MINIMAL and text.escape is None
            block += _rest_of_row(block, text.stream) if quotes else ""
            chunk = split(block, text.delimiter, width, text.line, quotes=quotes)
            if chunk is None:
                break
            yield chunk
            text.line += block.count("\n")
            block = ""
    except BROKEN as error:
        raise unreadable(text.file.name, error) from None
    yield from _row_chunks(text, chain(io.StringIO(block, newline=""), text.stream), width)


def _rest_of_row(block: str, stream: io.TextIOWrapper) -> str:
    """The lines that a cell of a block's last row goes on with."""
    more = ""
    for _ in range(MAX_ROW):
        if (block.count('"') + more.count('"')) % 2 == 0:
            break
        more += stream.readline()
    return more


def _row_chunks(text: Text, lines: Iterator[str], width: int) -> Iterator[Chunk]:
    reader = csv.reader(lines, delimiter=text.delimiter, quoting=text.quoting, escapechar=text.escape)
    while True:
        start = reader.line_num
        rows: list[list[str]] = []
        bad: list[Failure] = []
        try:
            rows.extend(islice(reader, CHUNK))
        except (csv.Error, UnicodeError) as error:
            place = f"{shown(text.file.name)}:{text.line + reader.line_num}"
            fault = f"not valid CSV ({error}); fix it, nothing after it was read"
            bad.append(Failure(place, f"{place}: {fault}"))
        except BROKEN as error:
            raise unreadable(text.file.name, error) from None
        if not rows and not bad:
            return
        yield in_columns(rows, text.line + _lines(rows, start, reader.line_num), width, bad)
        if bad:
            return


def _lines(rows: Sequence[Sequence[str]], start: int, end: int) -> Ints:
    """The line on which each row begins, int64 [R]; cells may hold line ends."""
    if end - start == len(rows):
        return np.arange(start + 1, end + 1)
    if not rows:
        return np.zeros(0, np.int64)
    longs = np.array([1 + sum(cell.count("\n") for cell in row) for row in rows], np.int64)
    return start + 1 + np.concatenate([[0], np.cumsum(longs)[:-1]])
