"""The models of ``caig generate``: each is loaded when it is first needed, and serves any number of runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from caig_cli.engine.offload import DeviceSharing
from caig_cli.generating.config import GenerateRecipe
from caig_cli.generating.generate_memory import InTurn
from caig_cli.judges import Setting, kind_of, open_judge
from caig_cli.judges.config import ApiSection
from caig_cli.judges.previews import PairRanker, PreviewJudge
from caig_cli.painters import Painter, registry

if TYPE_CHECKING:
    from caig_cli.engine.run_dir import RunDir
    from caig_cli.mllm.prompt_model import PromptModel
    from caig_cli.rewards.judge import TrainedJudge

T = TypeVar("T")


class Models:
    """Prompt model, painter and judge of recipes that name the same ones; safe for threads."""

    def __init__(self, recipe: GenerateRecipe, turns: DeviceSharing) -> None:
        self._recipe, self.turns = recipe, turns
        self._lock = threading.RLock()
        self._loaded: dict[str, Any] = {}

    def prompt_model(self) -> PromptModel:
        """The prompt model of section ``writer``."""

        def load() -> PromptModel:
            from caig_cli.mllm.prompt_model import PromptModel

            self.turns.clear()
            writer = self._recipe.writer
            return PromptModel.load(writer.model, self._recipe.runtime(), writer.question)

        return self._once("prompt model", load)

    def judge(self, source: str, run: RunDir) -> PreviewJudge:
        """The reward model ``source``, or a judge of another kind, whose answers ``run`` keeps."""
        if kind_of(source) != "trained":
            setting = Setting(self._recipe.seed, self._recipe.runtime, {}, ApiSection())
            return self._once(
                f"judge {source} {run.path}", lambda: PairRanker(open_judge(source, setting, run))
            )

        return self.reward_model(source)

    def reward_model(self, source: str) -> TrainedJudge:
        """The reward model ``source``."""

        def load() -> TrainedJudge:
            from caig_cli.rewards.judge import TrainedJudge

            self.turns.clear()
            return TrainedJudge.load(source, self._recipe.runtime())

        return self._once(f"judge {source}", load)

    def painter(self) -> Painter:
        """The painter that ``generate.painter`` names."""

        def load() -> Painter:
            recipe = self._recipe
            means = registry.PainterConfig(recipe.threads, recipe.device, recipe.diffusion)
            return InTurn(registry.PAINTERS[recipe.generate.painter].build(means), self.turns)

        return self._once("painter", load)

    def _once(self, name: str, load: Callable[[], T]) -> T:
        with self._lock:
            if name not in self._loaded:
                self._loaded[name] = load()
            return cast("T", self._loaded[name])
