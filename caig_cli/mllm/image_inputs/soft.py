"""Gemma 3: a picture of any shape becomes a square, and always as many tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from caig_cli.mllm.image_inputs.adapter import IMAGE, ImageAdapter
from caig_cli.mllm.image_inputs.canvas import NativeShape, colours
from caig_cli.mllm.images import PAIR_SIDE, Pixels, Size


def _read(raw: Mapping[str, Any], config: Any, _most: int) -> NativeShape:
    side = int(config.vision_config.image_size)
    return NativeShape(lambda _size: (side, side), _cut, side, side, joins=PAIR_SIDE, **colours(raw))


def _cut(canvas: NativeShape, picture: Pixels) -> torch.Tensor:
    """One piece [1, 3, side, side]."""
    return torch.from_numpy(canvas.levels(canvas.resize(picture, canvas.usual)))[None]


def _encode(core: Any, pixels_I3HW: torch.Tensor, _sizes: Sequence[Size]) -> torch.Tensor:
    """Tokens [T, D] of all pictures."""
    tokens: torch.Tensor = core.model.get_image_features(pixels_I3HW, return_dict=True).pooler_output
    return tokens.flatten(0, 1)


SOFT = ImageAdapter(
    read=_read,
    placeholder_tokens=lambda config, _size: (
        "<start_of_image>",
        *(IMAGE,) * int(config.mm_tokens_per_image),
        "<end_of_image>",
    ),
    encode=_encode,
    project=lambda _core, tokens, _sizes: tokens,
    rows=lambda config, _size: (1, int(config.mm_tokens_per_image)),
    width=lambda config: int(config.text_config.hidden_size),
    vision_modules=("vision_tower", "multi_modal_projector"),
)
