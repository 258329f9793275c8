"""Pixtral and Mistral 3: a picture in its own shape, whose lines of tokens each end with a mark."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import torch

from caig_cli.mllm.image_inputs.adapter import IMAGE, ImageAdapter
from caig_cli.mllm.image_inputs.canvas import NativeShape, colours
from caig_cli.mllm.images import Pixels, Size


def _read(raw: Mapping[str, Any], config: Any, most: int) -> NativeShape:
    """``most`` bounds the tokens of a square; the image processor says how long the longer side may be."""
    cell, allowed = _cell(config), int(raw["size"]["longest_edge"])
    side, half = (cell * max(1, min(math.isqrt(most // share), allowed // cell)) for share in (1, 2))
    cut = partial(_cut, int(config.vision_config.patch_size))
    return NativeShape(partial(fit, cell, side), cut, side, half, joins=half, **colours(raw))


def _cell(config: Any) -> int:
    """Pixels of the side of what one image token shows."""
    return int(config.vision_config.patch_size) * int(getattr(config, "spatial_merge_size", 1))


def fit(cell: int, longest: int, size: Size) -> Size:
    """Whole cells: no smaller than the picture, which is made smaller where a side is above ``longest``."""
    over = max(1.0, max(size) / longest)
    height, width = (max(1, math.floor(side / over)) if over > 1 else side for side in size)
    return math.ceil(height / cell) * cell, math.ceil(width / cell) * cell


def _cut(patch: int, canvas: NativeShape, picture: Pixels) -> torch.Tensor:
    """Patches [rows x columns, 3, patch, patch], row by row."""
    levels = torch.from_numpy(canvas.levels(picture))
    return levels.unfold(1, patch, patch).unfold(2, patch, patch).permute(1, 2, 0, 3, 4).flatten(0, 1)


def _grid(config: Any, size: Size) -> Size:
    cell = _cell(config)
    return size[0] // cell, size[1] // cell


def _patches(config: Any, size: Size) -> Size:
    patch = int(config.vision_config.patch_size)
    return size[0] // patch, size[1] // patch


def _placeholder_tokens(config: Any, size: Size) -> tuple[str, ...]:
    rows, columns = _grid(config, size)
    line = (*(IMAGE,) * columns, "[IMG_BREAK]")
    return (*(line * rows)[:-1], "[IMG_END]")


def _encode(core: Any, patches_S: torch.Tensor, sizes: Sequence[Size]) -> torch.Tensor:
    """Tokens [T, D] of patches; picture by picture, for no picture of a batch sees another."""
    counts = [math.prod(_patches(core.config, size)) for size in sizes]
    tokens = [
        token
        for own, size in zip(torch.split(patches_S, counts), sizes, strict=True)
        for token in core.model.get_image_features(
            whole(own, size), image_sizes=[size], return_dict=True
        ).pooler_output
    ]
    return torch.cat(tokens)


def whole(patches_S: torch.Tensor, size: Size) -> torch.Tensor:
    """The picture [1, 3, H, W] of its patches."""
    patch = patches_S.shape[-1]
    rows, columns = size[0] // patch, size[1] // patch
    grid = patches_S.view(rows, columns, *patches_S.shape[1:])
    return grid.permute(2, 0, 3, 1, 4).reshape(1, 3, *size)


LINES = ImageAdapter(
    read=_read,
    placeholder_tokens=_placeholder_tokens,
    encode=_encode,
    project=lambda _core, tokens, _sizes: tokens,
    rows=lambda config, size: (math.prod(_patches(config, size)), math.prod(_grid(config, size))),
    width=lambda config: int(config.text_config.hidden_size),
    vision_modules=("vision_tower", "multi_modal_projector"),
)
