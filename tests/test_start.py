"""Stages start: recomputed activations on any base, and recipes that want their models named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_families import FAMILIES, make_checkpoint

from caig_cli.cli import run as caig
from caig_cli.engine.optim import OptimSection
from caig_cli.engine.runtime import choose_device
from caig_cli.mllm import loading
from caig_cli.mllm.inputs import collate
from caig_cli.mllm.loading import Mllm
from caig_cli.mllm.rewards.memory import training
from caig_cli.mllm.rewards.sections import MllmRewardSection, TrainRmSection
from caig_cli.mllm.scoring import ResponseScorer
from caig_cli.mllm.sections import LoraSection
from caig_cli.preference import token_logps
from caig_cli.records import Turn

CPU: dict[str, Any] = {"device": torch.device("cpu"), "dtype": torch.float32}


def gradients(mllm: Mllm, *, recomputes: bool) -> dict[str, torch.Tensor]:
    """Those of a new adapter after one step on one picture."""
    torch.manual_seed(0)
    scorer = ResponseScorer(loading.add_lora(mllm, "base", rank=2, alpha=4.0, dropout=0.0)).train()
    encoder = mllm.encoder
    branch = encoder.branch([Turn("human", "what is it?"), Turn("gpt", "a red mug")], image=True)
    row = encoder.row([branch], image=True)
    picture = torch.zeros(*mllm.rules.usual, 3, dtype=torch.uint8).numpy()
    batch = collate([row], 0, mllm.rules.tensor([picture]), sizes=[mllm.rules.usual])
    if recomputes:
        scorer.gradient_checkpointing_enable()
    token_logps(scorer(batch), batch.target_N).sum().backward()
    return {n: p.grad for n, p in scorer.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("family", ["embedded", *sorted(FAMILIES)])
def test_activations_can_be_computed_again_on_every_base(tmp_path: Path, family: str) -> None:
    source = family if family == "embedded" else str(make_checkpoint(tmp_path, family))
    kept, again = (gradients(loading.load(source, **CPU), recomputes=again) for again in (False, True))
    assert kept.keys() == again.keys() and kept
    for name, gradient in kept.items():
        torch.testing.assert_close(again[name], gradient, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("layout", ["side_by_side", "two_images"])
@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_training_a_reward_model_has_a_plan(tmp_path: Path, family: str, layout: str) -> None:
    """Of two ads beside each other a tower sees one picture, never half of one."""
    section = MllmRewardSection(
        base=str(make_checkpoint(tmp_path, family)), layout=layout, lora=LoraSection()
    )
    phases = training(
        section, TrainRmSection(batch_pairs=2), OptimSection(), choose_device("cpu", "fp32"), ["which?"]
    )
    assert [phase.name for phase in phases] == ["train", "evaluate"] and all(p.activations for p in phases)


@pytest.mark.parametrize("recipe", ["paper", "consumer/12gb", "consumer/24gb", "modern"])
def test_recipes_for_real_models_want_them_named(
    recipe: str, workdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert caig(["pcpo", "--recipe", recipe]) == 2
    told = capsys.readouterr().err
    assert "this recipe needs the prompt model to improve; give --base FOLDER" in told
    assert told.count("\n") == 1
    assert caig(["pcpo", "--recipe", recipe, "--base", "embedded"]) == 2
    assert "needs the reward model to learn from; give --judge FOLDER" in capsys.readouterr().err
    assert not list(workdir.iterdir())
