"""Tileable noise and the small tools that textures are mixed with. Deterministic, plain numpy and scipy.

Fields are float32 [S, S], row 0 on top, and continue across opposite edges. Frequencies are in cycles per
tile, so that a texture looks alike at any resolution.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Field = NDArray[np.float32]
Picture = NDArray[np.float32]  # [S, S, 3], sRGB 0 to 255


def fbm(
    size: int | tuple[int, int],
    seed: int,
    fall: float = 1.8,
    low: float = 1.0,
    high: float = 1e9,
    stretch: tuple[float, float] = (1.0, 1.0),
) -> Field:
    """Cloud-like noise of mean 0 and deviation 1, made in the frequency domain.

    Amplitude falls as frequency to the power ``-fall`` between ``low`` and ``high``; ``stretch`` (x, y)
    draws the pattern out along an axis, as wood fibres are.
    """
    rows, cols = (size, size) if isinstance(size, int) else size
    fx = np.fft.rfftfreq(cols, 1 / cols)[None].astype(np.float32) * stretch[0]
    fy = np.fft.fftfreq(rows, 1 / rows)[:, None].astype(np.float32) * stretch[1]
    frequency = np.sqrt(fx * fx + fy * fy)
    frequency[0, 0] = np.inf
    gain = np.power(frequency, -fall) / (1 + (low / frequency) ** 8) / (1 + (frequency / high) ** 4)
    gain[0, 0] = 0.0
    white = np.random.default_rng(seed).standard_normal((rows, cols), np.float32)
    noise = np.fft.irfft2(np.fft.rfft2(white) * gain, s=(rows, cols)).astype(np.float32)
    return np.asarray(noise / max(float(noise.std()), 1e-9), np.float32)


def plane(size: int | tuple[int, int]) -> tuple[Field, Field]:
    """Pixel centres x (to the right) and y (down), both in 0 to 1."""
    rows, cols = (size, size) if isinstance(size, int) else size
    x, y = (np.arange(cols) + 0.5) / cols, (np.arange(rows) + 0.5) / rows
    return np.broadcast_to(x, (rows, cols)).astype(np.float32), np.broadcast_to(
        y[:, None], (rows, cols)
    ).astype(np.float32)


def sample(field: NDArray[Any], x: Field, y: Field) -> NDArray[Any]:
    """``field`` [S, S] or [S, S, C] looked up at ``x``, ``y`` in tiles (any real numbers), bilinear."""
    from scipy.ndimage import map_coordinates

    rows, cols = field.shape[:2]
    at = np.stack([y * rows - 0.5, x * cols - 0.5])
    layers = [field] if field.ndim == 2 else list(np.moveaxis(field, -1, 0))
    found = [map_coordinates(layer, at, order=1, mode="grid-wrap") for layer in layers]
    return np.asarray(found[0] if field.ndim == 2 else np.stack(found, axis=-1))


def cells(size: int, count: int, seed: int, warp: float = 0.0) -> tuple[Field, Field, NDArray[np.int64]]:
    """Voronoi cells of ``count`` random points: distance to the nearest and second one, and its number.

    Distances are in typical cell widths; ``warp`` bends the borders, in cell widths.
    """
    from scipy.spatial import cKDTree

    points = np.random.default_rng(seed).random((count, 2))
    x, y = plane(size)
    if warp > 0:
        bend = warp / np.sqrt(count)
        x = x + bend * fbm(size, seed + 1, low=np.sqrt(count))
        y = y + bend * fbm(size, seed + 2, low=np.sqrt(count))
    at = np.stack([x % 1.0, y % 1.0], axis=-1).reshape(-1, 2).astype(float)
    found, index = cKDTree(points, boxsize=1.0 + 1e-12).query(at, k=2, eps=0.05)
    near = (found * np.sqrt(count)).astype(np.float32).reshape(size, size, 2)
    return near[..., 0], near[..., 1], np.asarray(index[:, 0].reshape(size, size), np.int64)


def step(low: float, high: float, x: NDArray[Any]) -> Field:
    """Smooth rise from 0 at ``low`` to 1 at ``high`` (which may be the smaller one)."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def unit_range(x: Field, cut: float = 0.5) -> Field:
    """The field scaled to 0 to 1 between its lowest and highest ``cut`` percent."""
    low, high = np.percentile(x[::4, ::4], [cut, 100 - cut])
    return np.asarray(np.clip((x - low) / max(float(high - low), 1e-9), 0, 1), np.float32)


def ramp(t: Field, *colours: Sequence[float]) -> Picture:
    """Colours (sRGB 0 to 255) blended evenly along ``t`` in 0 to 1."""
    stops = np.linspace(0, 1, len(colours))
    table = np.array(colours, float)
    return np.stack([np.interp(t, stops, table[:, k]) for k in range(3)], axis=-1).astype(np.float32)


def mix(a: ArrayLike, b: ArrayLike, t: Field) -> Picture:
    """``a`` where ``t`` is 0, ``b`` where it is 1; each a colour or a picture."""
    first, second = np.asarray(a, np.float32), np.asarray(b, np.float32)
    return np.asarray(first + (second - first) * t[..., None], np.float32)


def rgb8(picture: Picture) -> NDArray[np.uint8]:
    return (np.clip(picture, 0, 255) + 0.5).astype(np.uint8)
