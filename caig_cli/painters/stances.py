"""How products of each category are placed: a row per category of ``data/product_kinds.csv``."""

from __future__ import annotations

from dataclasses import dataclass

from caig_cli.painters.outline import Outline
from caig_cli.painters.pose import Fixture, Stance


@dataclass(frozen=True, slots=True)
class Habit:
    """How things of a category are placed.

    ``stance`` holds where the cut-out's width over height is within ``aspect``; else the photo shows it as it
    does not stand (a bottle on its side, shoes seen from above) and ``otherwise`` holds. ``thickness_cm`` is
    how thick a flat thing is. ``elevation`` is the angle in degrees at which such things are photographed,
    where the outline does not tell. ``heavy``: nobody hangs it up or lays it down. ``steady``: what the photo
    shows on its tip does not stand (a shoe in the air); photographed from above ``highest`` degrees, it lies.
    ``garment``: people wear it. What lies because it is flat or limp stands where its outline is ``compact``:
    a rolled strap, seen from the side.
    """

    stance: Stance = "stand"
    fixture: Fixture = "none"
    thickness_cm: float | None = None
    elevation: float = 10.0
    aspect: tuple[float, float] = (0.0, 1e9)
    otherwise: Stance = "lie"
    heavy: bool = False
    steady: bool = False
    highest: float = 90.0
    garment: bool = False
    compact: bool = False
    base_tells: bool = True
    """Whether the outline of its base tells from how high it was photographed; leaves and twigs do not."""
    pair_from: float = 0.0
    """What is its own mirror image and narrower than this share of its height is a pair seen from above."""

    def shown_by(self, shape: Outline) -> bool:
        """Whether an outline shows the thing as it usually is."""
        tips = self.steady and not shape.steady
        above = shape.elevation is not None and shape.elevation > self.highest
        upright = (
            self.compact and shape.parts == 1 and shape.coverage > _COMPACT and shape.aspect < _UPRIGHT_TO
        )
        pair = shape.aspect < self.pair_from and shape.mirrored > _PAIR
        return self.aspect[0] <= shape.aspect <= self.aspect[1] and not (tips or above or upright or pair)


def _lies(thickness_cm: float | None = None) -> Habit:
    return Habit("lie", thickness_cm=thickness_cm)


def _hangs(fixture: Fixture = "none", thickness_cm: float | None = None) -> Habit:
    return Habit("hang", fixture, thickness_cm)


_COMPACT, _UPRIGHT_TO = 0.6, 1.0
"""Least share of its box that a compact outline covers, and its largest aspect."""
_PAIR = 0.88  # how like its mirror image a pair is that is seen from above

_UPRIGHT = Habit(aspect=(0.0, 1.5))
_FURNITURE = Habit(elevation=9.0, heavy=True)

HABITS: dict[str, Habit] = {
    # upright packages and vessels; on its side, a bottle lies
    "drink": _UPRIGHT, "bottle": _UPRIGHT, "food": Habit(), "cosmetic": _UPRIGHT, "candle": _UPRIGHT,
    "lipstick": Habit(aspect=(0.0, 1.0)), "palette": Habit("lie", thickness_cm=1.5), "vase": _UPRIGHT,
    "tableware": Habit(elevation=14), "cookware": Habit(elevation=20), "pot": Habit(elevation=12),
    "plate": Habit(elevation=28, aspect=(1.35, 1e9)), "figure": Habit(),
    "box": Habit(elevation=16, highest=38),
    # lie wherever they are
    "small_flat": _lies(), "cutlery": _lies(1.0), "cable": _lies(1.2), "tool": _lies(2.5), "pen": _lies(0.9),
    "jewel": _lies(0.4), "keyring": _lies(0.6), "paper_flat": _lies(0.8), "phone": _lies(0.9),
    "tablet": _lies(0.8), "small_garment": Habit("lie", thickness_cm=1.5, garment=True),
    "flat_textile": _lies(1.2), "lie_sport": Habit("lie", elevation=30, otherwise="stand", compact=True),
    "instrument_flat": _lies(2.5), "racket": _lies(2.5), "bouquet": _lies(), "tie": _lies(0.8),
    "flatware": Habit("stand", elevation=24, aspect=(0.0, 2.4)),
    # garments and bags
    "top": Habit("hang", "hanger", 4.0, garment=True), "hood": Habit("hang", "hanger", 5.0, garment=True),
    "bottom": Habit("hang", "clips", 3.0, garment=True),
    "bag_strap": Habit("hang", "hook", 9.0, aspect=(0.0, 1.15), otherwise="stand"),
    "bag": Habit(elevation=12), "wallet": Habit("lie", thickness_cm=2.0), "hat": Habit(elevation=14),
    "shoes": Habit(elevation=16, aspect=(1.1, 1e9), steady=True),
    "boots": Habit(elevation=12, steady=True, pair_from=0.75),
    "watch": Habit(elevation=14, aspect=(0.5, 2.2)), "eyewear": Habit(elevation=14, aspect=(1.5, 1e9)),
    "umbrella": Habit("lean", aspect=(0.0, 0.5), otherwise="stand"),
    # on walls and from ceilings
    "wall_art": _hangs("none", 3.0), "pendant": _hangs("cord"), "frame": Habit("lean", thickness_cm=2.5),
    "tall_lean": Habit("lean", thickness_cm=6.0, aspect=(0.0, 0.7)), "board": Habit("lean", thickness_cm=6.0,
    aspect=(0.0, 0.7), otherwise="stand"), "guitar": Habit("lean", thickness_cm=9.0, aspect=(0.0, 0.8)),
    # devices and things that rest on a table
    "appliance": Habit(elevation=18), "electronics": Habit(elevation=16, highest=38),
    "camera": Habit(elevation=12), "laptop": Habit(elevation=16, highest=38), "computer": Habit(elevation=10),
    "medical": Habit(elevation=16), "rest": Habit(elevation=26, aspect=(1.05, 1e9)), "lamp": Habit(),
    "book": Habit(elevation=14, highest=36, thickness_cm=2.5), "toy": Habit(elevation=14), "plush": Habit(),
    "helmet": Habit(), "ball": Habit(), "weights": Habit(elevation=20), "cushion": Habit(),
    "plant": Habit(base_tells=False),
    "garden": Habit(elevation=12), "pet": Habit(elevation=12), "drone": Habit("float"),
    "floating": Habit("float"),
    # furniture and vehicles
    "large_appliance": _FURNITURE, "chair": _FURNITURE, "sofa": _FURNITURE, "table": _FURNITURE,
    "storage": _FURNITURE, "bed": _FURNITURE, "piano": _FURNITURE, "fitness_machine": _FURNITURE,
    "wheels": _FURNITURE, "bath": _FURNITURE,
}  # fmt: skip
