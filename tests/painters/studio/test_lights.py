"""Light that belongs: what a photo tells of its light, and sets whose key and exposure agree with it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from studio_scenes import bottle, lit_ball

from caig_cli.cutouts.cutout import Cutout
from caig_cli.painters.layout import place
from caig_cli.painters.studio.air import COLUMNS, ROWS, Air, surroundings
from caig_cli.painters.studio.camera import aim
from caig_cli.painters.studio.colours import srgb
from caig_cli.painters.studio.grading import MOODS, grade_for, match
from caig_cli.painters.studio.lights import LIGHTS, air_of, fitted, light_shapes
from caig_cli.painters.studio.painter import photograph
from caig_cli.painters.studio.photo_light import PhotoLight, photo_light
from caig_cli.painters.studio.render import LUMA, decode_srgb
from caig_cli.painters.studio.scene import Scene
from caig_cli.records import Box

SIZE = (200, 200)  # just large enough to be no preview


@pytest.mark.parametrize("azimuth", [-70, -35, 35, 70])
def test_a_ball_tells_from_which_side_it_was_lit(azimuth: float) -> None:
    told = photo_light(lit_ball(azimuth, 40))
    assert told.sure > 0.5
    assert math.copysign(1, told.azimuth) == math.copysign(1, azimuth)
    assert abs(told.azimuth - azimuth) < 35
    assert 15 < told.elevation < 65


def test_a_dark_half_is_paint_and_no_shade() -> None:
    """A ball lit from the left whose left half is painted dark red."""
    rgba = lit_ball(-60, 30).rgba.copy()
    rgba[:, : rgba.shape[1] // 2, :3] = (rgba[:, : rgba.shape[1] // 2, :3] * (0.45, 0.1, 0.1)).astype(
        np.uint8
    )
    assert photo_light(Cutout(rgba)).azimuth < -10


def test_a_flat_print_tells_nothing() -> None:
    told = photo_light(Cutout(np.full((80, 80, 4), (200, 180, 160, 255), np.uint8)))
    assert told.sure == pytest.approx(0, abs=0.05)
    assert 0.7 <= told.brightness <= 1


@pytest.mark.parametrize("cast", [(1.0, 0.95, 0.9), (0.9, 0.95, 1.0)])
def test_warmth_is_read_from_what_is_grey(cast: tuple[float, float, float]) -> None:
    rgba = lit_ball(-40, 40).rgba.copy()
    rgba[..., :3] = (rgba[..., :3] * cast).astype(np.uint8)
    red, _, blue = photo_light(Cutout(rgba)).colour
    assert (red > blue) == (cast[0] > cast[2])
    assert photo_light(lit_ball(-40, 40)).colour == pytest.approx((1, 1, 1), abs=0.02)


@pytest.mark.parametrize("name", LIGHTS)
@pytest.mark.parametrize("azimuth", [-50.0, 50.0])
def test_what_lights_the_product_comes_from_where_the_photos_light_came(name: str, azimuth: float) -> None:
    light = fitted(LIGHTS[name], PhotoLight(azimuth, 45, 1.0), side=1.0)
    key = light.lamps[-1] if light.near else light.lamps[0]
    assert math.copysign(1, key.azimuth) == math.copysign(1, azimuth)


def test_by_night_the_lamp_near_the_product_has_the_photos_colour() -> None:
    photo = PhotoLight(-30, 45, 1.0, colour=(1.02, 1.0, 0.96))
    for name in ("night_neon", "moonlight", "candlelight"):
        near = fitted(LIGHTS[name], photo, 1.0).lamps[-1]
        assert np.ptp(near.colour) < 0.5 * np.ptp(LIGHTS[name].lamps[0].colour)


@pytest.mark.parametrize(("azimuth", "shadow"), [(-55.0, "right"), (55.0, "left")])
def test_the_shadow_falls_where_the_light_says(azimuth: float, shadow: str) -> None:
    """A white ball on white paper in hard sun, photographed in light from one side."""
    ball = lit_ball(azimuth, 40)
    scene = Scene("paper", "gradient", (), "hard_sun", "neutral", "none", "white", "white")
    box = Box(70, 90, 130, 150)
    picture = photograph(scene, ball, SIZE, box, 20.0, 3, spp=4) @ LUMA
    beside = slice(box.bottom - 14, box.bottom + 6)
    left, right = picture[beside, 10 : box.left - 4], picture[beside, box.right + 4 : -10]
    darker = {"left": left.mean() < right.mean() - 4, "right": right.mean() < left.mean() - 4}
    assert darker[shadow]


@pytest.mark.parametrize("light", ["night_neon", "moonlight", "candlelight", "softbox"])
def test_a_white_card_beside_the_product_is_white(light: str) -> None:
    """The print is exposed for the product, so that its own bright pixels do not stand in a dark set."""
    card = np.full((60, 60, 4), 255, np.uint8)
    card[..., :3] = 225
    scene = Scene("paper", "gradient", (), light, "neutral", "none", "white", "white")
    picture = photograph(scene, Cutout(card), SIZE, Box(80, 110, 120, 150), 20.0, 3, spp=4)
    ground = picture[160:180, 60:140].mean(axis=(0, 1))
    assert ground @ LUMA > 175
    assert np.ptp(ground) < 60


def test_exposure_brings_the_stand_in_to_the_products_own_brightness() -> None:
    linear = np.full((100, 100, 3), (0.2, 0.1, 0.05), np.float32)
    product = Cutout(np.full((40, 40, 4), (188, 188, 188, 255), np.uint8))
    gain = match(linear, product, Box(-10, 30, 30, 70))  # partly beyond the frame
    assert linear[0, 0] * gain == pytest.approx(np.repeat(decode_srgb(188 / 255), 3), rel=0.01)
    assert match(linear, product, Box(200, 30, 240, 70)) == pytest.approx((1, 1, 1))


def test_white_around_a_dark_product_is_not_metered() -> None:
    """The stand-in is a hair smaller than the product, whose rim then shows the white set."""
    linear = np.full((200, 200, 3), 0.9, np.float32)
    linear[52:148, 52:148] = 0.01
    product = Cutout(np.full((100, 100, 4), (25, 25, 25, 255), np.uint8))
    gain = match(linear, product, Box(50, 50, 150, 150))
    assert gain == pytest.approx(np.repeat(decode_srgb(25 / 255) / 0.01, 3), rel=0.02)


@pytest.mark.parametrize("mood", MOODS)
def test_no_mood_makes_a_picture_garish_or_burnt(mood: str) -> None:
    rng = np.random.default_rng(0)
    linear = rng.random((64, 64, 3)).astype(np.float32) ** 2
    linear[:8] *= (1.0, 0.02, 0.5)  # neon
    scene = Scene("paper", "gradient", mood=mood)
    picture = grade_for(linear, scene, np.ones(3, np.float32), 1.0, np.zeros((64, 64))).astype(float)
    saturation = 1 - picture.min(axis=-1) / np.maximum(picture.max(axis=-1), 1)
    assert np.percentile(saturation[:8], 95) < 0.95
    assert (picture.min(axis=-1) >= 254).mean() < 0.05


def test_a_wooden_table_does_not_pale_before_a_dark_product() -> None:
    """Lit from above it has twice the light of what faces the camera; white may be as bright as that."""
    scene, wall = Scene("oak", "plaster"), np.full((90, 64, 3), 0.2, np.float32)
    shown = {}
    for name, colour in (("oak", (0.55, 0.30, 0.12)), ("white", (0.55, 0.55, 0.55))):
        linear = wall.copy()
        linear[60:] = colour
        shown[name] = grade_for(linear, scene, np.full(3, 2, np.float32), 1.0, np.zeros((90, 64)))[80, 32]
    assert shown["white"].min() > 238 and shown["oak"].max() < 232
    assert 1 - shown["oak"].min() / shown["oak"].max() > 0.4


@pytest.mark.parametrize("code", ["#0a7b83", "#b5179e"])
def test_a_colour_named_by_its_code_keeps_its_chroma(code: str) -> None:
    """Held back, #0a7b83 had 0.62 of its saturation left."""
    asked = np.array(srgb(code))
    linear = np.full((64, 64, 3), decode_srgb(asked / 255), np.float32)
    for colour, least in ((code, 0.95), (None, 0.0)):
        scene = Scene("paper", "gradient", mood="neutral", backdrop_colour=colour)
        shown = grade_for(linear, scene, np.ones(3, np.float32), 1.0, np.zeros((64, 64)))[32, 32].astype(
            float
        )
        kept = (1 - shown.min() / shown.max()) / (1 - asked.min() / asked.max())
        assert least <= kept <= (1.05 if colour else 0.95)


@pytest.mark.parametrize("outside", [True, False])
@pytest.mark.parametrize("name", LIGHTS)
def test_the_air_is_brightest_towards_its_key(name: str, outside: bool) -> None:
    light = LIGHTS[name]
    for azimuth in (-60.0, 60.0):
        panorama = np.array(surroundings(air_of(light), azimuth, outside=outside)["bitmap"])
        assert panorama.shape == (ROWS, COLUMNS, 3)
        assert (panorama >= 0).all()
        level = panorama[: ROWS // 2] @ LUMA
        right, left = level[:, : COLUMNS // 2].mean(), level[:, COLUMNS // 2 :].mean()
        if light.hour in ("day", "golden"):
            assert (right > left) == (azimuth > 0)


def test_the_sky_of_an_evening_is_warm_at_the_horizon_and_blue_above() -> None:
    panorama = np.array(surroundings(Air("golden", (1, 1, 1), (1, 1, 1), 1.0), 0.0, outside=True)["bitmap"])
    zenith, horizon = panorama[1].mean(axis=0), panorama[ROWS // 2 - 1, COLUMNS // 2]
    assert zenith[2] > zenith[0]
    assert horizon[0] > horizon[2]


def test_previews_are_as_models_have_learnt_them() -> None:
    """The same set as before light followed the photo: no lamp near the product, the key's side by chance."""
    camera = aim((64, 64), place((90, 240), (64, 64)), 20.0)
    learnt = light_shapes(LIGHTS["moonlight"], camera, np.random.default_rng(1))
    adapted = light_shapes(LIGHTS["moonlight"], camera, np.random.default_rng(1), photo=photo_light(bottle()))
    assert set(learnt) == {"air", "lamp0"}
    assert set(adapted) == {"air", "lamp0", "lamp1"}
