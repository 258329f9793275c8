"""Rooms behind the product: a row each, furnished at true scale.

The camera looks into the room over the edge of the table that the product stands on; where the product
stands on the floor itself, so does the camera's room.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.random import Generator

from caig_cli.painters.studio.colours import srgb
from caig_cli.painters.studio.lights import LIGHTS
from caig_cli.painters.studio.materials import Colour, Material, to_mitsuba
from caig_cli.painters.studio.mesh import box, transform
from caig_cli.painters.studio.places import equipment
from caig_cli.painters.studio.places import furniture as f
from caig_cli.painters.studio.props.kit import Parts, placed
from caig_cli.painters.studio.stage import Cloth, Stage, sheet, solid, textured, upright
from caig_cli.painters.studio.surfaces import SURFACES
from caig_cli.painters.studio.textures import texture, tinted

Furniture = Callable[[Generator, bool], Parts]


@dataclass(frozen=True, slots=True)
class Piece:
    """Where a piece of furniture stands: ``x`` in half views, -1 at the frame's left edge, 1 at its right;
    ``y`` cm before the room's wall; ``z`` cm above the floor; ``turn`` in degrees about z."""

    build: Furniture
    x: float = 0.0
    y: float = 40.0
    z: float = 0.0
    turn: float = 0.0


@dataclass(frozen=True, slots=True)
class Room:
    """``wall`` and ``floor`` are textures, ``paint`` dyes the wall; ``table`` is the height in cm of what the
    product stands on."""

    wall: str
    paint: Colour | None
    floor: str
    pieces: tuple[Piece, ...]
    table: float = 75.0


ROOMS: dict[str, Room] = {
    "kitchen": Room("tiles", (240, 238, 232), "oak", (
        Piece(f.cabinets, 0.0, 34), Piece(f.wall_shelf, -0.42, 14, 132), Piece(f.window, 0.62, 6, 112)), 90),
    "bathroom": Room("tiles", (232, 234, 230), "concrete", (
        Piece(f.basin, -0.45, 28), Piece(f.bathtub, 0.75, 70), Piece(f.towel_rail, 0.42, 6, 96),
        Piece(f.plant, -1.05, 40)), 85),
    "living_room": Room("plaster", (228, 222, 212), "parquet", (
        Piece(f.sofa, -0.95, 60), Piece(f.fireplace, 0.62, 22), Piece(f.floor_lamp, -0.98, 40)), 45),
    "fireplace": Room("plaster", (206, 202, 194), "parquet", (
        Piece(f.fireplace, 0.25, 22), Piece(f.bookcase, -1.05, 20), Piece(f.plant, 1.15, 60)), 45),
    "bedroom": Room("plaster", (222, 216, 208), "oak", (
        Piece(f.bed, -0.1, 30), Piece(f.nightstand, 0.92, 40), Piece(f.curtains, -1.3, 16)), 56),
    "kids_room": Room("plaster", (236, 226, 206), "oak", (
        Piece(equipment.toy_shelf, -0.45, 24), Piece(equipment.tent, 0.7, 90),
        Piece(equipment.bunting, -0.1, 6, 118)), 45),
    "office": Room("plaster", (224, 226, 226), "concrete", (
        Piece(f.desk, -0.2, 60), Piece(f.bookcase, 0.85, 20), Piece(f.window, -0.5, 6, 96)), 74),
    "restaurant": Room("wood_panel", None, "walnut", (
        Piece(f.laid_table, -0.5, 210), Piece(f.laid_table, 0.6, 120), Piece(f.pendant, -0.45, 200, 155),
        Piece(f.pendant, 0.6, 110, 160)), 75),
    "gym": Room("concrete", None, "rubber", (
        Piece(equipment.weights_rack, -0.35, 40), Piece(equipment.barbell_stand, 0.75, 80)), 0),
    "yoga_studio": Room("plaster", (238, 234, 226), "oak", (
        Piece(f.window, -0.55, 6, 40), Piece(f.window, 0.35, 6, 40), Piece(f.plant, 0.95, 50)), 0),
    "workshop": Room("brick", None, "concrete", (
        Piece(equipment.bench, 0.0, 36), Piece(equipment.pegboard, -0.05, 6, 106)), 86),
    "shop": Room("plaster", (236, 236, 236), "concrete", (
        Piece(equipment.goods, -0.55, 26), Piece(equipment.goods, 0.62, 26)), 80),
    "christmas_room": Room("plaster", (196, 190, 180), "parquet", (
        Piece(equipment.tall_tree, -0.45, 80), Piece(f.fireplace, 0.6, 22)), 60),
    "cabin": Room("wood_panel", None, "oak", (
        Piece(f.window, 0.3, 6, 78), Piece(f.curtains, 0.3, 12), Piece(f.nightstand, -0.8, 30)), 70),
}  # fmt: skip


def room(stage: Stage) -> dict[str, Any]:
    """The room that the stage's scene names, its back wall at the stage's depth."""
    row = ROOMS[stage.scene.backdrop]
    on_floor = stage.furniture or SURFACES[stage.scene.surface].ground
    base = 0.0 if on_floor else -row.table
    left, right, _, high = stage.camera.view_at(stage.wall)
    wide = 0.4 * (right - left)
    paint = srgb(stage.scene.backdrop_colour) if stage.scene.backdrop_colour else row.paint
    cloth = texture(row.wall, stage.detail) if paint is None else tinted(row.wall, paint, stage.detail)
    finish = "coated" if row.wall == "tiles" else "matte"
    wall = upright((left - wide, right + wide), (base, max(high, base + 260) + 40), stage.wall)
    shapes: dict[str, Any] = {"backdrop": solid(wall, textured(Cloth(cloth), finish, 0.1), 1 / cloth.size_cm)}
    if not on_floor:
        planks = texture(row.floor, stage.detail)
        floor = sheet((left - wide, right + wide), (stage.edge + 1, stage.wall), base)
        shapes["floor"] = solid(floor, textured(Cloth(planks), "coated", 0.2), 1 / planks.size_cm)
        shapes["skirting"] = to_mitsuba(
            transform(box((right - left + 2 * wide, 2, 9), 0.4), ((left + right) / 2, stage.wall - 1, base)),
            Material("matte", (238, 237, 233), 0.6),
        )
    return shapes | furnished(stage, row.pieces, base)


def furnished(stage: Stage, pieces: tuple[Piece, ...], base: float) -> dict[str, Any]:
    """The pieces where they stand, ``base`` the height of the floor; each in a build of its own."""
    night = LIGHTS[stage.scene.light].hour == "night"
    shapes: dict[str, Any] = {}
    for number, piece in enumerate(pieces):
        depth = max(stage.wall - piece.y, 0.55 * stage.wall)
        left, right, _, _ = stage.camera.view_at(depth)
        x = (left + right) / 2 + piece.x * (right - left) / 2
        parts = piece.build(stage.rng(f"furniture/{number}"), night)
        for k, (mesh, material) in enumerate(placed(parts, (x, depth, base + piece.z), (0, 0, piece.turn))):
            shapes[f"furniture{number}_{k}"] = to_mitsuba(mesh, material)
    return shapes
