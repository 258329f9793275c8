"""Drawn photos for the cut-out by network and colour, and a network that knows what they show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import intake_photos as intake
import numpy as np
from intake_photos import Photo
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from caig_cli.cutouts.looks import MARGIN

Floats = NDArray[np.floating]
Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]

NETWORK_SIDE = 80
"""Pixels of the fake network's answer: about as soft as a real one beside these photos."""


@dataclass(frozen=True)
class Layer:
    """``kind``: ellipse, rectangle or line. ``box``: left, top, right, bottom, or the line's two ends, in
    0..1 of the side. ``colour``: None makes a hole. ``width``: of a line, in pixels of the photo.
    """

    kind: str
    box: tuple[float, float, float, float]
    colour: Colour | None
    width: float = 2


def drawn(side: int, layers: Sequence[Layer]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """True alpha [side, side] in 0..1 and colours [side, side, 3] of layers, each above the one before.

    Colours go on beyond the shapes, so that soft edges have the product's own.
    """
    shape, pen = intake.canvas(side)
    paint, brush = intake.canvas(side, "RGB", layers[0].colour)
    for layer in layers:
        for draw, fill in ((pen, 0 if layer.colour is None else 255), (brush, layer.colour)):
            if fill is None:
                continue
            place = intake.box(draw, *layer.box)
            if layer.kind == "line":
                draw.line(place, fill=fill, width=round(layer.width * draw.im.size[0] / side))
            else:
                getattr(draw, layer.kind)(place, fill=fill)
    return intake.shrink(shape) / 255, intake.shrink(paint)


def taken(
    layers: Sequence[Layer],
    ground: Floats,
    *,
    shadow: float = 0.0,
    noise: float = 0.8,
    quality: int | None = 90,
) -> Photo:
    """The layers before a ``ground`` [side, side, 3], with a contact shadow, noise, and JPEG artefacts."""
    alpha, colour = drawn(len(ground), layers)
    behind = intake.contact_shadow(ground, alpha, shadow) if shadow else ground
    return intake.photograph(alpha, colour, behind, noise, quality)


def plain(side: int, colour: Colour) -> NDArray[np.float64]:
    return intake.flat(side, colour)


def busy(side: int, seed: int = 7) -> NDArray[np.float64]:
    """A ground of coloured blotches a few pixels wide, as leaves or a patterned carpet are."""
    rng = np.random.default_rng(seed)
    noise = ndimage.gaussian_filter(rng.normal(0, 1, (side, side, 3)), (2.5, 2.5, 0))
    return np.clip((70.0, 130.0, 60.0) + 130 * noise * (1.2, 1.0, 0.8), 0, 255)


def with_mirror(photo: Photo, ground: Floats, share: float) -> Pixels:
    """The photo with the product's image upside down below its foot, ``share`` as strong, fading away."""
    foot = int(np.flatnonzero(photo.alpha.max(axis=1) > 0.5)[-1]) + 1
    depth = min(foot, len(ground) - foot)
    fade = share * np.linspace(1, 0, depth)[:, None] * photo.alpha[foot - depth : foot][::-1]
    levels = photo.rgb.astype(np.float64)
    below = slice(foot, foot + depth)
    mirrored = photo.colour[foot - depth : foot][::-1]
    levels[below] = levels[below] * (1 - fade[..., None]) + mirrored * fade[..., None]
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def framed(rgb: Pixels, width: int, colour: Colour, margin: int = 0) -> Pixels:
    """The photo with a line along all four borders, ``margin`` pixels inside them."""
    out = rgb.copy()
    line = np.ones(rgb.shape[:2], dtype=bool)
    line[width + margin : -width - margin, width + margin : -width - margin] = False
    if margin:
        edge = np.ones_like(line)
        edge[margin:-margin, margin:-margin] = False
        line &= ~edge
    out[line] = colour
    return out


class Network:
    """Sees ``seen`` [H, W] in 0..1 of the photo ``rgb`` [H, W, 3], of any part of it, of all of it with a
    margin around it, and of each of these mirrored left to right; softly.
    """

    name = "fakenet"

    def __init__(self, rgb: Pixels, seen: Floats) -> None:
        self.rgb, self.seen = rgb, np.asarray(seen, dtype=np.float32)
        self.asked: list[tuple[int, int]] = []
        """Height and width of all that was asked."""

    def predict(self, rgb: Pixels) -> NDArray[np.float32]:
        """As ``Segmenter.predict``: [h, w] in 0..1."""
        height, width = rgb.shape[:2]
        self.asked.append((height, width))
        wide = range(1, min(height, width) // 2) if height > len(self.rgb) else ()
        margin = next((m for m in wide if m == round(MARGIN * max(height - 2 * m, width - 2 * m))), 0)
        inner = rgb[margin : height - margin, margin : width - margin]
        place = self._find(inner)
        mirrored = place is None
        top, left = place or self._find(inner[:, ::-1]) or self._missing()
        part = np.pad(self.seen[top : top + inner.shape[0], left : left + inner.shape[1]], margin)
        part = part[:, ::-1] if mirrored else part
        soft = ndimage.gaussian_filter(part, 0.6 * max(height, width) / NETWORK_SIDE)
        image = Image.fromarray(soft).resize((NETWORK_SIDE, NETWORK_SIDE), Image.Resampling.BOX)
        return np.asarray(image, dtype=np.float32)

    def _missing(self) -> tuple[int, int]:
        raise AssertionError("no part of this photo")

    def _find(self, part: Pixels) -> tuple[int, int] | None:
        """Where in the photo a part of it [h, w, 3] was taken from: the first place that is equal, if any."""
        height, width = part.shape[:2]
        free = tuple(whole - own + 1 for whole, own in zip(self.rgb.shape, (height, width), strict=False))
        assert min(free) > 0, "the part is larger than the photo"
        fits = np.ones(free, dtype=bool)
        rng = np.random.default_rng(0)
        places = zip(rng.integers(0, height, 60), rng.integers(0, width, 60), strict=True)
        for y, x in places:
            fits &= (self.rgb[y : y + free[0], x : x + free[1]] == part[y, x]).all(axis=-1)
        for top, left in np.argwhere(fits):
            if np.array_equal(self.rgb[top : top + height, left : left + width], part):
                return int(top), int(left)
        return None
