"""Architecture ``mllm``, the paper's: a multimodal language model reads both ads and a question.

The row is [start] [tokens of the left ad] [tokens of the right ad] question, without system text or speaker
names: with one image beside each other that is the released checkpoint's form. Both heads read the last real
token. Rows are padded on the right, and attention looks back only, so that padding cannot move a logit.

Legend of shape names: P pairs, I ads, T image tokens, Q tokens of the longest question, D hidden size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import nn
from transformers import DynamicCache

from caig_cli.mllm import vision
from caig_cli.mllm.images import ImageRules
from caig_cli.mllm.loading import Mllm
from caig_cli.mllm.rewards.model import CtrScale, Heads, PairOutput


class MllmReward(nn.Module):
    """A language model with two heads. ``layout`` is ``two_images`` or ``side_by_side``."""

    def __init__(self, mllm: Mllm, layout: str) -> None:
        super().__init__()
        self.mllm, self.layout = mllm, layout
        self.model = mllm.model
        self.heads = Heads(int(mllm.config.get_text_config().hidden_size))
        self.scale, self._recomputes = CtrScale(), False
        rules = mllm.rules
        self.rules = (
            rules if layout == "two_images" else replace(rules, size=rules.size // 2, matte=rules.fill)
        )

    @property
    def seen_width(self) -> int:
        """Width of the tower's features."""
        return int(self.mllm.config.vision_config.hidden_size)

    @property
    def looks_last(self) -> bool:
        """True where the look is a frozen tower's."""
        tower = self.mllm.core.model.vision_tower
        return self.layout == "two_images" and not any(p.requires_grad for p in tower.parameters())

    def freeze_sight(self) -> None:
        """Keep the tower as it is."""
        self.mllm.core.model.vision_tower.requires_grad_(False)

    def features(self, pixels_I3HW: torch.Tensor) -> torch.Tensor:
        """Two images: the tower's patches [I, T, width]; side by side: the pixels, to be joined first."""
        return vision.patches(self.mllm, pixels_I3HW) if self.layout == "two_images" else pixels_I3HW

    def forward(
        self, looks_I: torch.Tensor, left_P: torch.Tensor, right_P: torch.Tensor, texts: Sequence[str]
    ) -> PairOutput:
        """Compare ads of the looks; see ``RewardModel``. What rows begin with alike is computed once."""
        if self.layout == "side_by_side":
            joined = beside(looks_I[left_P], looks_I[right_P], self.mllm.rules)
            return self.read(self.tokens(vision.patches(self.mllm, joined)), texts)
        image_ITD = self.tokens(looks_I)
        first_U, place_P = torch.unique(left_P, return_inverse=True)
        if self._recomputes or len(first_U) == len(left_P):  # no cache is kept then, or nothing is shared
            return self.read(torch.cat([image_ITD[left_P], image_ITD[right_P]], dim=1), texts)
        start_UKD = torch.cat(
            [self._start(len(first_U)), image_ITD[first_U].to(self._words.weight.dtype)], dim=1
        )
        cache = DynamicCache(config=self.mllm.config.get_text_config())
        self._language(inputs_embeds=start_UKD, past_key_values=cache, use_cache=True)
        cache.batch_select_indices(place_P)
        return self.read(image_ITD[right_P], texts, cache)

    def read(
        self, image_PTD: torch.Tensor, texts: Sequence[str], begun: DynamicCache | None = None
    ) -> PairOutput:
        """Answer questions about the image tokens of each pair; ``begun`` holds what comes before them."""
        ids_PQ, length_P = self._questions(texts, image_PTD.device)
        parts = [image_PTD.to(self._words.weight.dtype), self._words(ids_PQ)]
        if begun is None:
            parts = [self._start(len(texts)), *parts]
        rows_PLD = torch.cat(parts, dim=1)
        hidden_PLD = self._language(
            inputs_embeds=rows_PLD, past_key_values=begun, use_cache=begun is not None
        ).last_hidden_state
        out = self.heads(hidden_PLD, length_P + rows_PLD.shape[1] - ids_PQ.shape[1])
        return PairOutput(out.logits_P2, self.scale.real(out.ctr_P2))

    @property
    def _language(self) -> Any:
        return self.mllm.core.model.language_model

    @property
    def _words(self) -> Any:
        return self.mllm.core.get_input_embeddings()

    def _start(self, count: int) -> torch.Tensor:
        """What every row begins with, [count, S, D]."""
        ids = torch.tensor([self.mllm.encoder.prefix(image=False)], device=self._words.weight.device)
        start_1SD: torch.Tensor = self._words(ids.long())
        return start_1SD.expand(count, -1, -1)

    def gradient_checkpointing_enable(self) -> None:
        """As transformers' own; adapters need the inputs of frozen layers to carry gradients."""
        self._recomputes = True
        self.model.gradient_checkpointing_enable()
        self.model.enable_input_require_grads()

    def tokens(self, patches_ITW: torch.Tensor) -> torch.Tensor:
        """The projector's image tokens [I, T, D]."""
        projector: Any = self.mllm.core.model.multi_modal_projector
        tokens: torch.Tensor = projector(patches_ITW.to(self.mllm.core.dtype))
        return tokens

    def _questions(self, texts: Sequence[str], device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
        """Token ids [P, Q], padded on the right, and their lengths [P]."""
        encoder = self.mllm.encoder
        known = {text: encoder.question(text, image=True) for text in set(texts)}
        rows = [torch.tensor(known[text]) for text in texts]
        pad = encoder.tokenizer.pad_token_id or 0
        ids_PQ = nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=pad)
        return ids_PQ.to(device), torch.tensor([len(row) for row in rows], device=device)


def beside(left_P3hw: torch.Tensor, right_P3hw: torch.Tensor, rules: ImageRules) -> torch.Tensor:
    """Pictures of half the side, beside each other and padded to a square of ``rules``: [P, 3, H, W]."""
    size, half = rules.size, left_P3hw.shape[-1]
    mean, std = (left_P3hw.new_tensor(t) for t in (rules.mean, rules.std))
    fill = (left_P3hw.new_tensor(rules.fill) / 255 - mean) / std
    canvas = fill.view(1, 3, 1, 1).repeat(len(left_P3hw), 1, size, size)
    top = (size - half) // 2
    canvas[:, :, top : top + half, :half] = left_P3hw
    canvas[:, :, top : top + half, half : 2 * half] = right_P3hw
    return canvas
