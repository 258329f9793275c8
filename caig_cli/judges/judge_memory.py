"""What judges need on a device while they are evaluated, one after the other."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from caig_cli.engine.memory_plan import Phase
from caig_cli.engine.runtime import Runtime
from caig_cli.judges.question import question
from caig_cli.judges.zero_shot import ZeroShotJudge
from caig_cli.mllm.instructions import knowledge
from caig_cli.mllm.meta_model import FLOAT, MetaModel, load_meta_model, pixels
from caig_cli.records import Pair
from caig_cli.rewards.reward_memory import judge_needs


def trained_phase(source: str, runtime: Runtime, pairs: Sequence[Pair], batch: int) -> Phase:
    """What a reward model needs."""
    texts = ("\n".join(knowledge(pair.caption, pair.attributes)) for pair in pairs)
    needs = judge_needs(source, runtime, texts, batch)
    return Phase("judge", needs.weights, needs.adapters, activations=needs.activations)


def zero_shot_phase(source: str, runtime: Runtime, pairs: Sequence[Pair], batch: int) -> Phase:
    """What an untrained model needs."""
    one = load_meta_model(source, runtime)
    room = zero_shot(one, max(map(question, pairs), key=len), batch)
    return Phase("judge", one.base, FLOAT * one.adapter, activations=room)


def zero_shot(one: MetaModel, text: str, pairs: int) -> int:
    """Bytes beside an untrained model of looking at ``pairs`` and answering in both orders."""
    rules = one.mllm.rules
    size = rules.usual if one.mllm.family.many_images else rules.joined()

    @torch.no_grad()
    def ask() -> None:
        shown = pixels(rules, 2 * pairs, size)
        ZeroShotJudge(one.mllm, "").logps(shown, [size] * 2 * pairs, [text] * 2 * pairs)

    return one.once(("zero-shot", text, pairs), lambda: one.peak(ask))
