"""Which pose a product takes: decided by the prompt's words, else the option, else the title, else the photo.

A product that its photo cuts off stays at the frame's side whatever its title says; only words and the option
say otherwise. What contradicts what is told.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from caig_cli.cutouts.cutout import Cutout, Edge
from caig_cli.data.product_kinds import kind_of
from caig_cli.painters.outline import Outline
from caig_cli.painters.pose import Fixture, Pose, Stance
from caig_cli.painters.stances import HABITS, Habit
from caig_cli.painters.studio.viewpoint import View
from caig_cli.records import Product

_LOWEST, _HIGHEST = 8.0, 34.0
"""Elevations of the camera in degrees; from higher up, what stands looks like a card."""
_ABOVE = 30.0
"""Elevation where the prompt asks for a view from above of a product that stands."""
_LOW = 4.0
_SHOES = 16.0
"""How far down a camera at the height of the hips looks on a person's feet: lower down, these tiptoe."""
_FEET = 0.2
"""A product touches a side with feet only, if with no more than this share of it."""
_PERSON = "worn or held by a person"
_ACTIONS = {
    "stand": "stands", "lie": "lies", "hang": "hangs", "lean": "leans", "float": "floats",
    "worn": "stays at the side",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Posing:
    """How a product is placed and why.

    ``why`` says what decided: words, option, title, photo or default. ``cutout``: the product, without sides
    that only seemed cut off. ``contradictions``: what speaks against it, one sentence each.
    """

    pose: Pose
    why: str
    cutout: Cutout
    contradictions: tuple[str, ...] = ()


def pose_of(
    product: Product, cutout: Cutout, shape: Outline, view: View, option: Stance | None = None
) -> Posing:
    """The pose of a product in an ad whose prompt asks for ``view``, with the option ``--stance`` if given.

    ``shape`` is the outline of its cut-out.
    """
    kind = kind_of(product.caption, product.attributes)
    habit = HABITS[kind.category] if kind is not None else None
    whole = replace(cutout, cut_off=ends(cutout, habit))
    stance, why = _usual(habit, whole, shape)
    found: list[str] = []
    if option is not None:
        stance, why = option, "option"
    if view.stance is not None or _flat_lay(view, habit, stance):
        asked = cast("Stance", view.stance or "lie")
        if option is not None and option != asked:
            found.append(f"the prompt says that it {_ACTIONS[asked]}, --stance {option}: the words count")
        stance, why = asked, "words"
    if why in ("words", "option"):
        found += _contradictions(stance, habit, whole)
    elif view.camera == "above" and stance != "lie":
        found.append("its photo is not from above: the camera is raised, and does not look straight down")
    pose = _posed(stance, habit, shape, view)
    if stance == "worn" and "bottom" not in whole.cut_off and view.camera is None:
        pose = replace(pose, elevation=_SHOES)
    return Posing(pose, why, whole, tuple(found))


def ends(cutout: Cutout, habit: Habit | None) -> frozenset[Edge]:
    """The sides at which the product truly goes on beyond its photo.

    A photo cropped tightly to a product touches all sides, but its corners are empty; and what stands on
    thin legs touches the lower side with its feet only.
    """
    sides, solid = cutout.cut_off, cutout.rgba[..., 3] > 127
    height, width = solid.shape
    if len(sides) >= 3 and _PERSON not in _notes(cutout):
        h, w = max(1, height // 20), max(1, width // 20)
        corners = [solid[:h, :w], solid[:h, -w:], solid[-h:, :w], solid[-h:, -w:]]
        if sum(float(corner.mean()) < 0.35 for corner in corners) >= 6 - len(sides):
            return frozenset()
    stands = habit is None or habit.stance == "stand"
    if sides == {"bottom"} and stands and float(solid[-1].mean()) < _FEET and _PERSON not in _notes(cutout):
        return frozenset()
    return sides


def _notes(cutout: Cutout) -> str:
    return " ".join(cutout.facts.notes)


def _usual(habit: Habit | None, cutout: Cutout, shape: Outline) -> tuple[Stance, str]:
    """The stance by title and photo, and which of them decided."""
    stance: Stance = "stand"
    why = "default"
    if habit is not None:
        stance, why = habit.stance, "title"
        if not habit.shown_by(shape):
            stance, why = habit.otherwise, "photo"
    elif shape.parts >= 3 or not shape.steady:
        stance, why = "lie", "photo"
    # Nobody cuts a garment on its hanger off: where the photo does, somebody wears it.
    person = _PERSON in _notes(cutout) or (habit is not None and habit.garment)
    if cutout.cut_off and (person or stance not in ("lie", "hang") or "top" not in cutout.cut_off):
        if stance == "lie" and not person:
            return stance, why
        return "worn", "photo"
    return stance, why


def _flat_lay(view: View, habit: Habit | None, stance: Stance) -> bool:
    """Whether a view from above means that the product is laid flat: what stands by itself is not."""
    flat = stance in ("lie", "hang") or (habit is not None and habit.stance == "lie")
    return view.camera == "above" and flat


def _contradictions(stance: Stance, habit: Habit | None, cutout: Cutout) -> list[str]:
    """What speaks against a stance that was asked for."""
    found = []
    if cutout.cut_off and stance != "worn" and not (stance == "hang" and cutout.cut_off == {"top"}):
        sides = " and ".join(sorted(cutout.cut_off))
        found.append(
            f"it {_ACTIONS[stance]} as asked, but its photo cuts it off at the {sides}: it ends there"
        )
    elif _PERSON in _notes(cutout) and stance in ("hang", "lie", "lean"):
        found.append(f"it {_ACTIONS[stance]} as asked, but its photo shows it worn or held by a person")
    if habit is not None and habit.heavy and stance in ("hang", "lie", "float"):
        found.append(f"it {_ACTIONS[stance]} as asked; things like it stand")
    if stance == "worn" and not cutout.cut_off:
        found.append("worn as asked, but its photo shows it whole: it stands")
    return found


def _posed(stance: Stance, habit: Habit | None, shape: Outline, view: View) -> Pose:
    """The pose of a stance for a product of this habit and shape."""
    habit = habit or Habit()
    fixture: Fixture = "none"
    if stance == "hang":
        own = habit.fixture if habit.stance == "hang" else "hook"
        fixture = cast("Fixture", view.fixture) if view.fixture else own
    several = 8.0 if shape.parts >= 3 else 0.0  # what is in front of the others is seen from above
    elevation = habit.elevation + several
    if shape.elevation is not None and habit.base_tells:
        elevation = max(shape.elevation, elevation - 4)
    if stance != "stand":
        elevation = 10.0
    if view.camera == "above":
        elevation = max(elevation, _ABOVE)
    elif view.camera == "low":
        elevation = _LOW
    else:
        elevation = float(np.clip(elevation, _LOWEST, _HIGHEST))
    return Pose(stance, fixture, elevation, habit.thickness_cm, true_scale=True)
