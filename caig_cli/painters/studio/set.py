"""The set of one photograph: stage, surface, backdrop, light, props and the product's stand-in."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from caig_cli.cutouts.cutout import Cutout
from caig_cli.painters.studio.backdrops import VIEWS, backdrop_shapes
from caig_cli.painters.studio.camera import aim
from caig_cli.painters.studio.lights import LIGHTS, light_shapes
from caig_cli.painters.studio.placing import prop_shapes, support_height
from caig_cli.painters.studio.scene import Scene
from caig_cli.painters.studio.stage import FURNITURE_CM, Stage
from caig_cli.painters.studio.standin import stand_in
from caig_cli.painters.studio.surfaces import SURFACES, is_sweep, surface_shapes
from caig_cli.records import Box

APERTURES = {"none": 0.0, "soft": 0.022, "strong": 0.065}  # lens radius as a share of the frame's longer side


def build_stage(scene: Scene, size: tuple[int, int], box: Box, height_cm: float, seed: int) -> Stage:
    """Where everything goes: camera, depth of the backdrop, end of the surface."""
    rng = np.random.default_rng(seed % 2**63)
    elevation = float(rng.uniform(8.0, 12.5))
    lift = support_height(scene.props, height_cm)
    camera = aim(size, box, height_cm, elevation=elevation, aperture=APERTURES[scene.blur], lift=lift)
    unit = math.sqrt(camera.frame[0] * camera.frame[1])
    wall, edge = _depths(scene, height_cm, unit, rng)
    detail = 256 if max(size) <= 192 else 512 if max(size) <= 640 else 1024
    return Stage(scene, camera, height_cm, seed, unit, wall, edge, detail)


def build(stage: Stage, cutout: Cutout) -> dict[str, Any]:
    """The Mitsuba scene of the stage with the product's stand-in, camera included."""
    parts: dict[str, Any] = {"sensor": stage.camera.sensor(), "product": stand_in(cutout, stage.camera)}
    parts |= surface_shapes(stage) | prop_shapes(stage)
    if not is_sweep(stage.scene):
        parts |= backdrop_shapes(stage)
    return parts | light_shapes(LIGHTS[stage.scene.light], stage.camera, stage.rng("light"))


def _depths(scene: Scene, height_cm: float, unit: float, rng: np.random.Generator) -> tuple[float, float]:
    """Depth of the backdrop and of the surface's end, in cm behind the product."""
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
