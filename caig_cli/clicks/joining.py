"""Exports -> one click log: ads of a platform added up, platforms apart, what is there twice counted once.

Legend of shape names: R rows, C creatives of the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from caig_cli.clicks import days
from caig_cli.clicks.bad_rows import MAX_LISTED, Bools, Rules
from caig_cli.clicks.encoding import Ints, groups, sums
from caig_cli.clicks.log import ClickLog
from caig_cli.clicks.parts import Part
from caig_cli.clicks.pictures import Pictures
from caig_cli.clicks.reuse import reused_names
from caig_cli.data.images import shown
from caig_cli.errors import DataError
from caig_cli.records import Failure


def join(parts: Sequence[Part], pictures: Pictures | None, rules: Rules) -> ClickLog:
    """One log of all exports.

    Exports of one platform are added up, those of several kept apart unless pooled. The same counts in two
    exports are one log exported twice, and count once. Raises DataError where two exports of a platform have
    other counts for an ad and day.
    """
    builder = _Builder(pictures, rules)
    for number, part in enumerate(parts):
        builder.add(number, part)
    log = builder.log(parts)
    return replace(log, warnings=(*log.warnings, *reused_names(log)))


class _Builder:
    def __init__(self, pictures: Pictures | None, rules: Rules) -> None:
        self.pictures, self.rules = pictures, rules
        self.items: dict[str, int] = {}
        self.platforms: dict[str, int] = {}
        self.creatives: dict[tuple[int, int, int | str], int] = {}
        self.first: list[tuple[int, int, str, int]] = []  # file, line, name, picture
        self.days: dict[str, int] = {}
        self.rows: list[tuple[Ints, ...]] = []  # file, creative, day, impressions, clicks
        self.notes: list[str] = []
        self.warnings: list[str] = []

    def add(self, number: int, part: Part) -> None:
        name = shown(part.name)
        self.notes += [f"{name}: {note}" for note in part.notes]
        self.warnings += part.warnings
        platform = "all" if self.rules.pool else part.platform
        item_I = np.full(max(1, len(part.items)), -1, np.int64)
        for item in part.item_A[np.unique(part.ad_R)].tolist():
            item_I[item] = self.items.setdefault(part.items[item], len(self.items))
        day_V = np.full(len(part.days), -1, np.int64)
        for day in np.unique(part.day_R).tolist():
            day_V[day] = self.days.setdefault(part.days[day], len(self.days))
        day_R = day_V[part.day_R]
        item_A = item_I[part.item_A]
        keep = self._not_counted_yet(part, platform, item_A, day_R)
        stratum = self.platforms.setdefault(platform, len(self.platforms)) if keep.any() else 0
        creative_A = np.full(len(item_A), -1, np.int64)
        first_R = np.unique(part.ad_R, return_index=True)[1]
        lines = dict(zip(part.ad_R[first_R].tolist(), part.line_R[first_R].tolist(), strict=True))
        for ad in np.unique(part.ad_R[keep]).tolist():
            file = int(part.ads.file_A[ad])
            key = (stratum, int(item_A[ad]), file if file >= 0 else part.ads.name_A[ad])
            creative_A[ad] = self.creatives.setdefault(key, len(self.creatives))
            if creative_A[ad] == len(self.first):
                self.first.append((number, lines[ad], part.ads.name_A[ad], file))
        self.rows.append(
            (
                np.full(int(keep.sum()), number), creative_A[part.ad_R[keep]], day_R[keep],
                part.impressions_R[keep], part.clicks_R[keep],
            )
        )  # fmt: skip

    def _not_counted_yet(self, part: Part, platform: str, item_A: Ints, day_R: Ints) -> Bools:
        """Which rows of a part count [R]: not those that an earlier export has with the very same counts."""
        keep = np.ones(len(part.ad_R), np.bool_)
        if not self.rows:
            return keep
        known = self._known()
        keys = self._keys(part, item_A)
        for stratum, name in enumerate(self.platforms):
            mine = np.array(
                [self.creatives.get((stratum, *keys[ad]), -1) for ad in range(len(keys))] or [-1], np.int64
            )
            found = [known.get((int(mine[ad]), int(day))) for ad, day in zip(part.ad_R, day_R, strict=True)]
            there = np.array([one is not None for one in found], np.bool_)
            if not there.any():
                continue
            same = np.array(
                [
                    one == (int(i), int(c))
                    for one, i, c in zip(found, part.impressions_R, part.clicks_R, strict=True)
                ],
                np.bool_,
            )
            if (same == there).all() and int(part.impressions_R[there].sum()) > 0:
                keep &= ~there
                self.warnings.append(
                    f"{shown(part.name)}: {int(there.sum())} rows have the very counts of an "
                    "earlier file: the same log exported twice, counted once"
                )
            elif name == platform and not self.rules.pool:
                self._refuse(part, int(np.flatnonzero(there & keep)[0]))
        return keep

    def _refuse(self, part: Part, row: int) -> None:
        if self.rules.repeats == "refuse":
            raise DataError(
                f"{shown(part.name)}:{part.line_R[row]}: a second row for this ad and day, with "
                "other counts than in an earlier file; leave one out, or say --repeats sum or first"
            )

    def _keys(self, part: Part, item_A: Ints) -> list[tuple[int, int | str]]:
        files, names = part.ads.file_A.tolist(), part.ads.name_A
        return [
            (item, file if file >= 0 else name)
            for item, file, name in zip(item_A.tolist(), files, names, strict=True)
        ]

    def _known(self) -> dict[tuple[int, int], tuple[int, int]]:
        columns = [np.concatenate([rows[i] for rows in self.rows]).tolist() for i in range(1, 5)]
        return {(c, d): (i, k) for c, d, i, k in zip(*columns, strict=True)}

    def log(self, parts: Sequence[Part]) -> ClickLog:
        _, creative_R, day_R, impressions_R, clicks_R = (
            np.concatenate([rows[i] for rows in self.rows]) for i in range(5)
        )
        ordered = days.in_order(list(self.days))
        rank = {day: index for index, day in enumerate(ordered)}
        of = np.array([rank[day] for day in self.days] or [0], np.int64)
        group, first = groups([creative_R, day_R]) if len(parts) > 1 else (creative_R, creative_R)
        if len(first) < len(group):  # of several files
            if self.rules.repeats == "first" and not self.rules.pool:
                impressions_R, clicks_R = impressions_R[first], clicks_R[first]
            else:
                impressions_R, clicks_R = (sums(group, v, len(first)) for v in (impressions_R, clicks_R))
            self.notes.append(f"{len(group)} rows of several files for {len(first)} ads and days")
            creative_R, day_R = creative_R[first], day_R[first]
        bad = [failure for part in parts for _, failure in part.bad]
        platform_C, item_C = (np.array([key[i] for key in self.creatives], np.int64) for i in (0, 1))
        file_C, line_C = (np.array([one[i] for one in self.first], np.int64) for i in (0, 1))
        return ClickLog(
            names=tuple(part.name for part in parts),
            items=tuple(self.items),
            platforms=tuple(self.platforms),
            image_C=tuple(name for _, _, name, _ in self.first),
            path_C=tuple(self._path(file) for *_, file in self.first),
            item_C=item_C,
            platform_C=platform_C,
            file_C=file_C,
            line_C=line_C,
            days=tuple(ordered),
            creative_R=creative_R,
            day_R=of[day_R],
            impressions_R=impressions_R,
            clicks_R=clicks_R,
            bad=tuple(bad[:MAX_LISTED]),
            bad_rows=sum(part.bad_rows for part in parts),
            missing=self._missing(parts),
            facts=tuple(part.facts for part in parts),
            notes=tuple(self.notes),
            warnings=tuple(self.warnings),
        )

    def _path(self, file: int) -> Any:
        return self.pictures.paths[file] if self.pictures is not None and file >= 0 else None

    def _missing(self, parts: Sequence[Part]) -> tuple[Failure, ...]:
        if self.pictures is None:
            return ()
        found = []
        for number, line, name, file in self.first:
            if file < 0:
                place = f"{shown(parts[number].name)}:{line}:image"
                found.append(Failure(place, self.pictures.fault(name, file)))
        return tuple(found)
