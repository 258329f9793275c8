"""The studio as a painter: exact products, and bytes that do not depend on batch, order or process."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from studio_scenes import bottle

from caig_cli.cutouts.cutout import Cutout
from caig_cli.painters import Shot
from caig_cli.painters.compose import measure
from caig_cli.painters.layout import place
from caig_cli.painters.registry import PAINTERS, PainterConfig
from caig_cli.painters.studio.language import read
from caig_cli.painters.studio.painter import StudioPainter
from caig_cli.painters.studio.set import build_stage

PROMPTS = (
    "on a white marble table in front of a window with lemons, soft morning light",
    "on black slate, dark backdrop, spotlight, moody",
    "on sand before the sea with shells, golden hour",
)
SIZE = (64, 64)


def shots() -> list[Shot]:
    return [Shot(bottle(), prompt, SIZE, seed) for seed, prompt in enumerate(PROMPTS)]


def test_batch_and_order_do_not_matter() -> None:
    painter = PAINTERS["studio"].build(PainterConfig())
    together = painter.paint(shots()[:2])
    backwards = painter.paint(shots()[1::-1])[::-1]
    alone = [StudioPainter().paint([shot])[0] for shot in shots()[:2]]
    for a, b, c in zip(together, backwards, alone, strict=True):
        assert a.tobytes() == b.tobytes() == c.tobytes()


def test_another_process_paints_the_same_bytes() -> None:
    mine = hashlib.sha256(StudioPainter().paint(shots()[:1])[0].tobytes()).hexdigest()
    code = (
        "import hashlib, test_painter as t;"
        "from caig_cli.painters.studio.threads import set_threads; set_threads(1);"
        "ads = t.StudioPainter().paint(t.shots()[1:2] + t.shots()[:1]);"
        "print(hashlib.sha256(ads[1].tobytes()).hexdigest())"
    )
    path = [str(Path(__file__).parent), *(entry for entry in sys.path if entry)]
    program = f"import sys; sys.path[:0] = {path!r}; {code}"
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == mine


def test_the_product_is_the_customers_own() -> None:
    for ad, shot in zip(StudioPainter(spp=2).paint(shots()), shots(), strict=True):
        box = place(shot.product.size, SIZE)
        fidelity = measure(np.asarray(ad), shot.product, box)
        assert fidelity.interior == 0
        assert fidelity.growth < 0.05


@pytest.mark.parametrize(
    "sides", [("top",), ("bottom",), ("left", "right"), ("top", "bottom"), ("left", "top")]
)
def test_a_product_that_is_cut_off_ends_at_the_frame(sides: tuple[str, ...]) -> None:
    """Its own pixels, at the very border; the floor and its horizon stay in the picture."""
    rgba = np.zeros((120, 120, 4), np.uint8)
    rgba[40:80] = rgba[:, 40:80] = (200, 40, 40, 255)  # arms to all sides
    product = Cutout(rgba, frozenset(sides))  # type: ignore[arg-type]
    shot = Shot(product, PROMPTS[0], SIZE, 4, height_cm=100.0)
    ad = np.asarray(StudioPainter(spp=2).paint([shot])[0])
    fidelity = measure(ad, product, shot.box)
    assert (fidelity.interior, fidelity.growth) == (0, pytest.approx(0, abs=0.05))
    rim = {"top": ad[0], "bottom": ad[-1], "left": ad[:, 0], "right": ad[:, -1]}
    for side in sides:
        red = np.abs(rim[side].astype(int) - (200, 40, 40)).max(axis=-1) < 3
        assert red.sum() >= 0.3 * min(shot.box.width, shot.box.height) - 2
    stage = build_stage(read(shot.prompt).scene, SIZE, shot.box, 100.0, 4)
    assert 0 < stage.camera.horizon < SIZE[1]
