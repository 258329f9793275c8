"""What a row of the catalogue says. Plain data: nothing here needs the renderer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Where = Literal["beside", "behind", "front_low", "under", "above"]
Finish = Literal["matte", "coated", "cloth", "metal", "glass", "water"]
Hour = Literal["day", "golden", "overcast", "dusk", "night"]
Tint = tuple[float, float, float]
"""Linear red, green and blue of a light, 0 to 1."""


@dataclass(frozen=True, slots=True)
class PropRow:
    """A thing beside the product.

    ``build``: ``module.function`` of the package ``props``, which makes it at natural size. ``one``: the same
    for a single one of them, where prompts may say how many. ``height_cm`` and ``footprint_cm`` (radius) are
    never exceeded. ``backdrop``: what is behind it where the prompt names nothing.
    """

    build: str
    height_cm: float
    footprint_cm: float
    where: Where
    words: str
    one: str | None = None
    backdrop: str | None = None


@dataclass(frozen=True, slots=True)
class SurfaceRow:
    """What the product stands on.

    ``gloss`` is the roughness of the coat (smaller is sharper), ``relief`` how strongly the texture's own
    heights show, ``ground``: it runs on to the backdrop, ``mounds`` the height of real dunes in product
    heights; ``strewn``: ``module.function`` of ``places`` that makes what lies about on it.
    """

    finish: Finish
    texture: str
    words: str
    backdrop: str
    gloss: float = 0.1
    relief: float = 0.0
    ground: bool = False
    mounds: float = 0.0
    strewn: str | None = None


@dataclass(frozen=True, slots=True)
class BackdropRow:
    """What is behind the product: a room, furnished at true scale, or ground and what grows on it.

    ``build``: ``module.function`` of the package ``places``. ``surface`` and ``light`` are taken where the
    prompt names none. ``depth_cm``: how far behind the product it ends, ``outside``: it is in the open,
    ``shore_cm``: where the ground ends before it.
    """

    build: str
    words: str
    surface: str
    light: str
    depth_cm: float
    outside: bool = False
    blur: str = "soft"
    shore_cm: float | None = None


@dataclass(frozen=True, slots=True)
class Lamp:
    """A panel aimed at the product. ``azimuth`` in degrees: 0 behind the camera, 90 right, 180 behind the
    product; ``size`` is its width as an angle in degrees seen from the product, ``away`` its distance in
    frames; one ``overhead`` stays above what the frame shows."""

    azimuth: float
    elevation: float
    strength: float
    colour: Tint = (1.0, 1.0, 1.0)
    size: float = 30.0
    away: float = 2.2
    gobo: Literal["none", "window", "leaves"] = "none"
    overhead: bool = False


@dataclass(frozen=True, slots=True)
class Light:
    """``ambient`` is the brightness of a white card lit by the air alone; ``hour`` tells the view outside
    which it is; ``level`` is how bright the print shall be; ``spot`` narrows the first lamp to a cone
    of that many degrees; ``near`` is the strength of the lamp near the product, ``fill`` what is added to the
    air where the set agrees with its product's photo: the white boards of a photographer."""

    lamps: tuple[Lamp, ...]
    ambient: float
    zenith: Tint
    floor: Tint
    hour: Hour
    level: float = 1.0
    spot: float = 0.0
    near: float = 0.0
    fill: float = 0.0


@dataclass(frozen=True, slots=True)
class LightRow:
    """How the set is lit, and the words for it; ``backdrop`` and ``mood`` go with it in prompts without."""

    words: str
    light: Light
    backdrop: str
    mood: str


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A place or a season: what it stands for where the prompt says nothing more definite.

    ``fields`` are names by field of the scene; ``props`` stand there unless the prompt names things itself.
    """

    words: str
    fields: Mapping[str, str] = field(default_factory=dict)
    props: tuple[str, ...] = ()
