"""Rows that cannot be used: told, and left out only where they are few and like the others. Rows are R."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from caig_cli.clicks.reading import Export
from caig_cli.data.images import shown
from caig_cli.errors import DataError
from caig_cli.records import Failure

Repeats = Literal["refuse", "sum", "first"]
Bools = NDArray[np.bool_]

MAX_LISTED = 20
"""Bad rows that are described; the others are only counted."""


@dataclass(frozen=True, slots=True)
class BadRowRules:
    """What to do with rows that are bad, or there again."""

    skip_bad: bool = False
    max_bad_share: float = 0.05
    """Most rows that may be left out, as a share."""
    repeats: Repeats = "refuse"
    pool: bool = False
    """Whether an ad's counts on several platforms are one sum."""
    item_given: bool = False
    """Whether the user named the column of items."""
    item_pattern: str | None = None
    """What of a cell is the product: its first group, or all that it matches."""


class BadRows:
    """Rows that cannot be used: which, why, and whether they may be left out."""

    def __init__(self, export: Export) -> None:
        self.export = export
        self.good_R = np.ones(len(export.line_R), np.bool_)
        self.listed = [(_line(one), one) for one in export.bad]
        self.rows = len(export.bad)

    def add(self, faults: Mapping[int, str], real_R: Bools) -> None:
        for row in sorted(faults):
            if not real_R[row] or not self.good_R[row]:
                continue
            self.good_R[row] = False
            self.complain(int(self.export.line_R[row]), f":{faults[row]}", self.export.weight(row))

    def complain(self, line: int, fault: str, rows: int = 1) -> None:
        self.rows += rows
        place = f"{shown(self.export.name)}:{line}"
        if len(self.listed) < 4 * MAX_LISTED or line < self.listed[-1][0]:
            self.listed.append((line, Failure(place, f"{place}{fault}")))

    def judge(self, rules: BadRowRules, real_R: Bools) -> str | None:
        """What to say of rows that are left out. Raises DataError where they must not be."""
        if not self.rows:
            return None
        self.listed.sort(key=lambda one: one[0])
        if not rules.skip_bad:
            more = f" (and {self.rows - 1} more bad rows)" if self.rows > 1 else ""
            raise DataError(f"{self.listed[0][1].error}{more}")
        share = self.rows / max(1, int(real_R.sum()) + len(self.export.bad))
        bias, sizes = _sizes(self.export, real_R & ~self.good_R, real_R & self.good_R)
        first = f"the first is {self.listed[0][1].error}"
        if share > rules.max_bad_share and self.rows > 1:
            raise DataError(
                f"{shown(self.export.name)}: --skip-bad would leave out {self.rows} rows, {share:.1%} of the "
                f"log{f' ({sizes})' if sizes else ''}, more than "
                f"pairs.max_bad_share={rules.max_bad_share}; {first}"
            )
        if bias:
            raise DataError(
                f"{shown(self.export.name)}: --skip-bad would leave out {self.rows} rows ({share:.1%}) that "
                f"are no random part: {bias}; {first}"
            )
        return f"{self.rows} bad rows left out ({share:.2%} of the log){f': {sizes}' if sizes else ''}"


def _line(failure: Failure) -> int:
    return int(failure.item.rpartition(":")[2])


def _sizes(export: Export, bad_R: Bools, kept_R: Bools) -> tuple[str, str]:
    """How sizes of rows left out differ from the others, if by more than chance; and both, for people."""
    rows = np.flatnonzero(bad_R).tolist()
    found = [export.sizes.get(row, int(export.impressions_R[row])) for row in rows]
    left, kept = np.array([size for size in found if size >= 0], np.float64), export.impressions_R[kept_R]
    if not len(left) or not len(kept):
        return "", ""
    text = f"they have {np.median(left):,.0f} impressions (median), the others {np.median(kept):,.0f}"
    if len(left) < 5 or len(kept) < 5:
        return "", text
    ordered = np.sort(kept)
    below = (np.searchsorted(ordered, left) + np.searchsorted(ordered, left, "right")) / 2
    larger = float(below.mean() / len(ordered))  # probability that a row left out is the larger one
    error = np.sqrt((len(left) + len(ordered) + 1) / (12 * len(left) * len(ordered)))
    return ("" if abs(larger - 0.5) < max(4 * error, 0.1) else text), text
