"""Plain sets and risk: plain sets are read whole and have no risk, odd ones have it, and take their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from caig_cli.data.product_kinds import kinds
from caig_cli.painters.belonging import clashing, oddness
from caig_cli.painters.credible import RISK, risk
from caig_cli.painters.plain_sets import BY_CATEGORY, is_plain, plain_sets
from caig_cli.painters.pose import Stance
from caig_cli.painters.studio.reading import read
from caig_cli.painters.studio.scene import KNOWN
from caig_cli.records import Product


def test_tables_name_what_the_studio_and_the_kinds_have() -> None:
    assert set(RISK) <= {name for names in KNOWN.values() for name in names}
    listed = [category for who in BY_CATEGORY for category in who.split()]
    assert len(listed) == len(set(listed)) and set(listed) <= {kind.category for kind in kinds()}


@pytest.mark.parametrize(
    ("title", "stance"),
    [
        ("Apple Juice", "stand"), ("Blue Hoodie", "hang"), ("Blue Hoodie", "worn"), ("Road Bike", "stand"),
        ("Armchair", "stand"), ("Foam Roller", "lie"), ("Silver Necklace", "lie"), ("Umbrella", "lean"),
        ("Shoulder bag", "hang"), ("Air fryer", "stand"), ("Qzx", "stand"), ("Qzx", "lie"), ("Qzx", "float"),
    ],
)  # fmt: skip
def test_plain_sets_are_understood_and_suit(title: str, stance: Stance) -> None:
    product = Product("p", Path("p.png"), title)
    prompts = plain_sets(product, stance)
    assert len(prompts) >= 6 and len(set(prompts)) == len(prompts)
    unwanted = clashing(product, stance)
    for prompt in prompts:
        assert is_plain(prompt) and not read(prompt).ignored
        assert oddness(prompt, unwanted, stance) <= 0.4, prompt


def test_products_start_at_plain_sets_of_their_own() -> None:
    firsts = {plain_sets(Product(str(k), Path("p.png"), "Apple Juice"), "stand")[0] for k in range(12)}
    assert len(firsts) > 2


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("on an oak table before a plaster wall", "on soft beach sand before a brick wall"),
        ("on sand before the sea", "on a parquet floor before the sea"),
        ("on oak, soft window light", "on oak, colourful neon lighting"),
        ("on oak with books", "on oak with books, ribbons, shells and balloons"),
        ("on oak, candlelight, a dark moody mood", "on oak, candlelight, a bright airy mood"),
    ],
)
def test_odd_sets_have_more_points(better: str, worse: str) -> None:
    assert risk(read(better).scene, "stand") < risk(read(worse).scene, "stand")


def test_what_is_not_seen_is_no_risk() -> None:
    assert risk(read("on a parquet floor before the sea").scene, "lie") < 1
