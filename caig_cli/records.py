"""The records that the stages pass around. Plain data: no torch, no files opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Product:
    """An item to advertise: an image and, if known, what the shop says about it."""

    id: str
    image: Path
    caption: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    mask: Path | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One utterance of a dialogue; ``speaker`` is ``human`` or ``gpt`` as in LLaVA files."""

    speaker: str
    text: str


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A training conversation about at most one image; ``task`` names its family, if known."""

    id: str
    image: Path | None
    turns: tuple[Turn, ...]
    task: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """An item that could not be used, and why, in one line."""

    item: str
    error: str


@dataclass(frozen=True, slots=True)
class Box:
    """A pixel rectangle: left and top inclusive, right and bottom exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top
