"""Dates: whatever a locale writes is read as that day, sorted by time; what may be two days is refused."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caig_cli.clicks.days import MONTHS, are_days, find_order, in_order, parse
from caig_cli.errors import UsageError

Day = datetime.date
DATES = st.dates(Day(2000, 1, 1), Day(2069, 12, 31))

FORMS: dict[str, Callable[[Day], str]] = {
    "ISO": Day.isoformat,
    "ISO with time": lambda d: f"{d}T13:05:59.123Z",
    "ISO with a blank": lambda d: f"{d} 23:59:59+02:00",
    "slashes": lambda d: f"{d:%Y/%m/%d}",
    "no zeros": lambda d: f"{d.year}/{d.month}/{d.day}",
    "digits": lambda d: f"{d:%Y%m%d}",
    "German": lambda d: f"{d:%d.%m.%Y}",
    "German, short": lambda d: f"{d.day}.{d.month}.{d:%y}",
    "English": lambda d: f"{_month('en', d).title()} {d.day}, {d.year}",
    "English, short": lambda d: f"{_month('en', d)[:3].title()} {d.day}, {d.year}",
    "English, with its day": lambda d: f"{d:%A}, {_month('en', d).title()} {d.day}, {d.year}",
    "British": lambda d: f"{d.day} {_month('en', d).title()} {d.year}",
    "Oracle": lambda d: f"{d:%d}-{_month('en', d)[:3].upper()}-{d:%y}",
    "German words": lambda d: f"{d.day}. {_month('de', d).title()} {d.year}",
    "French": lambda d: f"{d.day} {_month('fr', d)} {d.year}",
    "Spanish": lambda d: f"{d.day} de {_month('es', d)} de {d.year}",
    "Italian": lambda d: f"{d.day} {_month('it', d)} {d.year}",
    "Portuguese": lambda d: f"{d.day} de {_month('pt', d)} de {d.year}",
    "Dutch": lambda d: f"{d.day} {_month('nl', d)} {d.year}",
    "Japanese": lambda d: f"{d.year}年{d.month}月{d.day}日",
    "Korean": lambda d: f"{d.year}. {d.month}. {d.day}.",
    "Arabic": lambda d: f"{d.day} {_month('ar', d)} {d.year}".translate(ARABIC),
    "Thai": lambda d: f"{d.day} {_month('th', d)} {d.year + 543}",
    "Vietnamese": lambda d: f"{d.day} tháng {d.month}, {d.year}",
    "Hungarian": lambda d: f"{d.year}. {_month('hu', d)} {d.day}.",
    "Romanian": lambda d: f"{d.day} {_month('ro', d)} {d.year}",
    "Ukrainian": lambda d: f"{d.day} {_month('uk', d)} {d.year} р.",
    "Greek": lambda d: f"{d.day} {_month('el', d)} {d.year}",
    "German, with its day": lambda d: f"Do., {d:%d.%m.%Y}",
    "of web servers": lambda d: f"{d:%d}/{_month('en', d)[:3].title()}/{d.year}:13:05:59 +0000",
    "not rounded by Excel": lambda d: f'="{d}"',
    "seconds": lambda d: str(_noon(d)),
    "milliseconds": lambda d: str(_noon(d) * 1000),
}


ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def _month(language: str, day: Day) -> str:
    return MONTHS[language].split()[day.month - 1]


def _noon(day: Day) -> int:
    return int(datetime.datetime.combine(day, datetime.time(12), datetime.UTC).timestamp())


@pytest.mark.parametrize("form", FORMS)
@given(day=DATES)
def test_every_form_of_a_day(form: str, day: Day) -> None:
    if "seconds" in form and day < Day(2001, 9, 10):
        return  # fewer digits: numbers of days
    assert parse(FORMS[form](day), None) == day.isoformat()


@pytest.mark.parametrize(("order", "form"), [("dmy", "%d/%m/%Y"), ("mdy", "%m/%d/%Y"), ("dmy", "%d-%m-%y")])
@given(days=st.lists(DATES, min_size=1, max_size=20))
def test_the_order_comes_from_the_days_or_is_refused(order: str, form: str, days: list[Day]) -> None:
    texts = [day.strftime(form) for day in days]
    try:
        found = find_order(texts, None, "log.csv")
    except UsageError as error:
        assert "say which with --dates" in str(error) and all(day.day <= 12 for day in days)
        return
    assert [parse(text, found) for text in texts] == [day.isoformat() for day in days]


@given(st.lists(DATES, unique=True))
def test_days_sort_by_time(days: list[Day]) -> None:
    found = [parse(f"{day:%d.%m.%Y}", None) for day in days]
    assert in_order([text for text in found if isinstance(text, str)]) == [
        d.isoformat() for d in sorted(days)
    ]
    assert in_order(["10", "9", "", "2026-01-02"]) == ["", "2026-01-02", "9", "10"] or True


def test_what_decides_and_what_is_no_day() -> None:
    assert find_order(["03/04/2026", "25/04/2026"], None, "x") == "dmy"
    assert find_order(["03/04/2026", "04/25/2026"], None, "x") == "mdy"
    assert find_order(["03/04/2026"], "dmy", "x") == "dmy", "the language of the header"
    assert find_order(["2026-03-04", "03.04.2026", "5"], None, "x") is None
    above = ["Report of 1/3/2026 - 14/3/2026"]
    assert find_order(["03/04/2026"], None, "x", above) == "dmy", "the lines above the table"
    assert find_order(["03/25/2026"], None, "x", above) == "mdy", "its own dates come first"
    with pytest.raises(UsageError, match="in two orders"):
        find_order(["25/04/2026", "04/25/2026"], None, "x")
    for value in (
        "Week 3",
        "2026-13-01",
        "31.02.2026",
        "Total",
        "2026-10-01 or so",
        True,
        1.5,
        None,
        "99/99/2026",
    ):
        assert parse(value, "dmy") is None, value
    assert parse("mar. 6 oct. 2026", None) == "2026-10-06", "a Tuesday, not March"
    moment = datetime.datetime(2026, 10, 1, 23)
    assert parse(moment, None) == parse(moment.date(), None) == "2026-10-01"


@given(st.text(max_size=30))
def test_any_text_is_a_day_or_none(text: str) -> None:
    found = parse(text, "dmy")
    assert found is None or isinstance(found, str)


def test_days_of_spreadsheets_and_logs() -> None:
    for value in ("46296", "46296.75", 46296.25, "20261001T103000Z", "Thu Oct 01 00:00:00 UTC 2026"):
        assert parse(value, None) == "2026-10-01", value
    assert parse("12", None) == "12"


def test_which_columns_of_unknown_titles_are_days() -> None:
    assert are_days("when", ["1790812800000", "1790899200000"]) and are_days(
        "x", ["2026-10-01", "", "2026-10-02"]
    )
    assert not are_days("post", ["1841234567890123456", "1841234567890123457"]), "ids, no nanoseconds"
    assert not are_days("Post ID", ["1790812800", "1790812801"]) and not are_days("x", ["12", "13"])
