"""The table of platforms: closed, read by every name in every language, and its page is up to date."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from caig_cli.clicks import platforms
from caig_cli.clicks.platforms import FIELDS, lay_out, make_platform, named
from caig_cli.clicks.read_logs import read_click_logs
from caig_cli.errors import UsageError

ROOT = Path(__file__).parents[2]


def headers() -> list[tuple[str, str]]:
    return [(name, language) for name, row in platforms.platforms().items() for language in row.columns]


@pytest.mark.parametrize(("name", "language"), headers())
def test_every_name_of_the_table_is_read_as_its_field(name: str, language: str) -> None:
    """Each field by each of its names, among the first names of the others."""
    fields = platforms.platforms()[name].columns[language]
    for field, names in fields.items():
        for title in names if field in FIELDS else ():
            others = {one: rest[0] for one, rest in fields.items() if one in FIELDS and one != field}
            header = [
                title,
                *(other for other in others.values() if platforms.fold(other) != platforms.fold(title)),
            ]
            layout = lay_out(header, named(name))
            assert field in layout.places, (field, title)


def test_every_row_says_where_its_names_are_from() -> None:
    for row in platforms.platforms().values():
        assert row.title and row.sources and all(one.startswith("https://") for one in row.sources)
        assert set(row.translated) <= row.columns.keys()
        assert row.name == "generic" or {"impressions", "clicks"} <= set(row.fields_of)


@pytest.fixture
def fresh_table() -> Iterator[None]:
    """The table is read once; here it is read again, and once more afterwards."""
    for name in ("platforms", "_all_names"):
        getattr(platforms, name).cache_clear()
    yield
    for name in ("platforms", "_all_names"):
        getattr(platforms, name).cache_clear()


@pytest.mark.usefixtures("fresh_table")
def test_a_made_up_row_is_all_that_a_platform_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = """
        [mars]
        title = "Billboards of Mars"
        sources = ["https://mars.example/"]
        blank_is_zero = true
        [mars.tlh]
        item = ["Doch"]
        image = ["Mllagh"]
        day = ["Jaj"]
        impressions = ["Leghlu"]
        clicks = ["Qam"]
    """
    (tmp_path / "platforms.toml").write_text(platforms.TABLE.read_text() + row)
    monkeypatch.setattr(platforms, "TABLE", tmp_path / "platforms.toml")
    (tmp_path / "mars.csv").write_text(
        'made on Mars\nDoch,Mllagh,Jaj,Leghlu,Qam\nA,a,2026-10-01,"1,411",\nA,b,2026-10-01,9,1\n'
    )
    log = read_click_logs([str(tmp_path / "mars.csv")])
    assert log.platforms == ("mars",) and log.totals()[0].tolist() == [1411, 9]
    assert log.totals()[1].tolist() == [0, 1] and "1 blank cells of clicks count as 0" in log.notes[0]
    with pytest.raises(ValueError, match=r"x\.en\.colour is not one of item, image"):
        make_platform("x", {"title": "X", "sources": [], "en": {"colour": ["Colour"]}})


def test_an_unknown_platform_and_field_get_the_nearest(capfd: pytest.CaptureFixture[str]) -> None:
    from caig_cli import cli

    with pytest.raises(UsageError, match="--from googel: no such platform; did you mean google"):
        named("googel")
    assert cli.run(["pairs", "x.csv", "--out", "p.jsonl", "--column", "colour=red"]) == 2
    assert "--column colour: no such field; it is one of item, image" in capfd.readouterr().err


def test_the_page_of_logs_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/logs_page.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
