"""What a diffusion model is shown of a shot: picture, mask and edges, on a canvas that it can paint."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

from caig_cli.painters import Shot, compose
from caig_cli.painters.diffusion.canny import canny
from caig_cli.records import Box

Pixels = npt.NDArray[np.uint8]
Size = tuple[int, int]

_EDGES = (100, 200)
"""Canny's thresholds, in levels: the authors'."""
_PRODUCT = 127
"""Alpha above which a pixel counts as product when its edges are drawn."""


@dataclass(frozen=True, slots=True)
class Inpainting:
    """``size`` (width, height) is what the model paints; the ad is its part ``frame``, from the top left."""

    size: Size
    frame: Size


def canvas_for(ad: Size, resolution: int, multiple: int, most: int | None = None) -> Inpainting:
    """A canvas for an ad of (width, height): its shape, about resolution squared pixels, sides rounded up to
    the multiple that the pipeline needs. What is rounded up is painted and cut off. ``most``: pixels that it
    has at most, where a pipeline would shrink more."""
    made = _canvas(ad, resolution, multiple)
    while most is not None and math.prod(made.size) > most and resolution > multiple:
        resolution -= multiple // 2
        made = _canvas(ad, resolution, multiple)
    return made


def _canvas(ad: Size, resolution: int, multiple: int) -> Inpainting:
    scale = resolution / math.sqrt(ad[0] * ad[1])
    width, height = (max(multiple, round(side * scale)) for side in ad)
    return Inpainting((_up(width, multiple), _up(height, multiple)), (width, height))


def _up(side: int, multiple: int) -> int:
    return math.ceil(side / multiple) * multiple


@dataclass(frozen=True, slots=True)
class Conditioning:
    """What the pipeline receives, all of the canvas' size: the product on its matte (RGB), the mask (L, white
    is to be repainted), the edges that the ControlNet follows (RGB, white on black)."""

    image: Image.Image
    mask: Image.Image
    control: Image.Image


def condition(shot: Shot, canvas: Inpainting, matte: tuple[int, int, int], dilation: int) -> Conditioning:
    """The conditioning of a shot. ``dilation``: pixels of the square by which the repainted part grows."""
    rgba = laid_out(shot, canvas)
    image = np.where(rgba[..., 3:] > 0, rgba[..., :3], np.array(matte, np.uint8))
    edges = np.repeat(edges_of(rgba)[..., None], 3, axis=-1)
    return Conditioning(*map(Image.fromarray, (image, repainted(rgba[..., 3], dilation), edges)))


def laid_out(shot: Shot, canvas: Inpainting) -> Pixels:
    """The product uint8 [H, W, 4] where it stands on the canvas, transparent black elsewhere.

    Cut off at the frame's right or bottom, it goes on to the canvas' end: an edge there would be painted.
    """
    box = _on_canvas(shot.box, shot.size, canvas)
    rgba = compose.laid_out(shot.product, box, canvas.size)
    width, height = canvas.frame
    if "right" in shot.product.cut_off and box.right >= width:
        rgba[:, width:] = rgba[:, width - 1 : width]
    if "bottom" in shot.product.cut_off and box.bottom >= height:
        rgba[height:] = rgba[height - 1 : height]
    return rgba


def repainted(alpha: Pixels, dilation: int) -> Pixels:
    """The mask uint8 [H, W], 255 where all is repainted: all but the product, grown over its rim.

    The painted background then runs on under the soft edge of the product's own pixels.
    """
    background: Pixels = 255 - alpha
    if dilation == 0:
        return background
    grown: Pixels = ndimage.maximum_filter(background, size=dilation, mode="constant")
    return grown


def edges_of(rgba: Pixels) -> Pixels:
    """Canny's edges uint8 [H, W] of a product uint8 [H, W, 4].

    Its outline counts as well as its colours: a black product has no other edge against nothing.
    """
    solid = rgba[..., 3:] > _PRODUCT
    outlined = np.concatenate([rgba[..., 2::-1], np.full_like(rgba[..., 3:], 255)], axis=-1)
    return canny(np.where(solid, outlined, 0).astype(np.uint8), *_EDGES)


def trimmed(painted: Image.Image, shot: Shot, canvas: Inpainting) -> Pixels:
    """What was painted, uint8 [H, W, 3]: the canvas cut to the frame and scaled to the ad."""
    frame = painted.convert("RGB").crop((0, 0, *canvas.frame))
    if frame.size != shot.size:
        frame = frame.resize(shot.size, Image.Resampling.LANCZOS)
    return np.array(frame)


def _on_canvas(box: Box, ad: Size, canvas: Inpainting) -> Box:
    """A box of the ad, in pixels of the canvas; at least one pixel each way."""
    width, height = canvas.frame
    left = min(round(box.left * width / ad[0]), width - 1)
    top = min(round(box.top * height / ad[1]), height - 1)
    right = max(round(box.right * width / ad[0]), left + 1)
    bottom = max(round(box.bottom * height / ad[1]), top + 1)
    return Box(left, top, right, bottom)
