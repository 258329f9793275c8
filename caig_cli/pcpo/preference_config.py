"""Recipe section of the negatives of preference optimisation. No torch: the help reads it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from caig_cli.engine.optim import Count
from caig_cli.recipe import Section

NotNegative = Annotated[float, Field(ge=0)]
AreaShare = Annotated[float, Field(gt=0, le=1)]
Kind = Literal["mask", "caption", "crop", "image"]


class NegativesSection(Section):
    """Wrong product information: how often which kind, relative to the others, and its details."""

    mask: NotNegative = 1.0
    """Product photo with most patches black."""

    caption: NotNegative = 1.0
    """Title and attributes of another product."""

    crop: NotNegative = 0.0
    """A small piece of the photo, as in mDPO."""

    image: NotNegative = 0.0
    """Photo of another product."""

    mask_ratio: AreaShare = 0.75
    """Share of the patches that become black, rounded down to whole patches."""

    mask_patch: Count = 32
    """Side of a patch, pixels of the square picture that the model sees."""

    crop_least: AreaShare = 0.01
    """Smallest piece, as a share of the picture's area."""

    crop_most: AreaShare = 0.2
    """Largest piece, as a share of the picture's area."""

    answer: Literal["same", "theirs"] = "same"
    """Prompt of a caption negative: the product's own chosen one (paper), or the other's (authors' code)."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not any((self.mask, self.caption, self.crop, self.image)):
            raise ValueError("give at least one kind of negative a share above 0")
        if self.crop_least > self.crop_most:
            raise ValueError("crop_least is above crop_most")
        return self

    def shares(self) -> dict[Kind, float]:
        """How often each kind is wanted, relative to the others."""
        return {"mask": self.mask, "caption": self.caption, "crop": self.crop, "image": self.image}
