"""Tables as pivots, formatted reports and servers write them: read for what they are, or refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from clicks.example_exports import _sheet, _text, pictures, rows

from caig_cli.clicks.log import ClickLog
from caig_cli.clicks.pictures import PictureIndex
from caig_cli.clicks.platforms import lay_out
from caig_cli.clicks.read_logs import read_click_logs
from caig_cli.errors import CaigError

LOG = rows(items=3, ads=2, days=4)
TRUTH = {(row.item, row.image, str(row.day)): (row.impressions, row.clicks) for row in LOG}
HEADER = ["Product", "Image", "Day", "Sum of Impressions", "Sum of Clicks"]


def read(folder: Path, *names: str) -> ClickLog:
    pictures(folder / "ads", LOG)
    return read_click_logs([str(folder / name) for name in names], pictures=PictureIndex([folder / "ads"]))


def sums(log: ClickLog) -> dict[tuple[str, str, str], tuple[int, int]]:
    found: dict[tuple[str, str, str], tuple[int, int]] = {}
    for ad, day, *counts in zip(log.creative_R, log.day_R, log.impressions_R, log.clicks_R, strict=True):
        key = log.items[log.item_C[ad]], Path(log.path_C[ad] or "").name, log.days[day] if log.days else ""
        assert key not in found
        found[key] = int(counts[0]), int(counts[1])
    return found


def outline() -> list[Sequence[object]]:
    """A pivot table in tabular form: labels once, sums below each."""
    lines: list[Sequence[object]] = [HEADER]
    last_item, last_image = None, None
    ordered = sorted(LOG, key=lambda row: (row.item, row.image, row.day))
    for number, row in enumerate(ordered):
        item, image = (
            row.item if row.item != last_item else None,
            row.image if row.image != last_image else None,
        )
        lines.append([item, image, str(row.day), row.impressions, row.clicks])
        last_item, last_image = row.item, row.image
        if number + 1 == len(ordered) or ordered[number + 1].image != row.image:
            mine = [one for one in LOG if one.image == row.image]
            total = sum(one.impressions for one in mine), sum(one.clicks for one in mine)
            lines.append([None, f"{row.image} Total", None, *total])
    return [*lines, ["Grand Total", None, None, 9, 9]]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_labels_that_are_written_once_hold_for_the_rows_below(tmp_path: Path, suffix: str) -> None:
    (_text if suffix == ".csv" else _sheet)(outline())(tmp_path / f"pivot{suffix}")
    log = read(tmp_path, f"pivot{suffix}")
    assert sums(log) == TRUTH and "label above" in " ".join(log.notes)


def test_a_picture_that_some_ads_lack_is_not_taken_from_the_ad_above(tmp_path: Path) -> None:
    image = {row.item: row.image for row in LOG}
    lines = [["Image", "Ad name", "Impressions", "Clicks"]]
    lines += [
        [image[item] if n == 0 else "", f"{item} text {n}", "1000", "9"] for item in image for n in range(3)
    ]
    _text(lines)(tmp_path / "log.csv")
    assert sum(int(count) for count in read(tmp_path, "log.csv").impressions_R) == 9000
    log = read(tmp_path, "log.csv")
    assert sum(path is not None for path in log.path_C) == 3 and set(log.impressions_R.tolist()) == {1000}


@pytest.mark.parametrize(
    "titles, found",
    [
        (["listing_id", "listing_impressions", "listing_clicks"], (1, 2)),
        (["Creative", "Network served impressions", "Network clicks", "Network CTR"], (1, 2)),
        (["Banner", "adImpressions", "adClicks", "clicks per day"], (1, 2)),
        (["Creative", "Served impressions", "Viewable impressions", "Clicks"], None),
        (["Creative", "Invalid impressions", "Clicks"], None),
        (["Creative", "Impressions", "Hours since last click"], None),
    ],
)
def test_counts_are_told_by_the_end_of_a_title_where_one_has_it(
    titles: list[str], found: tuple[int, int] | None
) -> None:
    places = lay_out(titles).places
    assert found == (
        (places["impressions"], places["clicks"]) if {"impressions", "clicks"} <= places.keys() else None
    )


def test_formulas_without_values_are_told(tmp_path: Path) -> None:
    lines = [["Day", "SKU", "Image", "Phone", "Impressions", "Clicks"]]
    lines += [
        [row.day, row.item, row.image, row.impressions, f"=D{n}", row.clicks] for n, row in enumerate(LOG, 2)
    ]
    _sheet(lines)(tmp_path / "log.xlsx")
    with pytest.raises(
        CaigError, match=r"log\.xlsx:2:impressions: is a formula without its value; open and save"
    ):
        read(tmp_path, "log.xlsx")


def test_the_period_above_a_table_of_one_day_is_its_day(tmp_path: Path) -> None:
    days = sorted({row.day for row in LOG})
    for number, day in enumerate(days):
        lines: list[Sequence[object]] = [
            ["Report Created Time", "15/10/2026 10:22"],
            ["Date Period", f"{day:%d/%m/%Y} - {day:%d/%m/%Y}"],
            ["Product ID", "Image", "Start Date", "Impression", "Clicks"],
        ]
        of_day = [row for row in LOG if row.day == day]
        lines += [[row.item, row.image, "01/09/2026", row.impressions, row.clicks] for row in of_day]
        _text(lines)(tmp_path / f"{number}.csv")
    log = read(tmp_path, *(f"{number}.csv" for number in range(len(days))))
    assert sums(log) == TRUTH and f"all rows are of {days[0]}" in log.notes[0]


def test_events_in_several_files_are_one_log(tmp_path: Path) -> None:
    """By the hour, or impressions and clicks apart; a file that is given twice counts once."""
    log = LOG[:4]
    shown = [[f"{row.day} {n % 24:02}:10:00", row.item, row.image] for row in log for n in range(30)]
    clicked = [[f"{row.day} {n % 24:02}:11:00", row.item, row.image] for row in log for n in range(5)]
    header = ["ts", "item_id", "creative"]
    _text([header, *shown])(tmp_path / "impressions.csv")
    _text([header, *clicked])(tmp_path / "clicks.csv")
    truth = dict.fromkeys(list(TRUTH)[:4], (30, 5))
    assert sums(read(tmp_path, "clicks.csv", "impressions.csv")) == truth
    events = [[*one, "view"] for one in shown] + [[*one, "click"] for one in clicked]
    for hour in range(2):
        mine = [one for number, one in enumerate(events) if number % 3 % 2 == hour]
        _text([[*header, "event"], *mine])(tmp_path / f"{hour}.csv")
    assert sums(read(tmp_path, "0.csv", "1.csv")) == truth
    again = read(tmp_path, "0.csv", "1.csv", "0.csv")
    assert sums(again) == truth and "counted once" in again.warnings[0]
    with pytest.raises(CaigError, match="20 clicks and 0 impressions"):
        read(tmp_path, "clicks.csv")
