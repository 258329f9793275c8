"""Heights in the real world from titles and shapes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caig_cli.data.product_height import HIGHEST_CM, LOWEST_CM, estimate_height_cm

TITLES: list[tuple[str | None, float, float, float]] = [
    # title, width / height, lowest and highest believable height in cm
    ("Original hand cream 30ml, cherry blossom", 0.35, 11, 15),
    ("Single malt whisky 700 milliliters", 0.3, 26, 31),
    ("88-key upright electric piano with piano stool", 1.05, 80, 150),
    ("Solid wood drawer cabinet, storage cabinet", 0.92, 80, 130),
    ("Rabbit plush toy, sleeping pillow, 50 centimeters", 0.65, 45, 55),
    ("Shower gel 1000 grams", 0.58, 18, 27),
    ("Sesame oil 235 ml", 0.31, 17, 23),
    ("Soy milk powder 450 grams (30 grams * 15 sachets)", 0.84, 17, 27),
    ("Stoneware mug 12 oz", 1.15, 7, 12),
    ("Cola can 330ml", 0.53, 11, 13),
    ("Lipstick 3.5 g matte red", 0.3, 6, 10),
    ("Gaming chair with 2 m cable", 0.6, 70, 130),
    ("Office chair, 12 kg", 0.6, 70, 130),
    ("Storage box 40 x 30 x 25 cm", 1.3, 25, 35),
    ("Running shoes size 42", 1.6, 12, 22),
    ("Pair of pearl earrings", 0.9, 1.5, 4),
    ("Wardrobe 2 meters", 0.5, 180, 210),
    ("Kettle 1.7 L", 0.9, 18, 28),
    ("Travel mugs", 0.8, 8, 14),
    (None, 1.0, 15, 25),
]


@pytest.mark.parametrize(("title", "aspect", "low", "high"), TITLES)
def test_believable_height(title: str | None, aspect: float, low: float, high: float) -> None:
    assert low <= estimate_height_cm(title, {}, aspect) <= high


def test_stated_height_wins() -> None:
    assert estimate_height_cm("Vase", {"Height": "45"}, 0.5) == 45
    assert estimate_height_cm("Floor lamp", {"product_height": "1.5 m"}, 0.2) == 150
    assert estimate_height_cm("Vase", {"size": "35 cm"}, 0.5) == 35


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=80), st.text(max_size=30), st.floats(allow_nan=False, allow_infinity=True))
def test_any_text_gives_a_height(title: str, value: str, aspect: float) -> None:
    height = estimate_height_cm(title, {"height": value, "note": title}, aspect)
    assert LOWEST_CM <= height <= HIGHEST_CM
