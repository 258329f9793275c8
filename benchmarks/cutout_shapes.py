"""Drawn products with holes, and with white parts beside them that look just like the ground seen through.

Each is soft at its edges by area, and shaded like a rounded thing; white parts are as white as a backdrop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

Rng = np.random.Generator
Colour = tuple[float, float, float]

SIDE = 1000
"""Pixels of a drawn product's square canvas, before it is cropped."""
_FINER = 4
"""Shapes are drawn so many times larger and averaged."""


@dataclass
class _Canvas:
    """Layers of colour over each other; a cut takes all of them away.

    ``rim``: by how much white parts are darker at their edges, which is all that tells some from the ground.
    """

    rim: float
    rgb: NDArray[np.float64] = field(default_factory=lambda: np.zeros((SIDE, SIDE, 3)))
    alpha: NDArray[np.float64] = field(default_factory=lambda: np.zeros((SIDE, SIDE)))
    white: NDArray[np.float64] = field(default_factory=lambda: np.zeros((SIDE, SIDE)))

    def paint(self, shape: NDArray[np.float64], colour: Colour, *, white: bool = False) -> None:
        """A layer; those that are not white are shaded from left to right as if they were round."""
        light = 1.05 - 0.4 * np.linspace(-0.9, 0.9, SIDE)[None] ** 2
        if white:
            light = 1 - self.rim * (1 - np.clip(ndimage.distance_transform_edt(shape > 0.5) / 9, 0, 1))
        shaded = np.clip(light[..., None] * np.asarray(colour), 0, 255)
        share = shape[..., None]
        # Colours go on beyond soft edges, as those of a truth must.
        self.rgb = np.where(self.alpha[..., None] > 0, (1 - share) * self.rgb + share * shaded, shaded)
        self.alpha = np.maximum(self.alpha, shape)
        self.white = np.maximum(self.white * (1 - shape), shape if white else 0)

    def cut(self, shape: NDArray[np.float64]) -> None:
        self.alpha = self.alpha * (1 - shape)
        self.white = self.white * (1 - shape)


def _drawn(draw: Callable[[ImageDraw.ImageDraw, float], None]) -> NDArray[np.float64]:
    """Coverage [SIDE, SIDE] of what is drawn in units of the canvas."""
    side = SIDE * _FINER
    image = Image.new("L", (side, side))
    draw(ImageDraw.Draw(image), side)
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX), np.float64) / 255


def _disk(x: float, y: float, rx: float, ry: float | None = None) -> NDArray[np.float64]:
    ry = rx if ry is None else ry
    return _drawn(lambda d, s: d.ellipse(((x - rx) * s, (y - ry) * s, (x + rx) * s, (y + ry) * s), 255))


def _rect(x0: float, y0: float, x1: float, y1: float, radius: float = 0.0) -> NDArray[np.float64]:
    return _drawn(lambda d, s: d.rounded_rectangle((x0 * s, y0 * s, x1 * s, y1 * s), radius * s, 255))


def _line(x0: float, y0: float, x1: float, y1: float, width: float) -> NDArray[np.float64]:
    return _drawn(lambda d, s: d.line((x0 * s, y0 * s, x1 * s, y1 * s), 255, round(width * s)))


def _ring(x: float, y: float, outer: float, inner: float, tall: float = 1.0) -> NDArray[np.float64]:
    return _disk(x, y, outer, outer * tall) * (1 - _disk(x, y, inner, inner * tall))


def _mug(c: _Canvas, rng: Rng, colour: Colour, white: Colour) -> None:
    thick = rng.uniform(0.03, 0.06)
    c.paint(_ring(0.7, 0.5, 0.2, 0.2 - thick, rng.uniform(0.9, 1.3)), colour)
    c.paint(_rect(0.15, 0.2, 0.7, 0.85, 0.05), colour)
    c.paint(_rect(0.28, 0.35, 0.55, 0.65, 0.02), white, white=True)


def _rings(c: _Canvas, rng: Rng, colour: Colour, white: Colour) -> None:
    outer = rng.uniform(0.14, 0.17)
    for k in range(3):
        c.paint(_ring(0.2 + 0.3 * k, 0.35 + 0.1 * (k % 2), outer, outer - rng.uniform(0.02, 0.05)), colour)
    c.paint(_rect(0.08, 0.6, 0.92, 0.8, 0.03), colour)
    c.paint(_line(0.2, 0.45, 0.2, 0.62, 0.04), colour)
    c.paint(_line(0.5, 0.55, 0.5, 0.62, 0.04), colour)
    c.paint(_line(0.8, 0.45, 0.8, 0.62, 0.04), colour)
    c.paint(_rect(0.2, 0.65, 0.8, 0.75, 0.01), white, white=True)


def _ladder(c: _Canvas, rng: Rng, colour: Colour, white: Colour) -> None:
    lean, width = rng.uniform(0.0, 0.08), rng.uniform(0.018, 0.04)
    c.paint(_rect(0.26, 0.1, 0.74, 0.19, 0.02), colour)
    for side in (-1, 1):
        c.paint(_line(0.5 + 0.19 * side, 0.15, 0.5 + (0.19 + lean) * side, 0.92, 1.3 * width), colour)
    for k, y in enumerate((0.4, 0.58, 0.76)):
        half = 0.19 + lean * (y - 0.15) / 0.77
        paint = white if k == 1 else colour
        c.paint(_rect(0.5 - half, y, 0.5 + half, y + width), paint, white=k == 1)


def _frame(c: _Canvas, rng: Rng, colour: Colour, white: Colour) -> None:
    edge = rng.uniform(0.03, 0.06)
    c.paint(_rect(0.15, 0.25, 0.85, 0.9), colour)
    c.paint(_rect(0.15 + edge, 0.25 + edge, 0.85 - edge, 0.9 - edge), white, white=True)
    c.paint(_rect(0.35, 0.42, 0.65, 0.74), colour)
    for side in (-1, 1):
        c.paint(_line(0.5, 0.1, 0.5 + 0.25 * side, 0.26, 0.012), colour)


def _lock(c: _Canvas, rng: Rng, colour: Colour, white: Colour) -> None:
    thick = rng.uniform(0.03, 0.07)
    c.paint(_ring(0.5, 0.38, 0.2, 0.2 - thick, 1.3), _darker(colour))
    c.paint(_rect(0.22, 0.42, 0.78, 0.88, 0.05), colour)
    c.paint(_disk(0.5, 0.64, 0.12), white, white=True)
    c.cut(_disk(0.3, 0.5, 0.025))


def _bag(c: _Canvas, rng: Rng, colour: Colour, white: Colour) -> None:
    c.paint(_ring(0.5, 0.36, 0.17, 0.17 - rng.uniform(0.012, 0.03), 1.4), colour)
    c.paint(_rect(0.14, 0.4, 0.86, 0.88, 0.03), colour)
    c.paint(_rect(0.14, 0.62, 0.86, 0.72), white, white=True)
    for x in (0.22, 0.78):
        c.cut(_disk(x, 0.46, rng.uniform(0.012, 0.03)))


def _darker(colour: Colour) -> Colour:
    red, green, blue = colour
    return 0.7 * red, 0.7 * green, 0.7 * blue


SHAPES = {"mug": _mug, "rings": _rings, "ladder": _ladder, "frame": _frame, "lock": _lock, "bag": _bag}


def draw(kind: str, rng: Rng) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """The product [h, w, 4], cropped, and its white parts [h, w]."""
    canvas = _Canvas(rim=rng.uniform(0.03, 0.12))
    red, green, blue = rng.uniform(20, 210, 3)
    level = rng.uniform(248, 255)
    SHAPES[kind](canvas, rng, (red, green, blue), (level, level, level))
    rgba = np.dstack([np.rint(canvas.rgb), np.rint(255 * canvas.alpha)]).astype(np.uint8)
    rows, columns = np.flatnonzero(canvas.alpha.any(axis=1)), np.flatnonzero(canvas.alpha.any(axis=0))
    window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    return rgba[window], (canvas.white > 0.99)[window]
