"""Reference checkpoints of the method's own layout, loaded into transformers for tests only."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

GOLDENS = Path(__file__).parents[1].parent / "shared" / "goldens"
NAMES = (
    ("model.vision_tower.vision_tower.vision_model.", "model.vision_tower."),
    ("model.mm_projector.0.", "model.multi_modal_projector.linear_1."),
    ("model.mm_projector.2.", "model.multi_modal_projector.linear_2."),
    ("model.embed_tokens.", "model.language_model.embed_tokens."),
    ("model.layers.", "model.language_model.layers."),
    ("model.norm.", "model.language_model.norm."),
)


def load_golden(name: str) -> LlavaForConditionalGeneration:
    """The checkpoint ``name``, with one row added for the image token."""
    folder = GOLDENS / "checkpoints" / name
    raw = json.loads((folder / "config.json").read_text())
    tower = CLIPVisionConfig(**json.loads((folder / raw["mm_vision_tower"] / "config.json").read_text()))
    sizes = ("hidden_size", "intermediate_size", "rms_norm_eps")
    counts = ("num_hidden_layers", "num_attention_heads", "num_key_value_heads")
    same = {key: raw[key] for key in sizes + counts}
    text = LlamaConfig(vocab_size=raw["vocab_size"] + 1, **same)
    config = LlavaConfig(
        vision_config=tower, text_config=text, image_token_id=raw["vocab_size"], vision_feature_layer=-2
    )
    model = LlavaForConditionalGeneration(config).eval()
    weights = {}
    for key, tensor in load_file(folder / "model.safetensors").items():
        new = next((to + key.removeprefix(old) for old, to in NAMES if key.startswith(old)), key)
        if "embed_tokens" in new or "lm_head" in new:
            tensor = torch.cat([tensor, tensor.mean(0, keepdim=True)])
        weights[new] = tensor
    missing, extra = model.load_state_dict(weights, strict=False)
    assert not missing and set(extra) == {"model.image_newline"}
    return model
