"""The catalogue: product number i of a seed, whatever the catalogue's length. Nothing is rendered here."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from caig_cli.engine.runtime import derive_seed
from caig_cli.market.captions import MISSING, amount, random_brand, spoken, write_caption
from caig_cli.market.categories import Category, load_categories
from caig_cli.market.look import ProductLook
from caig_cli.market.shapes import SHAPES
from caig_cli.painters.studio.vocabulary import COLOURS

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class CatalogueItem:
    """A product of the market; ``caption`` None: the shop wrote no title."""

    id: str
    index: int
    category: str
    group: str
    shape: str  # a key of SHAPES
    look: ProductLook
    height_cm: float
    split: Split
    seed: int  # of everything that is drawn about this product later
    caption: str | None
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def family(self) -> str:
        """The word for the object: "pump bottle"."""
        return SHAPES[self.shape].family


def item(seed: int, index: int) -> CatalogueItem:
    """Product ``index`` of the market of ``seed``.

    Categories come in shuffled rounds, so that any stretch of a catalogue has all of them about equally;
    of ten products in a row eight are for training, one is for validation and one for the test.
    """
    categories = load_categories()
    names = list(categories)
    turn, place = divmod(index, len(names))
    random.Random(derive_seed("round", seed, turn)).shuffle(names)
    category = categories[names[place]]
    own = derive_seed("product", seed, index)
    rng = random.Random(own)
    shape = rng.choice(category.shapes)
    noun, brand = rng.choice(category.nouns), random_brand(rng)
    look = _look(rng, category, shape, brand, noun)
    caption, attributes = describe(rng, category, look, noun)
    return CatalogueItem(
        id=f"p{seed}-{index:06d}",
        index=index,
        category=category.name,
        group=category.group,
        shape=shape,
        look=look,
        height_cm=round(rng.uniform(*category.height_cm), 1),
        split=_split(seed, index),
        seed=own,
        caption=None if rng.random() < MISSING else caption,
        attributes=attributes,
    )


def describe(
    rng: random.Random, category: Category, look: ProductLook, noun: str
) -> tuple[str, dict[str, str]]:
    """A title, and the attributes that a shop would list beside it (some, or none)."""
    variant, size = rng.choice(category.variants), amount(rng, category.amount)
    caption = write_caption(rng, category, noun, look.brand, variant, size, look.main)
    rows = {
        "brand": look.brand,
        "type": noun,
        "colour": spoken(look.main),
        "style": variant,
        "feature": rng.choice(category.claims),
    }
    if size:
        rows["size"] = size.split("(")[0].strip() or size.strip("()")
    kept = sorted(rng.sample(list(rows), rng.choice((0, 1, 2, 3, 4))))
    return caption, {name: rows[name] for name in kept}


def _look(rng: random.Random, category: Category, shape: str, brand: str, noun: str) -> ProductLook:
    main = rng.choice(category.palette or tuple(COLOURS))
    accent = rng.choice([word for word in COLOURS if word != main])
    return ProductLook(main, accent, rng.choice(SHAPES[shape].finishes), brand, noun)


def _split(seed: int, index: int) -> Split:
    block, place = divmod(index, 10)
    order = random.Random(derive_seed("split", seed, block)).sample(range(10), 10)
    return "validation" if place == order[0] else "test" if place == order[1] else "train"
