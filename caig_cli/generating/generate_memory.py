"""What ``caig generate`` keeps on the device: all of its models where they fit, else one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caig_cli.engine.memory_plan import RESERVE, Phase, peak
from caig_cli.engine.offload import DeviceSharing
from caig_cli.judges import JUDGES, kind_of, opened_models, parse
from caig_cli.mllm.writing import WriterSection
from caig_cli.painters import Notes, Painter, Shot
from caig_cli.painters.registry import PAINTERS
from caig_cli.records import Creative, Pair

if TYPE_CHECKING:
    from PIL import Image

    from caig_cli.engine.runtime import Runtime
    from caig_cli.generating.config import GenerateRecipe
    from caig_cli.generating.order import Order

AD = Creative(Path())
"""Any ad, where only the text of a pair counts."""

SMALL = {"embedded", "heldout"}
"""Models that ship in the package: any computer holds them."""

MEMORY_SAVERS: dict[str, Any] = {
    "quantise": "nf4", "diffusion.batch": 1, "diffusion.vae_slicing": True, "diffusion.offload": "model",
    "generate.candidates": 4, "generate.oversample": 1, "judge.model": None,
}  # fmt: skip
"""Values that need less."""


def planned(recipe: GenerateRecipe, order: Order) -> tuple[list[Phase], bool]:
    """Phases of a product, and whether models take turns because the device doesn't hold all of them."""
    from caig_cli.engine.sources import is_remote

    models = {*([order.writer] if order.writer else ()), *(opened_models(order.judge) if order.judge else ())}
    if any(map(is_remote, models)):
        return [], False
    room = recipe.room()
    if room is None and models <= SMALL and not PAINTERS[recipe.generate.painter].generative:
        return [], False  # nothing to plan: torch, which would tell, takes seconds to load
    runtime = recipe.planned_runtime()
    alone = [
        *_writing(recipe.writer, order, runtime, recipe.generate.oversample * order.most_candidates),
        *_painting(recipe, order),
        *_ranking(order, runtime),
    ]
    weights, adapters = sum(p.weights for p in alone), sum(p.adapters for p in alone)
    together = [replace(p, weights=weights, adapters=adapters) for p in alone]
    turns = room is not None and bool(alone) and peak(together).peak + RESERVE > room
    return (alone if turns else together), turns


class InTurn:
    """A painter that has its model on the device when it paints."""

    def __init__(self, painter: Painter, turns: DeviceSharing) -> None:
        self._painter, self._turns = painter, turns

    def paint(self, shots: Sequence[Shot]) -> list[Image.Image]:
        """As the painter itself."""
        model: Any = self._painter
        if hasattr(model, "to"):
            self._turns.take(model)
        return self._painter.paint(shots)

    def notes(self, shot: Shot) -> Notes:
        """As the painter itself."""
        return self._painter.notes(shot)


def _writing(section: WriterSection, order: Order, runtime: Runtime, drawn: int) -> list[Phase]:
    """``drawn``: prompts sampled of a product, at most."""
    if order.writer is None:
        return []
    from caig_cli.mllm import model_memory
    from caig_cli.mllm.meta_model import FLOAT, load_meta_model
    from caig_cli.mllm.prompt_model import question_for

    one, question = load_meta_model(order.writer, runtime), question_for(order.writer, section.question)
    questions = (question.ask(item.product, item.prompt) for item in order.items if item.writes)
    length = model_memory.longest(one.mllm, questions)
    room, cache = model_memory.sampling(one, 1, length, drawn, section.max_new_tokens)
    return [Phase("write", one.base, FLOAT * one.adapter, 0, room, cache)]


def _painting(recipe: GenerateRecipe, order: Order) -> list[Phase]:
    weights, room = PAINTERS[recipe.generate.painter].memory(recipe.diffusion, order.sizes[-1])
    return [Phase("paint", weights, activations=room)] if weights or room else []


def _ranking(order: Order, runtime: Runtime) -> list[Phase]:
    if order.judge is None:
        return []
    from caig_cli.mllm.instructions import knowledge
    from caig_cli.rewards.reward_memory import judge_needs

    if (kind := kind_of(order.judge)) != "trained":
        return _ranking_of(kind, order, runtime)
    texts = ["\n".join(knowledge(i.product.caption, i.product.attributes)) for i in order.items]
    pairs = max(1, order.most_candidates * (order.most_candidates - 1) // 2)
    judge = judge_needs(order.judge, runtime, texts, pairs)
    return [Phase("rank", judge.weights, judge.adapters, activations=judge.activations)]


def _ranking_of(kind: str, order: Order, runtime: Runtime) -> list[Phase]:
    """What a judge of another kind than reward models needs, if it is a model on this machine."""
    if (plan := JUDGES[kind].memory) is None:
        return []
    argument = parse(str(order.judge), {})[1]
    some = (item.product for item in order.items)
    pairs = [Pair("", "", AD, AD, caption=one.caption, attributes=one.attributes) for one in some]
    return [replace(plan(argument, runtime, pairs, 1), name="rank")]
