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


def consistency(prompts: Sequence[str], read: ReadWords) -> NDArray[np.float64]:
    """How usual each prompt [C] is for its product: the mean log share of the prompts that have its words.

    The policy writes what suits a product more often than what does not, so that what it writes to this
    product again and again suits it more surely. Prompts without words count as the least usual.
    """
    words = [set(read(prompt)) for prompt in prompts]
    shared = Counter(word for some in words for word in some)
    rarest = -math.log(len(prompts))
    return np.array(
        [
            math.fsum(math.log(shared[w] / len(prompts)) for w in some) / len(some) if some else rarest
            for some in words
        ]
    )


def most_usual(
    prompts: Sequence[str], count: int, read: ReadWords, clashes: Callable[[str], int] = lambda prompt: 0
) -> list[str]:
    """The ``count`` most usual of a product's prompts, in the order in which they were drawn.

    Those with things in them that do not belong with the product (``clashes`` counts them) come last.
    """
    usual = consistency(prompts, read)
    odd = np.array([clashes(prompt) for prompt in prompts])
    kept = np.sort(np.lexsort((-usual, odd))[:count])
    return [prompts[number] for number in kept]
