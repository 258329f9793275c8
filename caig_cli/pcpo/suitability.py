"""How surely a prompt suits its product, by what the starting policy writes to products like it.

A prompt model writes what suits a product more often than what does not (self-consistency: Wang et al. 2022).
Of one product it says too little to tell, and what it has learnt to write to every product tells nothing. So
the prompts are those of the policy before training, and products that are written alike count together.

Legend of shape names: P products, W words, C candidates.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caig_cli.painters.consistency import shares
from caig_cli.painters.registry import ReadWords

NEIGHBOURS = 12
"""Products that are counted together, at most an eighth of all: the product and those most like it."""
PRIOR = 2.0
"""Prompts of all products that are counted with these."""


@dataclass(frozen=True, slots=True)
class Suitability:
    """Product -> word -> how surely the word suits the product.

    That is the log share of the prompts for products like it that have the word, and where all products get
    it more often, twice the log of how much more often less.
    """

    words: Mapping[str, Mapping[str, float]]
    rarest: float
    """That of a word which no product ever got."""
    read: ReadWords

    def total(self, product: str, words: Collection[str]) -> float:
        """The sum over words."""
        known = self.words[product]
        return math.fsum(known.get(word, self.rarest) for word in words)

    def score(self, product: str, prompts: Sequence[str]) -> NDArray[np.float64]:
        """How surely each prompt [C] suits a product: the mean over its words."""
        words = [self.read(text) for text in prompts]
        return np.array([self.total(product, some) / len(some) if some else self.rarest for some in words])


def fit_suitability(prompts: Mapping[str, Sequence[str]], read: ReadWords) -> Suitability:
    """From the starting policy's prompts for each product; the more products, the better it tells."""
    share_P = [shares(texts, read) for texts in prompts.values()]
    words = sorted({word for share in share_P for word in share})
    share_PW = np.array([[share.get(word, 0.0) for word in words] for share in share_P])
    together_PP = _alike(share_PW, max(1, min(NEIGHBOURS, len(share_P) // 8)))
    count_P = np.array([len(texts) for texts in prompts.values()], np.float64)
    all_W = count_P @ share_PW / count_P.sum()
    found_P = together_PP @ count_P
    found_PW = (together_PP @ (count_P[:, None] * share_PW) + PRIOR * all_W) / (found_P[:, None] + PRIOR)
    surely_PW = np.log(found_PW) + 2 * np.minimum(0.0, np.log(found_PW / all_W))
    rows = zip(prompts, surely_PW.tolist(), strict=True)
    return Suitability(
        {product: dict(zip(words, row, strict=True)) for product, row in rows},
        float(surely_PW.min()),
        read,
    )


def _alike(share_PW: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Which products are written most like each [P, P], itself among them: by the cosine of root shares."""
    root = np.sqrt(share_PW)
    root -= root.mean(0)
    root /= np.linalg.norm(root, axis=1, keepdims=True) + 1e-12
    likeness = root @ root.T
    np.fill_diagonal(likeness, np.inf)
    together = np.zeros_like(likeness)
    np.put_along_axis(together, np.argsort(-likeness, kind="stable")[:, :count], 1.0, axis=1)
    return together
