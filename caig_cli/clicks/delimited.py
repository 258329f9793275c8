"""Texts with a delimiter between cells, in blocks: regular ones are split as a whole, others read row by row.

A block is regular where no cell is quoted and each line has the same number of delimiters; splitting it costs
a third of what reading its rows does.
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
from caig_cli.data.images import shown
from caig_cli.records import Failure

BLOCK = 1 << 20
"""Characters that are read together."""


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
            chunk = _split(block, text.delimiter, width, text.line)
            if chunk is None:
                break
            yield chunk
            text.line += len(chunk.line_R)
            block = ""
    except BROKEN as error:
        raise unreadable(text.file.name, error) from None
    yield from _row_chunks(text, chain(io.StringIO(block, newline=""), text.stream), width)


def _split(block: str, delimiter: str, width: int, line: int) -> Chunk | None:
    """A regular block as columns; None for any other."""
    if "\r" in block:
        block = block.replace("\r\n", "\n")
    if '"' in block or "\r" in block or width < 2:
        return None
    if not block.endswith("\n"):
        block += "\n"
    data = np.frombuffer(block.encode("utf-8", "surrogateescape"), np.uint8)
    marks = data[(data == ord(delimiter)) | (data == 10)]
    if len(marks) % width:
        return None
    ends = (marks == 10).reshape(-1, width)
    if not ends[:, -1].all() or ends[:, :-1].any():
        return None
    cells = block[:-1].replace("\n", delimiter).split(delimiter)
    rows = len(ends)
    return Chunk(
        np.arange(line + 1, line + rows + 1, dtype=np.int32), [cells[place::width] for place in range(width)]
    )


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
