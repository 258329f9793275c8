"""Published multimodal models as folders without a hub: their configurations, and random weights where asked.

The configurations are those of the checkpoints' ``config.json`` and ``preprocessor_config.json``; the
tokenizer is the embedded model's with the family's special tokens, so that words are fewer and image tokens
are as many as in the real ones.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import AutoTokenizer

from caig_cli.engine.runtime import Runtime
from caig_cli.mllm import loading, quantise
from caig_cli.mllm.families import family_of
from caig_cli.mllm.loading import EMBEDDED_FOLDER, Mllm
from caig_cli.mllm.meta_model import linears

CLIP = {"image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711]}
HALF = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
SQUARE = {"size": {"shortest_edge": 336}, "crop_size": {"height": 336, "width": 336}, "resample": 3}
GRIDS = [[336, 672], [672, 336], [672, 672], [1008, 336], [336, 1008]]
VICUNA_7B = {
    "model_type": "llama", "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
    "num_attention_heads": 32, "max_position_embeddings": 4096, "rms_norm_eps": 1e-5, "vocab_size": 32064,
}  # fmt: skip
CLIP_L = {
    "model_type": "clip_vision_model", "hidden_size": 1024, "intermediate_size": 4096,
    "num_hidden_layers": 24, "num_attention_heads": 16, "image_size": 336, "patch_size": 14,
    "projection_dim": 768,
}  # fmt: skip
LLAVA = {
    "text_config": VICUNA_7B, "vision_config": CLIP_L, "vision_feature_layer": -2,
    "tie_word_embeddings": False,
}  # fmt: skip
QWEN3_4B = {
    "tie_word_embeddings": True,
    "text_config": {
        "model_type": "qwen3_vl_text", "hidden_size": 2560, "intermediate_size": 9728,
        "num_hidden_layers": 36,
        "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 151936,
        "max_position_embeddings": 262144, "rms_norm_eps": 1e-6, "tie_word_embeddings": True,
        "rope_parameters": {
            "rope_type": "default", "mrope_section": [24, 20, 20], "mrope_interleaved": True,
            "rope_theta": 5e6,
        },
    },
    "vision_config": {
        "depth": 24, "hidden_size": 1024, "intermediate_size": 4096, "num_heads": 16, "out_hidden_size": 2560,
        "patch_size": 16, "spatial_merge_size": 2, "temporal_patch_size": 2, "num_position_embeddings": 2304,
        "deepstack_visual_indexes": [5, 11, 17],
    },
}  # fmt: skip
CHAT = ("<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")
_SAID = "{% if m['content'] is string %}{{ m['content'] }}{% else %}{% for c in m['content'] %}{{ IMAGE if \
c['type'] == 'image' else c['text'] }}{% endfor %}{% endif %}"
LLAVA_CHAT = (
    "{% for m in messages %}{{ 'USER: ' if m['role'] == 'user' else ' ASSISTANT:' }}"
    + _SAID.replace("IMAGE", "'<image>\n'")
    + "{{ eos_token if m['role'] == 'assistant' else '' }}{% endfor %}"
    + "{{ ' ASSISTANT:' if add_generation_prompt else '' }}"
)
QWEN_CHAT = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' }}"
    + _SAID.replace("IMAGE", "'<|vision_start|><|image_pad|><|vision_end|>'")
    + "{{ '<|im_end|>\n' }}{% endfor %}{{ '<|im_start|>assistant\n' if add_generation_prompt else '' }}"
)
MODELS: Mapping[str, tuple[str, Mapping[str, Any], Mapping[str, Any], tuple[str, ...], str]] = {
    "llava-1.5-7b": (
        "LlavaConfig", LLAVA, {"image_processor_type": "CLIPImageProcessor", **CLIP, **SQUARE}, ("<image>",),
        LLAVA_CHAT,
    ),
    "llava-1.6-vicuna-7b": (
        "LlavaNextConfig", {**LLAVA, "image_grid_pinpoints": GRIDS},
        {"image_processor_type": "LlavaNextImageProcessor", **CLIP, **SQUARE, "image_grid_pinpoints": GRIDS},
        ("<image>",),
        LLAVA_CHAT,
    ),
    "qwen3-vl-4b": (
        "Qwen3VLConfig", QWEN3_4B,
        {
            "image_processor_type": "Qwen2VLImageProcessorFast", **HALF, "patch_size": 16, "merge_size": 2,
            "temporal_patch_size": 2, "size": {"longest_edge": 16777216, "shortest_edge": 65536},
        },
        CHAT, QWEN_CHAT,
    ),
}  # fmt: skip
"""Class of the configuration, its values, the image processor's, special tokens, chat template."""
THIN = {
    "hidden_size": 64, "intermediate_size": 96, "num_attention_heads": 4, "num_key_value_heads": 2,
    "head_dim": 16, "out_hidden_size": 64, "num_heads": 2, "vocab_size": 4400,
}  # fmt: skip
"""Widths of the same models for a CPU."""


def write(folder: Path, name: str, *, layers: int | None = None, thin: bool = False) -> Path:
    """The files of a model but its weights. ``layers`` of the language model and of the tower, at most."""
    kind, values, images, marks, template = MODELS[name]
    folder.mkdir(parents=True)
    words = AutoTokenizer.from_pretrained(EMBEDDED_FOLDER, local_files_only=True)
    words.add_special_tokens({"additional_special_tokens": [m for m in marks if m not in words.get_vocab()]})
    if "<|im_end|>" in marks:
        words.add_special_tokens({"eos_token": "<|im_end|>"})
    words.chat_template = template
    words.save_pretrained(folder)
    shape = json.loads(json.dumps(values))
    for part in ("text_config", "vision_config"):
        _shrink(shape[part], layers, thin)
    image = words.convert_tokens_to_ids("<|image_pad|>" if "<|image_pad|>" in marks else "<image>")
    getattr(transformers, kind)(**shape, image_token_id=image).save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps({"do_convert_rgb": True, **images}))
    return folder


def _shrink(part: dict[str, Any], layers: int | None, thin: bool) -> None:
    """Fewer layers, and widths of a model for tests; image sizes and grids stay."""
    if layers is not None:
        for key in ("num_hidden_layers", "depth"):
            if key in part:
                part[key] = layers
        if "deepstack_visual_indexes" in part:
            part["deepstack_visual_indexes"] = list(range(min(layers, len(part["deepstack_visual_indexes"]))))
    if thin:
        part |= {key: value for key, value in THIN.items() if key in part}
        if "rope_parameters" in part:
            part["rope_parameters"]["mrope_section"] = [4, 2, 2]


def fill(folder: Path, runtime: Runtime, method: str = "none") -> Mllm:
    """The model of a folder with random weights, made on the device layer by layer and quantised there."""
    from transformers.initialization import no_init_weights

    config = transformers.AutoConfig.from_pretrained(folder)
    family = family_of(config)
    maker = getattr(transformers, family.auto_class)
    with no_init_weights():  # memory of a CPU that nothing is written to is not taken
        model = maker._from_config(config, dtype=runtime.dtype)
    chosen = {id(layer) for layer in linears(model, family.lora_targets)} if method != "none" else set()
    for module in list(model.modules()):
        for name, child in module.named_children():
            if id(child) in chosen:
                setattr(module, name, _four_bit(child, runtime))
        for weight in module.parameters(recurse=False):
            if id(module) not in chosen and weight.is_floating_point():
                weight.data = _random(weight.shape, runtime)
    if method != "none":
        model.is_loaded_in_4bit = model.is_quantized = True
        config.quantization_config = quantise.settings(method, model, family.lora_targets, runtime.dtype)
    model.to(runtime.device)
    quantise.keep_layout(model)
    tokenizer = loading.read_tokenizer(folder, family, config)
    return Mllm(model.eval(), tokenizer, family, loading.rules_of(folder, family, config))


def _random(shape: Any, runtime: Runtime) -> torch.Tensor:
    """Ones for what scales, else small numbers."""
    if len(shape) == 1:
        return torch.ones(shape, device=runtime.device, dtype=runtime.dtype)
    return torch.randn(shape, device=runtime.device, dtype=runtime.dtype) * 0.02


def _four_bit(layer: torch.nn.Linear, runtime: Runtime) -> torch.nn.Module:
    """A random layer of the same shape in nf4 with double quantisation."""
    from bitsandbytes import nn

    made = nn.Linear4bit(
        layer.in_features, layer.out_features, layer.bias is not None, runtime.dtype,
        compress_statistics=True, quant_type="nf4", device="meta",
    )  # fmt: skip
    weight = nn.Params4bit(
        _random(layer.weight.shape, runtime), requires_grad=False, compress_statistics=True, quant_type="nf4"
    )
    made.weight = weight.to(runtime.device)
    if layer.bias is not None:
        made.bias = torch.nn.Parameter(_random((layer.out_features,), runtime) * 0)
    return made
