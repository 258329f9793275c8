"""Tileable noise and the small tools that textures are mixed with. Deterministic, plain numpy and scipy.

Fields are float32 [S, S], row 0 on top, and continue across opposite edges. Frequencies are in cycles per
tile, so that a texture looks alike at any resolution.
"""

from __future__ import annotations

import functools
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
    from scipy.fft import irfft2, rfft2

    rows, cols = (size, size) if isinstance(size, int) else size
    fx = np.fft.rfftfreq(cols, 1 / cols).astype(np.float32)[None] * np.float32(stretch[0])
    fy = np.fft.fftfreq(rows, 1 / rows).astype(np.float32)[:, None] * np.float32(stretch[1])
    square = fx * fx + fy * fy
    square[0, 0] = np.inf
    gain = np.power(square, np.float32(-fall / 2))
    if low > 1.0:
        gain /= 1 + (np.float32(low * low) / square) ** 4
    if high < cols / 2:
        gain /= 1 + (square / np.float32(high * high)) ** 2
    white = np.random.default_rng(seed).standard_normal((rows, cols), np.float32)
    noise = irfft2(rfft2(white) * gain, s=(rows, cols))
    return np.asarray(noise / max(float(noise.std()), 1e-9), np.float32)


def plane(size: int | tuple[int, int]) -> tuple[Field, Field]:
    """Pixel centres x (to the right) and y (down), both in 0 to 1."""
    rows, cols = (size, size) if isinstance(size, int) else size
    x, y = (np.arange(cols) + 0.5) / cols, (np.arange(rows) + 0.5) / rows
    return np.broadcast_to(x, (rows, cols)).astype(np.float32), np.broadcast_to(
        y[:, None], (rows, cols)
    ).astype(np.float32)


def sample(field: NDArray[Any], x: Field, y: Field) -> Picture:
    """``field`` [S, S] or [S, S, C] looked up at ``x``, ``y`` in tiles (any real numbers), bilinear."""
    rows, cols = field.shape[:2]
    px, py = x * np.float32(cols) - np.float32(0.5), y * np.float32(rows) - np.float32(0.5)
    left, top = np.floor(px), np.floor(py)
    fx, fy = (px - left).astype(np.float32), (py - top).astype(np.float32)
    a, b = left.astype(np.int32) % cols, top.astype(np.int32) % rows * cols
    c, d = (a + 1) % cols, (b + cols) % (rows * cols)
    if field.ndim == 3:
        fx, fy = fx[..., None], fy[..., None]
    flat = field.reshape(rows * cols, *field.shape[2:])
    above, below = (flat[a + r] * (1 - fx) + flat[c + r] * fx for r in (b, d))
    return np.asarray(above * (1 - fy) + below * fy, np.float32)


def cells(size: int, across: int, seed: int, warp: float = 0.0) -> tuple[Field, Field, NDArray[np.int32]]:
    """Voronoi cells, ``across`` squared of them: distance to the nearest and second seed, and its number.

    Distances are in cell widths; ``warp`` bends the borders, in cell widths.
    """
    rng = np.random.default_rng(seed)
    jitter = rng.random((2, across * across), np.float32)
    x, y = (axis * np.float32(across) for axis in plane(size))
    if warp > 0:
        x = x + np.float32(warp) * fbm(size, seed + 1, low=across)
        y = y + np.float32(warp) * fbm(size, seed + 2, low=across)
    col, row = np.floor(x), np.floor(y)
    nearest, second = np.full((2, size, size), 9.0, np.float32)
    number = np.zeros((size, size), np.int32)
    for step_y in (-1, 0, 1):
        for step_x in (-1, 0, 1):
            c, r = col + step_x, row + step_y
            index = (r.astype(np.int32) % across) * across + c.astype(np.int32) % across
            square = (c + jitter[0][index] - x) ** 2 + (r + jitter[1][index] - y) ** 2
            closer = square < nearest
            second = np.where(closer, nearest, np.minimum(second, square))
            nearest = np.where(closer, square, nearest)
            number = np.where(closer, index, number)
    return np.sqrt(nearest), np.sqrt(second), number


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
    """The picture rounded to bytes."""
    return (np.clip(picture, 0, 255) + 0.5).astype(np.uint8)


def veins(size: int, seed: int, low: float, width: float, bend: float) -> Field:
    """Cracks of varying thickness, 0 to 1: the zero lines of a bent noise, fading in and out."""
    x, y = plane(size)
    dx, dy, thin = (np.roll(f, (seed * 71, seed * 113), (0, 1)) for f in _flow(size))
    shape = fbm(size, seed, 3.0, low, 60, (1.0, 1.7)) + 0.03 * fbm(size, seed + 5, 1.2, 6)
    at_x, at_y = x + bend * (0.7 * dx + 0.3 * dy), y + bend * dy
    line = sample(shape, at_x.astype(np.float32), at_y.astype(np.float32))
    thick = width * (0.2 + 1.8 * unit_range(thin.astype(np.float32)) ** 2)
    edge = np.exp(-np.abs(line) / thick)
    return np.asarray(edge * step(-1.2, 0.6, dy[:, ::-1]), np.float32)


@functools.lru_cache(maxsize=2)
def _flow(size: int) -> tuple[Field, Field, Field]:
    """Bends along x and y, and thickness: shared by all veins, each at another offset."""
    return fbm(size, 58), fbm(size, 59), fbm(size, 60, 2.0, 2)
