"""Props stand on their own feet: beside the product, not before it, not in it, not in each other."""

from __future__ import annotations

import numpy as np
import pytest
from studio_scenes import bottle

from caig_cli.painters import Shot
from caig_cli.painters.layout import PRESETS, place
from caig_cli.painters.studio.painter import StudioPainter
from caig_cli.painters.studio.placing import left_out, place_props
from caig_cli.painters.studio.scene import Scene
from caig_cli.painters.studio.set import build_stage
from caig_cli.painters.studio.stage import Stage
from caig_cli.painters.studio.vocabulary import PROPS

TRIPLES = [PROPS[k : k + 3] for k in range(0, len(PROPS) - 2, 3)]


def stage_of(props: tuple[str, ...], size: tuple[int, int], seed: int) -> Stage:
    box = place((90, 240), size, ("centre", "left", "right", "golden")[seed % 4])
    return build_stage(Scene("oak", "plaster", props), size, box, 24.0, seed)


@pytest.mark.parametrize("props", TRIPLES)
@pytest.mark.parametrize("size", [PRESETS["square"], PRESETS["story"], PRESETS["landscape"]])
def test_no_prop_stands_before_the_product_or_in_another(
    props: tuple[str, ...], size: tuple[int, int]
) -> None:
    for seed in range(2):
        stage = stage_of(props, size, seed)
        placed = list(place_props(stage).values())
        box = stage.camera.box
        for one in placed:
            mesh = np.concatenate([part.vertices for part, _ in one.moved()])
            near = mesh[mesh[:, 1] < -0.02 * stage.unit]
            pixels = stage.camera.project(near)
            covers = (pixels[:, 0] > box.left) & (pixels[:, 0] < box.right) & (pixels[:, 1] < box.bottom - 1)
            assert not covers.any(), one
            assert mesh[:, 1].max() < stage.wall
        for i, one in enumerate(placed):
            for other in placed[i + 1 :]:
                apart = np.hypot(one.foot[0] - other.foot[0], one.foot[1] - other.foot[1])
                assert apart >= one.radius + other.radius or one.foot[2] != other.foot[2]


@pytest.mark.parametrize("size", [(512, 512), PRESETS["story"], PRESETS["landscape"]])
def test_every_prop_finds_a_place(size: tuple[int, int]) -> None:
    """Alone before a product of usual shape; what does not fit as it is is made smaller."""
    for seed, name in enumerate(PROPS):
        assert left_out(stage_of((name,), size, seed)) == (), name


def test_previews_stay_as_models_know_them() -> None:
    """No squeezing: a prop without room is told as left out."""
    lost = [left_out(stage_of(props, (72, 128), seed)) for seed in range(3) for props in TRIPLES]
    assert any(lost)
    stage = stage_of(TRIPLES[1], (72, 128), 0)
    assert set(place_props(stage)) | set(left_out(stage)) | {"podium"} >= set(stage.scene.props)


def test_what_has_no_room_is_reported() -> None:
    """A product that fills the frame: boulders have nowhere to stand."""
    box = place((800, 400), (640, 320), scale=1.0)
    stage = build_stage(Scene("oak", "plaster", ("boulders",)), (640, 320), box, 24.0, 1)
    assert left_out(stage) == ("boulders",) and not place_props(stage)
    shot = Shot(bottle(800, 400), "a table with boulders", (640, 320), 1, scale=1.0, height_cm=24.0)
    assert StudioPainter().notes(shot).left_out == ("boulders",)


def test_a_podium_lifts_the_product() -> None:
    plain, raised = (stage_of(props, (128, 128), 0) for props in ((), ("podium",)))
    assert plain.camera.lift == 0
    assert raised.camera.lift > 1
    assert raised.camera.box == plain.camera.box
