"""Many answers to one question: image and question are computed once, then every row goes its own way.

Legend of shape names: R rows, L prompt tokens, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch


@torch.inference_mode()
def sample(
    model: Any,
    ids_1L: torch.Tensor,
    pixels_13HW: torch.Tensor | None,
    *,
    seeds: Sequence[int],
    end: int,
    forbidden: Sequence[int] = (),
    max_new_tokens: int = 96,
    temperature: float = 1.0,
    top_p: float = 1.0,
) -> list[list[int]]:
    """One answer per seed, as token ids without the end token.

    Row r draws from its own generator, seeded with ``seeds[r]``: what it says does not depend on the other
    rows. ``temperature`` 0 takes the likeliest token. ``top_p`` keeps the smallest set of tokens that holds
    that much probability; there is no other filter. ``forbidden`` ids are never drawn (image, padding).
    """
    rows = len(seeds)
    out = model(input_ids=ids_1L, pixel_values=pixels_13HW, use_cache=True, logits_to_keep=1)
    cache = out.past_key_values
    cache.batch_repeat_interleave(rows)
    logits_RV = out.logits[:, -1].expand(rows, -1)
    generators = [torch.Generator().manual_seed(seed % 2**63) for seed in seeds]
    said: list[list[int]] = [[] for _ in range(rows)]
    going = [True] * rows
    for step in range(max_new_tokens):
        uniform_R = torch.stack([torch.rand((), generator=g, dtype=torch.float64) for g in generators])
        next_R = pick(logits_RV, uniform_R, temperature, top_p, forbidden)
        for row, token in enumerate(next_R.tolist()):
            going[row] = going[row] and token != end
            if going[row]:
                said[row].append(token)
        if not any(going) or step == max_new_tokens - 1:
            break
        position = torch.full((rows, 1), ids_1L.shape[1] + step, device=ids_1L.device)
        out = model(input_ids=next_R[:, None], position_ids=position, past_key_values=cache, use_cache=True)
        logits_RV = out.logits[:, -1]
    return said


def pick(
    logits_RV: torch.Tensor,
    uniform_R: torch.Tensor,
    temperature: float,
    top_p: float,
    forbidden: Sequence[int] = (),
) -> torch.Tensor:
    """The token of each row, int64 [R], by inverting its cumulative distribution at ``uniform_R`` in [0, 1).

    Probabilities are sorted first, so that top-p is a bound on the same cumulative sum.
    """
    scores_RV = logits_RV.to(torch.float64, copy=True)
    scores_RV[:, list(forbidden)] = -torch.inf
    if temperature <= 0:
        return scores_RV.argmax(-1)
    sorted_RV, order_RV = (scores_RV / temperature).softmax(-1).sort(dim=-1, descending=True, stable=True)
    cumulative_RV = sorted_RV.cumsum(-1)
    kept_RV = cumulative_RV - sorted_RV < top_p
    mass_R1 = (sorted_RV * kept_RV).sum(-1, keepdim=True)
    threshold_R1 = uniform_R.to(mass_R1.device)[:, None] * mass_R1
    index_R1 = torch.searchsorted(cumulative_RV, threshold_R1, right=True)
    index_R1 = index_R1.minimum(kept_RV.sum(-1, keepdim=True) - 1)
    return order_RV.gather(-1, index_R1).squeeze(-1)
