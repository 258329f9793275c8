"""One export -> its ads on each day: products and ads found, totals set apart, breakdowns added up.

Legend of shape names: R rows of an export, A its ads.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from caig_cli.clicks.ad_days import LogPart, add_up
from caig_cli.clicks.ad_finder import AdFinder
from caig_cli.clicks.ads import Ads, find_ads, name_fault, names_of
from caig_cli.clicks.bad_rows import MAX_LISTED, BadRowRules, BadRows, Bools
from caig_cli.clicks.encoding import Column, Ints
from caig_cli.clicks.products import NoProductError, Products, find_products
from caig_cli.clicks.reading import PRODUCTS, Export
from caig_cli.data.images import shown
from caig_cli.data.tables import clean_text
from caig_cli.errors import DataError, UsageError

EARLIEST = "1994-10-27"
"""Day of the first banner ad (HotWired): earlier ones are mistakes, such as a spreadsheet's day 0."""

MANY_ADS = 40
"""Ads of one product alone that are told: the column may hold something else."""


def part_of(export: Export, pictures: AdFinder | None, rules: BadRowRules) -> LogPart:
    """An export with its ads and products known, rows that are none left out and those of a day added up.

    Raises DataError for its first bad row unless those may be skipped, and where nothing tells products.
    """
    notes: list[str] = list(export.notes)
    warnings: list[str] = []
    ads = find_ads(export, pictures)
    real_R = ~export.total_R & (ads.ad_R >= 0)
    bad = BadRows(export)
    bad.add(export.faults, real_R)
    over = real_R & (export.clicks_R > export.impressions_R) & bad.good_R & (not export.is_events)
    bad.add({row: _too_many(export, row) for row in np.flatnonzero(over).tolist()}, real_R)
    for ad, fault in ads.faults.items():
        bad.add(dict.fromkeys(np.flatnonzero(ads.ad_R == ad).tolist(), fault), real_R)
    if export.layout.platform.name == "generic":  # platforms have rows about other things than pictures
        empty = ~export.total_R & (ads.ad_R < 0) & _filled(export)
        bad.add(
            dict.fromkeys(np.flatnonzero(empty).tolist(), "image: is empty; fix or remove the row"), empty
        )
    if not real_R.any():
        raise DataError(
            bad.listed[0][1].error if bad.listed else f"{shown(export.name)}: no row is about an ad"
        )
    products = _products(export, ads, pictures, real_R, rules)
    items, item_R = _items(products.column, bad, real_R)
    keep_R = real_R & bad.good_R
    if products.doubtful:
        warnings.append(
            f"{shown(export.name)}: products are told by {shown(products.source)}; "
            "--column item=NAME says otherwise"
        )
    if len(items) == 1 and len(ads.name_A) >= MANY_ADS:
        warnings.append(
            f"{shown(export.name)}: all {len(ads.name_A)} ads are of one product by {shown(products.source)};"
            " if they are not, --column item=NAME says which column tells"
        )
    item_R = item_R if keep_R.all() else item_R[keep_R]
    part = add_up(export.at(keep_R), ads, items, item_R, products, rules, bad)
    if note := bad.judge(rules, real_R):
        notes.append(note)
    part.bad, part.bad_rows = bad.listed[:MAX_LISTED], bad.rows
    _tell_others(export, ads, keep_R, notes, warnings)
    if ads.aliases:
        notes.append(f"{ads.aliases} more names of pictures that other names lead to: one ad each")
    if ads.copies:
        notes.append(
            f"{ads.copies} pictures are copies of better ones in another folder, which stand for them"
        )
    used = [part.days[day] for day in np.unique(part.day_R).tolist()]
    first_day = min((day for day in used if day and "-" in day), default=EARLIEST)
    if first_day < EARLIEST:
        warnings.append(f"{shown(export.name)}: has days before any click on an ad, such as {first_day}")
    part.notes, part.warnings = notes + part.notes, warnings + part.warnings
    part.facts = _facts(export, ads, products, part)
    return part


def _filled(export: Export) -> Bools:
    """Which rows have a product and a day, where there are such columns [R]."""
    columns = [export.columns[one] for one in PRODUCTS[:1] if one in export.columns]
    filled = np.array([bool(columns)] * len(export.line_R), np.bool_)
    for column in columns:
        filled &= ~names_of(column)[1][column.code_R]
    if export.day is not None:
        filled &= np.array([day != "" for day in export.day.values] or [False], np.bool_)[export.day.code_R]
    return filled


def _too_many(export: Export, row: int) -> str:
    clicks, impressions = export.clicks_R[row], export.impressions_R[row]
    return f"clicks: {clicks} is more than the {impressions} impressions; fix the row"


def _products(
    export: Export, ads: Ads, pictures: AdFinder | None, real_R: Bools, rules: BadRowRules
) -> Products:
    """The products of an export: those that its ads are known to be of, and for others what the rows tell."""
    if pictures is None:
        return _products_of_rows(export, ads, None, real_R, rules)
    files = ads.file_A.tolist()
    known = [pictures.product(file, name) for file, name in zip(files, ads.name_A, strict=True)]
    if all(product is None for product in known):
        return _products_of_rows(export, ads, pictures, real_R, rules)
    values: list[Any] = [product or name for product, name in zip(known, ads.name_A, strict=True)]
    code_R = np.maximum(ads.ad_R, 0)
    other_R = np.array([product is None for product in known], np.bool_)[code_R]
    if (other_R & real_R).any():
        try:
            listed = _products_of_rows(export, ads, pictures, real_R, rules).column
        except NoProductError:  # nothing tells: such an ad stands for itself
            listed = None
        if listed is not None:
            code_R = np.where(other_R, len(values) + listed.code_R, code_R)
            values += listed.values
    return Products(Column(ads.title, values, code_R), "the plan")


def _products_of_rows(
    export: Export, ads: Ads, pictures: AdFinder | None, real_R: Bools, rules: BadRowRules
) -> Products:
    """Products as the rows about ads tell them."""
    known = export.at(real_R)
    ad_R = ads.ad_R[real_R]
    columns = {one: known.columns[one] for one in PRODUCTS if one in known.columns}
    used = np.unique(ad_R)
    number_A = np.full(len(ads.name_A), -1, np.int64)
    number_A[used] = np.arange(len(used))
    files = ads.file_A[used].tolist()
    names = [
        pictures.paths[file] if pictures is not None and file >= 0 else ads.name_A[ad]
        for ad, file in zip(used.tolist(), files, strict=True)
    ]
    if rules.item_pattern is not None:
        return _by_pattern(known, rules, real_R)
    found = find_products(
        export.name, export.header, columns, known.beside, number_A[ad_R], names, rules.item_given
    )
    code_R = np.zeros(len(real_R), np.int32)
    code_R[real_R] = found.column.code_R
    return Products(Column(found.column.title, found.column.values, code_R), found.source, found.doubtful)


def _by_pattern(known: Export, rules: BadRowRules, real_R: Bools) -> Products:
    """Products by a pattern in the column of items, if the user named it, else in that of the ads' names,
    pictures or ids in which it finds most."""
    assert rules.item_pattern is not None
    ways = ("item",) if rules.item_given else ("ad", "image", "ad_id")
    pattern = re.compile(rules.item_pattern)
    columns = [known.columns[one] for one in ways if one in known.columns]
    values_C = [[_part(pattern, value) for value in column.values] for column in columns]
    found_C = [
        int(column.rows_of(code for code, part in enumerate(values) if part).sum())
        for column, values in zip(columns, values_C, strict=True)
    ]
    best = found_C.index(max(found_C))
    column = columns[best]
    if not found_C[best]:
        titles = " or ".join(f"'{shown(one.title)}'" for one in columns)
        raise UsageError(f"--item-pattern {rules.item_pattern}: finds nothing in {titles}; mend it")
    code_R = np.zeros(len(real_R), np.int32)
    code_R[real_R] = column.code_R
    return Products(Column(column.title, values_C[best], code_R), f"'{column.title}' by --item-pattern")


def _part(pattern: re.Pattern[str], value: object) -> str:
    """What a pattern takes of a cell; empty where it finds nothing."""
    match = pattern.search("" if value is None else str(value))
    return ((match[1] if pattern.groups else match[0]) or "") if match else ""


def _items(column: Column, bad: BadRows, real_R: Bools) -> tuple[list[str], Ints]:
    """Distinct products as clean texts, and that of each row [R]; rows without one are bad."""
    texts, gap_V = names_of(column)
    number: dict[str, int] = {}
    of_V = np.zeros(max(1, len(texts)), np.int32)
    wrong: dict[int, str] = {}
    for code, text in enumerate(texts):
        clean = "" if gap_V[code] else clean_text(text)
        fault = name_fault("item", column.values[code]) if not gap_V[code] else None
        if fault or not clean:
            wrong[code] = fault or "item: is empty; fix or remove the row"
        else:
            of_V[code] = number.setdefault(clean, len(number))
    if wrong:
        rows = np.flatnonzero(column.rows_of(wrong) & real_R).tolist()
        bad.add({row: wrong[int(column.code_R[row])] for row in rows}, real_R)
    return list(number), of_V[column.code_R]


def _tell_others(export: Export, ads: Ads, keep_R: Bools, notes: list[str], warnings: list[str]) -> None:
    """Rows of totals and rows about no ad: left out and told; totals that disagree are a warning."""
    whole = int(export.impressions_R[keep_R].sum())
    others = ~keep_R & (export.total_R | (ads.ad_R < 0))
    agree = others & (export.impressions_R == whole) & (whole > 0)
    totals = (others & export.total_R) | agree
    rest = others & ~totals
    if totals.any():
        notes.append(f"{int(totals.sum())} rows of totals left out")
        largest = int(export.impressions_R[totals].max())
        parts = int(np.maximum(export.impressions_R[totals], 0).sum())
        if not agree.any() and largest > 0 and whole not in (largest, parts):
            warnings.append(
                f"{shown(export.name)}: its total is {largest} impressions, its rows add up to {whole}; "
                "is the export complete?"
            )
    if rest.any() and int(export.impressions_R[rest].sum()) == whole:
        notes.append(f"{int(rest.sum())} rows that name no ad and add up to the others left out")
    elif rest.any():
        lost = int(np.maximum(export.impressions_R[rest], 0).sum())
        text = f"{int(rest.sum())} rows that name no ad left out ({lost} impressions)"
        (warnings if lost > 0.05 * max(1, whole) else notes).append(
            f"{shown(export.name)}: {text}" if lost > 0.05 * max(1, whole) else text
        )
    if export.footer:
        notes.append(
            f"{len(export.footer)} lines below the table left out ('{shown(export.footer[0][:40])}')"
        )


def _facts(export: Export, ads: Ads, products: Products, part: LogPart) -> dict[str, Any]:
    """How an export was read, for the result."""
    places = export.layout.places
    titles = {one: str(export.header[place]) for one, place in places.items()}
    spans = sorted(day for day in {part.days[day] for day in part.day_R.tolist()} if day)
    return {
        "file": export.name,
        "platform": export.layout.platform.name,
        "rows": export.rows,
        "bad_rows": part.bad_rows,
        "ad": ads.title,
        "item": products.source.strip("'"),
        "impressions": titles.get("impressions"),
        "clicks": titles.get("clicks", titles.get("event")),
        "day": None if export.day is None else export.day.title,
        "first_day": spans[0] if spans else None,
        "last_day": spans[-1] if spans else None,
        "notes": part.notes,
    }
