"""Where the props go: around the product, in scale with it, never before it and never through it."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from caig_cli.painters.studio.camera import Camera
from caig_cli.painters.studio.colours import srgb
from caig_cli.painters.studio.materials import to_mitsuba
from caig_cli.painters.studio.mesh import transform
from caig_cli.painters.studio.props import PROPS
from caig_cli.painters.studio.props.kit import Parts, box_of, bunch
from caig_cli.painters.studio.scene import PropLook
from caig_cli.painters.studio.stage import Stage

Points = npt.NDArray[Any]

VARIANTS = 6  # builds of a prop that are kept: enough to look different, few enough to stay in memory
TRIES = 60
SQUEEZED = (0.6, 0.45, 0.34)  # of a prop's usual size, where it finds no free place else
SQUEEZES = 30  # tries at each size and kind of place
SMALLEST, LARGEST = 0.26, 0.9  # larger of a prop's height and 0.7 of its width, in product heights
TRUE_SCALE = (0.6, 1.5)  # what a prop's natural size may be multiplied by, where sizes are to be true
SHOWN = (0.06, 0.8)  # least and largest such extent that is shown then, in units of the frame


@dataclass(frozen=True, slots=True)
class Placed:
    """A prop at its place: scale, turn in degrees about z, foot; ``radius`` bounds its plan."""

    parts: Parts
    scale: float
    turn: float
    foot: tuple[float, float, float]
    radius: float

    def moved(self) -> Parts:
        """The prop's parts where they stand."""
        return [
            (transform(m, self.foot, (0, 0, self.turn), self.scale), material) for m, material in self.parts
        ]


def support_height(stage_props: tuple[str, ...], height_cm: float) -> float:
    """Height in cm of what the product stands on: a podium if the scene has one, else 0."""
    return 0.13 * height_cm if any(PROPS[name].where == "under" for name in stage_props) else 0.0


def prop_shapes(stage: Stage) -> dict[str, Any]:
    """The scene's props as Mitsuba shapes."""
    shapes: dict[str, Any] = {}
    for number, placed in enumerate(place_props(stage).values()):
        for k, (mesh, material) in enumerate(placed.moved()):
            shapes[f"prop{number}_{k}"] = to_mitsuba(mesh, material)
    for name in stage.scene.props:
        if PROPS[name].where == "under" and stage.pose.stance == "stand":
            variant = int(stage.rng("podium").integers(VARIANTS))
            shapes |= _podium(stage, _parts(stage.scene.look(name), variant))
    return shapes


def place_props(stage: Stage) -> dict[str, Placed]:
    """Where the scene's props stand. One that finds no free place is left out; a podium is not among them."""
    if stage.camera.down:
        return around(stage)
    taken: list[Placed] = []
    found: list[str] = []
    rng = stage.rng("props")
    first_side = 1.0 if rng.random() < 0.5 else -1.0
    for name in stage.scene.props:
        if PROPS[name].where == "under":
            continue
        own = stage.rng(f"props/{name}")
        parts = _parts(stage.scene.look(name), int(own.integers(VARIANTS)))
        side = first_side * (-1.0) ** len(taken)
        placed = _find(stage, name, parts, side, taken, own)
        as_learnt = stage.preview or stage.pose.true_scale  # models know previews as they are
        if placed is None and not as_learnt:
            placed = _squeeze(stage, name, parts, side, taken, own)
        if placed is not None:
            taken.append(placed)
            found.append(name)
    return dict(zip(found, taken, strict=True))


def left_out(stage: Stage) -> tuple[str, ...]:
    """The scene's props that find no free place."""
    placed = place_props(stage)
    stands = stage.pose.stance == "stand"
    return tuple(
        name
        for name in stage.scene.props
        if name not in placed and not (stands and PROPS[name].where == "under")
    )


@functools.lru_cache(maxsize=256)
def _parts(look: PropLook, variant: int) -> Parts:
    """The prop as the prompt asks for it: its colour, and how many of it."""
    prop, rng = PROPS[look.name], np.random.default_rng([variant, 97])
    colour = None if look.colour is None else srgb(look.colour)
    if look.count is None or prop.one is None:
        return prop.build(rng, colour)
    one = prop.one
    return bunch(rng, [one(rng, colour) for _ in range(look.count)])


def _podium(stage: Stage, parts: Parts) -> dict[str, Any]:
    """The podium under the product: its top just reaches the product's foot and is wide enough."""
    low, high = box_of(parts)
    depth = min(stage.width_cm, 0.8 * stage.height_cm)
    wide = np.array([1.35 * stage.width_cm, max(1.35 * stage.width_cm, 1.5 * depth)])
    scale = np.array([*(wide / (high - low)[:2]), stage.camera.lift / float(high[2] - low[2])])
    foot = np.array([0.0, 0.24 * depth, -low[2] * scale[2]])
    return {
        f"podium_{k}": to_mitsuba(transform(m, foot, 0.0 * foot, scale), mat)
        for k, (m, mat) in enumerate(parts)
    }


def _find(
    stage: Stage, name: str, parts: Parts, side: float, taken: list[Placed], rng: np.random.Generator
) -> Placed | None:
    """The best of some random places for a prop, or None if none is free."""
    low, high = box_of(parts)
    height, scale = float(high[2] - low[2]), _usual(stage, low, high)
    if scale <= 0:
        return None
    where = PROPS[name].where
    best, best_score = None, 0.0
    for attempt in range(TRIES):
        if attempt == 2 * TRIES // 3 and where in ("beside", "behind"):
            where = "front_low" if height * scale < 0.35 * stage.height_cm else "behind"  # a wide product
        shrink = scale * (1.0, 0.8, 0.6)[3 * attempt // TRIES]
        if best is not None and attempt % (TRIES // 3) == 0:
            break  # found at this size
        radius = shrink * 0.5 * float(np.hypot(*(high - low)[:2])) * 0.85
        foot = _guess(stage, where, side if attempt % 3 else -side, radius, shrink * height, rng)
        placed = Placed(parts, shrink, float(rng.uniform(-35, 35)), foot, radius)
        score = _score(stage, where, placed, (low * shrink, high * shrink), taken)
        score *= 1.15 if attempt % 3 else 1.0  # the two sides of the product get their share
        if score > best_score:
            best, best_score = placed, score
    return best


def _usual(stage: Stage, low: Points, high: Points) -> float:
    """What a prop's natural size is multiplied by, so that it is not lost beside the product, nor larger.

    0 where sizes are to be true and it would be.
    """
    extent = max(float(high[2] - low[2]), 0.7 * float((high - low)[:2].max()), 1e-6)
    if stage.pose.true_scale:
        least, most = (share * stage.unit for share in SHOWN)
        scale = float(np.clip(np.clip(extent, 1.5 * least, 0.75 * most) / extent, *TRUE_SCALE))
        return scale if least <= scale * extent <= most else 0.0
    return float(np.clip(extent, SMALLEST * stage.height_cm, LARGEST * stage.height_cm)) / extent


def _squeeze(
    stage: Stage, name: str, parts: Parts, side: float, taken: list[Placed], rng: np.random.Generator
) -> Placed | None:
    """A smaller prop in any kind of place, as large as there is room for; None if there is none."""
    low, high = box_of(parts)
    places = dict.fromkeys((PROPS[name].where, "beside", "front_low", "behind"))
    for shrink in _usual(stage, low, high) * np.array(SQUEEZED):
        radius = float(shrink) * 0.5 * float(np.hypot(*(high - low)[:2])) * 0.85
        best, best_score = None, 0.0
        for where in places:
            for attempt in range(SQUEEZES):
                towards = side if attempt % 2 else -side
                foot = _guess(stage, where, towards, radius, float(shrink * (high[2] - low[2])), rng)
                placed = Placed(parts, float(shrink), float(rng.uniform(-35, 35)), foot, radius)
                score = _score(stage, where, placed, (low * shrink, high * shrink), taken)
                if score > best_score:
                    best, best_score = placed, score
        if best is not None:
            return best
    return None


def _guess(
    stage: Stage, where: str, side: float, radius: float, height: float, rng: np.random.Generator
) -> tuple[float, float, float]:
    """A random foot for a prop of the given plan radius, beside, behind, before or above the product."""
    unit, half = stage.unit, 0.5 * stage.width_cm
    if where == "above":
        y = float(rng.uniform(0.35, 0.6)) * min(unit, stage.wall)
        _, _, _, top = stage.camera.view_at(y)
        return float(rng.uniform(-0.35, 0.35)) * unit, y, top - height * float(rng.uniform(0.75, 1.0))
    gap = float(rng.uniform(0.01, 0.22)) * unit
    if stage.on_wall:
        return (
            side * (half + radius + gap),
            stage.wall - 0.03 * unit - radius * float(rng.uniform(1, 1.5)),
            0.0,
        )
    if where == "behind":
        y = radius + float(rng.uniform(0.25, 0.7)) * unit
        return side * (half * float(rng.uniform(0.5, 1.0)) + gap), y, 0.0
    if where == "front_low":
        y = -radius * float(rng.uniform(0.6, 1.3)) - float(rng.uniform(0.0, 0.12)) * unit
        return side * float(rng.uniform(0.3, 1.1)) * (half + radius + gap), y, 0.0
    return side * (half + radius + gap), float(rng.uniform(-0.12, 0.35)) * unit, 0.0


def _score(
    stage: Stage, where: str, placed: Placed, extent: tuple[Points, Points], taken: list[Placed]
) -> float:
    """How well a prop stands there: the share of it that is seen; 0 where it may not stand."""
    x, y, _ = placed.foot
    low, high = extent
    if y + placed.radius > min(stage.wall, stage.edge) - 0.02 * stage.unit:
        return 0.0
    if y - placed.radius < -0.8 * stage.camera.distance:
        return 0.0
    if where != "above":
        depth = min(0.8 * stage.width_cm, stage.height_cm)
        dx = max(abs(x) - 0.5 * stage.width_cm, 0.0)
        dy = max(-y, y - depth, 0.0)
        if np.hypot(dx, dy) < placed.radius:
            return 0.0
        if any(np.hypot(x - p.foot[0], y - p.foot[1]) < placed.radius + p.radius for p in taken):
            return 0.0
    left, top, right, bottom = _on_film(stage.camera, placed.foot, placed.radius, low, high)
    box, (width, height) = stage.camera.box, stage.camera.size
    over = _overlap(left, right, box.left, box.right) * _overlap(top, bottom, box.top, box.bottom)
    if over > 0 and y - placed.radius < 0.02 * stage.unit:
        return 0.0  # it would stand before the product, which is composed on top
    area = max((right - left) * (bottom - top), 1e-6)
    seen = _overlap(left, right, 0, width) * _overlap(top, bottom, 0, height) - over
    share = seen / area
    nearness = 1.0 / (1.0 + 0.8 * abs(x) / stage.unit)
    return float(share * nearness) if share > 0.5 else 0.0


def around(stage: Stage) -> dict[str, Placed]:
    """Where the props are around a product seen from straight above: beside it, some partly out of frame."""
    taken: list[Placed] = []
    found: list[str] = []
    for name in stage.scene.props:
        rng = stage.rng(f"props/{name}")
        parts = _parts(stage.scene.look(name), int(rng.integers(VARIANTS)))
        low, high = box_of(parts)
        scale = _usual(stage, low, high) if PROPS[name].where != "under" else 0.0
        radius = scale * 0.5 * float(np.hypot(*(high - low)[:2]))
        best, best_score = None, 0.0
        for _ in range(TRIES if scale > 0 else 0):
            across, along = stage.patch(0.35 * radius)
            foot = float(rng.uniform(*across)), float(rng.uniform(*along)), 0.0
            placed = Placed(parts, scale, float(rng.uniform(0, 360)), foot, radius)
            score = _score_around(stage, placed, (low * scale, high * scale), taken)
            if score > best_score:
                best, best_score = placed, score
        if best is not None:
            taken.append(best)
            found.append(name)
    return dict(zip(found, taken, strict=True))


def _score_around(stage: Stage, placed: Placed, extent: tuple[Points, Points], taken: list[Placed]) -> float:
    """The share of a prop that is seen, more for one away from the others; 0 where it may not lie."""
    left, top, right, bottom = _on_film(stage.camera, placed.foot, placed.radius, *extent)
    box, (width, height) = stage.camera.box, stage.camera.size
    if _overlap(left, right, box.left, box.right) * _overlap(top, bottom, box.top, box.bottom) > 0:
        return 0.0
    x, y, _ = placed.foot
    apart = [np.hypot(x - p.foot[0], y - p.foot[1]) - placed.radius - p.radius for p in taken]
    if apart and min(apart) < 0:
        return 0.0
    area = max((right - left) * (bottom - top), 1e-6)
    seen = _overlap(left, right, 0, width) * _overlap(top, bottom, 0, height) / area
    spread = min(1.0, min(apart) / stage.unit) if apart else 0.0
    return seen * (1 + 0.5 * spread) if seen > 0.4 else 0.0


def _on_film(
    camera: Camera, foot: tuple[float, float, float], radius: float, low: Points, high: Points
) -> tuple[float, float, float, float]:
    """Left, top, right, bottom in pixels of a prop's bounding cylinder."""
    x, y, z = foot
    corners = [
        (x + sx * radius, y + sy * radius, z + h)
        for sx in (-1, 1) for sy in (-1, 1) for h in (float(low[2]), float(high[2]))
    ]  # fmt: skip
    pixels = camera.project(corners)
    (left, top), (right, bottom) = pixels.min(axis=0), pixels.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def _overlap(a0: float, a1: float, b0: float, b1: float) -> float:
    return max(0.0, min(a1, b1) - max(a0, b0))
