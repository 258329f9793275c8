"""Soft alpha and the product's own colours at soft edges, on scipy alone; and their enlargement.

Levin, Lischinski, Weiss: A Closed-Form Solution to Natural Image Matting, 2008. He, Sun: Fast Guided Filter,
2015. Germer et al.: Fast Multi-Level Foreground Estimation, 2020.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from caig_cli.cutouts.filters import largest, smallest
from caig_cli.cutouts.linear import solve_symmetric

Floats = NDArray[np.floating]
Mask = NDArray[np.bool_]
Pixels = NDArray[np.uint8]
Indices = NDArray[np.intp]

_EPSILON = 1e-6
"""Regularisation of the colours of a window, in 0..1; ten times Levin's, for compressed photos."""

_TIE = 1e-6
"""Weight of the guess: it keeps the system regular where a flat region is tied to nothing."""


def solve_alpha(image: Floats, known: Mask, guess: Floats, trust: Floats | None = None) -> Floats:
    """Alpha [H, W] in 0..1: ``guess`` (0 or 1) where ``known``, elsewhere the closed-form matte.

    ``image`` [H, W, 3] in 0..1. ``trust`` [H, W]: weight of the guess at unknown pixels, beside the colours'
    smoothness of about 1; without it they keep the guess only where nothing ties them to known ones.
    """
    alpha = guess.copy()
    inside = np.flatnonzero(~known)
    if inside.size == 0:
        return alpha
    values, columns = _laplacian(image, ~known)
    position = np.full(known.size, -1)
    position[inside] = np.arange(inside.size)
    unknown = position[columns] >= 0
    border = np.where(unknown, 0.0, values * np.where(known, guess, 0.0).ravel()[columns]).sum(axis=0)
    taken = unknown & (values != 0)
    rows = np.broadcast_to(np.arange(inside.size), columns.shape)[taken]
    tie = np.full(inside.size, _TIE) if trust is None else trust.ravel()[inside] + _TIE
    wanted = tie * guess.ravel()[inside] - border
    solution = solve_symmetric(values[taken], (rows, position[columns[taken]]), tie, wanted)
    alpha.ravel()[inside] = np.clip(solution, 0, 1)
    return alpha


def _laplacian(image: Floats, unknown: Mask) -> tuple[Floats, Indices]:
    """The matting Laplacian's rows of the N unknown pixels: values and columns [25, N], by 5x5 neighbour.

    It sums windows of 3x3 pixels; those without an unknown pixel and those beyond the photo are left out.
    """
    width = unknown.shape[1]
    touched = ndimage.binary_dilation(unknown, np.ones((3, 3), dtype=bool))
    touched[[0, -1]] = touched[:, [0, -1]] = False
    centres = np.flatnonzero(touched)
    steps = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    pixels = [centres + dy * width + dx for dy, dx in steps]
    colours = image.reshape(-1, 3)
    off = np.stack([colours[index].T for index in pixels])
    off -= off.mean(axis=0)
    spread = _whitened(off)

    inside = np.flatnonzero(unknown)
    # One place more takes what windows say of known pixels.
    position = np.full(unknown.size, inside.size)
    position[inside] = np.arange(inside.size)
    values = np.zeros((25, inside.size + 1))
    rows = [position[index] for index in pixels]
    for i, (y, x) in enumerate(steps):
        for j, (v, u) in enumerate(steps):
            affinity = (1 + (off[i] * spread[j]).sum(axis=0)) / 9
            values[(v - y + 2) * 5 + (u - x + 2), rows[i]] += float(i == j) - affinity
    reach = np.arange(-2, 3)
    columns = inside + (reach[:, None] * width + reach).reshape(25, 1)
    return values[:, :-1], np.clip(columns, 0, unknown.size - 1)


def _whitened(off: Floats) -> Floats:
    """Each window's colours [9, 3, N], less their mean, times the inverse of their covariance."""
    covariance = np.einsum("icn,idn->cdn", off, off) / 9
    covariance[[0, 1, 2], [0, 1, 2]] += _EPSILON / 9
    (a, b, c), (_, d, e), (_, _, f) = covariance
    adjugate = np.array(
        [
            [d * f - e * e, c * e - b * f, b * e - c * d],
            [c * e - b * f, a * f - c * c, b * c - a * e],
            [b * e - c * d, b * c - a * e, a * d - b * b],
        ]
    )
    inverse = adjugate / (a * adjugate[0, 0] + b * adjugate[0, 1] + c * adjugate[0, 2])
    return np.asarray(np.einsum("icn,cdn->idn", off, inverse))


def product_colours(image: Floats, alpha: Floats) -> Floats:
    """The product's own colours [H, W, 3] in 0..1, without what the background adds at soft pixels.

    From coarse to fine, at each level a few steps of the two-layer model with smooth layers.
    """
    sizes = [alpha.shape]
    while max(sizes[-1]) > 2:
        sizes.append((max(1, sizes[-1][0] // 2), max(1, sizes[-1][1] // 2)))
    front = back = image.mean(axis=(0, 1), keepdims=True)
    for shape in reversed(sizes):
        level, share = _shrunk(image, shape), _shrunk(alpha[..., None], shape)
        front, back = _nearest(front, shape), _nearest(back, shape)
        steps = 10 if max(shape) <= 32 else 2 if max(shape) <= 256 else 1
        front, back = _layers(level, share, front, back, steps)
    return np.asarray(front)


def _layers(image: Floats, alpha: Floats, front: Floats, back: Floats, steps: int) -> tuple[Floats, Floats]:
    """Jacobi steps: both layers near their neighbours' mean, together they make the photo."""
    slope = sum(np.abs(np.gradient(alpha[..., 0], axis=axis)) for axis in (0, 1) if alpha.shape[axis] > 1)
    tie = 0.1 * (np.asarray(slope)[..., None] + 1e-3) + 1e-4
    rest_of = 1 - alpha
    scale = alpha**2 + rest_of**2 + tie
    for _ in range(steps):
        layers = np.concatenate([front, back], axis=-1)
        layers = ndimage.uniform_filter(layers, (3, 3, 1), mode="nearest")
        front, back = layers[..., :3], layers[..., 3:]
        rest = (image - alpha * front - rest_of * back) / scale
        front, back = np.clip(front + alpha * rest, 0, 1), np.clip(back + rest_of * rest, 0, 1)
    return front, back


def _shrunk(values: Floats, shape: tuple[int, int]) -> Floats:
    planes = [Image.fromarray(values[..., c].astype(np.float32)) for c in range(values.shape[-1])]
    small = [plane.resize(shape[::-1], Image.Resampling.BOX) for plane in planes]
    return np.stack([np.asarray(plane) for plane in small], axis=-1)


def _nearest(values: Floats, shape: tuple[int, int]) -> Floats:
    rows, columns = (np.arange(to) * be // to for to, be in zip(shape, values.shape[:2], strict=True))
    return np.asarray(values[rows[:, None], columns])


def enlarge_alpha(
    alpha: Floats, small: Floats | Pixels, large: Floats | Pixels, radius: int = 2
) -> NDArray[np.float32]:
    """Alpha of the ``large`` photo [H, W, 3] from that of its ``small`` copy [h, w, 3] (fast guided filter).

    In windows of the small copy alpha is fitted as a linear function of grey; the function's two
    coefficients are enlarged and applied to the large grey, so that the edge is as sharp as the photo's.
    The photos may have any unit, if it is the same.
    """
    guide, full = (_grey(photo) for photo in (small, large))

    def mean(values: Floats) -> Floats:
        return np.asarray(ndimage.uniform_filter(values, 2 * radius + 1))

    variance = mean(guide * guide) - mean(guide) ** 2
    slope = (mean(guide * alpha) - mean(guide) * mean(alpha)) / (variance + 1e-5 * max(1.0, guide.max()) ** 2)
    offset = mean(alpha) - slope * mean(guide)
    full *= enlarge(mean(slope), full.shape)
    full += enlarge(mean(offset), full.shape)
    # Windows wholly inside or outside say exactly 1 or 0; only the band between may be fitted.
    low = enlarge(smallest(alpha, 5), full.shape)
    high = enlarge(largest(alpha, 5), full.shape)
    np.clip(full, low, high, out=full)
    plain = high - low < 0.02
    full[plain] = enlarge(alpha, full.shape)[plain]
    return np.asarray(full)


def _grey(photo: Floats | Pixels) -> NDArray[np.float32]:
    red, green, blue = (photo[..., c].astype(np.float32) for c in range(3))
    return (red + green + blue) / np.float32(3)


def enlarge(
    values: Floats, shape: tuple[int, ...], window: tuple[slice, slice] | None = None
) -> NDArray[np.float32]:
    """Bilinear enlargement of [h, w] to ``shape``, pixel areas aligned; of that the ``window`` only."""
    rows, columns = window or (slice(0, shape[0]), slice(0, shape[1]))
    down, along = values.shape[0] / shape[0], values.shape[1] / shape[1]
    box = columns.start * along, rows.start * down, columns.stop * along, rows.stop * down
    size = columns.stop - columns.start, rows.stop - rows.start
    image = Image.fromarray(values.astype(np.float32))
    return np.asarray(image.resize(size, Image.Resampling.BILINEAR, box=box))


def fitted(rgb: Pixels, side: int) -> Pixels:
    """The photo at most ``side`` pixels long."""
    height, width = rgb.shape[:2]
    longest = max(height, width)
    if longest <= side:
        return rgb
    size = [max(8, round(length * side / longest)) for length in (width, height)]
    return np.asarray(Image.fromarray(rgb).resize((size[0], size[1]), Image.Resampling.BOX))


def stretched(alpha: Floats) -> Pixels:
    """Alpha in bytes; the solver's last percents are rounding, and would shine as a veil."""
    return np.asarray(np.rint(np.clip((alpha - 0.05) / 0.92, 0, 1) * 255), dtype=np.uint8)
