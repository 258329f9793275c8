"""Packshots: white is 255, the product is large, and it has its own shadow, which is measured on a ball."""

from __future__ import annotations

import numpy as np
import pytest
from studio_scenes import bottle, lit_ball

from caig_cli.cutouts.cutout import Cutout
from caig_cli.painters import Shot
from caig_cli.painters.compose import measure
from caig_cli.painters.pose import Pose
from caig_cli.painters.studio.cast_shadow import cast_shadow
from caig_cli.painters.studio.language import read
from caig_cli.painters.studio.packshot import SCALE, framed, is_packshot, without_effect
from caig_cli.painters.studio.painter import StudioPainter
from caig_cli.painters.studio.render import LUMA
from caig_cli.records import Box

PROMPT = "packshot on a pure white background"
SIZE = (200, 200)


def test_white_is_255_outside_product_and_shadow() -> None:
    shot = framed(Shot(bottle(), PROMPT, SIZE, 3), None)
    ad = np.asarray(StudioPainter(spp=4).paint([shot])[0])
    box, white = shot.box, (ad == 255).all(axis=-1)
    assert measure(ad, shot.product, box).interior == 0
    for border in (white[0], white[-1], white[:, 0], white[:, -1]):
        assert border.all()
    assert white[: round(box.top + 0.6 * box.height), : box.left].all(), "no shadow above the foot"
    foot = ad[box.bottom - 4 : box.bottom + 4, box.left - 12 : box.right + 12]
    assert foot.min() < 215, "it stands on something"
    assert max(box.width, box.height) >= 0.85 * SIZE[1]


@pytest.mark.parametrize("stance", ["stand", "lie", "float", "hang"])
def test_in_every_stance(stance: str) -> None:
    shot = framed(Shot(bottle(), PROMPT, SIZE, 3, pose=Pose(stance)), None)  # type: ignore[arg-type]
    ad = np.asarray(StudioPainter(spp=2).paint([shot])[0])
    assert measure(ad, shot.product, shot.box).interior == 0
    assert (ad[0] == 255).all() and (ad[:, 0] == 255).all()


def test_what_the_words_mean() -> None:
    assert is_packshot(read(PROMPT).scene)
    assert is_packshot(read("isolated on white").scene)
    assert not is_packshot(read("on an oak table, pure white background").scene)
    assert not is_packshot(read("on white paper, studio light").scene)
    shot = Shot(bottle(), PROMPT, SIZE, 3)
    assert framed(shot, None).scale == SCALE
    assert framed(shot, 0.5) is shot
    assert framed(Shot(bottle(), "on oak", SIZE, 3), None).scale is None


def test_what_a_packshot_does_not_show_is_reported() -> None:
    notes = StudioPainter().notes(Shot(bottle(), "packshot with lemons, golden hour", SIZE, 3))
    assert {"lemons", "golden hour"} <= set(notes.ignored)
    assert all(notes.reasons[word] for word in ("lemons", "golden hour"))


def test_its_own_soft_light_and_shadow_have_an_effect() -> None:
    assert not without_effect(read("pure white background, soft shadow"))


@pytest.mark.parametrize(("azimuth", "side"), [(-60, "right"), (60, "left")])
def test_a_balls_shadow_falls_away_from_the_light_of_its_photo(azimuth: float, side: str) -> None:
    box = Box(70, 80, 130, 140)
    shadow = cast_shadow(lit_ball(azimuth, 45), SIZE, box, 10.0, 3)
    assert shadow.min() == 0 and 0.2 < shadow.max() <= 1
    left, right = shadow[:, :70].sum(), shadow[:, 130:].sum()
    assert (right > 1.3 * left) == (side == "right")
    assert (left > 1.3 * right) == (side == "left")
    assert shadow[box.bottom - 2 : box.bottom + 6, 85:115].mean() > shadow[box.bottom + 14].mean()


def test_a_plane_without_a_product_on_it_has_no_shadow() -> None:
    speck = np.zeros((40, 40, 4), np.uint8)
    speck[18:22, 18:22] = (200, 30, 30, 255)
    shadow = cast_shadow(Cutout(speck), SIZE, Box(80, 20, 120, 60), 10.0, 3, Pose("float"))
    assert (shadow > 0).mean() < 0.02


def test_the_customers_white_stays_a_product_on_white() -> None:
    """A white product on white has at least a shadow that tells where it ends."""
    rgba = np.full((120, 120, 4), 255, np.uint8)
    ad = np.asarray(StudioPainter(spp=2).paint([framed(Shot(Cutout(rgba), PROMPT, SIZE, 3), None)])[0])
    assert (ad @ LUMA).min() < 225
