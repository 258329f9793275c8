"""Impressions and clicks by creative and day, in arrays: what all logs together say.

A creative is a picture of an item on one platform: ads are compared within the audience of a platform.
Legend of shape names: R rows (a creative on a day), C creatives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caig_cli.clicks.encoding import sums
from caig_cli.data.images import shown
from caig_cli.records import Failure

Ints = NDArray[np.integer[Any]]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ClickLog:
    """Logs in memory: what was shown on which day, and where each creative is first mentioned."""

    names: tuple[str, ...]
    """Files, as the user named them."""
    items: tuple[str, ...]
    platforms: tuple[str, ...]
    """Names of the platforms whose ads are compared apart."""
    image_C: tuple[str, ...]
    """Image names as in the log."""
    path_C: tuple[str | None, ...]
    """Their files; None where there is none, or none was looked for."""
    item_C: Ints
    """Index into ``items``."""
    platform_C: Ints
    """Index into ``platforms``."""
    file_C: Ints
    """Index into ``names``."""
    line_C: Ints
    days: tuple[str, ...]
    """All days in order: ISO dates, or numbers; an empty text stands for rows without one."""
    creative_R: Ints
    day_R: Ints
    """Index into ``days``."""
    impressions_R: Ints
    clicks_R: Ints
    propensity_R: Floats | None = None
    """Probability with which the ad was chosen, in logs that have it; NaN in rows of others. None: no log has
    it. An ad then has a row for each on a day."""
    bad: tuple[Failure, ...] = ()
    """The first of the rows that were left out."""
    bad_rows: int = 0
    missing: tuple[Failure, ...] = ()
    """Creatives without a picture, and why."""
    facts: Sequence[dict[str, Any]] = field(default_factory=tuple)
    """For each file how it was read."""
    notes: tuple[str, ...] = ()
    """What was added up, left out or counted once."""
    warnings: tuple[str, ...] = ()
    """What may be wrong."""

    def totals(self) -> tuple[Ints, Ints]:
        """Impressions and clicks over all days, each int64 [C]."""
        number = len(self.image_C)
        return sums(self.creative_R, self.impressions_R, number), sums(self.creative_R, self.clicks_R, number)

    def contests(self) -> Ints:
        """What creatives are compared within: a number for each item and platform, in order of items [C]."""
        return self.item_C * max(1, len(self.platforms)) + self.platform_C

    def where(self, creative: int) -> str:
        """``file:line:field`` of the creative's first mention."""
        return f"{shown(self.names[self.file_C[creative]])}:{self.line_C[creative]}:image"
