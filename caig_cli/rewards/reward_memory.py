"""What a judge needs on a device, from configurations and the headers of weight files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from caig_cli.engine import model_folder
from caig_cli.engine.activation_memory import META
from caig_cli.engine.memory_plan import Phase
from caig_cli.engine.optim import OptimSection
from caig_cli.engine.runtime import Runtime
from caig_cli.mllm import model_memory
from caig_cli.mllm.images import beside
from caig_cli.mllm.meta_model import FLOAT, MetaModel, adapter_size, load_meta_model, lora_of, pixels
from caig_cli.rewards.architectures import ARCHITECTURES
from caig_cli.rewards.config import MllmRewardSection, TrainRmSection
from caig_cli.rewards.facts import RewardFacts
from caig_cli.rewards.feature_cache import CHUNK
from caig_cli.rewards.judge import together
from caig_cli.rewards.mllm import MllmReward
from caig_cli.rewards.model import Heads, PairOutput
from caig_cli.rewards.storage import locate, read_facts


@dataclass(frozen=True, slots=True)
class JudgeMemory:
    """Bytes of a judge. ``shares``: it is an adapter on a base that is there anyway; ``speaks``: it is a
    language model."""

    weights: int
    adapters: int
    activations: int
    shares: bool = False
    speaks: bool = True


def judge_needs(
    source: str, runtime: Runtime, texts: Iterable[str], pairs: int, base: MetaModel | None = None
) -> JudgeMemory:
    """A judge that is asked about ``pairs`` at once, with texts no longer than those of ``texts``.

    ``base``: the model whose adapter it is, where that is on the device.
    """
    folder = locate(source)
    facts = read_facts(folder)
    if not ARCHITECTURES[facts.arch].language_model:
        return JudgeMemory(
            FLOAT * sum(map(model_folder.parameters, folder.glob("*.safetensors"))), 0, 0, speaks=False
        )
    own = base or load_meta_model(str(folder), runtime)
    text = max(texts, key=len, default="")
    activations = judging(own, facts.settings["layout"], facts.wording.tell(text, {}), pairs)
    if base is not None:
        return JudgeMemory(0, base.frozen(adapter_size(base, lora_of(folder).rank)), activations, shares=True)
    return JudgeMemory(own.base, FLOAT * own.adapter, activations)


class _DrawnHeads(Heads):
    """Heads without autocast, which the meta device does not know."""

    def forward(self, hidden_PLD: torch.Tensor, length_P: torch.Tensor) -> PairOutput:
        last_PD = hidden_PLD[:, -1].float()
        return PairOutput(self.preference(last_PD), self.ctr(last_PD))


class _Drawn(MllmReward):
    """A reward model on the meta device, where no picture can be made of two."""

    def __init__(self, one: MetaModel, layout: str, *, recomputes: bool = False) -> None:
        super().__init__(one.mllm, layout)
        self.heads = _DrawnHeads(self.heads.preference.in_features).to(META)
        self._recomputes = recomputes

    def join(self, left_P: torch.Tensor, right_P: torch.Tensor) -> torch.Tensor:
        beside(left_P, right_P)  # on its way
        return pixels(self.mllm.rules, len(left_P), self.mllm.rules.joined())

    def meta_features(self, ads: int) -> torch.Tensor:
        """What is kept of ads for comparisons."""
        return self.features(pixels(self.rules, ads, self.rules.usual))

    def compare(self, features_I: torch.Tensor, rows: int, text: str) -> torch.Tensor:
        """A number of comparisons, each of two other ads as far as there are any."""
        left_P = torch.arange(rows, device=META) % len(features_I)
        out = self(features_I, left_P, left_P.flip(0), [text] * rows)
        total: torch.Tensor = out.logits_P2.sum() + out.ctr_P2.sum()
        return total


def judging(one: MetaModel, layout: str, text: str, pairs: int) -> int:
    """Bytes beside the model of looking at ``pairs`` and comparing them in both orders."""
    model = _Drawn(one, layout)
    return _judged(one, model, text, 2 * min(pairs, together(model, [text])))


def _judged(one: MetaModel, model: _Drawn, text: str, rows: int) -> int:
    @torch.no_grad()
    def judge() -> None:
        model.compare(model.meta_features(rows), rows, text)

    return one.once(("judging", model.layout, text, rows), lambda: one.peak(judge, model))


def training(
    section: MllmRewardSection,
    data: TrainRmSection,
    optim: OptimSection,
    runtime: Runtime,
    texts: Sequence[str],
) -> list[Phase]:
    """Phases of training a reward model on pairs with such texts."""
    one = load_meta_model(section.base, runtime, section.lora, tower=section.train_tower)
    model = _Drawn(one, section.layout, recomputes=optim.gradient_checkpointing)
    text = max(texts, key=len, default="")
    ads = 2 * data.batch_pairs
    count = ads if data.swap == "both" else data.batch_pairs
    room = _judged(one, model, text, ads)
    kept: torch.Size | None = None
    if model.features_fixed:  # before the first step the tower encodes all ads, some at a time
        seen, kept = one.once(("seen", section.layout), lambda: _seen(one, model))
        room = max(room, seen)

    def loss() -> torch.Tensor:
        if kept is None:
            return model.compare(model.meta_features(ads), count, text)
        return model.compare(torch.empty(ads, *kept, dtype=runtime.dtype, device=META), count, text)

    learnt = model_memory.stepping("train", one, loss, optim, (section.layout, ads, count, text))
    return [learnt, replace(learnt, name="evaluate", activations=room)]


def _seen(one: MetaModel, model: _Drawn) -> tuple[int, torch.Size]:
    """Bytes of encoding ads before the first step, and the shape of what is kept of one."""
    shapes: list[torch.Size] = []

    @torch.no_grad()
    def encode() -> None:
        shapes.append(model.meta_features(CHUNK).shape[1:])

    return one.peak(encode, model), shapes[0]


def same_base(facts: RewardFacts, other: Path) -> bool:
    """Whether a reward model is an adapter on the model in a folder."""
    from caig_cli.mllm import loading

    return facts.base is not None and loading.locate(facts.base).resolve() == other.resolve()
