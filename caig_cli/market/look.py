"""How one product looks before it has a shape: its colours, its finish and what is printed on it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

from caig_cli.market.labels import Print, Texture, around, front, lightness, mix, readable_on
from caig_cli.painters.studio.materials import Colour, Material
from caig_cli.painters.studio.mesh import Mesh
from caig_cli.painters.studio.vocabulary import COLOURS

Part = tuple[Mesh, Material]
Finish = Literal["gloss", "satin", "metal", "glass", "fabric", "wood"]


@dataclass(frozen=True, slots=True)
class ProductLook:
    """``main`` and ``accent`` are colour words; the actual colours vary a little around them."""

    main: str
    accent: str
    finish: Finish
    brand: str
    noun: str

    def colour(self, rng: random.Random, word: str | None = None) -> Colour:
        """The colour word (by default ``main``) as sRGB, a little off as real paint is."""
        r, g, b = COLOURS[word or self.main]
        shade, tint = rng.uniform(0.9, 1.06), [rng.uniform(-9, 9) for _ in range(3)]
        r, g, b = (round(min(250, max(8, c * shade + t))) for c, t in zip((r, g, b), tint, strict=True))
        return r, g, b

    def body(
        self, rng: random.Random, colour: Colour | None = None, texture: Texture | None = None
    ) -> Material:
        """The material of the main body in this look's finish."""
        chosen = colour or self.colour(rng)
        if self.finish == "metal":
            return Material("metal", chosen, roughness=rng.uniform(0.3, 0.5), texture=texture)
        if self.finish == "fabric":
            return Material("fabric", chosen, texture=texture)
        if self.finish == "glass":
            return Material("plastic", chosen, roughness=0.02, texture=texture)
        if self.finish == "wood":
            return Material("matte", chosen, roughness=0.45, texture=texture)
        return Material(
            "plastic", chosen, roughness=0.08 if self.finish == "gloss" else 0.35, texture=texture
        )

    def trim(self, rng: random.Random) -> Material:
        """The material of caps, handles and feet: the accent colour, or gold, silver, white or black."""
        if rng.random() < 0.25:
            return Material(
                "metal", rng.choice(((214, 176, 104), (200, 200, 204), (214, 150, 128))), roughness=0.3
            )
        word = self.accent if rng.random() < 0.6 else rng.choice(("white", "black", self.accent))
        return Material("plastic", self.colour(rng, word), roughness=rng.choice((0.1, 0.4)))

    def printed(self, rng: random.Random, ground: Colour) -> Print:
        """Label art on a ground of the given colour."""
        accent = self.colour(rng, self.accent)
        if abs(lightness(accent) - lightness(ground)) < 0.12:
            accent = mix(accent, readable_on(ground), 0.35)
        return Print(self.brand, self.noun, ground, accent, readable_on(ground))

    def box_art(self, rng: random.Random, size: tuple[int, int] = (120, 160)) -> Texture:
        """The front of a carton, pouch or tin whose ground is the main colour."""
        return front(rng, self.printed(rng, self.colour(rng)), size)

    def wrap(self, rng: random.Random, aspect: float, *, share: float | None = None) -> Texture:
        """A body texture with a label; the label's ground is the main colour or a paper tone."""
        body = self.colour(rng)
        paper = rng.choice((body, body, mix(body, (255, 255, 255), 0.8), self.colour(rng, self.accent)))
        full = share if paper is body or share is not None else rng.choice((0.28, 0.34))
        return around(rng, self.printed(rng, paper), aspect, body, full)
