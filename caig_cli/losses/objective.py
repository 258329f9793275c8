"""The table of preference losses, and the recipe section that says which one and how. No torch: the help
reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, cast

from pydantic import Field, model_validator

from caig_cli.recipe import Section
from caig_cli.tables import OneOf

if TYPE_CHECKING:
    import torch

    Terms = Callable[[Any, "Objective", torch.Tensor], dict[str, torch.Tensor]]
    """(log-ratios, objective, advantages) -> the terms [P] whose sum is the loss, by name."""

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]


@dataclass(frozen=True, slots=True)
class PreferenceLoss:
    """A row of the table. ``terms``: the function, or where it is, as ``module:name``."""

    terms: str | Terms
    negatives: bool = False
    """Whether it compares with wrong product information."""
    smooths: bool = False
    """Whether it takes label_smoothing."""
    all_pairs: bool = False
    """Whether it learns from every two candidates of a product, near-ties too."""
    per_token: bool = False
    """Whether its log-ratios are means over response tokens, whatever normalise_length says."""

    def function(self) -> Terms:
        """The function itself, imported when it is needed."""
        if not isinstance(self.terms, str):
            return self.terms
        module, _, name = self.terms.partition(":")
        return cast("Terms", getattr(import_module(module), name))


_HERE = "caig_cli.losses.preference"
LOSSES: Mapping[str, PreferenceLoss] = {
    "dpo": PreferenceLoss(f"{_HERE}:dpo", smooths=True),
    "ipo": PreferenceLoss(f"{_HERE}:ipo", per_token=True),
    "kto": PreferenceLoss(f"{_HERE}:kto"),
    "pcpo": PreferenceLoss(f"{_HERE}:pcpo", negatives=True, smooths=True),
    "group": PreferenceLoss(f"{_HERE}:group", negatives=True, all_pairs=True),
}


class Objective(Section):
    """What is optimised; the defaults are the paper's."""

    loss: Annotated[str, OneOf("loss", LOSSES)] = "pcpo"
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

    @model_validator(mode="after")
    def _smooths(self) -> Self:
        if self.label_smoothing and not LOSSES[self.loss].smooths:
            raise ValueError(
                f"label_smoothing: {self.loss} does not push margins to infinity and takes none; set it to 0"
            )
        return self

    @property
    def needs_negatives(self) -> bool:
        """Whether the loss compares with wrong product information."""
        return LOSSES[self.loss].negatives and self.pcpo_weight > 0

    @property
    def per_token(self) -> bool:
        """Whether log-ratios are means over response tokens instead of sums."""
        return self.normalise_length or LOSSES[self.loss].per_token
