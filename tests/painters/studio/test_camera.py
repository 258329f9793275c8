"""The camera shows the product's plane exactly where the layout wants it."""

from __future__ import annotations

import numpy as np
import pytest

from caig_cli.painters.layout import PRESETS, place
from caig_cli.painters.studio.camera import Camera, aim

FRAMES = [(128, 128), *PRESETS.values()]


def aimed(size: tuple[int, int], lift: float = 0.0, placement: str = "golden") -> Camera:
    return aim(size, place((90, 240), size, placement), 24.0, elevation=10.0, lift=lift)


@pytest.mark.parametrize("size", FRAMES)
@pytest.mark.parametrize("lift", [0.0, 3.0])
def test_box_is_a_rectangle_of_the_products_plane(size: tuple[int, int], lift: float) -> None:
    camera = aimed(size, lift)
    half = camera.box.width * camera.cm / 2
    corners = [(-half, 0, lift + 24.0), (half, 0, lift)]
    expected = [(camera.box.left, camera.box.top), (camera.box.right, camera.box.bottom)]
    assert np.allclose(camera.project(corners), expected, atol=1e-6)


@pytest.mark.parametrize("size", FRAMES)
def test_unproject_is_the_inverse_of_project(size: tuple[int, int]) -> None:
    camera = aimed(size)
    pixels = np.array([(0, 0), (size[0], size[1]), (size[0] / 3, size[1] / 2)], float)
    depth = np.array([0.0, 40.0, 300.0])
    assert np.allclose(camera.project(camera.unproject(pixels, depth)), pixels)


def test_the_support_lies_under_the_foot_and_ends_at_the_horizon() -> None:
    camera = aimed((512, 512), lift=2.0)
    depth = camera.support_depth([camera.box.bottom, camera.box.bottom - 5, camera.horizon])
    assert abs(depth[0]) < 1e-9
    assert depth[1] > 0
    assert np.isinf(depth[2])
    point = camera.unproject((camera.box.left, camera.box.bottom - 5), depth[1])
    assert point[2] == pytest.approx(2.0)


def test_it_looks_down_at_the_asked_angle() -> None:
    camera = aimed((1024, 1024))
    assert np.degrees(np.arctan2(camera.height, camera.distance)) == pytest.approx(10.0, abs=0.1)
