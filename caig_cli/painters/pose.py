"""How a product is placed in the world: it stands, lies, hangs, leans, floats, or is worn. Plain data.

In every stance the product's plane is parallel to the film, so that its pixels stay the customer's: upright
before a level camera, or flat under one that looks straight down (``lie``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Stance = Literal["stand", "lie", "hang", "lean", "float", "worn"]
STANCES: tuple[str, ...] = get_args(Stance)

Fixture = Literal["none", "hanger", "clips", "hook", "cord"]
"""What a hanging product hangs on; ``none`` is a nail or a foot that nobody sees."""


@dataclass(frozen=True, slots=True)
class Pose:
    """A stance and how it is photographed; the default is the market's: upright, from a little above.

    ``fixture`` is what it hangs on. ``elevation`` is the angle in degrees at which the camera looks down on
    the product's foot; None draws 8 to 12.5 from the seed. ``thickness_cm`` is how thick a flat product is
    (a rug, a shirt); None makes it as round as its outline. ``depth`` multiplies the distance to the backdrop
    and ``aperture`` the opening of the lens. ``true_scale`` shows props at their natural size, and leaves out
    what is too large or too small beside the product; else each is fitted to the product.
    """

    stance: Stance = "stand"
    fixture: Fixture = "none"
    elevation: float | None = None
    thickness_cm: float | None = None
    depth: float = 1.0
    aperture: float = 1.0
    true_scale: bool = False


STANDS = Pose()
"""As the market's products are photographed."""
