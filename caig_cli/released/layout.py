"""The original LLaVA layout, in which the method's checkpoints are released, as literal tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

TOWER = r"model\.vision_tower\."
NAMES = (
    (r"model\.language_model\.(.+)", r"model.\1"),
    (r"lm_head\.(.+)", r"lm_head.\1"),
    (r"model\.multi_modal_projector\.linear_1\.(.+)", r"model.mm_projector.0.\1"),
    (r"model\.multi_modal_projector\.linear_2\.(.+)", r"model.mm_projector.2.\1"),
    (r"model\.image_newline", "model.image_newline"),
    (TOWER + "(.+)", r"model.vision_tower.vision_tower.vision_model.\1"),
    (r"preference\.weight", "score.weight"),
    (r"ctr\.weight", "sku_ctr_linear_fc.0.weight"),
)
"""Transformers' names (and those of our two heads), and what the original calls them."""

TOWER_ALONE = ((TOWER + "(.+)", r"vision_model.\1"),)
"""The same in the folder of a CLIP model."""

UNNEEDED = (
    (r".*\.rotary_emb\.inv_freq", "computed from the configuration"),
    (r".*embeddings\.position_ids", "computed from the configuration"),
)
"""Tensors that no model needs, and why."""

HUB_NAMES = (
    ("model.language_model.", "language_model.model."),
    ("lm_head.", "language_model.lm_head."),
    ("model.vision_tower.", "vision_tower.vision_model."),
    ("model.", ""),
)
"""Beginnings of names in memory, and in files as the hub's LLaVAs have them, which every reader knows."""

CHECKS: Mapping[str, tuple[Any, ...]] = {
    "model_type": ("llava_llama", "llava"),
    "image_aspect_ratio": ("pad", "anyres"),
    "mm_projector_type": ("mlp2x_gelu",),
    "mm_use_im_start_end": (False, None),
    "mm_vision_select_feature": ("patch", None),
}
"""Values of the original's configuration that transformers' classes can be made of."""

LANGUAGE = (
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
)
"""Values that must be there."""

LANGUAGE_MAYBE = (
    "num_key_value_heads",
    "hidden_act",
    "max_position_embeddings",
    "rms_norm_eps",
    "initializer_range",
    "attention_bias",
    "bos_token_id",
    "eos_token_id",
    "pad_token_id",
)
"""Values that transformers has defaults for."""

TOWERS: Mapping[str, Mapping[str, int | str]] = {
    "clip-vit-large-patch14-336": {
        "hidden_size": 1024,
        "intermediate_size": 4096,
        "num_hidden_layers": 24,
        "num_attention_heads": 16,
        "image_size": 336,
        "patch_size": 14,
        "projection_dim": 768,
        "hidden_act": "quick_gelu",
    },
}
"""Shapes of towers that are known by name, so that one inside a checkpoint needs no second download."""


def hub_name(name: str) -> str:
    """The name of a tensor in files."""
    old, new = next(pair for pair in HUB_NAMES if name.startswith(pair[0]))
    return new + name.removeprefix(old)


def original_name(name: str, table: Iterable[tuple[str, str]] = NAMES) -> str:
    """What the original calls a tensor."""
    pattern, original = next(row for row in table if re.fullmatch(row[0], name))
    return re.sub(pattern, original, name)


def starred(original: str, name: str) -> tuple[str, str]:
    """``model.norm.weight`` and its new name as ``model.*`` and ``language_model.model.*``."""
    found = next(match for pattern, _ in NAMES if (match := re.fullmatch(pattern, name)))
    if not found.groups():
        return original, hub_name(name)
    rest = found[1]
    return original.removesuffix(rest) + "*", hub_name(name).removesuffix(rest) + "*"
