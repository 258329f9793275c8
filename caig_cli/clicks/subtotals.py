"""Rows of a breakdown that sum others up: blank or "All" where those have an age, a placement. R rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from caig_cli.clicks.encoding import Codes, Column, Ints, sums
from caig_cli.clicks.words import is_everything

MANY = 5
"""Ads and days with the same counts in all their rows: fewer may be chance."""

Bools = NDArray[np.bool_]

MOSTLY = 0.9
"""Share of the ads and days whose sums must agree."""

TOLERANCE = 0.02
"""Of a sum: platforms leave small parts out for privacy."""


def subtotals(group_R: Codes, dimensions: Sequence[Column], impressions_R: Ints) -> tuple[Bools, list[str]]:
    """Which rows sum up others of their ad and day, bool [R], and the columns that say so.

    Such rows have no value, or a word for all, in a column in which the others have one, and as many
    impressions as the others together.
    """
    none = np.zeros(len(group_R), np.bool_)
    open_R, over = none.copy(), []
    for column in dimensions:
        if codes := [code for code, value in enumerate(column.values) if is_everything(value)]:
            rows = column.rows_of(codes)
            if rows.any() and not rows.all():
                open_R |= rows
                over.append(column.title)
    if not open_R.any():
        return none, []
    number = int(group_R.max(initial=-1)) + 1
    parts_G = sums(group_R[~open_R], impressions_R[~open_R], number)
    largest_G = np.zeros(number, np.int64)
    np.maximum.at(largest_G, group_R[open_R], impressions_R[open_R])
    both = np.zeros(number, np.bool_)
    both[group_R[open_R]] = True
    has_parts = np.zeros(number, np.bool_)
    has_parts[group_R[~open_R]] = True
    both &= has_parts
    agree = np.abs(parts_G - largest_G) <= TOLERANCE * largest_G
    if not both.any() or agree[both].mean() < MOSTLY:
        return none, []
    return open_R & both[group_R], over


def repeat_counts(group_R: Ints, impressions_R: Ints, clicks_R: Ints) -> bool:
    """Whether the rows of an ad and day always have the same counts: repeated, and no parts of a whole."""
    rows_G = np.bincount(group_R)
    several_G = rows_G > 1
    if several_G.sum() < MANY or impressions_R[several_G[group_R]].mean() < 10 * MANY:
        return False
    for values_R in (impressions_R, clicks_R):
        least_G, most_G = np.full(len(rows_G), np.iinfo(np.int64).max), np.zeros(len(rows_G), np.int64)
        np.minimum.at(least_G, group_R, values_R)
        np.maximum.at(most_G, group_R, values_R)
        if (least_G != most_G)[several_G].any():
            return False
    return True
