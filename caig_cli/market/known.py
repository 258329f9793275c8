"""What a market's own files know of its products, and so what a background prompt is truly worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from caig_cli.engine.files import read_lines
from caig_cli.market.catalogue import Split
from caig_cli.market.truth import load_truth
from caig_cli.painters.studio.language import read_core

FILE = "catalogue.jsonl"
"""Lies beside the ``products.json`` of a market."""


@dataclass(frozen=True, slots=True)
class Known:
    """A product of the market: its split, category and photo's mean lightness, 0 to 1."""

    split: Split
    category: str
    lightness: float


class TrueWorth(NamedTuple):
    """Of a prompt for a product: whether the background suits it, and the true click-through rate."""

    match: bool
    ctr: float


@dataclass(frozen=True, slots=True)
class Oracle:
    """Knows the truth of every product of a market by its id."""

    products: Mapping[str, Known]

    def worth(self, product: str, prompt: str) -> TrueWorth:
        """Exact, without painting: the scene language reads the prompt as the studio does."""
        truth, known, scene = load_truth(), self.products[product], read_core(prompt).scene
        rate = truth.ctr(product, known.category, known.lightness, scene)
        return TrueWorth(truth.match(known.category, scene), rate)


def open_oracle(products: Path) -> Oracle | None:
    """The oracle of a products file, None where it is not a market's."""
    path = products.parent / FILE
    groups = load_truth().group_of
    try:
        rows = read_lines(path)
        known = {str(r["id"]): Known(r["split"], str(r["category"]), float(r["lightness"])) for r in rows}
    except (OSError, ValueError, KeyError, TypeError):
        return None  # somebody else's file of that name
    return Oracle(known) if known and all(one.category in groups for one in known.values()) else None
