"""Logs with a row for each event: what a row is, and its sums by ad and day. Legend: R rows, G sums."""

from __future__ import annotations

import datetime
import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from caig_cli.clicks import numbers
from caig_cli.clicks.encoding import CodedCells, Coder, Codes, Ints, groups, sums
from caig_cli.clicks.platforms import fold
from caig_cli.clicks.tables import LogTable
from caig_cli.clicks.words import CLICKS, IMPRESSIONS
from caig_cli.data.images import shown
from caig_cli.records import Failure

_YES = frozenset({"1", "true", "yes", "y", "t", "1.0"})
_NO = frozenset({"0", "false", "no", "n", "f", "", "0.0", "none", "null"})


NO_FLAG = "clicks: is neither 0 nor 1; name a column of impressions with --column"
NO_COUNT = "count: is no whole number; fix it, or count each row once with --column count="


class RowKind(enum.Enum):
    """What a row of a log is."""

    COUNTS = "counts"
    EVENTS = "events of a named kind"
    SHOWN = "impressions, clicked or not"


def kind_of(places: Mapping[str, int]) -> RowKind:
    """What rows are by the columns that there are."""
    if "impressions" in places:
        return RowKind.COUNTS
    if "event" in places:
        return RowKind.EVENTS
    return RowKind.SHOWN if "clicks" in places else RowKind.COUNTS


def told_by_name(name: str, places: Mapping[str, int]) -> str | None:
    """Which event each row of a file is, as ``clicks.csv`` says where no column does; else None."""
    if {"impressions", "clicks", "event", "count"} & places.keys():
        return None
    words = {fold(word) for word in re.findall(r"[^\W\d_]+", Path(name).name)}
    kinds = [kind for kind, known in (("impression", IMPRESSIONS), ("click", CLICKS)) if words & known]
    return kinds[0] if len(kinds) == 1 else None


def named(table: LogTable, event: str) -> LogTable:
    """A table of single events with a column that says which they are."""
    chunks = (
        replace(chunk, columns=[*chunk.columns, CodedCells([event], np.zeros(len(chunk.line_R), np.int32))])
        for chunk in table.chunks
    )
    note = f"each row is read as one {event}, as the file's name says"
    return replace(table, header=[*table.header, "event"], chunks=chunks, notes=(*table.notes, note))


def are_flags(cells: Sequence[Any]) -> bool:
    """Whether hardly any cell but says yes or no: what tells clicked impressions from counts of clicks."""
    return sum(_flag(cell) < 0 for cell in cells[:1000]) <= len(cells[:1000]) // 20


def days_only(cells: Sequence[Any]) -> Sequence[Any]:
    """Times as days, where they are written in the common ways: so that they repeat."""
    first = next((cell for cell in cells if cell), None)
    if isinstance(first, datetime.datetime):
        return [cell.date() if isinstance(cell, datetime.datetime) else cell for cell in cells]
    if not isinstance(first, str):
        return (
            [_epoch_day(str(cell)) if isinstance(cell, int) else cell for cell in cells]
            if _is_epoch(first)
            else cells
        )
    if len(first) > 10 and first[4] == "-" and first[10] in "T ":
        return [cell[:10] if cell and cell[10:11] in ("T", " ") else cell for cell in cells]
    if _is_epoch(first):
        return [_epoch_day(cell) if cell else cell for cell in cells]
    return cells


def minutes_only(cells: Sequence[Any]) -> Sequence[Any]:
    """Times of counts without seconds, where they are written in the common way: so that they repeat."""
    first = next((cell for cell in cells if cell), None)
    if isinstance(first, str) and len(first) > 16 and first[4] == "-" and first[10] in "T ":
        return [cell[:16] if isinstance(cell, str) else cell for cell in cells]
    return cells


def _is_epoch(cell: object) -> bool:
    text = str(cell)
    return len(text) in (10, 13, 16) and text.isdecimal() and text[0] in "123"


def _epoch_day(text: str) -> str:
    """Seconds, milliseconds or microseconds since 1970 as those of the day's begin."""
    if not _is_epoch(text):
        return text
    return _begin(int(text[:10]) // 86400)


@lru_cache(maxsize=4096)
def _begin(day: int) -> str:
    return datetime.datetime.fromtimestamp(day * 86400, datetime.UTC).date().isoformat()


@dataclass(frozen=True, slots=True)
class Folded:
    """Events added up by all columns that matter: the first row of each sum, and what it holds."""

    first_G: Ints
    weight_G: Ints
    impressions_G: Ints
    clicks_G: Ints
    others: int
    """Events that are neither impressions nor clicks."""
    bad: Sequence[Failure]


def fold_events(columns: Mapping[str, tuple[Coder, Codes]], line_R: Ints, kind: RowKind, name: str) -> Folded:
    """The sums of some events, by what their columns mean."""
    shown_R, clicked_R, fault = _flags(columns, kind, len(line_R))
    events_R = _counts(*columns["count"]) if "count" in columns else np.ones(len(line_R), np.int64)
    bad_R = (fault != 0) | (events_R < 0)
    bad = []
    for row in np.flatnonzero(bad_R).tolist():
        place = f"{shown(name)}:{line_R[row]}"
        why = NO_FLAG if fault[row] else NO_COUNT
        bad.append(Failure(place, f"{place}:{why}"))
    shown_R, clicked_R = shown_R * events_R, clicked_R * events_R
    keep = np.flatnonzero(~bad_R & ((shown_R + clicked_R) > 0))
    by = [
        codes[keep]
        for one, (_, codes) in columns.items()
        if one not in ("impressions", "clicks", "event", "count", "url")
    ]
    if not len(keep):
        none = np.zeros(0, np.int64)
        return Folded(none, none, none, none, int((~bad_R).sum()), bad)
    group, first = groups(by)
    number = len(first)
    return Folded(
        keep[first],
        np.bincount(group, minlength=number),
        sums(group, shown_R[keep], number),
        sums(group, clicked_R[keep], number),
        int((~bad_R).sum()) - len(keep),
        bad,
    )


def _flags(columns: Mapping[str, tuple[Coder, Codes]], kind: RowKind, rows: int) -> tuple[Ints, Ints, Ints]:
    """Impressions and clicks of each row, and whether it cannot be told; each int64 [R]."""
    none = np.zeros(rows, np.int64)
    if kind is RowKind.EVENTS:
        coder, codes = columns["event"]
        names = [fold(value) for value in coder]
        shown_V = np.array([name in IMPRESSIONS for name in names], np.int64)
        clicked_V = np.array([name in CLICKS for name in names], np.int64)
        return shown_V[codes], clicked_V[codes], none
    coder, codes = columns["clicks"]
    read = _flag if kind is RowKind.SHOWN else _number
    clicked_R = np.array([read(value) for value in coder], np.int64)[codes]
    if kind is RowKind.SHOWN:
        return none + 1, np.maximum(clicked_R, 0), (clicked_R < 0).astype(np.int64)
    coder, codes = columns["impressions"]
    shown_R = np.array([_number(value) for value in coder], np.int64)[codes]
    wrong = (shown_R < 0) | (clicked_R < 0)
    return np.maximum(shown_R, 0), np.maximum(clicked_R, 0), wrong.astype(np.int64)


def _counts(coder: Coder, codes: Codes) -> Ints:
    """How many events each row stands for [R]; -1 where that is no whole number."""
    count_V = []
    for value in coder:
        try:
            count_V.append(numbers.count(value, "."))
        except ValueError:
            count_V.append(-1)
    return np.array(count_V or [0], np.int64)[codes]


def _flag(value: object) -> int:
    text = str("" if value is None else value).strip().lower()
    return 1 if text in _YES else 0 if text in _NO else -1


def _number(value: object) -> int:
    """A count in a log of events: mostly 1, but several may be written as one."""
    try:
        return numbers.count(value, ".")
    except ValueError:
        return _flag(value)
