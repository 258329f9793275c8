"""What is known of a log's items and creatives beside the log: products' facts, and the market's truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from caig_cli.data.images import shown
from caig_cli.data.product_columns import CAPTIONS, FACTS, column_name
from caig_cli.data.products import attributes_of
from caig_cli.data.tables import TABLE_SUFFIXES, Record, kind, read_rows, text_of
from caig_cli.errors import DataError, ItemError
from caig_cli.records import Failure

ITEMS = ("item_id", "item", "product_id")
"""What a file beside the log may call an item, the first found counts."""

IMAGES = ("image_name", "image", "creative_image_hash", "creative_id")
"""What it may call an ad's picture."""

_IDS = ("id", *ITEMS)
_NO_ATTRIBUTES = {*_IDS, "category", "split"}

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a shop says of a product."""

    caption: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    category: str | None = None

    def over(self, other: Facts) -> Facts:
        """These facts, and those of ``other`` where these say nothing."""
        return Facts(
            self.caption or other.caption,
            {**other.attributes, **self.attributes},
            self.category or other.category,
        )


def read_facts(path: Path, *, only_category: bool = False) -> tuple[dict[str, Facts], list[Failure]]:
    """Facts by item id from a JSON, JSONL or CSV file of products; the pictures named there do not matter.

    Columns are those of ``read_products``, and ``category``. ``only_category`` leaves the others alone: a
    market's catalogue holds truths about a product that no shop would know.
    Raises DataError where the file as a whole is unusable.
    """

    def one(row: Record) -> tuple[str, Facts]:
        values = {column_name(name, FACTS): value for name, value in row.values.items()}
        identifier = _first(row, _IDS, values)
        if identifier is None:
            raise row.error("id", "is missing; give the id that the click log uses")
        category = text_of(row, "category", values.get("category"))
        if only_category:
            return identifier, Facts(category=category)
        rest = {name: value for name, value in values.items() if name not in _NO_ATTRIBUTES}
        return identifier, Facts(_first(row, CAPTIONS, values), attributes_of(row, rest, FACTS), category)

    return _read(path, "id", one)


def join_facts(products: Sequence[Path], truth: Path | None) -> tuple[dict[str, Facts], list[Failure]]:
    """Facts from several files, an earlier one winning; without any, from those beside a market's truth.

    Raises DataError where a file as a whole is unusable.
    """
    files = [(path, False) for path in products]
    if truth is not None and not files:
        beside = (("products.json", False), ("catalogue.jsonl", True))
        files = [(path, only) for name, only in beside if (path := truth.with_name(name)).is_file()]
    joined: dict[str, Facts] = {}
    failures: list[Failure] = []
    for path, only_category in files:
        found, bad = read_facts(path, only_category=only_category)
        failures += bad
        for item, facts in found.items():
            joined[item] = joined.get(item, Facts()).over(facts)
    return joined, failures


def read_true_rates(path: Path) -> tuple[dict[tuple[str, str], float], list[Failure]]:
    """True click-through rates by (item, image name) from a market's ``ground_truth.jsonl``.

    Raises DataError where the file as a whole is unusable.
    """

    def one(row: Record) -> tuple[tuple[str, str], float]:
        item = _first(row, ITEMS, row.values)
        image = _first(row, IMAGES, row.values)
        if item is None or image is None:
            raise row.error(
                "item_id" if item is None else "image", "is missing; write it as in the click log"
            )
        rate = row.values.get("ctr")
        if isinstance(rate, bool) or not isinstance(rate, (int, float)):
            raise row.error("ctr", f"must be a number, is {kind(rate)}; give the true click-through rate")
        if not 0 <= rate <= 1:  # also catches NaN
            raise row.error("ctr", f"{shown(str(rate)[:40])} is not between 0 and 1; write a share")
        return (item, image), float(rate)

    return _read(path, "image", one)


def _read(
    path: Path, name: str, one: Callable[[Record], tuple[Key, Value]]
) -> tuple[dict[Key, Value], list[Failure]]:
    if not path.is_file():
        raise DataError(f"{shown(path)}: no such file; check the path")
    if path.suffix.lower() not in TABLE_SUFFIXES:
        raise DataError(f"{shown(path)}: must be a JSON, JSONL or CSV file; convert it")
    found: dict[Key, Value] = {}
    failures: list[Failure] = []
    for row in read_rows(path):
        if isinstance(row, Failure):
            failures.append(row)
            continue
        try:
            key, value = one(row)
            if key in found:
                raise row.error(name, "is in the file twice; remove one")
            found[key] = value
        except ItemError as error:
            failures.append(Failure(row.where(), str(error)))
    return found, failures


def _first(row: Record, names: tuple[str, ...], values: Mapping[str, Any]) -> str | None:
    return next((text for name in names if (text := text_of(row, name, values.get(name)))), None)
