"""Published multimodal models as folders without a hub: their configurations, and random weights where asked.

The configurations are those of ``published``; the tokenizer is the embedded model's with the checkpoint's
special tokens, so that words are fewer and image tokens are as many as in the real ones.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
import transformers
from published import MODELS, Published
from tokenizers import AddedToken
from transformers import AutoTokenizer

from caig_cli.engine.runtime import Runtime
from caig_cli.mllm import loading, quantise
from caig_cli.mllm.families import family_of
from caig_cli.mllm.loading import EMBEDDED_FOLDER, Mllm
from caig_cli.mllm.meta_model import linears

THIN = {
    "hidden_size": 64, "intermediate_size": 96, "num_attention_heads": 4, "num_key_value_heads": 2,
    "head_dim": 16, "embed_dim": 64, "out_hidden_size": 64, "num_heads": 4, "vocab_size": 4400,
}  # fmt: skip
"""Widths of the same models for a CPU."""
SIDES = (
    "image_size",
    "image_grid_pinpoints",
    "size",
    "crop_size",
    "max_image_size",
    "min_pixels",
    "max_pixels",
)
"""Keys of configurations that hold sides of pictures in pixels."""
SMALL = 64
"""Image tokens of a small picture, at most, in families that leave it to us."""


def write(
    folder: Path, name: str, *, layers: int | None = None, thin: bool = False, small: bool = False
) -> Path:
    """The files of a model but its weights. ``layers`` of the language model and of the tower, at most;
    ``thin``: narrow ones; ``small``: pictures, their tiles and grids have sides of a quarter."""
    one = MODELS[name]
    folder.mkdir(parents=True)
    config = json.loads(json.dumps(one.config))
    if one.marks:
        words = _words(one)
        words.save_pretrained(folder)
        ids = {key: words.convert_tokens_to_ids(mark) for key, mark in one.more.items()}
        config |= {one.image_key: words.convert_tokens_to_ids(one.image), **ids}
    for part in (config.get("text_config", config), config.get("vision_config", {})):
        _shrink(part, layers, thin)
    images = {"do_convert_rgb": True, **one.images}
    if small:
        config, images = _quarter(config), {**_quarter(images), "image_tokens": SMALL}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "preprocessor_config.json").write_text(json.dumps(images))
    return folder


def _words(one: Published) -> Any:
    """The embedded model's tokenizer with a checkpoint's special tokens and its chat template."""
    words = AutoTokenizer.from_pretrained(EMBEDDED_FOLDER, local_files_only=True)
    marks = [AddedToken(mark, special=True) for mark in one.marks if mark not in words.get_vocab()]
    words.add_special_tokens({"additional_special_tokens": marks})
    if one.end is not None:
        words.add_special_tokens({"eos_token": one.end})
    words.chat_template = one.template
    return words


def _shrink(part: dict[str, Any], layers: int | None, thin: bool) -> None:
    """Fewer layers, and widths of a model for tests; image sizes and grids stay."""
    if layers is not None:
        for key in ("num_hidden_layers", "depth"):
            if key in part:
                part[key] = min(layers, part[key])
        if "deepstack_visual_indexes" in part:
            part["deepstack_visual_indexes"] = list(range(min(layers, len(part["deepstack_visual_indexes"]))))
        if "fullatt_block_indexes" in part:
            part["fullatt_block_indexes"] = [layers - 1]
    if thin:
        grouped = part.get("num_key_value_heads") != part.get("num_attention_heads")
        part |= {key: value for key, value in THIN.items() if key in part}
        if not grouped and "num_key_value_heads" in part:  # each head keeps keys and values of its own
            part["num_key_value_heads"] = part["num_attention_heads"]
        for rope in (part.get("rope_scaling"), part.get("rope_parameters")):
            if rope and "mrope_section" in rope:
                rope["mrope_section"] = [4, 2, 2]


def _quarter(value: Any, key: str = "") -> Any:
    """A configuration with a quarter of the sides of pictures."""
    if isinstance(value, dict):
        return {name: _quarter(one, name if name in SIDES else key) for name, one in value.items()}
    if isinstance(value, list):
        return [_quarter(one, key) for one in value]
    return value // 4 if key in SIDES and isinstance(value, int) else value


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
