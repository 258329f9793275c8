"""What a log's cells may lead to: pictures in folders, or ads that are known by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Protocol
from urllib.parse import unquote, urlsplit

from caig_cli.data.images import shown

NONE, SEVERAL = -1, -2
"""What stands for an ad: there is none, several have the name."""

_WORDS = re.compile(r"[^\w-]+|_")


class AdFinder(Protocol):
    """Numbers ads; what stands for one is a text of ``paths``."""

    @property
    def paths(self) -> Sequence[str]:
        """A text for each ad: its picture's path, or its name."""

    def product(self, found: int, value: str) -> str | None:
        """The product of an ad by its number and name, where that is known and not to be told by the log."""

    def match(self, value: str) -> int:
        """The number of the ad that a cell means, below 0 where it means none."""

    def fault(self, value: str, found: int) -> str:
        """Why a cell means no ad, in one line."""

    def originals(self, numbers: Iterable[int]) -> Mapping[int, int]:
        """For ads that are copies of others: those."""


class NamedAds:
    """Ads known by their ids or names, found in a cell by itself, as its last word, or anywhere in it.

    ``names`` are the ads' ids; ``products`` theirs in the same order.
    """

    def __init__(self, names: Sequence[str], products: Sequence[str]) -> None:
        self.paths, self.products = tuple(names), tuple(products)
        self._number = {name.casefold(): number for number, name in enumerate(names)}
        # A name of letters and digits alone is found as a word; only others are looked for in the whole text.
        self._longest = sorted((one for one in self._number if not one.isalnum()), key=len, reverse=True)

    def match(self, value: str) -> int:
        text = unquote(urlsplit(value).path) if "://" in value else value
        text = PurePosixPath(text.strip().replace("\\", "/")).name.casefold()
        for name in (text, text.rpartition(".")[0]):
            if name in self._number:
                return self._number[name]
        words = {self._number[word] for part in _WORDS.split(text) for word in _runs(part, self._number)}
        if not words:
            words = self._inside(value.casefold())
        return words.pop() if len(words) == 1 else SEVERAL if words else NONE

    def product(self, found: int, value: str) -> str | None:
        """That of the ad; what is none of the ads stands for itself."""
        return self.products[found] if found >= 0 else value

    def _inside(self, text: str) -> set[int]:
        """The longest names that stand in a text as whole words."""
        found: set[int] = set()
        length = 0
        for name in self._longest:
            if len(name) < length:
                break
            if name in text and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text):
                found.add(self._number[name])
                length = len(name)
        return found

    def fault(self, value: str, found: int) -> str:
        name = f"'{shown(value[:80])}'"
        return f"{name} may be several ads" if found == SEVERAL else f"{name} is no ad of the plan"

    def originals(self, numbers: Iterable[int]) -> Mapping[int, int]:
        return {}


def _runs(part: str, known: Mapping[str, int]) -> list[str]:
    """The known names among a text and its pieces between dashes."""
    return [word for word in (part, *part.split("-")) if word in known]
