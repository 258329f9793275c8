"""InternVL, Aya Vision: a picture in the grid of tiles nearest to its shape, and a thumbnail of the whole.

What the tower gives are finished image tokens, four patches in one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from caig_cli.mllm.image_inputs.adapter import IMAGE, ImageAdapter
from caig_cli.mllm.image_inputs.canvas import (
    VAST,
    NativeShape,
    colours,
    count_with_whole,
    largest,
    with_whole,
)
from caig_cli.mllm.images import Size


def _read(raw: Mapping[str, Any], config: Any, most: int) -> NativeShape:
    """``most`` bounds the image processor's ``max_patches``, with the thumbnail."""
    tile, each = _tile(config), _each(config)
    allowed = int(raw.get("max_patches", 12))

    def tiles(share: int) -> int:
        return largest(lambda n: n <= allowed and (n + 1) * each * share <= most)

    one, two = (partial(fit, tile, int(raw.get("min_patches", 1)), tiles(share)) for share in (1, 2))
    half = two(VAST)[0]
    return NativeShape(one, partial(with_whole, tile), one(VAST)[0], half, joins=half, **colours(raw))


def _tile(config: Any) -> int:
    side = config.vision_config.image_size
    return int(side if isinstance(side, int) else side[0])


def _each(config: Any) -> int:
    """Image tokens of a tile."""
    patch = config.vision_config.patch_size
    side = _tile(config) // int(patch if isinstance(patch, int) else patch[0])
    ratio = getattr(config, "downsample_ratio", None) or 1 / config.downsample_factor
    return int(side * ratio) ** 2


def fit(tile: int, least: int, most: int, size: Size) -> Size:
    """The grid of ``least`` to ``most`` tiles with the nearest ratio of width to height.

    Of grids of the same ratio the larger is taken where the picture has half of its pixels.
    """
    height, width = size
    counts = range(1, most + 1)
    grids = [(rows, columns) for columns in counts for rows in counts if least <= rows * columns <= most]
    best, nearest = (1, 1), float("inf")
    for rows, columns in sorted(grids, key=lambda grid: grid[0] * grid[1]):
        off = abs(width / height - columns / rows)
        fills = width * height > 0.5 * tile * tile * rows * columns
        if off < nearest or (off == nearest and fills):
            best, nearest = (rows, columns), off
    return best[0] * tile, best[1] * tile


def _tiles(config: Any, size: Size) -> int:
    return count_with_whole(_tile(config), size)


def _placeholder_tokens(config: Any, size: Size) -> tuple[str, ...]:
    return ("<img>", *(IMAGE,) * (_tiles(config, size) * _each(config)), "</img>")


def _numbered_tokens(config: Any, size: Size) -> tuple[str, ...]:
    """Aya Vision names its tiles."""
    names = [*(f"TILE_{n}" for n in range(1, _tiles(config, size))), "TILE_GLOBAL"]
    tokens = (IMAGE,) * _each(config)
    return ("<|START_OF_IMG|>", *(piece for name in names for piece in (name, *tokens)), "<|END_OF_IMG|>")


def _encode(core: Any, pixels_S3HW: torch.Tensor, _sizes: Sequence[Size]) -> torch.Tensor:
    """Tokens [T, D] of all tiles."""
    seen = core.model.get_image_features(pixels_S3HW, return_dict=True).pooler_output
    tokens: torch.Tensor = seen.flatten(0, 1)
    return tokens


CROPS = ImageAdapter(
    read=_read,
    placeholder_tokens=_placeholder_tokens,
    encode=_encode,
    project=lambda _core, tokens, _sizes: tokens,
    rows=lambda config, size: (_tiles(config, size), _tiles(config, size) * _each(config)),
    width=lambda config: int(config.text_config.hidden_size),
    vision_modules=("vision_tower", "multi_modal_projector"),
)
NUMBERED_CROPS = replace(CROPS, placeholder_tokens=_numbered_tokens)
