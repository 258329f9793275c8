"""What single cells of a feed say: pictures, prices, categories, sizes; HTML becomes text."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from html.parser import HTMLParser

from caig_cli.clicks.platforms import fold
from caig_cli.data.tables import clean_text

MAX_PICTURES = 100
"""Pictures of one product that are kept."""

_ADDRESS = re.compile(r"(?:https?:)?//", re.I)
_ABOUT = re.compile(r"\s+!\s+(?:alt|title|desc|caption)\s*:[^|]*")
"""What a plugin of WooCommerce says of a picture behind its address."""
_BETWEEN_ADDRESSES = re.compile(r"[\s,;|]+(?=[\"']?(?:https?:)?//)", re.I)
_BETWEEN_NAMES = re.compile(r"\s*[,;|\n]\s*")
_PICTURE = re.compile(r"\.(?:jpe?g|png|webp|gif|avif|bmp|tiff?|heic)$", re.I)
_PATH = re.compile(r"\s*(?:>|/|\||»|›|\\)\s*")
_MARKUP = re.compile(r"<[a-z!/][^>]*>|&[a-z]+;|&#\d+;", re.I)
_SKIPPED = frozenset({"script", "style", "head", "template", "svg"})
_BLOCKS = frozenset("p div br li ul ol tr td th h1 h2 h3 h4 h5 h6 table section".split())

_ABSENT = frozenset(
    map(
        fold,
        "out of stock,out_of_stock,outofstock,sold out,discontinued,unavailable,0,false,no,n,ausverkauft,"
        "nicht auf Lager,nicht vorrätig,nicht verfügbar,nicht lieferbar,nein,épuisé,en rupture de stock,"
        "rupture de stock,indisponible,non,agotado,sin existencias,no disponible,esaurito,non disponibile,"
        "esgotado,indisponível,uitverkocht,niet op voorraad,nee,niedostępny,brak,nie,"
        "нет в наличии,нет,品切れ,在庫なし,売り切れ,품절,无货,售罄".split(","),
    )
)
"""What stands in a column of availability where a product can't be bought now."""

_ROOTS = frozenset(map(fold, "home,accueil,inicio,startseite,home page,root,default category,all".split(",")))
"""Categories that all products are in."""

_UNPUBLISHED = frozenset(
    map(
        fold,
        "false,0,2,no,n,draft,archived,unlisted,hidden,inactive,disabled,delete,deleted,staging,"
        "nein,non,nie,entwurf,brouillon,borrador,bozza,concept".split(","),
    )
)


class _Text(HTMLParser):
    """Collects what a reader of a page would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._hidden += tag in _SKIPPED
        if tag in _BLOCKS:
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = max(0, self._hidden - (tag in _SKIPPED))
        if tag in _BLOCKS:
            self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def plain(text: str) -> str:
    """One line of text without markup; what was escaped twice is unescaped twice."""
    for _ in range(2):
        if not _MARKUP.search(text):
            break
        parser = _Text()
        parser.feed(text)
        parser.close()
        text = "".join(parser.parts)
    return clean_text(html.unescape(text))


def sentence(text: str, limit: int = 150) -> str:
    """The first sentence of a description, at most ``limit`` characters, cut at a word."""
    first = re.split(r"(?<=[.!?。])\s", plain(text[:20_000]), maxsplit=1)[0]
    if len(first) <= limit:
        return first
    cut = first[:limit]
    return cut[: cut.rfind(" ")] if " " in cut else cut


def pictures(cells: Iterable[str]) -> list[str]:
    """Addresses and names of files in some cells, each once: lists of them, and JSON as Meta has it."""
    found = dict.fromkeys(
        one for cell in cells for part in _parts(cell) if (one := part.strip().strip("\"'").strip())
    )
    return [f"https:{one}" if one.startswith("//") else one for one in found][:MAX_PICTURES]


def _parts(cell: str) -> Iterator[str]:
    cell = _ABOUT.sub("", html.unescape(cell.strip()))
    if cell[:1] in "[{" and cell[-1:] in "]}":
        try:
            yield from _inside(json.loads(cell))
            return
        except (ValueError, RecursionError):
            pass
    if _ADDRESS.match(cell.lstrip("\"'")):  # commas may be parts of addresses
        yield from _BETWEEN_ADDRESSES.split(cell)
    elif _PICTURE.search(cell) and not _BETWEEN_NAMES.search(cell):
        yield cell
    else:
        yield from _BETWEEN_NAMES.split(cell)


def _inside(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value[:MAX_PICTURES]:
            yield from _inside(one)
    elif isinstance(value, dict):
        for name in ("url", "src", "href", "link"):
            if isinstance(value.get(name), str):
                yield value[name]
                return


def category(cells: Iterable[str]) -> str | None:
    """The last part of the first category that is not a number: ``Home > Kitchen > Mugs`` is ``Mugs``."""
    for cell in cells:
        first = re.split(r"\s*(?:,(?=[^,]*[>/])|;|\n|\|(?=.*[>/]))\s*", plain(cell))[0]
        parts = [part for part in _PATH.split(first) if part and part.strip("0123456789.- ")]
        if parts and not parts[-1].isdecimal():
            listed = re.split(r",\s*", parts[-1]) if len(parts) == 1 else parts[-1].split(", ")
            return next((one for one in listed if fold(one) not in _ROOTS), listed[-1])
    return None


def price(amount: str, currency: str | None) -> str | None:
    """A price with its currency, None where there is none."""
    text = clean_text(amount)
    if not re.search(r"[1-9]", text):
        return None
    text = re.sub(r"(\.\d\d)00\b", r"\1", text)  # Magento keeps four digits
    bare = re.fullmatch(r"[\d.,' ]+", text) is not None
    return f"{text} {clean_text(currency)}" if bare and currency else text


def is_absent(cell: str) -> bool:
    """Whether a cell of availability says that a product can't be bought now."""
    return fold(cell.rpartition("/")[2]) in _ABSENT if cell.strip() else False


def is_unpublished(cell: str) -> bool:
    """Whether a cell says that a product is not for sale: a draft, hidden, archived."""
    return cell.strip() == "-1" or (bool(cell.strip()) and fold(cell) in _UNPUBLISHED)


def measure(cell: str, unit: str | None) -> str | None:
    """A length with its unit, None where none is stated: feeds of unknown units can't be told apart."""
    text = clean_text(cell)
    if not re.search(r"[1-9]", text):
        return None
    if re.search(r"\d\s*(?:mm|cm|m|in|inch|inches|ft|\"|'|″|′)(?![\w])", text, re.I):
        return text
    plain_unit = _UNITS.get(fold(unit)) if unit else None
    number = re.fullmatch(r"\d+(?:[.,]\d+)?", text)
    return f"{text} {plain_unit}" if number and plain_unit else None


_UNITS = {
    name: unit
    for unit, names in {
        "mm": "mm,millimeters,millimetres", "cm": "cm,centimeters,centimetres", "m": "m,meters,metres",
        "in": "in,inch,inches", "ft": "ft,feet",
    }.items()
    for name in names.split(",")
}  # fmt: skip


def facts(cells: Iterable[str]) -> dict[str, str]:
    """Names and values in lists: ``a=b,c=d``, ``a:b:1,c:d:2``, ``Name=a|Value=b``, JSON objects."""
    found: dict[str, str] = {}
    for cell in cells:
        if named := re.findall(r"Name=([^|]+)\|Value=([^|]+)", cell):
            pairs: Iterable[tuple[str, str]] = named
        elif cell.lstrip().startswith("{"):
            pairs = _object(cell)
        else:
            pairs = (_pair(part) for part in re.split(r"\s*[;|\n]\s*|,(?=[^,:=]+[:=])", cell))
        for name, value in pairs:
            if clean_text(name) and clean_text(value):
                found.setdefault(clean_text(name), plain(value))
    return found


def _pair(part: str) -> tuple[str, str]:
    """Name and value: the last two of ``section:name:value``, as Google has it; a position does not count."""
    if "=" in part:
        name, _, value = part.partition("=")
        return name, value
    parts = [one.strip() for one in part.split(":")]
    while len(parts) > 2 and parts[-1].isdecimal():
        parts.pop()
    return (parts[-2], parts[-1]) if len(parts) > 1 else ("", "")


def _object(cell: str) -> list[tuple[str, str]]:
    try:
        value = json.loads(cell)
    except (ValueError, RecursionError):
        return []
    if not isinstance(value, Mapping):
        return []
    return [(str(name), str(one)) for name, one in value.items() if isinstance(one, str | int | float)]
