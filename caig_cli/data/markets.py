"""Whether pictures are those of a simulated market, by the market's own files above them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from caig_cli.parsing import parse_json

TRUTH, CATALOGUE = "ground_truth.jsonl", "catalogue.jsonl"
LEVELS = 4
"""Folders above a picture in which a market's files are looked for."""


def of_market(pictures: Iterable[Path]) -> bool:
    """Whether any of them is an ad or a product's photo that a market above it made.

    Somebody else's pictures in or near the folder of a market are none of its own: it must name them.
    """
    known: dict[Path, frozenset[Path]] = {}
    for picture in dict.fromkeys(path.absolute() for path in pictures):
        for folder in list(picture.parents)[:LEVELS]:
            if folder not in known:
                known[folder] = frozenset(map(partial(Path.joinpath, folder), _named(folder)))
            if picture in known[folder]:
                return True
    return False


def _named(market: Path) -> Iterator[str]:
    """The pictures that a market's files name, relative to it; none where it is no market."""
    if not (market / TRUTH).is_file():
        return
    try:
        for line in (market / TRUTH).open(encoding="utf-8"):
            yield str(parse_json(line)["image"])
        for line in (market / CATALOGUE).open(encoding="utf-8"):
            yield f"products/{parse_json(line)['id']}.png"
    except (KeyError, TypeError, ValueError, OSError):
        return  # somebody else's file of that name
