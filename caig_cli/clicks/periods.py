"""The one day that the lines above a table name as its period, where no column holds days."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from caig_cli.clicks import days
from caig_cli.errors import UsageError

_DATE = r"\d{1,4}[-./ ]\d{1,2}[-./ ]\d{1,4}|[^\W\d_]+\.? \d{1,2}, \d{4}|\d{1,2}\.? [^\W\d_]+\.? \d{4}"
_ONE_DAY = re.compile(
    rf"(?<![\d/.-])({_DATE})\.?(?:\s*[-–—~]\s*|\s+(?:to|until|bis|au|al?|até|tot|do|по)\s+)\1(?![\d/.-]\d|\d)",
    re.I,
)
"""A period whose first day is its last."""


def day_of(preamble: Iterable[str], hint: days.Order | None, texts: Sequence[object]) -> str | None:
    """The ISO day that a table is all of; None where the lines above it name none, or not clearly.

    ``hint`` is the order of day and month in the header's language; ``texts`` may hold other dates.
    """
    found = {match[1] for line in preamble for match in _ONE_DAY.finditer(line)}
    if len(found) != 1:
        return None
    written = found.pop()
    try:
        day = days.parse(written, days.find_order([written], hint, "", texts))
    except UsageError:  # 03/04/2026: --dates would be asked for where days do not matter
        return None
    return day if isinstance(day, str) and "-" in day else None
