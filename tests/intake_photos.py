"""Synthetic packshots whose true alpha and product colours are known; as large as their background."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter
from scipy import ndimage

SIDE = 300
"""Pixels of a photo's side, unless its background has another."""

_OVER = 4  # drawn four times larger, so that edges are truly anti-aliased


@dataclass(frozen=True)
class Photo:
    """``rgb`` uint8 [H, W, 3] as photographed; true ``alpha`` [H, W] in 0..1 and ``colour`` [H, W, 3]."""

    rgb: NDArray[np.uint8]
    alpha: NDArray[np.float64]
    colour: NDArray[np.float64]


def canvas(side: int, mode: str = "L", fill: object = 0) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new(mode, (side * _OVER, side * _OVER), fill)  # type: ignore[arg-type]
    return image, ImageDraw.Draw(image)


def shrink(image: Image.Image) -> NDArray[np.float64]:
    return np.asarray(image.reduce(_OVER), dtype=np.float64)


def box(
    draw: ImageDraw.ImageDraw, left: float, top: float, right: float, bottom: float
) -> tuple[float, float, float, float]:
    """A rectangle given in 0..1 of the drawing's side."""
    scale = draw.im.size[0]
    return (left * scale, top * scale, right * scale, bottom * scale)


def plain(
    grey: float = 255.0,
    slope: float = 0.0,
    tint: tuple[float, float, float] = (1, 1, 1),
    side: int = SIDE,
) -> NDArray[np.float64]:
    """A background [H, W, 3] that darkens upwards by ``slope`` levels, as a paper sweep does."""
    height = np.linspace(1, 0, side)
    fall = slope / (1 + np.exp(-10 * (height - 0.6)))
    return np.broadcast_to((grey - fall)[:, None, None] * np.array(tint), (side, side, 3)).copy()


def contact_shadow(
    background: NDArray[np.float64], alpha: NDArray[np.float64], depth: float = 0.5
) -> NDArray[np.float64]:
    """The background with the soft shadow of something that stands where ``alpha`` ends below."""
    rows = np.flatnonzero(alpha.max(axis=1) > 0.5)
    columns = np.flatnonzero(alpha.max(axis=0) > 0.5)
    y, x = np.indices(alpha.shape)
    middle, half = columns.mean(), 0.62 * np.ptp(columns)
    blob = np.exp(-(((x - middle) / half) ** 4) - ((y - rows[-1]) / 9.0) ** 2)
    return background * (1 - depth * ndimage.gaussian_filter(blob, 3)[..., None])


def photograph(
    alpha: NDArray[np.float64],
    colour: NDArray[np.float64],
    background: NDArray[np.float64],
    noise: float = 0.8,
    quality: int | None = 92,
) -> Photo:
    """Composite, sensor noise, and JPEG compression unless ``quality`` is None."""
    mixed = alpha[..., None] * colour + (1 - alpha[..., None]) * background
    mixed += np.random.default_rng(3).normal(0, noise, mixed.shape)
    rgb = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
    if quality is not None:
        buffer = io.BytesIO()
        Image.fromarray(rgb).save(buffer, "JPEG", quality=quality, subsampling=0)
        rgb = np.asarray(Image.open(buffer).convert("RGB"))
    return Photo(rgb, alpha, colour)


def flat(side: int, colour: tuple[float, float, float]) -> NDArray[np.float64]:
    return np.broadcast_to(np.array(colour, dtype=np.float64), (side, side, 3)).copy()


def bottle(background: NDArray[np.float64], shadow: float = 0.5) -> Photo:
    """A red bottle with a white label."""
    side = len(background)
    shape, draw = canvas(side)
    draw.rounded_rectangle(box(draw, 0.36, 0.3, 0.64, 0.85), 80, fill=255)
    draw.rectangle(box(draw, 0.45, 0.14, 0.55, 0.32), fill=255)
    paint, pen = canvas(side, "RGB", (178, 32, 44))
    pen.rectangle(box(pen, 0.40, 0.45, 0.60, 0.7), fill=(254, 254, 254))
    pen.rectangle(box(pen, 0.44, 0.14, 0.56, 0.22), fill=(24, 24, 28))
    alpha = shrink(shape) / 255
    return photograph(alpha, shrink(paint), contact_shadow(background, alpha, shadow))


def white_mug(background: NDArray[np.float64], edge: float = 30.0, shadow: float = 0.35) -> Photo:
    """A white mug with a handle; ``edge`` is how many levels its sides are darker than its white front."""
    side = len(background)
    shape, draw = canvas(side)
    draw.ellipse(box(draw, 0.58, 0.38, 0.82, 0.68), fill=255)
    draw.ellipse(box(draw, 0.63, 0.44, 0.77, 0.62), fill=0)
    draw.rounded_rectangle(box(draw, 0.28, 0.28, 0.66, 0.8), 90, fill=255)
    alpha = shrink(shape) / 255
    inside = ndimage.distance_transform_edt(alpha > 0.5) / side
    shade = edge * np.exp(-inside / 0.018)
    level = np.minimum(background.max() - shade, 254)
    return photograph(
        alpha, np.repeat(level[..., None], 3, axis=2), contact_shadow(background, alpha, shadow)
    )


def ring_light(background: NDArray[np.float64]) -> Photo:
    """A dark ring on a stand: the background shows through it."""
    side = len(background)
    shape, draw = canvas(side)
    draw.ellipse(box(draw, 0.25, 0.12, 0.75, 0.62), fill=255)
    draw.ellipse(box(draw, 0.33, 0.2, 0.67, 0.54), fill=0)
    draw.rectangle(box(draw, 0.47, 0.6, 0.53, 0.86), fill=255)
    return photograph(shrink(shape) / 255, flat(side, (40, 44, 60)), background)


def plush(background: NDArray[np.float64]) -> Photo:
    """A furry brown ball: strands of hair leave the body."""
    side = len(background)
    shape, draw = canvas(side)
    draw.ellipse(box(draw, 0.3, 0.3, 0.7, 0.75), fill=255)
    rng = np.random.default_rng(5)
    middle, radius = np.array([0.5, 0.525]) * side * _OVER, np.array([0.2, 0.225]) * side * _OVER
    for angle in rng.uniform(0, 2 * np.pi, 900):
        way = np.array([np.cos(angle), np.sin(angle)])
        start, end = middle + radius * way * 0.97, middle + radius * way * rng.uniform(1.02, 1.07)
        draw.line([*start, *end], fill=255, width=3)
    shape = shape.filter(ImageFilter.GaussianBlur(2))
    return photograph(shrink(shape) / 255, flat(side, (150, 104, 62)), background)


def grey_box(background: NDArray[np.float64]) -> Photo:
    """A neutral grey carton with three shaded faces and a contact shadow."""
    side = len(background)
    shape, draw = canvas(side)
    paint, pen = canvas(side, "RGB", (150, 150, 152))
    scale = side * _OVER
    faces = {
        (118, 118, 121): [(0.3, 0.35), (0.5, 0.42), (0.5, 0.85), (0.3, 0.76)],
        (156, 156, 158): [(0.5, 0.42), (0.74, 0.34), (0.74, 0.75), (0.5, 0.85)],
        (190, 190, 191): [(0.3, 0.35), (0.52, 0.28), (0.74, 0.34), (0.5, 0.42)],
    }
    for fill, corners in faces.items():
        points = [(x * scale, y * scale) for x, y in corners]
        draw.polygon(points, fill=255)
        pen.polygon(points, fill=fill)
    alpha = shrink(shape) / 255
    return photograph(alpha, shrink(paint), contact_shadow(background, alpha, 0.5))
