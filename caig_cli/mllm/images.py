"""From a picture to what a vision tower sees, without torchvision, so that any family's rules are one row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from caig_cli.engine.model_folder import read_json
from caig_cli.errors import UsageError

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
PAIR_SIDE = 512
"""Sides of an ad in a picture of two, pixels: 1024x512 is the form of the authors' data."""
MARGIN = 0.06
"""Empty border around a cut-out product, as a share of its longer side."""

Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]
Size = tuple[int, int]
"""Height and width, pixels."""


class Rules(Protocol):
    """How a model wants its pictures.

    A picture is first framed (uint8 [H, W, 4], in the size in which it is seen), then varied or masked and
    laid over ``fill``, and at last cut into the pieces that the tower takes (``tensor``).
    """

    @property
    def fill(self) -> Colour:
        """The colour under transparent pixels and beside a picture that is padded."""

    @property
    def usual(self) -> Size:
        """Size of a framed square."""

    def frame(self, image: Image.Image) -> Pixels:
        """The picture whole, in a shape of its own where the model takes many; uint8 [H, W, 4]."""

    def square(self, image: Image.Image) -> Pixels:
        """The picture in the size that all are to share, uint8 [H, W, 4]."""

    def tensor(self, pictures: Sequence[Pixels] | torch.Tensor) -> torch.Tensor:
        """The pieces of uint8 [H, W, 3] pictures one after the other, normalised float32 [pieces, ...]."""

    def of_two(self) -> Rules:
        """The rules where two pictures share what one may cost."""

    def halves(self) -> ImageRules:
        """The rules of two pictures that are joined to one, beside each other."""

    def join(self, left_P3hw: torch.Tensor, right_P3hw: torch.Tensor) -> torch.Tensor:
        """The pieces of pictures joined from halves, as ``tensor`` gives them."""

    def joined(self) -> Size:
        """Size of such a picture."""

    def to_config(self) -> dict[str, Any]:
        """The same as a ``preprocessor_config.json``."""


@dataclass(frozen=True, slots=True)
class ImageRules:
    """A square of ``size`` pixels, normalised by ``mean`` and ``std``; ``matte`` fills transparency."""

    size: int
    mean: tuple[float, float, float] = CLIP_MEAN
    std: tuple[float, float, float] = CLIP_STD
    matte: tuple[int, int, int] | None = None

    @property
    def fill(self) -> Colour:
        """The colour under transparent pixels and beside a picture that is not square."""
        if self.matte is not None:
            return self.matte
        red, green, blue = (int(m * 255) for m in self.mean)
        return red, green, blue

    @property
    def usual(self) -> Size:
        """All pictures are of this size."""
        return self.size, self.size

    def frame(self, image: Image.Image) -> Pixels:
        """A square."""
        return square(image, self.size, self.fill)

    def square(self, image: Image.Image) -> Pixels:
        """A square."""
        return square(image, self.size, self.fill)

    def tensor(self, pictures: Sequence[Pixels] | torch.Tensor) -> torch.Tensor:
        """One piece per picture, [B, 3, H, W], on the device of a tensor [B, H, W, 3] of them."""
        return to_tensor(pictures, self)

    def of_two(self) -> ImageRules:
        """The same: a picture costs what it costs."""
        return self

    def halves(self) -> ImageRules:
        """Squares whose levels stay whole numbers, for ``join`` makes the picture of them."""
        return levels_of_halves(self.fill)

    def join(self, left_P3hw: torch.Tensor, right_P3hw: torch.Tensor) -> torch.Tensor:
        """Padded to a square."""
        pictures = beside(left_P3hw, right_P3hw).cpu().numpy()
        squares = [square(Image.fromarray(picture), self.size, self.fill) for picture in pictures]
        return self.tensor([one[..., :3] for one in squares]).to(left_P3hw.device)

    def joined(self) -> Size:
        """A square."""
        return self.usual

    @classmethod
    def from_config(cls, raw: Mapping[str, Any]) -> ImageRules:
        """Read a ``preprocessor_config.json`` of transformers; ``matte`` is our own optional key."""
        size = raw.get("crop_size") or raw["size"]
        side = size if isinstance(size, int) else size.get("height") or size["shortest_edge"]
        matte = raw.get("matte")
        return cls(
            int(side),
            triple(raw.get("image_mean", CLIP_MEAN)),
            triple(raw.get("image_std", CLIP_STD)),
            None if matte is None else (int(matte[0]), int(matte[1]), int(matte[2])),
        )

    def to_config(self) -> dict[str, Any]:
        """The same as a ``preprocessor_config.json``; transformers then pads opaque photos as we do."""
        side = {"height": self.size, "width": self.size}
        return {
            "image_processor_type": "LlavaImageProcessor",
            "do_convert_rgb": True,
            "do_pad": True,
            "do_resize": True,
            "size": side,
            "resample": int(Image.Resampling.BICUBIC),
            "do_center_crop": False,
            "crop_size": side,
            "do_rescale": True,
            "rescale_factor": 1 / 255,
            "do_normalize": True,
            "image_mean": list(self.mean),
            "image_std": list(self.std),
            "matte": None if self.matte is None else list(self.matte),
        }


def read_raw(folder: Path) -> dict[str, Any]:
    """The configuration of a model folder's image processor, in either place where it may be.

    Raises UsageError where it is in neither.
    """
    single, whole = folder / "preprocessor_config.json", folder / "processor_config.json"
    if single.is_file():
        return read_json(single)
    raw = read_json(whole).get("image_processor") if whole.is_file() else None
    if not isinstance(raw, dict):
        raise UsageError(f"{folder}: lacks preprocessor_config.json, which says how pictures are prepared")
    return raw


def read_rules(folder: Path) -> ImageRules:
    """The image rules of the folder of a model that sees squares."""
    return ImageRules.from_config(read_raw(folder))


def cut_out(image: Image.Image, fill: Sequence[int], *, squared: bool) -> Image.Image:
    """The picture whole, RGBA; ``squared`` centres it in a square.

    A transparent picture is first cut to its product and given a small margin, so that a product fills the
    canvas alike however much empty one its photo had. An opaque square is padded with ``fill``.
    """
    rgba = image.convert("RGBA")
    box = rgba.getchannel("A").getbbox()
    opaque = rgba.getchannel("A").getextrema()[0] == 255
    if box is not None and not opaque:
        rgba = rgba.crop(box)
    longest = max(rgba.size)
    margin = 0 if opaque else round(longest * (1 + 2 * MARGIN)) - longest
    width, height = (longest + margin,) * 2 if squared else (rgba.width + margin, rgba.height + margin)
    canvas = Image.new("RGBA", (width, height), (*fill, 255) if opaque else (*fill, 0))
    canvas.paste(rgba, ((width - rgba.width) // 2, (height - rgba.height) // 2))
    return canvas


def square(image: Image.Image, size: int, fill: Sequence[int]) -> Pixels:
    """The picture as uint8 [size, size, 4], whole and centred."""
    return np.asarray(cut_out(image, fill, squared=True).resize((size, size), Image.Resampling.BICUBIC))


def size_of(picture: Pixels) -> Size:
    """Height and width."""
    return picture.shape[0], picture.shape[1]


def flatten(pixels: Pixels, fill: Sequence[int]) -> Pixels:
    """Lay uint8 [H, W, 4] over one colour: uint8 [H, W, 3]."""
    colour, alpha = pixels[..., :3].astype(np.float32), pixels[..., 3:].astype(np.float32) / 255
    return np.rint(colour * alpha + np.asarray(fill, np.float32) * (1 - alpha)).astype(np.uint8)


def to_tensor(pictures: Sequence[Pixels] | torch.Tensor, rules: ImageRules) -> torch.Tensor:
    """Stack uint8 [H, W, 3] pictures to normalised float32 [B, 3, H, W]."""
    stack = pictures if isinstance(pictures, torch.Tensor) else torch.from_numpy(np.stack(pictures))
    batch = stack.permute(0, 3, 1, 2).float() / 255
    mean, std = (batch.new_tensor(t).view(1, 3, 1, 1) for t in (rules.mean, rules.std))
    return (batch - mean) / std


def preprocess(image: Image.Image, rules: Rules) -> torch.Tensor:
    """One picture as the tower's input: for plain rules float32 [1, 3, H, W]."""
    return rules.tensor([flatten(rules.frame(image), rules.fill)])


def levels_of_halves(fill: Colour, side: int = PAIR_SIDE) -> ImageRules:
    """The rules of an ad of a joined picture: its levels from 0 to 255, not normalised."""
    return ImageRules(side, (0.0, 0.0, 0.0), (1 / 255, 1 / 255, 1 / 255), fill)


def beside(left_P3hw: torch.Tensor, right_P3hw: torch.Tensor) -> torch.Tensor:
    """Levels of two ads as one picture of both, uint8 [P, h, 2 w, 3]."""
    levels = torch.cat([left_P3hw, right_P3hw], dim=-1).round().clamp(0, 255).byte()
    return levels.permute(0, 2, 3, 1)


def triple(values: Sequence[float]) -> tuple[float, float, float]:
    """Three numbers, one per colour."""
    red, green, blue = (float(v) for v in values)
    return red, green, blue
