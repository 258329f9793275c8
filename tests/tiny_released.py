"""Small checkpoints in the original LLaVA layout, written by its own names, with a SentencePiece model."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from transformers import CLIPVisionConfig, CLIPVisionModel, LlamaConfig, LlamaForCausalLM

Weights = dict[str, torch.Tensor]

WIDTH, LAYERS, SIDE, PATCH = 32, 2, 28, 14
SHAPE = {"hidden_size": WIDTH, "intermediate_size": 48, "num_hidden_layers": LAYERS, "num_attention_heads": 2}
MERGED = ("ab", "cd", "▁a", "abcd", "▁ab")
PIECES: tuple[tuple[str, float, int], ...] = (
    ("<unk>", 0, 2),
    ("<s>", 0, 3),
    ("</s>", 0, 3),
    *((f"<0x{byte:02X}>", 0, 6) for byte in range(256)),
    *((piece, -float(n), 1) for n, piece in enumerate(MERGED)),
    *((letter, -100.0 - n, 1) for n, letter in enumerate("▁abcdefghijklmnopqrstuvwxyz.:?'-")),
)
"""Piece, score, type (2 unknown, 3 control, 6 byte, 1 normal)."""
CONFIG: dict[str, Any] = {
    "model_type": "llava_llama",
    "architectures": ["LlavaLlamaForCausalLM"],
    **SHAPE,
    "num_key_value_heads": 2,
    "vocab_size": len(PIECES),
    "rms_norm_eps": 1e-5,
    "max_position_embeddings": 256,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
    "tie_word_embeddings": False,
    "image_aspect_ratio": "pad",
    "image_grid_pinpoints": [[SIDE, 2 * SIDE], [2 * SIDE, SIDE], [2 * SIDE, 2 * SIDE]],
    "mm_patch_merge_type": "spatial_unpad",
    "mm_projector_type": "mlp2x_gelu",
    "mm_use_im_start_end": False,
    "mm_vision_select_feature": "patch",
    "mm_vision_select_layer": -2,
    "mm_vision_tower": "tower",
    "unfreeze_mm_vision_tower": True,
}
TOWER = "model.vision_tower.vision_tower.vision_model."


def make_tower(seed: int) -> CLIPVisionModel:
    """A vision tower of two layers."""
    torch.manual_seed(seed)
    return CLIPVisionModel(CLIPVisionConfig(**SHAPE, image_size=SIDE, patch_size=PATCH))


def make_weights(seed: int = 0) -> Weights:
    """All tensors of a prompt model under the original's names."""
    torch.manual_seed(seed)
    language = LlamaForCausalLM(LlamaConfig(**SHAPE, vocab_size=len(PIECES), num_key_value_heads=2))
    weights = {name: weight.clone() for name, weight in language.state_dict().items()}
    for layer in (0, 2):
        weights[f"model.mm_projector.{layer}.weight"] = torch.randn(WIDTH, WIDTH) / 8
        weights[f"model.mm_projector.{layer}.bias"] = torch.randn(WIDTH) / 8
    weights["model.image_newline"] = torch.randn(WIDTH)
    weights["model.layers.0.self_attn.rotary_emb.inv_freq"] = torch.rand(8)
    for name, weight in make_tower(seed).state_dict().items():
        weights[TOWER + name.removeprefix("vision_model.")] = weight.clone()
    return weights


def as_reward(weights: Weights, *, ctr: bool = True) -> Weights:
    """The same with a preference head, and maybe one for rates, in the place of the head for words."""
    made = {name: weight for name, weight in weights.items() if name != "lm_head.weight"}
    torch.manual_seed(1)
    made["score.weight"] = torch.randn(2, WIDTH)
    if ctr:
        made["sku_ctr_linear_fc.0.weight"] = torch.randn(2, WIDTH)
    return made


def write_checkpoint(folder: Path, weights: Weights, layout: str = "one file", **config: Any) -> Path:
    """Write ``weights`` as ``one file``, ``shards`` or pickled ``bin`` shards, and the small files.

    The tower's configuration is in a folder inside.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(CONFIG | config))
    CLIPVisionConfig(**SHAPE, image_size=SIDE, patch_size=PATCH).save_pretrained(folder / "tower")
    (folder / "generation_config.json").write_text(json.dumps({"temperature": 0.9, "top_p": 0.6}))
    write_tokenizer(folder)
    if layout == "one file":
        save_file(weights, folder / "model.safetensors", {"format": "pt"})
        return folder
    names, places = sorted(weights), {}
    ending, stem = ("bin", "pytorch_model") if layout == "bin" else ("safetensors", "model")
    for n in (1, 2):
        file = f"{stem}-{n:05}-of-00002.{ending}"
        part = {name: weights[name] for name in names[n - 1 :: 2]}
        torch.save(part, folder / file) if layout == "bin" else save_file(part, folder / file)
        places |= dict.fromkeys(part, file)
    index = "pytorch_model.bin.index.json" if layout == "bin" else "model.safetensors.index.json"
    (folder / index).write_text(json.dumps({"weight_map": places}))
    return folder


def write_tower(folder: Path, seed: int = 7) -> CLIPVisionModel:
    """A vision tower in a folder of its own, as transformers writes it."""
    tower = make_tower(seed)
    tower.save_pretrained(folder)
    return tower


def write_tokenizer(folder: Path, pieces: tuple[tuple[str, float, int], ...] = PIECES, kind: int = 2) -> None:
    """A SentencePiece model (``kind`` 2: byte pairs) and the settings beside it."""
    rows = (
        _message({1: piece.encode(), 2: struct.pack("<f", score), 3: of_type})
        for piece, score, of_type in pieces
    )
    model = b"".join(_message({1: row}) for row in rows) + _message({2: _message({3: kind})})
    (folder / "tokenizer.model").write_bytes(model)
    settings = {"legacy": False, "pad_token": None, "padding_side": "right", "model_max_length": 256}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))


def _message(fields: Mapping[int, int | bytes]) -> bytes:
    """A protocol-buffers message; floats come as their four bytes."""
    out = b""
    for number, value in fields.items():
        if isinstance(value, int):
            out += _varint(number << 3) + _varint(value)
        elif number == 2 and len(value) == 4 and len(fields) == 3:
            out += _varint(number << 3 | 5) + value
        else:
            out += _varint(number << 3 | 2) + _varint(len(value)) + value
    return out


def _varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])
