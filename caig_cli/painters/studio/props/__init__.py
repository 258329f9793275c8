"""The props of the studio: a literal table from the vocabulary's names to their builders.

A builder makes the parts anew from a numpy generator: the same generator state, the same parts. They stand on
z = 0 with the middle of their plan over the origin, at natural size; the camera looks along +y.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import cast

from numpy.random import Generator

from caig_cli.painters.studio.catalogue import COUNTED, MORE_PROPS, Where
from caig_cli.painters.studio.materials import Colour
from caig_cli.painters.studio.props import flowers, forms, fruit, glow, home, kitchen, nature, party, pots
from caig_cli.painters.studio.props.kit import Part, Parts

__all__ = ["PROPS", "Part", "Parts", "Prop"]

Builder = Callable[[Generator, Colour | None], Parts]


@dataclass(frozen=True, slots=True)
class Prop:
    """``height_cm`` and ``footprint_cm`` (radius around the origin) are never exceeded by ``build``.

    ``one`` builds a single one of a thing that can be counted."""

    build: Builder
    height_cm: float
    footprint_cm: float
    where: Where
    one: Builder | None = None


def _builder(path: str) -> Builder:
    """The builder that a row of the catalogue names as ``module.function``."""
    module, function = path.split(".")
    return cast("Builder", getattr(import_module(f"{__name__}.{module}"), function))


PROPS: dict[str, Prop] = {
    "pebbles": Prop(nature.pebbles, 8.5, 9.5, "beside"),
    "boulders": Prop(nature.boulders, 14, 20, "behind"),
    "vase": Prop(pots.vase, 33, 14, "behind"),
    "candles": Prop(glow.candles, 16, 12.5, "beside"),
    "books": Prop(home.books, 14.5, 14, "beside"),
    "cup": Prop(kitchen.cup, 7.2, 8.3, "beside"),
    "lemons": Prop(fruit.lemons, 6.8, 15.5, "beside"),
    "oranges": Prop(fruit.oranges, 8, 19, "beside"),
    "apples": Prop(fruit.apples, 8.4, 13.5, "beside"),
    "berries": Prop(fruit.berries, 5.8, 8, "front_low"),
    "roses": Prop(flowers.roses, 8, 15.5, "beside"),
    "petals": Prop(flowers.petals, 1.6, 12, "front_low"),
    "leaves": Prop(flowers.leaves, 4, 16, "front_low"),
    "monstera": Prop(pots.monstera, 38, 22, "behind"),
    "pampas": Prop(pots.pampas, 42, 16, "behind"),
    "shells": Prop(nature.shells, 7, 10, "front_low"),
    "driftwood": Prop(nature.driftwood, 8, 16, "behind"),
    "gift_boxes": Prop(party.gift_boxes, 17.5, 15.5, "beside"),
    "ribbons": Prop(party.ribbons, 3.2, 12.5, "front_low"),
    "glass_spheres": Prop(party.glass_spheres, 8.6, 10.5, "beside"),
    "podium": Prop(forms.podium, 6, 15, "under"),
    "arch": Prop(forms.arch, 34.2, 20.5, "behind"),
    "pine_cones": Prop(nature.pine_cones, 7, 11.5, "beside"),
    "ice_cubes": Prop(nature.ice_cubes, 6.8, 9.5, "front_low"),
    "coffee_beans": Prop(kitchen.coffee_beans, 2, 8, "front_low"),
    "cinnamon": Prop(kitchen.cinnamon, 3, 7.5, "front_low"),
    "towels": Prop(home.towels, 12.5, 12.5, "beside"),
    "lantern": Prop(glow.lantern, 26, 8, "behind"),
    "balloons": Prop(party.balloons, 60, 26, "behind"),
    "toy_blocks": Prop(party.toy_blocks, 8.3, 8, "beside"),
    "plant": Prop(pots.plant, 32, 17.5, "behind"),
    "fairy_lights": Prop(glow.fairy_lights, 18, 41, "above"),
}

PROPS |= {name: replace(PROPS[name], one=_builder(path)) for name, path in COUNTED.items()}
PROPS |= {
    name: Prop(
        _builder(row.build),
        row.height_cm,
        row.footprint_cm,
        row.where,
        _builder(row.one) if row.one else None,
    )
    for name, row in MORE_PROPS.items()
}
