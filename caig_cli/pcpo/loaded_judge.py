"""Judges of a run, each with its seat: an adapter on the policy's own base, or a model of its own.

A judge whose base is the policy's shares it, so that the base is in memory once and nothing moves. One with a
model of its own leaves the device while it has nothing to say, and the policy while that model speaks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from caig_cli.engine import bases
from caig_cli.engine.offload import offload, offloaded, onloaded
from caig_cli.engine.run_dir import RunDir
from caig_cli.engine.runtime import Runtime
from caig_cli.errors import UsageError
from caig_cli.judges import PairJudge, Setting, kind_of, open_judge
from caig_cli.judges.config import ApiSection
from caig_cli.judges.random_judge import RandomJudge
from caig_cli.mllm import loading
from caig_cli.mllm.loading import Mllm
from caig_cli.pcpo.policy import POLICY, add_frozen
from caig_cli.rewards import storage
from caig_cli.rewards.architectures import ARCHITECTURES
from caig_cli.rewards.facts import RewardFacts
from caig_cli.rewards.implementations import read_heads
from caig_cli.rewards.judge import TrainedJudge
from caig_cli.rewards.mllm import MllmReward
from caig_cli.rewards.storage import fingerprint, locate, read_facts, read_reward

ONE_SIDED = "of the two judges, one has learnt real clicks and the other the simulated market"


@dataclass(frozen=True, slots=True)
class LoadedJudge:
    """A judge, and the context in which it may be asked."""

    judge: PairJudge
    on_device: Callable[[], AbstractContextManager[None]]
    shares_base: bool = False


def is_there(source: str) -> bool:
    """Whether a judge can be opened; raises UsageError where the user's own folder holds none."""
    return kind_of(source) != "trained" or storage.is_there(source)


def knows_the_same(judge: LoadedJudge, heldout: LoadedJudge) -> bool:
    """Whether both have learnt real clicks, or both the simulated market's; a coin has learnt nothing."""
    return isinstance(judge.judge, RandomJudge) or judge.judge.simulated == heldout.judge.simulated


def open_judge_on(
    source: str, name: str, policy: Mllm, runtime: Runtime, seed: int, run: RunDir
) -> LoadedJudge:
    """The judge of ``embedded``, ``heldout``, a folder of caig train-rm, or another kind, as in eval-rm.

    ``name`` is that of its adapter, where it shares the policy's base.

    Looks are not remembered: whether an ad was seen before a kill must not decide with which others it is
    seen after it, which could move the last digit of a verdict.
    """
    if kind_of(source) != "trained":
        setting = Setting(seed, lambda: runtime, {}, ApiSection())
        return LoadedJudge(open_judge(source, setting, run), nullcontext)
    folder = locate(source)
    facts = read_facts(folder)
    if (
        ARCHITECTURES[facts.arch].language_model
        and facts.base is not None
        and _stands_on(policy, folder, facts)
    ):
        model = _share(folder, facts, policy, name, runtime)
        return LoadedJudge(TrainedJudge(source, model, facts, room=0), lambda: _adapter(policy, name), True)
    with offloaded([policy.model], runtime.device):
        own, facts = read_reward(folder, runtime)
        offload(own, runtime.device)
    # A ranker is small; two language models share a small device by taking turns.
    hosts = [policy.model] if isinstance(own, MllmReward) else []
    on_device = partial(onloaded, own, runtime.device, hosts)
    return LoadedJudge(TrainedJudge(source, own, facts, room=0), on_device)


def _stands_on(policy: Mllm, folder: Path, facts: RewardFacts) -> bool:
    """Whether a judge in ``folder`` stands on the policy's base, by its weights.

    Raises UsageError where it stands on that folder, but with other weights.
    """
    base = loading.locate(loading.base_name(policy, POLICY))
    if facts.base_fingerprint == fingerprint(base):
        return True
    own = Path(bases.find_local(folder, str(facts.base))).expanduser()
    if own.is_dir() and own.resolve() == base.resolve():
        raise UsageError(
            f"{folder}: was trained on other weights of the base {facts.base}; train it again on these"
        )
    return False


def _share(folder: Path, facts: RewardFacts, policy: Mllm, name: str, runtime: Runtime) -> Any:
    """The reward model as one more adapter on the policy's base."""
    add_frozen(policy, folder, name, runtime.dtype)
    model = MllmReward(policy, facts.settings["layout"])
    read_heads(model, folder, facts.settings)
    for part in (model.heads, model.concept_head):
        if part is not None:
            part.to(runtime.device)
    model.scale = facts.scale
    return model


@contextmanager
def _adapter(policy: Mllm, name: str) -> Iterator[None]:
    """The base under the judge's adapter, in eval mode; afterwards under the policy's, as it was."""
    model, training = policy.model, policy.model.training
    model.set_adapter(name)
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        model.set_adapter(POLICY)
        model.train(training)
