"""What does not belong with a product: the table's names are the studio's, and prompts with them go last."""

from __future__ import annotations

from pathlib import Path

import pytest

from caig_cli.data.product_kinds import kinds
from caig_cli.painters.belonging import BY_CATEGORY, BY_STANCE, ELEMENTS, UNKNOWN, clashes, clashing
from caig_cli.painters.consistency import most_usual
from caig_cli.painters.pose import Stance
from caig_cli.painters.studio.catalogue import MORE_BACKDROPS, MORE_PROPS, MORE_SURFACES
from caig_cli.painters.studio.language import scene_words
from caig_cli.painters.studio.vocabulary import BACKDROPS, LIGHTS, PROPS, SURFACES
from caig_cli.records import Product


def test_table_names_what_the_studio_has_and_every_kind_of_product() -> None:
    known = {*SURFACES, *BACKDROPS, *PROPS, *LIGHTS, *MORE_SURFACES, *MORE_BACKDROPS, *MORE_PROPS}
    named = [name for names in ELEMENTS.values() for name in names.split()]
    assert len(named) == len(set(named)) and set(named) <= known
    used = " ".join([*BY_CATEGORY.values(), *BY_STANCE.values(), UNKNOWN]).split()
    assert set(used) == set(ELEMENTS)
    listed = [category for who in BY_CATEGORY for category in who.split()]
    assert sorted(listed) == sorted({kind.category for kind in kinds()})


@pytest.mark.parametrize(
    ("title", "stance", "prompt", "count"),
    [
        ("Boxing Gloves", "lie", "on concrete with fresh berries, a brick wall behind", 1),
        ("Smart Watch", "stand", "on a reflective water surface among berries, a dark backdrop", 2),
        ("Apple Juice", "stand", "on an oak table with apples and ice cubes, white tiles behind", 0),
        ("Blue Hoodie", "hang", "on whitewashed planks before a clear blue sky", 1),
        ("Blue Hoodie", "hang", "on parquet before a plaster wall", 0),
        ("Road Bike", "stand", "on worn leather before a brick wall", 1),
        ("Qzx 300", "stand", "on water with lemons", 2),
        ("Qzx 300", "stand", "something nice", 0),
    ],
)
def test_clashes(title: str, stance: Stance, prompt: str, count: int) -> None:
    assert clashes(prompt, clashing(Product("p", Path("p.png"), title), stance)) == count


def test_what_clashes_is_tried_last() -> None:
    wet, dry, rare = "on water before a brick wall", "on oak before a brick wall", "on slate, a neon light"
    odd = {wet: 1, dry: 0, rare: 0}
    assert most_usual([wet, wet, dry, rare], 2, scene_words, odd.__getitem__) == [dry, rare]
    assert most_usual([wet, wet, dry, rare], 3, scene_words, odd.__getitem__) == [wet, dry, rare]
