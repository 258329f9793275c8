"""A painter, a judge and a size of an ad, as another package brings them to caig."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from caig_cli.data.creatives import open_creative
from caig_cli.judges import JudgeKind
from caig_cli.painters import Notes, Shot
from caig_cli.painters.compose import compose
from caig_cli.painters.registry import PainterConfig, PainterKind
from caig_cli.records import Pair, Verdict

BILLBOARD = (970, 250)
"""(width, height) in pixels."""


class SunsetPainter:
    """Paints the same evening sky behind every product."""

    def __init__(self, config: PainterConfig) -> None:
        """``config`` holds threads, device, and the recipe's section ``diffusion``."""

    def paint(self, shots: Sequence[Shot]) -> list[Image.Image]:
        """One ad per shot, in their order."""
        return [Image.fromarray(compose(_sky(*shot.size), shot.product, shot.box)) for shot in shots]

    def notes(self, shot: Shot) -> Notes:
        """It reads nothing of a prompt, and says so."""
        return Notes(ignored=tuple(shot.prompt.split()))


def _sky(width: int, height: int) -> np.ndarray:
    """uint8 [H, W, 3], from violet above to orange below."""
    down = np.linspace(0, 1, height)[:, None, None]
    colours = np.array([70, 50, 110]) * (1 - down) + np.array([250, 160, 90]) * down
    return np.ascontiguousarray(np.broadcast_to(np.rint(colours), (height, width, 3)).astype(np.uint8))


class BrightJudge:
    """Believes that the brighter ad is clicked more, the more surely the larger ``strength`` is."""

    simulated = False

    def __init__(self, strength: float) -> None:
        self.name, self.strength = f"bright:{strength:g}", strength

    def judge(self, pairs: Sequence[Pair]) -> list[Verdict]:
        """P(left) in both orders: this judge does not mind which ad is shown first."""
        return [Verdict(p_left, p_left) for p_left in map(self._p_left, pairs)]

    def _p_left(self, pair: Pair) -> float:
        left, right = (np.asarray(open_creative(ad).convert("L")).mean() for ad in (pair.left, pair.right))
        return float(1 / (1 + np.exp(-self.strength * (left - right) / 255)))


SUNSET = PainterKind(SunsetPainter, generative=False)
BRIGHT = JudgeKind(
    open=lambda argument, setting, run: BrightJudge(float(argument)),
    describe=lambda argument, setting, pairs: f"compares the brightness of {2 * pairs} ads",
    usage="bright[:STRENGTH]",
    takes_argument=True,
    default="4",
)
