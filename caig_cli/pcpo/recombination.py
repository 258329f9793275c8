"""The best recombinations of a product's prompts: crossover, as evolutionary search over prompts has it.

What words are worth adds up, and so does how surely they suit, so that recombinations are weighed without
being written; only the best become prompts. The best of N are at most log N nats from what the prompts' parts
are where each is drawn by itself (EvoPrompt: Guo et al. 2024; best of N: Beirami et al. 2024).

Legend of shape names: C prompts, F parts of a prompt, N recombinations.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Sequence

import numpy as np

from caig_cli.painters.registry import Crossover

OfWords = Callable[[Collection[str]], float]


def best_recombinations(
    prompts: Sequence[str],
    crossover: Crossover,
    utility: OfWords,
    suits: OfWords,
    least: float,
    *,
    drawn: int,
    count: int,
    seed: int,
) -> list[str]:
    """``count`` prompts of most utility among ``drawn`` recombinations.

    ``utility`` and ``suits`` are sums over words; the mean of ``suits`` must be at least ``least``.
    """
    parts_CF = [crossover.parts(text) for text in prompts]
    utility_CF = np.array([[utility(words) for words in parts] for parts in parts_CF])
    suits_CF = np.array([[suits(words) for words in parts] for parts in parts_CF])
    size_CF = np.array([[len(words) for words in parts] for parts in parts_CF])
    parent_NF = np.random.default_rng(seed).integers(len(prompts), size=(drawn, utility_CF.shape[1]))
    part_F = np.arange(utility_CF.shape[1])
    utility_N = utility_CF[parent_NF, part_F].sum(1)
    suits_N = suits_CF[parent_NF, part_F].sum(1) / np.maximum(1, size_CF[parent_NF, part_F].sum(1))
    may_N = np.flatnonzero(suits_N >= least)
    rng = random.Random(seed)
    found: dict[frozenset[str], str] = {}
    for number in may_N[np.argsort(-utility_N[may_N], kind="stable")]:
        if len(found) == count:
            break
        parents = parent_NF[number].tolist()
        words = frozenset().union(*(parts_CF[parent][part] for part, parent in enumerate(parents)))
        if words not in found:
            found[words] = crossover.join([prompts[parent] for parent in parents], rng)
    return list(found.values())
