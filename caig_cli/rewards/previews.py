"""The judge of previews: who ranks the candidates of ``caig generate``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from caig_cli.engine.offload import DeviceSharing
from caig_cli.painters.candidates import PreviewOpinion, Rank
from caig_cli.records import Product

if TYPE_CHECKING:
    from PIL import Image

    from caig_cli.rewards.judge import Estimate, TrainedJudge


def has_judge(source: str | None) -> bool:
    """Whether previews can be ranked; raises UsageError where the user's own folder holds no reward model."""
    if source is None:
        return False
    from caig_cli.rewards.folders import is_there

    return is_there(source)


def ranker(load: Callable[[], TrainedJudge], turns: DeviceSharing) -> Rank:
    """A function that ranks the previews of a product by a judge, asked for when the first are there."""

    def rank(previews: Sequence[Image.Image], product: Product) -> list[tuple[int, PreviewOpinion]]:
        judge = load()
        turns.take(judge.model)
        ranking = judge.rank(previews, product.caption, product.attributes)
        return [(n, _opinion(ranking.wins[n], ranking.ctr[n], judge.simulated)) for n in ranking.order]

    return rank


def _opinion(win: float, ctr: Estimate | None, simulated: bool) -> PreviewOpinion:
    if ctr is None:
        return PreviewOpinion(win, None, None, simulated)
    return PreviewOpinion(win, ctr.rate, (ctr.low, ctr.high), simulated)
