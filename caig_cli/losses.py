"""Losses as pure functions: tensors in, tensors out.

Legend of shape names: N response tokens of a batch, D conversations, V vocabulary.
"""

from __future__ import annotations

import torch
from torch.nn.functional import cross_entropy


def token_nll(logits_NV: torch.Tensor, target_N: torch.Tensor) -> torch.Tensor:
    """Negative log-likelihood of each response token, float32 [N]: -log softmax(logits)[target]."""
    return cross_entropy(logits_NV.float(), target_N, reduction="none")


def length_weights(owner_N: torch.Tensor, balance: float) -> torch.Tensor:
    """Weight of each response token, float32 [N], when ``owner_N`` says whose conversation it is.

    A token of a conversation of length n weighs n**-balance: 0 counts every token alike, 1 every
    conversation alike, so that short answers are not drowned by long ones.
    """
    length_D = torch.bincount(owner_N)
    return length_D[owner_N].float().pow(-balance)


def weighted_sum(value_N: torch.Tensor, weight_N: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(sum of w * x, sum of w): their quotient over any number of batches is the weighted mean."""
    return (value_N * weight_N).sum(), weight_N.sum()
