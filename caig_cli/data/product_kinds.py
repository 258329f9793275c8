"""What kind of thing a title names: a row of ``product_kinds.csv`` per kind, nouns in four languages.

Columns are separated by ``;``, synonyms by ``|``. ``category`` groups kinds that are placed alike, ``cm`` is
the longest side of one as shops photograph it, ``source`` the standard or the well-known product with
published dimensions that the figure is of, or it says that it is an estimate. To add a kind, add a row.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

TABLE = Path(__file__).with_suffix(".csv")
LANGUAGES = ("en", "de", "fr", "es")
_HEAD_FIRST = frozenset({"fr", "es"})
"""In these languages the noun that says what a thing is comes before what describes it."""

_WEAK = frozenset(
    "cream|orange|wine|peach|lemon|apple|chocolate|coffee|honey|milk|water|tea|salt|rice|oil|olive oil|fruit"
    "|glass|glas|paper|fabric|stoff|canvas|matte|fleece|cable|print|display|screen|top|mat|pin|charm|decoration"
    "|box|case|card|gift|game|map|scale|robe|four|pain|chain|sign|gel|bow|bass|tube|range|pot|bar|drops|powder"
    "|organ|light|sweets|drink|present|set|olivenol|ol|leine|rock|mono|ink".split("|")
)
"""Nouns that are as often a colour, a material or a detail: they count where no other noun is there."""

_COLOURS = frozenset(
    "red blue green yellow black white grey gray brown pink purple beige navy teal turquoise violet silver"
    " dark pale bright rot blau grun gelb schwarz weiss grau braun rosa rouge bleu vert jaune noir blanc"
    " gris rojo azul verde amarillo negro blanco large small mini big modern vintage classic".split()
)
"""Words that may stand between two nouns of one name: "wine red dress"."""

_SAYS_KIND = re.compile(r"categ|kateg|type|typ\b|kind|produktart")
"""Names of attributes that say what a product is."""

_MIN_COMPOUND = 4
"""Letters of a noun that may end a German compound."""


_PLURALS: dict[str, tuple[tuple[str, str], ...]] = {
    "en": (("ies", "y"), ("ves", "f"), ("s", "")),
    "de": (("en", ""), ("n", ""), ("er", ""), ("e", ""), ("s", "")),
    "fr": (("s", ""), ("x", "")),
    "es": (("es", ""), ("s", "")),
}
"""Endings of plurals by language, and those of their singulars."""
_ES = ("ches", "shes", "sses", "xes", "zes", "oes")
"""Endings of English plurals whose singular is without es."""
_NO_NOUNS = frozenset("the a an of on in for with and or by to from is it".split())
"""English words that look like nouns of other languages."""


@dataclass(frozen=True, slots=True)
class ProductKind:
    """A kind of product: how kinds like it are placed, its longest side in cm, where that figure is from."""

    category: str
    cm: float
    source: str


def kind_of(title: str | None, attributes: Mapping[str, str] | None = None) -> ProductKind | None:
    """The kind that a product's title names, or else its attributes; None where they name none.

    Of several nouns the one counts that a reader would: before "with", "for", a comma or a bracket, the last
    of a compound ("chair cushion") in English and German, the first in French and Spanish.
    """
    given = attributes or {}
    about = [value for name, value in given.items() if _SAYS_KIND.search(name.lower())]
    for text in (title, *about, *given.values()):
        if text and (found := _named(text[:400])) is not None:
            return found
    return None


@dataclass(frozen=True, slots=True)
class _Noun:
    kind: ProductKind
    language: str
    weak: bool
    start: int
    end: int


@lru_cache(maxsize=1024)
def _named(text: str) -> ProductKind | None:
    words = folded(text)
    nouns = list(_nouns(words))
    for strong in (True, False):
        some = [noun for noun in nouns if noun.weak is not strong]
        if some:
            return _head(_cluster(some, words)).kind
    return None


def _head(nouns: list[_Noun]) -> _Noun:
    first = nouns[0]
    return first if first.language in _HEAD_FIRST else nouns[-1]


def _cluster(nouns: list[_Noun], words: list[str]) -> list[_Noun]:
    """The first nouns that stand together, with nothing between them but colours."""
    some = nouns[:1]
    for noun in nouns[1:]:
        if not all(word in _COLOURS for word in words[some[-1].end : noun.start]):
            break  # something else, or a word such as "with", behind which a title goes on about a detail
        some.append(noun)
    return some


def folded(text: str) -> list[str]:
    """Lower-case words without accents, and the marks between them."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    plain = "".join(mark for mark in plain if not unicodedata.combining(mark)).lower()
    plain = re.sub(r"['’`´]s\b", "", plain)
    plain = re.sub(r"\b([dl])['’`´]", r"\1 ", plain)
    return re.findall(r"[a-z0-9]+(?:[-'][a-z0-9]+)*|[^\sa-z0-9]", plain)


def _nouns(words: list[str]) -> Iterable[_Noun]:
    """The nouns of a text, longest names first where they overlap, in the order of the text."""
    known, longest = _known()
    at = 0
    while at < len(words):
        for length in range(min(longest, len(words) - at), 0, -1):
            found = _find(known, words[at : at + length])
            if found is not None:
                kind, language, name = found
                yield _Noun(kind, language, name in _WEAK, at, at + length)
                at += length
                break
        else:
            at += 1


Known = Mapping[str, tuple[ProductKind, str, str]]


def _find(known: Known, words: list[str]) -> tuple[ProductKind, str, str] | None:
    last = words[-1]
    if len(words) == 1 and last in _NO_NOUNS:
        return None
    found = _one_or_many(known, words[:-1], last)
    if found is not None or len(words) > 1:
        return found
    parts = last.split("-")
    if len(parts) > 1:
        return _find(known, parts[-1:]) if parts[-1] else None
    return _compound(known, last) if last.isalpha() else None


def _one_or_many(known: Known, before: list[str], last: str) -> tuple[ProductKind, str, str] | None:
    """The name as it is written, or as the plural of a noun of one of the languages."""
    found = known.get(" ".join([*before, last]))
    if found is not None:
        return found
    for language, endings in _PLURALS.items():
        more = (("es", ""), *endings) if language == "en" and last.endswith(_ES) else endings
        for plural, one in more:
            if last.endswith(plural) and len(last) > len(plural) + 2:
                found = known.get(" ".join([*before, last.removesuffix(plural) + one]))
                if found is not None and found[1] == language:
                    return found
    return None


def _compound(known: Known, word: str) -> tuple[ProductKind, str, str] | None:
    """The German noun that a long word ends with: "perserteppiche"."""
    for start in range(2, len(word) - _MIN_COMPOUND + 1):
        found = _one_or_many(known, [], word[start:])
        if found is not None and found[1] == "de" and len(found[2]) >= _MIN_COMPOUND:
            return found
    return None


@cache
def kinds() -> tuple[ProductKind, ...]:
    """All kinds of the table."""
    return tuple(kind for kind, _ in _rows())


@cache
def _known() -> tuple[Known, int]:
    """Kind, language and name by folded noun, the first of equals, and how many words the longest has."""
    known: dict[str, tuple[ProductKind, str, str]] = {}
    rows = _rows()
    for language in LANGUAGES:
        for kind, names in rows:
            for name in names[language].split("|"):
                key = " ".join(folded(name))
                known.setdefault(key, (kind, language, key))
    return known, max(len(key.split()) for key in known)


@cache
def _rows() -> list[tuple[ProductKind, dict[str, str]]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    return [(ProductKind(row["category"], float(row["cm"]), row["source"]), row) for row in rows]
