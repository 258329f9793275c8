"""Blocks of delimited text are split as the csv module reads them, or not at all."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caig_cli.clicks.splitting import split

CELLS = st.text(st.sampled_from('ab1,"\n é\udc80'), max_size=20)


def cells(block: str, width: int) -> list[list[str]] | None:
    found = split(block, ",", width, 0, quotes=True)
    return None if found is None else [list(row) for row in zip(*found.columns, strict=True)]


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=12), st.booleans())
def test_what_is_written_is_read(rows: list[list[str]], windows: bool) -> None:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n" if windows else "\n").writerows(rows)
    found = split(out.getvalue(), ",", 3, 7, quotes=True)
    assert found is not None
    assert cells(out.getvalue(), 3) == rows
    ends = [sum(cell.count("\n") for cell in row) + 1 for row in rows]
    assert found.line_R.tolist() == [8 + sum(ends[:number]) for number in range(len(rows))]
    for column in found.columns:  # in order of first rows, which orders pairs
        assert list(dict.fromkeys(column)) == list(column.values)


@given(st.text(st.sampled_from('a1,,"\n'), max_size=40))
def test_any_text_is_read_as_by_csv_or_left_to_it(block: str) -> None:
    found = cells(block, 2)
    if found is not None:
        assert found == list(csv.reader(io.StringIO(block, newline="")))


@pytest.mark.parametrize(
    "block", ["", "a", "a,b\n1\n", 'a,27" b\n', "a,\0\n", "a,b\rc,d\n", "a," + "x" * 600]
)
def test_what_is_not_regular_is_left(block: str) -> None:
    assert cells(block, 2) is None
