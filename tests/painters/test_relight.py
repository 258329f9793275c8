"""Relighting changes the light and nothing else, only where it is asked for, and says by how much."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from studio_scenes import bottle

from caig_cli.cutouts.cutout import Cutout
from caig_cli.painters import Shot
from caig_cli.painters.compose import compose, measure, measure_relit
from caig_cli.painters.relight import changes, relight
from caig_cli.painters.studio.painter import StudioPainter
from caig_cli.records import Box

BOX = Box(40, 20, 160, 180)


def labelled() -> Cutout:
    """A product with fine print: stripes of two pixels on a grey body."""
    rgba = np.full((160, 120, 4), (150, 150, 150, 255), np.uint8)
    rgba[40:120:4, 20:100, :3] = rgba[41:120:4, 20:100, :3] = (40, 60, 160)
    return Cutout(rgba)


def sideways(product: Cutout) -> np.ndarray:
    """A background that shows the product in light from the left, warm, darker to the right."""
    ad = np.full((200, 200, 3), 90, np.uint8)
    fall = np.linspace(1.15, 0.7, 120)[None, :, None] * np.array((1.0, 0.9, 0.75))
    ad[BOX.top : BOX.bottom, BOX.left : BOX.right] = np.clip(product.rgba[..., :3] * fall, 0, 255)
    return ad


def test_untouched_unless_asked_for() -> None:
    ad = compose(sideways(labelled()), labelled(), BOX)
    assert measure(ad, labelled(), BOX).interior == 0
    told = measure_relit(ad, labelled(), BOX)
    assert (told.tone, told.most, told.detail) == (0, 0, pytest.approx(1, abs=1e-3))


def test_light_changes_and_fine_print_stays() -> None:
    product = labelled()
    ad = compose(sideways(product), product, BOX, relit=True)
    body = ad[BOX.top + 5, BOX.left + 10 : BOX.right - 10].astype(float)
    assert body[0].mean() > body[-1].mean() + 20, "darker to the right, as the set says"
    assert body[:, 0].mean() > body[:, 2].mean() + 10, "warm, as the set says"
    told = measure_relit(ad, product, BOX)
    assert told.tone > 5
    assert told.detail > 0.98


def test_print_of_the_stand_in_never_reaches_the_product() -> None:
    """What the stand-in shows wrong in detail (a blurred skin) is no light."""
    product = labelled()
    ad = sideways(product)
    rng = np.random.default_rng(0)
    ad[BOX.top : BOX.bottom, BOX.left : BOX.right] = np.where(
        rng.random((160, 120, 1)) < 0.5, 60, 200
    )  # noise instead of stripes
    told = changes(compose(ad, product, BOX, relit=True)[20:180, 40:160], product.rgba)
    assert told.detail > 0.97


def test_white_stays_below_white_and_soft_edges_stay_soft() -> None:
    rgba = np.full((60, 60, 4), (250, 250, 250, 255), np.uint8)
    rgba[:, :6, 3] = 120
    lit = np.full((60, 60, 3), 255, np.uint8)
    result = relight(rgba, lit)
    assert result[..., :3].max() <= 255
    assert result[30, 30, 0] >= 250
    assert np.array_equal(result[..., 3], rgba[..., 3])


@pytest.mark.parametrize(
    "prompt", ["on walnut, dark backdrop, candlelight", "on sand by the sea, golden hour"]
)
def test_the_studio_relights_when_asked(prompt: str) -> None:
    shot = Shot(bottle(), prompt, (200, 200), 3)
    plain, relit = (
        np.asarray(StudioPainter(spp=2).paint([one])[0]) for one in (shot, replace(shot, relight=True))
    )
    assert measure(plain, shot.product, shot.box).interior == 0
    told = measure_relit(relit, shot.product, shot.box)
    assert told.tone > 1
    assert told.detail > 0.95
    outside = np.ones(plain.shape[:2], bool)
    outside[shot.box.top : shot.box.bottom, shot.box.left : shot.box.right] = False
    apart = np.abs(plain[outside].astype(int) - relit[outside].astype(int)).max(1)
    assert np.quantile(apart, 0.9) <= 1, "same noise; the denoiser sees other pixels near by"
