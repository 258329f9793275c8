"""What touches something is dark where it touches it, and all that stands apart touches its support."""

from __future__ import annotations

import numpy as np
import pytest
from studio_scenes import bottle

from caig_cli.cutouts.cutout import Cutout
from caig_cli.painters.compose import laid_out
from caig_cli.painters.pose import Pose, Stance
from caig_cli.painters.studio.contact import contact
from caig_cli.painters.studio.scene import Scene
from caig_cli.painters.studio.set import build_stage
from caig_cli.painters.studio.stage import Stage
from caig_cli.painters.studio.standin import relief
from caig_cli.records import Box

SIZE = (256, 256)
BOX = Box(90, 60, 166, 220)
SCENE = Scene("oak", "plaster")


def stage(box: Box, stance: Stance, size: tuple[int, int] = SIZE, scene: Scene = SCENE) -> Stage:
    return build_stage(scene, size, box, 20.0, 1, Pose(stance, elevation=20.0))


def things() -> Cutout:
    """A tall block, and before it a wide one that lies apart from it in the photo."""
    rgba = np.zeros((120, 200, 4), np.uint8)
    rgba[:80, 20:80] = rgba[95:120, 10:190] = (60, 70, 90, 255)
    return Cutout(rgba)


@pytest.mark.parametrize("stance", ["stand", "lie", "lean"])
def test_it_is_dark_where_it_touches_and_softer_away_from_there(stance: Stance) -> None:
    product = bottle()
    shadow = contact(product, stage(BOX, stance), -40.0)
    middle = (BOX.left + BOX.right) // 2
    below = shadow[BOX.bottom : BOX.bottom + 16, middle]
    least = 0.25 if stance == "lie" else 0.35  # seen from above, this is the side of the key
    assert below[0] > least and (np.diff(below) <= 1e-6).all()
    assert below[12] < 0.5 * below[0]
    inside = laid_out(product, BOX, SIZE)[..., 3] == 255
    assert shadow[inside].mean() < 0.1 and shadow[:8].max() == 0


def test_what_touches_nothing_has_none() -> None:
    assert contact(bottle(), stage(BOX, "float"), -40.0).max() == 0
    sea = Scene("sand", "sea")
    assert contact(bottle(), stage(BOX, "hang", scene=sea), -40.0).max() == 0


@pytest.mark.parametrize(("azimuth", "darker"), [(-70.0, "right"), (70.0, "left")])
def test_the_shade_leans_away_from_the_key(azimuth: float, darker: str) -> None:
    shadow = contact(bottle(), stage(BOX, "lie"), azimuth)
    left, right = shadow[:, : BOX.left].sum(), shadow[:, BOX.right :].sum()
    assert (right > left) == (darker == "right")


def test_each_of_several_things_stands_on_its_own_foot() -> None:
    box = Box(30, 100, 230, 220)
    own = stage(box, "stand")
    vertices = relief(things(), own.camera, own.pose).vertices
    vertices = vertices[: len(vertices) // 2]  # the front sheet
    behind = vertices[:, 1] > 0.3 * own.width_cm
    assert behind.any() and not behind.all()
    assert abs(float(vertices[behind, 2].min())) < 0.6, "the tall one touches the ground"
    shadow = contact(things(), own, -40.0)
    assert shadow[180:184, 60:100].max() > 0.4 and shadow[220:224, 60:200].max() > 0.4


def test_previews_keep_the_stand_in_that_models_learnt() -> None:
    small = stage(Box(20, 60, 140, 132), "stand", (160, 160))
    mesh = relief(things(), small.camera, small.pose)
    assert mesh.vertices[: len(mesh.vertices) // 2, 1].max() < 0.4 * small.width_cm
