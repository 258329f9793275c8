"""The judge of previews: who ranks the candidates of ``caig generate``.

Reward models rank pictures in memory. Judges of other kinds, those of plug-ins among them, compare pairs of
files: for them each preview is written to a temporary folder and compared with each.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from caig_cli.engine.offload import DeviceSharing
from caig_cli.errors import RunError
from caig_cli.judges import PairJudge, kind_of
from caig_cli.painters.candidates import PreviewOpinion, Rank
from caig_cli.records import Creative, Failure, Pair, Product

if TYPE_CHECKING:
    from PIL import Image

    from caig_cli.rewards.judge import Estimate, Ranking


def has_judge(source: str | None) -> bool:
    """Whether previews can be ranked; raises UsageError where the user's own folder holds no reward model."""
    if source is None:
        return False
    if kind_of(source) != "trained":
        return True
    from caig_cli.rewards.folders import is_there

    return is_there(source)


class PreviewJudge(Protocol):
    """Ranks the pictures of one product."""

    @property
    def simulated(self) -> bool: ...

    def rank(
        self, images: Sequence[Image.Image], caption: str | None, attributes: Mapping[str, str]
    ) -> Ranking: ...


class PairRanker:
    """A judge of pairs as a judge of previews. Raises RunError where it fails on one."""

    def __init__(self, judge: PairJudge) -> None:
        self.judge, self.simulated = judge, judge.simulated

    def rank(
        self, images: Sequence[Image.Image], caption: str | None, attributes: Mapping[str, str]
    ) -> Ranking:
        """Compare each with each; ties keep the given order. Its own rates are not handed on."""
        from caig_cli.rewards.judge import Ranking

        count = len(images)
        sides = list(itertools.combinations(range(count), 2))
        odds, won = [0.0] * count, [0.0] * count
        for (a, b), p_left in zip(sides, self._p_left(images, sides, caption, attributes), strict=True):
            won[a], won[b] = won[a] + p_left, won[b] + 1 - p_left
            odds[a], odds[b] = odds[a] + log_odds(p_left), odds[b] - log_odds(p_left)
        others = max(1, count - 1)
        wins = tuple(one / others for one in won) if count > 1 else (0.5,)
        order = tuple(sorted(range(count), key=lambda n: -wins[n]))
        return Ranking(wins, (None,) * count, order, tuple(one / others for one in odds))

    def _p_left(
        self, images: Sequence[Image.Image], sides: Sequence[tuple[int, int]], caption: str | None,
        attributes: Mapping[str, str],
    ) -> list[float]:  # fmt: skip
        """A pair is named by its pictures, so that answers which a judge keeps are found again."""
        with tempfile.TemporaryDirectory(prefix="caig-previews-") as folder:
            ads = []
            for image in images:
                name = hashlib.sha256(image.tobytes()).hexdigest()[:16]
                image.save(path := Path(folder) / f"{name}.png")
                ads.append(Creative(path))
            pairs = [
                Pair(f"{ads[a].image.stem} {ads[b].image.stem}", "preview", ads[a], ads[b], caption=caption,
                     attributes=attributes)
                for a, b in sides
            ]  # fmt: skip
            found = list(self.judge.judge(pairs)) if pairs else []
        for one in found:
            if isinstance(one, Failure):
                raise RunError(f"judge {self.judge.name} failed on previews: {one.error}")
        return [one.p_left for one in found if not isinstance(one, Failure)]


def log_odds(p: float) -> float:
    """Of a probability that may be 0 or 1."""
    kept = min(max(p, 1e-9), 1 - 1e-9)
    return math.log(kept / (1 - kept))


def ranker(load: Callable[[], PreviewJudge], turns: DeviceSharing) -> Rank:
    """A function that ranks the previews of a product by a judge, asked for when the first are there."""

    def rank(previews: Sequence[Image.Image], product: Product) -> list[tuple[int, PreviewOpinion]]:
        judge = load()
        if (model := getattr(judge, "model", None)) is not None:
            turns.take(model)
        ranking = judge.rank(previews, product.caption, product.attributes)
        return [(n, _opinion(ranking.wins[n], ranking.ctr[n], judge.simulated)) for n in ranking.order]

    return rank


def _opinion(win: float, ctr: Estimate | None, simulated: bool) -> PreviewOpinion:
    if ctr is None:
        return PreviewOpinion(win, None, None, simulated)
    return PreviewOpinion(win, ctr.rate, (ctr.low, ctr.high), simulated)
