"""How risky a set is by itself: what does not stand in one place, odd light, too many things.

Own judgement after looking at ads of real products, in points: 1 spoils an ad, a plain set (a wooden table
before a wall in soft light) has none. No statement of what is clicked.
"""

from __future__ import annotations

from collections.abc import Mapping

from caig_cli.painters.pose import Stance
from caig_cli.painters.studio.catalogue import MORE_BACKDROPS, MORE_SURFACES
from caig_cli.painters.studio.scene import Scene

RISK: Mapping[str, float] = {
    name: points
    for points, names in {
        0.1: "linen slate airy warm golden_hour backlight shelves wood_panel parquet white_marble concrete",
        0.2: "hard_sun pastel earthy cool sand curtain",
        0.3: "moody tiles sea mountains black_marble sky",
        0.4: "spotlight vivid moss snow metal glass dark",
        0.5: "brick velvet leather",
        0.7: "rug grass water candlelight terrazzo",
        0.8: "night_neon moonlight",
    }.items()
    for name in names.split()
}
"""Points of the studio's names that turn out well less often than others; the others have none."""

_QUIET = frozenset("books plant vase leaves pampas cup towels candles monstera".split())
_THING, _LOUD, _CROWD = 0.1, 0.3, 0.3
"""Points of each quiet kind of thing around the product, of each other, and of each beyond the second."""
_BUSY = {"shelves", "foliage", "window", "bokeh_city", "brick"}
"""Backdrops that draw the eye where they are in focus."""
_SHARP = 0.3
_DEEP = frozenset("red orange green teal blue navy purple brown black".split())
_DYED = 0.3
"""Points of a surface or wall in a deep colour, which few products go with."""

_NATURE = frozenset({"sand", "snow", "grass", "moss", "water"}) | {
    name for name, row in MORE_SURFACES.items() if row.ground and row.backdrop not in ("bedroom", "gym")
}
_FLOORS = frozenset({"parquet", "rug"})
_OPEN = frozenset({"sky", "sea", "mountains", "foliage"}) | {
    name for name, row in MORE_BACKDROPS.items() if row.outside
}
_NEUTRAL = frozenset({"gradient", "dark", "plaster"})
"""Backdrops of a photographer's studio, before which anything is laid out."""
_NIGHT = frozenset({"night_neon", "moonlight", "candlelight"})
_APART = 1.0
"""Points of a set whose parts are not found in one place, or at one hour."""


def risk(scene: Scene, stance: Stance) -> float:
    """Points of a set for a product that is placed so. From straight above no backdrop is seen."""
    above = stance == "lie"
    shown = [scene.surface, scene.light, scene.mood] if above else [
        scene.surface, scene.backdrop, scene.light, scene.mood
    ]  # fmt: skip
    points = sum(RISK.get(name, 0.0) for name in shown)
    points += sum(_THING if name in _QUIET else _LOUD for name in scene.props)
    points += _CROWD * max(len(scene.props) - 2, 0)
    points += _APART * (_hours_apart(scene) if above else _hours_apart(scene) + _places_apart(scene))
    dyes = [scene.surface_colour] if above else [scene.surface_colour, scene.backdrop_colour]
    points += _DYED * sum(colour in _DEEP for colour in dyes)
    if not above and scene.blur == "none" and scene.backdrop in _BUSY:
        points += _SHARP
    return points


def _places_apart(scene: Scene) -> bool:
    """Whether surface and backdrop are not found in one place: a dune in a room, a parquet in the open."""
    inside = scene.backdrop not in _OPEN and scene.backdrop not in _NEUTRAL
    return (scene.surface in _NATURE and inside) or (scene.surface in _FLOORS and scene.backdrop in _OPEN)


def _hours_apart(scene: Scene) -> bool:
    """Whether light and mood contradict each other: a bright airy night."""
    bright = scene.mood in ("airy", "pastel")
    return bright and (scene.light in _NIGHT or scene.light == "spotlight")
