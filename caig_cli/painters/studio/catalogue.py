"""What the studio knows beyond the core names of :mod:`vocabulary`: a row per thing, set and place.

The core names are those that prompts are written with and that markets have numbers for; they stay as they
are. What merchants ask for comes here: a new row is understood, drawn, documented and tested as it stands.
Words are separated by ``|``, as in :mod:`lexicon`; they take precedence over the core's own.
"""

from __future__ import annotations

from caig_cli.painters.studio.catalogue_places import MORE_PLACES, MORE_WORDS
from caig_cli.painters.studio.catalogue_props import COUNTED, MORE_PROPS
from caig_cli.painters.studio.catalogue_rows import (
    BackdropRow,
    LightRow,
    PlaceRow,
    PropRow,
    SurfaceRow,
    Where,
)
from caig_cli.painters.studio.catalogue_sets import MORE_BACKDROPS, MORE_LIGHTS, MORE_SURFACES, SHOWS

__all__ = [
    "COUNTED",
    "MORE_BACKDROPS",
    "MORE_LIGHTS",
    "MORE_PLACES",
    "MORE_PROPS",
    "MORE_SURFACES",
    "MORE_WORDS",
    "SHOWS",
    "BackdropRow",
    "LightRow",
    "PlaceRow",
    "PropRow",
    "SurfaceRow",
    "Where",
]  # fmt: skip
