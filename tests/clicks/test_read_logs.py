"""Click logs: every format gives the same counts, every bad row is told by its line, nothing counts twice."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from caig_cli.clicks.bad_rows import MAX_LISTED, BadRowRules
from caig_cli.clicks.log import ClickLog
from caig_cli.clicks.read_logs import read_click_logs
from caig_cli.errors import DataError

ROWS = [
    ("mug", "a.png", 20250301, 1000, 30),
    ("mug", "a.png", 20250302, 500, 10),
    ("mug", "b.png", 20250301, 2000, 70),
    ("7", "x/c.png", 20250302, 10, 0),
]
NAMES = ("item_id", "image_name", "day", "impressions", "clicks")
TOTALS = {("mug", "a.png"): (1500, 40), ("mug", "b.png"): (2000, 70), ("7", "x/c.png"): (10, 0)}


def read(*paths: Path, skip_bad: bool = False) -> ClickLog:
    return read_click_logs([str(path) for path in paths], rules=BadRowRules(skip_bad, max_bad_share=1))


def totals(log: ClickLog) -> dict[tuple[str, str], tuple[int, int]]:
    impressions, clicks = log.totals()
    names = ((log.items[item], image) for item, image in zip(log.item_C, log.image_C, strict=True))
    return dict(zip(names, zip(impressions.tolist(), clicks.tolist(), strict=True), strict=True))


def lines(delimiter: str, header: bool) -> str:
    rows = [NAMES, *ROWS] if header else ROWS
    return "".join(delimiter.join(map(str, row)) + "\n" for row in rows)


def records() -> list[dict[str, object]]:
    return [dict(zip(NAMES, row, strict=True)) for row in ROWS]


TEXTS = {
    "creative_ranking.txt": lines("\t", header=False),
    "no_suffix": lines("\t", header=False),
    "headed.csv": lines(",", header=True),
    "semicolons.csv": lines(";", header=True).replace("item_id", " Item_ID "),
    "bare.csv": "\n" + lines(",", header=False),
    "headed.tsv": lines("\t", header=True).replace("\n", "\r\n"),
    "quoted.csv": lines(",", header=True).replace("mug", '"mug"').replace("a.png", '"a.png"'),
    "rows.jsonl": "".join(json.dumps(row) + "\n" for row in records()),
    "rows.json": json.dumps(records(), indent=1),
    "texts.json": json.dumps([{k: str(v) for k, v in row.items()} for row in records()]),
    "synonyms.csv": lines(",", header=True).replace("item_id", "product_id").replace("image_name", "image"),
    "floats.csv": lines(",", header=True).replace("1000", "1000.0"),
    "frame.json": json.dumps(
        {n: {str(k): row[i] for k, row in enumerate(ROWS)} for i, n in enumerate(NAMES)}
    ),
    "split.json": json.dumps({"columns": NAMES, "index": [0, 1, 2, 3], "data": ROWS}),
    "counted_events.csv": "item_id,image_name,day,event,event_count\n"
    + "".join(
        f"{item},{image},{day},{event},{count}\n"
        for item, image, day, *counts in ROWS
        for event, count in zip(("impression", "click"), counts, strict=True)
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_every_format_says_the_same(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(TEXTS[name], newline="")
    log = read(tmp_path / name)
    assert totals(log) == TOTALS and log.days == ("2025-03-01", "2025-03-02") and log.bad_rows == 0
    assert (log.creative_R.tolist(), log.day_R.tolist()) == ([0, 0, 1, 2], [0, 1, 0, 1])


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    for encoding in ("utf-8-sig", "utf-16"):
        (tmp_path / "log.csv").write_text(TEXTS["headed.csv"], encoding=encoding)
        assert totals(read(tmp_path / "log.csv")) == TOTALS


def test_parquet(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {name: [str(row[i]) if i < 2 else row[i] for row in ROWS] for i, name in enumerate(NAMES)}
    parquet.write_table(pyarrow.table(columns), tmp_path / "log.parquet")
    assert totals(read(tmp_path / "log.parquet")) == TOTALS
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(DataError, match=r"broken\.parquet: not a readable Parquet file"):
        read(tmp_path / "broken.parquet")


def test_parquet_without_its_extra_is_one_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    (tmp_path / "log.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match=r"Parquet needs pyarrow; run pip install 'caig\[parquet\]'"):
        read(tmp_path / "log.parquet")


def test_the_repack_and_the_line_of_each_creative(tmp_path: Path) -> None:
    one = {"creative_id": "A_0", "product_id": "A", "creative_image_hash": "http://x/A_0.png"}
    other = {"creative_id": "A_1", "product_id": "A"}
    log = {
        "A": [
            one | {"exp_impression_cnt": 2000, "exp_click_cnt": 100},
            other | {"exp_impression_cnt": 10, "exp_click_cnt": 1},
        ],
        "B": [],
        "C": [{"creative_id": "C_0", "exp_impression_cnt": 3, "exp_click_cnt": 0}],
    }  # fmt: skip
    path = tmp_path / "log.json"
    for indent in (None, 1):
        path.write_text(json.dumps(log, indent=indent))
        found = read(path)
        assert totals(found) == {
            ("A", "http://x/A_0.png"): (2000, 100), ("A", "A_1"): (10, 1), ("C", "C_0"): (3, 0),
        }  # fmt: skip
        assert found.days == ("",)
    assert found.where(1) == f"{path}:10:image"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"A": [{"creative_id": "x"', ":1: not valid JSON"),
        ('{"A": {}}', ":1: not valid JSON (Expecting '[')"),
        ('{"A": [5]}', ":1: a creative must be an object, is a number"),
        ('{"A": [' + "[" * 100_000, ":1: not valid JSON (nested too deeply"),
        ("{", ":1: not valid JSON"),
    ],
)
def test_a_broken_repack(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "log.json").write_text(text)
    with pytest.raises(DataError) as caught:
        read(tmp_path / "log.json")
    assert f"log.json{complaint}" in str(caught.value)


BAD = {
    "mug\td.png\t1\t10": "4 values where 5 are needed",
    "mug\td.png\t1\tmany\t1": "impressions: 'many' is not a number",
    "mug\td.png\t1\tnan\t1": "impressions: 'nan' is not a number",
    "mug\td.png\t1\t-5\t1": "impressions: -5 is not a count",
    "mug\td.png\t1\t10\t1.5": "clicks: 1.5 is not a count",
    "mug\td.png\t1\t10\t11": "clicks: 11 is more than the 10 impressions",
    f"mug\td.png\t1\t{10**30}\t1": "impressions: 1000000000000000000000000000000 is not a count",
    "mug\td.png\t1\tinf\t1": "impressions: 'inf' is not a number",
    "\td.png\t1\t10\t1": "item: is empty",
    "\u202e\td.png\t1\t10\t1": "item: is empty",
    "mug\t \t1\t10\t1": "image: is empty",
    f"mug\t{'d' * 2000}\t1\t10\t1": "image: 2000 characters is over the limit",
    "mug\té\udcff.png\t1\t10\t1": "image: 'é?.png' is not UTF-8 text",
    "mug\ta.png\t20250302\t500\t10": "a second row for this ad and day",
}


@pytest.mark.parametrize("row", BAD)
def test_a_bad_row_is_told_by_its_line_or_skipped(tmp_path: Path, row: str) -> None:
    path = tmp_path / "log.txt"
    text = TEXTS["creative_ranking.txt"] + row + "\nmug\te.png\t1\t10\t1\n"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(DataError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}:5:") and BAD[row] in str(caught.value)
    assert "\n" not in str(caught.value) and "more bad" not in str(caught.value)
    log = read(path, skip_bad=True)
    assert totals(log) == TOTALS | {("mug", "e.png"): (10, 1)}
    assert (log.bad_rows, [f.error for f in log.bad]) == (1, [str(caught.value)])


def test_bad_values_of_records(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    changes = [
        {"clicks": None},
        {"clicks": True},
        {"item_id": ["mug", "cup"]},
        {"image_name": {}},
        {"day": 1.5},
    ]
    changes += [{"impressions": float("nan")}, {"image_name": True}]
    path.write_text("".join(json.dumps(records()[0] | change) + "\n" for change in changes) + "[1]\nno\n")
    log = read(path, skip_bad=True)
    words = (
        "clicks: is empty",
        "clicks: must be a number, is true or false",
        "item: must be text",
        "image: must be text",
        "day: is not a date",
        "impressions: nan",
        "image: must be text",
        "must be an object",
        "not valid JSON",
    )
    assert log.bad_rows == len(words) and not log.image_C and not log.items
    for number, (failure, text) in enumerate(zip(log.bad, words, strict=True), start=1):
        assert failure.error.startswith(f"{path}:{number}:") and text in failure.error


def test_the_first_bad_row_comes_first_and_the_others_are_counted(tmp_path: Path) -> None:
    """A second row is noticed last, but told in its place."""
    path = tmp_path / "log.txt"
    path.write_text("a\tx\t1\t9\t1\na\tx\t1\t9\t1\n" + "a\ty\t1\t1\t9\n" * 50)
    with pytest.raises(DataError, match=r"log\.txt:2: a second row .* \(and 50 more bad rows\)"):
        read(path)
    log = read(path, skip_bad=True)
    assert (log.bad_rows, len(log.bad)) == (51, MAX_LISTED)


def test_several_files_add_up_and_the_same_file_twice_does_not(tmp_path: Path) -> None:
    whole = TEXTS["creative_ranking.txt"].splitlines(keepends=True)
    (tmp_path / "one.txt").write_text("".join(whole[:1]))
    (tmp_path / "two.txt").write_text("".join(whole[1:]))
    log = read(tmp_path / "one.txt", tmp_path / "two.txt")
    assert totals(log) == TOTALS and log.where(2) == f"{tmp_path / 'two.txt'}:3:image"
    log = read(tmp_path / "one.txt", tmp_path / "one.txt")
    assert totals(log) == {("mug", "a.png"): (1000, 30)} and "exported twice, counted once" in log.warnings[0]


def test_days_are_in_order_of_time(tmp_path: Path) -> None:
    for days, ordered in (
        (("10", "9", "11"), ("9", "10", "11")),
        (("2025-03-10", "2025-02-11", ""), ("", "2025-02-11", "2025-03-10")),
    ):
        (tmp_path / "log.csv").write_text(
            "item,image,day,impressions,clicks\n" + "".join(f"m,a,{day},10,1\n" for day in days)
        )
        log = read(tmp_path / "log.csv")
        assert log.days == ordered and [log.days[day] for day in log.day_R] == list(days)


def test_large_counts_add_up_exactly(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text(
        "".join(f"m\ta\t{day}\t{10**12}\t{10**12 - 1}\n" for day in range(30_000))
    )
    log = read(tmp_path / "log.txt")
    assert totals(log) == {("m", "a"): (30_000 * 10**12, 30_000 * (10**12 - 1))}


def test_unusable_files(tmp_path: Path) -> None:
    for name, data, complaint in (
        ("none.csv", None, "no such file"),
        ("empty.csv", b"", "empty"),
        ("blank.csv", b" \n \n", "empty"),
        (
            "odd.csv",
            b"who,what,n,m\nx,y,1,1\n",
            "no column of impressions; the header is 'who', 'what', 'n', 'm'",
        ),
        ("few.csv", b"item,image,impressions\nx,y,1\n", "no column of clicks"),
        ("half.csv", b"\xff\xfea", "not text"),
    ):
        if data is not None:
            (tmp_path / name).write_bytes(data)
        with pytest.raises(DataError, match=complaint):
            read(tmp_path / name)


def test_progress_tells_of_every_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caig_cli.clicks.delimited.BLOCK", 30)
    monkeypatch.setattr("caig_cli.clicks.tables.HEAD", 1)
    (tmp_path / "log.txt").write_text(TEXTS["creative_ranking.txt"])
    told: list[int] = []
    read_click_logs([str(tmp_path / "log.txt")], advance=told.append)
    assert len(told) > 1 and np.sum(told) == len(ROWS)
