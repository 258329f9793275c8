"""What the product stands on: a row per surface of the vocabulary. Tables end, grounds run to the horizon."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from caig_cli.painters.studio.catalogue import MORE_SURFACES
from caig_cli.painters.studio.catalogue_rows import Finish
from caig_cli.painters.studio.colours import srgb
from caig_cli.painters.studio.mesh import Mesh, copies, grid, rotation
from caig_cli.painters.studio.noise import fbm, sample
from caig_cli.painters.studio.stage import Cloth, Stage, rgb, sheet, solid, textured

Heights = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Surface:
    """``gloss`` is the roughness of the coat (smaller is sharper), ``relief`` how strongly the texture's
    own heights show, ``mounds`` the height of real dunes in product heights, ``strewn`` the builder of what
    lies about on it, as ``module.function`` of ``places``."""

    finish: Finish
    texture: str
    gloss: float = 0.1
    relief: float = 0.0
    ground: bool = False
    mounds: float = 0.0
    strewn: str | None = None


SURFACES: dict[str, Surface] = {
    "oak": Surface("coated", "oak", 0.16, 0.5),
    "walnut": Surface("coated", "walnut", 0.12, 0.4),
    "whitewood": Surface("coated", "whitewood", 0.30, 0.6),
    "parquet": Surface("coated", "parquet", 0.09, 0.3),
    "white_marble": Surface("coated", "white_marble", 0.04),
    "black_marble": Surface("coated", "black_marble", 0.03),
    "terrazzo": Surface("coated", "terrazzo", 0.07),
    "concrete": Surface("coated", "concrete", 0.42, 1.0),
    "slate": Surface("coated", "slate", 0.30, 1.0),
    "linen": Surface("cloth", "linen", 1.0, 1.0),
    "velvet": Surface("cloth", "velvet", 1.0, 0.6),
    "leather": Surface("coated", "leather", 0.26, 1.0),
    "rug": Surface("cloth", "rug", 1.0, 1.0),
    "sand": Surface("matte", "sand", relief=1.0, ground=True, mounds=0.07),
    "snow": Surface("matte", "snow", relief=1.0, ground=True, mounds=0.06),
    "water": Surface("water", "water", ground=True),
    "grass": Surface("matte", "grass", relief=1.0, ground=True),
    "moss": Surface("matte", "moss", relief=1.0, ground=True, mounds=0.06),
    "metal": Surface("metal", "metal", 0.16),
    "glass": Surface("glass", "paper"),
    "paper": Surface("matte", "paper"),
    **{
        name: Surface(row.finish, row.texture, row.gloss, row.relief, row.ground, row.mounds, row.strewn)
        for name, row in MORE_SURFACES.items()
    },
}  # fmt: skip


def is_sweep(stage: Stage) -> bool:
    """Whether surface and backdrop are one sheet of paper that curves up behind the product."""
    scene = stage.scene
    if stage.camera.down or stage.on_wall:
        return False
    colours = {scene.surface_colour, scene.backdrop_colour} - {None}
    return scene.surface == "paper" and scene.backdrop == "gradient" and len(colours) <= 1


def surface_shapes(stage: Stage) -> dict[str, Any]:
    """The surface of the stage's scene as Mitsuba objects."""
    row = SURFACES[stage.scene.surface]
    if is_sweep(stage):
        colour = stage.scene.surface_colour or stage.scene.backdrop_colour
        return {
            "surface": solid(_sweep(stage), textured(Cloth(stage.dyed("paper", colour)), "matte"), 1 / 30)
        }
    if row.finish == "water":
        return {"surface": solid(_waves(stage), _water(stage))}
    cloth = stage.dyed(row.texture, stage.scene.surface_colour)
    tile = float(np.clip(cloth.size_cm, 0.35 * stage.unit, 2.2 * stage.unit))
    if row.finish == "glass":
        bsdf = _glass(stage)
    else:
        bsdf = textured(
            Cloth(cloth), row.finish, row.gloss, stage.relief(cloth, row.relief * tile / cloth.size_cm)
        )
    if row.mounds > 0:
        shapes: dict[str, Any] = {
            "surface": solid(_mounds(stage, row.mounds * stage.height_cm), bsdf, 1 / tile)
        }
    else:
        level = sheet(*_extent(stage))
        if row.texture in _DIAGONAL and not stage.preview:
            level = replace(level, uv=_turned(level.uv))
        shapes = {"surface": solid(level, bsdf, 1 / tile)}
    if stage.scene.surface == "grass":
        shapes["blades"] = solid(_blades(stage), _blade_bsdf(stage))
    if row.strewn is not None:
        module, function = row.strewn.split(".")
        shapes |= getattr(import_module(f"caig_cli.painters.studio.places.{module}"), function)(stage)
    return shapes


_DIAGONAL = {"parquet"}
"""Textures that are laid at 45 degrees, as herringbone is: its points look at who comes in."""


def _turned(uv: Heights | None) -> Heights:
    """Texture coordinates [V, 2] turned by 45 degrees."""
    assert uv is not None
    return np.asarray(uv @ (np.array([[1, 1], [-1, 1]]) / np.sqrt(2)), np.float32)


def _extent(stage: Stage) -> tuple[tuple[float, float], tuple[float, float]]:
    """From behind the camera to the surface's edge, wider than the frame shows there."""
    if stage.camera.down:
        return stage.patch(0.5 * stage.unit)
    left, right, _, _ = stage.camera.view_at(min(stage.edge, 8 * stage.unit))
    reach = max(abs(left), abs(right)) + (1 + stage.edge / stage.unit) * stage.unit
    return (-reach, reach), (-1.6 * stage.camera.distance, stage.edge)


def _sweep(stage: Stage) -> Mesh:
    """A floor that turns into a wall through a wide bend; texture coordinates in cm."""
    (x0, x1), (near, _) = _extent(stage)
    _, _, _, top = stage.camera.view_at(stage.wall)
    bend = 0.55 * stage.wall
    angle = np.linspace(0, np.pi / 2, 24)
    y = np.concatenate([[near], stage.wall - bend + bend * np.sin(angle), [stage.wall]])
    z = np.concatenate([[0.0], bend - bend * np.cos(angle), [max(2 * bend, 1.4 * top)]])
    along = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(y), np.diff(z)))])
    sides = [np.stack([np.full_like(y, x), y, z], axis=-1) for x in (x0, x1)]
    uv = [np.stack([np.full_like(y, x), along], axis=-1) for x in (x0, x1)]
    return grid(np.stack(sides, axis=1).astype(np.float32), np.stack(uv, axis=1).astype(np.float32))


def _glass(stage: Stage) -> dict[str, Any]:
    """A sheet of glass with paint behind it."""
    tint = srgb(stage.scene.surface_colour) if stage.scene.surface_colour else (172, 190, 194)
    return {"type": "plastic", "diffuse_reflectance": rgb(tint, 0.55), "int_ior": 1.6}


def _fan(stage: Stage, rows: int, columns: int) -> tuple[Heights, Heights]:
    """Ground points [rows, columns] as the camera sees them: dense near, wide far; x and y in cm."""
    camera = stage.camera
    if camera.down:
        across, along = stage.patch(0.2 * stage.unit)
        plan = np.meshgrid(np.linspace(*across, columns), np.linspace(*along, rows))
        return plan[0].astype(np.float32), plan[1].astype(np.float32)
    near, far = -0.75 * camera.distance, min(stage.edge, 10 * stage.unit)
    shrink = np.linspace(1 / (near + camera.distance), 1 / (far + camera.distance), rows)
    depth = 1 / shrink - camera.distance
    depth = np.append(depth, stage.edge) if stage.edge > far else depth
    half = (depth + camera.distance) / camera.distance * (0.5 * camera.frame[0] + 0.35 * stage.unit)
    x = camera.eye_x + np.linspace(-1, 1, columns)[None] * half[:, None]
    return x.astype(np.float32), np.broadcast_to(depth[:, None], x.shape).astype(np.float32)


def _away(stage: Stage, x: Heights, y: Heights, margin: float) -> Heights:
    """0 under and around the product's feet, 1 from ``margin`` units away on."""
    half = 0.5 * stage.width_cm
    dx, dy = np.maximum(np.abs(x) - half, 0), np.maximum(np.abs(y - 0.2 * half) - 0.5 * half, 0)
    if stage.camera.down:
        dy = np.maximum(np.abs(y) - 0.5 * stage.height_cm, 0)
    t = np.clip(np.hypot(dx, dy) / (margin * stage.unit) - 0.12, 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def _mounds(stage: Stage, height: float) -> Mesh:
    """Uneven ground, level at the product, with texture coordinates in cm."""
    x, y = _fan(stage, 150, 150)
    rng = stage.rng("mounds")
    at_x, at_y = (
        x / (4 * stage.unit) + np.float32(rng.random()),
        y / (4 * stage.unit) + np.float32(rng.random()),
    )
    swell = sample(fbm(256, 7, 2.6, 2.0, 24), at_x, at_y)
    z = np.abs(swell) * height * _away(stage, x, y, 0.35) * np.where(y < 0, 0.35, 1.0)
    if not stage.preview and stage.edge >= 0.99 * stage.wall and stage.wall < 4 * stage.unit:
        z = z * np.clip((stage.edge - y) / (0.7 * stage.edge), 0, 1) ** 2  # it meets the wall in a line
    return grid(np.stack([x, y, z.astype(np.float32)], axis=-1), np.stack([x, y], axis=-1))


def _waves(stage: Stage) -> Mesh:
    """Calm water: small waves everywhere and rings around the product."""
    x, y = _fan(stage, 260, 260)
    rng = stage.rng("waves")
    scale = 1.3 * stage.unit
    at_x, at_y = x / scale + np.float32(rng.random()), y / scale + np.float32(rng.random())
    chop = sample(fbm(256, 9, 2.0, 2.0, 20, (0.6, 1.4)), at_x, at_y)
    from_product = np.maximum(np.hypot(x, y * 1.1) - 0.5 * stage.width_cm, 0) / stage.unit
    rings = np.sin(from_product * 2 * np.pi / 0.085) * np.exp(-from_product / 0.22)
    z = stage.unit * (0.0016 * chop * _away(stage, x, y, 0.2) + 0.0016 * rings)
    return grid(np.stack([x, y, z.astype(np.float32)], axis=-1))


def _water(stage: Stage) -> dict[str, Any]:
    deep = srgb(stage.scene.surface_colour) if stage.scene.surface_colour else (46, 116, 128)
    return {"type": "plastic", "diffuse_reflectance": rgb(deep, 0.6), "int_ior": 1.33, "nonlinear": False}


def _blades(stage: Stage) -> Mesh:
    """Blades of grass around the product, shorter before it so that its foot stays visible."""
    rng, unit, count = stage.rng("blades"), stage.unit, 9000
    length = float(np.clip(5.0, 0.10 * stage.height_cm, 0.22 * stage.height_cm))
    if stage.camera.down:
        x, y = (rng.uniform(*ends, count) for ends in stage.patch(0.05 * unit))
    else:
        left, right, _, _ = stage.camera.view_at(0.8 * unit)
        near = -0.72 * stage.camera.distance
        y = near + (min(stage.edge, 2.6 * unit) - near) * rng.random(count) ** 0.8
        spread = (y + stage.camera.distance) / (0.8 * unit + stage.camera.distance)
        x = stage.camera.eye_x + (rng.uniform(left, right, count) * 1.15 - stage.camera.eye_x) * spread
    away = _away(stage, x.astype(np.float32), y.astype(np.float32), 0.12)
    least = 0.22 if stage.preview else 0.72 - 0.5 * length / (0.22 * stage.height_cm)  # tall things hide less
    size = length * rng.uniform(0.5, 1.0, count) * (least + (1 - least) * away) * np.where(y < 0, 0.6, 1.0)
    turns = np.stack([rotation(x=a, y=b, z=c) for a, b, c in zip(
        rng.normal(0, 14, 64), rng.normal(0, 14, 64), rng.uniform(0, 360, 64), strict=True)])  # fmt: skip
    t = np.linspace(0, 1, 4)
    width = 0.045 * (1 - t**1.5)
    line = np.stack([0 * t, 0.25 * t**2, t], axis=-1)
    side = np.stack([width, 0 * t, 0 * t], axis=-1)
    blade = grid(np.stack([line - side, line + side]).astype(np.float32))
    places = np.stack([x, y, np.zeros(count)], axis=-1)
    return copies(blade, places, turns[rng.integers(0, 64, count)], size)


def _blade_bsdf(stage: Stage) -> dict[str, Any]:
    colour = srgb(stage.scene.surface_colour) if stage.scene.surface_colour else (96, 142, 52)
    return {"type": "twosided", "bsdf": {"type": "diffuse", "reflectance": rgb(colour)}}
