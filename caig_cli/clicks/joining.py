"""Exports -> one click log: ads of a platform added up, platforms apart, what is there twice counted once.

Legend of shape names: R rows, C creatives of the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from caig_cli.clicks import days
from caig_cli.clicks.ad_days import LogPart
from caig_cli.clicks.ad_finder import AdFinder
from caig_cli.clicks.bad_rows import MAX_LISTED, BadRowRules, Bools
from caig_cli.clicks.encoding import Ints, coded, groups, sums
from caig_cli.clicks.log import ClickLog
from caig_cli.clicks.reading import Floats
from caig_cli.clicks.reuse import reused_names
from caig_cli.data.images import shown
from caig_cli.errors import DataError
from caig_cli.records import Failure


def join(parts: Sequence[LogPart], pictures: AdFinder | None, rules: BadRowRules) -> ClickLog:
    """One log of all exports.

    Exports of one platform are added up, those of several kept apart unless pooled. The same counts in two
    exports are one log exported twice, and count once. Raises DataError where two exports of a platform have
    other counts for an ad and day.
    """
    builder = _Builder(pictures, rules)
    for part in parts:
        builder.add(part)
    log = builder.log()
    return replace(log, warnings=(*log.warnings, *reused_names(log)))


@dataclass(slots=True)
class _Ads:
    """The ads of a part in the numbers of the log [A], and their rows [R]."""

    part: LogPart
    stratum: int
    item_A: Ints
    picture_A: Ints
    """Number of the picture; below 0 of a name without one."""
    line_A: Ints
    ad_R: Ints
    day_R: Ints
    impressions_R: Ints
    clicks_R: Ints
    propensity_R: Floats

    def at(self, keep: Bools) -> _Ads:
        """Some of the rows."""
        if keep.all():
            return self
        rows = (self.ad_R[keep], self.day_R[keep], self.impressions_R[keep], self.clicks_R[keep],
                self.propensity_R[keep])  # fmt: skip
        return _Ads(self.part, self.stratum, self.item_A, self.picture_A, self.line_A, *rows)


class _Builder:
    """Parts taken in one by one; items, days, platforms and names become numbers."""

    def __init__(self, pictures: AdFinder | None, rules: BadRowRules) -> None:
        self.pictures, self.rules = pictures, rules
        self.items: dict[str, int] = {}
        self.platforms: dict[str, int] = {}
        self.names: dict[str, int] = {}
        self.days: dict[str, int] = {}
        self.taken: list[_Ads] = []
        self.notes: list[str] = []
        self.warnings: list[str] = []

    def add(self, part: LogPart) -> None:
        self.notes += [f"{shown(part.name)}: {note}" for note in part.notes]
        self.warnings += part.warnings
        platform = "all" if self.rules.pool else part.platform
        ads = self._numbered(part, self.platforms.get(platform, len(self.platforms)))
        ads = ads.at(self._not_counted_yet(ads))
        if len(ads.ad_R):
            self.platforms.setdefault(platform, len(self.platforms))
        self.taken.append(ads)

    def _numbered(self, part: LogPart, stratum: int) -> _Ads:
        used = np.unique(part.ad_R).tolist()
        item_I = np.full(max(1, len(part.items)), -1, np.int64)
        for item in dict.fromkeys(part.item_A[used].tolist()):
            item_I[item] = self.items.setdefault(part.items[item], len(self.items))
        day_V = np.full(len(part.days), -1, np.int32)
        for day in np.unique(part.day_R).tolist():
            day_V[day] = self.days.setdefault(part.days[day], len(self.days))
        picture_A = part.ads.file_A.astype(np.int64)
        for ad in np.flatnonzero(picture_A < 0).tolist():
            picture_A[ad] = -1 - self.names.setdefault(part.ads.name_A[ad], len(self.names))
        line_A = np.zeros(len(part.item_A), np.int64)
        line_A[part.ad_R[::-1]] = part.line_R[::-1]
        counts = (part.impressions_R, part.clicks_R, part.propensity_R)
        return _Ads(
            part, stratum, item_I[part.item_A], picture_A, line_A, part.ad_R, day_V[part.day_R], *counts
        )

    def _not_counted_yet(self, ads: _Ads) -> Bools:
        """Which rows count [R]: not those that an earlier export has with the very same counts."""
        keep = np.ones(len(ads.ad_R), np.bool_)
        for stratum in range(len(self.platforms)):
            earlier = [one for one in self.taken if one.stratum == stratum]
            if ads.part.is_events and self._is_new(ads, [one for one in earlier if one.part.is_events]):
                earlier = [one for one in earlier if not one.part.is_events]
            there, same = _compared(earlier, ads)
            if not there.any():
                continue
            if (same == there).all() and int(ads.impressions_R[there].sum()) > 0:
                keep &= ~there
                self.warnings.append(
                    f"{shown(ads.part.name)}: {int(there.sum())} rows have the very counts of an "
                    "earlier file: the same log exported twice, counted once"
                )
            elif stratum == ads.stratum and not self.rules.pool and self.rules.repeats == "refuse":
                line = ads.part.line_R[np.flatnonzero(there)[0]]
                raise DataError(
                    f"{shown(ads.part.name)}:{line}: a second row for this ad and day, with other "
                    "counts than in an earlier file; leave one out, or say --repeats sum or first"
                )
        return keep

    def _is_new(self, ads: _Ads, earlier: Sequence[_Ads]) -> bool:
        """Whether a file of events, as of an hour, is no other one given again, with all its sums."""
        alike = [one for one in earlier if len(one.ad_R) == len(ads.ad_R)]
        return not any(_compared([one], ads)[1].all() for one in alike)

    def log(self) -> ClickLog:
        taken = self.taken
        offset_T = np.cumsum([0, *(len(one.item_A) for one in taken)])
        used = [np.unique(one.ad_R) + offset for one, offset in zip(taken, offset_T, strict=False)]
        used_A = np.concatenate(used).astype(np.int64)
        stratum_A, item_A, picture_A, line_A, part_A = (
            np.concatenate(columns)[used_A]
            for columns in (
                [np.full(len(one.item_A), one.stratum) for one in taken], [one.item_A for one in taken],
                [one.picture_A for one in taken], [one.line_A for one in taken],
                [np.full(len(one.item_A), number) for number, one in enumerate(taken)],
            )
        )  # fmt: skip
        creative_U, first_C = groups([stratum_A, item_A, picture_A])
        creative_A = np.full(int(offset_T[-1]), -1, np.int32)
        creative_A[used_A] = creative_U
        rows = self._rows(creative_A, offset_T)
        names = [name for one in taken for name in one.part.ads.name_A]
        files = np.concatenate([one.part.ads.file_A for one in taken])
        image_C = [names[ad] for ad in used_A[first_C].tolist()]
        if any(one.part.is_events for one in taken):
            _check_clicks(image_C, rows[0], rows[2], rows[3])
        file_C = files[used_A[first_C]].tolist()
        where = list(zip(part_A[first_C].tolist(), line_A[first_C].tolist(), strict=True))
        bad = [failure for one in taken for _, failure in one.part.bad]
        return ClickLog(
            names=tuple(one.part.name for one in taken),
            items=tuple(self.items),
            platforms=tuple(self.platforms),
            image_C=tuple(image_C),
            path_C=tuple(self._path(file) for file in file_C),
            item_C=item_A[first_C],
            platform_C=stratum_A[first_C],
            file_C=part_A[first_C],
            line_C=line_A[first_C],
            days=tuple(days.in_order(list(self.days))),
            creative_R=rows[0],
            day_R=rows[1],
            impressions_R=rows[2],
            clicks_R=rows[3],
            propensity_R=None if np.isnan(rows[4]).all() else rows[4],
            bad=tuple(bad[:MAX_LISTED]),
            bad_rows=sum(one.part.bad_rows for one in taken),
            missing=self._missing(where, image_C, file_C),
            facts=tuple(one.part.facts for one in taken),
            notes=tuple(self.notes),
            warnings=tuple(self.warnings),
        )

    def _rows(self, creative_A: Ints, offset_T: Ints) -> tuple[Ints, Ints, Ints, Ints, Floats]:
        """Creative, day, impressions, clicks and propensity of each row; what several files say of one is one
        row."""
        rank = {day: index for index, day in enumerate(days.in_order(list(self.days)))}
        of_D = np.array([rank[day] for day in self.days] or [0], np.int32)
        creative_R = _joined(
            [creative_A[one.ad_R + offset] for one, offset in zip(self.taken, offset_T, strict=False)]
        )
        day_R = of_D[_joined([one.day_R for one in self.taken])]
        impressions_R = _joined([one.impressions_R for one in self.taken])
        clicks_R = _joined([one.clicks_R for one in self.taken])
        propensity_R = np.concatenate([one.propensity_R for one in self.taken])
        if len(self.taken) == 1:
            return creative_R, day_R, impressions_R, clicks_R, propensity_R
        group, first = groups([creative_R, day_R, coded(propensity_R)])
        if len(first) == len(group):
            return creative_R, day_R, impressions_R, clicks_R, propensity_R
        if self.rules.repeats == "first" and not self.rules.pool:
            counts = impressions_R[first], clicks_R[first]
        else:
            counts = sums(group, impressions_R, len(first)), sums(group, clicks_R, len(first))
        self.notes.append(f"{len(group)} rows of several files for {len(first)} ads and days")
        return creative_R[first], day_R[first], *counts, propensity_R[first]

    def _path(self, file: int) -> str | None:
        return self.pictures.paths[file] if self.pictures is not None and file >= 0 else None

    def _missing(
        self, where: Sequence[tuple[int, int]], names: Sequence[str], files: Sequence[int]
    ) -> tuple[Failure, ...]:
        if self.pictures is None:
            return ()
        found = []
        for (number, line), name, file in zip(where, names, files, strict=True):
            if file < 0:
                place = f"{shown(self.taken[number].part.name)}:{line}:image"
                found.append(Failure(place, self.pictures.fault(name, file)))
        return tuple(found)


def _check_clicks(image_C: Sequence[str], creative_R: Ints, impressions_R: Ints, clicks_R: Ints) -> None:
    """Raises DataError where an ad of a log of events was clicked more often than it was shown."""
    shown_C, clicked_C = (sums(creative_R, values, len(image_C)) for values in (impressions_R, clicks_R))
    for ad in np.flatnonzero(clicked_C > shown_C).tolist()[:1]:
        raise DataError(
            f"'{shown(image_C[ad][:80])}' has {clicked_C[ad]} clicks and {shown_C[ad]} impressions; "
            "the log lacks impressions, or names them otherwise"
        )


def _joined(parts: Sequence[Ints]) -> Ints:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _compared(earlier: Sequence[_Ads], mine: _Ads) -> tuple[Bools, Bools]:
    """Which rows of ``mine`` an earlier part has too, and which of them with the same counts; bool [R]."""
    rows = len(mine.ad_R)
    if not earlier:
        return np.zeros(rows, np.bool_), np.zeros(rows, np.bool_)
    every = [*earlier, mine]
    group, first = groups(
        [
            np.concatenate([one.item_A[one.ad_R] for one in every]),
            np.concatenate([one.picture_A[one.ad_R] for one in every]),
            np.concatenate([one.day_R for one in every]),
            coded(np.concatenate([one.propensity_R for one in every])),
        ]
    )
    before = first[group[-rows:]] if rows else np.zeros(0, np.int64)
    there = before < len(group) - rows
    same = there.copy()
    for counts in ("impressions_R", "clicks_R"):
        values = np.concatenate([getattr(one, counts) for one in every])
        same &= values[before] == getattr(mine, counts)
    return there, same
