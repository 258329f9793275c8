"""The studio as a painter: exact products, and bytes that do not depend on batch, order or process."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
from studio_scenes import bottle

from caig_cli.painters import Shot
from caig_cli.painters.compose import measure
from caig_cli.painters.layout import place
from caig_cli.painters.studio.painter import StudioPainter
from caig_cli.painters.table import PAINTERS, Means

PROMPTS = (
    "on a white marble table in front of a window with lemons, soft morning light",
    "on black slate, dark backdrop, spotlight, moody",
    "on sand before the sea with shells, golden hour",
)
SIZE = (64, 64)


def shots() -> list[Shot]:
    return [Shot(bottle(), prompt, SIZE, seed) for seed, prompt in enumerate(PROMPTS)]


def test_batch_and_order_do_not_matter() -> None:
    painter = PAINTERS["studio"](Means())
    together = painter.paint(shots()[:2])
    backwards = painter.paint(shots()[1::-1])[::-1]
    alone = [StudioPainter().paint([shot])[0] for shot in shots()[:2]]
    for a, b, c in zip(together, backwards, alone, strict=True):
        assert a.tobytes() == b.tobytes() == c.tobytes()


def test_another_process_paints_the_same_bytes() -> None:
    mine = hashlib.sha256(StudioPainter().paint(shots()[:1])[0].tobytes()).hexdigest()
    code = (
        "import hashlib, test_studio_painter as t;"
        "from caig_cli.painters.studio.render import set_threads; set_threads(1);"
        "ads = t.StudioPainter().paint(t.shots()[1:2] + t.shots()[:1]);"
        "print(hashlib.sha256(ads[1].tobytes()).hexdigest())"
    )
    path = [entry for entry in sys.path if entry]
    program = f"import sys; sys.path[:0] = {path!r}; {code}"
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == mine


def test_the_product_is_the_customers_own() -> None:
    for ad, shot in zip(StudioPainter(spp=2).paint(shots()), shots(), strict=True):
        box = place(shot.product.size, SIZE)
        fidelity = measure(np.asarray(ad), shot.product, box)
        assert fidelity.interior == 0
        assert fidelity.growth < 0.05
