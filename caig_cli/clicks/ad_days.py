"""The rows of an export as one for each ad and day: breakdowns and events added up, repeats by rule.

Legend of shape names: R rows of an export, A its ads.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from caig_cli.clicks.ads import Ads
from caig_cli.clicks.bad_rows import BadRowRules, BadRows, Bools
from caig_cli.clicks.encoding import Codes, Column, Ints, coded, groups, sums
from caig_cli.clicks.products import Products
from caig_cli.clicks.reading import Export, Floats
from caig_cli.clicks.subtotals import repeat_counts, subtotals
from caig_cli.data.images import shown
from caig_cli.errors import DataError
from caig_cli.records import Failure


@dataclass(slots=True)
class LogPart:
    """What one export adds: a row for each ad and day, and of logs with propensities for each of these."""

    name: str
    """The file, as the user named it."""
    platform: str
    items: list[str]
    item_A: Ints
    ads: Ads
    ad_R: Ints
    day_R: Ints
    days: list[str]
    impressions_R: Ints
    clicks_R: Ints
    propensity_R: Floats
    """NaN where the export has none."""
    line_R: Ints
    is_events: bool
    """Whether the export has a row for each event; several such files are parts of one log."""
    facts: dict[str, Any]
    bad: list[tuple[int, Failure]] = field(default_factory=list)
    bad_rows: int = 0
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def add_up(
    export: Export,
    ads: Ads,
    items: list[str],
    item_R: Ints,
    products: Products,
    rules: BadRowRules,
    bad: BadRows,
) -> LogPart:
    """One row for each ad of a product and day; what they were added up over is told."""
    kept_R = bad.good_R & ~bad.export.total_R & (ads.ad_R >= 0)
    ad_R = ads.ad_R if kept_R.all() else ads.ad_R[kept_R]
    notes: list[str] = []
    dated_R = ~_totals_of_days(export, _creatives(item_R, ad_R)[0], notes)
    rows = _rows_of_days(export if dated_R.all() else export.at(dated_R), ad_R[dated_R], item_R[dated_R])
    if rows.are_several:
        dimensions = _dimensions(rows.export, products, ads)
        sum_R, over = subtotals(rows.group_R, dimensions, rows.export.impressions_R)
        if sum_R.any():
            titles = ", ".join(f"'{shown(title[:40])}'" for title in over[:6])
            notes.append(f"{int(sum_R.sum())} rows that sum up {titles} left out")
            rows = _rows_of_days(rows.export.at(~sum_R), rows.ad_R[~sum_R], rows.item_R[~sum_R])
    counts = np.ones(len(rows.group_R), np.bool_)
    if rows.are_several:
        counts = _broken_down(rows.export, rows.group_R, products, ads, rules, bad, notes)
    if export.is_events:
        notes.append(_events_note(rows.export))
    return _part_of(rows, ads, items, counts, notes)


@dataclass(frozen=True, slots=True)
class _DayRows:
    """Rows that count: the creative and day of each; the first row of each creative and of its days."""

    export: Export
    ad_R: Codes
    item_R: Ints
    own_R: Ints
    first_A: Ints
    day_R: Ints
    group_R: Codes
    first_G: Ints

    @property
    def are_several(self) -> bool:
        """Whether an ad has several rows a day, which are no single events."""
        return len(self.first_G) < len(self.group_R) and not self.export.is_events


def _rows_of_days(export: Export, ad_R: Codes, item_R: Ints) -> _DayRows:
    own_R, first_A = _creatives(item_R, ad_R)
    day_R = np.zeros(len(own_R), np.int32) if export.day is None else export.day.code_R
    group_R, first_G = groups([own_R, day_R, *_chosen(export)])
    return _DayRows(export, ad_R, item_R, own_R, first_A, day_R, group_R, first_G)


def _part_of(rows: _DayRows, ads: Ads, items: list[str], counts: Bools, notes: list[str]) -> LogPart:
    """The sums of the rows that count."""
    export, first_A, first_G, day = rows.export, rows.first_A, rows.first_G, rows.export.day
    impressions, clicks = (
        sums(rows.group_R[counts], values[counts], len(first_G))
        for values in (export.impressions_R, export.clicks_R)
    )
    names = [ads.name_A[ad] for ad in rows.ad_R[first_A].tolist()]
    own = Ads(rows.ad_R, names, ads.file_A[rows.ad_R[first_A]], ads.title, {}, ads.aliases, ads.copies)
    return LogPart(
        export.name, export.layout.platform.name, items, rows.item_R[first_A], own, rows.own_R[first_G],
        rows.day_R[first_G], [""] if day is None else list(day.values), impressions, clicks,
        _propensity(export)[first_G], export.line_R[first_G], export.is_events, {}, notes=notes,
    )  # fmt: skip


def _events_note(export: Export) -> str:
    rows = sum(export.weight(row) for row in range(len(export.line_R)))
    counted = export.layout.places.get("count")
    by = "" if counted is None else f", counted by '{shown(str(export.header[counted])[:40])}',"
    return f"{rows} events{by} added up by ad and day"


def _totals_of_days(export: Export, own: Ints, notes: list[str]) -> Bools:
    """Rows without a day that add up an ad's other rows, as tables with sums for each ad have them [R]."""
    none = np.zeros(len(own), np.bool_)
    if export.day is None or export.is_events:
        return none
    undated_R = export.day.rows_of(code for code, value in enumerate(export.day.values) if value == "")
    if not undated_R.any() or undated_R.all():
        return none
    sum_R, _ = subtotals(own.astype(np.int32), [export.day], export.impressions_R)
    if sum_R.any():
        notes.append(f"{int(sum_R.sum())} rows without a day that sum up the others left out")
    if left := int((undated_R & ~sum_R).sum()):
        notes.append(f"{left} rows have no day, and count beside those that have one")
    return sum_R


def _propensity(export: Export) -> Floats:
    found = export.propensity_R
    return np.full(len(export.line_R), np.nan) if found is None else found


def _chosen(export: Export) -> list[Ints]:
    """The column of propensities for ``groups``, if there is one."""
    return [] if export.propensity_R is None else [coded(export.propensity_R)]


def _creatives(item_R: Ints, ad_R: Ints) -> tuple[Ints, Ints]:
    """An ad of two products is two creatives: a number for each row [R], and the first rows [A]."""
    item_A = np.zeros(int(ad_R.max(initial=-1)) + 1, np.int64)
    item_A[ad_R] = item_R
    return groups([ad_R]) if (item_A[ad_R] == item_R).all() else groups([item_R, ad_R])


def _broken_down(
    export: Export,
    group: Ints,
    products: Products,
    ads: Ads,
    rules: BadRowRules,
    bad: BadRows,
    notes: list[str],
) -> Bools:
    """Which rows count [R], where ads have several a day: those told apart by a column, repeats by rule."""
    dimensions = _dimensions(export, products, ads)
    alike, first = groups([group, *(column.code_R for column in dimensions)])
    again = np.ones(len(group), np.bool_)
    again[first] = False
    if again.any() and rules.repeats != "sum":
        if rules.repeats == "refuse":
            _refuse(export, again, alike, first, bad)
        else:
            notes.append(f"{int(again.sum())} second rows for an ad and day left out")
    elif again.any():
        notes.append(f"{int(again.sum())} second rows for an ad and day added up")
    counts = np.bincount(group)
    number = int((counts > 1).sum())
    over = [column.title for column in dimensions if _varies(column, group, counts)]
    parts = (export.impressions_R, export.clicks_R)
    if over and len(first) > len(counts) and rules.repeats != "sum" and repeat_counts(group, *parts):
        if rules.repeats == "refuse":
            raise DataError(
                f"{shown(export.name)}: rows that '{shown(over[0][:40])}' tells apart have the very same "
                "counts, as if repeated for each; say --repeats first to count them once, or sum"
            )
        once = np.zeros(len(group), np.bool_)
        once[np.unique(group, return_index=True)[1]] = True
        notes.append(f"{int((~once).sum())} rows repeat the counts of others and are left out")
        return once
    if over and len(first) > len(counts):
        titles = ", ".join(f"'{shown(title[:40])}'" for title in over[:6])
        notes.append(f"{len(first)} rows added up to {len(counts)}, over {titles}, for {number} ads and days")
    return ~again if rules.repeats != "sum" else np.ones(len(group), np.bool_)


def _dimensions(export: Export, products: Products, ads: Ads) -> list[Column]:
    """Columns by which the rows of an ad and day may differ."""
    taken = (ads.title, products.column.title)
    return [column for column in (*export.beside, *export.columns.values()) if column.title not in taken]


def _refuse(export: Export, again: Bools, alike: Ints, first: Ints, bad: BadRows) -> None:
    for row in np.flatnonzero(again).tolist():
        earlier = export.line_R[first[alike[row]]]
        fault = (
            f": a second row for this ad and day, which nothing tells from line {earlier}; "
            "remove one, or say --repeats sum or first"
        )
        bad.complain(int(export.line_R[row]), fault)


def _varies(column: Column, group: Ints, counts: Ints) -> bool:
    """Whether a column has several values within some group."""
    _, first = groups([group, column.code_R])
    return len(first) > len(counts)
