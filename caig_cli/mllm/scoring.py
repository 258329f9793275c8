"""What the model thinks of given responses: the forward pass of training and of teacher-forced evaluation.

Legend of shape names as in ``inputs``, and D conversations.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from caig_cli.engine.optim import recompute_activations
from caig_cli.errors import UsageError
from caig_cli.losses.preference import token_logps
from caig_cli.mllm.attention import Mask, mask_for
from caig_cli.mllm.inputs import Batch
from caig_cli.mllm.loading import Mllm
from caig_cli.mllm.vision import embed, language

TREE_ATTENTION = ("eager", "sdpa")
"""Attention kernels of transformers that read an additive mask, and so compute trees."""


def why_no_tree(mllm: Mllm) -> str | None:
    """Why conversations about an image cannot share one row, in words for the user; None if they can."""
    kernel = mllm.config.get_text_config()._attn_implementation
    if kernel in TREE_ATTENTION:
        return None
    if mllm.family.sees_ahead:
        raise UsageError(f"models of family {mllm.family.name} need attention sdpa or eager, not {kernel}")
    return f"attention {kernel} reads no tree mask; every conversation is computed on its own"


class ResponseScorer(nn.Module):
    """Logits of the response tokens of a batch. A module, so that the loop can wrap it."""

    def __init__(self, mllm: Mllm) -> None:
        super().__init__()
        self.model, self.family = mllm.model, mllm.family
        self.trees = why_no_tree(mllm) is None

    def forward(self, batch: Batch) -> torch.Tensor:
        """Logits [N, V]; the head never sees the other tokens. Shapes as in ``inputs.Batch``."""
        core: Any = self.model.get_base_model() if hasattr(self.model, "get_base_model") else self.model
        seen = batch.patches
        if batch.pixels is not None:
            seen = self.family.view.encode(core, batch.pixels.to(core.dtype), batch.sizes)
        out = language(core, self.family)(
            **embed(core, self.family, batch.ids_BL, seen, batch.sizes),
            position_ids=batch.position,
            attention_mask=self._mask(core, batch) if self.trees else batch.real.long(),
            use_cache=False,
        )
        logits: torch.Tensor = core.lm_head(out.last_hidden_state[batch.row_N, batch.at_N])
        return logits

    def _mask(self, core: Any, batch: Batch) -> Mask:
        return mask_for(core, self.family, batch.ids_BL, batch.mask_B1LL.to(core.dtype), batch.position)

    def gradient_checkpointing_enable(self) -> None:
        """As transformers' own."""
        recompute_activations(self.model)


def response_logps(scorer: nn.Module, batches: Sequence[Batch]) -> tuple[torch.Tensor, torch.Tensor]:
    """Summed log-probability of each response and its number of tokens, both [D].

    The conversations of all ``batches`` are counted on, in order. float32, or float64 where the model is.
    """
    sums, lengths = [], []
    for batch in batches:
        logp_N = token_logps(scorer(batch), batch.target_N)
        count = int(batch.branch_N[-1]) + 1
        sums.append(logp_N.new_zeros(count).index_add(0, batch.branch_N, logp_N))
        lengths.append(torch.bincount(batch.branch_N, minlength=count))
    return torch.cat(sums), torch.cat(lengths)
