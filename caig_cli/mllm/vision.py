"""What a model's tower sees in pictures, and rows of embeddings in which it stands.

A frozen tower is asked once per image. Legend of shape names: I images, B rows, L tokens, D hidden size.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from caig_cli.mllm.families import Family
from caig_cli.mllm.images import Size
from caig_cli.mllm.loading import Mllm


def patches(mllm: Mllm, pixels: torch.Tensor, sizes: Sequence[Size] = ()) -> torch.Tensor:
    """What the tower gives for the pieces of pictures of these sizes, one picture after the other.

    Models that see squares need no sizes, and have one row per image: [I, T, W].
    """
    seen: torch.Tensor = mllm.family.view.encode(
        mllm.core, pixels.to(mllm.core.device, mllm.core.dtype), sizes
    )
    return seen


def apart(mllm: Mllm, seen: torch.Tensor, sizes: Sequence[Size]) -> tuple[torch.Tensor, ...]:
    """The same picture by picture."""
    counts = [mllm.family.view.rows(mllm.config, size)[1] for size in sizes]
    return tuple(torch.split(seen, counts))


def embed(
    core: Any, family: Family, ids_BL: torch.Tensor, seen: torch.Tensor | None, sizes: Sequence[Size] = ()
) -> dict[str, Any]:
    """What the language model reads: the images of the batch, in order, stand where the image tokens are.

    Embeddings [B, L, D] and, in families that have them, the features that are added to its first layers.
    """
    words_BLD: torch.Tensor = core.get_input_embeddings()(ids_BL)
    if seen is None:
        return {"inputs_embeds": words_BLD}
    tokens = family.view.project(core, seen.to(core.dtype), sizes).to(words_BLD.dtype)
    places_BL = ids_BL == core.config.image_token_id
    first, *deep = torch.split(tokens, words_BLD.shape[-1], dim=-1)
    return {
        "inputs_embeds": words_BLD.masked_scatter(places_BL[..., None], first),
        **deepened(deep, places_BL),
    }


def deepened(levels: Sequence[torch.Tensor], places_BL: torch.Tensor) -> dict[str, Any]:
    """Features that are added to the first layers, and where; nothing in families without them."""
    if not levels:
        return {}
    return {"visual_pos_masks": places_BL, "deepstack_visual_embeds": list(levels)}


def language(core: Any, family: Family) -> Any:
    """The part of a model that reads embeddings."""
    return core.model.get_submodule(family.language)
