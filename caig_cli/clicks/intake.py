"""The cells of a log, numbered as they come. Legend: R rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from caig_cli.clicks import days, events, numbers
from caig_cli.clicks.chunks import Chunk
from caig_cli.clicks.encoding import CodedCells, Coder, Codes, Column, Ints
from caig_cli.clicks.platforms import LogLayout, fold
from caig_cli.clicks.words import HOURS
from caig_cli.records import Failure

MAX_VALUES = 300_000
"""Distinct values above which a column beside the known ones is an id of the row, and no breakdown."""


class Intake:
    """Cells taken in chunk by chunk."""

    def __init__(self, layout: LogLayout, header: Sequence[str], name: str) -> None:
        self.name = name
        self.layout = layout
        self.header = header
        self.known = {place: one for one, place in layout.places.items()}
        self.coders: dict[int, Coder] = {place: Coder() for place in self.known}
        self.parts: dict[int, list[Codes]] = {place: [] for place in self.known}
        self.beside: list[int] | None = None  # settled by the first chunk
        self.lines: list[Ints] = []
        self.weights: list[Ints] = []  # of events
        self.rows = 0
        self.counts: tuple[list[Ints], list[Ints]] = ([], [])
        self.odd: list[tuple[int, Sequence[Any]]] = []
        self.bad: list[Failure] = []
        self.sample: dict[int, Sequence[Any]] = {}
        self.is_events = False
        self.other_events = 0

    def take(self, chunk: Chunk, kind: events.RowKind) -> None:
        self.odd += chunk.odd
        self.bad += chunk.bad
        if not len(chunk.line_R):
            return
        if self.beside is None:
            self._settle(chunk)
            self.is_events = kind is not events.RowKind.COUNTS or self._flags(chunk)
        codes = {place: coder.codes(self._cells(chunk, place)) for place, coder in self.coders.items()}
        lines = chunk.line_R.astype(np.int32)
        self.rows += len(lines)
        if self.is_events:
            codes, firsts, weights = self._fold(codes, lines, kind)
            lines = firsts.astype(np.int32)
            self.weights.append(weights)
        for place, part in codes.items():
            self.parts[place].append(part)
        self.lines.append(lines)
        self._forget_ids()

    def _cells(self, chunk: Chunk, place: int) -> Sequence[Any]:
        cells = chunk.columns[place]
        if self.known.get(place) != "day":
            return cells
        if isinstance(cells, CodedCells):
            return CodedCells(self._times(cells.values), cells.code_R)
        return self._times(cells)

    def _times(self, cells: Sequence[Any]) -> Sequence[Any]:
        return events.days_only(cells) if self.is_events else events.minutes_only(cells)

    def _settle(self, chunk: Chunk) -> None:
        """Which other columns are texts, and may break the log down."""
        self.beside = []
        if not {"day", "start"} & self.layout.places.keys():
            self._find_day(chunk)
        for place, title in enumerate(self.header):
            if place in self.known:
                continue
            cells = [cell for cell in chunk.columns[place][:2000] if not numbers.is_blank(cell)]
            figures = sum(numbers.is_figure(cell) for cell in cells)
            self.sample[place] = cells[:500]
            folded = fold(title)
            named = folded in HOURS or folded.endswith("id") or folded.startswith("id")
            if title and cells and (named or figures < len(cells) / 2):
                self.beside.append(place)
                self.coders[place], self.parts[place] = Coder(), []

    def _find_day(self, chunk: Chunk) -> None:
        """A column of times that no title tells; what counts looks for is found later, by all its cells."""
        if "impressions" in self.layout.places:
            return
        for place in range(len(self.header)):
            cells = chunk.columns[place][:200]
            if place not in self.known and days.are_days(self.header[place], cells):
                self.known[place] = "day"
                self.layout = replace(self.layout, places={**self.layout.places, "day": place})
                self.coders[place], self.parts[place] = Coder(), []
                return

    def _flags(self, chunk: Chunk) -> bool:
        """Whether each row of a log with both counts is one impression, clicked or not."""
        places = self.layout.places
        cells = chunk.columns[places["impressions"]]
        return len(cells) > 1 and all(cell in (0, 1, "0", "1", True, False) for cell in cells)

    def _fold(
        self, codes: dict[int, Codes], lines: Ints, kind: events.RowKind
    ) -> tuple[dict[int, Codes], Ints, Ints]:
        """Events of one ad and day as one row."""
        by_field = {one: (self.coders[place], codes[place]) for place, one in self.known.items()}
        folded = events.fold_events(by_field, lines, kind, self.name)
        self.other_events += folded.others
        self.bad += folded.bad
        for part, values in zip(self.counts, (folded.impressions_G, folded.clicks_G), strict=True):
            part.append(values)
        keep = {place: codes[place][folded.first_G] for place in self.known}
        return keep, lines[folded.first_G], folded.weight_G

    def _forget_ids(self) -> None:
        for place in list(self.beside or ()):
            if self.is_events or len(self.coders[place]) > MAX_VALUES:
                assert self.beside is not None
                self.beside.remove(place)
                del self.coders[place], self.parts[place]

    def column(self, place: int) -> Column:
        parts = self.parts.pop(place)
        code_R = np.concatenate(parts) if parts else np.zeros(0, np.int32)
        return Column(str(self.header[place]), list(self.coders.pop(place)), code_R)
