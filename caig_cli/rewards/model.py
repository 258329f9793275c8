"""What all reward models have in common: what goes in, what comes out, how an ad becomes pixels.

Legend of shape names: P pairs, I ads, H and W pixels, L tokens, D hidden size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import torch
from PIL import Image
from torch import nn

from caig_cli.mllm.images import Rules, flatten

if TYPE_CHECKING:
    from caig_cli.rewards.concepts import ConceptBottleneck

LEAST_RATE = 1e-5
"""Rate that stands for none where a logarithm is taken."""


class PairOutput(NamedTuple):
    """What a reward model says of pairs of ads."""

    logits_P2: torch.Tensor
    """Index 0 is the left ad's logit, 1 the right one's; float32."""

    ctr_P2: torch.Tensor
    """Predicted click-through rates of left and right, in real units (0.03 is 3 %); float32."""


@dataclass(frozen=True, slots=True)
class CtrScale:
    """Mean and standard deviation of the training ads' click-through rates, or of their logarithms.

    Raw rates of about 0.03 give a squared error almost no gradient, so heads predict (ctr - mean) / std; and
    rates have a heavy tail, so that a few ads would be most of that error: their logarithms have none.
    (0, 1) leaves rates as they are.
    """

    mean: float = 0.0
    std: float = 1.0
    log: bool = False

    def standard(self, ctr: torch.Tensor) -> torch.Tensor:
        """Real units to the heads' units."""
        return ((ctr.clamp(min=LEAST_RATE).log() if self.log else ctr) - self.mean) / self.std

    def real(self, standard: torch.Tensor) -> torch.Tensor:
        """The heads' units to real ones."""
        value = standard * self.std + self.mean
        return value.clamp(max=0).exp() if self.log else value


class RewardModel(Protocol):
    """A network of two halves: what depends on one ad alone (``features``), and what compares (call)."""

    scale: CtrScale

    @property
    def features_fixed(self) -> bool:
        """Whether an ad's features stay the same while the model is trained, so that they can be kept."""

    @property
    def feature_width(self) -> int:
        """Last dimension of an ad's features."""

    def freeze_encoder(self) -> None:
        """Keep what makes the features as it is."""

    def use_concepts(self, concepts: ConceptBottleneck) -> None:
        """Judge by the chances of what ads show; heads that read them are new."""

    @property
    def concepts(self) -> ConceptBottleneck | None:
        """What it names in ads, if anything."""

    @property
    def rules(self) -> Rules:
        """How an ad becomes a picture."""

    def to(self, device: Any) -> object:
        """Move it there."""

    def features(self, pixels: torch.Tensor) -> torch.Tensor:
        """The look [I, ...] at each ad, from the pieces of their pictures by ``rules``."""

    def __call__(
        self, features_I: torch.Tensor, left_P: torch.Tensor, right_P: torch.Tensor, texts: Sequence[str]
    ) -> PairOutput:
        """Compare ads ``left_P`` with ads ``right_P`` of the looks [I, ...] under the pairs' texts."""


@torch.no_grad()
def encode(model: RewardModel, images: Sequence[Image.Image]) -> torch.Tensor:
    """Looks [I, ...] at ads as they are, computed once per ad and good for any number of comparisons."""
    rules = model.rules
    pictures = [flatten(rules.square(image), rules.fill) for image in images]
    return model.features(rules.tensor(pictures).to(device_of(model)))


def device_of(model: RewardModel) -> torch.device:
    """Where the model's weights are."""
    assert isinstance(model, nn.Module)
    return next(model.parameters()).device


class Heads(nn.Module):
    """Two linear layers without bias on one hidden state: preference [D -> 2] and CTR [D -> 2].

    They start at zero, so that a new model says one half and the mean rate of any pair.
    """

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.preference = nn.Linear(hidden, 2, bias=False)
        self.ctr = nn.Linear(hidden, 2, bias=False)
        for head in (self.preference, self.ctr):
            nn.init.zeros_(head.weight)

    def forward(self, hidden_PLD: torch.Tensor, length_P: torch.Tensor) -> PairOutput:
        """Read the last real token of each right-padded row; rates are in the heads' own units."""
        rows = torch.arange(len(length_P), device=length_P.device)
        last_PD = hidden_PLD[rows, length_P - 1]
        # Two small matrices decide about near-ties: they are worth full precision.
        with torch.autocast(last_PD.device.type, enabled=False):
            last_PD = last_PD.float()
            return PairOutput(self.preference(last_PD), self.ctr(last_PD))
