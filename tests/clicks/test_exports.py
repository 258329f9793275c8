"""Exports of many platforms and locales, each as it would come, say what the log says they are made of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest
from clicks.example_exports import DAYS, Row, exports, pictures, rows, us, written
from PIL import Image

from caig_cli.clicks.bad_rows import BadRowRules
from caig_cli.clicks.log import ClickLog
from caig_cli.clicks.pictures import PictureIndex
from caig_cli.clicks.read_logs import read_click_logs
from caig_cli.clicks.reading import Options
from caig_cli.errors import CaigError

LOG = rows()
NAMES = list(exports(LOG))
Sums = dict[tuple[str, str], tuple[int, int]]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    pictures(folder / "ads", LOG)
    return folder


def truth(log: Sequence[Row] = LOG) -> Sums:
    found: Sums = {}
    for row in log:
        shown, clicked = found.get((row.item, row.image), (0, 0))
        found[row.item, row.image] = (shown + row.impressions, clicked + row.clicks)
    return found


def read(shop: Path, *names: str, images: Sequence[Path] = (), **rules: object) -> ClickLog:
    folders = images or [shop / "ads"]
    return read_click_logs(
        [str(shop / name) for name in names],
        rules=BadRowRules(**rules),
        pictures=PictureIndex(folders),  # type: ignore[arg-type]
    )


def sums(log: ClickLog) -> Sums:
    shown, clicked = log.totals()
    names = [Path(path).name if path else name for path, name in zip(log.path_C, log.image_C, strict=True)]
    items = [log.items[item] for item in log.item_C.tolist()]
    return dict(
        zip(zip(items, names, strict=True), zip(shown.tolist(), clicked.tolist(), strict=True), strict=True)
    )


def save(shop: Path, name: str, lines: Sequence[Sequence[object]]) -> str:
    (shop / name).write_text(written(lines), newline="")
    return name


@pytest.mark.parametrize("name", NAMES)
def test_every_export_says_what_the_log_says(shop: Path, name: str) -> None:
    if name.endswith(".parquet"):
        pytest.importorskip("pyarrow")
    exports(LOG)[name](shop / name)
    log = read(shop, name)
    assert sums(log) == truth()
    assert log.days == tuple(day.isoformat() for day in DAYS)
    assert not log.bad_rows and not log.missing and not log.warnings
    platform = name.split("_")[0].split(".")[0]
    assert log.facts[0]["platform"] in (platform, "meta", "generic", "yahoo_japan")


def test_rows_added_up_and_left_out_are_reported(shop: Path) -> None:
    for name in ("placements.csv", "audiences.csv", "microsoft.csv.gz", "meta_de.csv"):
        exports(LOG)[name](shop / name)
    (note,) = read(shop, "placements.csv").notes
    assert "720 rows added up to 360, over 'Placement', for 360 ads and days" in note
    assert "over 'Ad set name'" in read(shop, "audiences.csv").notes[0], "an ad set that is an audience"
    notes = read(shop, "microsoft.csv.gz").notes
    assert "1 rows of totals left out" in notes[0] and "©2026" in notes[1]
    assert "read as cp1252" in read(shop, "meta_de.csv").notes[0]


def test_a_total_that_disagrees_is_a_warning(shop: Path) -> None:
    lines = [["Ad set", "Image name", "Day", "Impressions", "Link clicks"]]
    lines += [
        [row.item, row.image, row.day.isoformat(), str(row.impressions), str(row.clicks)] for row in LOG
    ]
    lines += [["Total", "", "", "99999999", "1"]]
    (warning,) = read(shop, save(shop, "cut.csv", lines)).warnings
    assert "its total is 99999999 impressions" in warning and "is the export complete?" in warning


def test_events_are_counted_by_ad_and_day(shop: Path) -> None:
    few = [row for row in LOG if row.impressions < 900][:40]
    assert len({row.image for row in few}) > 2
    named, flagged = [], [["timestamp", "sku", "creative", "clicked"]]
    for row in few:
        for number in range(row.impressions):
            time = f"{row.day}T{number % 24:02d}:11:{number % 60:02d}Z"
            one = {"ts": time, "sku": row.item, "creative": row.image}
            named.append(json.dumps({**one, "event": "impression"}))
            if number < row.clicks:
                named.append(json.dumps({**one, "event": "click"}))
            flagged.append([time, row.item, row.image, str(int(number < row.clicks))])
        named.append(
            json.dumps(
                {"ts": f"{row.day}T23:00:00Z", "event": "purchase", "creative": row.image, "sku": row.item}
            )
        )
    (shop / "events.jsonl").write_text("\n".join(named))
    log = read(shop, "events.jsonl")
    assert sums(log) == truth(few) and len(log.days) == len({row.day for row in few})
    assert "40 events that are neither impressions nor clicks left out" in log.notes[0]
    assert sums(read(shop, save(shop, "flags.csv", flagged))) == truth(few)
    (shop / "late.jsonl").write_text("\n".join(line for line in named if '"impression"' not in line))
    with pytest.raises(CaigError, match=r"clicks and 0 impressions; the log lacks impressions"):
        read(shop, "late.jsonl")


# --- several exports -------------------------------------------------------------------------------


def platform_lines(log: Sequence[Row], *titles: str, factor: int = 1) -> list[list[str]]:
    return [list(titles)] + [
        [row.item, row.image, row.day.isoformat(), us(row.impressions * factor), us(row.clicks)]
        for row in log
    ]


META = ("Ad set name", "Image name", "Day", "Impressions", "Link clicks")
GOOGLE = ("Ad group", "Image asset", "Day", "Impr.", "Clicks")


def test_the_same_log_from_two_platforms_counts_once(shop: Path) -> None:
    names = save(shop, "m.csv", platform_lines(LOG, *META)), save(shop, "g.csv", platform_lines(LOG, *GOOGLE))
    log = read(shop, *names)
    assert sums(log) == truth() and "the same log exported twice, counted once" in log.warnings[0]
    assert log.platforms == ("meta",)


def test_platforms_are_compared_apart_unless_pooled(shop: Path) -> None:
    """What Google shows twice as often to others says nothing of an ad that Meta shows."""
    names = (
        save(shop, "m.csv", platform_lines(LOG, *META)),
        save(shop, "g2.csv", platform_lines(LOG, *GOOGLE, factor=2)),
    )
    log = read(shop, *names)
    assert log.platforms == ("meta", "google") and len(log.image_C) == 2 * len(truth())
    assert len(set(log.contests().tolist())) == 2 * len(log.items) and not log.warnings
    pooled = read(shop, *names, pool=True)
    assert sums(pooled) == {key: (3 * shown, 2 * clicked) for key, (shown, clicked) in truth().items()}
    assert "rows of several files" in pooled.notes[-1]


def test_exports_of_one_platform_add_up_and_other_counts_are_refused(shop: Path) -> None:
    half = len(LOG) // 2
    names = (
        save(shop, "a.csv", platform_lines(LOG[:half], *META)),
        save(shop, "b.csv", platform_lines(LOG[half:], *META)),
    )
    assert sums(read(shop, *names)) == truth()
    other = save(shop, "c.csv", platform_lines(LOG[:half], *META, factor=2))
    with pytest.raises(CaigError, match=r"c\.csv:2: a second row for this ad and day, with other counts"):
        read(shop, names[0], other)
    assert sums(read(shop, names[0], other, repeats="first")) == truth(LOG[:half])
    both = sums(read(shop, names[0], other, repeats="sum"))
    assert both == {key: (3 * shown, 2 * clicked) for key, (shown, clicked) in truth(LOG[:half]).items()}


# --- what is not found -----------------------------------------------------------------------------


def test_a_missing_column_shows_the_header_and_the_nearest_name(shop: Path) -> None:
    name = save(
        shop, "odd.csv", platform_lines(LOG, "Ad group", "Image asset", "Day", "Imprssions", "Clicks")
    )
    with pytest.raises(CaigError) as caught:
        read(shop, name)
    assert "no column of impressions; the header is 'Ad group', 'Image asset', 'Day', 'Imprssions'" in str(
        caught.value
    )
    assert "the nearest is 'Imprssions'; name it with --column impressions=\"Imprssions\"" in str(
        caught.value
    )
    options = Options(columns={"impressions": "Imprssions"})
    log = read_click_logs([str(shop / name)], options, pictures=PictureIndex([shop / "ads"]))
    assert sums(log) == truth()
    with pytest.raises(CaigError, match=r"--column clicks=Clix: the header is .*; the nearest is 'Clicks'"):
        read_click_logs([str(shop / name)], Options(columns={**options.columns, "clicks": "Clix"}))


def test_products_come_from_names_where_no_column_tells(shop: Path) -> None:
    lines = [["Image name", "Day", "Impressions", "Link clicks"]]
    lines += [[row.image, row.day.isoformat(), str(row.impressions), str(row.clicks)] for row in LOG]
    log = read(shop, save(shop, "bare_names.csv", lines))
    assert sums(log) == truth() and "--column item=NAME says otherwise" in log.warnings[0]
    pattern = read(shop, "bare_names.csv", item_pattern=r"^(\w+)_\d")
    assert sums(pattern) == truth() and not pattern.warnings
    with pytest.raises(CaigError, match="finds nothing in 'Image name'"):
        read(shop, "bare_names.csv", item_pattern="^(nowhere)")
    lines = [[f"{number:x}ad" if number else "Image name", *line[1:]] for number, line in enumerate(lines)]
    with pytest.raises(CaigError, match="no column says which product an ad is for"):
        read(shop, save(shop, "no_names.csv", lines))


# --- rows left out ---------------------------------------------------------------------------------


def test_rows_may_be_left_out_only_where_they_are_a_small_random_part(shop: Path) -> None:
    lines = platform_lines(LOG, *META)
    few = [list(line) for line in lines]
    for number in range(20, 360, 40):
        few[number][3] = "?"
    name = save(shop, "few.csv", few)
    log = read(shop, name, skip_bad=True)
    assert log.bad_rows == 9 and "9 bad rows left out (2.50% of the log)" in log.notes[0]
    with pytest.raises(CaigError, match=r"--skip-bad would leave out 9 rows, 2\.5% of the log, more than"):
        read(shop, name, skip_bad=True, max_bad_share=0.02)
    large = sorted(range(1, len(lines)), key=lambda number: -LOG[number - 1].impressions)[:9]
    biased = [[*line[:3], line[3] + " ?", line[4]] if n in large else line for n, line in enumerate(lines)]
    with pytest.raises(
        CaigError, match=r"9 rows \(2\.5%\) that are no random part: they have [\d,]+ impressions"
    ):
        read(shop, save(shop, "biased.csv", biased), skip_bad=True)


# --- pictures --------------------------------------------------------------------------------------


def test_copies_under_other_names_stand_for_the_originals(shop: Path) -> None:
    """Re-encoded, half of them resized: what a platform hands out."""
    (shop / "copies").mkdir(exist_ok=True)
    named = {}
    for number, path in enumerate(sorted((shop / "ads").glob("*.png"))):
        image = Image.open(path)
        size = (image.width // 2, image.height // 2) if number % 2 else image.size
        named[path.name] = f"fb_{number * 7919 % 1000}.jpg"
        image.resize(size).save(shop / "copies" / named[path.name], quality=40)
    lines = platform_lines(LOG, *META)
    renamed = [lines[0]] + [[line[0], named[line[1]], *line[2:]] for line in lines[1:]]
    log = read(shop, save(shop, "copies.csv", renamed), images=[shop / "copies", shop / "ads"])
    assert sums(log) == truth() and "24 pictures are copies of better ones" in log.notes[0]


def test_a_name_of_two_pictures_is_refused_and_of_two_copies_is_not(shop: Path, tmp_path: Path) -> None:
    for run, colour in (("one", "red"), ("two", "blue")):
        (tmp_path / run).mkdir()
        Image.new("RGB", (32, 32), colour).save(tmp_path / run / "SKU-1.png")
        Image.new("RGB", (32, 32), "white").save(tmp_path / run / "SKU-2.png")
    lines = [["item", "image", "impressions", "clicks"], ["A", "SKU-1", "10", "1"], ["A", "SKU-2", "10", "1"]]
    log = read(shop, save(shop, "two_runs.csv", lines), images=[tmp_path])
    assert [path is None for path in log.path_C] == [True, False]
    assert "may be several pictures" in log.missing[0].error and "write their paths" in log.missing[0].error
    lines = [lines[0], ["A", "one/SKU-1.png", "10", "1"], ["A", "two/SKU-1.png", "10", "2"]]
    assert len(set(read(shop, save(shop, "paths.csv", lines), images=[tmp_path]).path_C)) == 2


@pytest.mark.parametrize(
    "value",
    ["B00000XK_1.png", "B00000XK_1", "b00000xk_1.JPG", "https://cdn.example/x/B00000XK_1.png?w=9",
     "Bottle, 750 ml | B00000XK_1", "summer - B00000XK_1 - copy", "ads/B00000XK_1.png"],
)  # fmt: skip
def test_ways_to_name_a_picture(shop: Path, value: str) -> None:
    found = PictureIndex([shop / "ads"])
    assert Path(found.paths[found.match(value)]).name == "B00000XK_1.png"


def test_a_name_shown_again_at_quite_another_rate_is_reported(shop: Path) -> None:
    lines = [["item", "image", "day", "impressions", "clicks"]]
    lines += [["A", "a", "2026-11-01", "9000", "400"], ["A", "a", "2026-12-01", "9000", "200"]]
    lines += [["A", "b", "2026-11-01", "9000", "300"], ["A", "b", "2026-12-01", "9000", "310"]]
    (warning,) = read(shop, save(shop, "again.csv", lines)).warnings
    assert "'a' got 4.44% clicks until 2026-11-01 and 2.22% from 2026-12-01 on" in warning


HEADER = ["Day", "Ad set name", "Image name", "Impressions", "Link clicks"]


def plain(log: Sequence[Row] = LOG) -> list[list[object]]:
    return [[row.day, row.item, row.image, row.impressions, row.clicks] for row in log]


def test_rows_that_sum_others_up_are_no_more_of_the_same(shop: Path) -> None:
    """Parents of a breakdown, blank or "All": adding them up would double the log."""
    header = [*HEADER[:3], "Age", *HEADER[3:]]
    for word in ("", "All", "Alle"):
        lines: list[list[object]] = [list(header)]
        for day, item, image, shown, clicked in plain():
            half, some = int(str(shown)) // 2, int(str(clicked)) // 2
            lines += [
                [day, item, image, word, shown, clicked],
                [day, item, image, "18-24", half, some],
                [day, item, image, "25-34", int(str(shown)) - half, int(str(clicked)) - some],
            ]
        log = read(shop, save(shop, "parents.csv", lines))
        assert sums(log) == truth()
        assert f"{len(LOG)} rows that sum up 'Age' left out" in log.notes[0]
    kept = [line for line in lines if line[3] != "Alle"] + [[*lines[1][:3], "", 7, 0]]
    total = read(shop, save(shop, "unknown.csv", kept)).totals()[0].sum()
    assert total == 7 + sum(row.impressions for row in LOG), "a blank age that is no sum is one of its own"


def test_exports_one_below_the_other(shop: Path) -> None:
    """Headers and lines of text between the rows; hours in the column of days; a total each."""
    rows = plain()
    below = [HEADER, *rows[:100], ["Total", "", "", 5, 1], ["Report 2"], HEADER, *rows[100:]]
    log = read(shop, save(shop, "below.csv", below))
    assert sums(log) == truth() and any("repeat the header" in note for note in log.notes)
    halves = [
        [f"{day} {hour}:00", item, image, shown if hour == "05" else 0, clicked if hour == "05" else 0]
        for day, item, image, shown, clicked in rows
        for hour in ("05", "17")
    ]
    log = read(shop, save(shop, "hours.csv", [HEADER, *halves]))
    assert sums(log) == truth() and len(log.days) == len(DAYS)
    assert any("'times of Day'" in note for note in log.notes)


def test_ids_that_a_spreadsheet_rounded_are_refused(shop: Path) -> None:
    header = ["Day", "Ad ID", "Product ID", "Impressions", "Link clicks"]
    lines = [[row.day, f"{float(row.ad_id):.5E}", row.item, row.impressions, row.clicks] for row in LOG]
    with pytest.raises(CaigError, match="were rounded by a spreadsheet"):
        read(shop, save(shop, "rounded.csv", [header, *lines]))
    lines = [[day, item, image, f"{int(str(n)) / 1000:.1f}K", c] for day, item, image, n, c in plain()]
    with pytest.raises(CaigError, match="is rounded or a bound; export the exact numbers"):
        read(shop, save(shop, "short.csv", [HEADER, *lines]))


def test_answers_of_interfaces(shop: Path) -> None:
    """Objects inside objects, pages of records, dates in parts, events about several promotions."""
    google = [
        {
            "results": [
                {
                    "adGroup": {"name": row.item},
                    "adGroupAd": {"ad": {"id": row.ad_id, "name": row.stem}},
                    "metrics": {"impressions": str(row.impressions), "clicks": str(row.clicks)},
                    "segments": {"date": str(row.day)},
                }
                for row in LOG
            ],
            "requestId": "x",
        }
    ]
    (shop / "google.json").write_text(json.dumps(google))
    assert sums(read(shop, "google.json")) == truth()
    lines = [
        {
            "dimensions": {"stat_time_day": f"{row.day} 00:00:00"},
            "metrics": {"ad_name": row.stem, "adgroup_name": row.item, "impressions": str(row.impressions)}
            | {"clicks": str(row.clicks)},
        }
        for row in LOG
    ]
    (shop / "tiktok.json").write_text(json.dumps({"code": 0, "data": {"list": lines, "page_info": {}}}))
    assert sums(read(shop, "tiktok.json")) == truth()
    both = [{"item_id": one.item, "creative_name": one.image} for one in (LOG[0], LOG[-1])]
    shown = {"event_date": "20261001", "event_name": "view_promotion", "items": both}
    clicked = {"event_date": "20261001", "event_name": "select_promotion", "items": both[:1]}
    (shop / "ga4.jsonl").write_text("\n".join(map(json.dumps, [shown] * 5 + [clicked])))
    assert sorted(sums(read(shop, "ga4.jsonl")).values()) == [(5, 0), (5, 1)]
    (shop / "codes.jsonl").write_text("\n".join(map(json.dumps, [{**shown, "event_name": 1}] * 3)))
    with pytest.raises(CaigError, match="no row is an impression or a click; 'event_name' holds '1'"):
        read(shop, "codes.jsonl")


@pytest.mark.parametrize(
    "form",
    [
        "https://cdn.example/x/{}_600x600.jpg?v=3", "https://img.example/?src=ads%2F{}.png&w=300",
        "//cdn.example/{}.png", "{}.png.jpeg", "1080x1080_{}_EN", "Fall_Promo_{}_feed",
    ],
)  # fmt: skip
def test_names_around_a_picture_s_name(shop: Path, form: str) -> None:
    lines = [[day, item, form.format(str(image)[:-4]), n, c] for day, item, image, n, c in plain()]
    assert sums(read(shop, save(shop, "names.csv", [HEADER, *lines]))) == truth()


def test_a_number_beside_a_picture_s_name_makes_another(shop: Path) -> None:
    lines = [[day, item, f"x_{str(image)[:-4]}_2", n, c] for day, item, image, n, c in plain()]
    assert not any(read(shop, save(shop, "other.csv", [HEADER, *lines])).path_C)


@pytest.mark.parametrize(
    "titles",
    [
        ["Day of Date", "SKU", "Creative", "Sum of Impressions", "sum(clicks)"],
        ["Ads Date", "Ads Product ID", "Ads Image Name", "Ads Impressions", "Ads Clicks"],
        ["Stichtag", "SKU", "Creative", "Summe von Impressionen", "metrics.clicks"],
        ["Gün", "Reklam seti adı", "Görsel adı", "Gösterim", "Bağlantı tıklamaları"],
    ],
)
def test_what_pivot_tables_and_other_tools_put_around_names(shop: Path, titles: list[str]) -> None:
    log = read(shop, save(shop, "titles.csv", [titles, *plain()]))
    assert sums(log) == truth() and len(log.days) == len(DAYS)


HEAD = ["Day", "Ad group", "Ad name", "Impressions", "Clicks"]


def test_sums_of_each_ad_that_have_no_day_are_left_out(shop: Path) -> None:
    lines = plain()
    for (item, image), (shown, clicked) in truth().items():
        lines.append(["", item, image, shown, clicked])
    log = read(shop, save(shop, "with-sums.csv", [HEAD, *lines]))
    assert sums(log) == truth() and any("without a day that sum up" in note for note in log.notes)


def test_counts_repeated_for_each_value_of_a_column_are_refused(shop: Path) -> None:
    lines = [[*line, setting] for line in plain() for setting in ("1-day click", "7-day click")]
    name = save(shop, "repeated.csv", [[*HEAD, "Attribution setting"], *lines])
    with pytest.raises(CaigError, match="'Attribution setting' tells apart have the very same counts"):
        read(shop, name)
    assert sums(read(shop, name, repeats="first")) == truth()


def test_a_header_in_two_rows(shop: Path) -> None:
    above = ["Day", "Ad", "", "Delivery", ""]
    below = ["", "Ad group", "Ad name", "Impressions", "Clicks", ""]
    name = "two-rows.xlsx"
    book = openpyxl.Workbook()
    for line in ([*above, "Cost"], below, *([*line, 1.5] for line in plain())):
        book.active.append(line)
    book.save(shop / name)
    assert sums(read(shop, name)) == truth()


def test_times_of_events_are_found_by_their_cells(shop: Path) -> None:
    day = 1_790_812_800_000  # 2026-10-01
    lines = [[LOG[0].image, LOG[0].item, "impression", day + 86_400_000 * (n % 3)] for n in range(60)]
    log = read(shop, save(shop, "events-ms.csv", [["creative", "sku", "event", "moment of it"], *lines]))
    assert log.days == ("2026-10-01", "2026-10-02", "2026-10-03")


def test_a_list_of_another_order_without_a_header_says_so(shop: Path) -> None:
    lines = [[line[3], line[4], *line[:3]] for line in plain()]
    with pytest.raises(CaigError, match="add a first line with the columns' names"):
        read(shop, save(shop, "bare.csv", lines))
