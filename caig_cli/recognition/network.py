"""EfficientNet-Lite0 in torch, as its published weights want it (Tan and Le 2019, Lite release of 2020).

Lite is EfficientNet without squeeze-and-excitation, with ReLU6, and with a stem and head of fixed width.
Module names are those of the weights' file.

Legend of shape names: B pictures, H and W their height and width, C channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn
from torch.nn.functional import pad, relu6

SIDE = 224
"""Pixels of the square picture that it sees."""
CLASSES = 1000
EPSILON = 1e-3
"""Of batch normalisation: the release's own."""


class NetworkStage(NamedTuple):
    """Blocks of one shape: expansion, side of the kernel, stride of the first, channels, how many."""

    expand: int
    kernel: int
    stride: int
    channels: int
    blocks: int


STAGES = (
    NetworkStage(1, 3, 1, 16, 1),
    NetworkStage(6, 3, 2, 24, 2),
    NetworkStage(6, 5, 2, 40, 2),
    NetworkStage(6, 3, 2, 80, 3),
    NetworkStage(6, 5, 1, 112, 3),
    NetworkStage(6, 5, 2, 192, 4),
    NetworkStage(6, 3, 1, 320, 1),
)
STEM, HEAD = 32, 1280


class EfficientNetLite0(nn.Module):
    """Pictures [B, 3, 224, 224], about -1 to 1, to logits [B, 1000] of ImageNet's classes."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = SameConv(3, STEM, 3, stride=2)
        self._bn0 = nn.BatchNorm2d(STEM, eps=EPSILON)
        blocks, width = [], STEM
        for stage in STAGES:
            for number in range(stage.blocks):
                stride = stage.stride if number == 0 else 1
                blocks.append(Block(width, stage.channels, stage.expand, stage.kernel, stride))
                width = stage.channels
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = SameConv(width, HEAD, 1)
        self._bn1 = nn.BatchNorm2d(HEAD, eps=EPSILON)
        self._fc = nn.Linear(HEAD, CLASSES)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        x = relu6(self._bn0(self._conv_stem(pixels)))
        for block in self._blocks:
            x = block(x)
        x = relu6(self._bn1(self._conv_head(x)))
        logits: torch.Tensor = self._fc(x.mean((2, 3)))
        return logits


class Block(nn.Module):
    """Inverted residual: expand, depthwise, project; added to its input where both have one shape."""

    def __init__(self, width: int, channels: int, expand: int, kernel: int, stride: int) -> None:
        super().__init__()
        inner = width * expand
        self._expands, self._adds = expand != 1, stride == 1 and width == channels
        if self._expands:
            self._expand_conv = SameConv(width, inner, 1)
            self._bn0 = nn.BatchNorm2d(inner, eps=EPSILON)
        self._depthwise_conv = SameConv(inner, inner, kernel, stride=stride, groups=inner)
        self._bn1 = nn.BatchNorm2d(inner, eps=EPSILON)
        self._project_conv = SameConv(inner, channels, 1)
        self._bn2 = nn.BatchNorm2d(channels, eps=EPSILON)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        x = relu6(self._bn0(self._expand_conv(pixels))) if self._expands else pixels
        x = relu6(self._bn1(self._depthwise_conv(x)))
        x = self._bn2(self._project_conv(x))
        made: torch.Tensor = x + pixels if self._adds else x
        return made


class SameConv(nn.Conv2d):
    """A convolution without bias to ceil(side / stride) pixels; odd padding goes right and below."""

    def __init__(self, width: int, channels: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__(width, channels, kernel, stride=stride, groups=groups, bias=False)

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002
        high, wide = (self._missing(side, d) for d, side in enumerate(input.shape[2:]))
        return super().forward(pad(input, (wide // 2, wide - wide // 2, high // 2, high - high // 2)))

    def _missing(self, side: int, dimension: int) -> int:
        stride, kernel = self.stride[dimension], self.kernel_size[dimension]
        return max(0, (-(-side // stride) - 1) * stride + kernel - side)


def load_network(weights: dict[str, torch.Tensor]) -> EfficientNetLite0:
    """The network with the weights of its published file, frozen."""
    network = EfficientNetLite0()
    network.load_state_dict(weights)
    return network.requires_grad_(False).eval()


def as_pixels(pictures: Sequence[torch.Tensor]) -> torch.Tensor:
    """uint8 pictures [H, W, 3] of SIDE pixels as the network wants them: (x - 127) / 128, [B, 3, H, W]."""
    return (torch.stack(list(pictures)).permute(0, 3, 1, 2).float() - 127.0) / 128.0
