"""Rules of pictures for models that take them in many shapes, and what those kinds of view share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from caig_cli.mllm.images import (
    Colour,
    ImageRules,
    Pixels,
    Size,
    beside,
    cut_out,
    levels_of_halves,
    square,
    triple,
)

Levels = NDArray[np.float32]
"""Normalised colours, float32 [3, H, W]."""
VAST: Size = (1 << 14, 1 << 14)
"""Size of a picture that no rule finds too small."""


@dataclass(frozen=True, slots=True)
class NativeShape:
    """Pictures keep their shape, as far as the tower's grid allows.

    ``fit`` gives the size in which a picture of some size is seen, ``cut`` the pieces [n, ...] of a picture
    of such a size. ``side`` is that of a square, ``half`` the one where two share what one may cost.
    ``joins`` is the side of an ad in a picture of two; ``cut`` must take such pictures.
    """

    fit: Callable[[Size], Size]
    cut: Callable[[NativeShape, Pixels], torch.Tensor]
    side: int
    half: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    resample: Image.Resampling
    raw: Mapping[str, Any]
    joins: int

    @property
    def fill(self) -> Colour:
        """The matte of the configuration, else the mean colour."""
        matte = self.raw.get("matte")
        red, green, blue = [int(m * 255) for m in self.mean] if matte is None else map(int, matte)
        return red, green, blue

    @property
    def usual(self) -> Size:
        """Size of a framed square."""
        return self.side, self.side

    def frame(self, image: Image.Image) -> Pixels:
        """The picture whole, in its own shape."""
        shown = cut_out(image, self.fill, squared=False)
        height, width = self.fit((shown.height, shown.width))
        return np.asarray(shown.resize((width, height), self.resample))

    def square(self, image: Image.Image) -> Pixels:
        """The picture whole, in a square."""
        return square(image, self.side, self.fill)

    def tensor(self, pictures: Sequence[Pixels] | torch.Tensor) -> torch.Tensor:
        """All pictures' pieces, one after the other."""
        parts = pictures.cpu().numpy() if isinstance(pictures, torch.Tensor) else pictures
        return torch.cat([self.cut(self, picture) for picture in parts])

    def of_two(self) -> NativeShape:
        """Smaller squares."""
        return replace(self, side=self.half)

    def halves(self) -> ImageRules:
        """Squares whose levels stay whole numbers, for ``join`` cuts them anew."""
        return levels_of_halves(self.fill, self.joins)

    def join(self, left_P3hw: torch.Tensor, right_P3hw: torch.Tensor) -> torch.Tensor:
        """Two squares beside each other, without padding."""
        return self.tensor(beside(left_P3hw, right_P3hw)).to(left_P3hw.device)

    def joined(self) -> Size:
        """Twice as wide as high."""
        return self.joins, 2 * self.joins

    def to_config(self) -> dict[str, Any]:
        """As it was read."""
        return dict(self.raw)

    def resize(self, picture: Pixels, size: Size) -> Pixels:
        """uint8 [H, W, 3] in another size, if it has another."""
        if picture.shape[:2] == size:
            return picture
        return np.asarray(Image.fromarray(picture).resize(size[::-1], self.resample))

    def levels(self, picture: Pixels) -> Levels:
        """uint8 [H, W, 3] as normalised colours."""
        mean, std = np.asarray(self.mean), np.asarray(self.std)
        shades = ((picture / 255 - mean) / std).astype(np.float32)
        return np.ascontiguousarray(shades.transpose(2, 0, 1))

    def tiles(self, picture: Pixels, side: int) -> list[Levels]:
        """Squares of ``side``, row by row."""
        rows, columns = picture.shape[0] // side, picture.shape[1] // side
        whole = self.levels(picture)
        boxes = ((row * side, column * side) for row in range(rows) for column in range(columns))
        return [whole[:, top : top + side, left : left + side] for top, left in boxes]


def with_whole(side: int, canvas: NativeShape, picture: Pixels) -> torch.Tensor:
    """Tiles [n + 1, 3, side, side], row by row, and the whole picture as one at the end; one alone is it."""
    parts = canvas.tiles(picture, side)
    if len(parts) > 1:
        parts.append(canvas.levels(canvas.resize(picture, (side, side))))
    return torch.from_numpy(np.stack(parts))


def count_with_whole(side: int, size: Size) -> int:
    """How many tiles ``with_whole`` cuts of a picture of a size."""
    parts = (size[0] // side) * (size[1] // side)
    return parts + 1 if parts > 1 else 1


def colours(raw: Mapping[str, Any]) -> dict[str, Any]:
    """What ``Canvas`` takes from an image processor's configuration as it is."""
    return {
        "mean": triple(raw["image_mean"]),
        "std": triple(raw["image_std"]),
        "resample": Image.Resampling(raw.get("resample", Image.Resampling.BICUBIC)),
        "raw": raw,
    }


def largest(fits: Callable[[int], bool], least: int = 1) -> int:
    """The largest number for which ``fits`` holds; ``least`` where it holds for none."""
    number = least
    while fits(number + 1):
        number += 1
    return number
