"""Dates as people and platforms write them -> days in order of time, read as the file itself shows."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Literal

from caig_cli.clicks.platforms import fold
from caig_cli.clicks.words import is_gap, is_total, plain
from caig_cli.data.images import shown
from caig_cli.errors import UsageError

Order = Literal["dmy", "mdy", "ymd"]

ORDERS: tuple[Order, ...] = ("dmy", "mdy", "ymd")

MAX_DAYS = 5_000
"""Distinct dates of a log of which no title tells the day."""

MONTHS: Mapping[str, str] = {
    "en": "january february march april may june july august september october november december",
    "de": "januar februar marz april mai juni juli august september oktober november dezember",
    "fr": "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "pt": "janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia wrzesnia pazdziernika listopada "
    "grudnia",
    "sv": "januari februari mars april maj juni juli augusti september oktober november december",
    "da": "januar februar marts april maj juni juli august september oktober november december",
    "tr": "ocak subat mart nisan mayis haziran temmuz agustos eylul ekim kasim aralik",
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "no": "januar februar mars april mai juni juli august september oktober november desember",
    "cs": "ledna unora brezna dubna kvetna cervna cervence srpna zari rijna listopadu prosince",
    "hu": "januar februar marcius aprilis majus junius julius augusztus szeptember oktober november december",
    "ro": "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie",
    "id": "januari februari maret april mei juni juli agustus september oktober november desember",
    "uk": "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
    "el": "ιανουαριου φεβρουαριου μαρτιου απριλιου μαιου ιουνιου ιουλιου αυγουστου σεπτεμβριου οκτωβριου "
    "νοεμβριου δεκεμβριου",
    "ar": "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
    "he": "ינואר פברואר מרץ אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר",
    "th": "มกราคม กุมภาพันธ์ มีนาคม เมษายน พฤษภาคม มิถุนายน กรกฎาคม สิงหาคม กันยายน ตุลาคม พฤศจิกายน ธันวาคม",
    "short": "janv fevr mrz avr mei juil jul aou sept okt nov dez",
    "more": "jan feb mrt abr mag giu lug ago set out noy dic",
}
"""Names of months; a shorter form of at least three letters counts too, where only one month has it."""

_YMD = re.compile(
    r"(\d{4})(?:[-/. ]\s?|\s?[年년]\s?)(\d{1,2})(?:[-/. ]\s?|\s?[月월]\s?)(\d{1,2})(?:\s?[日일.])?(?!\d)(.*)",
    re.S,
)
_XXY = re.compile(r"(\d{1,2})([-/. ])\s?(\d{1,2})\2\s?(\d{4}|\d{2})(?!\d)(.*)", re.S)
_DATES = re.compile(r"(?<![\d/-])\d{1,2}([-/])\d{1,2}\1(?:\d{4}|\d\d)(?!\d)")
_REST = re.compile(
    r"\.?(?:,?\s*(?:T|at\b)?\s*\d{1,2}:\d{2}.*|,?\s*T?\d{1,2}[:h].*|\s*[-–—~]\s*\d.*|\s*\(.*\)|\s*)",
    re.S | re.I,
)
_THAI = ("ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.", "พ.ค.", "มิ.ย.", "ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.", "พ.ย.", "ธ.ค.")
_VIETNAMESE = re.compile(
    r"(?:\D*,\s*)?(\d{1,2})\s*(?:tháng|thg)\s*(\d{1,2}),?\s*(?:năm\s*)?(\d{4})(.*)", re.S | re.I
)
_WEEKDAY = re.compile(r"[^\W\d_]+\.?,?\s+(?=\d+[-/.]\d)")
_NANOSECONDS = 19
"""Digits of a time in nanoseconds, and of posts' ids."""
_BUDDHIST = 543
"""Years by which Thailand counts ahead."""
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)T\d{4,6}\S*")
_SERIAL_FIRST, _SERIAL_LAST = 36526, 73050
"""Numbers of the first days of 2000 and 2100 in spreadsheets, which count days from 1899-12-30."""
_WEEK = re.compile(r"(\d{4})-?W(\d\d)")
_WORD = re.compile(r"[^\W\d_]+")


class Ambiguous:
    """A date whose day and month cannot be told apart; ``parse`` returns it without an order."""

    __slots__ = ("first", "second")

    def __init__(self, first: int, second: int) -> None:
        self.first, self.second = first, second


def parse(value: object, order: Order | None) -> str | Ambiguous | None:
    """A cell -> ISO date, or a number of a day as text; None where it is neither.

    Of dates such as 03/04/2026 ``order`` tells day and month; with dots the day is always first.
    """
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, float) and (value.is_integer() or _SERIAL_FIRST <= value < _SERIAL_LAST):
        value = int(value)  # a fraction is the time of day
    if isinstance(value, int):
        return _numbered(str(value))
    if not isinstance(value, str):
        return None
    text = _tidy(value)
    text = re.sub(r"\.\d+$", "", text) if re.fullmatch(r"\d+\.0+|\d{5}\.\d+", text) else text
    if text.isdecimal():
        return _numbered(text)
    return _written(text, order)


def _tidy(value: str) -> str:
    """A date's text without the day of the week before figures."""
    text = plain(value)
    return _WEEKDAY.sub("", text, count=1) if text[:1].isalpha() else text


def _numbered(text: str) -> str | None:
    """Days as digits: 20261001, seconds, milliseconds or microseconds since 1970 (UTC), or just numbers."""
    if len(text) == 8 and (found := _date(int(text[:4]), int(text[4:6]), int(text[6:]))):
        return found
    if len(text) == 5 and _SERIAL_FIRST <= int(text) < _SERIAL_LAST:
        return (datetime.date(1899, 12, 30) + datetime.timedelta(int(text))).isoformat()
    for length, unit in ((10, 1), (13, 1000), (16, 1_000_000), (19, 1_000_000_000)):
        if len(text) == length and text[0] in "123":
            moment = datetime.datetime.fromtimestamp(int(text) // unit, datetime.UTC)
            return moment.date().isoformat()
    return str(int(text)) if not text.startswith("-") and len(text) < 10 else None


def _written(text: str, order: Order | None) -> str | Ambiguous | None:
    if match := _COMPACT.fullmatch(text):
        return _date(int(match[1]), int(match[2]), int(match[3]))
    if match := _WEEK.fullmatch(text):
        return _week(int(match[1]), int(match[2]))
    if match := _YMD.fullmatch(text):
        year, month, day, rest = match.groups()
        return _date(int(year), int(month), int(day)) if _REST.fullmatch(rest) else None
    if match := _XXY.fullmatch(text):
        first, mark, second, year, rest = match.groups()
        if not _REST.fullmatch(rest):
            return None
        if mark == ".":
            return _date(_full(year), int(second), int(first))
        return _ordered(int(first), int(second), year, order)
    if match := _VIETNAMESE.fullmatch(text):
        first, month, year, rest = match.groups()
        return _date(int(year), int(month), int(first)) if _REST.fullmatch(rest) else None
    return _named(text)


def _week(year: int, week: int) -> str | None:
    """The Monday of a week of ISO 8601."""
    try:
        return datetime.date.fromisocalendar(year, week, 1).isoformat()
    except ValueError:
        return None


def _ordered(first: int, second: int, year: str, order: Order | None) -> str | Ambiguous | None:
    if order == "dmy":
        return _date(_full(year), second, first)
    if order == "mdy":
        return _date(_full(year), first, second)
    if order == "ymd":  # 26-10-01
        return _date(2000 + first, second, int(year)) if len(year) == 2 else None
    if first > 12 or second > 12 or first == second:
        return _date(_full(year), *((second, first) if first > 12 else (first, second)))
    return Ambiguous(first, second)


def _named(text: str) -> str | None:
    """Dates with the name of a month: 1. Oktober 2026, Oct 1, 2026, 01-Oct-26, jeu. 1 oct. 2026."""
    date, _, _ = text.partition(" - ")
    date = re.sub(r"(\d{4}):(?=\d\d:\d\d)", r"\1 ", date)  # 01/Oct/2026:00:00:00, of web servers
    for short, name in zip(_THAI, MONTHS["th"].split(), strict=True):
        date = date.replace(short, name)
    before, *after = re.split(r"\d{1,2}:\d{2}(?::\d{2})?", date, maxsplit=1)
    date = before
    if after and len(re.findall(r"\d+", before)) == 1 and (year := re.findall(r"\b\d{4}\b", after[0])):
        date = f"{before}{year[-1]}"  # Thu Oct 01 00:00:00 UTC 2026
    numbers = re.findall(r"\d+", date)
    months = [month for word in _WORD.findall(_plain(date)) if (month := _month(word))]
    if not months or len(numbers) != 2 or len(date) > 40:
        return None
    month = months[-1]  # before it may stand a day of the week: mar. 6 oct. 2026
    if len(numbers[0]) == 4:
        return _date(int(numbers[0]), month, int(numbers[1]))
    return _date(_full(numbers[1]), month, int(numbers[0]))


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if unicodedata.category(c) != "Mn")


@cache
def _month(word: str) -> int | None:
    """The month that a word names in full or, with three letters or more, begins; None where two do."""
    if len(word) < 3:
        return None
    found = {
        number
        for names in MONTHS.values()
        for number, name in enumerate(map(_plain, names.split()), start=1)
        if name.startswith(word)
    }
    return found.pop() if len(found) == 1 else None


def _full(year: str) -> int:
    return int(year) + 2000 * (len(year) == 2)


def _date(year: int, month: int, day: int) -> str | None:
    try:
        return datetime.date(year - _BUDDHIST * (2443 <= year <= 2643), month, day).isoformat()
    except ValueError:
        return None


def find_order(
    values: Iterable[object], hint: Order | None, where: str, beside: Iterable[object] = ()
) -> Order | None:
    """The order of day and month in a file: its own dates decide, then the language of its header.

    Where the ``values`` leave it open, texts ``beside`` them count: other dates, the lines above the table.
    None where no date needs one. Raises UsageError where dates contradict each other or nothing decides.
    """
    first_large, second_large, unclear = _day_order_evidence(values)
    if first_large and second_large:
        both = f"'{shown(first_large[:20])}' and '{shown(second_large[:20])}'"
        raise UsageError(f"{where}: {both} have day and month in two orders; make them one")
    if first_large or second_large:
        return "dmy" if first_large else "mdy"
    if unclear is None:
        return hint
    first_large, second_large, _ = _day_order_evidence(
        match[0] for text in beside if isinstance(text, str) for match in _DATES.finditer(text)
    )
    if bool(first_large) != bool(second_large):
        return "dmy" if first_large else "mdy"
    if hint is not None:
        return hint
    raise UsageError(
        f"{where}: '{shown(unclear[:20])}' may be in two months, and no date of the file tells; "
        "say which with --dates dmy or --dates mdy"
    )


def _day_order_evidence(values: Iterable[object]) -> tuple[str | None, str | None, str | None]:
    """The first date that must begin with the day, the first that must not, and one that may be either."""
    first_large = second_large = unclear = None
    for value in values:
        if not isinstance(value, str):
            continue
        match = _XXY.fullmatch(_tidy(value))
        if not match or match[2] == ".":
            continue
        first, second = int(match[1]), int(match[3])
        if first > 12:
            first_large = first_large or value.strip()
        elif second > 12:
            second_large = second_large or value.strip()
        elif first != second:
            unclear = unclear or value.strip()
    return first_large, second_large, unclear


def are_days(title: object, values: Sequence[object]) -> bool:
    """Whether a column of an unknown title holds dates or times alone: no ids, whose digits may look so."""
    folded = fold(title)
    if not 1 < len(values) <= MAX_DAYS or folded.startswith("id") or folded.endswith("id"):
        return False
    cells = [value for value in values if not is_gap(value) and not is_total(value)]
    if any(len(str(cell)) == _NANOSECONDS and str(cell).isdecimal() for cell in cells):
        return False
    found = [parse(cell, "dmy") for cell in cells]
    return len(found) > 1 and all(isinstance(one, str) and "-" in one for one in found)


def in_order(days: Sequence[str]) -> list[str]:
    """Days in the order of time: blank, numbers by size, ISO dates."""
    return sorted(
        days, key=lambda day: (day != "", not day.isdecimal(), int(day) if day.isdecimal() else 0, day)
    )
