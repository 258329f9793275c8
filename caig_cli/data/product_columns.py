"""Columns of a product table that mean what the options of the same name mean, and those that nearly do."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from pydantic import TypeAdapter, ValidationError

from caig_cli.data.tables import Record, text_of
from caig_cli.errors import UsageError
from caig_cli.records import ShotOptions

CAPTIONS = ("caption", "new_caption", "title")
"""Columns that may hold the caption; the first with a text counts."""

OPTIONS = tuple(one.name for one in fields(ShotOptions))
"""Columns that are about a product's ads, and no facts about the product."""

FACTS = frozenset({"id", "image", "mask", "attributes", *CAPTIONS})
"""Columns of known meaning in any file about products."""

KNOWN = FACTS | {*OPTIONS}
"""Columns of known meaning in a file of products to advertise."""

_NUMBERS = ("n", "seed", "scale")
_NEAR = 0.85
"""Least likeness of two names (difflib) of which one is probably meant as the other."""
_WORDS = frozenset({"sale", "sales", "scales", "images", "promo"})
"""Columns that shops have and that only look like one of ours."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What the reader of a table wants to know beside the products.

    ``readers``: the types of the columns about ads that count here; others of them are passed over.
    ``options``: names of the command's options, which a column may be mistaken for.
    """

    readers: Mapping[str, TypeAdapter[Any]] = field(default_factory=dict)
    options: Collection[str] = ()


def column_name(name: str, known: Collection[str] = KNOWN) -> str:
    """A column of known meaning in lower case, any other as it is written."""
    lower = name.strip().lower()
    return lower if lower in known else name.strip()


def shot_options(row: Record, values: Mapping[str, Any], columns: Columns) -> ShotOptions:
    """What a record says of its ads, by the types of the options. Raises ItemError naming the field."""
    found = {}
    for name, reader in columns.readers.items():
        value = values.get(name)
        if isinstance(value, str) or name not in _NUMBERS:
            value = text_of(row, name, value)
        if value is not None:
            found[name] = _checked(row, name, value, reader)
    return ShotOptions(**found)


def _checked(row: Record, name: str, value: object, reader: TypeAdapter[Any]) -> Any:
    fault = f"must be a number, is {value!r}"
    try:
        if not isinstance(value, bool):
            return reader.validate_python(value)
    except ValidationError as error:
        reason = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        fault = f"{reason[:1].lower()}{reason[1:]}, is {value!r}"
    except UsageError as error:
        fault = str(error)
    raise row.error(name, f"{fault}; correct it, or call the column attr_{name} if it is about the product")


def near_misses(names: Iterable[str], columns: Columns) -> str | None:
    """One sentence about columns that became attributes but look like an option; None where none does."""
    known = sorted(KNOWN | set(columns.options))
    named = []
    for name in names:
        plain = re.sub(r"[^a-z]+", "_", name.lower()).strip("_")
        if name in KNOWN or name.lower().startswith("attr_") or plain in _WORDS:
            continue
        near = difflib.get_close_matches(plain, known, n=1, cutoff=_NEAR)
        if not near or near[0][0] != plain[0]:
            continue
        hint = f"did you mean {near[0]}?"
        if near[0] not in KNOWN:
            hint = f"{near[0]} is an option of the command, not of one product"
        named.append(f"'{name}' ({hint})")
    return f"read as facts about the product: {', '.join(named)}" if named else None
