"""The set of one photograph: stage, surface, backdrop, light, props and the product's stand-in."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from caig_cli.cutouts.cutout import Cutout
from caig_cli.painters.pose import STANDS, Pose
from caig_cli.painters.studio.backdrops import OUTSIDE, VIEWS, backdrop_shapes
from caig_cli.painters.studio.body import thickness
from caig_cli.painters.studio.camera import PREVIEW, Camera, aim, aim_down
from caig_cli.painters.studio.catalogue import MORE_BACKDROPS
from caig_cli.painters.studio.fixtures import fixture_shapes
from caig_cli.painters.studio.lights import LIGHTS, light_shapes
from caig_cli.painters.studio.photo_light import PhotoLight
from caig_cli.painters.studio.placing import prop_shapes, support_height
from caig_cli.painters.studio.scene import Scene
from caig_cli.painters.studio.stage import FURNITURE_CM, Stage
from caig_cli.painters.studio.standin import MEMORY_SAVERS, stand_in
from caig_cli.painters.studio.surfaces import SURFACES, is_sweep, surface_shapes
from caig_cli.records import Box

GROUND = {"float": 0.90, "hang": 0.92, "worn": 1.35}
"""Row, as a share of the frame's height, of the ground right below a product that does not touch it."""

CEILING = 1.6
"""The same below what hangs from a ceiling: a lamp is not seen just above a floor."""

HIGH = 1.12
"""The same below what hangs on a wall in an ad, where nothing stands on its floor: that is not seen."""

ROOM_CM = 80.0
"""Between a table and the shelves behind it in an ad: on them, books look as small as they are."""

APERTURES = {"none": 0.0, "soft": 0.022, "strong": 0.065}  # lens radius as a share of the frame's longer side
WIDEST_CM = 4.5  # lens radius before large things, or the floor that they stand on dissolves


BEFORE_WALL = frozenset({"plaster", "brick", "gradient", "tiles", "wood_panel", "dark"})
"""Backdrops that a product can hang on or lean against; before others it hangs on a rail or a cord."""


def build_stage(
    scene: Scene, size: tuple[int, int], box: Box, height_cm: float, seed: int, pose: Pose = STANDS
) -> Stage:
    """Where everything goes: camera, depth of the backdrop, end of the surface."""
    rng = np.random.default_rng(seed % 2**63)
    elevation = float(rng.uniform(8.0, 12.5))
    camera = _camera(scene, size, box, height_cm, elevation, pose)
    unit = math.sqrt(camera.frame[0] * camera.frame[1])
    wall, edge = _depths(scene, height_cm, unit, rng)
    if pose.stance == "lean" or hangs_on_wall(scene, pose):
        wall = edge = touching_wall(camera, pose)
    else:
        if scene.backdrop == "shelves" and height_cm <= FURNITURE_CM and not camera.preview:
            wall, edge = wall + ROOM_CM, min(edge, 0.8 * unit)
        wall, edge = pose.depth * wall, pose.depth * edge
    detail = 256 if camera.preview else 512 if max(size) <= 640 else 1024
    return Stage(scene, camera, height_cm, seed, unit, wall, edge, detail, pose)


def _camera(
    scene: Scene, size: tuple[int, int], box: Box, height_cm: float, elevation: float, pose: Pose
) -> Camera:
    """The camera of a stance."""
    sharp = scene.blur == "none" and (scene.backdrop != "window" or max(size) <= PREVIEW)
    aperture = 0.0 if sharp else APERTURES["soft" if scene.blur == "none" else scene.blur] * pose.aperture
    if pose.true_scale:
        aperture = min(aperture, WIDEST_CM * max(box.height, 1) / (height_cm * max(size)))
    if pose.stance == "lie":
        return aim_down(size, box, height_cm, aperture=aperture)
    elevation = elevation if pose.elevation is None else pose.elevation
    if pose.stance in ("stand", "lean"):
        lift = support_height(scene.props, height_cm) if pose.stance == "stand" else 0.0
        return aim(size, box, height_cm, elevation=elevation, aperture=aperture, lift=lift)
    cm = height_cm / max(box.height, 1)
    foot = GROUND[pose.stance] * size[1]
    if pose.fixture == "cord" and pose.true_scale:
        foot = CEILING * size[1]
    elif hangs_on_wall(scene, pose) and not scene.props and max(size) > PREVIEW:
        foot = HIGH * size[1]
    if pose.stance == "worn" and box.bottom < size[1]:
        foot = box.bottom  # its feet are seen
    hover = max(foot - box.bottom, 0.0) * cm
    return aim(size, box, height_cm, elevation=elevation, aperture=aperture, hover=hover)


def hangs_on_wall(scene: Scene, pose: Pose) -> bool:
    """Whether the product hangs right before the scene's wall."""
    return pose.stance == "hang" and pose.fixture != "cord" and scene.backdrop in BEFORE_WALL


def touching_wall(camera: Camera, pose: Pose) -> float:
    """Depth in cm of a wall that a hanging or leaning product touches."""
    wide = min(camera.box.width, camera.box.height) * camera.cm
    tilt = MEMORY_SAVERS * camera.box.height * camera.cm if pose.stance == "lean" else 0.015 * wide
    return thickness(camera, pose) + tilt


def build(stage: Stage, cutout: Cutout, photo: PhotoLight | None = None) -> dict[str, Any]:
    """The Mitsuba scene of the stage with the product's stand-in, camera included.

    ``photo``: the light of the product's photo, which the set's agrees with; None: as models have learnt it.
    """
    parts: dict[str, Any] = {
        "sensor": stage.camera.sensor(),
        "product": stand_in(cutout, stage.camera, stage.pose),
    }
    parts |= surface_shapes(stage) | prop_shapes(stage) | fixture_shapes(stage, cutout)
    if not is_sweep(stage):
        parts |= {} if stage.camera.down else backdrop_shapes(stage)
    light, outside = LIGHTS[stage.scene.light], stage.scene.backdrop in OUTSIDE
    return parts | light_shapes(
        light, stage.camera, stage.rng("light"), photo=photo, outside=outside, in_front=stage.on_wall
    )


def _depths(scene: Scene, height_cm: float, unit: float, rng: np.random.Generator) -> tuple[float, float]:
    """Depth of the backdrop and of the surface's end, in cm behind the product."""
    if row := MORE_BACKDROPS.get(scene.backdrop):
        wall = row.depth_cm + (3.0 * unit if row.outside else max(unit - 30.0, 0.0))
        if SURFACES[scene.surface].ground or height_cm > FURNITURE_CM:
            return wall, wall - 0.1 if row.shore_cm is None else row.shore_cm + 3.0 * unit
        return wall, float(rng.uniform(0.6, 0.9)) * unit
    if scene.backdrop in VIEWS:
        if scene.backdrop == "window":
            wall = max(1.3 * unit, 0.8 * height_cm)
            return wall, wall if height_cm > FURNITURE_CM else 0.75 * unit
        if SURFACES[scene.surface].ground or height_cm > FURNITURE_CM:
            return 14.0 * unit, 13.9 * unit
        return 8.0 * unit, float(rng.uniform(0.6, 0.9)) * unit
    if height_cm > FURNITURE_CM:
        wall = float(rng.uniform(0.42, 0.6)) * unit
        return wall, wall
    wall = float(np.clip(50.0, 1.1 * unit, 2.0 * unit))
    return wall, wall if wall < 1.4 * unit else 0.9 * unit
