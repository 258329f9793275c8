"""Names that two pictures may have had: shown again after weeks, at quite another rate."""

from __future__ import annotations

import datetime

import numpy as np

from caig_cli.clicks.encoding import Ints
from caig_cli.clicks.log import ClickLog
from caig_cli.data.images import shown

MIN_GAP_DAYS = 14
"""Days without a row after which a name may stand for another picture."""

MIN_Z = 4.0
"""Standard errors between the two rates that chance hardly explains (1 in 16,000)."""

LISTED = 3


def reused_names(log: ClickLog) -> list[str]:
    """A warning for each creative whose rate changed over a gap, in one line; the others are counted."""
    ordinal_D = np.array([_ordinal(day) for day in log.days] or [0], np.int64)
    dated = ordinal_D[ordinal_D > 0]
    if not len(dated) or int(dated.max() - dated.min()) < MIN_GAP_DAYS:
        return []
    order = np.lexsort((log.day_R, log.creative_R))
    creative, day = log.creative_R[order], ordinal_D[log.day_R[order]]
    gap = (np.diff(day) >= MIN_GAP_DAYS) & (np.diff(creative) == 0) & (day[:-1] > 0)
    found = [text for at in np.flatnonzero(gap).tolist() if (text := _change(log, order, at))]
    more = [f"{len(found) - LISTED} more names may have had two pictures"] if len(found) > LISTED else []
    return found[:LISTED] + more


def _ordinal(day: str) -> int:
    return datetime.date.fromisoformat(day).toordinal() if "-" in day else 0


def _change(log: ClickLog, order: Ints, at: int) -> str | None:
    """What to say of rows before and after a gap, where their rates are not one."""
    creative = int(log.creative_R[order[at]])
    rows = order[log.creative_R[order] == creative]
    last, first = log.day_R[order[at]], log.day_R[order[at + 1]]
    before, after = rows[log.day_R[rows] <= last], rows[log.day_R[rows] >= first]
    (n, k), (m, j) = (
        (int(log.impressions_R[part].sum()), int(log.clicks_R[part].sum())) for part in (before, after)
    )
    if not n or not m:
        return None
    rate = (k + j) / (n + m)
    error = (rate * (1 - rate) * (1 / n + 1 / m)) ** 0.5
    if error == 0 or abs(k / n - j / m) < MIN_Z * error:
        return None
    return (
        f"'{shown(log.image_C[creative][:80])}' got {k / n:.2%} clicks until {log.days[last]} and "
        f"{j / m:.2%} from {log.days[first]} on: if two pictures had this name, give each its own"
    )
