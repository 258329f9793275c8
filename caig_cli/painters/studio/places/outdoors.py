"""Places in the open: a painted view far away, and what stands before it at true scale. A row each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from caig_cli.painters.studio.backdrops import picture
from caig_cli.painters.studio.lights import LIGHTS
from caig_cli.painters.studio.materials import Material, to_mitsuba
from caig_cli.painters.studio.mesh import copies, rotation
from caig_cli.painters.studio.places import open_air
from caig_cli.painters.studio.places.rooms import Piece, furnished
from caig_cli.painters.studio.props.outdoor import AUTUMN, maple
from caig_cli.painters.studio.stage import Cloth, Stage, sheet, solid, textured
from caig_cli.painters.studio.surfaces import SURFACES
from caig_cli.painters.studio.textures import texture


@dataclass(frozen=True, slots=True)
class Ground:
    """``view``: the painted picture far away; ``ground``: the texture between the product's table and that,
    ``table`` the height in cm of what the product stands on."""

    view: str
    ground: str
    pieces: tuple[Piece, ...] = ()
    table: float = 75.0


_LAMPS = (Piece(open_air.pillar_lamp, 0.7, 200), Piece(open_air.pillar_lamp, -0.95, 40))
GROUNDS: dict[str, Ground] = {
    "garden": Ground("foliage", "grass", (Piece(open_air.fence, 0.0, 240),)),
    "pool": Ground("foliage", "pool_water", (
        Piece(open_air.young_palm, -0.8, 120), Piece(open_air.young_palm, 0.7, 40),
        Piece(open_air.lounger, -0.35, 110),
        Piece(open_air.parasol, -0.3, 100)), 45),
    "palm_beach": Ground("sea", "sand", (
        Piece(open_air.young_palm, -0.7, 300), Piece(open_air.palm, 0.85, 120),
        Piece(open_air.young_palm, 0.5, 20)), 45),
    "autumn_forest": Ground("autumn", "soil", (Piece(open_air.trunks, 0.0, 420),)),
    "snow_forest": Ground("winter_wood", "snow", (Piece(open_air.trunks, 0.0, 420),)),
    "street_day": Ground("street_day", "asphalt", _LAMPS),
    "street_night": Ground("street_night", "asphalt", _LAMPS),
    "halloween_night": Ground("haunted", "soil"),
}  # fmt: skip


def ground(stage: Stage) -> dict[str, Any]:
    """The place that the stage's scene names; its view at the stage's depth."""
    row = GROUNDS[stage.scene.backdrop]
    night = LIGHTS[stage.scene.light].hour == "night"
    shapes: dict[str, Any] = {"backdrop": picture(stage, row.view, stage.wall, 0.8 if night else 1.0)}
    on_ground = stage.furniture or SURFACES[stage.scene.surface].ground
    base = 0.0 if on_ground else -row.table
    if not on_ground:
        left, right, _, _ = stage.camera.view_at(stage.wall)
        cloth = texture(row.ground, stage.detail)
        plain = sheet((left, right), (stage.edge + 1, stage.wall), base)
        shapes["floor"] = solid(
            plain,
            textured(Cloth(cloth), "coated" if row.ground == "pool_water" else "matte", 0.05),
            1 / cloth.size_cm,
        )
    return shapes | furnished(stage, row.pieces, base)


def strewn_leaves(stage: Stage) -> dict[str, Any]:
    """Fallen maple leaves on the ground around the product."""
    rng, unit = stage.rng("leaves"), stage.unit
    shapes: dict[str, Any] = {}
    for k, tone in enumerate(AUTUMN):
        leaf, n = maple(rng, 4.2), 90
        x, y = rng.uniform(-2.2, 2.2, n) * unit, unit * (rng.random(n) ** 1.3 * 4.6 - 1.1)
        half = 0.55 * stage.width_cm
        keep = (np.abs(x) > half) | (y > 0.6 * half + 0.3 * unit) | (y < -0.14 * unit)
        at = np.stack([x, y, rng.uniform(0.05, 0.9, n)], -1)[keep]
        turns = np.stack(
            [
                rotation(a, b, c)
                for a, b, c in zip(
                    rng.normal(0, 13, len(at)),
                    rng.normal(0, 13, len(at)),
                    rng.uniform(0, 360, len(at)),
                    strict=True,
                )
            ]
        )
        mesh = copies(leaf, at, turns, rng.uniform(0.6, 1.15, len(at)) * np.clip(unit / 34, 0.55, 1.0))
        shapes[f"strewn{k}"] = to_mitsuba(mesh, Material("translucent", tone, 0.6))
    return shapes
