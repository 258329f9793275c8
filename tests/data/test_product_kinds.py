"""What titles name: the stance that follows for hundreds of them, and how tall the things are."""

from __future__ import annotations

import csv

import pytest
from product_titles import titles

from caig_cli.data.product_height import estimate_height_cm
from caig_cli.data.product_kinds import LANGUAGES, TABLE, kind_of, kinds
from caig_cli.painters.stances import HABITS


def stance(title: str, aspect: float) -> str | None:
    kind = kind_of(title)
    if kind is None:
        return None
    habit = HABITS[kind.category]
    return habit.stance if habit.aspect[0] <= aspect <= habit.aspect[1] else habit.otherwise


def test_titles_are_many_and_each_is_placed_as_one_would() -> None:
    assert len(titles()) >= 300
    wrong = [(title, want, stance(title, aspect)) for title, want, aspect in titles()]
    assert [one for one in wrong if one[1] != one[2]] == []


def test_the_table_is_whole() -> None:
    """Every kind has a category with a habit, a size, a source and nouns in each language; no noun twice."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert {row["category"] for row in rows} == set(HABITS)
    assert all(row[language] for row in rows for language in LANGUAGES)
    assert all(row["source"] and 1 < float(row["cm"]) < 500 for row in rows)
    english = [noun for row in rows for noun in row["en"].split("|")]
    assert len(english) == len(set(english)) >= 300
    assert len(kinds()) == len(rows)


@pytest.mark.parametrize(
    ("title", "category"),
    [
        ("Chair cushion", "cushion"),  # the last noun of a compound
        ("Wine red dress", "top"),  # a colour that is also a drink
        ("Phone case for iPhone 15", "phone"),
        ("Smart watch fitness tracker heart rate monitor", "watch"),  # what follows a detail is one
        ("Mug with cat print", "tableware"),
        ("Lampe de bureau en chêne", "lamp"),  # French: the first noun
        ("Perserteppiche", "flat_textile"),  # German: a compound, in the plural
        ("Stühle", "chair"),
        ("Coffee table book", "book"),
        ("Palm Treo Pro", None),
        ("", None),
        ("SKU 4711", None),
        ("Atomic Habits by James Clear, Hardcover", "book"),  # James is no plural of jam
        ("The Ordinary Oil Control Serum", "cosmetic"),  # and "the" is no French tea
    ],
)
def test_the_noun_that_counts(title: str, category: str | None) -> None:
    kind = kind_of(title)
    assert (kind.category if kind else None) == category


def test_attributes_help_where_the_title_does_not() -> None:
    kind = kind_of("Aurora II", {"colour": "wine", "Product type": "Pendant lamps", "material": "glass"})
    assert kind is not None and kind.category == "pendant"


@pytest.mark.parametrize(
    ("title", "aspect", "low", "high"),
    [
        ("Persian rug 200x300 cm", 0.67, 290, 310),
        ("Tapis berbère 160x230", 1.44, 150, 170),
        ("Savvy Shoulder Tote", 0.56, 33, 42),
        ("Foam Roller", 3.0, 25, 35),
        ("Desktop PC set", 1.6, 25, 48),
        ("Road Bike", 1.6, 95, 110),
        ("Exercise ball 65 cm", 1.0, 63, 67),
        ("Poster A2 Berge", 0.7, 58, 61),
        ("Notebook A5", 0.7, 20, 22),
        ("Poster 50x70", 0.7, 68, 72),
        ("Water bottle 500 ml", 0.33, 18, 25),
        ("Olive oil 0,75 l", 0.28, 24, 34),
        ("Sneakers EU 38", 1.5, 15, 19),
        ('Samsung 55" TV', 1.7, 60, 80),
        ("Laptop 15,6 Zoll", 1.5, 20, 26),
        ("Vase H 35 cm, Ø 12 cm", 0.4, 34, 36),
        ("Ladder 6 ft", 0.4, 175, 190),
        ("USB-C cable 2 m", 1.0, 8, 20),
        ("Couchtisch 110 x 60 x 45 cm", 2.2, 40, 60),
        ("Dresser 120cm x 80cm x 40cm", 1.5, 70, 90),
        ("Soy milk powder 450 g, can be mixed with cold water", 0.8, 18, 28),
        ("Bague en or", 0.9, 1.5, 3),
        ("Automatic watch 42mm steel", 0.8, 7, 10),
        ("Kommode 82,5 cm hoch", 1.0, 82, 83),
    ],
)
def test_sizes_in_titles(title: str, aspect: float, low: float, high: float) -> None:
    assert low <= estimate_height_cm(title, {}, aspect) <= high
