"""Which of a product's prompts are usual for it: what a model writes again and again suits more surely.

A prompt model writes what suits a product more often than what does not (self-consistency: Wang et al. 2022).

Legend of shape names: C candidates of a product.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from caig_cli.painters.registry import ReadWords


def shares(prompts: Sequence[str], read: ReadWords) -> dict[str, float]:
    """Share of the prompts that have each word."""
    found = Counter(word for prompt in prompts for word in set(read(prompt)))
    return {word: count / len(prompts) for word, count in found.items()}


def consistency(prompts: Sequence[str], read: ReadWords) -> NDArray[np.float64]:
    """How usual each prompt [C] is for its product: the mean log share of the prompts that have its words.

    The policy writes what suits a product more often than what does not, so that what it writes to this
    product again and again suits it more surely. Prompts without words count as the least usual.
    """
    rarest = -math.log(len(prompts))
    weight = {word: math.log(share) for word, share in shares(prompts, read).items()}
    words = [set(read(prompt)) for prompt in prompts]
    return np.array([math.fsum(weight[w] for w in some) / len(some) if some else rarest for some in words])


def most_usual(
    prompts: Sequence[str], count: int, read: ReadWords, oddness: Callable[[str], float] = lambda prompt: 0
) -> list[str]:
    """The ``count`` most usual of a product's prompts, in the order in which they were drawn.

    Those that are odd for the product come last: ``oddness`` gives points, and of those within half a point
    the more usual come first.
    """
    usual = consistency(prompts, read)
    odd = np.floor(np.array([oddness(prompt) for prompt in prompts]) * 2 + 1e-6)
    kept = np.sort(np.lexsort((-usual, odd))[:count])
    return [prompts[number] for number in kept]
