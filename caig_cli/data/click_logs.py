"""Click logs -> impressions and clicks by creative and day, folded into arrays as the rows come.

A log of a million rows takes tens of megabytes. A creative is an image name of an item. Legend of shape
names: R rows, C creatives.
"""

from __future__ import annotations

import datetime
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caig_cli.data.images import shown
from caig_cli.data.log_formats import Entry, read_entries
from caig_cli.data.tables import clean_text, kind
from caig_cli.errors import DataError, ItemError
from caig_cli.records import Failure

Ints = NDArray[np.int64]

MAX_COUNT = 10**12
"""Most impressions of one row: no shop has more, and millions of such rows still add up in 64 bits."""

MAX_NAME = 1_000
"""Longest accepted item id, image name or day, in characters."""

MAX_LISTED = 20
"""Bad rows that are described; the others are only counted."""

_STEP = 20_000  # rows between two signs of progress

_Complaint = tuple[int, int, Failure]  # file, line, what is wrong


@dataclass(frozen=True, slots=True)
class ClickLog:
    """A log in memory: what was shown on which day, and where each creative is first mentioned."""

    paths: tuple[Path, ...]
    items: tuple[str, ...]
    image_C: tuple[str, ...]
    """Image names as in the log."""
    item_C: Ints
    """Index into ``items``."""
    file_C: Ints
    """Index into ``paths``."""
    line_C: Ints
    days: tuple[str, ...]
    """All days in order; an empty text stands for rows without one."""
    creative_R: Ints
    day_R: Ints
    """Index into ``days``."""
    impressions_R: Ints
    clicks_R: Ints
    bad: tuple[Failure, ...]
    """The first of the rows that were left out."""
    bad_rows: int

    def totals(self) -> tuple[Ints, Ints]:
        """Impressions and clicks over all days, each int64 [C]."""
        impressions_C, clicks_C = np.zeros((2, len(self.image_C)), np.int64)
        np.add.at(impressions_C, self.creative_R, self.impressions_R)
        np.add.at(clicks_C, self.creative_R, self.clicks_R)
        return impressions_C, clicks_C

    def where(self, creative: int) -> str:
        """``file:line:field`` of the creative's first mention."""
        return f"{shown(self.paths[self.file_C[creative]])}:{self.line_C[creative]}:image"


def read_click_logs(
    paths: Sequence[Path], *, skip_bad: bool = False, advance: Callable[[int], None] = lambda rows: None
) -> ClickLog:
    """All rows of some logs, in any of the formats of ``log_formats``; ``advance`` is told of rows read.

    Raises DataError for the first bad row (and the number of others) unless ``skip_bad``, and for files
    that cannot be read at all. A second row for a creative and day is a bad one: it would count twice.
    """
    tally = _Tally()
    for path in paths:
        tally.paths.append(path)
        for entry in read_entries(path):
            tally.add(entry)
            if tally.rows % _STEP == 0:
                advance(_STEP)
    advance(tally.rows % _STEP)
    log = tally.log()
    if log.bad and not skip_bad:
        more = f" (and {log.bad_rows - 1} more bad rows)" if log.bad_rows > 1 else ""
        raise DataError(f"{log.bad[0].error}{more}")
    return log


class _Tally:
    """Rows taken in one at a time; names become numbers."""

    def __init__(self) -> None:
        self.paths: list[Path] = []
        self.rows = 0
        self._bad_rows = 0
        self._bad: list[_Complaint] = []
        self._item_of: dict[object, int] = {}  # as in the log -> number
        self._items: dict[str, int] = {}  # cleaned -> number
        self._creative_of: dict[tuple[int, Any], int] = {}
        self._day_of: dict[object, int] = {}
        self._days: dict[str, int] = {}
        self._first = array("q"), array("q")  # file and line of each creative
        self._columns = tuple(array("q") for _ in range(6))  # creative, day, impressions, clicks, file, line

    def add(self, entry: Entry | Failure) -> None:
        """Take a row, or complain of it."""
        self.rows += 1
        if isinstance(entry, Failure):
            self._complain(self._bad, entry, len(self.paths) - 1)
            return
        line, raw_item, raw_image, raw_day, raw_impressions, raw_clicks = entry
        try:
            impressions = _count("impressions", raw_impressions)
            clicks = _count("clicks", raw_clicks)
            if clicks > impressions:
                raise ItemError(f"clicks: {clicks} is more than the {impressions} impressions; fix the row")
            day = self._day(raw_day)
            creative = self._creative(raw_item, raw_image, line)
        except ItemError as error:
            place = f"{shown(self.paths[-1])}:{line}"
            self._complain(self._bad, Failure(place, f"{place}:{error}"), len(self.paths) - 1)
            return
        row = (creative, day, impressions, clicks, len(self.paths) - 1, line)
        for column, value in zip(self._columns, row, strict=True):
            column.append(value)

    def log(self) -> ClickLog:
        """What has been taken in, days in order, without second rows for the same creative and day."""
        creative_R, day_R, impressions_R, clicks_R, file_R, line_R = (
            np.frombuffer(column, np.int64) if column else np.zeros(0, np.int64) for column in self._columns
        )
        days, rank = _ordered_days(list(self._days))
        day_R = rank[day_R]
        first_R = np.zeros(len(creative_R), np.bool_)
        first_R[np.unique(creative_R * max(1, len(days)) + day_R, return_index=True)[1]] = True
        again: list[_Complaint] = []
        for row in np.flatnonzero(~first_R).tolist():
            place = f"{shown(self.paths[file_R[row]])}:{line_R[row]}"
            fault = "a second row for this creative and day; add them up, or remove one"
            self._complain(again, Failure(place, f"{place}: {fault}"), int(file_R[row]))
        file_C, line_C = (np.array(column, np.int64) for column in self._first)
        pairs = list(self._creative_of)
        return ClickLog(
            paths=tuple(self.paths),
            items=tuple(self._items),
            image_C=tuple(image for _, image in pairs),
            item_C=np.array([item for item, _ in pairs], np.int64),
            file_C=file_C,
            line_C=line_C,
            days=days,
            creative_R=creative_R[first_R],
            day_R=day_R[first_R],
            impressions_R=impressions_R[first_R],
            clicks_R=clicks_R[first_R],
            bad=tuple(failure for *_, failure in sorted(self._bad + again, key=lambda b: b[:2])[:MAX_LISTED]),
            bad_rows=self._bad_rows,
        )

    def _complain(self, bad: list[_Complaint], failure: Failure, file: int) -> None:
        self._bad_rows += 1
        if len(bad) < MAX_LISTED:
            bad.append((file, int(failure.item.rpartition(":")[2]), failure))

    def _creative(self, raw_item: object, raw_image: object, line: int) -> int:
        try:
            return self._creative_of[self._item_of[raw_item], raw_image]
        except (KeyError, TypeError):
            pass  # new, or written otherwise than the first time
        image, name = _name("image", raw_image), _name("item", clean_text(_name("item", raw_item)))
        item = self._item_of[raw_item] = self._items.setdefault(name, len(self._items))
        creative = self._creative_of.setdefault((item, image), len(self._creative_of))
        if creative == len(self._first[0]):
            self._first[0].append(len(self.paths) - 1)
            self._first[1].append(line)
        return creative

    def _day(self, raw_day: object) -> int:
        try:
            return self._day_of[raw_day]
        except (KeyError, TypeError):
            blank = raw_day is None or raw_day == ""
            day = "" if blank else _name("day", raw_day)
            self._day_of[raw_day] = self._days.setdefault(day, len(self._days))
            return self._day_of[raw_day]


def _name(field: str, value: object) -> str:
    """A name as text; numbers and dates are written out. Raises ItemError."""
    if isinstance(value, int | datetime.date) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise ItemError(f"{field}: must be text or a whole number, is {kind(value)}; fix the row")
    text = value.strip()
    if not text:
        raise ItemError(f"{field}: is empty; fix or remove the row")
    if len(text) > MAX_NAME:
        raise ItemError(f"{field}: {len(text)} characters is over the limit of {MAX_NAME}; shorten it")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ItemError(f"{field}: '{shown(text[:80])}' is not UTF-8 text; save the log as UTF-8") from None
    return text


def _count(field: str, value: Any) -> int:
    """A whole number from 0 to MAX_COUNT, also written as text. Raises ItemError."""
    if isinstance(value, str):
        text = value.strip()
        if text.isascii() and text.isdigit() and len(text) < 16:  # what nearly all cells are
            value = int(text)
        else:
            try:
                value = float(text)
            except ValueError:
                raise ItemError(f"{field}: '{shown(text[:40])}' is not a number; fix the row") from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ItemError(f"{field}: must be a number, is {kind(value)}; fix the row")
    if not 0 <= value <= MAX_COUNT or value != int(value):  # also catches NaN
        fault = f"{shown(str(value)[:40])} is not a count from 0 to {MAX_COUNT}"
        raise ItemError(f"{field}: {fault}; fix the row")
    return int(value)


def _ordered_days(days: Sequence[str]) -> tuple[tuple[str, ...], Ints]:
    """Days in order of time, and the rank of each given one: numbers by size, else by text (ISO dates)."""
    numbers = all(day.isdecimal() for day in days if day)
    ordered = sorted(days, key=lambda day: (int(day) if day and numbers else 0, day))
    rank = {day: index for index, day in enumerate(ordered)}
    return tuple(ordered), np.array([rank[day] for day in days], np.int64)
