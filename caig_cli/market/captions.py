"""Titles as shops write them: a brand, what it is, selling points, an amount, and too many keywords."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from caig_cli.market.categories import BRANDS, Category

MISSING = 0.08  # share of products that have no title at all
MISLEADING = 0.12  # share of titles that name something else too
WORDS = range(5, 36)

_GIFTS = (
    "Christmas gift", "birthday gift", "gift for women", "gift for men", "gift for her", "gift for girls",
    "gift set", "Mother's Day gift", "gift box", "wedding gift", "Valentine's Day present", "holiday gift",
    "gift for mum", "birthday gift for girls", "gift for boyfriend", "graduation gift", "Mid-Autumn gift",
    "gift for friends",
)  # fmt: skip
_SHOUTS = (
    "new", "NEW", "2025 new", "hot sale", "original", "official store", "imported", "bestseller",
    "limited edition", "100% genuine", "free shipping", "special offer", "upgraded version", "premium",
    "classic", "best price", "sale", "flagship store", "authentic", "value pack", "high quality",
)  # fmt: skip
_REMARKS = (
    "random new or old packaging", "pack of 2", "packaging may vary", "2 pcs", "set of 3", "with gift box",
    "new formula", "travel size", "pack of 6", "refill included", "1 piece", "limited stock", "family size",
    "3 pack", "assorted", "recommended", "fast delivery", "buy 2 get 1", "without accessories",
    "new look, same quality",
)  # fmt: skip
_PEOPLE = (
    "women", "men", "girls", "boys", "kids", "adults", "students", "the whole family", "beginners", "home",
    "office", "travel", "dormitory", "couples", "the elderly", "mothers", "outdoor use", "daily use",
)  # fmt: skip
_COMPANIONS = (
    "goes with coffee and tea", "fits every handbag", "for use after shampoo", "great beside a lamp",
    "for your desk", "with free mug", "with plush keyring", "tastes great with wine",
    "for the car and the kitchen", "with phone stand", "free tote bag", "with cleaning cloth",
    "perfect for picnic and beach", "like a warm blanket", "with storage box", "matches any sofa",
    "works with phone and laptop", "free sample of hand cream", "with bamboo spoon", "with candle",
)  # fmt: skip
_DECORATIONS = (
    "cherry blossom", "ocean", "honey", "rose garden", "vanilla", "lavender field", "sea salt", "forest",
    "moonlight", "golden", "crystal", "diamond", "silk", "coconut", "winter", "summer", "starry night",
    "velvet", "strawberry", "teddy", "piano black", "champagne", "coffee brown", "milk white", "lemon",
    "marble", "chocolate brown", "ice",
)  # fmt: skip
_COLOUR_NAMES = {
    "sky_blue": ("sky blue", "light blue"),
    "navy": ("navy blue", "dark blue"),
    "grey": ("grey", "gray"),
}


def spoken(colour: str) -> str:
    """The colour word as people write it."""
    return colour.replace("_", " ")


def amount(rng: random.Random, kind: str) -> str:
    """A size as titles state it, in one of several styles; empty where the kind has none."""
    make = _AMOUNTS.get(kind)
    return make(rng) if make else ""


def _styled(*styles: str, values: Sequence[float]) -> Callable[[random.Random], str]:
    return lambda rng: rng.choice(styles).format(rng.choice(values))


_AMOUNTS: dict[str, Callable[[random.Random], str]] = {
    "ml": _styled(
        "{0}ml", "{0} ml", "{0}ML", "{0} milliliters", "{0} mL", "{0}ml x 2", "({0} ml)",
        values=(15, 30, 50, 75, 100, 150, 200, 235, 250, 300, 330, 350, 400, 500, 550, 700, 720, 750, 800, 1000),
    ),
    "g": _styled(
        "{0}g", "{0} g", "{0} grams", "{0}G", "{0} g (30 g * 15 sachets)", "{0}g x 3", "({0} grams)",
        values=(50, 80, 90, 100, 120, 150, 200, 250, 300, 400, 450, 500, 750, 900, 1000),
    ),
    "kg": _styled("{0}kg", "{0} kg", "{0} kilograms", "{0} kg bag", "{0}KG", values=(0.5, 1, 1.5, 2, 2.5, 5, 10)),
    "l": _styled("{0}L", "{0} l", "{0} litres", "{0} liters", "{0}-litre", values=(1, 1.5, 2, 2.7, 3, 5, 18, 20, 25, 35)),
    "cm": _styled("{0}cm", "{0} cm", "{0} centimeters", "{0} centimetres", "{0} cm high", values=(16, 20, 24, 28, 30, 40, 45, 50, 60, 80, 120)),
    "bags": _styled("{0} bags", "{0} tea bags", "{0}g", "{0} grams", "{0} x 2 g", values=(15, 20, 25, 50, 80, 100, 125)),
    "count": _styled("{0} capsules", "{0} tablets", "{0} pcs", "{0}-day supply", "{0} softgels", values=(20, 30, 60, 90, 120, 180)),
    "pages": _styled("{0} pages", "{0} p.", "{0} sheets", "({0} pages)", values=(96, 120, 160, 192, 240, 320, 480)),
    "pieces": _styled("{0} pieces", "{0} pcs", "{0}-piece set", "{0} parts", values=(20, 36, 50, 100, 120, 250, 500, 1000)),
    "mAh": _styled("{0}mAh", "{0} mAh", values=(5000, 10000, 20000, 27000)),
    "W": _styled("{0}W", "{0} W", "{0} watts", values=(5, 10, 20, 30, 60, 100)),
}  # fmt: skip


def write_caption(
    rng: random.Random, category: Category, noun: str, brand: str, variant: str, size: str, colour: str
) -> str:
    """One title of 5 to 35 words about a product; it names ``noun`` within its first few words."""
    named = _named(rng, noun, brand, variant, colour)
    extras = [
        *rng.sample(category.claims, rng.randint(0, 5)),
        *([size] if size and rng.random() < 0.8 else []),
    ]
    if rng.random() < 0.3:
        extras.append(rng.choice(_GIFTS))
    if rng.random() < 0.25:
        extras.append(rng.choice(_SHOUTS))
    if rng.random() < 0.25:
        extras.append(f"for {rng.choice(_PEOPLE)}")
    if rng.random() < 0.35:  # keyword stuffing
        extras += [
            f"{rng.choice(category.variants)} {n}" if rng.random() < 0.4 else n
            for n in rng.sample(category.nouns, rng.randint(1, 3))
        ]
    if rng.random() < MISLEADING:
        extras.append(rng.choice(_COMPANIONS))
    rng.shuffle(extras)
    title = _joined(rng, named, extras)
    while len(title.split()) < WORDS.start:
        title += f" {rng.choice(category.claims)}"
    if rng.random() < 0.12:
        title += f" ({rng.choice(_REMARKS)})"
    return _cased(rng, " ".join(title.split()[: WORDS.stop - 1]))


def _named(rng: random.Random, noun: str, brand: str, variant: str, colour: str) -> str:
    """Brand, decoration and noun, each at times left out or moved."""
    words: list[str] = []
    if rng.random() < 0.75:
        words.append(brand if rng.random() < 0.8 else brand.upper())
    if rng.random() < 0.08:
        words.append(rng.choice(_SHOUTS))
    if rng.random() < 0.45:
        words.append(variant)
    if rng.random() < MISLEADING:
        words.append(rng.choice(_DECORATIONS))
    if rng.random() < 0.25:
        words.append(rng.choice(_COLOUR_NAMES.get(colour, (spoken(colour),))))
    words.append(noun)
    if rng.random() < 0.12:
        words.append(f"in {spoken(colour)}")
    return " ".join(words)


def _joined(rng: random.Random, named: str, extras: list[str]) -> str:
    mark = rng.choice((", ", ", ", ", ", " ", " ", " - ", " | ", "; ", " + ", " / "))
    if extras and rng.random() < 0.1:
        return mark.join([extras[0], named, *extras[1:]])
    return mark.join([named, *extras])


def _cased(rng: random.Random, title: str) -> str:
    draw = rng.random()
    if draw < 0.3:
        return " ".join(w[:1].upper() + w[1:] for w in title.split(" "))
    if draw < 0.36:
        return title.upper()
    if draw < 0.42:
        return title.lower()
    return title[:1].upper() + title[1:]


def random_brand(rng: random.Random) -> str:
    """A brand from the list, or at times a made-up word, since real shops have brands nobody knows."""
    if rng.random() < 0.6:
        return rng.choice(BRANDS)
    word = "".join(rng.choice(_ONSETS) + rng.choice(_VOWELS) for _ in range(rng.randint(2, 3))) + rng.choice(
        ("", "n", "s", "x", "r")
    )
    return rng.choice((word.capitalize(), word.upper(), word.capitalize()))


_ONSETS = (
    "b",
    "br",
    "c",
    "d",
    "f",
    "g",
    "k",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "sh",
    "st",
    "t",
    "v",
    "y",
    "z",
    "ch",
)
_VOWELS = ("a", "e", "i", "o", "u", "ia", "ou", "ei")
