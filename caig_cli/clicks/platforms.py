"""The table of ad platforms: what their exports call the columns of a click log, in their languages."""

from __future__ import annotations

import contextlib
import difflib
import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeVar

from caig_cli.clicks.qualified import qualified
from caig_cli.errors import UsageError

TABLE = Path(__file__).with_name("platforms.toml")

FIELDS: Mapping[str, str] = {
    "item": "the product of the ad",
    "image": "the picture: a name, path or address",
    "ad": "the ad's name, which may lead to the picture",
    "ad_id": "the ad's id, which may lead to the picture",
    "group": "ad set or ad group; stands for the product where there is no other column for it",
    "campaign": "campaign; stands for the product where neither product nor ad group can",
    "day": "the row's day or time",
    "start": "first day of the row's period, where there is no day",
    "impressions": "how often the ad was shown",
    "clicks": "how often it was clicked",
    "event": "kind of event, in logs with a row for each",
    "count": "how many events a row of such a log stands for",
    "propensity": "probability with which the ad was chosen to be shown, above 0 and at most 1",
    "url": "landing page",
}
"""What a column of a log may hold."""

T = TypeVar("T")

OTHER = "other"
"""Columns that are not read, and tell the platform by their names."""

COMMA_LANGUAGES = frozenset("de fr es it pt nl pl ru tr sv da no fi cs vi id hu ro el uk".split())
"""Languages that write 1,5 for one and a half, and the day before the month."""

YEAR_FIRST = frozenset({"ja", "ko", "zh"})


@dataclass(frozen=True, slots=True)
class LogPlatform:
    """A row of the table: names by language and field, most wanted first."""

    name: str
    title: str
    sources: tuple[str, ...]
    columns: Mapping[str, Mapping[str, tuple[str, ...]]]
    blank_is_zero: bool = False
    """Whether a blank count is a zero in its exports."""
    report: str = ""
    """What to download there."""
    translated: tuple[str, ...] = ()
    """Languages whose names are translations: no export or help page of theirs was found."""
    fields_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Field -> folded names in all its languages, most wanted first."""
    languages_of: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Folded name -> languages that it belongs to."""


def fold(title: object) -> str:
    """A column's name by its letters and digits alone, in lower case and without accents."""
    text = str(title)
    if "Ã" in text:  # UTF-8 that some tool took for Windows text
        with contextlib.suppress(UnicodeError):
            text = text.encode("cp1252").decode()
    text = unicodedata.normalize("NFKD", text).casefold().replace("ı", "i")  # Turkish I in capitals
    return "".join(c for c in text if c.isalnum())


_AGGREGATE = re.compile(
    r"(?:sum|total|day|date|summe|somme|suma|somma|soma|som|合計|总和|求和项)"
    r"(?:\s+(?:of|von|de|di|van|z|/)\s*|[:：(_\s]\s*)(.+?)\)?",
    re.I,
)
"""What pivot tables and SQL put around a name: Sum of Clicks, sum(clicks), Summe von Klicks, Day of Date."""

_TOO_SHORT = frozenset({"name", "id", "type", "time", "url", "title", "date"})
"""Last parts of names such as campaign.name that say nothing alone."""


def plain_titles(header: Sequence[object]) -> list[str]:
    """Titles, folded, without what pivot tables, SQL and interfaces put around them; else an empty text.

    ``Sum of Clicks`` and ``metrics.clicks`` are ``clicks``; a first word that all titles share is left out.
    """
    titles = [str(title).strip() if title is not None else "" for title in header]
    words = [re.split(r"[\s_.]+", title) for title in titles if title]
    shared = len(words) > 2 and len({one[0].casefold() for one in words}) == 1
    found = []
    for title in titles:
        plain = re.sub(r"^[^\s_.]+[\s_.]+", "", title) if shared else title
        if match := _AGGREGATE.fullmatch(plain):
            plain = match[1]
        last = plain.rstrip(".").rpartition(".")[2]
        plain = plain if fold(last) in _TOO_SHORT else last
        found.append(fold(plain) if plain != title else "")
    return found


@cache
def platforms() -> Mapping[str, LogPlatform]:
    """All rows of the table by name; ``generic`` stands for logs of no known platform."""
    rows = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {name: make_platform(name, row) for name, row in rows.items()}


def make_platform(name: str, row: Mapping[str, object]) -> LogPlatform:
    """A row as it stands in the file -> Platform. Raises ValueError for an unknown field."""
    columns = columns_of(name, row, FIELDS)
    fields_of: dict[str, tuple[str, ...]] = {}
    languages: dict[str, set[str]] = {}
    for language, fields in columns.items():
        for one, names in fields.items():
            folded = tuple(map(fold, names))
            if one != OTHER:
                fields_of[one] = tuple(dict.fromkeys(fields_of.get(one, ()) + folded))
            for title in folded:
                languages.setdefault(title, set()).add(language)
    sources = row["sources"]
    translated = row.get("translated", [])
    assert isinstance(sources, list) and isinstance(translated, list)
    return LogPlatform(
        name,
        str(row["title"]),
        tuple(sources),
        columns,
        bool(row.get("blank_is_zero", False)),
        str(row.get("report", "")),
        tuple(str(one) for one in translated),
        fields_of,
        {title: frozenset(found) for title, found in languages.items()},
    )


def columns_of(
    name: str, row: Mapping[str, object], known: Collection[str]
) -> dict[str, dict[str, tuple[str, ...]]]:
    """Titles by language and field of a row. Raises ValueError for a field that is not ``known``."""
    columns = {
        language: {one: tuple(names) for one, names in fields.items()}
        for language, fields in row.items()
        if isinstance(fields, dict)
    }
    for language, fields in columns.items():
        for one in fields:
            if one not in known and one != OTHER:
                raise ValueError(f"{name}.{language}.{one} is not one of {', '.join(known)}")
    return columns


def named(name: str) -> LogPlatform | None:
    """The platform that ``--from`` names; None for ``auto``. Raises UsageError for an unknown one."""
    return row_named(name, platforms(), "platform")


def row_named(name: str, table: Mapping[str, T], what: str) -> T | None:
    """The row of a table that ``--from`` names, as ``named`` does; ``what`` a row is, for people."""
    if name == "auto":
        return None
    if name not in table:
        near = difflib.get_close_matches(name, list(table), n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else f"it is auto or one of {', '.join(table)}"
        raise UsageError(f"--from {name}: no such {what}; {hint}")
    return table[name]


@dataclass(frozen=True, slots=True)
class LogLayout:
    """Where the fields of a log stand in its header."""

    platform: LogPlatform
    places: Mapping[str, int]
    """Field -> column; a field that the header lacks is not there."""
    language: str | None
    """Language of most of its titles, where they tell."""
    qualified: tuple[str, ...] = ()
    """Fields whose column was told by the end of its title alone."""


def lay_out(
    header: Sequence[object], platform: LogPlatform | None = None, given: Mapping[str, str] | None = None
) -> LogLayout:
    """Where fields stand in a header: as ``given`` (field -> title; empty: nowhere), else by the table.

    Without a platform, the one that knows most of the titles is taken; names of all others count too, after
    its own. Raises UsageError where a given title is not in the header.
    """
    folded = [fold(title) for title in header]
    best = platform or recognise(folded)
    places: dict[str, int] = {}
    taken: set[int] = set()
    for one, title in (given or {}).items():
        if not title.strip():
            continue
        if fold(title) not in folded:
            raise UsageError(f"--column {one}={title}: {missing(title, header)}")
        places[one] = folded.index(fold(title))
        taken.add(places[one])
    for titles in (folded, plain_titles(header)):
        for source in (best, *(p for p in platforms().values() if p is not best)):
            for one in FIELDS:
                if one in places or one in (given or {}):
                    continue
                found = _find(source, one, titles, taken)
                if found is not None:
                    places[one] = found
                    taken.add(found)
    return LogLayout(best, places, _language(best, folded), _add_qualified(header, given or {}, places))


def _add_qualified(
    header: Sequence[object], given: Mapping[str, str], places: dict[str, int]
) -> tuple[str, ...]:
    """Counts by the ends of titles, where that gives impressions and clicks; returns which."""
    lacking = [one for one in ("impressions", "clicks") if one not in places and one not in given]
    found = {one: qualified(header, _all_names()[one], places.values()) for one in lacking}
    added = {one: place for one, place in found.items() if place is not None}
    if not {"impressions", "clicks"} <= places.keys() | added.keys():
        return ()
    places |= added
    return tuple(added)


def recognise(folded: Iterable[str]) -> LogPlatform:
    """The platform that knows most of some folded titles; generic where none knows more than that."""
    titles = {title for title in folded if title}
    table = platforms()
    known = {name: len(titles & platform.languages_of.keys()) for name, platform in table.items()}
    return table[max(known, key=lambda name: (known[name], name == "generic"))]


def known_titles(header: Sequence[object]) -> int:
    """How many different fields a row names: what tells a header from other rows."""
    texts = [title for title in header if isinstance(title, str) and len(title) < 100]
    titles = {*map(fold, texts), *plain_titles(texts)}
    return sum(bool(titles & names) for names in _all_names().values())


def missing(wanted: str, header: Sequence[object]) -> str:
    """What to say where a column is not there: the header as found, and the nearest title."""
    titles = [str(title).strip() for title in header if title is not None and str(title).strip()]
    near = difflib.get_close_matches(fold(wanted), [fold(title) for title in titles], n=1, cutoff=0.5)
    nearest = next((title for title in titles if near and fold(title) == near[0]), None)
    hint = f"; the nearest is '{nearest}'" if nearest else ""
    return f"the header is {_listed(titles)}{hint}"


_RATE = re.compile(r"\b(?:ctr|cpc|cpm|cost|rate|quote|taux|tasa|tasso|taxa)\b|%|klickrate|kosten", re.I)
"""Titles of rates and costs: never what is meant by a count."""


def nearest(field_name: str, header: Sequence[object]) -> str | None:
    """The title that is most like some accepted name of a field."""
    best, title_of = 0.6, None
    for title in header:
        folded = fold(title) if title is not None else ""
        if _RATE.search(str(title)):
            continue
        for name in _all_names()[field_name]:
            likeness = difflib.SequenceMatcher(None, folded, name).ratio() if folded else 0.0
            if likeness > best:
                best, title_of = likeness, str(title).strip()
    return title_of


def _listed(titles: Sequence[str]) -> str:
    more = f" and {len(titles) - 20} more" if len(titles) > 20 else ""
    return ", ".join(f"'{title[:40]}'" for title in titles[:20]) + more


@cache
def _all_names() -> Mapping[str, frozenset[str]]:
    table = platforms().values()
    return {one: frozenset(name for p in table for name in p.fields_of.get(one, ())) for one in FIELDS}


def _find(platform: LogPlatform, one: str, folded: Sequence[str], taken: set[int]) -> int | None:
    for name in platform.fields_of.get(one, ()):
        for place, title in enumerate(folded):
            if title == name and place not in taken:
                return place
    return None


def _language(platform: LogPlatform, folded: Iterable[str]) -> str | None:
    """The language that explains most titles; None where two explain as many."""
    votes = Counter(language for title in folded for language in platform.languages_of.get(title, ()))
    first = votes.most_common(2)
    if not first or (len(first) == 2 and first[0][1] == first[1][1]):
        return None
    return first[0][0]
