"""Tables with a column for each day -> tables with a row for each, as logs have them. Legend: R rows, D days.

A title may be a day alone, where the rows name their measure, or have the measure beside it:
``Impressions 2026-10-01``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from caig_cli.clicks import days
from caig_cli.clicks.chunks import Chunk, filled
from caig_cli.clicks.platforms import LogLayout
from caig_cli.data.images import shown
from caig_cli.errors import DataError

MIN_DAYS = 3
"""Columns of days that make a table a pivoted one."""

DAY, VALUE = "Day", "Measure Values"
"""Titles of the columns that days and their cells become."""


@dataclass(frozen=True, slots=True)
class Unpivoted:
    """A table with a row for each day."""

    header: Sequence[str]
    chunks: Iterator[Chunk]
    note: str


def unpivoted(
    name: str, header: Sequence[str], chunks: Iterator[Chunk], layout: LogLayout
) -> Unpivoted | None:
    """A table with a row for each day, where titles are days and no column holds them; else None.

    Raises DataError where two columns are for one measure and day.
    """
    if {"day", "start"} & layout.places.keys():
        return None
    dated = {place: found for place, title in enumerate(header) if (found := _day_in(title))}
    if len({day for day, _ in dated.values()}) < MIN_DAYS:
        return None
    measures = list(dict.fromkeys(rest for _, rest in dated.values()))
    every = list(dict.fromkeys(day for day, _ in dated.values()))
    if len(set(dated.values())) < len(dated) or ("" in measures and "event" not in layout.places):
        raise DataError(
            f"{shown(name)}: has a column for each day, and nothing says what it counts; name each like "
            f"'Impressions {shown(every[0][:20])}', or give the report with a row for each day"
        )
    fixed = [place for place in range(len(header)) if place not in dated]
    place_of = {found: place for place, found in dated.items()}
    places = [[place_of.get((day, measure)) for day in every] for measure in measures]
    return Unpivoted(
        [*(header[place] for place in fixed), DAY, *(one or VALUE for one in measures)],
        (_rows(chunk, fixed, every, places) for chunk in chunks),
        f"{len(dated)} columns of {len(every)} days read as rows",
    )


def _day_in(title: str) -> tuple[str, str] | None:
    """The day that a title has at its beginning or end, as written, and the rest; None without one."""
    words = title.removesuffix(" 00:00:00").split()
    for size in range(1, len(words) + 1):  # the shortest: a word before a date may be a weekday
        for day, rest in ((words[:size], words[size:]), (words[-size:], words[:-size])):
            text = " ".join(day).strip("()[]-–:")
            found = days.parse(text, "dmy") if any(map(str.isdigit, text)) else None
            if isinstance(found, str) and "-" in found and not text.isdecimal():
                return text, " ".join(rest).strip(" -–:|")
    return None


def _rows(
    chunk: Chunk, fixed: Sequence[int], every: Sequence[str], places: Sequence[Sequence[int | None]]
) -> Chunk:
    """A chunk with a row for each day on which a measure has a value."""
    rows, number = len(chunk.line_R), len(every)
    values = [list(_by_day(chunk.columns, places_D, rows)) for places_D in places]
    kept = [at for at in range(rows * number) if any(filled(one[at]) for one in values)]
    columns: list[Sequence[Any]] = [[chunk.columns[place][at // number] for at in kept] for place in fixed]
    columns.append([every[at % number] for at in kept])
    columns += [[one[at] for at in kept] for one in values]
    return Chunk(chunk.line_R[np.array(kept, np.int64) // number], columns, chunk.odd, chunk.bad)


def _by_day(columns: Sequence[Sequence[Any]], places_D: Sequence[int | None], rows: int) -> Iterator[Any]:
    for row in range(rows):
        for place in places_D:
            yield None if place is None else columns[place][row]


def days_above(header: Sequence[str], above: Sequence[str]) -> Mapping[int, str]:
    """Titles of two rows where days stand above measures, each over the columns up to the next: by place."""
    dated = [place for place, title in enumerate(above) if title and _day_in(title)]
    if len(dated) < MIN_DAYS:
        return {}
    found, day = {}, ""
    for place, title in enumerate(header):
        day = (above[place] if place < len(above) else "") or day
        if place >= dated[0] and title:
            found[place] = f"{title} {day}"
    return found
