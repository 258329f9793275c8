"""One export -> its columns by meaning, and impressions and clicks of each row. Legend: R rows, V values.

Cells are numbered as they come and each distinct one is understood once, so that a log of a million rows
takes seconds and tens of megabytes. What a log with a row for each event says is added up on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caig_cli.clicks import days, events, numbers, periods
from caig_cli.clicks.encoding import Column, Ints
from caig_cli.clicks.intake import MAX_VALUES, Intake
from caig_cli.clicks.outlines import filled_down
from caig_cli.clicks.pivots import unpivoted
from caig_cli.clicks.platforms import (
    COMMA_LANGUAGES,
    YEAR_FIRST,
    LogLayout,
    LogPlatform,
    fold,
    lay_out,
    missing,
    nearest,
)
from caig_cli.clicks.tables import LogTable
from caig_cli.clicks.words import ROW_LABELS, is_gap, is_total
from caig_cli.data.images import shown
from caig_cli.errors import DataError
from caig_cli.records import Failure

Floats = NDArray[np.float64]

IDENTITIES = ("image", "ad", "ad_id")
"""Columns that may lead to the picture, most trusted first."""

PRODUCTS = ("item", "group", "campaign", "url")
"""Columns that may say which product an ad is for, most trusted first."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the user says of the logs."""

    platform: LogPlatform | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    decimal: str | None = None
    dates: days.Order | None = None


@dataclass(frozen=True, slots=True)
class Export:
    """One file: what its columns mean and hold, row by row."""

    name: str
    layout: LogLayout
    header: Sequence[str]
    line_R: Ints
    weight_R: Ints | None
    """Rows of the file that a row stands for, where events were added up."""
    columns: Mapping[str, Column]
    """Field -> its column, for what may lead to the picture or the product."""
    beside: Sequence[Column]
    """Other columns of texts, by which rows may be broken down."""
    day: Column | None
    """Values are ISO dates or numbers as texts, or None where a cell is neither."""
    impressions_R: Ints
    clicks_R: Ints
    """-1 where a count cannot be read."""
    propensity_R: Floats | None
    """Probability with which the ad was chosen; None where the log has none."""
    faults: Mapping[int, str]
    """Row -> why its counts or day cannot be read."""
    sizes: Mapping[int, int]
    """Row whose impressions could not be read -> their size by its digits."""
    bad: Sequence[Failure]
    """Rows that could not be taken apart at all."""
    footer: Sequence[str]
    rows: int
    is_events: bool
    total_R: NDArray[np.bool_]
    """Rows that are called totals."""
    notes: Sequence[str]

    def weight(self, row: int) -> int:
        """Rows of the file that a row stands for."""
        return 1 if self.weight_R is None else int(self.weight_R[row])

    def at(self, rows: NDArray[np.bool_]) -> Export:
        """The export with some of its rows; faults are told before."""
        if rows.all():
            return self
        return replace(
            self,
            line_R=self.line_R[rows],
            weight_R=None if self.weight_R is None else self.weight_R[rows],
            columns={name: column.at(rows) for name, column in self.columns.items()},
            beside=[column.at(rows) for column in self.beside],
            day=None if self.day is None else self.day.at(rows),
            impressions_R=self.impressions_R[rows],
            clicks_R=self.clicks_R[rows],
            propensity_R=None if self.propensity_R is None else self.propensity_R[rows],
            total_R=self.total_R[rows],
            faults={},
            sizes={},
        )


def understand(
    name: str, table: LogTable, options: Options, advance: Callable[[int], None] = lambda rows: None
) -> Export:
    """The rows of a table; ``name`` is the file's. Raises DataError for one that is not understood."""
    if not table.header:
        raise DataError(_nothing(name, table))
    found = unpivoted(name, table.header, table.chunks, lay_out(table.header, options.platform))
    if found is not None:
        table = replace(table, header=found.header, chunks=found.chunks, notes=(*table.notes, found.note))
    layout = lay_out(table.header, options.platform, options.columns)
    if event := events.told_by_name(name, layout.places):
        table = events.named(table, event)
        layout = lay_out(table.header, options.platform, options.columns)
    _check_twice(name, table.header, layout)
    kind = _check(name, table.header, layout)
    if kind is events.RowKind.COUNTS:
        counts = [layout.places[one] for one in ("impressions", "clicks")]
        table = filled_down(table, min(counts))
    intake = Intake(layout, table.header, name)
    seen: set[str] = set()
    for chunk in table.chunks:
        if kind is events.RowKind.SHOWN and not events.are_flags(chunk.columns[layout.places["clicks"]]):
            raise DataError(absent(name, "impressions", table.header))
        intake.take(chunk, kind)
        if kind is events.RowKind.EVENTS and len(seen) < 6:
            seen.update(str(cell)[:30] for cell in chunk.columns[layout.places["event"]][:1000])
        advance(len(chunk.line_R) + len(chunk.odd) + len(chunk.bad))
    if intake.is_events and intake.other_events and not any(map(len, intake.lines)):
        if kind is not events.RowKind.EVENTS:
            raise DataError(f"{shown(name)}: no row has an impression; give the export of days with some")
        listed = ", ".join(f"'{shown(one)}'" for one in sorted(seen)[:6])
        raise DataError(
            f"{shown(name)}: no row is an impression or a click; '{table.header[layout.places['event']]}' "
            f"holds {listed}; name another column with --column event=NAME, or rename them with --query"
        )
    return _export(name, table, intake, options)


def _nothing(name: str, table: LogTable) -> str:
    """What is wrong with a table without columns."""
    bad = [failure for chunk in table.chunks for failure in chunk.bad]
    more = f" (and {len(bad) - 1} more bad rows)" if len(bad) > 1 else ""
    return f"{bad[0].error}{more}" if bad else f"{shown(name)}: no rows in this file; give a click log"


def _check_twice(name: str, header: Sequence[str], layout: LogLayout) -> None:
    """Raises DataError where the title of counts stands over several columns: one is to be chosen."""
    for one in ("impressions", "clicks"):
        title = str(header[layout.places[one]]).strip() if one in layout.places else ""
        number = sum(str(other).strip() == title for other in header) if title else 0
        if number > 1:
            raise DataError(
                f"{shown(name)}: {number} columns are called '{shown(title[:40])}'; rename or remove those "
                "that are not meant"
            )


def _check(name: str, header: Sequence[str], layout: LogLayout) -> events.RowKind:
    """Whether rows are counts or events. Raises DataError where a column is not there."""
    kind = events.kind_of(layout.places)
    lacking = [one for one in ("impressions", "clicks") if one not in layout.places]
    if kind is events.RowKind.COUNTS and lacking:
        raise DataError(absent(name, lacking[0], header))
    return kind


def absent(name: str, field_name: str, header: Sequence[str]) -> str:
    """What to say where a column is not there: the header as found, the nearest title, and how to name it."""
    like = nearest(field_name, header)
    hint = f"; the nearest is '{shown(like[:40])}'" if like else ""
    example = shown((like or "NAME")[:40])
    header_found = shown(missing("", header))
    remedy = f'name it with --column {field_name}="{example}"'
    if any(fold(title) in ROW_LABELS for title in header):
        remedy = "a pivot table in compact form has all labels in one column: show it in tabular form"
    return f"{shown(name)}: no column of {field_name}; {header_found}{hint}; {remedy}"


def _export(name: str, table: LogTable, intake: Intake, options: Options) -> Export:
    """All that was taken in, understood."""
    layout, platform = intake.layout, intake.layout.platform
    rows = intake.rows + len(intake.odd) + len(intake.bad)
    footer, odd = _footer(name, intake)
    columns = {one: intake.column(place) for one, place in layout.places.items() if place in intake.parts}
    beside = [intake.column(place) for place in intake.beside or ()]
    line_R = np.concatenate(intake.lines) if intake.lines else np.zeros(0, np.int32)
    weight_R = np.concatenate(intake.weights) if intake.weights else None
    counted = _Counted(name, line_R, () if intake.is_events else columns.values())
    if intake.is_events:
        impressions_R, clicks_R = (np.concatenate(part) for part in intake.counts)
    else:
        counts = [columns[one] for one in ("impressions", "clicks")]
        decimal = options.decimal or numbers.decimal_mark(
            [column.values for column in counts], intake.sample.values(), layout.language in COMMA_LANGUAGES,
            shown(name),
        )  # fmt: skip
        impressions_R = counted.counts("impressions", counts[0], decimal, blank=None)
        clicks_R = counted.counts("clicks", counts[1], decimal, blank=0 if platform.blank_is_zero else None)
    propensity = columns.get("propensity")
    chosen_R = None if propensity is None else counted.propensities(propensity, options.decimal)
    wanted = not {"day", "start"} & columns.keys() and "day" not in options.columns
    if wanted and (dated := [one for one in beside if days.are_days(one.title, one.values)]):
        columns["day"] = dated[0]
        beside = [column for column in beside if column is not dated[0]]
    texts = [*table.preamble, *footer, *(cell for cells in intake.sample.values() for cell in cells)]
    day = None
    if "day" not in {*columns, *options.columns}:  # an ad's own start is no day of the log
        order = options.dates or _order_of(layout.language)
        day = counted.only_day(periods.day_of(table.preamble, order, texts))
    day = day or counted.days(columns, options, layout.language, texts)
    if day is not None and not intake.is_events and _has_times(columns.get("day"), day):
        beside.append(replace(columns["day"], title=f"times of {day.title}"))
    titles = [f"'{shown(table.header[layout.places[one]][:40])}' read as {one}" for one in layout.qualified]
    notes = [*table.notes, *titles, *counted.notes]
    if intake.other_events:
        notes.append(f"{intake.other_events} events that are neither impressions nor clicks left out")
    kept = {one: columns[one] for one in (*IDENTITIES, *PRODUCTS) if one in columns}
    total_R = counted.heading_R
    if total_R.any():
        notes.append(f"{int(total_R.sum())} rows that repeat the header left out")
        between = [one for one in odd if one.error.split(": ")[-1].startswith(("1 values", "2 values"))]
        footer += [one.item for one in between]
        odd = [one for one in odd if one not in between]
    for column in (*columns.values(), *beside):
        if words := [code for code, value in enumerate(column.values) if is_total(value)]:
            total_R |= column.rows_of(words)
    return Export(
        name, layout, table.header, line_R, weight_R, kept, beside, day, impressions_R, clicks_R, chosen_R,
        counted.faults, counted.sizes, [*intake.bad, *odd], footer, rows, intake.is_events, total_R, notes,
    )  # fmt: skip


def _footer(name: str, intake: Intake) -> tuple[list[str], list[Failure]]:
    """Rows of another length: lines below the last row that are no rows, and others, which are bad."""
    last = max((int(part[-1]) for part in intake.lines if len(part)), default=0)
    needed = 1 + max(intake.layout.places.values(), default=0)
    footer, bad = [], []
    for line, cells in intake.odd:
        filled = [str(cell).strip() for cell in cells if cell is not None and str(cell).strip()]
        if is_total(filled[0]) or (line > last and last and len(filled) <= 2):
            footer.append(" ".join(filled))
            continue
        place = f"{shown(name)}:{line}"
        if len(cells) < needed:
            fault = f"{len(cells)} values where {needed} are needed; fix or remove the line"
        else:
            fault = (
                f"{len(cells)} values for {len(intake.header)} columns; put quotes around text with commas"
            )
        bad.append(Failure(place, f"{place}: {fault}"))
    return footer, bad


def _has_times(column: Column | None, day: Column) -> bool:
    """Whether days are told with several times of the day, which break them down."""
    if column is None:
        return False
    used = np.unique(column.code_R)
    return len(used) > len(np.unique(day.code_R)) and len(used) <= MAX_VALUES


def _order_of(language: str | None) -> days.Order | None:
    """In which order a language writes day and month, where it always does."""
    return "dmy" if language in COMMA_LANGUAGES else "ymd" if language in YEAR_FIRST else None


def _headings(rows: int, columns: Iterable[Column]) -> NDArray[np.bool_]:
    """Which rows repeat the header, as where exports were put one below the other; bool [R]."""
    found = np.zeros(rows, np.int64)
    number = 0
    for column in columns:
        number += 1
        if codes := [code for code, value in enumerate(column.values) if value == column.title]:
            found += column.rows_of(codes)
    return np.asarray((found == number) & (number > 1), np.bool_)


class _Counted:
    """Cells as numbers and days, with what is wrong with the others."""

    def __init__(self, name: str, line_R: Ints, columns: Iterable[Column]) -> None:
        self.name = name
        self.heading_R = _headings(len(line_R), columns)
        self.line_R = line_R
        self.faults: dict[int, str] = {}
        self.sizes: dict[int, int] = {}
        self.notes: list[str] = []

    def counts(self, what: str, column: Column, decimal: str, blank: int | None) -> Ints:
        """Counts [R]; blanks are ``blank``, or -1 where they are nothing, and what is no count is -1."""
        value_V = np.full(max(1, len(column.values)), -1, np.int64)
        wrong: dict[int, str] = {}
        blanks = []
        for code, value in enumerate(column.values):
            if numbers.is_blank(value) and (blank is not None or str(value).strip() in ("-", "--", "—", "–")):
                value_V[code] = 0
                blanks.append(code)
                continue
            try:
                value_V[code] = numbers.count(value, decimal)
            except ValueError as error:
                empty = value is None or (isinstance(value, str) and not value.strip())
                wrong[code] = f"{what}: " + ("is empty; fix the row" if empty else str(error))
        if blanks:
            number = int(column.rows_of(blanks).sum())
            self.notes.append(f"{number} blank cells of {what} count as 0")
        self._complain(column, wrong, sized=what == "impressions")
        found: Ints = value_V[column.code_R]
        return found

    def propensities(self, column: Column, decimal: str | None) -> Floats:
        """Probabilities [R]; those that can't be read are 1, and told."""
        texts = [value for value in column.values if isinstance(value, str)]
        mark = decimal or ("," if any("," in text for text in texts) else ".")
        value_V = np.ones(max(1, len(column.values)))
        wrong: dict[int, str] = {}
        for code, value in enumerate(column.values):
            try:
                value_V[code] = numbers.probability(value, mark)
            except ValueError as error:
                empty = numbers.is_blank(value)
                what = "is empty; fix the row, or leave it out with --column propensity=" if empty else error
                wrong[code] = f"propensity: {what}"
        self._complain(column, wrong)
        found: Floats = value_V[column.code_R]
        return found

    def only_day(self, day: str | None) -> Column | None:
        """The one day of all rows, told."""
        if day is None:
            return None
        self.notes.append(f"no column of days: all rows are of {day}, the period above the table")
        return Column("period", [day], np.zeros(len(self.line_R), np.int32))

    def days(
        self, columns: Mapping[str, Column], options: Options, language: str | None, texts: Iterable[object]
    ) -> Column | None:
        """The day of each row, from its own column or the start of its period; ``texts`` has more dates."""
        column = columns.get("day") or columns.get("start")
        if column is None:
            return None
        order = options.dates or days.find_order(column.values, _order_of(language), shown(self.name), texts)
        found: list[Any] = []
        wrong: dict[int, str] = {}
        for code, value in enumerate(column.values):
            day = "" if is_gap(value) or is_total(value) else days.parse(value, order)
            found.append(day if isinstance(day, str) else None)
            if not isinstance(day, str):
                text = shown(str(value).strip()[:40])
                fault = f"'{text}' is not a date" if isinstance(value, str) else "is not a date"
                wrong[code] = f"day: {fault}; fix the row, or leave days out with --column day="
        self._complain(column, wrong)
        distinct = list(dict.fromkeys(found))
        number = {day: index for index, day in enumerate(distinct)}
        of_V = np.array([number[day] for day in found] or [0], np.int32)
        return Column(column.title, distinct, of_V[column.code_R])

    def _complain(self, column: Column, wrong: Mapping[int, str], *, sized: bool = False) -> None:
        if not wrong:
            return
        for row in np.flatnonzero(column.rows_of(wrong) & ~self.heading_R).tolist():
            code = int(column.code_R[row])
            self.faults.setdefault(row, wrong[code])
            size = numbers.about(column.values[code]) if sized else None
            if size is not None:
                self.sizes[row] = size
