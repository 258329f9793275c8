"""A product as pixels: cut out, cropped, with edge colours that belong to the product.

The colours stored at half-transparent edge pixels of most files are mixed with the background the
product once stood on; composited on a dark set they glow. They are replaced by colours estimated
from the solid pixels beside them, or by matting where alpha had to be found. Solid pixels are never touched.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product as pairs
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from caig_cli.errors import ItemError

Pixels = NDArray[np.uint8]

SOLID = 250
"""Alpha from which a pixel counts as wholly product."""

VISIBLE = 16
"""Alpha from which a pixel counts for the extent of the product; fainter ones are export noise."""

_RINGING = 6
"""Lanczos leaves ripples of up to 2 % in alpha beside a hard edge; within this distance of 0 or 255 they
are rounded away, so that the interior stays solid and the outside empty."""

DOUBTFUL = 0.5
"""Doubt above which a cut-out is not used unless the user says so."""

Edge = Literal["left", "top", "right", "bottom"]
"""A side of a photo."""


@dataclass(frozen=True, slots=True)
class CutoutFacts:
    """How a cut-out came to be.

    ``method``: ``alpha`` (the file's own), ``mask``, ``plain`` (by the backdrop's colour), ``network`` or
    ``network+plain``. ``model``: the network, where one was asked. ``doubt``: 0 (sure) to 1. ``notes``: what
    was removed, kept or doubtful, one sentence each.
    """

    method: str = "alpha"
    model: str | None = None
    doubt: float = 0.0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """A product without background.

    ``rgba`` is uint8 [H, W, 4], sRGB with straight alpha, cropped to the product's bounding box;
    colours at soft edges are the product's own. Read-only. ``cut_off``: sides of the photo at which the
    product goes on beyond the frame.
    """

    rgba: Pixels
    cut_off: frozenset[Edge] = frozenset()
    facts: CutoutFacts = CutoutFacts()

    def __post_init__(self) -> None:
        self.rgba.setflags(write=False)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.rgba.shape[1], self.rgba.shape[0]


@lru_cache(maxsize=1)
def resize(cutout: Cutout, size: tuple[int, int]) -> Cutout:
    """The cut-out at (width, height) pixels: one Lanczos of the premultiplied RGBA.

    The last one is kept: an ad is composed of it, then measured by it.
    """
    width, height = max(1, size[0]), max(1, size[1])
    if (width, height) == cutout.size:
        return cutout
    whole = cutout.rgba[..., 3].astype(np.float32)
    share = whole / 255
    # In floats, because the filter overshoots beside edges: colour and alpha alike, so that their quotient
    # is right, but bytes would clip only the alpha. Plane by plane, which takes half the time.
    planes = [np.multiply(cutout.rgba[..., c], share, dtype=np.float32) for c in range(3)] + [whole]
    small = np.stack([_lanczos(plane, (width, height)) for plane in planes], axis=-1)
    alpha = small[..., 3:]
    small[..., :3] *= 255 / np.maximum(alpha, 1.0)
    alpha[alpha <= _RINGING] = 0
    alpha[alpha >= 255 - _RINGING] = 255
    return replace(cutout, rgba=np.clip(small + 0.5, 0, 255).astype(np.uint8))


def _lanczos(plane: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    return np.asarray(Image.fromarray(plane).resize(size, Image.Resampling.LANCZOS))


def finish(
    rgb: Pixels, alpha: Pixels, name: str, *, alpha_from: Literal["file", "mask", "matting"] = "file"
) -> Cutout:
    """Cut-out from rgb [H, W, 3] and alpha [H, W]: specks dropped, cropped, edge colours estimated.

    What matting gives has the product's own colours already.
    """
    alpha = _without_specks(alpha)
    rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    if min(rows.size, columns.size) < 4:
        raise ItemError(f"{name}: no product is visible in it; check the image or give a mask")
    window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    rgba = np.dstack([rgb[window], alpha[window]])
    if alpha_from == "mask":
        _colour_from_solid(rgba)
    if alpha_from != "matting":
        _clean_edges(rgba)
    rgba[rgba[..., 3] == 0] = 0
    return Cutout(rgba)


def _without_specks(alpha: Pixels) -> Pixels:
    """Alpha without export noise: invisible haze, and stray dots that would move the bounding box."""
    visible: Any
    visible, count = ndimage.label(alpha >= VISIBLE, structure=np.ones((3, 3), dtype=bool))
    if count == 0:
        return np.zeros_like(alpha)
    areas = np.bincount(visible.ravel())
    areas[0] = 0
    keep = areas >= max(4.0, 2e-4 * float(areas.max()))
    kept = ndimage.maximum_filter(keep[visible].astype(np.uint8), size=5).astype(bool)
    return np.where(kept & (alpha >= 4), alpha, 0).astype(np.uint8)


def _clean_edges(rgba: Pixels) -> None:
    """Replaces, in place, the colours of soft pixels between solid product and nothing.

    Each becomes the mean of the solid pixels near it, weighted by a Gaussian of the distance. Only the
    edge band is changed: wide translucent areas (glass, veils) keep their own colours.
    """
    alpha = rgba[..., 3]
    radius = int(np.clip(max(alpha.shape) // 300, 3, 8))
    solid = np.pad(alpha >= SOLID, radius)
    empty = np.pad(alpha < VISIBLE, radius, constant_values=True)
    reach = 2 * radius + 1
    near_solid = ndimage.maximum_filter(solid.astype(np.uint8), size=reach)
    near_empty = ndimage.maximum_filter(empty.astype(np.uint8), size=reach)
    rows, columns = np.nonzero((near_solid & near_empty).astype(bool) & ~solid & np.pad(alpha > 0, radius))
    colours = np.pad(rgba[..., :3], ((radius, radius), (radius, radius), (0, 0)))
    total = np.zeros((rows.size, 3), dtype=np.float32)
    weight = np.zeros((rows.size, 1), dtype=np.float32)
    for dy, dx in pairs(range(-radius, radius + 1), repeat=2):
        falloff = np.exp(-(dy * dy + dx * dx) / (0.5 * radius * radius))
        share = falloff * solid[rows + dy, columns + dx, None].astype(np.float32)
        total += share * colours[rows + dy, columns + dx]
        weight += share
    rgba[rows - radius, columns - radius, :3] = np.rint(total / weight).astype(np.uint8)


def _colour_from_solid(rgba: Pixels) -> None:
    """Gives, in place, soft pixels the colour of the nearest solid one.

    In a masked photo every soft pixel is mixed with the background, also in hair far from the body;
    beyond 3 % of the product's size it is glass rather than hair, and keeps its colour.
    """
    solid = rgba[..., 3] >= SOLID
    if not solid.any():
        return
    distance: Any
    distance, (rows, columns) = ndimage.distance_transform_edt(~solid, return_indices=True)
    near = ~solid & (distance <= 0.03 * max(solid.shape))
    rgba[near, :3] = rgba[rows[near], columns[near], :3]
