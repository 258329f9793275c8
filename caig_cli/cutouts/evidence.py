"""The maps [H, W] that are weighed against each other to say what in a photo is product."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from caig_cli.cutouts.background import Background
from caig_cli.cutouts.edges import WORKING_SIDE, Edges, apart, dotted, grey_of, span_of, texture
from caig_cli.cutouts.filters import largest
from caig_cli.cutouts.looks import NetworkPrior
from caig_cli.cutouts.masks import Mask, dilated, grown

Floats = NDArray[np.floating]

COLOURED = 40
"""Levels by which the channels of a coloured ground differ."""

_FAINT = 30
"""Levels from the background up to which a product's tone is near it: compression makes steps there."""

_FOREIGN = 0.08
"""Share of a product that has its coloured ground's hue, up to which that is ground seen through it."""

_KINDRED = 30
"""Levels off the ground's hue up to which a product's is like it: parts of it may happen to match."""

_PALE = 0.8
"""Share of the ground's light from which a neutral part is pale."""

_EVEN = 10
"""Standard deviation in levels up to which a shadow's ground is even."""

_TINTED = 30
"""Levels by which the product's light may change the hue of its shadow."""

_LIKELY = 0.9
"""Network's view from which a tinted place may as well be a dark part of the product."""

_OTHER = 0.2
"""Share of another hue that ground between pale parts has at the most."""

_SAMPLES = 48
"""Colours of the product that a shadow's hue is compared with."""

_TRACES = 0.07
"""Share of the contrast near by up to which a ground may be off its colour."""


class PhotoEvidence:
    """The maps that decisions are made on.

    ``levels`` [H, W, 3], and the same blurred.
    """

    def __init__(
        self, levels: Floats, soft: Floats, prior: NetworkPrior, background: Background, edges: Edges
    ) -> None:
        self.unit = max(prior.share.shape) / WORKING_SIDE
        self.levels, self.soft = levels, soft
        self.prior, self.differing = prior.share, prior.apart
        self.background, self.edges = background, edges
        colour, error, smooth = background.colour, background.error, background.smooth
        self.off, self.exact_off = apart(soft, colour), apart(levels, colour)
        # Compression and blur leave traces of the ground's neighbours in it, in proportion to the contrast.
        clearest = largest(self.off, 2 * round(6 * self.unit) + 1)
        away = self.off / np.maximum(np.maximum(5.0, 3.5 * error), _TRACES * clearest)
        self.alike, self.unlike = smooth & (away < 1), smooth & (away > 1.6)
        self.exactly = smooth & (away < 0.6)
        self.light = light = dotted(soft, colour) / np.maximum(dotted(colour, colour), 1.0)
        tint = apart(soft, light[..., None] * colour)
        # The darker the shadow, the more of its light comes from the product and has its hue.
        limit = np.maximum(6.0, 3.0 * error) + 12 * np.clip(1 - light, 0, 1)
        self.shaded = smooth & (light < 1) & (tint < limit) & ~self.alike
        # On a coloured ground its own hue in less light can only be a shadow.
        self.coloured = span_of(colour) > COLOURED
        self.grey = grey_of(levels)
        self.texture = texture(self.grey, self.shaded, self.unit)
        self.shadow = self.shaded & self.coloured & (light > 0.1) & (self.texture <= _EVEN)
        self.shadow |= self._tinted_shadow(light, tint)
        # The ground's hue in hardly less light, or brighter: shadow, halo, or a white part on white.
        self.pale = smooth & (light > _PALE) & (tint < np.maximum(8.0, 3.0 * error))
        # Of a hue that the product has nowhere, all is ground, however sure the network is.
        sure = (self.prior > 0.95) & smooth & self.coloured
        hue = (self.shadow | self.alike) & sure
        kindred = sure & (tint < _KINDRED) & (light > 0.3) & ~hue & ~grown(hue, 6 * self.unit)
        self.kindred = float(kindred.sum()) > _FOREIGN * float(sure.sum())
        self.foreign = (
            bool(sure.any()) and float(hue.sum()) < _FOREIGN * float(sure.sum()) and not self.kindred
        )
        if self.foreign:
            # Between white threads, say: more ground than product. A dark cord may be as mixed.
            keyed = smooth & self.coloured & (self.prior > 0.5) & (light > 1) & _diluted(soft, colour)
            if float((keyed & sure & ~hue).sum()) < _FOREIGN * float(sure.sum()):
                self.shadow |= keyed
        self.faint = smooth & (clearest < np.minimum(10 + 2 * error, _FAINT))
        # Where no colour says exactly what is product: on a busy ground; what is faint comes on top.
        self.unclear = grown(~smooth, 8 * self.unit)
        self.near_edge = dilated(edges.sharp, 2)
        around = grown(self.prior > 0.5, 30 * self.unit) & (self.prior <= 0.5)
        # Whether most of what lies around the product has no even colour.
        self.busy = bool(around.any()) and float(smooth[around].mean()) < 0.5

    def _tinted_shadow(self, light: Floats, tint: Floats) -> Mask:
        """Ground [H, W] of a colour in shadow that the product's own light has tinted.

        Nearer in hue to the ground than to anything that is surely product. ``light`` [H, W]: share of the
        ground's light; ``tint`` [H, W]: levels that remain.
        """
        asked = self.background.smooth & self.coloured & ~self.shadow & ~self.alike
        asked &= (light > 0.1) & (light < 1) & (tint < _TINTED) & (self.prior < _LIKELY)
        sure = (self.prior > 0.95) & ~self.shaded & ~self.alike & (tint > _TINTED)
        if not (asked.any() and sure.any()):
            return np.zeros_like(asked)
        colours = self.soft[sure]
        colours = colours[np.linspace(0, len(colours) - 1, _SAMPLES).astype(int)]
        # As far as its hue goes, any of the product's colours may be brighter or darker.
        hues = colours / np.maximum(np.sqrt((colours * colours).sum(axis=-1, keepdims=True)), 1.0)
        pixels = self.soft[asked]
        nearest = np.full(len(pixels), np.inf, np.float32)
        for hue in hues:
            rest = np.abs(pixels - (pixels @ hue)[:, None] * hue)
            np.minimum(nearest, np.maximum(np.maximum(rest[:, 0], rest[:, 1]), rest[:, 2]), out=nearest)
        found = np.zeros_like(asked)
        found[asked] = tint[asked] < 0.7 * nearest
        return np.asarray(found & (texture(self.grey, found, self.unit) <= 2.5 * _EVEN))


def _diluted(levels: Floats, ground: Floats) -> Mask:
    """Where levels [H, W, 3] are at least half of the ground's hue, mixed with white or grey and no other."""
    one, two = (values - grey_of(values)[..., None] for values in (levels, ground))
    share = dotted(one, two) / np.maximum(dotted(two, two), 1.0)
    rest = one - share[..., None] * two
    return np.asarray((share > 0.5) & (dotted(rest, rest) < (_OTHER * share) ** 2 * dotted(two, two)))
