"""What stands behind the product: a row per backdrop of the vocabulary. Walls are lit, views shine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import Any, cast

import numpy as np

from caig_cli.painters.studio.catalogue import MORE_BACKDROPS
from caig_cli.painters.studio.colours import srgb
from caig_cli.painters.studio.lights import LIGHTS
from caig_cli.painters.studio.materials import Colour
from caig_cli.painters.studio.mesh import Mesh, box, grid, merge, transform
from caig_cli.painters.studio.places.bookshelves import bookshelves
from caig_cli.painters.studio.render import mitsuba
from caig_cli.painters.studio.stage import Cloth, Stage, rgb, solid, textured, upright
from caig_cli.painters.studio.view_kit import HORIZON
from caig_cli.painters.studio.views import VARIANTS, view

VIEWS = frozenset({"window", "bokeh_city", "sky", "sea", "mountains", "foliage"})
OUTSIDE = (VIEWS - {"window"}) | {name for name, row in MORE_BACKDROPS.items() if row.outside}
"""Backdrops in the open, where the sky lights the set; before the others it is a room."""


def backdrop_shapes(stage: Stage) -> dict[str, Any]:
    """The backdrop of the stage's scene as Mitsuba objects."""
    return BACKDROPS[stage.scene.backdrop](stage)


def _bounds(stage: Stage, y: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """What the frame shows at depth ``y`` with a margin for reflections and shadows: x and z ranges."""
    left, right, low, high = stage.camera.view_at(y)
    more = 0.25 * max(right - left, high - low)
    return (left - more, right + more), (min(low, 0.0) - more, high + 0.6 * more)


def _colour(stage: Stage, default: tuple[int, int, int]) -> tuple[int, int, int]:
    return srgb(stage.scene.backdrop_colour) if stage.scene.backdrop_colour else default


_UPRIGHT = frozenset({"wood_panel"})
"""Textures whose boards stand upright on a wall."""


def _wall(name: str, finish: str = "matte", gloss: float = 0.1) -> Callable[[Stage], dict[str, Any]]:
    """A flat wall with the texture ``name``."""

    def build(stage: Stage) -> dict[str, Any]:
        cloth = stage.dyed(name, stage.scene.backdrop_colour)
        (x0, x1), z = _bounds(stage, stage.wall)
        tile = float(np.clip(cloth.size_cm, 0.4 * (x1 - x0), 1.6 * (x1 - x0)))
        bsdf = textured(Cloth(cloth), finish, gloss, stage.relief(cloth, tile / cloth.size_cm))
        flat = upright((x0, x1), z, stage.wall)
        if name in _UPRIGHT and not stage.preview and flat.uv is not None:
            flat = replace(flat, uv=flat.uv[:, ::-1])
        shapes = {"backdrop": solid(flat, bsdf, 1 / tile)}
        return shapes | (_skirting(stage) if stage.furniture and not stage.on_wall else {})

    return build


def _skirting(stage: Stage) -> dict[str, Any]:
    """The board at the foot of a room's wall."""
    (x0, x1), _ = _bounds(stage, stage.wall)
    board = transform(box((x1 - x0, 1.6, 8.0), 0.4), ((x0 + x1) / 2, stage.wall - 0.8, 0.0))
    return {"skirting": solid(board, {"type": "plastic", "diffuse_reflectance": rgb((236, 234, 230))})}


def gradient(stage: Stage) -> dict[str, Any]:
    """A studio background: one colour, brighter behind the product, falling off to the corners."""
    return _lit_behind(stage, _colour(stage, (214, 212, 208)), 0.42 if stage.preview else 0.7)


def _lit_behind(stage: Stage, tone: tuple[int, int, int], corners: float = 0.42) -> dict[str, Any]:
    """A wall that is ``tone`` behind the product, and ``corners`` of its light in the corners."""
    (x0, x1), (z0, z1) = _bounds(stage, stage.wall)
    colour = np.asarray(rgb(tone)["value"])
    u, v = np.meshgrid((np.arange(96) + 0.5) / 96, (np.arange(96) + 0.5) / 96)
    top = 1 - (0.45 * stage.height_cm - z0) / (z1 - z0)
    fall = np.exp(-(((u - 0.5) / 0.42) ** 2 + ((v - top) / 0.40) ** 2))
    picture = (colour * (corners + (1 - corners) * fall[..., None])).astype(np.float32)
    mi = mitsuba()
    texture = mi.load_dict({"type": "bitmap", "bitmap": mi.Bitmap(picture), "raw": True})
    wall = upright((x0, x1), (z0, z1), stage.wall)
    flat = Mesh(
        wall.vertices, wall.faces, np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32), smooth=False
    )
    return {"backdrop": solid(flat, {"type": "diffuse", "reflectance": texture})}


def dark(stage: Stage) -> dict[str, Any]:
    if not stage.preview:  # a dark product is to be seen before it
        return _lit_behind(stage, _colour(stage, (72, 72, 78)))
    colour = _colour(stage, (40, 40, 44))
    x, z = _bounds(stage, stage.wall)
    return {
        "backdrop": solid(upright(x, z, stage.wall), {"type": "diffuse", "reflectance": rgb(colour, 0.45)})
    }


def curtain(stage: Stage) -> dict[str, Any]:
    """Cloth in deep folds down to the ground."""
    (x0, x1), (z0, z1) = _bounds(stage, stage.wall)
    rng, fold = stage.rng("curtain"), (0.19 if stage.preview else 0.15) * stage.unit
    x = np.linspace(x0, x1, 420)
    z = np.linspace(min(z0, 0.0), z1, 14)
    phase = x / fold * 2 * np.pi + 0.9 * np.sin(x / fold * 0.7 + rng.uniform(0, 6)) + rng.uniform(0, 6)
    depth = np.sin(phase) + 0.28 * np.sin(2.1 * phase + 1.0) + 0.12 * np.sin(5.3 * phase)
    sway = 1 + 0.16 * np.sin(z[:, None] / stage.unit * 2.2 + x[None] / fold * 0.21)
    deep = 0.30
    if not stage.preview:  # thin cloth: shallow round folds, deeper here and there
        phase = x / fold * 2 * np.pi + 1.8 * np.sin(x / fold * 0.83 + rng.uniform(0, 6)) + rng.uniform(0, 6)
        depth = np.sin(phase) * (0.6 + 0.4 * np.sin(x / fold * 1.13 + rng.uniform(0, 6)))
        deep = 0.17
    y = stage.wall - deep * fold * (1 + depth[None] * sway)
    points = np.stack([np.broadcast_to(x[None], y.shape), y, np.broadcast_to(z[:, None], y.shape)], axis=-1)
    colour = _colour(stage, (232, 224, 212) if stage.preview else (246, 243, 238))
    bsdf = {"type": "twosided", "bsdf": {"type": "diffuse", "reflectance": rgb(colour)}}
    return {"backdrop": solid(grid(points.astype(np.float32)), bsdf)}


def _view(stage: Stage) -> dict[str, Any]:
    return {"backdrop": picture(stage, stage.scene.backdrop, stage.wall)}


def picture(stage: Stage, name: str, depth: float, gain: float = 1.0) -> Any:
    """A painted view at ``depth`` as a glowing rectangle, its horizon at the height of the eye."""
    mi = mitsuba()
    hour = LIGHTS[stage.scene.light].hour
    variant = int(stage.rng("view").integers(VARIANTS))
    painted = view(name, hour, stage.scene.backdrop_colour, variant, stage.detail)
    left, right, low, high = stage.camera.view_at(depth)
    eye = stage.camera.height
    side = 1.06 * max(right - left, (high - eye) / HORIZON, (eye - low) / (1 - HORIZON))
    if not stage.preview:  # out of focus, its rim would be seen
        camera = stage.camera
        side += 2 * camera.aperture * depth / camera.distance / min(HORIZON, 1 - HORIZON)
    centre = ((left + right) / 2, depth, eye + side * (HORIZON - 0.5))
    radiance = {"type": "bitmap", "bitmap": mi.Bitmap(painted[::-1] * np.float32(gain)), "raw": True}
    to_world = mi.ScalarTransform4f().translate(list(centre)).rotate([1, 0, 0], 90).scale(side / 2)
    return {
        "type": "rectangle",
        "to_world": to_world,
        "bsdf": {"type": "diffuse", "reflectance": {"type": "rgb", "value": 0.0}},
        "emitter": {"type": "area", "radiance": radiance},
    }


def window(stage: Stage) -> dict[str, Any]:
    """A tall window in a light wall: garden and sky outside, white bars, cloth drawn aside."""
    unit, y = stage.unit, stage.wall
    night = LIGHTS[stage.scene.light].hour == "night"
    shapes: dict[str, Any] = {"outside": picture(stage, "foliage", y + 2.5 * unit, 0.5 if night else 1.5)}
    (x0, x1), (z0, z1) = _bounds(stage, y)
    rng = stage.rng("window")
    sill = stage.camera.height * 0.25 + 0.06 * unit
    pane, bar = (x1 - x0) * rng.uniform(0.20, 0.26), 0.022 * (x1 - x0)
    centre = (x0 + x1) / 2 + rng.uniform(-0.5, 0.5) * pane
    bars = [transform(box((x1 - x0, 0.10 * unit, bar), 0), ((x0 + x1) / 2, y, z)) for z in
            (sill - bar, sill + 1.35 * pane, sill + 2.8 * pane)]  # fmt: skip
    for k in range(-3, 4):
        thick = bar * (1.8 if k % 2 else 1.0)
        bars.append(transform(box((thick, 0.09 * unit, z1 - sill), 0), (centre + k * pane, y, sill)))
    bars.append(transform(box((x1 - x0, 0.12 * unit, sill - z0), 0), ((x0 + x1) / 2, y, z0 - bar)))
    paint = rgb(_colour(stage, (238, 236, 232)))
    shapes["bars"] = solid(merge(bars), {"type": "diffuse", "reflectance": paint})
    return shapes


def shelves(stage: Stage) -> dict[str, Any]:
    """Shelf boards with books, boxes and jars before a wall."""
    (x0, x1), (z0, z1) = _bounds(stage, stage.wall)
    if not stage.preview:
        return bookshelves(stage, (x0, x1), (z0, z1))
    rng = stage.rng("shelves")
    gap = float(np.clip(34.0, 0.30 * (z1 - max(z0, 0)), 0.55 * (z1 - max(z0, 0))))
    deep, board = 0.5 * gap, 0.07 * gap
    y = stage.wall - deep
    wood = stage.dyed("oak" if rng.random() < 0.5 else "walnut", stage.scene.backdrop_colour)
    back = textured(Cloth(stage.dyed("plaster", stage.scene.backdrop_colour)), "matte")
    shapes = {"backdrop": solid(upright((x0, x1), (z0, z1), stage.wall), back, 1 / 120)}
    boards: list[Mesh] = []
    things: dict[Colour, list[Mesh]] = {tone: [] for tone in _SPINES}
    first = -0.45 * gap * rng.random()
    for z in np.arange(first - gap, z1, gap):
        boards.append(transform(box((x1 - x0, deep, board), 0.1 * board), ((x0 + x1) / 2, y + deep / 2, z)))
        x = x0
        while x < x1:
            x += _thing(things, x, y + 0.25 * deep, z + board, gap - board, rng)
    shapes["boards"] = solid(merge(boards), textured(Cloth(wood), "coated", 0.3))
    for number, (tone, meshes) in enumerate(things.items()):
        if meshes:
            shapes[f"things{number}"] = solid(merge(meshes), {"type": "diffuse", "reflectance": rgb(tone)})
    return shapes


_SPINES = (
    (186, 92, 70), (62, 84, 110), (222, 206, 176), (86, 112, 92), (206, 160, 84), (120, 78, 74),
    (232, 228, 220),
)  # fmt: skip


def _thing(
    things: dict[Colour, list[Mesh]], x: float, y: float, z: float, room: float, rng: np.random.Generator
) -> float:
    """Puts a book, a box, or nothing on a shelf at ``x``; returns the width it takes."""
    kind = rng.random()
    tone = _SPINES[rng.integers(len(_SPINES))]
    if kind < 0.16:
        return float(room * rng.uniform(0.2, 0.6))
    wide, high = (0.10, 0.8) if kind < 0.82 else (0.42, 0.5)
    width, height = room * wide * rng.uniform(0.6, 1.3), room * high * rng.uniform(0.75, 1.1)
    shape = box((width * 0.96, room * 0.4, height), 0.01 * room)
    things[tone].append(transform(shape, (x + width / 2, y + room * 0.2, z)))
    return float(width)


def _place(path: str) -> Callable[[Stage], dict[str, Any]]:
    """The builder that a row of the catalogue names as ``module.function``, imported at its first use."""

    def build(stage: Stage) -> dict[str, Any]:
        module, function = path.split(".")
        found = getattr(import_module(f"caig_cli.painters.studio.places.{module}"), function)
        return cast("dict[str, Any]", found(stage))

    return build


BACKDROPS: dict[str, Callable[[Stage], dict[str, Any]]] = {
    "plaster": _wall("plaster"),
    "brick": _wall("brick"),
    "gradient": gradient,
    "window": window,
    "bokeh_city": _view,
    "sky": _view,
    "sea": _view,
    "mountains": _view,
    "curtain": curtain,
    "foliage": _view,
    "tiles": _wall("tiles", "coated", 0.08),
    "wood_panel": _wall("wood_panel", "coated", 0.3),
    "shelves": shelves,
    "dark": dark,
    **{name: _place(row.build) for name, row in MORE_BACKDROPS.items()},
}
