"""What in a photo is product: a network's view of it and the background's colour, weighed against each other.

The network knows what a product is but is soft, and may lose a cable or a keyboard. The colour knows to a
pixel where a smooth background ends but takes every line and shadow for a product. Where both agree nothing
is asked. A region that only one of them takes for product is decided as a whole, by outline, light and place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from caig_cli.cutouts.attached import is_line, is_low, mirrors, reflection
from caig_cli.cutouts.background import Background
from caig_cli.cutouts.colours import colour_evidence
from caig_cli.cutouts.contour import busy_contour
from caig_cli.cutouts.edges import WORKING_SIDE, Edges, apart, texture
from caig_cli.cutouts.masks import (
    Mask,
    MaskPart,
    connected,
    disk,
    grown,
    main_parts,
    outline,
    parts,
    without_dust,
)
from caig_cli.cutouts.openings import find_openings

Floats = NDArray[np.floating]

_COLOUR_WEIGHT = 2.5
"""Weight of the colours beside the network's own log odds."""

_COLOURED = 40
"""Levels by which the channels of a coloured ground differ."""

_FAINT = 30
"""Levels from the background up to which a product's tone is near it: compression makes steps there."""

_LIKELY = 0.65
"""Network's view from which colours alone take nothing away before a busy ground; the contour may."""

_FOREIGN = 0.08
"""Share of a product that has its coloured ground's hue, up to which that is ground seen through it."""

_TRACES = 0.07
"""Share of the contrast near by up to which a ground may be off its colour."""

_BLACK, _WHITE = 60, 235
"""Mean levels below and above which a ground has a colour that products have too."""


@dataclass(slots=True)
class Decision:
    """``product`` [H, W]; ``belief`` [H, W]: probability of product by network and colours together.

    ``opened`` [H, W]: enclosed background that the network takes for product; ``mirrored`` [H, W]: the
    product's mirror image, left out. Areas in pixels: ``kept``: product that could be background by its
    colour; ``added``: what the network lost; ``ceded``: what it is sure of, and has the background's colour
    and no border with it.
    """

    product: Mask
    belief: Floats
    opened: Mask
    mirrored: Mask
    kept: int = 0
    added: int = 0
    ceded: int = 0


class Fusion:
    """The maps that decisions are made on.

    ``levels`` [H, W, 3], and the same blurred; ``prior`` [H, W] in 0..1.
    """

    def __init__(
        self, levels: Floats, soft: Floats, prior: Floats, background: Background, edges: Edges
    ) -> None:
        self.unit = max(prior.shape) / WORKING_SIDE
        self.levels, self.soft, self.prior = levels, soft, prior
        self.background, self.edges = background, edges
        colour, error, smooth = background.colour, background.error, background.smooth
        self.off = apart(soft, colour)
        # Compression and blur leave traces of the ground's neighbours in it, in proportion to the contrast.
        clearest = ndimage.maximum_filter(self.off, 2 * round(6 * self.unit) + 1)
        away = self.off / np.maximum(np.maximum(5.0, 3.5 * error), _TRACES * clearest)
        self.alike, self.unlike = smooth & (away < 1), smooth & (away > 1.6)
        self.exactly = smooth & (away < 0.6)
        light = (soft * colour).sum(axis=-1) / np.maximum((colour * colour).sum(axis=-1), 1.0)
        tint = apart(soft, light[..., None] * colour)
        # The darker the shadow, the more of its light comes from the product and has its hue.
        limit = np.maximum(6.0, 3.0 * error) + 12 * np.clip(1 - light, 0, 1)
        self.shaded = smooth & (light < 1) & (tint < limit) & ~self.alike
        # On a coloured ground its own hue in less light can only be a shadow.
        self.coloured = colour.max(axis=-1) - colour.min(axis=-1) > _COLOURED
        self.grey = levels.mean(axis=-1)
        self.texture = texture(self.grey, self.shaded, self.unit)
        self.shadow = self.shaded & self.coloured & (light > 0.1) & (self.texture <= 10)
        # Of a hue that the product has nowhere, all is ground, however sure the network is.
        sure = (prior > 0.95) & smooth & self.coloured
        hue = (self.shadow | self.alike) & sure
        self.foreign = bool(sure.any()) and float(hue.sum()) < _FOREIGN * float(sure.sum())
        self.faint = smooth & (clearest < np.minimum(10 + 2 * error, _FAINT))
        # Where no colour says exactly what is product: on a busy ground; see _faint_outline for the rest.
        self.unclear = grown(~smooth, 8 * self.unit)
        self.near_edge = ndimage.binary_dilation(edges.sharp, disk(2))
        around = grown(prior > 0.5, 30 * self.unit) & (prior <= 0.5)
        # Whether most of what lies around the product has no even colour.
        self.busy = bool(around.any()) and float(smooth[around].mean()) < 0.5

    def decide(self) -> Decision:
        odds = np.clip(self.prior, 0.02, 0.98)
        # The surer the network is of product, the less the colours say against it.
        weight = _COLOUR_WEIGHT * np.where(odds > 0.5, 4 * odds * (1 - odds), 1.0)
        logit = np.log(odds / (1 - odds)) + weight * colour_evidence(self.levels, self.prior)
        product = np.where(
            self.background.smooth,
            (self.unlike & (logit > -1) & (self.prior > 0.1)) | ((logit > 0) & ~self.alike),
            (logit > 0) | (self.prior > _LIKELY),
        )
        product &= ~(self.shadow & ((logit < 2.5) | self.foreign))
        # A shadow on a neutral ground could also be a dark product, but ends softly and has no edges in it.
        soft = self.shaded & (self.off > 15) & ~grown(self.edges.sharp, 3)
        product &= ~(soft & (logit < 2))
        product |= self.background.others & self.unlike
        nothing = np.zeros_like(product)
        decision = Decision(product, 1 / (1 + np.exp(-logit)), nothing, nothing.copy())
        self._missed(decision)
        self._enclosed(decision)
        self._gaps(decision)
        self._reflection(decision)
        self._fading(decision)
        product = ~without_dust(~decision.product, 12 * self.unit**2)
        openings = self._openings(product)
        decision.opened |= openings
        decision.belief = np.where(openings, 0.0, decision.belief)
        decision.product = product & ~openings
        self.unclear |= self._faint_outline(decision.product)
        band = self.unclear & self._uncertain(decision)
        drawn = busy_contour(self.soft, decision.product, decision.belief, band, self.unit)
        decision.product = main_parts(drawn)
        return decision

    def _uncertain(self, decision: Decision) -> Mask:
        """Where before a busy ground the outline may lie: wider where network and colours are unsure."""
        border = outline(decision.product) | outline(decision.opened)
        unsure = (decision.belief > 0.05) & (decision.belief < 0.95)
        return np.asarray(grown(border, 12 * self.unit) | (unsure & grown(border, 24 * self.unit)))

    def _faint_outline(self, product: Mask) -> Mask:
        """Around outlines where the product is near to the ground's tone.

        Not around others: a few pixels away from any outline nothing stands out of an even ground.
        """
        near = grown(outline(product) & self.faint, 24 * self.unit)
        return grown(self.faint & near, 4 * self.unit)

    def _openings(self, product: Mask) -> Mask:
        """What else shows the background, by its likeness to what lies around the product.

        Not in smooth white, grey or black, whose colour has decided more exactly and which products have too;
        but what is a large part of all but white is seldom a part of the product.
        """
        found = find_openings(self.levels, product)
        telling = self.coloured | (~self.background.smooth & self.busy)
        if found.sum() > 0.2 * product.sum():
            telling |= self.background.colour.mean(axis=-1) < _WHITE
        return np.asarray(found & telling)

    # --- unlike the background, but not seen by the network --------------------------------------

    def _missed(self, decision: Decision) -> None:
        product = decision.product
        # The product's own rim, which the network is too soft for, would join all that touches it.
        loose = self.unlike & ~product & ~self.shadow
        rim = grown(product, 1) | (grown(product, 2) & ~self.shaded)
        product |= loose & rim & ~ndimage.binary_opening(loose, disk(2))
        missed = without_dust(self.unlike & ~product & ~self.shadow, max(12.0, 20 * self.unit**2))
        beside = grown(product, 3)
        area, rows = int(product.sum()), np.flatnonzero(product.any(axis=1))
        foot = float(rows[-1]) if rows.size else 0.0
        for part in parts(missed):
            attached = bool((beside[part.window] & part.mask).any())
            if self._belongs(part, product, attached, area, foot):
                product[part.window] |= part.mask
                decision.added += part.area
            elif attached and is_low(part, foot) and self._mirrors(part, product):
                decision.mirrored[part.window] |= part.mask

    def _belongs(self, part: MaskPart, product: Mask, attached: bool, area: int, foot: float) -> bool:
        """Whether a part that the network lost is product all the same."""
        ring, around = part.ring(), product[part.window]
        enclosed = float((ring & around).sum()) / max(1, ring.sum())
        shaded = float(self.shaded[part.window][part.mask].mean())
        seen = float(self.prior[part.window][part.mask].mean())
        if enclosed > 0.6:
            # A shadow between the product's parts is no part; cloth is less even.
            even = float(np.median(self.texture[part.window][part.mask])) < 5
            return not (seen < 0.05 and shaded > 0.7 and even)
        rim = ring & ~around
        edged = float(self.near_edge[part.window][rim].mean()) if rim.any() else 0.0
        contrast = float(np.median(self.off[part.window][part.mask]))
        if edged < 0.5 or contrast < 25 or (shaded > 0.5 and edged < 0.75):
            return False
        uneven = float(self.background.error[part.window][part.mask].mean()) > 5
        shadow = shaded > 0.7 and is_low(part, foot) and contrast < 120
        if seen < 0.05 and (uneven or self.busy or shadow):
            return False
        if not attached:
            # Whole things that the network does not see at all were looked for before, on even grounds only.
            return seen > 0.1 and part.area > area / 400 and edged > 0.7 and not part.at_frame
        thickness = float(ndimage.distance_transform_edt(np.pad(part.mask, 1)).max())
        if part.at_frame and thickness < 12 * self.unit:
            return is_line(part, self.grey, self.unit)
        return not (is_low(part, foot) and enclosed < 0.4 and self._mirrors(part, product))

    def _mirrors(self, part: MaskPart, product: Mask) -> bool:
        ground = float(self.background.colour[part.window][part.mask].mean())
        return mirrors(part, product, self.grey, ground)

    def _reflection(self, decision: Decision) -> None:
        """A mirror image that the network took for product goes, on a ground that is smooth all around."""
        plain = not self.busy and bool(self.background.smooth[decision.product].all())
        if not plain or not decision.product.any():
            return
        found = reflection(decision.product, self.levels, self.background.colour, self.near_edge, self.unit)
        decision.product &= ~found
        decision.mirrored |= found

    # --- of the background's colour, but product to the network ----------------------------------

    def _enclosed(self, decision: Decision) -> None:
        """Handles, rings and rungs show the background; labels and white parts only have its colour."""
        product = decision.product
        # On a coloured ground a hole may also lie in the product's shadow: it has the ground's hue.
        spilt = (self.alike | self.shadow) & (self.prior > 0.5)
        outside = ~product & ~spilt
        product |= spilt
        area = int(product.sum())
        seen = self.background.seen & self.background.smooth
        far = apart(self.levels[seen], self.background.colour[seen])
        error = float(np.clip(1.5 * np.median(far), 1.0, 2.5)) if far.size else 1.0
        # The photo goes on beyond its border: a line of background along it is no thin part.
        opened = ndimage.binary_opening(np.pad(spilt, 3, mode="edge"), disk(1))[3:-3, 3:-3]
        for part in parts(opened, margin=16):
            if part.area < max(12, 20 * self.unit**2):
                # Too small to be judged by its rim: by network and colours together.
                if float(decision.belief[part.window][part.mask].mean()) < 0.3:
                    product[part.window] &= ~ndimage.binary_dilation(part.mask, disk(1))
                continue
            if self._shows_background(part, outside[part.window], error, part.area / area):
                # To the narrow ends of a wedge, which the opening took off.
                whole = ndimage.binary_dilation(part.mask, iterations=12, mask=spilt[part.window])
                product[part.window] &= ~whole
                decision.opened[part.window] |= whole
                sure = float(self.prior[part.window][part.mask].mean()) > 0.95
                decision.ceded += part.area * (sure and _is_open(part, outside[part.window]))
            else:
                decision.kept += part.area * (self._core_off(part) < 3 * error)

    def _gaps(self, decision: Decision) -> None:
        """Gaps so narrow that no pixel in them has the background's colour unmixed: open to the outside."""
        product = decision.product
        off = apart(self.levels, self.background.colour)
        sides = ndimage.grey_closing(off, size=2 * round(4 * self.unit) + 1)
        narrow = self.background.smooth & product & (sides > 60) & (off < 0.35 * sides)
        narrow = connected(narrow | ~product, ~product) & product
        for part in parts(narrow):
            core = off[part.window][part.mask]
            # More of it would be the stripes of a product.
            if 6 * self.unit**2 < part.area < 0.01 * product.sum() and np.quantile(core, 0.25) < 12:
                product[part.window] &= ~part.mask
                decision.opened[part.window] |= part.mask

    def _fading(self, decision: Decision) -> None:
        """Shadows and glows that the network takes for product pass into the ground without an edge."""
        product = decision.product
        candidates = product & (self.shaded | self.alike) & (self.off < 120) & ~self.near_edge
        area = int(product.sum())
        for part in parts(ndimage.binary_opening(candidates, disk(2)), margin=8):
            if not 150 * self.unit**2 < part.area < 0.15 * area:
                continue
            ring, inside = part.ring(4), product[part.window]
            free, held = ring & ~inside, ring & inside
            edge = self.near_edge[part.window]
            if free.sum() > 0.15 * ring.sum() and edge[free].mean() < 0.2 and edge[held].mean() > 0.6:
                product[part.window] &= ~ndimage.binary_dilation(part.mask, disk(3)) | edge

    def _shows_background(self, part: MaskPart, outside: Mask, error: float, share: float) -> bool:
        """Whether a part of the background's colour, product to the network, is background.

        Open to the outside, it is where it nearly matches. Enclosed, it must end sharply; on white and
        black, which products have too, it must also match to the noise, on grey nearly, while the hue of a
        coloured ground is no coincidence. ``share``: of the product's area.
        """
        off = self._core_off(part)
        if _is_open(part, outside):
            return off < 2.5 * error
        if (part.ring(2) & outside).sum() >= 4 and off < 1.5 * error:
            # The narrow end of a gap, which borders on its open part along a few pixels only.
            return True
        if self.foreign and self.coloured[part.window][part.mask].all():
            return True
        ground = self.background.colour[part.window][part.mask]
        white = float(ground.mean()) >= _WHITE
        edged = float(self.near_edge[part.window][part.ring(2)].mean())
        contrast = self._contrast(part, outside, 0.6 if white else 0.5)
        if edged < 0.7 or contrast < 25:
            return False  # a coat of the sky's blue has no hole
        sure = float(self.prior[part.window][part.mask].mean())
        if float((ground.max(axis=-1) - ground.min(axis=-1)).mean()) > _COLOURED:
            matches = part.area >= 100 * self.unit**2 or off < 3 * error or sure < 0.9
            return matches and (sure < 0.9 or share > 0.002)
        if _BLACK < float(ground.mean()) < _WHITE:
            return off < (3 if sure < 0.8 else 2) * error
        # So large a hole the network would have seen, unless the product is hardly more than its rim; what
        # is very small is as often a letter or a glint; and a nearly white product has white parts.
        least = float(np.quantile(self.prior[part.window][part.mask], 0.1))
        small = part.area < 150 * self.unit**2
        if (least > 0.9 and (small or contrast < 50)) or (sure > 0.97 and 0.025 < share < 0.25):
            return False
        return self._core_off(part, 0.33) < (3 if sure < 0.8 else 1.1) * error

    def _contrast(self, part: MaskPart, outside: Mask, share: float) -> float:
        """How many levels the product around a part is off the background, at the ``share`` quantile."""
        ring = ndimage.binary_dilation(part.mask, disk(8)) & ~ndimage.binary_dilation(part.mask, disk(3))
        around = self.off[part.window][ring & ~outside]
        return float(np.quantile(around, share)) if around.size else 255.0

    def _core_off(self, part: MaskPart, share: float = 0.5) -> float:
        """Distance in levels from the background, away from the part's rim as far as it is thick.

        ``share``: of the pixels that are nearer. In a narrow gap compression and blur leave little of the
        background unmixed.
        """
        off = apart(self.levels[part.window], self.background.colour[part.window])
        depth = ndimage.distance_transform_edt(part.mask)
        return float(np.quantile(off[depth >= 0.6 * min(float(depth.max()), 6.0)], share))


def _is_open(part: MaskPart, outside: Mask) -> bool:
    """Whether a part borders on the ``outside`` [h, w] of the product along more than a few pixels."""
    ring = part.ring(2)
    return bool((ring & outside).sum() > 0.1 * ring.sum())
