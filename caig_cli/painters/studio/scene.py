"""A scene: the set, light and lens of one photograph, in the names of :mod:`vocabulary`."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from caig_cli.painters.studio.catalogue import MORE_BACKDROPS, MORE_LIGHTS, MORE_PROPS, MORE_SURFACES
from caig_cli.painters.studio.colours import is_colour
from caig_cli.painters.studio.vocabulary import BACKDROPS, BLURS, COLOURS, LIGHTS, MOODS, PROPS, SURFACES

MAX_PROPS = 6
MAX_RANDOM_PROPS = 3  # of scenes that are drawn; markets were made with them
MAX_COUNT = 9  # of one thing
FIELDS = ("surface", "backdrop", "props", "light", "mood", "blur", "surface_colour", "backdrop_colour")
CHOICES: Mapping[str, tuple[str, ...]] = {
    "surface": SURFACES,
    "backdrop": BACKDROPS,
    "light": LIGHTS,
    "mood": MOODS,
    "blur": BLURS,
}
"""The core names of each field, which :func:`random_scene` draws from."""
KNOWN: Mapping[str, tuple[str, ...]] = {
    **CHOICES,
    "surface": (*SURFACES, *MORE_SURFACES),
    "backdrop": (*BACKDROPS, *MORE_BACKDROPS),
    "light": (*LIGHTS, *MORE_LIGHTS),
}
"""All names of each field: the core's and the catalogue's."""
_PROP_ORDER = {name: rank for rank, name in enumerate((*PROPS, *MORE_PROPS))}


@dataclass(frozen=True, slots=True)
class PropLook:
    """What a prompt asks of one prop: ``colour`` (a word of the vocabulary or ``#rrggbb``), how many."""

    name: str
    colour: str | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """What stands around the product. Props are distinct, at most MAX_PROPS, in the vocabulary's order.

    ``looks`` says more of some of them. Raises ValueError for a name that the studio does not have.
    """

    surface: str
    backdrop: str
    props: tuple[str, ...] = ()
    light: str = "softbox"
    mood: str = "neutral"
    blur: str = "soft"
    surface_colour: str | None = None
    backdrop_colour: str | None = None
    looks: tuple[PropLook, ...] = ()

    def __post_init__(self) -> None:
        for name, known in KNOWN.items():
            if getattr(self, name) not in known:
                raise ValueError(f"unknown {name}: {getattr(self, name)!r}")
        for colour in self.colours:
            if not is_colour(colour):
                raise ValueError(f"unknown colour: {colour!r}")
        if unknown := [prop for prop in self.props if prop not in _PROP_ORDER]:
            raise ValueError(f"unknown prop: {unknown[0]!r}")
        distinct = tuple(dict.fromkeys(self.props))[:MAX_PROPS]
        object.__setattr__(self, "props", tuple(sorted(distinct, key=_PROP_ORDER.__getitem__)))
        kept = (look for look in self.looks if look.name in self.props)
        object.__setattr__(self, "looks", tuple(sorted(kept, key=lambda look: _PROP_ORDER[look.name])))

    @property
    def colours(self) -> list[str]:
        """All colours that are named."""
        named = (self.surface_colour, self.backdrop_colour, *(look.colour for look in self.looks))
        return [colour for colour in named if colour is not None]

    def look(self, prop: str) -> PropLook:
        """What is asked of the prop; a plain look where nothing is."""
        return next((look for look in self.looks if look.name == prop), PropLook(prop))


def random_scene(rng: random.Random) -> Scene:
    """A scene drawn uniformly: every field, 0 to 3 props, each colour absent half of the time."""
    surface, backdrop, light, mood, blur = (rng.choice(names) for names in CHOICES.values())
    props = tuple(rng.sample(PROPS, rng.randint(0, MAX_RANDOM_PROPS)))
    colours = [rng.choice(list(COLOURS)) if rng.random() < 0.5 else None for _ in range(2)]
    return Scene(surface, backdrop, props, light, mood, blur, colours[0], colours[1])


_BACKDROP_FOR_SURFACE = {
    "oak": "plaster", "walnut": "wood_panel", "whitewood": "window", "parquet": "plaster", "white_marble":
    "plaster", "black_marble": "dark", "terrazzo": "plaster", "concrete": "plaster", "slate": "dark",
    "linen": "curtain", "velvet": "curtain", "leather": "shelves", "rug": "plaster", "sand": "sea",
    "snow": "mountains", "water": "sky", "grass": "foliage", "moss": "foliage", "metal": "gradient",
    "glass": "gradient", "paper": "gradient",
}  # fmt: skip
_SURFACE_FOR_BACKDROP = {
    "plaster": "oak", "brick": "walnut", "gradient": "paper", "window": "whitewood", "bokeh_city":
    "black_marble", "sky": "grass", "sea": "sand", "mountains": "slate", "curtain": "white_marble",
    "foliage": "moss", "tiles": "white_marble", "wood_panel": "walnut", "shelves": "oak", "dark": "slate",
}  # fmt: skip
_BACKDROP_FOR_PROP = {
    "shells": "sea", "driftwood": "sea", "monstera": "plaster", "pine_cones": "wood_panel", "ice_cubes":
    "gradient", "towels": "tiles", "toy_blocks": "plaster", "books": "shelves", "fairy_lights": "dark",
    "boulders": "mountains", "candles": "dark", "lantern": "foliage", "pebbles": "foliage",
    "coffee_beans": "dark", "cinnamon": "wood_panel", "cup": "window", "plant": "window", "pampas":
    "plaster", "lemons": "tiles",
}  # fmt: skip
_BACKDROP_FOR_LIGHT = {
    "softbox": "gradient", "window_light": "plaster", "golden_hour": "plaster", "night_neon":
    "bokeh_city", "spotlight": "dark", "candlelight": "dark", "overcast": "mountains", "backlight":
    "curtain", "hard_sun": "plaster", "moonlight": "dark",
}  # fmt: skip
_LIGHT_FOR_BACKDROP = {
    "plaster": "window_light", "brick": "softbox", "gradient": "softbox", "window": "window_light",
    "bokeh_city": "night_neon", "sky": "hard_sun", "sea": "hard_sun", "mountains": "overcast", "curtain":
    "window_light", "foliage": "golden_hour", "tiles": "softbox", "wood_panel": "softbox", "shelves":
    "window_light", "dark": "spotlight",
}  # fmt: skip
_BACKDROP_FOR_SURFACE |= {name: row.backdrop for name, row in MORE_SURFACES.items()}
_BACKDROP_FOR_PROP |= {name: row.backdrop for name, row in MORE_PROPS.items() if row.backdrop}
_SURFACE_FOR_BACKDROP |= {name: row.surface for name, row in MORE_BACKDROPS.items()}
_LIGHT_FOR_BACKDROP |= {name: row.light for name, row in MORE_BACKDROPS.items()}
_LIGHT_FOR_MOOD = {"moody": "spotlight", "warm": "golden_hour", "airy": "window_light"}
_MOOD_FOR_LIGHT = {
    "softbox": "neutral", "window_light": "airy", "golden_hour": "warm", "night_neon": "vivid",
    "spotlight": "moody", "candlelight": "warm", "overcast": "cool", "backlight": "airy", "hard_sun":
    "vivid", "moonlight": "cool",
}  # fmt: skip
_BLUR_FOR_BACKDROP = {"gradient": "none", "dark": "none", "plaster": "none", "bokeh_city": "strong"}
_BACKDROP_FOR_LIGHT |= {name: row.backdrop for name, row in MORE_LIGHTS.items()}
_MOOD_FOR_LIGHT |= {name: row.mood for name, row in MORE_LIGHTS.items()}
_BLUR_FOR_BACKDROP |= {name: row.blur for name, row in MORE_BACKDROPS.items()}


def harmonise(named: Mapping[str, str], props: tuple[str, ...] = ()) -> Scene:
    """Completes a scene: what is not named follows from what is (a sea asks for sand and sun)."""
    scene = dict(named)
    if "backdrop" not in scene:
        by_prop = next((_BACKDROP_FOR_PROP[prop] for prop in props if prop in _BACKDROP_FOR_PROP), None)
        if "surface" in scene:
            scene["backdrop"] = _BACKDROP_FOR_SURFACE[scene["surface"]]
        elif "light" in scene and by_prop is None:
            scene["backdrop"] = _BACKDROP_FOR_LIGHT[scene["light"]]
        else:
            scene["backdrop"] = by_prop or "plaster"
    backdrop = scene["backdrop"]
    scene.setdefault("surface", _SURFACE_FOR_BACKDROP[backdrop])
    by_mood = _LIGHT_FOR_MOOD.get(scene.get("mood", ""), _LIGHT_FOR_BACKDROP[backdrop])
    scene.setdefault("light", by_mood)
    scene.setdefault("mood", _MOOD_FOR_LIGHT[scene["light"]])
    scene.setdefault("blur", _BLUR_FOR_BACKDROP.get(backdrop, "soft"))
    return Scene(props=props, **scene)  # type: ignore[arg-type]  # all of them are words
