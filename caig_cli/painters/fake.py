"""A painter that costs nothing: a gradient drawn from the seed and the prompt, and the product's own pixels.

For tests and for trying out a run: it obeys everything that painters promise (exact product pixels, the same
bytes for a shot in any batch) except that it does not look at what the prompt means.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from PIL import Image

from caig_cli.painters import Notes, Shot
from caig_cli.painters.compose import compose
from caig_cli.painters.studio.language import read


class FakePainter:
    """Paints a vertical gradient between two colours behind the product."""

    def paint(self, shots: Sequence[Shot]) -> list[Image.Image]:
        """One ad per shot, in their order."""
        return [self._paint(shot) for shot in shots]

    def notes(self, shot: Shot) -> Notes:
        """Words that the studio would not know: a trial tells them too."""
        reading = read(shot.prompt)
        return Notes(reading.ignored, reasons=reading.reasons)

    def _paint(self, shot: Shot) -> Image.Image:
        width, height = shot.size
        digest = hashlib.sha256(f"{shot.seed} {shot.prompt}".encode()).digest()
        top, bottom = np.frombuffer(digest[:6], np.uint8).reshape(2, 3).astype(np.float64)
        share = np.linspace(0, 1, height)[:, None, None]
        gradient = np.rint(top * (1 - share) + bottom * share).astype(np.uint8)
        background = np.ascontiguousarray(np.broadcast_to(gradient, (height, width, 3)))
        box = shot.box
        return Image.fromarray(compose(background, shot.product, box))
