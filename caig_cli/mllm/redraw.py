"""Prompts that say something new: repeated or empty ones are drawn again. No torch: stages use it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from caig_cli.engine.runtime import derive_seed

RESAMPLES = 3
"""New tries for a repeated or empty prompt."""


def distinct(sample: Callable[[Sequence[int]], list[str]], n: int, seed: int, product: str) -> list[str]:
    """``n`` prompts from a sampler of one prompt per seed; repeated or empty ones get a few new tries.

    Prompt k does not depend on ``n``: what repeats an earlier prompt is drawn anew, never the earlier one.
    """
    prompts = sample([derive_seed(seed, product, k, "prompt", 0) for k in range(n)])
    for attempt in range(1, RESAMPLES + 1):
        again = [k for k in range(n) if not prompts[k] or prompts[k] in prompts[:k]]
        if not again:
            break
        fresh = sample([derive_seed(seed, product, k, "prompt", attempt) for k in again])
        for k, prompt in zip(again, fresh, strict=True):
            prompts[k] = prompt
    return prompts
