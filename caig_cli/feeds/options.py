"""What the user says of a feed. Light: the help of commands reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Variants = Literal["one", "picture", "each"]
"""Of the variants of a product, ads are made of one, of each that has a picture of its own, or of each."""

_NEXT = re.compile(r",\s*(?=[a-z_]+=)")


@dataclass(frozen=True, slots=True)
class FeedOptions:
    """Which platform a feed is from, its columns by field, where its photos are, and its variants."""

    platform: str = "auto"
    columns: tuple[tuple[str, str], ...] = ()
    images: Path | None = None
    fetch: bool = False
    variants: Variants = "one"
    store: str | None = None
    """The address of a feed that was fetched from an object store, and has its photos beside it there."""


def columns_of(given: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Columns by field, also where several were written at once: ``image=Bild,title=Name``."""
    found: dict[str, str] = {}
    for name, value in given.items():
        for number, part in enumerate(_NEXT.split(value)):
            one, equals, title = part.partition("=") if number else (name, "=", part)
            found[one.strip() if equals else name] = title.strip()
    if "color" in found:
        found.setdefault("colour", found.pop("color"))
    return tuple(sorted(found.items()))
