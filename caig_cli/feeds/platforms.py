"""The table of shop systems and catalogues: what their feeds call the columns, in their languages."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from caig_cli.clicks.platforms import OTHER, columns_of, fold, missing, row_named
from caig_cli.errors import UsageError

TABLE = Path(__file__).with_name("platforms.toml")

FIELDS: Mapping[str, str] = {
    "id": "the row's own id, by which the shop or catalogue knows it",
    "sku": "stock keeping unit; the id where there is no other",
    "group": "what all variants of a product share: item group or handle",
    "parent": "id or SKU of the product that a variant belongs to",
    "children": "SKUs of the variants of a product",
    "kind": "whether the row is a product, a variant or a picture",
    "title": "title",
    "description": "description; its first sentence stands in for a missing title",
    "image": "main picture: address, path or name of a file; lists are read too",
    "images": "further pictures of the same product",
    "variant_image": "picture of a variant, where the main one is the product's",
    "lifestyle": "an ad that is in the feed already: read where there is no other picture",
    "alt": "alt text of the picture",
    "category": "category; of a path the last part",
    "brand": "brand or maker",
    "colour": "colour",
    "material": "material",
    "size": "size of the product: clothing, shoes, volume, dimensions",
    "pattern": "pattern",
    "gender": "gender",
    "age_group": "age group",
    "price": "price",
    "sale_price": "price while it is on sale",
    "currency": "currency of a price that does not name it",
    "availability": "whether it is in stock",
    "published": "whether it is for sale at all",
    "gtin": "GTIN, EAN, UPC or ISBN",
    "mpn": "the maker's part number",
    "height": "height, with its unit in the value, the title or length_unit",
    "width": "width, likewise",
    "length": "length or depth, likewise",
    "length_unit": "unit of height, width and length",
    "option_name": "name of an option that tells variants apart, such as Colour",
    "option_value": "its value",
    "facts": "list of names and values",
}
"""What a column of a feed may hold."""


_QUALIFIER = re.compile(r"\[[\w-]+=[^\]]*\]|\((?:[a-z]{2}|[a-z]{2}[-_][a-z]{2})\)\s*$", re.I)
_SPACE = re.compile(r"^\s*(?:[gc]:(?=\w)|attribute:(?:pa_)?)", re.I)
_LANGUAGE = re.compile(r"^(?:NL|EN|US|UK|DE|AT|CH|FR|BE|ES|IT|PT|DA|SV|NO|FI|PL|CS)_(?=[A-Za-z])")
_METAFIELD = re.compile(r"\s*\((?:product|variant)\.metafields\.[^)]*\)\s*$")
_NUMBER = re.compile(r"\d+")
_UNIT = re.compile(r"\(\s*(mm|cm|m|in|inch|inches|ft|yd|kg|g|lbs?|oz)\s*\)\s*$", re.I)


@dataclass(frozen=True, slots=True)
class FieldNames:
    """Accepted names of one field, folded, and how much each is wanted, 0 most; # stands for a number."""

    ranks: Mapping[str, int]

    def rank(self, folded: str) -> int | None:
        """How much a title is wanted; None where it is no name of the field."""
        found = self.ranks.get(folded)
        return self.ranks.get(_NUMBER.sub("#", folded)) if found is None else found


@dataclass(frozen=True, slots=True)
class FeedPlatform:
    """A row of the table: names by language and field."""

    name: str
    title: str
    sources: tuple[str, ...]
    columns: Mapping[str, Mapping[str, tuple[str, ...]]]
    fields: Mapping[str, FieldNames] = field(default_factory=dict)

    def knows(self, folded: str) -> bool:
        """Whether a folded title is a name of one of its fields."""
        return any(names.rank(folded) is not None for names in self.fields.values())


@dataclass(frozen=True, slots=True)
class Title:
    """A column's title: folded, and the unit that it states."""

    folded: str
    unit: str | None = None


def read_title(title: object) -> Title:
    """A title without what is no part of its name."""
    text = _METAFIELD.sub("", _SPACE.sub("", _LANGUAGE.sub("", str(title).strip())))
    text = text if _UNIT.search(text) else _QUALIFIER.sub("", text)
    unit = _UNIT.search(text)
    return Title(fold(text[: unit.start()]), unit[1].lower()) if unit else Title(fold(text))


@cache
def platforms() -> Mapping[str, FeedPlatform]:
    """All rows of the table by name; ``generic`` stands for feeds of no known system."""
    rows = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {name: make_platform(name, row) for name, row in rows.items()}


def make_platform(name: str, row: Mapping[str, object]) -> FeedPlatform:
    """A row as it stands in the file -> Platform. Raises ValueError for an unknown field."""
    columns = columns_of(name, row, FIELDS)
    titles: dict[str, list[str]] = {}
    for fields in columns.values():
        for one, names in fields.items():
            titles.setdefault(one, []).extend(names)
    sources = row["sources"]
    assert isinstance(sources, list)
    fields_of = {one: _names(names) for one, names in titles.items()}
    return FeedPlatform(name, str(row["title"]), tuple(sources), columns, fields_of)


def _names(titles: Iterable[str]) -> FieldNames:
    ranks: dict[str, int] = {}
    for rank, title in enumerate(titles):
        if "#" in title:
            ranks.setdefault("#".join(fold(part) for part in re.split(r"#+", title)), rank)
        # "Attribute # name" is also the name of the only attribute, "Reference #" a plain name
        ranks.setdefault(fold(title), rank)
    return FieldNames(ranks)


def named(name: str) -> FeedPlatform | None:
    """The platform that ``--from`` names; None for ``auto``. Raises UsageError for an unknown one."""
    return row_named(name, platforms(), "feed")


@dataclass(frozen=True, slots=True)
class FeedLayout:
    """Where the fields of a feed stand in its header."""

    platform: FeedPlatform
    places: Mapping[str, tuple[int, ...]]
    """Field -> columns, most wanted first; a field that the header lacks is not there."""
    units: Mapping[int, str]
    """Column -> unit that its title states."""
    given: frozenset[str] = frozenset()
    """Fields whose columns the user named."""


def lay_out(
    header: Sequence[object], platform: FeedPlatform | None = None, given: Mapping[str, str] | None = None
) -> FeedLayout:
    """Where fields stand in a header: as ``given`` (field -> title; empty: nowhere), else by the table.

    Without a platform, the one that knows most of the titles is taken; names of generic feeds count after its
    own. Raises UsageError for a given field that is none, and a given title that is not in the header.
    """
    titles = [read_title(title) for title in header]
    best = platform or recognise(title.folded for title in titles)
    places: dict[str, tuple[int, ...]] = {}
    taken: set[int] = set()
    for one, title in (given or {}).items():
        found = _given(one, title, header, titles)
        taken.update(found)
        places[one] = found
    for source in (best, platforms()["generic"]):
        for one, names in source.fields.items():
            if one == OTHER or one in places:
                continue
            ranked = [
                (rank, place)
                for place, title in enumerate(titles)
                if place not in taken and (rank := names.rank(title.folded)) is not None
            ]
            if ranked:
                places[one] = tuple(place for _, place in sorted(ranked))
                taken.update(places[one])
    units = {place: title.unit for place, title in enumerate(titles) if title.unit}
    filled = {one: found for one, found in places.items() if found}
    return FeedLayout(best, filled, units, frozenset(given or ()))


def _given(one: str, title: str, header: Sequence[object], titles: Sequence[Title]) -> tuple[int, ...]:
    if one not in FIELDS:
        near = difflib.get_close_matches(one, [*FIELDS, "color"], n=1, cutoff=0.6)
        hint = f"did you mean {near[0]}?" if near else f"it is one of {', '.join(FIELDS)}"
        raise UsageError(f"--column {one}={title}: no such field; {hint}")
    if not title.strip():
        return ()
    wanted = read_title(title)
    found = tuple(place for place, have in enumerate(titles) if have.folded == wanted.folded)
    if not found:
        raise UsageError(f"--column {one}={title}: {missing(title, header)}")
    return found


def recognise(folded: Iterable[str]) -> FeedPlatform:
    """The platform that knows most of some folded titles; generic where none knows more than that."""
    titles = [title for title in folded if title]
    table = platforms()
    known = {name: sum(map(platform.knows, titles)) for name, platform in table.items()}
    return table[max(known, key=lambda name: (known[name], name == "generic"))]


def known_titles(header: Sequence[object]) -> int:
    """How many different fields a row names: what tells a header from other rows."""
    titles = {read_title(title).folded for title in header if isinstance(title, str) and len(title) < 200}
    found = {one for title in titles for one in _fields_of(title)}
    return len(found)


def _fields_of(folded: str) -> frozenset[str]:
    known = _known()
    return known.get(folded) or known.get(_NUMBER.sub("#", folded)) or frozenset()


@cache
def _known() -> Mapping[str, frozenset[str]]:
    """Folded name -> fields that it names on any platform."""
    found: dict[str, set[str]] = {}
    for platform in platforms().values():
        for one, names in platform.fields.items():
            for name in names.ranks:
                found.setdefault(name, set()).add(one)
    found.pop("", None)
    return {name: frozenset(fields) for name, fields in found.items()}
