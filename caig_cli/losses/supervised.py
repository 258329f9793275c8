"""Losses of pre-training and of reward models as pure functions: tensors in, tensors out.

Legend of shape names: N response tokens of a batch, D conversations, V vocabulary; P pairs of ads, I ads,
G items (lists of ads of one product). Not-a-number is an unknown click-through rate.
"""

from __future__ import annotations

import torch
from torch.nn.functional import cross_entropy, logsigmoid


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


def pair_nll(logits_P2: torch.Tensor, p_left_P: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of each pair with a soft target, float32 [P]; logit 0 is the left ad's.

    -p log softmax(logits)[0] - (1 - p) log softmax(logits)[1]; p = 1 or 0 is the paper's hard label.
    """
    gap_P = logits_P2[:, 0].float() - logits_P2[:, 1].float()
    return -p_left_P * logsigmoid(gap_P) - (1 - p_left_P) * logsigmoid(-gap_P)


def order_gap(logits_P2: torch.Tensor) -> torch.Tensor:
    """How far the two orders of each pair are from agreeing, float32 [P].

    The second half of the rows shows the pairs of the first half with their sides swapped. Log odds that
    agree add up to 0; their squared sum stands at both rows of a pair.
    """
    first_H, second_H = (logits_P2[:, 0].float() - logits_P2[:, 1].float()).chunk(2)
    return (first_H + second_H).square().repeat(2)


def ctr_mse(predicted_P2: torch.Tensor, ctr_P2: torch.Tensor) -> torch.Tensor:
    """Mean squared error of each pair's two rates, float32 [P]: mean of (said - ctr)^2 over left and right.

    A side whose rate is unknown is left out; a pair that knows neither has an error of 0.
    """
    known_P2 = ctr_P2.isfinite()
    square_P2 = (predicted_P2.float() - ctr_P2.where(known_P2, predicted_P2.detach().float())).pow(2)
    return square_P2.sum(1) / known_P2.sum(1).clamp(min=1)


def list_softmax(score_I: torch.Tensor, item_I: torch.Tensor, lists: int) -> torch.Tensor:
    """log softmax of each score among those of its item, float32 [I]: s_i - log sum_j exp(s_j)."""
    score_I = score_I.float()
    top_G = score_I.new_full((lists,), -torch.inf).scatter_reduce(0, item_I, score_I.detach(), "amax")
    shifted_I = score_I - top_G[item_I]
    total_G = score_I.new_zeros(lists).index_add(0, item_I, shifted_I.exp())
    return shifted_I - total_G.log()[item_I]


def list_nll(score_I: torch.Tensor, truth_I: torch.Tensor, item_I: torch.Tensor, lists: int) -> torch.Tensor:
    """Cross-entropy of each item's list, float32 [G]: -sum_i softmax(truth)_i log softmax(score)_i.

    Every truth must be known; an item with one ad, or none, has a loss of 0.
    """
    weight_I = list_softmax(truth_I, item_I, lists).exp()
    value_I = -weight_I * list_softmax(score_I, item_I, lists)
    return value_I.new_zeros(lists).index_add(0, item_I, value_I)


def list_mse(score_I: torch.Tensor, truth_I: torch.Tensor, item_I: torch.Tensor, lists: int) -> torch.Tensor:
    """Mean squared error of each item's list, float32 [G]: mean over its ads of (score - truth)^2."""
    square_I = (score_I.float() - truth_I.float()).pow(2)
    count_G = torch.bincount(item_I, minlength=lists).clamp(min=1)
    return square_I.new_zeros(lists).index_add(0, item_I, square_I) / count_G
