"""Where a network sees the product: two looks at a photo, how far they differ, and a third where they do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from caig_cli.cutouts.masks import MaskPart, Window, grown, parts
from caig_cli.cutouts.segmentation import Segmenter

Floats = NDArray[np.floating]
Pixels = NDArray[np.uint8]

MARGIN = 0.15
"""Share of a photo's longer side that is put around it where the product fills it."""

_CLOSER = 0.7
"""Share of a photo up to which the product's surroundings are looked at alone."""

_APART, _LARGE = 0.35, 0.02
"""Difference of both looks from which neither is believed, and the share of the product from which a part of
it is looked at by itself."""

_AROUND = 0.3
"""Share of such a part's longer side that is seen around it."""


@dataclass(frozen=True, slots=True)
class NetworkPrior:
    """``share`` [H, W] in 0..1: how much each place is product, by both looks. ``apart`` [H, W]: by how much
    they differ.
    """

    share: Floats
    apart: Floats


def find_prior(rgb: Pixels, network: Segmenter) -> NetworkPrior:
    """Where the network sees the product in a photo [H, W, 3]: by two looks, and by a third, nearer one at
    each large part of which they say the opposite, such as a pot, struts, or what a loop encloses.
    """
    prior = _two_looks(rgb, network)
    for part in _contested(prior):
        near = _around(part.window, prior.share.shape)
        share, apart = prior.share[part.window], prior.apart[part.window]
        seen = np.zeros_like(prior.share)
        seen[near] = _seen(rgb[near], network)
        share[part.mask] = seen[part.window][part.mask]
        apart[part.mask] = 0
    return prior


def _contested(prior: NetworkPrior) -> list[MaskPart]:
    """The large parts of which the two looks say the opposite; along outlines they always differ a little.

    Not at the photo's border, where shadows and mirror images go on that look like products by themselves.
    """
    apart = (prior.apart > _APART) & (prior.share > 0.05) & (prior.share < 0.95)
    least = _LARGE * float((prior.share > 0.5).sum())
    found = [part for part in parts(grown(apart, 3)) if not part.at_frame]
    return [part for part in found if (apart[part.window] & part.mask).sum() > least]


def _around(window: Window, shape: tuple[int, ...]) -> Window:
    """A part with what is near it."""
    rows, columns = window
    margin = round(_AROUND * max(rows.stop - rows.start, columns.stop - columns.start))
    return (
        slice(max(0, rows.start - margin), min(shape[0], rows.stop + margin)),
        slice(max(0, columns.start - margin), min(shape[1], columns.stop + margin)),
    )


def _two_looks(rgb: Pixels, network: Segmenter) -> NetworkPrior:
    """Where the network sees the product in a photo [H, W, 3], by two looks.

    The first is at the whole photo. The second is mirrored left to right: what a network is not sure of it
    sees otherwise there. A small product is looked at closer by, which shows thin parts and holes: the mean
    in log odds counts, so that the look counts that is sure. Of a product that fills its photo the second
    look has a margin around it, without which networks often see a part of it only: what one of both sees
    is product.
    """
    first = _seen(rgb, network)
    nothing = np.zeros_like(first)
    if not (first > 0.5).any():
        return NetworkPrior(first, nothing)
    box = _Box.of(first > 0.5)
    colour = _even_border(rgb) if box.fills(first.shape) else None
    if colour is not None:
        second = _with_margin(rgb, network, colour)
        return NetworkPrior(np.maximum(first, second), np.abs(first - second))
    window = box.surroundings(first.shape)
    if first[window].size > _CLOSER * first.size:
        return NetworkPrior(first, np.abs(first - _mirrored(rgb, network)))
    second = _mirrored(rgb[window], network)
    share = first.copy()
    share[window] = 1 / (1 + np.exp(-(_log_odds(first[window]) + _log_odds(second)) / 2))
    nothing[window] = np.abs(first[window] - second)
    return NetworkPrior(share, nothing)


@dataclass(frozen=True, slots=True)
class _Box:
    """What a product takes of its photo, in pixels."""

    top: int
    bottom: int
    left: int
    right: int

    @classmethod
    def of(cls, mask: NDArray[np.bool_]) -> _Box:
        rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
        return cls(int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1)

    def fills(self, shape: tuple[int, ...]) -> bool:
        """Whether a large product comes near to a border."""
        height, width = shape
        large = (self.bottom - self.top) * (self.right - self.left) > 0.3 * height * width
        nearest = min(self.top, self.left, height - self.bottom, width - self.right)
        return large and nearest < 0.03 * max(height, width)

    def surroundings(self, shape: tuple[int, ...]) -> Window:
        height, width = shape
        margin = int(0.12 * max(self.bottom - self.top, self.right - self.left)) + 1
        return (
            slice(max(0, self.top - margin), min(height, self.bottom + margin)),
            slice(max(0, self.left - margin), min(width, self.right + margin)),
        )


def _even_border(rgb: Pixels) -> Pixels | None:
    """The colour [3] along the photo's borders; None where most of them differ from each other."""
    lines = [rgb[:4], rgb[-4:], rgb[:, :4], rgb[:, -4:]]
    pixels = np.concatenate([line.reshape(-1, 3) for line in lines])
    colour = np.median(pixels, axis=0)
    even = np.abs(pixels - colour).max(axis=-1) < 30
    return np.rint(colour).astype(np.uint8) if float(even.mean()) > 0.6 else None


def _with_margin(rgb: Pixels, network: Segmenter, colour: Pixels) -> Floats:
    """What the network sees in the photo [H, W] with a margin of ``colour`` around it."""
    height, width = rgb.shape[:2]
    margin = round(MARGIN * max(height, width))
    large = np.empty((height + 2 * margin, width + 2 * margin, 3), np.uint8)
    large[:] = colour
    large[margin : margin + height, margin : margin + width] = rgb
    return _seen(large, network)[margin : margin + height, margin : margin + width]


def _log_odds(share: Floats) -> Floats:
    share = np.clip(share, 0.01, 0.99)
    return np.asarray(np.log(share / (1 - share)))


def _mirrored(rgb: Pixels, network: Segmenter) -> Floats:
    return _seen(np.ascontiguousarray(rgb[:, ::-1]), network)[:, ::-1]


def _seen(rgb: Pixels, network: Segmenter) -> Floats:
    mask = network.predict(rgb)
    image = Image.fromarray(mask).resize((rgb.shape[1], rgb.shape[0]), Image.Resampling.BICUBIC)
    # Networks that stretch their output seldom reach both ends again.
    return np.clip((np.asarray(image) - 0.03) / 0.94, 0, 1)
