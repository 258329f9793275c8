"""The rows of a click log, column by column and some at a time, whatever the format; nothing is judged here.

``CreativeRanking`` lists have five columns separated by tabs and no header; other texts, spreadsheets and
Parquet have one, maybe below lines of other text. The CG4CTR re-pack is JSON,
``{item: [{creative_id, creative_image_hash, exp_impression_cnt, exp_click_cnt}]}``; JSON lists and JSON Lines
hold records with named fields.
"""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caig_cli.clicks.chunks import CHUNK, Chunk, filled, in_columns
from caig_cli.clicks.delimited import Text, text_chunks
from caig_cli.clicks.files import BROKEN, LogFile, WantedTable, open_text, unreadable
from caig_cli.clicks.pivots import days_above
from caig_cli.clicks.platforms import fold
from caig_cli.data.images import shown
from caig_cli.errors import DataError

Ints = NDArray[np.int64]

HEAD = 100
"""Lines that are searched for the header."""

DELIMITERS = "\t,;|"

HEADERLESS = ("item", "image", "day", "impressions", "clicks")
"""The columns of a list without a header."""


@dataclass(frozen=True, slots=True)
class LogTable:
    """A log before its columns are understood."""

    header: Sequence[str]
    chunks: Iterator[Chunk]
    line: int = 1
    """Line of the header; 0 where there is none."""
    notes: Sequence[str] = ()
    preamble: Sequence[str] = field(default_factory=tuple)


# --- text with delimiters --------------------------------------------------------------------------


def open_delimited(file: LogFile, given: Sequence[str]) -> LogTable:
    """A text with tabs, commas, semicolons or bars between its cells."""
    try:
        stream, encoding = open_text(file)
        head = list(islice(stream, HEAD))
    except UnicodeError:
        raise DataError(
            f"{shown(file.name)}: not text; give {file.wanted.words} as CSV, XLSX or JSON"
        ) from None
    except BROKEN as error:
        raise unreadable(file.name, error) from None
    if not any(line.strip() for line in head):
        raise DataError(f"{shown(file.name)}: the file is empty; give {file.wanted.words}")
    delimiter, row, bare = _find_header(head, given, file.wanted)
    if bare:
        _check_bare(file, next(line for line in head if line.strip()), delimiter)
        text = Text(file, stream, head, delimiter, csv.QUOTE_NONE)
        return LogTable(HEADERLESS, text_chunks(text, len(HEADERLESS)), line=0)
    escape = "\\" if any('\\"' in line for line in head) else None
    reader = csv.reader(head, delimiter=delimiter, escapechar=escape)
    before = list(islice(reader, row))
    header = [title.strip() for title in next(reader)]
    line = reader.line_num
    while header and not header[-1]:
        header.pop()
    notes = () if encoding.startswith("utf") else (f"read as {encoding}",)
    preamble = [" ".join(filter(None, map(str.strip, cells))) for cells in before if any(cells)]
    text = Text(file, stream, head[line:], delimiter, csv.QUOTE_MINIMAL, line, escape)
    return LogTable(header, text_chunks(text, len(header)), line, notes, preamble)


def _check_bare(file: LogFile, line: str, delimiter: str) -> None:
    """Raises DataError for a list without a header whose columns are others than those of such lists."""
    cells = [cell.strip().strip('"') for cell in line.split(delimiter)]
    if len(cells) == len(HEADERLESS) and sum(cell.isdecimal() for cell in cells[3:]) == 0:
        raise DataError(
            f"{shown(file.name)}: no row of it names columns, and its cells are not {', '.join(HEADERLESS)} "
            "in this order; add a first line with the columns' names"
        )


def _find_header(head: Sequence[str], given: Sequence[str], wanted: WantedTable) -> tuple[str, int, bool]:
    """The delimiter, the number of rows before the header, and whether there is none."""
    best: tuple[tuple[int, int], str, int] = ((0, 0), ",", 0)
    for delimiter in DELIMITERS:
        for row, cells in enumerate(_parsed(head, delimiter)):
            found = (score(cells, given, wanted), len(cells))
            if found > best[0]:
                best = (found, delimiter, row)
    first = next(line for line in head if line.strip()).strip()
    common = max(DELIMITERS, key=first.count)
    if best[0][0] < 2:  # nothing that is known: the first line is the header, unless it holds numbers
        cells = [cell.strip().strip('"') for cell in first.split(common)]
        if any(cell.isdecimal() for cell in cells):
            return common, 0, True
        widest = max(enumerate(_parsed(head, common)), key=lambda row: len(row[1]), default=(0, []))[0]
        return common, widest, False
    return best[1], best[2], False


def _parsed(head: Sequence[str], delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    with contextlib.suppress(csv.Error):  # what was read before counts
        rows.extend(csv.reader(head, delimiter=delimiter))
    return rows


def score(cells: Sequence[Any], given: Sequence[str], wanted: WantedTable) -> int:
    """How many fields and given titles a row names."""
    folded = {fold(cell) for cell in cells if isinstance(cell, str) and len(cell) < 100}
    return wanted.known(cells) + sum(bool(title) and fold(title) in folded for title in given)


def _with_titles_above(header: Sequence[str], above: Sequence[str]) -> list[str]:
    """A header in two rows: where the lower has no title, cells are merged and the upper one's counts.

    Only where the upper row has several titles, and none left of the first column that has one below alone.
    """
    titles = [*header, *[""] * (len(above) - len(header))]
    dated = days_above(titles, above)
    titles = [dated.get(place, title) for place, title in enumerate(titles)]
    if sum(map(bool, above)) < 2:
        return titles
    return [title or over for title, over in zip(titles, [*above, *[""] * len(titles)], strict=False)]


# --- rows of Python values -------------------------------------------------------------------------


def from_rows(file: LogFile, rows: Iterator[Sequence[Any]], given: Sequence[str]) -> LogTable:
    """Rows whose header is somewhere among the first ones, such as those of a spreadsheet."""
    head = list(islice(rows, HEAD))
    scores = [(score(row, given, file.wanted), sum(map(filled, row))) for row in head]
    if not head or max(filled for _, filled in scores) == 0:
        raise DataError(f"{shown(file.name)}: the sheet is empty; give {file.wanted.words}")
    number = max(range(len(head)), key=lambda row: (scores[row], -row))
    titles = [["" if one is None else str(one).strip() for one in row] for row in head]
    if number + 1 < len(head) and days_above(titles[number + 1], titles[number]):
        number += 1
    header = _with_titles_above(titles[number], titles[number - 1]) if number else titles[number]
    while header and not header[-1]:
        header.pop()
    rest = chain(head[number + 1 :], rows)
    preamble = [" ".join(str(cell) for cell in row if filled(cell)) for row in head[:number]]
    return LogTable(header, row_chunks(rest, len(header), number + 2), number + 1, preamble=preamble)


def row_chunks(rows: Iterable[Sequence[Any]], width: int, line: int) -> Iterator[Chunk]:
    """Rows of Python values as chunks; ``line`` is that of the first."""
    rows = iter(rows)
    while part := list(islice(rows, CHUNK)):
        yield in_columns(part, np.arange(line, line + len(part)), width)
        line += len(part)


def text_of_file(file: LogFile) -> str:
    """The whole log as text. Raises DataError where it is none."""
    try:
        stream, _ = open_text(file)
        with stream:
            return stream.read()
    except UnicodeError:
        raise DataError(f"{shown(file.name)}: not UTF-8 text; save the file as UTF-8") from None
    except BROKEN as error:
        raise unreadable(file.name, error) from None


def buffered(file: LogFile) -> io.BytesIO | Any:
    """The bytes of a log for readers that jump about in it: the file itself where it is not packed."""
    stream = file.open()
    try:
        return (
            stream
            if stream.seekable() and file.path.suffix.lower() == file.suffix
            else io.BytesIO(stream.read())
        )
    except BROKEN as error:
        raise unreadable(file.name, error) from None
