"""Where logs come from: packed, in object stores, folders and SQL; damaged ones are one line."""

from __future__ import annotations

import gzip
import json
import sys
import zipfile
from pathlib import Path

import pytest

from caig_cli.clicks.log import ClickLog
from caig_cli.clicks.read_logs import read_click_logs
from caig_cli.clicks.reading import Options
from caig_cli.errors import CaigError

TEXT = "item,image,day,impressions,clicks\n" + "".join(
    f"mug,{ad}.png,2026-10-{day:02d},{1000 + day},{day}\n" for ad in "ab" for day in range(1, 5)
)
TOTALS = ([4010, 4010], [10, 10])


def totals(log: ClickLog) -> tuple[list[int], list[int]]:
    impressions, clicks = log.totals()
    return impressions.tolist(), clicks.tolist()


def test_packed_files(tmp_path: Path) -> None:
    import bz2
    import lzma

    for name, data in (
        ("log.csv.gz", gzip.compress(TEXT.encode())),
        ("log.csv.bz2", bz2.compress(TEXT.encode())),
        ("log.tsv.xz", lzma.compress(TEXT.replace(",", "\t").encode("utf-16"))),
    ):
        (tmp_path / name).write_bytes(data)
        assert totals(read_click_logs([str(tmp_path / name)])) == TOTALS
    with zipfile.ZipFile(tmp_path / "log.zip", "w") as archive:
        archive.writestr("report.csv", TEXT)
    assert totals(read_click_logs([str(tmp_path / "log.zip")])) == TOTALS
    with zipfile.ZipFile(tmp_path / "log.zip", "a") as archive:
        for name in ("__MACOSX/._report.csv", ".DS_Store", "README.txt", "guide.pdf"):
            archive.writestr(name, b"no log")
        archive.writestr("other.csv", TEXT)
    twice = read_click_logs([str(tmp_path / "log.zip")])
    assert totals(twice) == TOTALS and "log.zip/other.csv" in twice.warnings[0]
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as archive:
        archive.writestr("guide.pdf", b"no log")
    with pytest.raises(CaigError, match=r"empty\.zip: no log in this archive"):
        read_click_logs([str(tmp_path / "empty.zip")])


def test_what_a_file_is_by_its_bytes(tmp_path: Path) -> None:
    """Names of files say little: packed ones named .csv, JSON Lines named .txt, texts named .xls."""
    record = {"item_id": "mug", "image_name": "a.png", "impressions": 2000, "clicks": 5}
    records = [record, {**record, "image_name": "b.png"}]
    for name, data in (
        ("packed.csv", gzip.compress(TEXT.encode())),
        ("tabs.xls", TEXT.replace(",", "\t").encode()),
        ("lines.txt", "\n".join(map(json.dumps, records)).encode()),
        ("list.csv", json.dumps(records).encode()),
    ):
        (tmp_path / name).write_bytes(data)
        assert len(totals(read_click_logs([str(tmp_path / name)]))[0]) == 2, name
    for name, data, words in (
        ("page.csv", b"<!DOCTYPE html><html><body>Log in</body></html>", "a web page"),
        ("old.csv", b"\xd0\xcf\x11\xe0" + b"\0" * 600, "save it as .xlsx"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(CaigError, match=words):
            read_click_logs([str(tmp_path / name)])
    folder = tmp_path / "days"
    folder.mkdir()
    (folder / "1.csv").write_text(TEXT)
    (folder / "notes.md").write_text("no log")
    assert totals(read_click_logs([str(folder)])) == TOTALS


@pytest.mark.parametrize(
    "name", ["log.csv.gz", "log.csv.bz2", "log.csv.xz", "log.zip", "log.xlsx", "log.parquet"]
)
def test_damaged_files_are_one_line(tmp_path: Path, name: str) -> None:
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    for data in (b"no such thing at all", gzip.compress(TEXT.encode() * 99)[:80], b"PK\x03\x04" + b"\0" * 40):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(CaigError) as caught:
            read_click_logs([str(tmp_path / name)])
        assert name in str(caught.value) and "\n" not in str(caught.value)


def test_texts_that_are_none(tmp_path: Path) -> None:
    for name, data, complaint in (
        ("pixels.csv", bytes(range(256)) * 40, "not text|no column of"),
        ("zeros.csv", b"\0" * 5000, "not text"),
        ("old.xls", b"\xd0\xcf\x11\xe0", "an old Excel file .*save it as .xlsx or CSV"),
        (
            "quote.csv",
            b'item,image,day,impressions,clicks\n"mug,a,1,2,3\n' + b"x" * 200_000,
            "not valid CSV|no rows",
        ),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(CaigError, match=complaint):
            read_click_logs([str(tmp_path / name)])


def test_object_stores(tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    store = fsspec.filesystem("memory")
    for day, part in enumerate(TEXT.split("\n", 1)[1].splitlines()[:4]):
        store.pipe(f"/logs/dt={day}/part.csv", (TEXT.split("\n")[0] + "\n" + part + "\n").encode())
    log = read_click_logs(["memory://logs/dt=*/part.csv"])
    assert totals(log) == ([4010], [10]) and log.names[0] == "memory:///logs/dt=0/part.csv"
    for name, complaint in (
        ("memory://logs/nothing.csv", "cannot be fetched"),
        ("memory://logs/*.parquet", "no such file; check the address"),
        ("https://example.com/log.csv", "a web address; download the log"),
        ("nostore://x/log.csv", "nostore://x/log.csv: "),
    ):
        with pytest.raises(CaigError, match=complaint):
            read_click_logs([name])
    store.rm("/logs", recursive=True)


def test_a_store_without_its_package_is_one_hint() -> None:
    if "s3fs" in sys.modules:
        pytest.skip("s3fs is there")
    with pytest.raises(
        CaigError, match=r"s3://bucket/log\.csv: (needs a package .*pip install 'caig\[s3\]'|cannot)"
    ):
        read_click_logs(["s3://bucket/log.csv"])


def test_parquet_folders_and_sql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("duckdb")
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    (tmp_path / "log.csv").write_text(TEXT)
    rows = [line.split(",") for line in TEXT.splitlines()[1:]]
    for day in sorted({row[2] for row in rows}):
        folder = tmp_path / "logs" / f"day={day}"
        folder.mkdir(parents=True)
        of_day = [row for row in rows if row[2] == day]
        columns = {"sku": [r[0] for r in of_day], "image": [r[1] for r in of_day]}
        counts = {"impressions": [int(r[3]) for r in of_day], "clicks": [int(r[4]) for r in of_day]}
        parquet.write_table(pyarrow.table({**columns, **counts}), folder / "part.parquet")
    log = read_click_logs([str(tmp_path / "logs")])
    assert totals(log) == TOTALS and log.days == ("2026-10-01", "2026-10-02", "2026-10-03", "2026-10-04")
    sql = "SELECT item, image, day, impressions AS i, clicks FROM log WHERE clicks > 1"
    log = read_click_logs([str(tmp_path / "log.csv")], Options(columns={"impressions": "i"}), query=sql)
    assert totals(log) == ([3009, 3009], [9, 9])
    for sql, complaint in (
        ("SELECT nope FROM log", "--query: .*nope"),
        ("SELEC", "--query: "),
        ("SELECT 1", "no column of"),
    ):
        with pytest.raises(CaigError, match=complaint) as caught:
            read_click_logs([str(tmp_path / "log.csv")], query=sql)
        assert "\n" not in str(caught.value)
    (tmp_path / "none").mkdir()
    with pytest.raises(CaigError, match=r"none: a folder without logs"):
        read_click_logs([str(tmp_path / "none")])
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(CaigError, match=r"need DuckDB; run pip install 'caig\[duckdb\]'"):
        read_click_logs([str(tmp_path / "logs")])
