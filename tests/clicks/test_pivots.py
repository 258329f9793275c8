"""Tables with a column for each day are read as logs; what they leave open is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from clicks.example_exports import DAYS, Row, _sheet, _text, pictures, rows

from caig_cli.clicks.log import ClickLog
from caig_cli.clicks.pictures import PictureIndex
from caig_cli.clicks.read_logs import read_click_logs
from caig_cli.errors import CaigError

LOG = rows(items=3, ads=2, days=4)
ADS = list(dict.fromkeys((row.item, row.image) for row in LOG))
OF = {(row.image, row.day): row for row in LOG}
DAYS4 = DAYS[:4]


def _cells(image: str, *fields: str) -> list[object]:
    return [getattr(OF[image, day], field) for day in DAYS4 for field in fields]


BOTH = ("impressions", "clicks")
FORMS: dict[str, Callable[[Path], None]] = {
    "measure_day.csv": _text(
        [["item", "image", *(f"{one.title()} {day}" for day in DAYS4 for one in BOTH)]]
        + [[*ad, *_cells(ad[1], *BOTH)] for ad in ADS]
    ),
    "day_measure.csv": _text(
        [["item", "image", *(f"{day:%d.%m.%Y} - {one}" for day in DAYS4 for one in BOTH)]]
        + [[*ad, *_cells(ad[1], *BOTH)] for ad in ADS]
    ),
    "measures.csv": _text(
        [["item", "image", "metric", *DAYS4]]
        + [[*ad, one, *_cells(ad[1], one)] for ad in ADS for one in BOTH]
    ),
    "two_rows.xlsx": _sheet(
        [
            ["Ads by day"],
            ["item", "image", *(cell for day in DAYS4 for cell in (day, None))],
            [None, None, *("Impressions", "Clicks") * 4],
            *([*ad, *_cells(ad[1], *BOTH)] for ad in ADS),
        ]
    ),
    "nested.json": lambda path: path.write_text(json.dumps({"result": {"rows": _nested()}})) and None,
}


def _nested() -> list[dict[str, object]]:
    def of_day(row: Row) -> dict[str, object]:
        return {"date": str(row.day), "impressions": row.impressions, "taps": row.clicks, "ttr": 0.1}

    return [
        {
            "metadata": {"adName": image, "adGroupName": item},
            "granularMetrics": [of_day(row) for row in LOG if row.image == image],
        }
        for item, image in ADS
    ]


def read(folder: Path, name: str) -> ClickLog:
    if not (folder / "ads").exists():
        pictures(folder / "ads", LOG)
    return read_click_logs([str(folder / name)], pictures=PictureIndex([folder / "ads"]))


@pytest.mark.parametrize("name", list(FORMS))
def test_each_form_says_what_the_log_says(tmp_path: Path, name: str) -> None:
    FORMS[name](tmp_path / name)
    log = read(tmp_path, name)
    found = {
        (log.image_C[creative], log.days[day]): (shown, clicked)
        for creative, day, shown, clicked in zip(
            log.creative_R.tolist(),
            log.day_R.tolist(),
            log.impressions_R.tolist(),
            log.clicks_R.tolist(),
            strict=True,
        )
    }
    assert found == {(row.image, str(row.day)): (row.impressions, row.clicks) for row in LOG}


def test_days_without_a_measure_and_titles_twice_are_refused(tmp_path: Path) -> None:
    lines = [[*ad, *_cells(ad[1], "impressions")] for ad in ADS]
    _text([["item", "image", *DAYS4], *lines])(tmp_path / "days.csv")
    with pytest.raises(CaigError, match="a column for each day, and nothing says what it counts"):
        read(tmp_path, "days.csv")
    _text([["item", "image", "impressions", "clicks", "clicks"], *([*ad, 9, 1, 2] for ad in ADS)])(
        tmp_path / "twice.csv"
    )
    with pytest.raises(CaigError, match="2 columns are called 'clicks'"):
        read(tmp_path, "twice.csv")
