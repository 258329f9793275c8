"""What the model thinks of given responses: the forward pass of training and of teacher-forced evaluation."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from caig_cli.mllm.inputs import Batch
from caig_cli.mllm.loading import Mllm


class ResponseScorer(nn.Module):
    """Logits of the response tokens of a batch. A module, so that the loop can wrap it."""

    def __init__(self, mllm: Mllm) -> None:
        super().__init__()
        self.model = mllm.model

    def forward(self, batch: Batch) -> torch.Tensor:
        """Logits [N, V]; the head never sees the other tokens. Shapes as in ``inputs.Batch``."""
        core: Any = self.model.get_base_model() if hasattr(self.model, "get_base_model") else self.model
        out = core.model(
            input_ids=batch.ids_BL,
            position_ids=batch.position_BL,
            attention_mask=batch.mask_B1LL.to(core.dtype),
            pixel_values=None if batch.pixels_B3HW is None else batch.pixels_B3HW.to(core.dtype),
            use_cache=False,
        )
        logits: torch.Tensor = core.lm_head(out.last_hidden_state[batch.row_N, batch.at_N])
        return logits

    def gradient_checkpointing_enable(self, options: dict[str, Any]) -> None:
        """As transformers' own; adapters need the inputs of frozen layers to carry gradients."""
        self.model.gradient_checkpointing_enable(options)
        self.model.enable_input_require_grads()
