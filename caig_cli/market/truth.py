"""The frozen truth of the simulated market: which scene suits which product, and what gets clicked.

``truth.json`` was written before any model was trained and is never tuned to a result. In logits::

    CTR = sigmoid(base[category] + appeal(scene) + match_logit * match + contrast + product effect)

Appeal is orthogonal to the average match rate of every surface, backdrop, light and prop, so a scene
that appeals does not on average suit more products. All of this is invented: it is no statement
about real shoppers.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from statistics import NormalDist
from typing import Any

from caig_cli.painters.studio.scene import CHOICES, Scene


@dataclass(frozen=True, slots=True)
class TasteGroup:
    """Categories that share a taste: what suits them, what clashes."""

    name: str
    categories: tuple[str, ...]
    surfaces: frozenset[str]
    backdrops: frozenset[str]
    clashing_props: frozenset[str]
    clashing_lights: frozenset[str]

    def suits(self, scene: Scene) -> bool:
        """Whether the background suits products of this group."""
        return (
            scene.surface in self.surfaces
            and scene.backdrop in self.backdrops
            and scene.light not in self.clashing_lights
            and self.clashing_props.isdisjoint(scene.props)
        )


@dataclass(frozen=True, slots=True)
class Contrast:
    """Products that stand out in lightness get a little more clicks."""

    weight: float
    centre: float
    backdrop_share: float
    surface_lightness: Mapping[str, float]
    backdrop_lightness: Mapping[str, float]
    mood_shift: Mapping[str, float]

    def logit(self, product_lightness: float, scene: Scene) -> float:
        """Logit from the distance of product and scene lightness, both in 0 to 1."""
        surface = self.surface_lightness[scene.surface]
        backdrop = self.backdrop_lightness[scene.backdrop]
        mixed = self.backdrop_share * backdrop + (1 - self.backdrop_share) * surface
        scene_lightness = min(1.0, max(0.0, mixed + self.mood_shift[scene.mood]))
        return self.weight * (abs(product_lightness - scene_lightness) - self.centre)


@dataclass(frozen=True, slots=True)
class Truth:
    """The click model; ``group_of`` maps each category to its group."""

    groups: Mapping[str, TasteGroup]
    group_of: Mapping[str, TasteGroup]
    match_logit: float
    base_logit: Mapping[str, float]
    appeal_table: Mapping[str, Mapping[str, float]]
    contrast: Contrast
    product_effect_sd: float

    def match(self, category: str, scene: Scene) -> bool:
        """Whether the scene suits the category."""
        return self.group_of[category].suits(scene)

    def appeal(self, scene: Scene) -> float:
        """Logit that the scene adds for any product at all."""
        table = self.appeal_table
        single = sum(table[field][getattr(scene, field)] for field in CHOICES)
        return single + sum(table["props"][prop] for prop in scene.props)

    def product_effect(self, product_id: str) -> float:
        """Logit of the product itself: normal, fixed by its id."""
        digest = hashlib.sha256(f"product effect {product_id}".encode()).digest()
        uniform = (int.from_bytes(digest[:8], "big") + 0.5) / 2**64
        return NormalDist(0.0, self.product_effect_sd).inv_cdf(uniform)

    def ctr(self, product_id: str, category: str, lightness: float, scene: Scene) -> float:
        """True click-through rate of an ad; ``lightness`` is the product's mean, 0 to 1."""
        logit = (
            self.base_logit[category]
            + self.appeal(scene)
            + self.match_logit * self.match(category, scene)
            + self.contrast.logit(lightness, scene)
            + self.product_effect(product_id)
        )
        return 1.0 / (1.0 + math.exp(-logit))


@cache
def load_truth() -> Truth:
    """Read the frozen file that ships in the package."""
    raw: dict[str, Any] = json.loads((files("caig_cli.market") / "truth.json").read_text("utf-8"))
    groups = {
        name: TasteGroup(
            name=name,
            categories=tuple(row["categories"]),
            surfaces=frozenset(row["surfaces"]),
            backdrops=frozenset(row["backdrops"]),
            clashing_props=frozenset(row["clashing_props"]),
            clashing_lights=frozenset(row["clashing_lights"]),
        )
        for name, row in raw["groups"].items()
    }
    return Truth(
        groups=groups,
        group_of={category: group for group in groups.values() for category in group.categories},
        match_logit=raw["match_logit"],
        base_logit=raw["base_logit"],
        appeal_table=raw["appeal"],
        contrast=Contrast(**raw["contrast"]),
        product_effect_sd=raw["product_effect_sd"],
    )
