"""Stances: in each the product's pixels are the customer's, and the set around it is where it belongs."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from studio_scenes import bottle

from caig_cli.painters import Shot
from caig_cli.painters.compose import measure
from caig_cli.painters.layout import place
from caig_cli.painters.pose import STANCES, STANDS, Pose
from caig_cli.painters.studio.camera import aim_down
from caig_cli.painters.studio.painter import StudioPainter, photograph
from caig_cli.painters.studio.placing import left_out, place_props
from caig_cli.painters.studio.scene import Scene
from caig_cli.painters.studio.set import build_stage
from caig_cli.painters.studio.standin import relief

SIZE = (96, 96)
PROMPT = "on an oak table before a plaster wall with lemons, softbox"


def pose(stance: str) -> Pose:
    return Pose(stance, "hook" if stance == "hang" else "none")  # type: ignore[arg-type]


def shot(stance: str) -> Shot:
    return Shot(bottle(), PROMPT, SIZE, 5, height_cm=24.0, pose=pose(stance))


@pytest.mark.parametrize("stance", STANCES)
def test_the_product_is_the_customers_own_in_every_stance(stance: str) -> None:
    one = shot(stance)
    fidelity = measure(np.asarray(StudioPainter(spp=2).paint([one])[0]), one.product, one.box)
    assert fidelity.interior == 0
    assert fidelity.growth < 0.05


def test_bytes_do_not_depend_on_threads() -> None:
    def digest() -> str:
        ads = StudioPainter(spp=1).paint([shot(stance) for stance in STANCES])
        return hashlib.sha256(b"".join(ad.tobytes() for ad in ads)).hexdigest()

    code = (
        "import hashlib, test_stances as t;"
        "from caig_cli.painters.studio.threads import set_threads; set_threads(1);"
        "ads = t.StudioPainter(spp=1).paint([t.shot(s) for s in t.STANCES]);"
        "print(hashlib.sha256(b''.join(ad.tobytes() for ad in ads)).hexdigest())"
    )
    path = [str(Path(__file__).parent), *(entry for entry in sys.path if entry)]
    program = f"import sys; sys.path[:0] = {path!r}; {code}"
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == digest()


@pytest.mark.parametrize("size", [(128, 128), (90, 160), (201, 105)])
def test_from_straight_above_the_box_is_a_rectangle_of_the_ground(size: tuple[int, int]) -> None:
    camera = aim_down(size, place((90, 240), size, "golden", stance="lie"), 24.0)
    half = camera.box.width * camera.cm / 2
    corners = [(-half, 12.0, 0), (half, -12.0, 0)]
    expected = [(camera.box.left, camera.box.top), (camera.box.right, camera.box.bottom)]
    assert np.allclose(camera.project(corners), expected, atol=1e-6)
    pixels = np.array([(0, 0), size, (size[0] / 3, 9)], float)
    above = np.array([0.0, -3.0, -9.0])
    points = camera.unproject(pixels, above)
    assert np.allclose(points[:, 2], -above)
    assert np.allclose(camera.project(points), pixels)


def test_what_lies_swells_up_from_the_ground_and_keeps_its_outline() -> None:
    camera = aim_down(SIZE, place((90, 240), SIZE, stance="lie"), 24.0)
    for thickness, highest in ((None, 3.0), (0.5, 0.5)):
        mesh = relief(bottle(), camera, Pose("lie", thickness_cm=thickness))
        assert mesh.vertices[:, 2].min() == pytest.approx(0, abs=1e-3)
        assert 0.5 * highest < mesh.vertices[:, 2].max() <= highest
        pixels = camera.project(mesh.vertices)
        assert camera.box.left <= pixels[:, 0].min() and pixels[:, 0].max() <= camera.box.right
        assert camera.box.top <= pixels[:, 1].min() and pixels[:, 1].max() <= camera.box.bottom


def test_what_hangs_or_leans_touches_its_wall_and_does_not_enter_it() -> None:
    for stance in ("hang", "lean"):
        box = place((90, 240), SIZE, stance=stance)  # type: ignore[arg-type]
        stage = build_stage(Scene("oak", "plaster"), SIZE, box, 24.0, 1, pose(stance))
        back = relief(bottle(), stage.camera, stage.pose).vertices[:, 1].max()
        assert 0.9 * stage.wall < back <= stage.wall
    lean = relief(bottle(), stage.camera, stage.pose)
    assert lean.vertices[:, 2].min() == pytest.approx(0, abs=0.5)  # on its foot


def test_before_a_view_it_hangs_free() -> None:
    box = place((90, 240), SIZE, stance="hang")
    stage = build_stage(Scene("sand", "sea"), SIZE, box, 24.0, 1, pose("hang"))
    assert not stage.on_wall and stage.wall > stage.unit


@pytest.mark.parametrize("stance", ["float", "hang"])
def test_it_is_above_the_ground(stance: str) -> None:
    box = place((90, 240), SIZE, stance=stance)  # type: ignore[arg-type]
    stage = build_stage(Scene("oak", "curtain"), SIZE, box, 24.0, 1, Pose(stance))  # type: ignore[arg-type]
    assert relief(bottle(), stage.camera, stage.pose).vertices[:, 2].min() > 1.0
    assert stage.camera.support_depth(box.bottom + stage.camera.hover / stage.camera.cm) == pytest.approx(0)


@pytest.mark.parametrize("stance", ["lie", "hang"])
def test_no_prop_is_over_the_product_or_in_another(stance: str) -> None:
    placed_any = 0
    for seed, props in enumerate((("candles", "books"), ("lemons", "cup", "petals"), ("shells", "apples"))):
        size = ((512, 512), (512, 640), (640, 335))[seed]
        box = place((90, 240), size, stance=stance)  # type: ignore[arg-type]
        stage = build_stage(Scene("oak", "plaster", props), size, box, 24.0, seed, pose(stance))
        placed = list(place_props(stage).values())
        placed_any += len(placed)
        assert set(place_props(stage)) | set(left_out(stage)) == set(stage.scene.props)
        for k, one in enumerate(placed):
            pixels = stage.camera.project(np.concatenate([part.vertices for part, _ in one.moved()]))
            inside = (box.left < pixels[:, 0]) & (pixels[:, 0] < box.right)
            assert not (inside & (box.top < pixels[:, 1]) & (pixels[:, 1] < box.bottom)).any()
            for other in placed[k + 1 :]:
                apart = np.hypot(one.foot[0] - other.foot[0], one.foot[1] - other.foot[1])
                assert apart >= one.radius + other.radius
    assert placed_any >= 5


def test_true_scale_leaves_out_what_would_be_a_giant() -> None:
    """Beside a ring of 2 cm no vase of 33 cm stands; without true scale a doll's vase does."""
    box = place((200, 200), (512, 512))
    scene = Scene("oak", "plaster", ("vase",))
    true = build_stage(scene, (512, 512), box, 2.0, 1, Pose(true_scale=True))
    assert left_out(true) == ("vase",)
    assert left_out(build_stage(scene, (512, 512), box, 2.0, 1, STANDS)) == ()


def shade(stance: str) -> tuple[np.ndarray, Shot]:
    """How much darker the set is with the product's stand-in, [H, W]; and the shot."""
    one = shot(stance)
    scene = Scene("paper", "plaster", light="hard_sun", blur="none")
    args = (SIZE, one.box, 24.0, 5, one.pose)
    with_it = photograph(scene, one.product, *args, spp=24).astype(float).mean(axis=2)
    thin = bottle()
    empty = type(thin)(np.where(np.arange(240)[:, None, None] == 0, thin.rgba, 0).astype(np.uint8))
    without = photograph(scene, empty, *args, spp=24).astype(float).mean(axis=2)
    return without - with_it, one


@pytest.mark.parametrize("stance", ["lie", "hang", "float"])
def test_its_shadow_falls_on_what_is_behind_or_below(stance: str) -> None:
    dark, one = shade(stance)
    outside = np.ones(SIZE[::-1], bool)
    outside[one.box.top : one.box.bottom, one.box.left : one.box.right] = False
    near = outside & (np.abs(np.arange(96)[None] - 48) < 30)
    below = near & (np.arange(96)[:, None] >= one.box.bottom + 4)
    where = below if stance == "float" else near
    assert dark[where].max() > 10
    assert np.percentile(dark[~near & outside], 50) < 3
