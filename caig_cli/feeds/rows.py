"""Rows of a feed by the fields of its columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from caig_cli.clicks.platforms import fold
from caig_cli.data.product_columns import OPTIONS
from caig_cli.feeds import values
from caig_cli.feeds.platforms import FeedLayout
from caig_cli.feeds.tables import FeedTable
from caig_cli.feeds.xml_rows import Cells
from caig_cli.records import Failure

_FOLLOWING = frozenset(
    {"variant", "image", "media", "video", "sku", "rule", "option", "productvariation", "productoption"}
)
"""Kinds of rows that belong to the product above them."""

_KNOWN_OPTIONS = {
    "colour": "color,colour,farbe,couleur,kolor,kleur,colore,cor,цвет,色,カラー,색상,颜色,barva,farba",
    "size": "size,grösse,größe,taille,talla,tamaño,taglia,maat,rozmiar,tamanho,размер,サイズ,사이즈,尺寸,"
    "velikost,pointure,volume,capacity,inhalt,shoe size",
    "material": "material,fabric,matière,materiale,materiaal,materiał,素材,材质,материал,materiál",
    "pattern": "pattern,muster,motif,estampado",
}
_FIELD_OF = {fold(name): one for one, names in _KNOWN_OPTIONS.items() for name in names.split(",")}

_PLACEHOLDERS = frozenset({"default title", "default", "title", "n/a", "none", "-"})
"""Values of an option that a product without variants has."""


@dataclass(slots=True)
class FeedRow:
    """One row: its line, what it says by field (filled values, most wanted first), options and facts."""

    line: int
    fields: Mapping[str, list[str]]
    facts: Mapping[str, str] = field(default_factory=dict)
    """Names and values of lists of facts."""
    options: Sequence[tuple[str, str]] = ()
    """Names and values of the options that tell variants apart; either may be empty."""
    shots: Mapping[str, str] = field(default_factory=dict)
    """Columns about the product's ads, as in the user's own tables: prompt, n, seed, ..."""

    def first(self, name: str) -> str | None:
        """The first value of a field."""
        found = self.fields.get(name)
        return found[0] if found else None

    @property
    def key(self) -> str | None:
        """The row's own id, or its SKU."""
        return self.first("id") or self.first("sku")

    @property
    def follows(self) -> bool:
        """Whether it belongs to the product above it: pictures and variants of some shop systems."""
        kind = fold(self.first("kind") or "")
        if kind in _FOLLOWING and not self.fields.get("parent") and not self.fields.get("group"):
            return True
        return not any(self.fields.get(name) for name in ("id", "group", "parent", "title"))

    @property
    def has_option(self) -> bool:
        """Whether it has a value of an option."""
        return any(value for _, value in self.options)


def rows_of(table: FeedTable, layout: FeedLayout) -> Iterator[FeedRow | Failure]:
    """The rows of a feed, but for empty ones."""
    titles = {one: [table.header[place] for place in found] for one, found in layout.places.items()}
    titles = {one: list(dict.fromkeys(found)) for one, found in titles.items()}
    units = {table.header[place]: unit for place, unit in layout.units.items()}
    taken = {title for found in titles.values() for title in found}
    shots = [title for title in table.header if title in OPTIONS and title not in taken and title != "size"]
    for row in table.rows():
        if isinstance(row, Failure):
            yield row
            continue
        line, cells = row
        fields = _fields_of(cells, titles, units)
        if any(fields.values()):
            facts = values.facts(value for title in titles.get("facts", ()) for value in cells.get(title, ()))
            ads = {title: cells[title][0] for title in shots if cells.get(title, [""])[0]}
            yield FeedRow(line, fields, facts, _options(cells, titles), ads)


def _fields_of(
    cells: Cells, titles: Mapping[str, Sequence[str]], units: Mapping[str, str]
) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    unit = next((value for title in titles.get("length_unit", ()) for value in cells.get(title, ())), None)
    for one, names in titles.items():
        found = [value for title in names for value in cells.get(title, ()) if value.strip()]
        if one in ("height", "width", "length"):
            stated = [
                values.measure(value, units.get(title) or unit)
                for title in names
                for value in cells.get(title, ())
            ]
            found = [value for value in stated if value]
        if found and one not in ("option_name", "option_value", "facts", "length_unit"):
            fields[one] = found
    return fields


def _options(cells: Cells, titles: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    names = [value.strip() for title in titles.get("option_name", ()) for value in cells.get(title, ())]
    given = [value.strip() for title in titles.get("option_value", ()) for value in cells.get(title, ())]
    names += [""] * (len(given) - len(names))  # rows of variants may leave the names to the product's
    return [
        (name, "" if value.lower() in _PLACEHOLDERS else value)
        for name, value in zip(names, given, strict=False)
    ]


def option_field(name: str) -> str | None:
    """The field that an option's name means, such as colour for Farbe."""
    return _FIELD_OF.get(fold(name))
