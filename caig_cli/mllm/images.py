"""From a picture to what a vision tower sees, without torchvision, so that any family's rules are one row."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
MARGIN = 0.06
"""Empty border around a cut-out product, as a share of its longer side."""

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class ImageRules:
    """A square of ``size`` pixels, normalised by ``mean`` and ``std``; ``matte`` fills transparency."""

    size: int
    mean: tuple[float, float, float] = CLIP_MEAN
    std: tuple[float, float, float] = CLIP_STD
    matte: tuple[int, int, int] | None = None

    @property
    def fill(self) -> tuple[int, int, int]:
        """The colour under transparent pixels and beside a picture that is not square."""
        if self.matte is not None:
            return self.matte
        red, green, blue = (int(m * 255) for m in self.mean)
        return red, green, blue

    @classmethod
    def from_config(cls, raw: Mapping[str, Any]) -> ImageRules:
        """Read a ``preprocessor_config.json`` of transformers; ``matte`` is our own optional key."""
        size = raw.get("crop_size") or raw["size"]
        side = size if isinstance(size, int) else size.get("height") or size["shortest_edge"]
        matte = raw.get("matte")
        return cls(
            int(side),
            _triple(raw.get("image_mean", CLIP_MEAN)),
            _triple(raw.get("image_std", CLIP_STD)),
            None if matte is None else (int(matte[0]), int(matte[1]), int(matte[2])),
        )

    def to_config(self) -> dict[str, Any]:
        """The same as a ``preprocessor_config.json``."""
        side = {"height": self.size, "width": self.size}
        return {
            "image_processor_type": "CLIPImageProcessor",
            "do_convert_rgb": True,
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


def read_rules(folder: Path) -> ImageRules:
    """The image rules of a model folder."""
    single, whole = folder / "preprocessor_config.json", folder / "processor_config.json"
    if single.is_file():
        return ImageRules.from_config(json.loads(single.read_text("utf-8")))
    return ImageRules.from_config(json.loads(whole.read_text("utf-8"))["image_processor"])


def square(image: Image.Image, size: int, fill: Sequence[int]) -> Pixels:
    """The picture as uint8 [size, size, 4], whole and centred.

    A transparent picture is first cut to its product and given a small margin, so that a product fills the
    square alike however much empty canvas its photo had. Opaque pictures are padded with ``fill``.
    """
    rgba = image.convert("RGBA")
    box = rgba.getchannel("A").getbbox()
    opaque = rgba.getchannel("A").getextrema()[0] == 255
    if box is not None and not opaque:
        rgba = rgba.crop(box)
    longest = max(rgba.size)
    side = longest if opaque else round(longest * (1 + 2 * MARGIN))
    canvas = Image.new("RGBA", (side, side), (*fill, 255) if opaque else (*fill, 0))
    canvas.paste(rgba, ((side - rgba.width) // 2, (side - rgba.height) // 2))
    return np.asarray(canvas.resize((size, size), Image.Resampling.BICUBIC))


def flatten(pixels: Pixels, fill: Sequence[int]) -> Pixels:
    """Lay uint8 [H, W, 4] over one colour: uint8 [H, W, 3]."""
    colour, alpha = pixels[..., :3].astype(np.float32), pixels[..., 3:].astype(np.float32) / 255
    return np.rint(colour * alpha + np.asarray(fill, np.float32) * (1 - alpha)).astype(np.uint8)


def to_tensor(pictures: Sequence[Pixels], rules: ImageRules) -> torch.Tensor:
    """Stack uint8 [H, W, 3] pictures to normalised float32 [B, 3, H, W]."""
    batch = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255
    mean, std = (torch.tensor(t).view(1, 3, 1, 1) for t in (rules.mean, rules.std))
    return (batch - mean) / std


def see(image: Image.Image, rules: ImageRules) -> torch.Tensor:
    """One picture as the tower's input, float32 [1, 3, H, W]."""
    return to_tensor([flatten(square(image, rules.size, rules.fill), rules.fill)], rules)


def _triple(values: Sequence[float]) -> tuple[float, float, float]:
    red, green, blue = (float(v) for v in values)
    return red, green, blue
