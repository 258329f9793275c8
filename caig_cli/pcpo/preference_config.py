"""Recipe sections of preference optimisation. No torch: the help reads them."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from caig_cli.engine.optim import Count, Positive
from caig_cli.recipe import Section

NotNegative = Annotated[float, Field(ge=0)]
AreaShare = Annotated[float, Field(gt=0, le=1)]
Kind = Literal["mask", "caption", "crop", "image"]


class ObjectiveSection(Section):
    """The loss. Each field is a value of ``preference.Objective``."""

    loss: Literal["dpo", "ipo", "kto", "pcpo", "group"] = "pcpo"
    """Loss: pcpo (the paper's); without product-centric negatives dpo, ipo, or kto, where each prompt counts
    alone; group, a policy gradient on the advantages of all candidates, in one pass, with the product-centric
    term."""

    beta: Positive = 0.5
    """How strongly the policy is held to the reference in the comparison of chosen and rejected prompts; for
    group the weight of KL."""

    pcpo_beta: Positive = 0.5
    """The same in the comparison of the true product with the wrong one."""

    pcpo_weight: NotNegative = 1.0
    """Weight of the product-centric term."""

    label_smoothing: Annotated[float, Field(ge=0, lt=0.5)] = 0.0
    """Share of the judge's rankings that are believed wrong."""

    nll_weight: NotNegative = 0.0
    """Weight of the anchor -log pi(chosen) per token, which keeps the chosen prompt likely."""

    anchor_weight: NotNegative = 0.0
    """Weight of mDPO's anchor, which pushes the chosen prompt's own reward above 0."""

    normalise_length: bool = False
    """Whether log-ratios are divided by the length of their prompt, in tokens; those of ipo always are."""

    advantages: Literal["rloo", "grpo"] = "rloo"
    """Advantages of group: rloo takes the judge's log-odds as they are, grpo divides them by their standard
    deviation within the product."""

    margin_weight: NotNegative = 0.0
    """0 counts all pairs alike, 1 by how sure the judge is; values between and above bend the line."""


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
