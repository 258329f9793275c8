"""Line plots, as PNG bytes. Drawn without a display and without pyplot's global state."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

COLOURS = ("#b4572e", "#2f6f8f", "#6a8f3a", "#7b5aa6", "#c29a1b", "#4d4a45")
GRID = "#e3ded5"

Bands = Mapping[str, Sequence[tuple[float, float | None, float | None]]]
"""Name of a line -> its intervals (x, low, high); one whose ends are None is left out."""
Series = Mapping[str, Sequence[tuple[float, float | None]]]
"""Name of a line -> its points (x, y); a y that is None is left out."""


def lines(
    series: Series,
    x_label: str,
    *,
    marked: bool = True,
    level: float | None = None,
    bands: Bands | None = None,
) -> bytes | None:
    """One line per name; None where no point is known. ``level`` draws a dashed line to compare with, and
    ``bands`` shade the 95 % intervals of lines.
    """
    known = {name: [(x, y) for x, y in points if y is not None] for name, points in series.items()}
    known = {name: points for name, points in known.items() if points}
    if not known:
        return None
    figure = Figure(figsize=(7.2, 3.6), dpi=120)
    axes = figure.add_subplot()
    if level is not None:
        axes.axhline(level, color=COLOURS[-1], linewidth=1, linestyle=(0, (4, 3)))
    for index, (name, points) in enumerate(known.items()):
        x, y = zip(*points, strict=True)
        look: dict[str, Any] = {"color": COLOURS[index % len(COLOURS)], "marker": "o" if marked else None}
        known_ends = [(x, a, b) for x, a, b in (bands or {}).get(name, ()) if a is not None and b is not None]
        if known_ends:
            places, lows, highs = zip(*known_ends, strict=True)
            axes.fill_between(places, lows, highs, color=look["color"], alpha=0.18, linewidth=0)
            axes.vlines(places, lows, highs, color=look["color"], linewidth=1, alpha=0.5)
        axes.plot(x, y, label=name, linewidth=1.4, markersize=4, **look)
    axes.set_xlabel(x_label)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(frameon=False, fontsize=9, ncols=3, loc="lower left", bbox_to_anchor=(0, 1.0))
    buffer = io.BytesIO()
    FigureCanvasAgg(figure)
    # No date or version in it: the same figures give the same bytes.
    figure.savefig(buffer, format="png", bbox_inches="tight", metadata={"Software": None})
    return buffer.getvalue()
