"""The formats in which ads are saved. Light: recipes name them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from caig_cli.tables import OneOf


@dataclass(frozen=True, slots=True)
class Encoding:
    """A format: the ending of its files, its type on the web, whether it keeps every pixel, and how it is
    written."""

    suffix: str
    mime: str
    exact: bool
    options: Mapping[str, Any]


ENCODINGS: Mapping[str, Encoding] = {
    "png": Encoding(".png", "image/png", True, {"compress_level": 5}),
    "jpeg": Encoding(".jpg", "image/jpeg", False, {"subsampling": 0, "optimize": True, "progressive": True}),
    "webp": Encoding(".webp", "image/webp", False, {"method": 4}),
    "avif": Encoding(".avif", "image/avif", False, {"speed": 8, "max_threads": 1}),
}

Format = Annotated[str, OneOf("format", ENCODINGS)]
"""A recipe value that names a format."""
