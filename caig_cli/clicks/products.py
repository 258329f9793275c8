"""Which product each ad is for: the column that says so, or the ads' own names. Legend: R rows, C ads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

import numpy as np

from caig_cli.clicks.encoding import Codes, Column, Ints, groups
from caig_cli.clicks.platforms import missing
from caig_cli.clicks.words import is_gap
from caig_cli.data.images import shown
from caig_cli.errors import DataError

MOSTLY = 0.95
"""Share of the ads that a column must know, with one product each, to stand for products."""

_NUMBERED = re.compile(r"[-_ .]+(?:v|ad|img|image|variant|var)?[-_ .]*\d{1,3}$", re.I)


class NoProductError(DataError):
    """Nothing in a log tells the products of its ads."""


@dataclass(frozen=True, slots=True)
class Products:
    """The product of each row."""

    column: Column
    source: str
    """Where it comes from, for people."""
    doubtful: bool = False


def find_products(
    name: str, header: Sequence[str], columns: Mapping[str, Column], beside: Sequence[Column], ad_R: Ints,
    ad_names: Sequence[str], given: bool,
) -> Products:  # fmt: skip
    """The column that says which product an ad is for.

    ``columns`` are those that may (item, group, campaign, url), ``beside`` others, ``ad_R`` the ad of each
    row and ``ad_names`` [C] their names; ``given``: the user named the column of items. Ad groups and
    campaigns count only where nearly each ad has one and several ads share it: else they are audiences.
    Raises DataError where nothing tells.
    """
    item = columns.get("item")
    if item is not None and (given or _share(item, ad_R) >= 0.5):
        return Products(item, f"'{item.title}'")
    may = [columns[one] for one in ("group", "campaign") if one in columns]
    may += [_pages(columns["url"])] if "url" in columns else []
    may = [column for column in may if _tells(column, ad_R, len(ad_names))]
    by_name = _from_names(ad_names)
    if may:  # the one that agrees with the ads' names, else the nearest to the ad
        agree = [column for column in may if by_name and _same_groups(column.code_R, by_name[1][ad_R])]
        best = (agree or may)[0]
        return Products(best, f"'{best.title}'")
    if by_name is not None:
        column = Column("names of the ads", by_name[0], by_name[1][ad_R])
        return Products(column, "the names of the ads without their last number", doubtful=True)
    others = [column for column in beside if _tells(column, ad_R, len(ad_names))]
    if len(others) == 1:
        return Products(others[0], f"'{others[0].title}'", doubtful=True)
    for one in ("group", "campaign"):  # a log of one product
        if one in columns and len(_used(columns[one])) == 1:
            return Products(columns[one], f"'{columns[one].title}'", doubtful=True)
    titles = [column.title for column in (*columns.values(), *others)]
    why = f"; {', '.join(shown(title) for title in titles)} do not group the ads" if titles else ""
    found = shown(missing("", header))
    raise NoProductError(
        f"{shown(name)}: no column says which product an ad is for{why}; {found}; "
        "name it with --column item=NAME"
    )


def _used(column: Column) -> Ints:
    """The codes of filled values that rows have."""
    gaps = [is_gap(value) for value in column.values]
    codes = np.unique(column.code_R)
    return np.array([code for code in codes.tolist() if not gaps[code]], np.int64)


def _share(column: Column, ad_R: Ints) -> float:
    """Share of the rows that have a value."""
    filled = ~np.array(column.each(is_gap) or [True], np.bool_)[column.code_R]
    return float(filled.mean()) if len(filled) else 0.0


def _tells(column: Column, ad_R: Ints, ads: int) -> bool:
    """Whether nearly each ad has one value, and ads share them."""
    gap_V = np.array(column.each(is_gap) or [True], np.bool_)
    filled = ~gap_V[column.code_R]
    if not filled.any():
        return False
    code_R, ad_R = column.code_R[filled], ad_R[filled]
    _, first = groups([ad_R, code_R])
    per_ad = np.bincount(ad_R[first], minlength=ads)
    values = len(np.unique(code_R))
    return bool((per_ad == 1).sum() >= MOSTLY * ads and 1 < values < (per_ad > 0).sum())


def _same_groups(one_R: Codes, other_R: Codes) -> bool:
    """Whether two columns group rows alike."""
    _, both = groups([one_R, other_R])
    return len(both) == len(np.unique(one_R)) == len(np.unique(other_R))


def _pages(column: Column) -> Column:
    """Landing pages by the last part of their address."""
    parts = [
        PurePosixPath(unquote(urlsplit(str(value)).path)).name if value else "" for value in column.values
    ]
    distinct = list(dict.fromkeys(parts))
    number = {part: index for index, part in enumerate(distinct)}
    of_V = np.array([number[part] for part in parts] or [0], np.int32)
    return Column(column.title, distinct, of_V[column.code_R])


def _from_names(names: Sequence[str]) -> tuple[list[str], Codes] | None:
    """Products by names such as SKU_1, SKU_2; None unless nearly all names end so and some share theirs."""
    stems = [PurePosixPath(name.replace("\\", "/")).name for name in names]
    stems = [re.sub(r"\.[A-Za-z0-9]{2,5}$", "", stem) for stem in stems]
    bare = [_NUMBERED.sub("", stem) for stem in stems]
    numbered = sum(bool(one) and one != stem for one, stem in zip(bare, stems, strict=True))
    distinct = list(dict.fromkeys(bare))
    if not names or numbered < MOSTLY * len(names) or len(distinct) == len(names):
        return None
    number = {one: index for index, one in enumerate(distinct)}
    return distinct, np.array([number[one] for one in bare], np.int32)
