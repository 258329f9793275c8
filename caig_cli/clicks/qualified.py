"""Titles of counts with a word before them: ``listing_impressions``, ``Ad server clicks``."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

_OTHER_MEASURE = re.compile(
    r"\b(?:ctr|cpc|cpm|cost|rate|per|share|pct|percent|average|avg|index|invalid|unique|unfilled|eligible|lost"
    r"|previous|prev|prior|last|comparison|compared|change|delta|target|goal|benchmark"
    r"|forecast|predicted|estimated|expected|conversions?|orders|sales|video|organic|coste?|costo|custo|taux|tasa)\b"
    r"|%",
    re.I,
)
"""Words of measures that are no plain counts of an ad."""

_TOO_WIDE = frozenset(
    "views view shows displays interactions impression imp click clic klick label isclick clicked".split()
)
"""Accepted names that mean other things behind a word: video views, hours since the last click."""


def qualified(header: Sequence[object], names: Collection[str], taken: Collection[int]) -> int | None:
    """The only column whose title ends in one of some folded ``names``; None without one, or with several."""
    found = [
        place
        for place, title in enumerate(header)
        if place not in taken and title is not None and _ends_in(str(title), names)
    ]
    return found[0] if len(found) == 1 else None


def _ends_in(title: str, names: Collection[str]) -> bool:
    text = re.sub(r"(?<=[a-z])(?=[A-Z])|[_.]", " ", title)
    if _OTHER_MEASURE.search(text):
        return False
    words = [word for word in re.split(r"[\W_]+", text.casefold()) if word]
    return len(words) > 1 and words[-1] in names and words[-1] not in _TOO_WIDE
