"""Plain sets: a simple surface, a quiet backdrop and soft light, by what a product is and how it is placed.

They take the places of written prompts whose sets don't suit the product. Own judgement after looking at ads
of real products; no statement of what is clicked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from caig_cli.data.product_kinds import kind_of
from caig_cli.painters.pose import Stance
from caig_cli.records import Product

_TABLE = (
    "on a light oak table before a plaster wall, soft window light, a softly blurred background",
    "on a smooth concrete surface before a seamless grey studio backdrop, diffused studio lighting",
    "on beige paper before a seamless beige studio backdrop, diffused studio lighting",
    "on a white wooden table before white curtains, soft window light, a strongly blurred background",
    "on sage paper before a seamless sage studio backdrop, diffused studio lighting",
    "on a walnut table before a bright window, soft daylight, a strongly blurred background",
    "on a white marble counter before a beige plaster wall, soft window light",
    "on light blue paper before a seamless light blue studio backdrop, diffused studio lighting",
)
_KITCHEN = (
    "on a white marble counter, a blurred kitchen behind, soft window light",
    "on a light oak table, a blurred kitchen behind, soft window light",
    "on a light oak table before a bright window, soft daylight, a strongly blurred background",
    *_TABLE[:3],
)
_ROOM = (
    "on a parquet floor before a plaster wall, soft window light",
    "on a light oak floor in a bright living room, soft window light, a softly blurred background",
    "on a parquet floor before white curtains, soft window light",
    "on a concrete floor before a light grey plaster wall, soft window light",
    "on a parquet floor before a sage plaster wall, soft window light",
    "on a parquet floor before a bright window, soft daylight, a softly blurred background",
)
_BED = (
    "on white bedding, a blurred bedroom behind, soft window light",
    "on a bed with white bedding before a beige plaster wall, soft window light",
    "on white bedding before white curtains, soft window light, a softly blurred background",
    *_ROOM[:3],
)
_SPORT = (
    "on a light oak floor, a blurred yoga studio behind, soft window light",
    "on a smooth concrete floor before a light grey plaster wall, soft window light",
    "on a gym floor, a blurred gym behind, soft studio light",
    "on a parquet floor before a bright window, soft daylight, a strongly blurred background",
    "on light blue paper before a seamless light blue studio backdrop, diffused studio lighting",
    "on a smooth concrete floor before a seamless grey studio backdrop, diffused studio lighting",
)
_STREET = (
    "on asphalt, a blurred city street behind, overcast daylight, neutral tones",
    "on a concrete floor before a light grey plaster wall, soft window light",
    "on a smooth concrete floor before a seamless grey studio backdrop, diffused studio lighting",
    "on a concrete floor before a sage plaster wall, soft window light",
    "on a parquet floor before a beige plaster wall, soft window light",
    "on a concrete floor before a beige plaster wall, soft window light",
)
_WALL = (
    "before a plaster wall over a parquet floor, soft window light",
    "before a beige plaster wall over a parquet floor, soft window light",
    "before a light grey plaster wall over a concrete floor, diffused studio lighting",
    "before a sage plaster wall over a parquet floor, soft window light",
    "before white wood panelling over a parquet floor, soft window light",
    "before a light blue plaster wall over a parquet floor, diffused studio lighting",
)
_FLAT = (
    "on a light oak table, soft window light",
    "on a smooth concrete surface, diffused studio lighting",
    "on beige paper, diffused studio lighting",
    "on white painted wood, soft window light",
    "on linen, soft window light",
    "on a walnut table, soft window light",
    "on sage paper, diffused studio lighting",
    "on light grey paper, soft window light",
)
_FLAT_FLOOR = (
    "on a parquet floor, soft window light",
    "on a smooth concrete floor, diffused studio lighting",
    "on white painted wood, soft window light",
    "on light blue paper, diffused studio lighting",
    "on a light oak floor, soft window light",
    "on beige paper, diffused studio lighting",
)

BY_CATEGORY = {
    "drink food tableware plate cookware cutlery bottle flatware appliance": _KITCHEN,
    "chair sofa table storage bed piano large_appliance bath lamp pendant plant pet": _ROOM,
    "cushion plush": _BED,
    "ball weights lie_sport racket helmet fitness_machine tall_lean board": _SPORT,
    "wheels shoes boots garden": _STREET,
}
"""Sets of what stands, by categories of ``data/product_kinds.csv``; the others stand on a table."""

_SETS: dict[Stance, tuple[str, ...]] = {"hang": _WALL, "lean": _WALL, "worn": _STREET, "lie": _FLAT}
_ON_FLOORS = frozenset("ball weights lie_sport racket helmet board wheels shoes boots tool garden".split())


def plain_sets(product: Product, stance: Stance) -> tuple[str, ...]:
    """Prompts of plain sets for a product that is placed so, each product's in an order of its own."""
    kind = kind_of(product.caption, product.attributes)
    category = kind.category if kind is not None else ""
    prompts = _SETS.get(stance)
    if stance == "lie" and category in _ON_FLOORS:
        prompts = _FLAT_FLOOR
    elif prompts is None:
        prompts = next((sets for who, sets in BY_CATEGORY.items() if category in who.split()), _TABLE)
    start = hashlib.sha256(product.id.encode()).digest()[0] % len(prompts)
    return prompts[start:] + prompts[:start]


def is_plain(prompt: str) -> bool:
    """Whether a prompt is one of the plain sets."""
    return prompt in _ALL


_ALL: Collection[str] = frozenset(
    (*_TABLE, *_KITCHEN, *_ROOM, *_BED, *_SPORT, *_STREET, *_WALL, *_FLAT, *_FLAT_FLOOR)
)
