"""Counts as people and platforms write them -> whole numbers, by the marks that the file itself shows.

``1,411`` may be a count above a thousand or one and two fifths. A file is read by one rule, which its own
numbers decide; where they can't, its other columns do, then the language of its header; else it is refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from caig_cli.clicks.words import plain
from caig_cli.data.images import shown
from caig_cli.data.tables import kind
from caig_cli.errors import UsageError

MAX_COUNT = 10**12
"""Most impressions of one row: no shop has more, and millions of such rows still add up in 64 bits."""

BLANKS = frozenset(
    {"", "-", "--", "---", "–", "—", "―", "n/a", "na", "n.a.", "null", "none", "nan", "k.a.", "s/o"}
)
"""Texts that stand for no value, in lower case."""

OTHER = {".": ",", ",": "."}

_MARKS = re.compile(r"[.,]")
_SPACED = re.compile(r"(?<=\d)[ '’‘´`_\u066c](?=\d{3}(?!\d))")
_NUMBER = re.compile(r"\d[\d.,]*\d|\d")
_SCIENTIFIC = re.compile(r"\d(?:[.,](\d+))?E\+?(\d{1,2})", re.I)
_ROUNDED = re.compile(
    r"[\d.,]+ ?(?:k|m|b|g|mio|mrd|mln|mil|tsd|tys|mi|lakh|cr|万|千|億|亿|만|천|тыс|млн)\.?", re.I
)
_BOUND = re.compile(r"[<>≤≥~≈]\s*[\d.,]+")
_MONEY = re.compile(r"^[^\d+-]{0,4}|\s*(?:%|[^\d\s]{1,4})$")


@dataclass(frozen=True, slots=True)
class DecimalEvidence:
    """What the texts of a column say of the decimal mark."""

    marks: dict[str, str]
    """Decimal mark -> a text that proves it."""
    unclear: str | None
    """A text that may be read in two ways, such as ``12.000``."""
    plain_small: bool
    """Whether numbers from 1 to 999 stand there without a mark."""
    plain_large: bool
    """Whether numbers from 1000 on stand there without a mark."""


def tidy(text: str) -> str:
    """A number's text without blanks, apostrophes and Arabic marks between groups of three."""
    text = plain(text).lstrip("'+").removesuffix("回").removesuffix("次").replace("\u066b", ".")
    return _SPACED.sub("", text)


def is_blank(value: object) -> bool:
    """Whether a cell stands for no value."""
    if value is None:
        return True
    if isinstance(value, str):
        return not value.isdecimal() and value.strip().lower() in BLANKS
    return isinstance(value, float) and math.isnan(value)


def evidence(texts: Iterable[object], *, counts: bool) -> DecimalEvidence:
    """What cells prove: in columns of counts also that a number has to be whole."""
    marks: dict[str, str] = {}
    unclear, small, large = None, False, False
    for value in texts:
        if not isinstance(value, str):
            continue
        text = value if value.isdecimal() else tidy(value)
        if text.isdecimal():
            small |= 0 < len(text) < 4 and text.strip("0") != ""
            large |= len(text) >= 4
            continue
        if not counts:
            text = _MONEY.sub("", text.lstrip("+-")).strip()
        if not _NUMBER.fullmatch(text):
            continue
        mark = _decimal_of(text, counts)
        if mark is None and _MARKS.search(text):
            unclear = unclear or value.strip()
        elif mark is not None:
            marks.setdefault(mark, value.strip())
    return DecimalEvidence(marks, unclear, small, large)


def _decimal_of(text: str, counts: bool) -> str | None:
    """The decimal mark that a text proves: ``.`` or ``,``; None where it has none or proves nothing."""
    found = _MARKS.findall(text)
    if not found:
        return None
    if len(set(found)) == 2:
        last: str = found[-1]
        return last if found.count(last) == 1 else None
    mark: str = found[0]
    if len(found) > 1:
        return OTHER[mark]
    head, tail = text.split(mark)
    if len(tail) != 3 or len(head) > 3 or head.startswith("0"):
        return mark
    return OTHER[mark] if counts and tail != "000" else None


def decimal_mark(
    columns: Sequence[Iterable[object]], others: Iterable[Iterable[object]], comma_language: bool, where: str
) -> str:
    """The decimal mark of a file: columns of counts decide, then the other numbers, then the language.

    Raises UsageError where the counts contradict each other, or may be read in two ways and nothing decides.
    """
    found = [evidence(column, counts=True) for column in columns]
    proved = {mark: text for one in found for mark, text in one.marks.items()}
    if len(proved) == 2:
        texts = " and ".join(f"'{shown(text[:20])}'" for text in proved.values())
        raise UsageError(
            f"{where}: {texts} are written by two rules; say which with --decimal , or --decimal ."
        )
    if proved:
        return next(iter(proved))
    unclear = [one for one in found if one.unclear]
    if not unclear:
        return "."
    for one in unclear:
        assert one.unclear is not None
        if one.plain_small and not one.plain_large:  # who writes 999 and 12.000 sets marks at thousands
            return OTHER[_MARKS.findall(one.unclear)[0]]
    beside = {mark for column in others for mark in evidence(column, counts=False).marks}
    if len(beside) == 1:
        return beside.pop()
    if comma_language:
        return ","
    text = str(unclear[0].unclear)
    mark = _MARKS.findall(text)[0]
    whole, part = text.replace(mark, ""), text.split(mark)[0]
    raise UsageError(
        f"{where}: '{shown(text[:20])}' may be {whole} or {part}, and nothing in the file tells; "
        f"say which with --decimal {OTHER[mark]} ({whole}) or --decimal {mark} ({part})"
    )


def count(value: Any, decimal: str) -> int:
    """A cell as a whole number from 0 to MAX_COUNT. Raises ValueError saying why it is none."""
    if isinstance(value, str):
        if value.isdecimal() and len(value) < 13:  # most cells of most logs
            return int(value)
        return _whole(_number(value, decimal), value)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError(f"must be a number, is {kind(value)}; fix the row")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is not a count from 0 to {MAX_COUNT}; fix the row")
    if isinstance(value, Decimal) and not value.is_finite():
        raise ValueError(f"{value} is not a count from 0 to {MAX_COUNT}; fix the row")
    if isinstance(value, Decimal) and abs(value.adjusted()) > 40:
        raise ValueError(f"{value:.3g} is not a count from 0 to {MAX_COUNT}; fix the row")
    return _whole(Fraction(value), value)


def probability(value: Any, decimal: str) -> float:
    """A cell as a number above 0 and at most 1; may be percent. Raises ValueError saying why it is none."""
    if isinstance(value, str):
        percent = value.strip().endswith("%")
        found = float(_number(value.strip().removesuffix("%").strip(), decimal)) / (100 if percent else 1)
    elif isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError(f"must be a number, is {kind(value)}; fix the row")
    else:
        found = float(value)
    if not 0 < found <= 1:
        raise ValueError(f"{shown(str(value).strip()[:40])} is not above 0 and at most 1; fix the row")
    return found


def _number(text: str, decimal: str) -> Fraction:
    plain = tidy(text)
    if plain.startswith("="):
        raise ValueError("is a formula without its value; open and save the file in a spreadsheet program")
    if plain.isdecimal() and len(plain) < 40:
        return Fraction(int(plain))
    match = _SCIENTIFIC.fullmatch(plain)
    if match and len(match[1] or "") >= int(match[2]):  # else digits are missing
        return Fraction(plain.replace(",", "."))
    if _ROUNDED.fullmatch(plain) or _BOUND.fullmatch(plain):
        raise ValueError(
            f"'{shown(text[:40])}' is rounded or a bound; export the exact numbers, or fix the row"
        )
    if not _NUMBER.fullmatch(plain.removeprefix("-")) or len(plain) > 40:
        raise ValueError(f"'{shown(text[:40])}' is not a number; fix the row")
    group = OTHER[decimal]
    whole, _, rest = plain.partition(decimal)
    groups = whole.removeprefix("-").split(group)
    # The last group has three digits; those before it three, or two in India.
    grouped = len(groups) == 1 or (
        0 < len(groups[0]) <= 3 and len(groups[-1]) == 3 and all(len(one) in (2, 3) for one in groups[1:-1])
    )
    if not grouped or group in rest or decimal in rest:
        raise ValueError(f"'{shown(text[:40])}' is no number with '{decimal}' as decimal mark; fix the row")
    return Fraction(f"{whole.replace(group, '')}.{rest or 0}")


def _whole(number: Fraction, value: object) -> int:
    if not 0 <= number <= MAX_COUNT or number.denominator != 1:
        raise ValueError(
            f"{shown(str(value).strip()[:40])} is not a count from 0 to {MAX_COUNT}; fix the row"
        )
    return int(number)


def is_figure(cell: object) -> bool:
    """Whether a cell is a number, an amount of money or a share: no text by which rows may be told apart."""
    if not isinstance(cell, str):
        return isinstance(cell, int | float | Decimal)
    text = _MONEY.sub("", tidy(cell).lstrip("+-")).strip()
    return _NUMBER.fullmatch(text) is not None and not (text.isdecimal() and len(text) > 12)  # an id


def about(value: object) -> int | None:
    """The size of a count that could not be read, from its digits alone; None without any."""
    digits = re.sub(r"\D", "", re.sub(r"[.,]0+$", "", str(value)))
    return int(digits[:15]) if digits else None
