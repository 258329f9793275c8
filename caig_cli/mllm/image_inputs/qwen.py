"""Qwen-VL: a picture of any shape in patches, merged by four; positions are rows and columns.

What the tower gives are finished image tokens. Qwen3-VL adds those of some of its layers to the first
layers of the language model (DeepStack): they lie beside the tokens, so that one tensor holds all.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch

from caig_cli.mllm.image_inputs.adapter import IMAGE, ImageAdapter
from caig_cli.mllm.image_inputs.canvas import NativeShape, colours
from caig_cli.mllm.images import Pixels, Size

SLIMMEST = 200
"""Long by short side, at most: what is slimmer is widened, where the original refuses it."""


def _read(raw: Mapping[str, Any], config: Any, most: int) -> NativeShape:
    """``most`` bounds the pixels that the image processor allows."""
    cell, size = _cell(config), raw.get("size", {})
    low = int(raw.get("min_pixels") or size.get("shortest_edge") or 4 * cell * cell)
    high = int(raw.get("max_pixels") or size.get("longest_edge") or most * cell * cell)
    high = min(high, most * cell * cell)
    side, half = (cell * max(1, math.isqrt(high // share) // cell) for share in (1, 2))
    cut = partial(_cut, config.vision_config)
    return NativeShape(partial(fit, cell, low, high), cut, side, half, joins=half, **colours(raw))


def _cell(config: Any) -> int:
    """Pixels of the side of what one image token shows."""
    return int(config.vision_config.patch_size) * int(config.vision_config.spatial_merge_size)


def fit(cell: int, low: int, high: int, size: Size) -> Size:
    """Whole cells, between ``low`` and ``high`` pixels, as near to the picture's own size as possible."""
    height, width = (max(side, math.ceil(max(size) / SLIMMEST)) for side in size)
    rows, columns = (round(side / cell) for side in (height, width))
    if rows * columns * cell * cell > high:
        shrink = math.sqrt(height * width / high)
        rows, columns = (max(1, math.floor(side / shrink / cell)) for side in (height, width))
    elif rows * columns * cell * cell < low:
        grow = math.sqrt(low / (height * width))
        rows, columns = (math.ceil(side * grow / cell) for side in (height, width))
    return rows * cell, columns * cell


def _cut(vision: Any, canvas: NativeShape, picture: Pixels) -> torch.Tensor:
    """Flat patches [rows x columns, 3 x frames x patch x patch]; those that are merged follow each other."""
    patch, merge, frames = vision.patch_size, vision.spatial_merge_size, vision.temporal_patch_size
    levels = canvas.levels(picture)
    rows, columns = levels.shape[1] // patch // merge, levels.shape[2] // patch // merge
    parts = levels.reshape(3, rows, merge, patch, columns, merge, patch).transpose(1, 4, 2, 5, 0, 3, 6)
    still = np.repeat(parts[:, :, :, :, :, None], frames, axis=5)
    return torch.from_numpy(still.reshape(rows * columns * merge * merge, -1))


def _grid(config: Any, size: Size) -> Size:
    cell = _cell(config)
    return size[0] // cell, size[1] // cell


def _placeholder_tokens(config: Any, size: Size) -> tuple[str, ...]:
    return ("<|vision_start|>", *(IMAGE,) * math.prod(_grid(config, size)), "<|vision_end|>")


def _encode(core: Any, pixels_SP: torch.Tensor, sizes: Sequence[Size]) -> torch.Tensor:
    """Tokens [T, D x (1 + levels)] of patches [S, values]."""
    patch = int(core.config.vision_config.patch_size)
    grids = [(1, height // patch, width // patch) for height, width in sizes]
    seen = core.model.get_image_features(
        pixels_SP, torch.tensor(grids, device=pixels_SP.device), return_dict=True
    )
    deep = [torch.cat(list(level)) for level in getattr(seen, "deepstack_features", None) or ()]
    return torch.cat([torch.cat(list(seen.pooler_output)), *deep], dim=-1)


def _width(config: Any) -> int:
    tower = config.vision_config  # where Qwen2-VL's ``hidden_size`` is that of the words
    return int(getattr(tower, "out_hidden_size", tower.hidden_size)) * (1 + _levels(config))


def _levels(config: Any) -> int:
    return len(getattr(config.vision_config, "deepstack_visual_indexes", None) or ())


def _rows(config: Any, size: Size) -> tuple[int, int]:
    tokens = math.prod(_grid(config, size))
    return tokens * int(config.vision_config.spatial_merge_size) ** 2, tokens


QWEN = ImageAdapter(
    read=_read,
    placeholder_tokens=_placeholder_tokens,
    encode=_encode,
    project=lambda _core, tokens, _sizes: tokens,
    rows=_rows,
    width=_width,
    vision_modules=("visual",),
    grid=_grid,
)
