"""More shots than ads: previews are ranked, and the best are painted large.

What was decided about a product is on disk before its first ad is, so that a resumed run makes the same ads
even if a rank hung by a digit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from caig_cli.painters import Painter, Shot
from caig_cli.records import Product

if TYPE_CHECKING:  # the help of caig generate comes by here
    from PIL import Image

    from caig_cli.engine.run_dir import RunDir

FILE = "candidates.jsonl"
PREVIEW = 128
"""Pixels of a preview's longer side: what the embedded judge sees."""
_LEAST = 16


@dataclass(frozen=True, slots=True)
class PreviewOpinion:
    """What a judge said of an ad: the probability that it is clicked more than its rivals, and its CTR."""

    win: float
    ctr: float | None
    interval: tuple[float, float] | None
    """95 % interval of the rate."""
    simulated: bool
    """Whether the judge has only seen the simulated market."""

    @property
    def wins(self) -> str:
        """The probability for people, labelled."""
        return f"{self.win:.0%}{self._label}"

    @property
    def predicted(self) -> str:
        """The rate for people, labelled."""
        if self.ctr is None:
            return "unknown"
        near = "" if self.interval is None else f", {self.interval[0]:.2%} to {self.interval[1]:.2%}"
        return f"{self.ctr:.2%}{near}{self._label}"

    @property
    def _label(self) -> str:
        return " (simulated market)" if self.simulated else ""


Rank = Callable[["Sequence[Image.Image]", Product], Sequence[tuple[int, PreviewOpinion]]]
"""Numbers of the pictures of one product, best first, each with what is thought of it."""


class Candidates:
    """Ranks the candidates of one product after the other; ``finished`` products need no ranks any more."""

    def __init__(self, run_dir: RunDir, painter: Painter, rank: Rank, finished: Collection[str] = ()) -> None:
        self._run, self._painter, self._rank = run_dir, painter, rank
        known = ((who, ranking) for who, ranking in run_dir.rows(FILE, _ranking) if who not in finished)
        self._known = dict(known)

    def best_first(self, product: Product, shots: Sequence[Shot]) -> list[tuple[Shot, PreviewOpinion | None]]:
        """The product's shots from the one whose preview is predicted to be clicked most."""
        ranking = self._known.pop(product.id, None)
        if ranking is None or sorted(n for n, _ in ranking) != list(range(len(shots))):
            ranking = self._judged(product, shots)
        return [(shots[n], opinion) for n, opinion in ranking]

    def _judged(self, product: Product, shots: Sequence[Shot]) -> Sequence[tuple[int, PreviewOpinion]]:
        with self._run.timed("preview"):
            previews = self._painter.paint([replace(shot, size=preview_size(shot.size)) for shot in shots])
        with self._run.timed("rank"):
            ranking = self._rank(previews, product)
        rows = [{"candidate": n, "prompt": shots[n].prompt, **_facts(opinion)} for n, opinion in ranking]
        self._run.append_later(FILE, {"product": product.id, "ranking": rows})
        return ranking


def preview_size(size: tuple[int, int]) -> tuple[int, int]:
    """(width, height) of a preview: the frame's shape, its longer side as the embedded judge sees it."""
    width, height = (max(_LEAST, round(side * PREVIEW / max(size))) for side in size)
    return width, height


def _facts(opinion: PreviewOpinion) -> dict[str, object]:
    return {
        "win": opinion.win, "ctr": opinion.ctr, "interval": opinion.interval, "simulated": opinion.simulated
    }  # fmt: skip


def _ranking(row: dict[str, Any]) -> tuple[str, Sequence[tuple[int, PreviewOpinion]]]:
    """A product and what was thought of its candidates, from a row of ``FILE``."""
    return str(row["product"]), [(int(one["candidate"]), _opinion(one)) for one in row["ranking"]]


def _opinion(row: dict[str, object]) -> PreviewOpinion:
    low_high = row["interval"]
    interval = (float(low_high[0]), float(low_high[1])) if isinstance(low_high, list) else None
    ctr = row["ctr"]
    return PreviewOpinion(
        float(str(row["win"])), None if ctr is None else float(str(ctr)), interval, bool(row["simulated"])
    )
