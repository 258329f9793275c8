"""What a kind of view consists of. A family names one; nothing else knows how many kinds there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from caig_cli.mllm.images import Rules, Size

IMAGE = "<image>"
"""Stands for one image token in what a family writes, whatever that token is called in its vocabulary."""


@dataclass(frozen=True, slots=True)
class ImageAdapter:
    """How models of a kind look at pictures: pure functions of the checkpoint's configuration.

    Legend: I images, S rows of what the tower gives for all of them, T tokens of all of them, D hidden size.
    """

    read: Callable[[Mapping[str, Any], Any, int], Rules]
    """Rules of pictures, from the image processor's configuration, the model's, and image tokens at most."""

    placeholder_tokens: Callable[[Any, Size], tuple[str, ...]]
    """What is written for a picture of a size: ``IMAGE`` for each of its tokens, and what stands around."""

    encode: Callable[[Any, torch.Tensor, Sequence[Size]], torch.Tensor]
    """What the tower of a model gives [S, ...] for the pieces of pictures of these sizes."""

    project: Callable[[Any, torch.Tensor, Sequence[Size]], torch.Tensor]
    """Image tokens [..., D] from that; further layers' features follow in further D columns."""

    rows: Callable[[Any, Size], tuple[int, int]]
    """How many pieces a picture of a size has, and how many rows the tower gives for it."""

    width: Callable[[Any], int]
    """Last dimension of what the tower gives."""

    vision_modules: tuple[str, ...]
    """Parts of the model that ``encode`` passes through; the first one is the tower."""

    grid: Callable[[Any, Size], Size] | None = None
    """Rows and columns of a picture's tokens, where each has a position in both; None for a plain count."""

    processor: Callable[[Any], dict[str, Any]] | None = None
    """A ``processor_config.json`` for the users of transformers, where models are made here."""
