"""LLaVA-NeXT: the whole picture as one tile, then again as the tiles of the best of a few grids.

The grid's padding is taken off again after the projector, and each of its rows ends with a newline token.
The grids are the checkpoint's own (``image_grid_pinpoints``): they are the budget of an image.
LLaVA-OneVision has grids of up to 36 tiles, of which those are taken that ``image_tokens`` allows, and it
shrinks what is more than ``anyres_max_9`` tiles' worth of tokens.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from transformers.image_processing_utils import select_best_resolution

from caig_cli.mllm.image_inputs import plain
from caig_cli.mllm.image_inputs.adapter import IMAGE, ImageAdapter
from caig_cli.mllm.image_inputs.canvas import VAST, NativeShape, colours
from caig_cli.mllm.images import PAIR_SIDE, Pixels, Size, size_of


def _read(raw: Mapping[str, Any], config: Any, _most: int) -> NativeShape:
    tile = int(config.vision_config.image_size)
    fit = partial(_fit, config.image_grid_pinpoints)
    cut = partial(_cut, config.image_grid_pinpoints, tile)
    return NativeShape(fit, cut, side=fit(VAST)[0], half=tile, joins=PAIR_SIDE, **colours(raw))


def _read_bounded(raw: Mapping[str, Any], config: Any, most: int) -> NativeShape:
    """As ``_read`` for the grids of which no more than ``most`` tokens come."""
    tile = int(config.vision_config.image_size)
    grids = [
        grid for grid in config.image_grid_pinpoints if len(_tokens_of_whole(config, tuple(grid))) <= most
    ]
    fit = partial(_fit, grids or [[tile, tile]])
    cut = partial(_cut, config.image_grid_pinpoints, tile)
    return NativeShape(fit, cut, side=fit(VAST)[0], half=tile, joins=PAIR_SIDE, **colours(raw))


def _fit(grids: Sequence[Sequence[int]], size: Size) -> Size:
    """As large as the best grid allows, in the picture's own shape."""
    return _inside(select_best_resolution(size, grids), size)


def _inside(grid: Size, size: Size) -> Size:
    across, down = grid[1] / size[1], grid[0] / size[0]
    if across < down:
        return min(-int(-size[0] * across // 1), grid[0]), grid[1]
    return grid[0], min(-int(-size[1] * down // 1), grid[1])


def _cut(grids: Sequence[Sequence[int]], tile: int, canvas: NativeShape, picture: Pixels) -> torch.Tensor:
    """Tiles [1 + rows x columns, 3, tile, tile]; beside the picture the grid is black."""
    size = size_of(picture)
    grid = select_best_resolution(size, grids)
    shown = canvas.resize(picture, _inside(grid, size))
    padded = np.zeros((*grid, 3), np.uint8)
    top, left = (grid[0] - shown.shape[0]) // 2, (grid[1] - shown.shape[1]) // 2
    padded[top : top + shown.shape[0], left : left + shown.shape[1]] = shown
    base = canvas.levels(canvas.resize(picture, (tile, tile)))
    return torch.from_numpy(np.stack([base, *canvas.tiles(padded, tile)]))


def _count(config: Any, size: Size) -> int:
    """Tiles of a picture, the base tile included."""
    tile = int(config.vision_config.image_size)
    height, width = select_best_resolution(size, config.image_grid_pinpoints)
    return 1 + int(height // tile) * int(width // tile)


def _placeholder_tokens(config: Any, size: Size) -> tuple[str, ...]:
    rows, columns = _unpadded(config, size)
    base = plain.patch_tokens(config, int(config.vision_config.image_size))
    return (IMAGE,) * (base + rows * (columns + 1))


def _tokens_of_whole(config: Any, size: Size) -> tuple[str, ...]:
    """For towers without a class token, and grids that are shrunk where they are too large."""
    rows, columns = _unpadded(config, size)
    side = int(config.vision_config.image_size) // int(config.vision_config.patch_size)
    most = int(str(config.vision_aspect_ratio).removeprefix("anyres_max_"))
    ratio = math.sqrt(rows * columns / (most * side**2))
    if ratio > 1.1:
        rows, columns = int(rows // ratio), int(columns // ratio)
    return (IMAGE,) * (side * side + rows * (columns + 1))


def _unpadded(config: Any, size: Size) -> Size:
    """Rows and columns of tokens that show the picture and not the grid beside it."""
    tile, patch = int(config.vision_config.image_size), int(config.vision_config.patch_size)
    grid = select_best_resolution(size, config.image_grid_pinpoints)
    rows, columns = (int(side // tile) * (tile // patch) for side in grid)
    height, width = size
    if width / height > columns / rows:
        rows -= (rows - int(round(height * (columns / width), 7))) // 2 * 2
    else:
        columns -= (columns - int(round(width * (rows / height), 7))) // 2 * 2
    return rows, columns


def _project(core: Any, patches_STW: torch.Tensor, sizes: Sequence[Size]) -> torch.Tensor:
    """Image tokens [T, D] of tiles [S, patches, W]."""
    strategy = core.config.vision_feature_select_strategy
    return _packed(core, patches_STW, sizes, vision_feature_select_strategy=strategy)


def _project_whole(core: Any, patches_STW: torch.Tensor, sizes: Sequence[Size]) -> torch.Tensor:
    """The same of a LLaVA-OneVision."""
    return _packed(core, patches_STW, sizes, vision_aspect_ratio=core.config.vision_aspect_ratio)


def _packed(core: Any, patches_STW: torch.Tensor, sizes: Sequence[Size], **how: str) -> torch.Tensor:
    counts = [_count(core.config, size) for size in sizes]
    tiles = core.model.multi_modal_projector(patches_STW).split(counts)
    newline = core.model.image_newline
    tokens, _ = core.model.pack_image_features(tiles, torch.tensor(sizes), image_newline=newline, **how)
    return torch.cat(tokens)


ANYRES = ImageAdapter(
    read=_read,
    placeholder_tokens=_placeholder_tokens,
    encode=plain.encode,
    project=_project,
    rows=lambda config, size: (_count(config, size),) * 2,
    width=plain.tower_width,
    vision_modules=("vision_tower",),
)
ONEVISION = replace(ANYRES, read=_read_bounded, placeholder_tokens=_tokens_of_whole, project=_project_whole)
