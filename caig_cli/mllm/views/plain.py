"""LLaVA: a square picture, one token per patch (or per cell of a tower of stages)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from caig_cli.mllm.images import ImageRules, Size
from caig_cli.mllm.views.view import IMAGE, View


def patch_side(tower: Any) -> int:
    """Pixels of the side of what one image token shows: a patch, halved in scale by each further stage."""
    stages = len(tower.depths) if hasattr(tower, "depths") else 1
    return int(tower.patch_size) << (stages - 1)


def patch_tokens(config: Any, size: int) -> int:
    """Image tokens of a LLaVA: one per patch, plus a CLIP tower's class token when it is kept."""
    tower = config.vision_config
    side = size // patch_side(tower)
    kept = tower.model_type == "clip_vision_model" and config.vision_feature_select_strategy == "full"
    return side * side + int(kept)


def see(core: Any, pixels_I3HW: torch.Tensor, _sizes: Sequence[Size]) -> torch.Tensor:
    """The tower's features that the projector takes [I, T, W], as transformers' LLaVA selects them."""
    config = core.config
    seen = core.model.vision_tower(pixels_I3HW, output_hidden_states=True).hidden_states
    layers = config.vision_feature_layer
    chosen = torch.cat([seen[n] for n in ([layers] if isinstance(layers, int) else layers)], dim=-1)
    return chosen[:, 1:] if config.vision_feature_select_strategy == "default" else chosen


def tower_width(config: Any) -> int:
    """Width of the chosen layers' features together."""
    layers = config.vision_feature_layer
    return int(config.vision_config.hidden_size) * (1 if isinstance(layers, int) else len(layers))


def _read(raw: Mapping[str, Any], _config: Any, _most: int) -> ImageRules:
    return ImageRules.from_config(raw)


def _project(core: Any, patches_ITW: torch.Tensor, _sizes: Sequence[Size]) -> torch.Tensor:
    tokens: torch.Tensor = core.model.multi_modal_projector(patches_ITW)
    return tokens


def _processor(config: Any) -> dict[str, Any]:
    return {
        "processor_class": "LlavaProcessor",
        "image_token": IMAGE,
        "patch_size": patch_side(config.vision_config),
        "vision_feature_select_strategy": config.vision_feature_select_strategy,
        "num_additional_image_tokens": int(config.vision_feature_select_strategy == "default"),
    }


PLAIN = View(
    read=_read,
    spell=lambda config, size: (IMAGE,) * patch_tokens(config, size[0]),
    see=see,
    project=_project,
    rows=lambda _config, _size: (1, 1),
    width=tower_width,
    eyes=("vision_tower",),
    processor=_processor,
)
