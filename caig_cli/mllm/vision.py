"""What a vision tower sees in an image. A frozen one is asked once per image.

Legend of shape names: I images, T tokens of an image, W width of what the tower gives, D hidden size.
"""

from __future__ import annotations

from typing import Any

import torch

from caig_cli.mllm.loading import Mllm


def patches(mllm: Mllm, pixels_I3HW: torch.Tensor) -> torch.Tensor:
    """The tower's features that the projector takes [I, T, W], as transformers' LLaVA selects them."""
    core, config = mllm.core, mllm.config
    pixels = pixels_I3HW.to(core.device, core.dtype)
    seen = core.model.vision_tower(pixels, output_hidden_states=True).hidden_states
    layers = config.vision_feature_layer
    chosen = torch.cat([seen[n] for n in ([layers] if isinstance(layers, int) else layers)], dim=-1)
    return chosen[:, 1:] if config.vision_feature_select_strategy == "default" else chosen


def embed(core: Any, ids_BL: torch.Tensor, patches_ITW: torch.Tensor) -> torch.Tensor:
    """Token embeddings [B, L, D] with the images of the batch, in order, where the image tokens stand."""
    words_BLD: torch.Tensor = core.get_input_embeddings()(ids_BL)
    tokens_ITD = core.model.multi_modal_projector(patches_ITW.to(core.dtype)).to(words_BLD.dtype)
    places_BL1 = (ids_BL == core.config.image_token_id)[..., None]
    return words_BLD.masked_scatter(places_BL1, tokens_ITD)
