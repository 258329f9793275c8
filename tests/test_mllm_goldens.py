"""The LLaVA row against reference values of the method's own code, where those are at hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

from caig_cli.mllm.families import FAMILIES
from caig_cli.mllm.images import ImageRules, see
from caig_cli.mllm.sampling import sample

GOLDENS = Path(__file__).parents[1].parent / "shared" / "goldens"
IMAGE = -200
NAMES = (
    ("model.vision_tower.vision_tower.vision_model.", "model.vision_tower."),
    ("model.mm_projector.0.", "model.multi_modal_projector.linear_1."),
    ("model.mm_projector.2.", "model.multi_modal_projector.linear_2."),
    ("model.embed_tokens.", "model.language_model.embed_tokens."),
    ("model.layers.", "model.language_model.layers."),
    ("model.norm.", "model.language_model.norm."),
)

pytestmark = pytest.mark.skipif(not GOLDENS.is_dir(), reason="reference values are not here")


@pytest.fixture(scope="module")
def golden_model() -> LlavaForConditionalGeneration:
    """The checkpoint ``prompt-model-pad``, one row added for the image token, loaded into transformers."""
    folder = GOLDENS / "checkpoints" / "prompt-model-pad"
    raw = json.loads((folder / "config.json").read_text())
    tower = CLIPVisionConfig(**json.loads((folder / raw["mm_vision_tower"] / "config.json").read_text()))
    sizes = ("hidden_size", "intermediate_size", "rms_norm_eps")
    counts = ("num_hidden_layers", "num_attention_heads", "num_key_value_heads")
    same = {name: raw[name] for name in sizes + counts}
    text = LlamaConfig(vocab_size=raw["vocab_size"] + 1, **same)
    config = LlavaConfig(
        vision_config=tower, text_config=text, image_token_id=raw["vocab_size"], vision_feature_layer=-2
    )
    model = LlavaForConditionalGeneration(config).eval()
    weights = {}
    for name, tensor in load_file(folder / "model.safetensors").items():
        new = next((to + name.removeprefix(old) for old, to in NAMES if name.startswith(old)), name)
        if "embed_tokens" in new or "lm_head" in new:
            tensor = torch.cat([tensor, tensor.mean(0, keepdim=True)])
        weights[new] = tensor
    missing, extra = model.load_state_dict(weights, strict=False)
    assert not missing and set(extra) == {"model.image_newline"}
    return model


@pytest.mark.parametrize("case", ["c6", "c7"])
def test_pixels_logits_and_greedy_words(golden_model: LlavaForConditionalGeneration, case: str) -> None:
    arrays = np.load(GOLDENS / "a_prompt_model.npz")
    facts = {row["case"]: row for row in json.loads((GOLDENS / "a_prompt_model.json").read_text())}[case]
    pixels = see(Image.open(GOLDENS / facts["image"]), ImageRules(56))
    expected = torch.from_numpy(arrays[f"{case}_pixel_values"])
    level = 1 / 255 / 0.26
    assert (pixels - expected).abs().max() <= 3.01 * level, "Pillow versions differ by up to three levels"
    tokens = FAMILIES["llava"].image_tokens(golden_model.config, 56)
    ids: list[int] = []
    for token in arrays[f"{case}_input_ids"][0].tolist():
        ids += [golden_model.config.image_token_id] * tokens if token == IMAGE else [token]
    prompt = torch.tensor([ids])
    with torch.no_grad():
        logits = golden_model(input_ids=prompt, pixel_values=expected).logits[0, :, :-1]
    torch.testing.assert_close(logits, torch.from_numpy(arrays[f"{case}_logits"]), rtol=0, atol=1e-4)
    greedy = arrays[f"{case}_greedy_ids"][0].tolist()
    forbidden = [golden_model.config.image_token_id]
    options = {
        "seeds": [0],
        "end": 2,
        "forbidden": forbidden,
        "max_new_tokens": len(greedy),
        "temperature": 0,
    }
    assert sample(golden_model, prompt, expected, **options)[0] == [i for i in greedy if i != 2]
