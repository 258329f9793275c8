"""What is printed on products: label textures with colour fields, marks, a name and small print."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from caig_cli.painters.studio.materials import Colour

Texture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Print:
    """What a label says, and its sRGB colours: ``ground`` below, ``accent`` for marks, ``ink`` for text."""

    brand: str
    noun: str
    ground: Colour
    accent: Colour
    ink: Colour


def lightness(colour: Colour) -> float:
    """Rough perceived lightness of an sRGB colour, 0 to 1."""
    return (0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]) / 255


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """``share`` of b in a."""
    r, g, bl = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return r, g, bl


def readable_on(colour: Colour) -> Colour:
    """Dark or light ink, whichever can be read on the colour."""
    return (34, 32, 34) if lightness(colour) > 0.5 else (246, 242, 234)


def front(rng: random.Random, text: Print, size: tuple[int, int]) -> Texture:
    """The front of a box, pouch or tin, [H, W, 3]: art below, name and lines above it."""
    image = Image.new("RGB", size, text.ground)
    draw = ImageDraw.Draw(image)
    rng.choice(ART)(draw, rng, text, (0, 0, *size))
    _name(draw, rng, text, (0, 0, *size))
    return np.asarray(image)


def around(
    rng: random.Random, text: Print, aspect: float, body: Colour, share: float | None = None
) -> Texture:
    """A texture that goes once around a round body, its label in front (the middle); [H, W, 3].

    ``aspect`` is circumference by height. ``body`` shows beside the label, which takes ``share`` of the way
    around; None: anything between a patch and a full wrap.
    """
    height = 160
    width = max(64, min(1024, round(height * aspect)))
    image = Image.new("RGB", (width, height), body)
    draw = ImageDraw.Draw(image)
    portion = share if share is not None else rng.choice((0.3, 0.36, 0.42, 1.0))
    half = round(width * portion / 2)
    low, high = (
        (0, height)
        if share is not None or rng.random() < 0.4
        else (round(height * 0.08), round(height * 0.94))
    )
    field = (width // 2 - half, low, width // 2 + half, high)
    draw.rectangle(field, fill=text.ground)
    rng.choice(ART)(draw, rng, text, field)
    seen = round(width * 0.135)  # the part that faces the camera
    _name(draw, rng, text, (width // 2 - min(half, seen), low, width // 2 + min(half, seen), high))
    return np.asarray(image)


Field = tuple[int, int, int, int]  # left, top, right, bottom in pixels


def _name(draw: ImageDraw.ImageDraw, rng: random.Random, text: Print, field: Field) -> None:
    left, top, right, bottom = field
    width, height = right - left, bottom - top
    middle, y = (left + right) / 2, top + height * rng.uniform(0.1, 0.24)
    size = _fitting(text.brand, width * 0.84, height * 0.2)
    draw.text((middle, y), text.brand, text.ink, _font(size), anchor="mt")
    y += size * 1.25
    words = text.noun if len(text.noun) < 16 else text.noun.split()[-1]
    small = _fitting(words, width * 0.7, height * 0.1)
    draw.text((middle, y), words, mix(text.ink, text.ground, 0.15), _font(small), anchor="mt")
    y += small * 1.8
    for _ in range(rng.randrange(0, 4)):
        reach = width * rng.uniform(0.12, 0.34)
        draw.line(
            (middle - reach, y, middle + reach, y), mix(text.ink, text.ground, 0.45), max(1, height // 90)
        )
        y += height * 0.045
    if rng.random() < 0.5:
        draw.text(
            (middle, bottom - height * 0.07), rng.choice(SMALL), text.ink, _font(height * 0.07), anchor="mb"
        )


SMALL = (
    "500 ml",
    "250 g",
    "30 ml",
    "NEW",
    "100% natural",
    "12",
    "N\u00ba 5",
    "original",
    "1 kg",
    "XL",
    "\u2605\u2605\u2605",
)


def _fitting(words: str, width: float, tallest: float) -> float:
    return max(5.0, min(tallest, width / max(1, len(words)) * 1.75))


def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=max(5, round(size)))


def _plain(draw: ImageDraw.ImageDraw, rng: random.Random, text: Print, field: Field) -> None:
    """A quiet label: thin rules only."""
    left, top, right, bottom = field
    inset = (bottom - top) // 24
    draw.rectangle((left + inset, top + inset, right - inset, bottom - inset), outline=text.accent, width=2)


def _bands(draw: ImageDraw.ImageDraw, rng: random.Random, text: Print, field: Field) -> None:
    left, top, right, bottom = field
    y = top + (bottom - top) * rng.uniform(0.55, 0.75)
    for _ in range(rng.randrange(1, 4)):
        thick = (bottom - top) * rng.uniform(0.03, 0.14)
        draw.rectangle((left, y, right, y + thick), fill=mix(text.accent, text.ground, rng.uniform(0, 0.4)))
        y += thick * 1.5


def _halves(draw: ImageDraw.ImageDraw, rng: random.Random, text: Print, field: Field) -> None:
    left, top, right, bottom = field
    y = top + (bottom - top) * rng.uniform(0.5, 0.7)
    tilt = (bottom - top) * rng.uniform(-0.15, 0.15)
    draw.polygon([(left, y - tilt), (right, y + tilt), (right, bottom), (left, bottom)], fill=text.accent)


def _waves(draw: ImageDraw.ImageDraw, rng: random.Random, text: Print, field: Field) -> None:
    left, top, right, bottom = field
    for k in range(rng.randrange(2, 4)):
        base = top + (bottom - top) * (0.58 + 0.13 * k)
        phase, high = rng.uniform(0, 6), (bottom - top) * 0.05
        line = [
            (x, base + high * math.sin(phase + (x - left) * 12 / (bottom - top)))
            for x in range(left, right + 1, 3)
        ]
        colour = mix(text.accent, text.ground, 0.5 - 0.25 * k)
        draw.polygon([*line, (right, bottom), (left, bottom)], fill=colour)


def _disc(draw: ImageDraw.ImageDraw, rng: random.Random, text: Print, field: Field) -> None:
    left, top, right, bottom = field
    x, y = (left + right) / 2, top + (bottom - top) * rng.uniform(0.66, 0.76)
    for k, share in enumerate((0.24, 0.17, 0.1)):
        r = (bottom - top) * share
        colour = (text.accent, mix(text.accent, (255, 255, 255), 0.45), mix(text.accent, (20, 20, 20), 0.2))[
            k
        ]
        draw.ellipse((x - r, y - r, x + r, y + r), fill=colour)


def _flowers(draw: ImageDraw.ImageDraw, rng: random.Random, text: Print, field: Field) -> None:
    left, top, right, bottom = field
    petals = rng.randrange(4, 8)
    for _ in range(max(4, (right - left) // 16)):
        x, y = rng.uniform(left, right), top + (bottom - top) * rng.uniform(0.55, 1.0)
        r = (bottom - top) * rng.uniform(0.025, 0.07)
        colour = mix(text.accent, text.ground, rng.uniform(0, 0.5))
        for k in range(petals):
            px, py = x + r * math.cos(k * math.tau / petals), y + r * math.sin(k * math.tau / petals)
            draw.ellipse((px - r * 0.6, py - r * 0.6, px + r * 0.6, py + r * 0.6), fill=colour)
        draw.ellipse((x - r * 0.4, y - r * 0.4, x + r * 0.4, y + r * 0.4), fill=text.ink)


def _leaves(draw: ImageDraw.ImageDraw, rng: random.Random, text: Print, field: Field) -> None:
    left, top, right, bottom = field
    for _ in range(max(4, (right - left) // 22)):
        x, y = rng.uniform(left, right), top + (bottom - top) * rng.uniform(0.6, 0.98)
        long, turn = (bottom - top) * rng.uniform(0.08, 0.16), rng.uniform(0, math.tau)
        dx, dy = long * math.cos(turn), long * math.sin(turn)
        wide = 0.3
        points = [
            (x - dx, y - dy),
            (x - dy * wide, y + dx * wide),
            (x + dx, y + dy),
            (x + dy * wide, y - dx * wide),
        ]
        draw.polygon(points, fill=mix(text.accent, text.ground, rng.uniform(0, 0.45)))


def _dots(draw: ImageDraw.ImageDraw, rng: random.Random, text: Print, field: Field) -> None:
    left, top, right, bottom = field
    step = max(6, (bottom - top) // rng.randrange(8, 16))
    for row, y in enumerate(range(top + (bottom - top) // 2, bottom, step)):
        for x in range(left + (row % 2) * step // 2, right, step):
            r = step * 0.28
            draw.ellipse((x - r, y - r, x + r, y + r), fill=text.accent)


ART: tuple[Callable[[ImageDraw.ImageDraw, random.Random, Print, Field], None], ...] = (
    _plain, _bands, _halves, _waves, _disc, _flowers, _leaves, _dots,
)  # fmt: skip
