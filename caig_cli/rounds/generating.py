"""What ``caig generate`` keeps on the device: all of its models where they fit, else one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from caig_cli.engine.memory import RESERVE, Phase, peak
from caig_cli.engine.parking import Turns
from caig_cli.mllm.writing import WriterSection
from caig_cli.painters import Notes, Painter, Shot
from caig_cli.painters.diffusion.sections import DiffusionSection
from caig_cli.painters.table import memory as painting
from caig_cli.records import Product

if TYPE_CHECKING:
    from PIL import Image

    from caig_cli.engine.runtime import Runtime

LEAN: dict[str, Any] = {
    "quantise": "nf4", "diffusion.batch": 1, "diffusion.vae_slicing": True, "diffusion.offload": "model",
    "generate.candidates": 4, "judge.model": None,
}  # fmt: skip
"""Values that need less."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted; ``writer`` and ``judge`` are None where nobody writes or ranks."""

    products: Sequence[Product]
    candidates: int
    size: tuple[int, int]
    writer: WriterSection | None
    judge: str | None
    painter: str
    diffusion: DiffusionSection
    draft: str | None = None


def planned(order: Order, runtime: Runtime, room: int | None) -> tuple[list[Phase], bool]:
    """Phases of a product, and whether models take turns because ``room`` bytes don't hold all of them."""
    from caig_cli.engine.sources import is_remote

    wanted = (None if order.writer is None else order.writer.model, order.judge)
    if any(is_remote(source) for source in wanted if source is not None):
        return [], False
    alone = [*_writing(order, runtime), *_painting(order), *_ranking(order, runtime)]
    weights, adapters = sum(p.weights for p in alone), sum(p.adapters for p in alone)
    together = [replace(p, weights=weights, adapters=adapters) for p in alone]
    turns = room is not None and bool(alone) and peak(together).peak + RESERVE > room
    return (alone if turns else together), turns


class InTurn:
    """A painter that has its model on the device when it paints."""

    def __init__(self, painter: Painter, turns: Turns) -> None:
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


def _writing(order: Order, runtime: Runtime) -> list[Phase]:
    if order.writer is None:
        return []
    from caig_cli.mllm import memory
    from caig_cli.mllm.instructions import instruction
    from caig_cli.mllm.sketch import FLOAT, sketch

    one = sketch(order.writer.model, runtime)
    task = "rewrite" if order.draft else "write"
    told = (
        instruction(task, caption=p.caption, attributes=p.attributes, draft=order.draft)
        for p in order.products
    )
    length = memory.longest(one.mllm, told)
    room, cache = memory.sampling(one, 1, length, order.candidates, order.writer.max_new_tokens)
    return [Phase("write", one.base, FLOAT * one.adapter, 0, room, cache)]


def _painting(order: Order) -> list[Phase]:
    weights, room = painting(order.painter, order.diffusion, order.size)
    return [Phase("paint", weights, activations=room)] if weights or room else []


def _ranking(order: Order, runtime: Runtime) -> list[Phase]:
    if order.judge is None:
        return []
    from caig_cli.mllm.instructions import knowledge
    from caig_cli.mllm.rewards.memory import judge_needs

    told = ["\n".join(knowledge(p.caption, p.attributes)) for p in order.products]
    pairs = max(1, order.candidates * (order.candidates - 1) // 2)
    judge = judge_needs(order.judge, runtime, told, pairs)
    return [Phase("rank", judge.weights, judge.adapters, activations=judge.activations)]
