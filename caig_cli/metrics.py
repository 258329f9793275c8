"""Measures as pure functions: tensors or counts in, numbers out.

Legend of shape names: N response tokens of a batch, D conversations.
"""

from __future__ import annotations

import torch


def all_of_each(correct_N: torch.Tensor, owner_N: torch.Tensor, count: int) -> torch.Tensor:
    """Which of ``count`` conversations have every token right, bool [D]; ``owner_N``: whose a token is."""
    wrong_D = torch.zeros(count, dtype=torch.long, device=correct_N.device)
    wrong_D.index_add_(0, owner_N, (~correct_N).long())
    return wrong_D == 0


def sum_of_each(value_N: torch.Tensor, owner_N: torch.Tensor, count: int) -> torch.Tensor:
    """Sum of the values of each of ``count`` conversations, float32 [D]."""
    return torch.zeros(count, device=value_N.device).index_add_(0, owner_N, value_N.float())
