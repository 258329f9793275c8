"""How tall a product is in the real world, from its words and its shape.

A set looks wrong when a lipstick stands as tall as a chair; being right within a third is enough. A height
that the shop states wins; then a length that is plausible for the kind of thing; then volume or weight for
packages; then paper and shoe sizes; then what such things usually measure (``product_kinds.csv``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from caig_cli.data.product_kinds import ProductKind, kind_of

DEFAULT_CM = 20.0
"""Longest side where nothing is known."""

LOWEST_CM, HIGHEST_CM = 1.5, 500.0
_NEAR = 2.2
"""A length in a title may describe a part (a cable's 2 m): it counts within this factor of the usual size."""

# Height in cm per cube root of the content in ml or g, usual width over height. Such that a 700 ml whisky
# bottle is 28 cm, a 30 ml tube of hand cream 13, a 330 ml can 11.5, a 50 ml jar of cream 6.
_PACKAGES: dict[str, tuple[float, float]] = {
    "drink": (3.15, 0.3), "bottle": (2.7, 0.35), "food": (3.1, 0.68), "cosmetic": (2.9, 0.45),
    "can": (1.67, 0.53), "jar": (1.6, 0.9), "tube": (4.1, 0.36), "wash": (2.45, 0.5),
}  # fmt: skip
_SHAPES = {
    "can": "can(?! (?:be|also|not|use))|cans|tins?|cola|energy drink|dose|canette|lata",
    "jar": "jar|cream|balm|honey|jam|butter|scrub|wax|mask|creme|honig|marmelade|miel|confiture|crema",
    "tube": "tube|hand cream|toothpaste|sunscreen|handcreme|zahnpasta|dentifrice",
    "wash": "shampoo|conditioner|shower gel|body wash|lotion|detergent|soap|cleanser|duschgel|shampoing",
}
_SHAPE_WORDS = {
    name: re.compile(rf"\b(?:{words})\b") for name, words in (*list(_SHAPES.items())[::-1],)
}  # fmt: skip
_UNKNOWN_PACKAGE = (2.7, 0.5)
_WEIGHED = frozenset({"food", "cosmetic", "drink", "bottle"})

_LENGTHS = {
    "mm|millimeters?|millimetres?|millimeter": 0.1,
    "cm|centimeters?|centimetres?|zentimeter|centimetros?": 1.0,
    "m|meters?|metres?|metros?": 100.0,
    "in|inch|inches|zoll|pouces?|pulgadas?|''|\"|”": 2.54,
    "ft|feet|foot|'": 30.48,
}
_CONTENTS = {
    "ml|milliliters?|millilitres?|g|grams?|gr|gramm|grammes?|gramos?": 1.0,
    "l|liters?|litres?|litros?|kg|kilograms?|kilos?|kilogramm": 1000.0,
    "cl|centiliters?|centilitres?": 10.0,
    "fl\\.? ?oz|oz|ounces?": 29.6,
    "lbs?|pounds?": 454.0,
}
_HEIGHT_NAMES = re.compile(r"\b(height|tall|high|hohe|hoehe|hauteur|altura|alto)\b")
_LABELLED = (
    r"(?:h|height|tall|hohe|hauteur|altura|alto|ht)\.?\s*[:=]?\s*(\d+(?:[.,]\d+)?)\s*({units})(?![\w²³])"
)
_AFTER = r"(\d+(?:[.,]\d+)?)\s*({units})\s*(?:h\b|high\b|tall\b|height\b|hoch\b|de haut\b|de alto\b)"

_PAPER = {"a0": 118.9, "a1": 84.1, "a2": 59.4, "a3": 42.0, "a4": 29.7, "a5": 21.0, "a6": 14.8, "a7": 10.5}
"""Longer sides in cm, ISO 216."""
_DIAGONAL = frozenset({"computer", "laptop", "tablet", "phone"})
"""Kinds whose inches are the screen's diagonal."""
_PAPERS = frozenset({"paper_flat", "frame", "wall_art", "book", "wallet", "bag"})
_WORN = frozenset({"watch", "jewel", "eyewear"})
"""Kinds whose millimetres are of a part: the case, the stone, the lens."""
_SHOES = frozenset({"shoes", "boots"})


def estimate_height_cm(caption: str | None, attributes: Mapping[str, str], aspect: float) -> float:
    """Height in cm of a product whose cut-out has ``aspect`` = width / height.

    Never fails: without any hint it is DEFAULT_CM for the longest side.
    """
    aspect = min(max(aspect, 0.05), 20.0)
    kind = kind_of(caption, attributes)
    stated = _stated_height(attributes)
    if stated is None:
        text = _plain(" ; ".join([caption or "", *attributes.values()]))
        stated = _from_text(text, kind, aspect)
    return min(max(stated, LOWEST_CM), HIGHEST_CM)


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text[:2000])
    return "".join(mark for mark in folded if not unicodedata.combining(mark)).lower()


def _stated_height(attributes: Mapping[str, str]) -> float | None:
    """The attribute that says the height, in cm; bare numbers are taken as cm."""
    for name, value in attributes.items():
        if _HEIGHT_NAMES.search(_plain(name.replace("_", " "))):
            bare = re.fullmatch(r"\s*(\d+(?:[.,]\d+)?)\s*", value)
            found = [_number(bare[1])] if bare else _quantities(_plain(value), _LENGTHS)
            if found and found[0] > 0:
                return found[0]
    return None


def _from_text(text: str, kind: ProductKind | None, aspect: float) -> float:
    share = 1.0 / max(1.0, aspect)  # height of a thing whose longest side is 1
    usual = None if kind is None else kind.cm
    for length, is_height in _lengths(text, kind):
        low, high = (2.0, 400.0) if usual is None else (usual / _NEAR, usual * _NEAR)
        side = length / share if is_height else length
        if low <= side <= high:
            return length if is_height else length * share
    contents = _quantities(text, _CONTENTS)
    # Weight says the size of a package, not of a thing that happens to be weighed, such as a chair.
    if contents and (kind is None or kind.category in _WEIGHED):
        return _package_height(max(contents), _package(text, kind), aspect)
    return (_sized(text, kind) or usual or DEFAULT_CM) * share


def _lengths(text: str, kind: ProductKind | None) -> list[tuple[float, bool]]:
    """Lengths in cm that a text states, most telling first, and whether each is the height."""
    found: list[tuple[float, bool]] = []
    for names, factor in _LENGTHS.items():
        for pattern in (_LABELLED, _AFTER):
            for match in re.finditer(rf"(?<![\w.])(?:{pattern.format(units=names)})", text):
                found.append((factor * _number(match[1]), True))
    units = dict(list(_LENGTHS.items())[1:]) if kind is not None and kind.category in _WORN else _LENGTHS
    plain = _quantities(text, units)
    if kind is not None and kind.category in _DIAGONAL:
        inches = _quantities(text, {"in|inch|inches|zoll|pouces?|pulgadas?|''|\"|”": 2.54})
        wide = 0.87 if kind.category == "computer" else 0.86  # 16:9 and 16:10, without the frame
        found += [(wide * inch, False) for inch in inches]
    else:
        found += [(length, False) for length in sorted(plain, reverse=True)]
    bare = re.search(r"(?<![\w.])(\d{2,3})\s*[x×]\s*(\d{2,3})(?:\s*[x×]\s*\d{2,3})?(?![\w.])", text)
    if bare and not plain:  # "poster 50x70": cm, as European shops write
        found.append((max(float(side) for side in bare.groups()), False))
    return found


def _sized(text: str, kind: ProductKind | None) -> float | None:
    """Longest side in cm of what is sold by a size of paper or of shoes."""
    paper = re.search(r"\b(?:din[ -]?)?(a[0-7])\b", text)
    if paper and (kind is None or kind.category in _PAPERS):
        return _PAPER[paper[1]]
    size = re.search(r"\b(?:size|eu|eur|gr\.?|grosse|taille|pointure|talla)\s*:?\s*(\d{2})\b", text)
    if kind is not None and kind.category in _SHOES and size and 16 <= int(size[1]) <= 50:
        foot = int(size[1]) / 1.5 - 1.5  # ISO/TS 19407: two thirds of a cm a size, over a foot 1.5 cm shorter
        return kind.cm * foot / 26.5
    return None


def _package(text: str, kind: ProductKind | None) -> tuple[float, float]:
    for shape, words in _SHAPE_WORDS.items():
        if words.search(text):
            return _PACKAGES[shape]
    return _UNKNOWN_PACKAGE if kind is None else _PACKAGES[kind.category]


def _package_height(content: float, package: tuple[float, float], aspect: float) -> float:
    """Height in cm of a package of ``content`` ml; the same volume in a slimmer shape is taller."""
    per_root, usual_aspect = package
    # Wider than usual mostly means two things side by side (bottle and box): no reason to be much lower.
    slimness = min(max((usual_aspect / aspect) ** (2 / 3), 0.9), 1.25)
    return float(per_root * content ** (1 / 3) * slimness)


def _number(text: str) -> float:
    return float(text.strip().replace(",", "."))


def _quantities(text: str, units: Mapping[str, float]) -> list[float]:
    """All quantities of ``text`` in the units' common base, largest of '20 x 30 x 40 cm' included."""
    found = []
    one = r"\d{1,6}(?:[.,]\d{1,3})?"
    for names, factor in units.items():
        # "20 x 30 cm", "20cm x 30cm", "200-300 cm" is a range: its larger end
        number = rf"((?:{one}\s*(?:{names})?\s*[x×*]\s*){{0,2}}{one})\s*-?\s*(?:{names})(?![\w²³])"
        for match in re.finditer(rf"(?<![\w.,]){number}", text):
            parts = re.findall(one, match[1])
            found.append(factor * max(_number(part) for part in parts))
    return found
