"""Architectures ``vam`` and ``cg4ctr``, the paper's trained baselines: each scores an ad by itself.

A pair's logits are the scores of its ads, so both orders agree by construction.

Legend of shape names: P pairs, I ads, D width.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from caig_cli.engine.optim import recompute_activations
from caig_cli.rewards.concepts import ConceptBottleneck
from caig_cli.rewards.encoders import TextEncoder, VisionEncoder
from caig_cli.rewards.model import CtrScale, PairOutput

PERCENT = 100.0
"""VAM's scores are click-through rates in percent."""


class Ranker(nn.Module):
    """What both have: an encoder that sees ads, and the scale of their rates."""

    def __init__(self, vision: VisionEncoder) -> None:
        super().__init__()
        self.vision, self.rules, self.scale = vision, vision.rules, CtrScale()
        self.feature_width = vision.width
        self.concepts: ConceptBottleneck | None = None

    @property
    def features_fixed(self) -> bool:
        """True where the encoder is frozen."""
        return self.vision.frozen

    def freeze_encoder(self) -> None:
        """Keep the encoder as it is."""
        self.vision.requires_grad_(False)

    def features(self, pixels_I3HW: torch.Tensor) -> torch.Tensor:
        """Pooled features [I, D]."""
        pooled: torch.Tensor = self.vision(pixels_I3HW)
        return pooled

    def inputs(self, features_ID: torch.Tensor) -> torch.Tensor:
        """What the heads read of ads, float32: their features, or the chances of names in them."""
        return features_ID.float() if self.concepts is None else self.concepts(features_ID)


class Vam(Ranker):
    """Image features and one linear layer, whose output is the ad's click-through rate in percent."""

    def __init__(self, vision: VisionEncoder) -> None:
        super().__init__(vision)
        self._add_head(vision.width)

    def _add_head(self, width: int) -> None:
        self.head = nn.Linear(width, 1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def use_concepts(self, concepts: ConceptBottleneck) -> None:
        """Score the chances of names instead of features."""
        self.concepts = concepts
        self._add_head(concepts.width)

    def forget_clicks(self) -> None:
        """Start to judge anew."""
        self._add_head(self.head.in_features)

    def scores(self, features_ID: torch.Tensor) -> torch.Tensor:
        """Click-through rates in percent, float32 [I]."""
        with torch.autocast(features_ID.device.type, enabled=False):
            return PERCENT * self.scale.real(self.head(self.inputs(features_ID))[:, 0])

    def forward(
        self, features_I: torch.Tensor, left_P: torch.Tensor, right_P: torch.Tensor, texts: Sequence[str]
    ) -> PairOutput:
        """Compare ads of looks [I, D]; ``texts`` are not read."""
        score_I = self.scores(features_I)
        score_P2 = torch.stack([score_I[left_P], score_I[right_P]], dim=1)
        return PairOutput(score_P2, score_P2 / PERCENT)

    def gradient_checkpointing_enable(self) -> None:
        """Where the encoder has it; small residual networks need none."""
        _checkpoint(self.vision.model)


class Cg4ctr(Ranker):
    """Image and text features meet in one hidden layer, which gives a score and a click-through rate."""

    def __init__(self, vision: VisionEncoder, text: TextEncoder, width: int) -> None:
        super().__init__(vision)
        self.text = text
        self._meet(vision.width, width)
        self.heads = nn.Linear(width, 2)
        nn.init.zeros_(self.heads.weight)
        nn.init.zeros_(self.heads.bias)

    def _meet(self, seen: int, width: int) -> None:
        self.meet = nn.Sequential(nn.Linear(seen + self.text.width, width), nn.GELU())

    def use_concepts(self, concepts: ConceptBottleneck) -> None:
        """Let the text meet the chances of names instead of features."""
        self.concepts = concepts
        self._meet(concepts.width, self.heads.in_features)

    def forward(
        self, features_I: torch.Tensor, left_P: torch.Tensor, right_P: torch.Tensor, texts: Sequence[str]
    ) -> PairOutput:
        """Compare ads of looks [I, D]; ``texts`` tell what is known of each pair's product."""
        text_PD = self.text(texts)
        with torch.autocast(features_I.device.type, enabled=False):
            features_I, text_PD = self.inputs(features_I), text_PD.float()
            outputs = [
                self.heads(self.meet(torch.cat([features_I[ad_P], text_PD], dim=1)))
                for ad_P in (left_P, right_P)
            ]
        both_P22 = torch.stack(outputs, dim=1)
        return PairOutput(both_P22[..., 0], self.scale.real(both_P22[..., 1]))

    def gradient_checkpointing_enable(self) -> None:
        """Where the encoders have it; small residual networks need none."""
        _checkpoint(self.vision.model)
        _checkpoint(self.text.model)


def _checkpoint(model: nn.Module) -> None:
    if getattr(model, "supports_gradient_checkpointing", False):
        recompute_activations(model)
