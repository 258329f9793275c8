"""What a judge needs on a device, from configurations and the headers of weight files."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from caig_cli.engine import sources
from caig_cli.engine.memory import Phase
from caig_cli.engine.optim import OptimSection
from caig_cli.engine.runtime import Runtime
from caig_cli.mllm import memory
from caig_cli.mllm.memory import Pass
from caig_cli.mllm.rewards.judge import together
from caig_cli.mllm.rewards.looks import CHUNK
from caig_cli.mllm.rewards.mllm import MllmReward
from caig_cli.mllm.rewards.sections import MllmRewardSection, TrainRmSection
from caig_cli.mllm.rewards.storage import RewardFacts, locate, read_facts
from caig_cli.mllm.sketch import FLOAT, Sketch, adapter_size, lora_of, sketch


@dataclass(frozen=True, slots=True)
class Needs:
    """Bytes of a judge. ``shares``: it is an adapter on a base that is there anyway; ``speaks``: it is a
    language model."""

    weights: int
    adapters: int
    activations: int
    shares: bool = False
    speaks: bool = True


def judge_needs(
    source: str, runtime: Runtime, told: Iterable[str], pairs: int, base: Sketch | None = None
) -> Needs:
    """A judge that is asked about ``pairs`` at once, with texts no longer than those of ``told``.

    ``base``: the model whose adapter it is, where that is on the device.
    """
    folder = locate(source)
    facts = read_facts(folder)
    if facts.arch != "mllm":
        return Needs(FLOAT * sum(map(sources.parameters, folder.glob("*.safetensors"))), 0, 0, speaks=False)
    own = base or sketch(str(folder), runtime)
    text = max(told, key=len, default="")
    activations = judging(own, facts.settings["layout"], facts.wording.tell(text, {}), pairs)
    if base is not None:
        return Needs(0, base.frozen(adapter_size(base, lora_of(folder).rank)), activations, shares=True)
    return Needs(own.base, FLOAT * own.adapter, activations)


def judging(one: Sketch, layout: str, text: str, pairs: int) -> int:
    """Bytes beside the model of looking at ``pairs`` and comparing them in both orders."""
    model = MllmReward(one.mllm, layout)
    count = min(pairs, together(model, [text]))
    asked = memory.asking(one, [rows(model, text, 2 * count, 2 * count)])
    seen = memory.looking(one, 2 * count, model.seen_size) if layout == "two_images" else 0
    return max(seen, _joining(model, 2 * count, 2 * count, asked))


def _joining(model: MllmReward, count: int, ads: int, activations: int) -> int:
    """``activations`` of a pass, or more where so many ads wait to be joined to ``count`` pictures of two.

    While they are joined, both halves, their picture and its rounded levels are there, each of ``count``.
    """
    if model.layout == "two_images":
        return activations
    ad = FLOAT * 3 * math.prod(model.rules.usual)
    return ad * ads + max(6 * ad * count, activations)


def rows(model: MllmReward, text: str, count: int, ads: int) -> Pass:
    """A forward pass of a reward model: rows in one order each, of so many ads."""
    apart = model.layout == "two_images"
    return Pass(count, model.length(text), 0, ads if apart else count, looks=not apart, size=model.seen_size)


def training(
    section: MllmRewardSection,
    data: TrainRmSection,
    optim: OptimSection,
    runtime: Runtime,
    told: Sequence[str],
) -> list[Phase]:
    """Phases of training a reward model on pairs with such texts."""
    one = sketch(section.base, runtime, section.lora, tower=section.train_tower)
    if not section.train_tower:
        one.mllm.tower.requires_grad_(False)
    model, text = MllmReward(one.mllm, section.layout), max(told, key=len, default="")
    pairs = data.batch_pairs
    count = 2 * pairs if data.swap == "both" else pairs
    batch = rows(model, text, count, 2 * pairs)
    batch = replace(batch, looks=batch.looks or section.train_tower)
    learnt = memory.learning("train", one, [batch], optim)
    learnt = replace(learnt, activations=_joining(model, count, 2 * pairs, learnt.activations))
    asked = memory.asking(one, [rows(model, text, 2 * pairs, 2 * pairs)])
    room = _joining(model, 2 * pairs, 2 * pairs, asked)
    if model.looks_last:  # before the first step the tower looks at all ads, some at a time
        room = max(room, memory.looking(one, CHUNK, model.seen_size))
    return [learnt, replace(learnt, name="evaluate", activations=room)]


def same_base(facts: RewardFacts, other: Path) -> bool:
    """Whether a reward model is an adapter on the model in a folder."""
    from caig_cli.mllm import loading

    return facts.base is not None and loading.locate(facts.base).resolve() == other.resolve()
