"""Imported reward models against reference values of the method's own code, where those are at hand."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from goldens import GOLDENS, arrays, exact, facts, imported
from PIL import Image

from caig_cli.losses.supervised import ctr_mse, pair_nll
from caig_cli.mllm.vision import patches
from caig_cli.rewards.mllm import MllmReward
from caig_cli.rewards.model import encode
from caig_cli.rewards.question_template import OFFICIAL
from caig_cli.rewards.storage import read_reward

SIDE = 56
LEVEL = 1 / 255 / 0.26
"""One level of a pixel, normalised."""
MODELS = {"reward-model-anyres": ("r0", "r1", "r2"), "reward-model-pad": ("r6", "r7", "r8")}

pytestmark = pytest.mark.skipif(not GOLDENS.is_dir(), reason="reference values are not here")


@cache
def load(name: str) -> MllmReward:
    """A reference checkpoint as our reward model."""
    model, _ = read_reward(imported(name), exact())
    assert isinstance(model, MllmReward)
    return model


def image_tokens(reward: MllmReward, name: str) -> torch.Tensor:
    """Image tokens [1, T, D] of the original's pixels: one padded square, or the tiles of a wide picture."""
    pixels = torch.from_numpy(arrays("b_reward_model")[f"{MODELS[name][0]}_pixel_values"])
    tiles = pixels.reshape(-1, 3, SIDE, SIDE)
    seen = patches(reward.mllm, tiles, [reward.mllm.rules.joined()])
    return reward.tokens(seen if len(tiles) == 1 else seen[None])


@pytest.mark.parametrize("name", MODELS)
@torch.no_grad()
def test_logits_rates_and_losses(name: str) -> None:
    reward, there, rows = load(name), arrays("b_reward_model"), facts("b_reward_model")
    seen = image_tokens(reward, name)
    for case in MODELS[name]:
        row = rows[case]
        out = reward.read(seen, [row["question"]])
        for got, key in ((out.logits_P2, "logits"), (out.ctr_P2, "ctr_last")):
            torch.testing.assert_close(got, torch.from_numpy(there[f"{case}_{key}"]), rtol=0, atol=1e-4)
        for loss in row["losses"].values():
            ce = pair_nll(out.logits_P2, torch.tensor([1.0 - loss["label"]]))
            rates = torch.tensor([loss["sku_ctrs"] or (torch.nan, torch.nan)])
            mse = ctr_mse(out.ctr_P2, rates)
            assert float(ce) == pytest.approx(loss["ce"], abs=1e-4)
            assert float(mse) == pytest.approx(loss["mse"] or 0.0, abs=1e-4)
            assert float(ce + 0.5 * mse) == pytest.approx(loss["loss"], abs=1e-4)


@pytest.mark.parametrize("name", MODELS)
@torch.no_grad()
def test_padding_moves_no_logit(name: str) -> None:
    """The original reads the last position of a padded row; we read its last real token."""
    reward, there, rows = load(name), arrays("b_reward_model"), facts("b_reward_model")
    cases = MODELS[name]
    seen = image_tokens(reward, name)
    together = reward.read(seen.expand(3, -1, -1), [rows[case]["question"] for case in cases]).logits_P2
    expected = torch.cat([torch.from_numpy(there[f"{case}_logits"]) for case in cases])
    torch.testing.assert_close(together, expected, rtol=0, atol=1e-4)


def test_the_official_questions_are_the_reference_ones() -> None:
    rows = facts("b_reward_model")
    assert set(OFFICIAL) == {rows[case]["question"] for cases in MODELS.values() for case in cases}


@pytest.mark.parametrize("name", MODELS)
def test_ads_beside_each_other_are_the_official_picture(name: str) -> None:
    """From halves of the authors' picture: every pixel that their tower sees, seams too."""
    reward = load(name)
    pair = Image.open(GOLDENS / "inputs" / "rm_pair_LR.png").convert("RGB")
    assert pair.size == (1024, 512)
    features = encode(reward, [pair.crop((x, 0, x + 512, 512)) for x in (0, 512)])
    joined = reward.mllm.rules.join(features[:1], features[1:])
    expected = torch.from_numpy(arrays("b_reward_model")[f"{MODELS[name][0]}_pixel_values"])
    # Pillow 13 rounds bicubic otherwise for some shapes, by up to 3 levels
    assert (joined - expected.reshape(joined.shape)).abs().max() < 3.5 * LEVEL
