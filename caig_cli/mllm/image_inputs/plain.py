"""LLaVA: a square picture, one token per patch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from caig_cli.mllm.image_inputs.adapter import IMAGE, ImageAdapter
from caig_cli.mllm.images import ImageRules, Size


def patch_tokens(config: Any, size: int) -> int:
    """Image tokens of a LLaVA: all that its tower gives, or ("default") without the first of them.

    That is one per patch behind a class token, which SigLIP's towers have not.
    """
    tower = config.vision_config
    side = size // int(tower.patch_size)
    first = 0 if str(tower.model_type).startswith("siglip") else 1
    return side * side + first - (1 if config.vision_feature_select_strategy == "default" else 0)


def encode(core: Any, pixels_I3HW: torch.Tensor, _sizes: Sequence[Size]) -> torch.Tensor:
    """The tower's features that the projector takes [I, T, W], as transformers' LLaVA selects them."""
    config, tower = core.config, core.model.vision_tower
    for module in tower.modules():
        if isinstance(module, nn.BatchNorm2d) and not module.weight.requires_grad:
            module.eval()  # a frozen tower sees a picture alike whatever else is in the batch
    seen = tower(pixels_I3HW, output_hidden_states=True).hidden_states
    layers = config.vision_feature_layer
    chosen = torch.cat([seen[n] for n in ([layers] if isinstance(layers, int) else layers)], dim=-1)
    return chosen[:, 1:] if config.vision_feature_select_strategy == "default" else chosen


def tower_width(config: Any) -> int:
    """Width of the chosen layers' features together."""
    layers = config.vision_feature_layer
    return int(config.vision_config.hidden_size) * (1 if isinstance(layers, int) else len(layers))


def _read(raw: Mapping[str, Any], config: Any, _most: int) -> ImageRules:
    rules, side = ImageRules.from_config(raw), config.vision_config.image_size
    if rules.size != side:
        raise ValueError(f"it makes pictures of {rules.size} pixels, and the tower takes {side}")
    return rules


def _project(core: Any, patches_ITW: torch.Tensor, _sizes: Sequence[Size]) -> torch.Tensor:
    tokens: torch.Tensor = core.model.multi_modal_projector(patches_ITW)
    return tokens


def processor_config(config: Any) -> dict[str, Any]:
    """The ``processor_config.json`` of a LLaVA."""
    return {
        "processor_class": "LlavaProcessor",
        "image_token": IMAGE,
        "patch_size": config.vision_config.patch_size,
        "vision_feature_select_strategy": config.vision_feature_select_strategy,
        "num_additional_image_tokens": 1,
    }


PLAIN = ImageAdapter(
    read=_read,
    placeholder_tokens=lambda config, size: (IMAGE,) * patch_tokens(config, size[0]),
    encode=encode,
    project=_project,
    rows=lambda _config, _size: (1, 1),
    width=tower_width,
    vision_modules=("vision_tower",),
    processor=processor_config,
)
