"""How tall a product is in the real world, guessed from its words and its shape.

A set looks wrong when a lipstick stands as tall as a chair; being right within a third is enough. What the
shop says about length wins if it is plausible for the kind of thing; then volume or weight for packages;
then what such things usually measure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

Value = TypeVar("Value")

DEFAULT_CM = 20.0
"""Height where nothing is known."""

LOWEST_CM, HIGHEST_CM = 1.5, 260.0

# Longest side in cm of things as shops photograph them. Where several words match, the longest one wins
# ("piano stool" before "piano"), then the one that comes first in the title.
_LONGEST_SIDE: dict[float, str] = {
    2.5: ("ring, earring, earrings, stud earrings, cufflinks"),
    5.0: ("necklace, pendant, brooch, memory card, earbuds, earphones, lip balm, eraser, keychain"),
    8.0: (
        "lipstick, bracelet, watch, smartwatch, wristwatch, mascara, power bank, candle, soap, mouse, lens"
    ),
    10.0: (
        "mug, cup, teacup, glass tumbler, wallet, sunglasses, glasses, scented candle, compact, webcam, bowl"
    ),
    13.0: (
        "jewelry box, purse, smartphone, phone, phone case, game controller, action figure, figurine, pen"
    ),
    16.0: ("can, camera, shaver, toothbrush, razor, bluetooth speaker, alarm clock, card holder, plant pot"),
    19.0: (
        "headphones, headset, scissors, hairbrush, speaker, teapot, gloves, toy car, hat, cap, "
        "beanie, flower pot"
    ),
    22.0: (
        "book, notebook, kettle, vase, thermos, water bottle, tumbler, plate, hair dryer, desk clock, toaster"
    ),
    26.0: (
        "bottle, knife, jug, pitcher, cosmetic bag, lunch box, doll, tablet, pan, blender, router, "
        "coffee maker"
    ),
    30.0: (
        "shoe, shoes, sneaker, sneakers, boot, boots, sandals, slippers, heels, loafers, handbag, "
        "shoulder bag, tote bag, crossbody bag, helmet, plush, plush toy, plush doll, plushie, "
        "stuffed animal, teddy bear, ball, football, basketball, iron, keyboard, rice cooker, cooker, "
        "air fryer, basket, wall clock, laptop, pillow case"
    ),
    38.0: (
        "desk lamp, table lamp, lamp, ukulele, toy, microwave, oven, pot, wok, humidifier, coffee "
        "machine, drone"
    ),
    45.0: (
        "backpack, school bag, cushion, pillow, briefcase, printer, monitor, fan, storage box, stool, "
        "violin, piano stool, footstool, air purifier, picture frame, rucksack, lantern, schoolbag"
    ),
    65.0: (
        "suitcase, luggage, t-shirt, shirt, blouse, sweater, hoodie, jacket, tricycle, umbrella, "
        "bedside table, nightstand, coffee table, dog bed, mirror, heater, skateboard, vest, skirt, "
        "shorts, tennis racket"
    ),
    85.0: (
        "chair, armchair, office chair, dining chair, high chair, television, tv, washing machine, "
        "dishwasher, scooter, stroller, guitar, dress, coat, trousers, jeans, pants, shoe rack, side "
        "table, baby cot, vacuum cleaner"
    ),
    110.0: (
        "cabinet, drawer cabinet, chest of drawers, dresser, sideboard, desk, storage cabinet, "
        "drawers, trolley, recliner, baby crib, console table, bar stool, clothes rack"
    ),
    140.0: (
        "piano, electric piano, digital piano, table, dining table, bookshelf, bookcase, shelf, tv "
        "stand, bench, floor lamp, electronic piano, treadmill, motorcycle, electric scooter, "
        "exercise bike, tripod"
    ),
    175.0: (
        "wardrobe, refrigerator, fridge, freezer, bicycle, bike, mountain bike, sofa, couch, tent, "
        "surfboard, loveseat, grand piano, christmas tree, room divider"
    ),
    205.0: ("bed, bed frame, mattress, bunk bed, sectional sofa, canopy"),
}

# (height in cm per cube root of the content in ml or g, usual width over height). Such that a
# 700 ml whisky bottle is 28 cm, a 30 ml tube of hand cream 13, a 330 ml can 11.5, a 50 ml jar of cream 6.
_PACKAGES: dict[tuple[float, float], str] = {
    (3.15, 0.3): (
        "bottle, whisky, whiskey, wine, oil, sauce, vinegar, vodka, gin, beer, syrup, rum, brandy, "
        "water, champagne, milk, juice, soda, sesame oil, olive oil, soy sauce, liqueur"
    ),
    (2.45, 0.5): (
        "shampoo, conditioner, shower gel, body wash, lotion, body lotion, detergent, cleanser, hand "
        "soap, sanitizer, mouthwash, softener"
    ),
    (4.1, 0.36): ("hand cream, tube, toothpaste, sunscreen, face wash, facial cleanser, gel, ointment"),
    (3.1, 0.45): ("serum, essence, toner, perfume, essential oil, nail polish, fragrance, cologne, drops"),
    (1.6, 0.9): (
        "cream, jar, balm, honey, jam, butter, face cream, scrub, wax, ice cream, hair mask, peanut butter"
    ),
    (1.67, 0.53): ("can, tin, cola, energy drink"),
    (3.1, 0.68): (
        "powder, pouch, bag, coffee, tea, snack, nuts, rice, flour, cereal, chips, sachet, candy, "
        "chocolate, biscuits, cookies, noodles, pet food, dog food, cat food, seeds, granola, dried "
        "fruit, milk powder, soy powder, coffee beans, green tea, protein powder"
    ),
}
_UNKNOWN_PACKAGE = (2.7, 0.5)

_LENGTHS = {
    "mm|millimeters?|millimetres?": 0.1,
    "cm|centimeters?|centimetres?": 1.0,
    "m|meters?|metres?": 100.0,
    "in|inch|inches|''|\"": 2.54,
    "ft|feet|foot": 30.48,
}
_CONTENTS = {
    "ml|milliliters?|millilitres?|g|grams?|gr": 1.0,
    "l|liters?|litres?|kg|kilograms?|kilos?": 1000.0,
    "cl|centiliters?|centilitres?": 10.0,
    "fl\\.? ?oz|oz|ounces?": 29.6,
    "lbs?|pounds?": 454.0,
}
_HEIGHT_NAMES = re.compile(r"\b(height|tall|high)\b", re.IGNORECASE)


def estimate_height_cm(caption: str | None, attributes: Mapping[str, str], aspect: float) -> float:
    """Height in cm of a product whose cut-out has ``aspect`` = width / height.

    Never fails: without any hint it is DEFAULT_CM for the longest side.
    """
    aspect = min(max(aspect, 0.05), 20.0)
    stated = _stated_height(attributes)
    if stated is None:
        text = " ; ".join([caption or "", *attributes.values()]).lower()
        stated = _from_text(text, aspect)
    return min(max(stated, LOWEST_CM), HIGHEST_CM)


def _stated_height(attributes: Mapping[str, str]) -> float | None:
    """The attribute that says the height, in cm; bare numbers are taken as cm."""
    for name, value in attributes.items():
        if _HEIGHT_NAMES.search(name.replace("_", " ")):
            bare = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*", value)
            found = [float(bare[1])] if bare else _quantities(value.lower(), _LENGTHS)
            if found and found[0] > 0:
                return found[0]
    return None


def _from_text(text: str, aspect: float) -> float:
    share = 1.0 / max(1.0, aspect)  # height of a thing whose longest side is 1
    usual = _best_match(text, _SIDE_OF)
    lengths = _quantities(text, _LENGTHS)
    # A cable's 2 m or a screen's 27 inches in a title may describe a part: believe what suits the kind.
    low, high = (2.0, 250.0) if usual is None else (usual / 2.2, usual * 2.2)
    plausible = [length for length in lengths if low <= length <= high]
    if plausible:
        return max(plausible) * share
    contents = _quantities(text, _CONTENTS)
    package = _best_match(text, _PACKAGE_OF)
    # Weight says the size of a package, not of a thing that happens to be weighed, such as a chair.
    if contents and (package is not None or usual is None):
        return _package_height(max(contents), package or _UNKNOWN_PACKAGE, aspect)
    return (usual or DEFAULT_CM) * share


def _package_height(content: float, package: tuple[float, float], aspect: float) -> float:
    """Height in cm of a package of ``content`` ml; the same volume in a slimmer shape is taller."""
    per_root, usual_aspect = package
    # Wider than usual mostly means two things side by side (bottle and box): no reason to be much lower.
    slimness = min(max((usual_aspect / aspect) ** (2 / 3), 0.9), 1.25)
    return float(per_root * content ** (1 / 3) * slimness)


def _quantities(text: str, units: Mapping[str, float]) -> list[float]:
    """All quantities of ``text`` in the units' common base, largest of '20 x 30 x 40 cm' included."""
    found = []
    for names, factor in units.items():
        number = (
            rf"((?:\d+(?:\.\d+)?\s*[x×*]\s*){{0,2}}\d{{1,6}}(?:[.,]\d{{1,3}})?)\s*-?\s*(?:{names})(?![\w²³])"
        )
        for match in re.finditer(rf"(?<![\w.]){number}", text):
            parts = re.split(r"[x×*]", match[1])
            found.append(factor * max(float(part.strip().replace(",", ".")) for part in parts))
    return found


def _best_match(text: str, table: Mapping[str, Value]) -> Value | None:
    """The value of the longest name found in ``text``; of equally long ones, the first in the text."""
    words = re.findall(r"[a-z0-9'-]+", text)
    for length in range(min(3, len(words)), 0, -1):
        for start in range(len(words) - length + 1):
            name = " ".join(words[start : start + length])
            if name in table:
                return table[name]
            singular = name[:-2] if name.endswith(("ches", "xes")) else name.removesuffix("s")
            if singular in table:
                return table[singular]
    return None


def _by_name(table: Mapping[Value, str]) -> dict[str, Value]:
    return {name.strip(): value for value, names in table.items() for name in names.split(",")}


_SIDE_OF = _by_name(_LONGEST_SIDE)
_PACKAGE_OF = _by_name(_PACKAGES)
