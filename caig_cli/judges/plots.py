"""Plots of judges side by side, as PNG bytes. Drawn without a display and without pyplot's global state."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

COLOURS = ("#b4572e", "#2f6f8f", "#6a8f3a", "#7b5aa6", "#c29a1b", "#4d4a45")
INK, GRID = "#3d3a35", "#e3ded5"

Rows = Sequence[Mapping[str, Any]]


def reliability_plot(rows_of: Mapping[str, Rows]) -> bytes:
    """Accuracy over confidence with 95 % intervals, one line per judge; on the diagonal is calibrated."""
    figure = Figure(figsize=(7.2, 5.0), dpi=120)
    axes = figure.add_subplot()
    axes.plot([0.5, 1], [0.5, 1], color=INK, linewidth=1, linestyle=(0, (4, 3)), label="calibrated")
    for index, (name, rows) in enumerate(rows_of.items()):
        axes.errorbar(
            [row["confidence"] for row in rows],
            [row["accuracy"] for row in rows],
            _arms(rows),
            **_look(index, name),
            linewidth=1.4,
        )
    seen = [row["confidence"] for rows in rows_of.values() for row in rows]
    axes.set_xlim(0.49, min(1.01, max(seen, default=1.0) + 0.03))
    axes.set_xlabel("confidence: probability of the chosen side")
    axes.set_ylabel("accuracy: what the chosen side is worth")
    return _finished(figure, axes)


def group_plot(rows_of: Mapping[str, Rows], label: str) -> bytes:
    """Accuracy of each group with 95 % intervals, judges beside each other; a dash is the noise ceiling."""
    first: dict[str, Mapping[str, Any]] = {}
    for rows in rows_of.values():
        for row in rows:
            first.setdefault(str(row["group"]), row)
    place = {name: n for n, name in enumerate(first)}
    figure = Figure(figsize=(max(7.2, min(11.0, 0.6 * len(place) + 2)), 4.6), dpi=120)
    axes = figure.add_subplot()
    axes.axhline(0.5, color=INK, linewidth=1, linestyle=(0, (4, 3)), label="coin")
    known = [(n, first[name]["ceiling"]) for name, n in place.items() if first[name]["ceiling"] is not None]
    if known:
        x, y = zip(*known, strict=True)
        axes.hlines(y, [n - 0.36 for n in x], [n + 0.36 for n in x], color=INK, linewidth=2, label="ceiling")
    step = 0.6 / max(1, len(rows_of))
    for index, (name, rows) in enumerate(rows_of.items()):
        shift = (index - (len(rows_of) - 1) / 2) * step
        accuracy = [row["accuracy"] for row in rows]
        axes.errorbar(
            [place[str(row["group"])] + shift for row in rows],
            accuracy,
            _arms(rows),
            **_look(index, name),
            linestyle="none",
        )
    wide = len(place) > 8
    names = [f"{textwrap.shorten(name, 24)}\n{first[name]['pairs']:,}" for name in place]
    axes.set_xticks(list(place.values()), names, rotation=60 if wide else 0, ha="right" if wide else "center")
    axes.set_xlim(-0.6, len(place) - 0.4)
    axes.set_xlabel(f"{label} (pairs below)")
    axes.set_ylabel("accuracy")
    return _finished(figure, axes)


def _look(index: int, name: str) -> dict[str, Any]:
    return {
        "color": COLOURS[index % len(COLOURS)],
        "marker": "o",
        "markersize": 5,
        "capsize": 2,
        "label": name,
    }


def _arms(rows: Rows) -> list[list[float]]:
    """Distances from accuracy to the ends of its interval, none negative."""
    low = [max(0.0, row["accuracy"] - row["accuracy_ci"][0]) for row in rows]
    high = [max(0.0, row["accuracy_ci"][1] - row["accuracy"]) for row in rows]
    return [low, high]


def _finished(figure: Figure, axes: Any) -> bytes:
    """The PNG; no date or version in it, so that the same figures give the same bytes."""
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(
        frameon=False, fontsize=9, ncols=3, loc="lower left", bbox_to_anchor=(0, 1.01), borderaxespad=0
    )
    buffer = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(buffer, format="png", bbox_inches="tight", metadata={"Software": None})
    return buffer.getvalue()
