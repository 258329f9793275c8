"""Stages start: recomputed activations on any base, and recipes that want their models named."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gpu_check
import numpy as np
import pytest
import real_models
import torch
from PIL import Image
from test_pcpo import write_products
from tiny_families import FAMILIES, make_checkpoint
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from caig_cli.cli import run as caig
from caig_cli.engine import runtime
from caig_cli.engine.memory_plan import RESERVE
from caig_cli.engine.optim import OptimSection
from caig_cli.engine.runtime import choose_device
from caig_cli.losses.preference import token_logps
from caig_cli.mllm import loading
from caig_cli.mllm.config import LoraSection
from caig_cli.mllm.inputs import collate
from caig_cli.mllm.loading import Mllm
from caig_cli.mllm.prompt_model import PromptModel
from caig_cli.mllm.scoring import ResponseScorer
from caig_cli.pcpo.config import PcpoRecipe
from caig_cli.pcpo.pcpo_memory import planned, settled
from caig_cli.recipe import resolve
from caig_cli.records import Turn
from caig_cli.rewards.config import MllmRewardSection, TrainRmSection
from caig_cli.rewards.evaluation import both_orders
from caig_cli.rewards.mllm import MllmReward
from caig_cli.rewards.model import encode
from caig_cli.rewards.reward_memory import training

NEAR = 0.15
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


# --- Apple GPUs know no float64 --------------------------------------------------------------------------


class Apple(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Refuses what MPS refuses: float64 made of anything that is on the device, which float32 stands for."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        given, made = tree_leaves((args, kwargs)), tree_leaves(out)
        narrow = any(
            isinstance(t, torch.Tensor) and t.dtype in (torch.float32, torch.bfloat16) for t in given
        )
        if narrow and any(isinstance(t, torch.Tensor) and t.dtype == torch.float64 for t in made):
            raise TypeError(f"{func}: Cannot convert a MPS Tensor to float64 dtype")
        return out


def test_no_float64_reaches_a_device_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mllm = loading.load(str(make_checkpoint(tmp_path, "qwen3_vl")), **CPU)
    images = [Image.fromarray(np.full((40, 50, 3), 80 * n, np.uint8)) for n in range(3)]
    model = MllmReward(mllm, "two_images").eval()
    order = torch.tensor([0, 1]), torch.tensor([1, 2])

    def work() -> tuple[list[str], float]:
        prompts = PromptModel(mllm, "tiny").write_prompts(
            images[0], "what?", seeds=[1, 2], top_p=0.9, max_new_tokens=4
        )
        return prompts, float(both_orders(model, encode(model, images), *order, ["which?"] * 2).shown_P[0])

    exact = work()
    with pytest.raises(TypeError, match="MPS"), Apple():
        work()
    monkeypatch.setattr(runtime, "NO_FLOAT64", ("cpu",))
    with Apple():
        assert work() == exact, "float32 draws the same words, but for rounding"


# --- batches of the writer -------------------------------------------------------------------------------


def test_the_writers_batch_is_chosen_by_the_plan(tmp_path: Path, workdir: Path) -> None:
    base = make_checkpoint(tmp_path / "base", "llava_next")
    write_products(tmp_path, 5)

    def asked(*sets: str) -> PcpoRecipe:
        given = [f"pcpo.products={tmp_path / 'products.json'}", f"policy.base={base}", "judge.model=random"]
        given += ["judge.heldout=null", "painter.name=fake", "device=cpu", *sets]
        return resolve(PcpoRecipe, sets=given)

    def sampled(recipe: PcpoRecipe) -> int:
        return next(phase.peak for phase in planned(recipe) if phase.name == "sample")

    assert settled(asked()).writer.batch == 16, "a CPU has no limit"
    assert settled(asked("writer.batch=3")).writer.batch == 3
    peaks = {n: sampled(asked(f"writer.batch={n}", "gpu_memory=80GB")) for n in (1, 4, 8)}
    assert peaks[1] < peaks[4] < peaks[8]
    tight = asked(f"gpu_memory={((peaks[4] + peaks[8]) // 2 + RESERVE) >> 20}MB")
    assert settled(tight).writer.batch == 4 and sampled(tight) == peaks[4]
    assert settled(asked("gpu_memory=1MB")).writer.batch == 1


def test_the_papers_pipeline_has_a_recipe_for_24_gb() -> None:
    given = ["policy.base=embedded", "judge.model=embedded"]
    lean, full = (resolve(PcpoRecipe, name, sets=given) for name in ("paper/pcpo-24gb", "paper/pcpo"))
    assert (lean.quantise, lean.writer.batch) == ("nf4", 1)
    assert lean.pcpo == full.pcpo and lean.diffusion == full.diffusion and lean.painter == full.painter
    assert full.painter.placement == "middle"


# --- the check of a card ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def off_by(tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    """How far plans of LLaVA-1.5's own grid and image tokens are off, on small widths: the same code as
    benchmarks/gpu_check.py."""
    source = real_models.write(tmp_path_factory.mktemp("real") / "llava", "llava-1.5-7b", layers=2, thin=True)
    there = choose_device("cpu", "fp32")
    rows = gpu_check.compared(source, real_models.fill(source, there), there)
    return {row["phase"]: row["off"] for row in rows}


@pytest.mark.parametrize("phase", ["sample", "rank", "zero-shot judge", "optimise", "optimise, recomputed"])
def test_plans_of_published_shapes_meet_the_peak(off_by: dict[str, float], phase: str) -> None:
    assert abs(off_by[phase]) <= NEAR
