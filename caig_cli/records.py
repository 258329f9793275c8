"""The records that the stages pass around. Plain data: no torch, no files opened."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Side = Literal["left", "right"]


@dataclass(frozen=True, slots=True)
class ShotOptions:
    """What the record of a product says of its ads; None leaves it to the option of the command.

    ``size`` is a preset's name or ``WxH``; ``cutout`` says how the product is cut out of its photo.
    """

    prompt: str | None = None
    n: int | None = None
    seed: int | None = None
    size: str | None = None
    placement: str | None = None
    scale: float | None = None
    stance: str | None = None
    cutout: str | None = None


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """Where a product stands in a shop's feed: what files for the shop have to repeat."""

    platform: str
    """The row of the table of feeds that the file was read by."""
    ids: tuple[str, ...] = ()
    """Ids of the rows that show this product's photo, its own first; SKUs where rows have no other."""
    group: str | None = None
    """What its variants share: item group, handle or parent."""
    sku: str | None = None
    title: str | None = None
    pictures: tuple[str, ...] = ()
    """Addresses of the pictures that the product has in the feed, the main one first."""
    others: int = 0
    """Variants with other pictures, of which no ads are made."""


@dataclass(frozen=True, slots=True)
class Product:
    """An item to advertise: an image and, if known, what the shop says about it.

    ``more`` are further photos of it, for where the first can't be used; ``addresses`` says of photos that
    may not be on this machine yet where they are fetched from.
    """

    id: str
    image: Path
    caption: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    mask: Path | None = None
    options: ShotOptions = ShotOptions()
    more: tuple[Path, ...] = ()
    addresses: Mapping[Path, str] = field(default_factory=dict)
    feed: FeedEntry | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One utterance of a dialogue; ``speaker`` is ``human`` or ``gpt`` as in LLaVA files."""

    speaker: str
    text: str


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A training conversation about at most one image; ``task`` names its family, if known."""

    id: str
    image: Path | None
    turns: tuple[Turn, ...]
    task: str | None = None


@dataclass(frozen=True, slots=True)
class Preference:
    """Two background prompts for a product: a judge says that the ad made from ``chosen`` is clicked more."""

    id: str
    product: Product
    chosen: str
    rejected: str
    p_chosen: float = 1.0
    """Probability that the judge is right about it, by its own account."""
    advantage: float = 0.0
    """How far the chosen prompt's advantage within its product's candidates is above the rejected one's."""


@dataclass(frozen=True, slots=True)
class Creative:
    """An ad image and what the click log says of it; what is unknown is None.

    ``half`` says that the ad is this half of a picture that shows two side by side, as in official files.
    """

    image: Path
    impressions: int | None = None
    clicks: int | None = None
    ctr: float | None = None
    """Click-through rate: observed, or on the market the true one."""
    half: Side | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two ads of one product, to say which is clicked more."""

    id: str
    item: str
    left: Creative
    right: Creative
    target: Side | None = None
    """The side with the higher observed rate."""
    p_left: float | None = None
    """Probability that the left ad's true rate is the higher one, given the log (Beta posteriors)."""
    p_observed_left: float | None = None
    """Probability that the left ad is observed higher, given the true rates: known on the market only."""
    caption: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    category: str | None = None
    question: str | None = None
    """The instruction that an official file gives the judge, without the image placeholder."""

    @property
    def truth(self) -> float | None:
        """P(left is observed higher): as the market tells it, else what was observed, else believed."""
        if self.p_observed_left is not None:
            return self.p_observed_left
        return self.p_left if self.target is None else float(self.target == "left")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a judge says of a pair shown in both orders; probabilities are those of the pair's left ad."""

    shown: float
    """P(left is clicked more) with the left ad shown first."""
    swapped: float
    """P(left is clicked more) with the right ad shown first."""
    ctr: tuple[float, float] | None = None
    """Predicted click-through rates of left and right, where the judge predicts any."""

    @property
    def p_left(self) -> float:
        """Both orders together: the mean of their logits, as a probability."""
        odds = [min(max(p, 1e-9), 1 - 1e-9) for p in (self.shown, self.swapped)]
        return 1 / (1 + math.exp(-sum(math.log(p / (1 - p)) for p in odds) / 2))

    @property
    def log_odds(self) -> float:
        """Of the left ad, both orders together: how much more it is worth than the right one."""
        return math.log(self.p_left / (1 - self.p_left))

    @property
    def agrees(self) -> bool:
        """Whether both orders name the same side."""
        return (self.shown > 0.5) == (self.swapped > 0.5)


@dataclass(frozen=True, slots=True)
class Failure:
    """An item that could not be used, and why, in one line."""

    item: str
    error: str


@dataclass(frozen=True, slots=True)
class Box:
    """A pixel rectangle: left and top inclusive, right and bottom exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top
