"""Our heads, pooling and losses against reference values of the method's own reward model, where at hand.

The loader is for these tests only: the original layout's names, converted, and token ids instead of its
tokenizer's model file.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from golden_llava import GOLDENS, NAMES
from PIL import Image
from safetensors.torch import load_file
from transformers import (
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaNextConfig,
    LlavaNextForConditionalGeneration,
)

from caig_cli.losses import ctr_mse, pair_nll
from caig_cli.mllm.families import FAMILIES
from caig_cli.mllm.images import ImageRules
from caig_cli.mllm.loading import Mllm
from caig_cli.mllm.rewards.mllm import MllmReward, beside
from caig_cli.mllm.rewards.model import look
from caig_cli.mllm.rewards.wording import OFFICIAL
from caig_cli.mllm.vision import patches

SIDE = 56
MODELS = {"reward-model-anyres": ("r0", "r1", "r2"), "reward-model-pad": ("r6", "r7", "r8")}

pytestmark = pytest.mark.skipif(not GOLDENS.is_dir(), reason="reference values are not here")


def facts() -> dict[str, dict[str, Any]]:
    rows = json.loads((GOLDENS / "b_reward_model.json").read_text())
    return {row["case"]: row for row in rows if row["case"] != "batch2"}


class GoldenTokenizer:
    """Knows the reference prompts only: what follows the image, and its token ids."""

    bos_token_id, pad_token_id = 1, 0

    def __init__(self) -> None:
        arrays = np.load(GOLDENS / "b_reward_model.npz")
        self.ids = {}
        for case, row in facts().items():
            ids = arrays[f"{case}_input_ids"][0].tolist()
            assert ids[:2] == [1, -200], "a start token, the image, and no system text"
            self.ids[row["prompt"].removeprefix("<image>")] = ids[2:]

    def __call__(self, text: str, **_options: bool) -> dict[str, list[int]]:
        return {"input_ids": self.ids[text]}


def load(name: str) -> MllmReward:
    """A reference checkpoint in our reward model."""
    folder = GOLDENS / "checkpoints" / name
    raw = json.loads((folder / "config.json").read_text())
    tower = CLIPVisionConfig(**json.loads((folder / raw["mm_vision_tower"] / "config.json").read_text()))
    same = ("hidden_size", "intermediate_size", "rms_norm_eps", "num_hidden_layers", "num_attention_heads")
    text = LlamaConfig(vocab_size=raw["vocab_size"] + 1, **{key: raw[key] for key in same})
    shapes: dict[str, Any] = {
        "vision_config": tower,
        "text_config": text,
        "image_token_id": raw["vocab_size"],
        "vision_feature_layer": -2,
    }
    if raw["image_aspect_ratio"] == "anyres":
        grid = [[height, width] for width, height in raw["image_grid_pinpoints"]]
        model: Any = LlavaNextForConditionalGeneration(LlavaNextConfig(image_grid_pinpoints=grid, **shapes))
    else:
        model = LlavaForConditionalGeneration(LlavaConfig(**shapes))
    weights = load_file(folder / "model.safetensors")
    heads = {
        "preference.weight": weights.pop("score.weight"),
        "ctr.weight": weights.pop("sku_ctr_linear_fc.0.weight"),
    }
    converted = {}
    for key, tensor in weights.items():
        new = next((to + key.removeprefix(old) for old, to in NAMES if key.startswith(old)), key)
        if "embed_tokens" in new:
            tensor = torch.cat([tensor, tensor.mean(0, keepdim=True)])
        converted[new] = tensor
    missing, extra = model.load_state_dict(converted, strict=False)
    assert set(missing) == {"lm_head.weight"} and set(extra) <= {"model.image_newline"}
    mllm = Mllm(model.eval(), GoldenTokenizer(), FAMILIES["llava"], ImageRules(SIDE))
    reward = MllmReward(mllm, "side_by_side").eval()
    reward.heads.load_state_dict(heads)
    return reward


def image_tokens(reward: MllmReward, pixels: torch.Tensor) -> torch.Tensor:
    """Image tokens [1, T, D]; the tiles of an anyres picture are put together by transformers' own class."""
    if pixels.ndim == 4:
        return reward.tokens(patches(reward.mllm, pixels))
    model = reward.mllm.core.model
    out = model.get_image_features(
        pixels, torch.tensor([[512, 1024]]), vision_feature_layer=-2, vision_feature_select_strategy="default"
    )
    return out.pooler_output[0][None]


@pytest.mark.parametrize("name", MODELS)
@torch.no_grad()
def test_logits_rates_and_losses(name: str) -> None:
    reward, arrays, rows = load(name), np.load(GOLDENS / "b_reward_model.npz"), facts()
    pixels = torch.from_numpy(arrays[f"{MODELS[name][0]}_pixel_values"])
    seen = image_tokens(reward, pixels)
    for case in MODELS[name]:
        row = rows[case]
        out = reward.read(seen, [row["question"]])
        for got, key in ((out.logits_P2, "logits"), (out.ctr_P2, "ctr_last")):
            torch.testing.assert_close(got, torch.from_numpy(arrays[f"{case}_{key}"]), rtol=0, atol=1e-4)
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
    reward, arrays, rows = load(name), np.load(GOLDENS / "b_reward_model.npz"), facts()
    cases = MODELS[name]
    seen = image_tokens(reward, torch.from_numpy(arrays[f"{cases[0]}_pixel_values"]))
    together = reward.read(seen.expand(3, -1, -1), [rows[case]["question"] for case in cases]).logits_P2
    expected = torch.cat([torch.from_numpy(arrays[f"{case}_logits"]) for case in cases])
    torch.testing.assert_close(together, expected, rtol=0, atol=1e-4)


def test_the_official_questions_are_the_reference_ones() -> None:
    assert set(OFFICIAL) == {row["question"] for row in facts().values()}


def test_ads_beside_each_other_are_the_official_picture() -> None:
    """Each ad is resized before they are joined: only pixels that see over a seam may differ."""
    reward = load("reward-model-pad")
    pair = Image.open(GOLDENS / "inputs" / "rm_pair_LR.png").convert("RGB")
    halves = [pair.crop((x, 0, x + 512, 512)) for x in (0, 512)]
    looks = look(reward, halves)
    joined = beside(looks[:1], looks[1:], reward.mllm.rules)
    expected = torch.from_numpy(np.load(GOLDENS / "b_reward_model.npz")["r6_pixel_values"])
    far = torch.ones(SIDE, SIDE, dtype=torch.bool)
    for seam in (SIDE // 4, 3 * SIDE // 4):
        far[seam - 2 : seam + 2] = False
    far[:, SIDE // 2 - 2 : SIDE // 2 + 2] = False
    assert (joined - expected)[0, :, far].abs().max() < 4 / 255 / 0.26
