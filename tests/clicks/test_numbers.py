"""Counts: whatever a locale writes is read as that number, and what may be two numbers is refused."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caig_cli.clicks.numbers import MAX_COUNT, about, count, decimal_mark, is_blank, is_figure
from caig_cli.errors import UsageError


def grouped(number: int, mark: str) -> str:
    return f"{number:,}".replace(",", mark)


def indian(number: int) -> str:
    head, tail = divmod(number, 1000)
    parts = []
    while head:
        head, part = divmod(head, 100)
        parts.append(f"{part:02d}" if head else str(part))
    return ",".join([*reversed(parts), f"{tail:03d}"]) if parts else str(tail)


LOCALES: dict[str, tuple[Callable[[int], str], str]] = {
    "en-US": (lambda n: grouped(n, ","), "."),
    "de-DE": (lambda n: grouped(n, "."), ","),
    "fr-FR": (lambda n: grouped(n, "\u202f"), ","),
    "sv-SE": (lambda n: grouped(n, "\u00a0"), ","),
    "de-CH": (lambda n: grouped(n, "’"), "."),
    "en-IN": (indian, "."),
    "plain": (str, "."),
    "one decimal": (lambda n: f"{n}.0", "."),
    "two decimals, German": (lambda n: grouped(n, ".") + ",00", ","),
    "Arabic": (lambda n: f"\u200f{n:,}".translate(str.maketrans("0123456789,", "٠١٢٣٤٥٦٧٨٩٬")), "."),
    "not rounded by Excel": (lambda n: f'="{n}"', "."),
    "full width": (lambda n: str(n).translate(str.maketrans("0123456789", "０１２３４５６７８９")), "."),
}


@pytest.mark.parametrize("locale", LOCALES)
@given(numbers=st.lists(st.integers(0, MAX_COUNT), min_size=1, max_size=30))
def test_a_column_of_any_locale_is_read_as_it_was_written(locale: str, numbers: list[int]) -> None:
    """The mark comes from the column itself, unless all its numbers are whole thousands."""
    write, decimal = LOCALES[locale]
    texts = [write(number) for number in numbers]
    try:
        found = decimal_mark([texts], [], False, "log.csv")
    except UsageError as error:
        assert "may be" in str(error) and all(number % 1000 == 0 or number < 1000 for number in numbers)
        found = decimal
    assert [count(text, found) for text in texts] == numbers


@given(st.lists(st.integers(0, 10**9), min_size=1), st.sampled_from(".,"))
def test_no_number_is_ever_read_as_a_thousandth(numbers: list[int], mark: str) -> None:
    """Grouped by a mark, a count is itself or refused; never what the mark would mean as a decimal."""
    texts = [grouped(number, mark) for number in numbers]
    try:
        found = decimal_mark([texts], [], False, "log.csv")
    except UsageError:
        return
    assert [count(text, found) for text in texts] == numbers


def test_what_decides() -> None:
    def mark(*texts: str, beside: tuple[str, ...] = (), comma: bool = False) -> str:
        return decimal_mark([texts], [beside], comma, "log.csv")

    assert mark("1,411") == "." and mark("1.411") == ",", "a count is whole"
    assert mark("12.000", "999") == ",", "who writes 999 without a mark writes 12.000 with one for thousands"
    assert mark("1.234.567") == "," and mark("1,234.0") == "." and mark("1.234,0") == ","
    assert mark("12.000", beside=("3,47 %", "2,80 %")) == ",", "another column"
    assert mark("12.000", beside=("0.31",)) == "."
    assert mark("12.000", beside=("$1,234.50",)) == "."
    assert mark("12.000", comma=True) == ",", "the language of the header"
    for texts in (("12.000",), ("12.000", "1500"), ("120,000", "3,000")):
        with pytest.raises(UsageError, match=r"log\.csv: '12.?.000' may be .* say which with --decimal"):
            mark(*texts)
    with pytest.raises(UsageError, match="are written by two rules"):
        mark("1.411", "1,411")


@pytest.mark.parametrize(
    "text", ["1.5", "-1", "1e5", "12K", "1,2 Mio.", "1,23,4", "1.000.00", "5%", "x", "٫", str(MAX_COUNT + 1)]
)
def test_what_is_no_count(text: str) -> None:
    with pytest.raises(ValueError, match="fix the row"):
        count(text, ".")


def test_values_of_other_types() -> None:
    assert count(Decimal("1411.000"), ".") == count(1411.0, ".") == count(1411, ".") == 1411
    for value in (
        Decimal("1.5"),
        0.5,
        float("nan"),
        float("inf"),
        Decimal("NaN"),
        Decimal("1e999"),
        True,
        None,
        -1,
    ):
        with pytest.raises(ValueError, match="fix the row"):
            count(value, ".")


@given(st.text())
def test_any_text_is_a_count_or_an_error(text: str) -> None:
    try:
        assert 0 <= count(text, ".") <= MAX_COUNT
    except ValueError as error:
        assert "\n" not in str(error)


def test_blanks_figures_and_sizes() -> None:
    assert all(map(is_blank, (None, "", " -- ", "—", "N/A", float("nan")))) and not is_blank("0")
    assert all(map(is_figure, ("12.5", "1,234", "3,47 %", "$5", "12,00 €", 7, "-3", "EUR 5")))
    assert not any(map(is_figure, ("25-34", "2026-10-01", "00:00 - 01:00", "feed", "B0A0", None, "")))
    assert (about("1,411 ?"), about("12.00"), about("many")) == (1411, 12, None)
