"""Idefics3 and SmolVLM: a picture in rows and columns of tiles, each named, and the whole once more.

What the tower gives are finished image tokens: the connector folds many patches into one, and keeping these
costs less than the patches.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import torch

from caig_cli.mllm.image_inputs.adapter import IMAGE, ImageAdapter
from caig_cli.mllm.image_inputs.canvas import NativeShape, colours, count_with_whole, largest, with_whole
from caig_cli.mllm.images import Size

AROUND, WHOLE = "<fake_token_around_image>", "<global-img>"


def _read(raw: Mapping[str, Any], config: Any, most: int) -> NativeShape:
    """``most`` bounds the tiles that the image processor's ``size`` makes of a square."""
    tile, each = int(config.vision_config.image_size), _each(config)
    allowed = int(raw["size"]["longest_edge"]) // tile if raw.get("do_image_splitting", True) else 1

    def side(share: int) -> int:
        fits = largest(lambda n: n <= allowed and (n * n + 1) * each * share <= most)
        return fits * tile

    fit = partial(_fit, tile, side(1))
    return NativeShape(fit, partial(with_whole, tile), side(1), side(2), joins=side(2), **colours(raw))


def _each(config: Any) -> int:
    """Image tokens of a tile."""
    tower = config.vision_config
    return int((tower.image_size // tower.patch_size) ** 2 / config.scale_factor**2)


def _fit(tile: int, longest: int, size: Size) -> Size:
    """Whole tiles: the longer side is ``longest``, the other the next that is no smaller."""
    longer, shorter = max(size), min(size)
    short = math.ceil(int(longest * shorter / longer) / tile) * tile
    return (short or tile, longest) if size[1] >= size[0] else (longest, short or tile)


def _placeholder_tokens(config: Any, size: Size) -> tuple[str, ...]:
    tile, tokens = int(config.vision_config.image_size), (IMAGE,) * _each(config)
    rows, columns = size[0] // tile, size[1] // tile
    written: list[str] = []
    if rows * columns > 1:
        for row in range(1, rows + 1):
            for column in range(1, columns + 1):
                written += [AROUND, f"<row_{row}_col_{column}>", *tokens]
            written.append("\n" if row < rows else "\n\n")
    return (*written, AROUND, WHOLE, *tokens, AROUND)


def _rows(config: Any, size: Size) -> tuple[int, int]:
    tiles = count_with_whole(int(config.vision_config.image_size), size)
    return tiles, tiles * _each(config)


def _encode(core: Any, pixels_S3HW: torch.Tensor, _sizes: Sequence[Size]) -> torch.Tensor:
    """Tokens [T, D] of all tiles."""
    return torch.cat(list(core.model.get_image_features(pixels_S3HW[None], return_dict=True).pooler_output))


TILES = ImageAdapter(
    read=_read,
    placeholder_tokens=_placeholder_tokens,
    encode=_encode,
    project=lambda _core, tokens, _sizes: tokens,
    rows=_rows,
    width=lambda config: int(config.text_config.hidden_size),
    vision_modules=("vision_model", "connector"),
)
