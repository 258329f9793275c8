"""Log-probabilities, losses and eight training steps against reference values, where those are at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from goldens import GOLDENS, IMAGE, exact, imported
from peft import set_peft_model_state_dict
from safetensors.torch import load_file

from caig_cli.engine.files import read_lines
from caig_cli.engine.loop import make_accelerator, train
from caig_cli.engine.optim import OptimSection
from caig_cli.engine.report import SilentReporter
from caig_cli.engine.run_dir import RunDir
from caig_cli.engine.runtime import choose_device
from caig_cli.losses.objective import Objective
from caig_cli.losses.preference import Replies, preference_loss, token_logps
from caig_cli.mllm import loading
from caig_cli.mllm.inputs import Branch, collate
from caig_cli.mllm.loading import Mllm, add_lora
from caig_cli.mllm.packing import cost_of_trees, group_by_length, pack
from caig_cli.mllm.scoring import ResponseScorer, response_logps
from caig_cli.mllm.vision import patches
from caig_cli.pcpo.policy import starting_state
from caig_cli.pcpo.preference_batches import PreferenceBatch, preference_step
from caig_cli.recipe import Recipe

pytestmark = pytest.mark.skipif(not GOLDENS.is_dir(), reason="reference values are not here")

IGNORED, IMAGE_TOKENS = -100, 16
REPLIES = ("chosen_{}", "reject_{}", "chosen_{}_noise")
KINDS = ("chosen", "rejected", "pcpo_rejected")
SETTINGS = (Objective(), Objective(beta=0.1, pcpo_beta=0.3, pcpo_weight=0.7))


class DemoRecipe(Recipe):
    """Nothing of its own."""


@pytest.fixture(scope="module")
def arrays() -> Any:
    return np.load(GOLDENS / "c_pcpo.npz")


def load(name: str) -> Mllm:
    """The original has no row for the image token, so that it takes no share of the probability there."""
    mllm = loading.load(str(imported(name)), device=exact().device, dtype=exact().dtype)
    head = mllm.core.lm_head
    head.weight = torch.nn.Parameter(head.weight[:-1])
    return mllm


@pytest.fixture(scope="module")
def policy() -> Mllm:
    return load("prompt-model-pad")


@pytest.fixture(scope="module")
def reference() -> Mllm:
    return load("prompt-model-reference")


def tensor(arrays: Any, name: str) -> torch.Tensor:
    return torch.from_numpy(arrays[name])


def near(mine: torch.Tensor | float, theirs: Any) -> None:
    """1e-4, and what float32 keeps of a sum of about -300."""
    torch.testing.assert_close(torch.as_tensor(mine), torch.as_tensor(theirs), rtol=1e-6, atol=1e-4)


def batch_of(mllm: Mllm, arrays: Any, name: str) -> PreferenceBatch:
    """The collated tensors of the original as our trees: one row per product and picture."""
    shown, packed = [], []
    for item in range(len(arrays[f"{name}_in_images"])):
        own, wrong = (tensor(arrays, f"{name}_in_{part}")[item] for part in ("images", "images_crops"))
        (prefix, *_), branches = zip(
            *(reply(mllm, arrays, name, kind, item) for kind in REPLIES), strict=True
        )
        numbers = [3 * item, 3 * item + 1, 3 * item + 2]
        same = torch.equal(own, wrong)
        for talks, picture in ((numbers, own),) if same else ((numbers[:2], own), (numbers[2:], wrong)):
            (row,) = pack(prefix, [branches[talk - 3 * item] for talk in talks], cost_of_trees(mllm))
            packed.append((row, talks))
            shown.append(picture)
    seen = patches(mllm, torch.stack(shown))
    passes, talks = [], []
    for group in group_by_length([len(row) for row, _ in packed]):
        passes.append(collate([packed[i][0] for i in group], 0, patches=seen[group]))
        talks += [talk for i in group for talk in packed[i][1]]
    place = torch.tensor(talks).argsort()
    pairs = len(talks) // 3
    sure, none = torch.ones(pairs), torch.zeros(pairs)
    return PreferenceBatch(tuple(passes), place.reshape(pairs, 3), torch.zeros(len(talks)), sure, none)


def reply(mllm: Mllm, arrays: Any, name: str, kind: str, item: int) -> tuple[tuple[int, ...], Branch]:
    """One sequence without padding, its image expanded: all up to the image's end, and the rest."""
    real = arrays[f"{name}_in_{kind.format('attention_mask')}"][item]
    ids = arrays[f"{name}_in_{kind.format('input_ids')}"][item][real].tolist()
    labels = arrays[f"{name}_in_{kind.format('labels')}"][item][real].tolist()
    place = ids.index(IMAGE)
    prefix = (*ids[:place], *[mllm.config.image_token_id] * IMAGE_TOKENS)
    own = tuple(label != IGNORED for label in labels[place + 1 :])
    return prefix, Branch(tuple(ids[place + 1 :]), own)


@torch.no_grad()
def logps_of(mllm: Mllm, batch: PreferenceBatch) -> Replies:
    return batch.replies(response_logps(ResponseScorer(mllm), batch.passes)[0])


@pytest.mark.parametrize("name", ["b0", "b1", "b2", "b3", "b4"])
def test_log_probabilities_and_losses(policy: Mllm, reference: Mllm, arrays: Any, name: str) -> None:
    batch = batch_of(policy, arrays, name)
    mine = {"policy": logps_of(policy, batch), "ref": logps_of(reference, batch_of(reference, arrays, name))}
    for who, replies in mine.items():
        for kind, logps in zip(KINDS, replies, strict=True):
            near(logps, arrays[f"{name}_{who}_{kind}_logps"])
    ones = Replies(*(torch.ones_like(logps) for logps in mine["policy"]))
    for how in SETTINGS:
        tag = f"{name}_beta{how.beta}_pb{how.pcpo_beta}_w{how.pcpo_weight}"
        loss, figures = preference_loss(mine["policy"], mine["ref"], ones, how)
        near(loss.mean(), arrays[f"{tag}_loss"])
        near(figures["loss/dpo"], arrays[f"{tag}_dpo_losses"])
        near(figures["loss/pcpo"], arrays[f"{tag}_pcpo_losses"])
        near(figures["rewards/chosen"], arrays[f"{tag}_chosen_rewards"])
        near(figures["rewards/rejected"], arrays[f"{tag}_rejected_rewards"])
        product = arrays[f"{tag}_pcpo_chosen_rewards"] - arrays[f"{tag}_pcpo_rejected_rewards"]
        near(figures["product/margins"], product)


def test_token_log_probabilities_on_plain_tensors(arrays: Any) -> None:
    labels, logits = tensor(arrays, "fn_labels")[:, 1:], tensor(arrays, "fn_logits")[:, :-1]
    for row, (label, logit) in enumerate(zip(labels, logits, strict=True)):
        own = label != IGNORED
        logps = token_logps(logit[own], label[own])
        near(logps.sum(), arrays["fn_logps_sum"][row])
        near(logps.mean(), arrays["fn_logps_avg"][row])


@pytest.mark.parametrize("how", SETTINGS)
@pytest.mark.parametrize("without_reference", [0, 1])
def test_losses_on_plain_tensors(arrays: Any, how: Objective, without_reference: int) -> None:
    """The original's losses without a reference still report rewards with it."""
    given = tensor(arrays, "fn_dpo_in")
    tag = f"fn_beta{how.beta}_pb{how.pcpo_beta}_w{how.pcpo_weight}_rf{without_reference}"
    policy, reference = Replies(*given[[0, 1, 4]]), Replies(*given[[2, 3, 5]])
    ones = Replies(*torch.ones(3, 5))
    _, figures = preference_loss(policy, reference, ones, how)
    near(figures["rewards/chosen"], arrays[f"{tag}_chosen_rewards"])
    near(figures["rewards/rejected"], arrays[f"{tag}_rejected_rewards"])
    if without_reference:
        reference = Replies(*torch.zeros(3, 5))
    _, figures = preference_loss(policy, reference, ones, how)
    near(figures["loss/dpo"], arrays[f"{tag}_dpo_losses"])
    near(figures["loss/pcpo"], arrays[f"{tag}_pcpo_losses"])


class Alternating:
    """b3 and b4 in turn, with the reference's log-probabilities as they are at the start."""

    def __init__(self, mllm: Mllm, arrays: Any) -> None:
        self.batches = [batch_of(mllm, arrays, name) for name in ("b3", "b4")]
        with starting_state(mllm), torch.no_grad():
            for batch in self.batches:
                batch.reference_D.copy_(response_logps(ResponseScorer(mllm), batch.passes)[0])

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> PreferenceBatch:
        return self.batches[index % 2]


def test_eight_training_steps(arrays: Any, tmp_path: Path) -> None:
    expected = json.loads((GOLDENS / "c2_training.json").read_text())["steps"]
    mllm = add_lora(load("prompt-model-pad"), "base", rank=8, alpha=16, dropout=0.0)
    first, last = (
        {name.replace("model.layers", "model.language_model.layers"): weight for name, weight in file.items()}
        for file in (load_file(GOLDENS / f"c2_lora_{when}.safetensors") for when in ("init", "final"))
    )
    assert not set_peft_model_state_dict(mllm.model, first).unexpected_keys
    optim = OptimSection(
        learning_rate=5e-5, schedule="constant", warmup=0, steps=8, log_every=1, checkpoint_every=8
    )
    step_fn = preference_step(Objective(), torch.device("cpu"))
    accelerator = make_accelerator(choose_device("cpu", "fp32"))
    with RunDir.open(tmp_path / "run", "demo", DemoRecipe(), resume=False) as run:
        train(
            ResponseScorer(mllm),
            Alternating(mllm, arrays),
            step_fn,
            optim,
            seed=0,
            accelerator=accelerator,
            run=run,
            report=SilentReporter(),
        )
    for row, step in zip(read_lines(tmp_path / "run" / "metrics.jsonl"), expected, strict=True):
        near(row["loss"], step["loss"])
        assert row["grad_norm"] == pytest.approx(step["grad_norm"], rel=1e-4)
        for name in ("rewards/chosen", "rewards/rejected", "rewards/margins", "rewards/accuracies"):
            near(row[name], step["metrics"][name])
        near(row["loss/dpo"], step["metrics"]["loss/dpo_losses"])
        near(row["loss/pcpo"], step["metrics"]["loss/pcpo_losses"])
        near(row["logps/chosen"], step["metrics"]["policy_logps/chosen"])
    weights = {name.replace(".default.", "."): weight for name, weight in mllm.model.named_parameters()}
    for name, weight in last.items():
        torch.testing.assert_close(weights[name].detach(), weight, rtol=0, atol=1e-5)
        assert (weight - first[name]).abs().max() > 1e-4, "the comparison bites: every matrix has moved"
