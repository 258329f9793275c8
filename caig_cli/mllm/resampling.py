"""Prompts that say something new: repeated or empty ones are drawn again. No torch: stages use it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from caig_cli.engine.runtime import derive_seed

RESAMPLES = 3
"""New tries for a repeated or empty prompt."""


def distinct(sample: Callable[[Sequence[int]], list[str]], n: int, seed: int, product: str) -> list[str]:
    """``distinct_each`` of one product."""
    return resample_duplicates(lambda seeds: [sample(seeds[0])], n, seed, [product])[0]


def resample_duplicates(
    sample: Callable[[list[list[int]]], list[list[str]]], n: int, seed: int, products: Sequence[str]
) -> list[list[str]]:
    """``n`` prompts for each product from a sampler of one prompt per seed, for all products at once.

    Repeated or empty prompts get a few new tries. Prompt k does not depend on ``n``: what repeats an earlier
    prompt of its product is drawn anew, never the earlier one.
    """
    prompts = sample([[derive_seed(seed, product, k, "prompt", 0) for k in range(n)] for product in products])
    for attempt in range(1, RESAMPLES + 1):
        again = [[k for k in range(n) if not some[k] or some[k] in some[:k]] for some in prompts]
        if not any(again):
            break
        fresh = sample(
            [
                [derive_seed(seed, product, k, "prompt", attempt) for k in some]
                for product, some in zip(products, again, strict=True)
            ]
        )
        for texts, places, new in zip(prompts, again, fresh, strict=True):
            for k, text in zip(places, new, strict=True):
                texts[k] = text
    return prompts
