"""The table of what platforms ask, as typed rows. To add a platform: add its tables to ``rules.toml``."""

from __future__ import annotations

import datetime
import functools
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator

from caig_cli.painters.layout import SafeArea
from caig_cli.provenance.formats import Format
from caig_cli.recipe import Section

FILE = Path(__file__).with_name("rules.toml")

Background = Literal["any", "white", "scene"]


class DeliveryShape(Section):
    """One shape of a platform: what a picture must be to be taken there."""

    platform: str
    """Platform and use, as ``--for`` names it."""

    name: str
    """The shape among those of the platform."""

    size: tuple[int, int]
    """Width and height in pixels in which ads are made; their ratio is the one asked for."""

    least: tuple[int, int]
    """Smallest width and height that are taken, in pixels."""

    most: tuple[int, int] | None = None
    """Largest width and height that are taken, in pixels."""

    any_ratio: bool = False
    """Other ratios of width and height are taken too."""

    safe: SafeArea = (0.0, 0.0, 0.0, 0.0)
    """Shares of the width and height at left, top, right and bottom that may be cut off or covered."""

    formats: tuple[Format, ...]
    """Formats that are taken, the best first."""

    bytes: int
    """Largest file in bytes."""

    background: Background = "any"
    """white: exactly white around the product; scene: not a plain colour."""

    product: float | None = None
    """Least share of the picture's width or height that the product fills."""

    text: bool
    """Whether a picture may have text added to it. Not measured; caig adds none."""

    source: str
    """Where this is written."""

    read: datetime.date
    """Day on which the source was read."""

    own_page: bool = False
    """Whether the source is a page of the platform itself; else others say what it asks."""

    @property
    def label(self) -> str:
        """Its name among all shapes."""
        return f"{self.platform}-{self.name}"


@functools.cache
def shapes() -> tuple[DeliveryShape, ...]:
    """All rows of the table, in its order."""
    table = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return tuple(
        DeliveryShape.model_validate({"platform": platform, "name": name, **row})
        for platform, rows in table.items()
        for name, row in rows.items()
    )


def platforms() -> list[str]:
    """Names that ``--for`` takes."""
    return list(dict.fromkeys(shape.platform for shape in shapes()))


def shapes_for(names: Iterable[str]) -> list[DeliveryShape]:
    """The shapes of some platforms; a name may be one shape's too. Unknown names are left out."""
    asked = list(names)
    return [shape for shape in shapes() if shape.platform in asked or shape.label in asked]


def _known(text: str) -> str:
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if not shapes_for([name])]
    if unknown or not names:
        asked = ", ".join(unknown) or "none"
        raise ValueError(f"no such platform: {asked}; known: {', '.join(platforms())}")
    return ",".join(names)


Platforms = Annotated[str, AfterValidator(_known)]
"""A recipe value that names platforms, or shapes of theirs, with commas between."""
