"""Procedural surface textures, tileable and cached: ``texture(name)`` for every name of ``TEXTURES``.

Woods: oak, walnut, whitewood, parquet, wood_panel · stones: white_marble, black_marble, terrazzo, concrete,
slate, plaster, brick, tiles · cloths: linen, velvet, leather, rug · grounds: sand, snow, moss, grass, soil ·
brushed metal: metal · paper · those of
``more``. ``tinted(name, colour)`` gives any of them another mean colour and keeps its
pattern. Each covers ``size_cm`` of the world; wood grain and planks run along u.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from caig_cli.painters.studio.materials import Colour
from caig_cli.painters.studio.noise import rgb8
from caig_cli.painters.studio.textures import covers, fine, grounds, more, stones, woods
from caig_cli.painters.studio.textures.tile import Texture

__all__ = ["TEXTURES", "Texture", "texture", "tinted"]


FINE = 512
"""Pixels of a texture that ads use; those of previews have fewer."""


@functools.cache
def texture(name: str, size: int = 512) -> Texture:
    """The texture at ``size`` pixels; the same bytes each time. From ``FINE`` pixels on, as ads show it."""
    return (FINER if size >= FINE else TEXTURES).get(name, TEXTURES[name])(size)


@functools.lru_cache(maxsize=64)
def tinted(name: str, colour: Colour, size: int = 512) -> Texture:
    """The texture dyed so that its mean colour is ``colour`` (sRGB 0 to 255)."""
    plain = texture(name, size)
    shade = plain.colour.astype(np.float32) @ np.array([0.3, 0.59, 0.11], np.float32)
    own = plain.colour - shade[..., None]
    dyed = np.asarray(colour, np.float32) * (shade / shade.mean())[..., None]
    picture = dyed + np.float32(0.35) * (own - own.mean((0, 1)))
    return Texture(rgb8(picture), plain.size_cm, plain.roughness, plain.height, plain.depth_cm)


TEXTURES: dict[str, Callable[[int], Texture]] = {
    "oak": woods.oak, "walnut": woods.walnut, "whitewood": woods.whitewood, "parquet": woods.parquet,
    "wood_panel": woods.wood_panel, "white_marble": stones.white_marble, "black_marble": stones.black_marble,
    "terrazzo": stones.terrazzo, "concrete": stones.concrete, "slate": stones.slate,
    "plaster": stones.plaster, "brick": stones.brick, "tiles": stones.tiles, "linen": covers.linen,
    "velvet": covers.velvet, "leather": covers.leather, "rug": covers.rug, "sand": grounds.sand,
    "snow": grounds.snow, "moss": grounds.moss, "grass": grounds.grass, "soil": grounds.soil,
    "metal": covers.metal, "paper": covers.paper, "cotton": more.cotton, "checks": more.checks,
    "rubber": more.rubber, "asphalt": more.asphalt, "cobbles": more.cobbles, "pool_water": more.pool_water,
    "bench": more.bench,
}  # fmt: skip

FINER: dict[str, Callable[[int], Texture]] = {
    "terrazzo": fine.terrazzo, "concrete": fine.concrete, "rug": fine.rug, "leather": fine.leather,
    "white_marble": fine.white_marble, "black_marble": fine.black_marble, "oak": fine.oak,
    "walnut": fine.walnut, "whitewood": fine.whitewood, "parquet": fine.parquet,
    "wood_panel": fine.wood_panel, "plaster": fine.plaster,
}  # fmt: skip
