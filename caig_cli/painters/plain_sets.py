"""Plain sets: a simple surface, a quiet backdrop and soft light, by what a product is and how it is placed.

They take the places of written prompts whose sets don't suit the product. Own judgement after looking at ads
of real products; no statement of what is clicked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from caig_cli.data.product_kinds import ProductKind, kind_of
from caig_cli.painters.belonging import on_table
from caig_cli.painters.pose import Stance
from caig_cli.records import Product

_TABLE = (
    "on a light oak table before a plaster wall, soft window light, a softly blurred background",
    "on a walnut table before a bright window, soft daylight, a strongly blurred background",
    "on beige paper before a seamless beige studio backdrop, diffused studio lighting",
    "on a light oak table, a blurred living room behind, soft window light",
    "on a walnut table, blurred wooden shelves behind, soft window light",
    "on a white marble counter before a beige plaster wall, soft window light",
    "on sage paper before a seamless sage studio backdrop, diffused studio lighting",
    "on a light oak table before a bright window, soft daylight, a strongly blurred background",
    "on light blue paper before a seamless light blue studio backdrop, diffused studio lighting",
)
_KITCHEN = (
    "on a light oak table, a blurred kitchen behind, soft window light",
    "on a white marble counter, a blurred kitchen behind, soft window light",
    "on a light oak table before a bright window, soft daylight, a strongly blurred background",
    "on a light oak table before a sage plaster wall, soft window light, a softly blurred background",
    "on a walnut table, a blurred kitchen behind, soft window light",
    "on beige paper before a seamless beige studio backdrop, diffused studio lighting",
)
_FOOD = ("on a light oak table, a blurred garden behind, soft daylight", *_KITCHEN)
_DESK = (
    "on a light oak desk before a bright window, soft daylight, a strongly blurred background",
    "on a light oak desk, a blurred office behind, soft window light",
    "on a walnut desk before a beige plaster wall, soft window light, a softly blurred background",
    "on a light oak desk before a sage plaster wall, soft window light, a softly blurred background",
    "on a walnut desk before a bright window, soft daylight, a strongly blurred background",
    "on light blue paper before a seamless light blue studio backdrop, diffused studio lighting",
)
_BATH = (
    "on a white marble counter, a blurred bathroom behind, soft window light",
    "on a white marble counter before a beige plaster wall, soft window light",
    "on beige paper before a seamless beige studio backdrop, diffused studio lighting",
    "on a light oak table before a bright window, soft daylight, a strongly blurred background",
    "on sage paper before a seamless sage studio backdrop, diffused studio lighting",
    "on blush paper before a seamless blush studio backdrop, diffused studio lighting",
)
_ROOM = (
    "on a light oak floor in a bright living room, soft window light, a softly blurred background",
    "on a parquet floor before a plaster wall, soft window light",
    "on a parquet floor before a sage plaster wall, soft window light",
    "on a parquet floor before a bright window, soft daylight, a softly blurred background",
    "on a light oak floor before a beige plaster wall, soft window light",
    "on a parquet floor before white curtains, soft window light",
)
_BAG = (
    "on a light oak floor, a blurred living room behind, soft window light",
    "on a light oak table before a bright window, soft daylight, a strongly blurred background",
    "on cobblestones, a blurred city street behind, soft daylight",
    "on a light oak table before a plaster wall, soft window light, a softly blurred background",
    "on beige paper before a seamless beige studio backdrop, diffused studio lighting",
    "on a parquet floor before a sage plaster wall, soft window light",
)
_SUMMER = (
    "on white painted wood, a blurred pool behind, bright sunlight",
    "on sand, a blurred tropical beach behind, bright sunlight",
    "on a light oak table, a blurred garden behind, soft daylight",
    "on beige paper before a seamless beige studio backdrop, diffused studio lighting",
    "on light blue paper before a seamless light blue studio backdrop, diffused studio lighting",
    "on a light oak table before a bright window, soft daylight, a strongly blurred background",
)
_WATCH = (
    "on a walnut table, a blurred restaurant behind, soft window light",
    "on a walnut table before a bright window, soft daylight, a strongly blurred background",
    "on a light oak desk, a blurred office behind, soft window light",
    "on a white marble counter before a beige plaster wall, soft window light",
    "on beige paper before a seamless beige studio backdrop, diffused studio lighting",
    "on a light oak table before a sage plaster wall, soft window light, a softly blurred background",
)
_BED = (
    "on white bedding, a blurred bedroom behind, soft window light",
    "on a bed with white bedding before a beige plaster wall, soft window light",
    "on white bedding before white curtains, soft window light, a softly blurred background",
    *_ROOM[:3],
)
_KIDS = (
    "on a light oak table, a blurred kids room behind, soft window light",
    "on a light oak floor, a blurred kids room behind, soft window light",
    "on light blue paper before a seamless light blue studio backdrop, diffused studio lighting",
    "on white bedding, a blurred bedroom behind, soft window light",
    "on cream paper before a seamless cream studio backdrop, diffused studio lighting",
    "on a light oak table before a bright window, soft daylight, a strongly blurred background",
)
_SPORT = (
    "on a light oak floor, a blurred yoga studio behind, soft window light",
    "on a gym floor, a blurred gym behind, soft studio light",
    "on a parquet floor before a light grey plaster wall, soft window light",
    "on a light oak floor before a bright window, soft daylight, a strongly blurred background",
    "on light blue paper before a seamless light blue studio backdrop, diffused studio lighting",
    "on a concrete floor before a light grey plaster wall, soft window light",
)
_STREET = (
    "on a light oak floor before a beige plaster wall, soft window light",
    "on a parquet floor before a beige plaster wall, soft window light",
    "on cobblestones, a blurred city street behind, soft daylight",
    "on a concrete floor before a sage plaster wall, soft window light",
    "on a light oak floor before a plaster wall, soft window light",
    "on a parquet floor before a light blue plaster wall, soft window light",
)
_WALL = (
    "before a beige plaster wall, soft window light",
    "before a plaster wall, soft window light",
    "before a sage plaster wall, soft window light",
    "before a light grey plaster wall, soft window light",
    "before white wood panelling, soft window light",
    "before a light blue plaster wall, soft window light",
)
_LEAN = (
    "before a plaster wall over a parquet floor, soft window light",
    "before a beige plaster wall over a parquet floor, soft window light",
    "before a light grey plaster wall over a light oak floor, soft window light",
    "before a sage plaster wall over a parquet floor, soft window light",
    "before white wood panelling over a parquet floor, soft window light",
    "before a light blue plaster wall over a parquet floor, soft window light",
)
_PENDANT = (
    "before a beige plaster wall, soft window light",
    "a blurred living room behind, soft window light",
    "before a sage plaster wall, soft window light",
    "a blurred kitchen behind, soft window light",
    "before a bright window, soft daylight, a strongly blurred background",
    "a blurred restaurant behind, soft window light",
)
_FLAT = (
    "on a light oak table, soft window light",
    "on beige paper, diffused studio lighting",
    "on a walnut table, soft window light",
    "on linen, soft window light",
    "on white painted wood, soft window light",
    "on sage paper, diffused studio lighting",
    "on light blue paper, diffused studio lighting",
)
_FLAT_FLOOR = (
    "on a light oak floor, soft window light",
    "on a parquet floor, soft window light",
    "on beige paper, diffused studio lighting",
    "on light blue paper, diffused studio lighting",
    "on a smooth concrete floor, soft window light, warm tones",
    "on white painted wood, soft window light",
)

BY_CATEGORY = {
    "drink food tableware plate bottle": _FOOD,
    "cookware cutlery flatware appliance": _KITCHEN,
    "laptop computer electronics camera phone tablet rest pen book medical drone": _DESK,
    "cosmetic lipstick palette": _BATH,
    "bag bag_strap": _BAG,
    "eyewear hat umbrella": _SUMMER,
    "watch jewel wallet": _WATCH,
    "chair sofa table storage bed piano large_appliance bath lamp pendant plant pet": _ROOM,
    "cushion": _BED,
    "toy plush figure": _KIDS,
    "ball weights lie_sport racket helmet fitness_machine tall_lean board": _SPORT,
    "wheels shoes boots garden": _STREET,
}
"""Sets of what stands, by categories of ``data/product_kinds.csv``; the others stand on a table."""

_SETS: dict[Stance, tuple[str, ...]] = {"hang": _WALL, "lean": _LEAN, "worn": _STREET, "lie": _FLAT}
_ON_FLOORS = frozenset("ball weights lie_sport racket helmet board wheels shoes boots tool garden".split())


def plain_sets(product: Product, stance: Stance) -> tuple[str, ...]:
    """Prompts of plain sets for a product that is placed so, each product's in an order of its own."""
    prompts = _sets(kind_of(product.caption, product.attributes), stance)
    start = hashlib.sha256(product.id.encode()).digest()[0] % len(prompts)
    return prompts[start:] + prompts[:start]


def _sets(kind: ProductKind | None, stance: Stance) -> tuple[str, ...]:
    if kind is None:
        return _SETS.get(stance, _TABLE)
    if stance == "lie" and kind.category in _ON_FLOORS:
        return _FLAT_FLOOR
    if stance == "hang" and kind.category == "pendant":
        return _PENDANT
    if stance in _SETS:
        return _SETS[stance]
    if on_table(kind):
        return _TABLE
    return next((sets for who, sets in BY_CATEGORY.items() if kind.category in who.split()), _TABLE)


def is_plain(prompt: str) -> bool:
    """Whether a prompt is one of the plain sets."""
    return prompt in _ALL


_ALL: Collection[str] = frozenset(
    prompt
    for sets in (_TABLE, _PENDANT, *_SETS.values(), _FLAT_FLOOR, *BY_CATEGORY.values())
    for prompt in sets
)
