"""What the judge would say of a prompt whose ad nobody painted: a ridge on its words, fitted to judged ads.

Painting is what a round costs. Ads of one product differ in what stands around it, and what the judge likes
of that is much the same for all products, so that some hundred judged ads tell what words are worth. Where
they do not, which held-out products show every round, nothing is taken from it.

Legend of shape names: C candidates of all products, W words, P pairs.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from caig_cli.intervals import share_interval
from caig_cli.painters.registry import ReadWords

Floats = NDArray[np.float64]
FOLDS = 5
"""Parts of the products; what each is predicted from is the others."""
RIDGES = (1.0, 3.0, 10.0, 30.0, 100.0)
"""Strengths of the penalty, in judged ads; the one that predicts held-out products best is taken."""


@dataclass(frozen=True, slots=True)
class JudgedGroup:
    """A product's painted prompts and their utilities [K]: the judge's log-odds over the product's others."""

    product: str
    prompts: tuple[str, ...]
    utility: Floats


@dataclass(frozen=True, slots=True)
class Surrogate:
    """Weights of words [W], and how well such weights predict the judge on products not fitted to."""

    words: dict[str, int]
    weight: Floats
    inverse: Floats
    """(X'X + ridge I)^-1 [W, W]: how unsure each weight is, in units of the noise."""
    read: ReadWords
    accuracy: float
    """Share of held-out pairs that it orders as the judge does."""
    accuracy_low: float
    accuracy_high: float
    """Ends of its 95 % interval; pairs of a product count as one sample."""
    slope: float
    """The judge's log-odds for each predicted one, 0 to 1."""

    def worth(self, words: Collection[str]) -> float:
        """Predicted utility of a prompt's words, up to a constant of the product."""
        return self.slope * math.fsum(self.weight[self.words[word]] for word in words if word in self.words)

    def score(self, prompts: Sequence[str]) -> Floats:
        """Predicted utility of each prompt [C], up to a constant of the product."""
        return self.slope * (_table(prompts, self.words, self.read) @ self.weight)

    def uncertainty(self, prompts: Sequence[str]) -> Floats:
        """Standard deviation [C] of what sets each prompt apart from the others, in units of the noise."""
        apart = _centred(_table(prompts, self.words, self.read))
        return np.asarray(np.sqrt(np.einsum("cw,wv,cv->c", apart, self.inverse, apart)), np.float64)


def fit_surrogate(groups: Sequence[JudgedGroup], read: ReadWords) -> Surrogate | None:
    """Fit to all groups; None where fewer than ``FOLDS`` products have two judged prompts or more."""
    groups = [group for group in groups if len(group.prompts) > 1]
    if len(groups) < FOLDS:
        return None
    seen = sorted({word for group in groups for text in group.prompts for word in read(text)})
    words = {word: number for number, word in enumerate(seen)}
    tables = [_centred(_table(group.prompts, words, read)) for group in groups]
    utilities = [group.utility - group.utility.mean() for group in groups]
    errors = {ridge: _held_out_error(tables, utilities, ridge) for ridge in RIDGES}
    ridge = min(RIDGES, key=errors.__getitem__)
    predicted = _held_out(tables, utilities, ridge)
    weight, inverse = _solve(np.concatenate(tables), np.concatenate(utilities), ridge)
    accuracy, low, high = _accuracy(predicted, utilities)
    return Surrogate(words, weight, inverse, read, accuracy, low, high, _slope(predicted, utilities))


def _table(prompts: Sequence[str], words: dict[str, int], read: ReadWords) -> Floats:
    """Which prompt has which word [C, W]; words that nobody judged are left out."""
    found = np.zeros((len(prompts), len(words)))
    for row, prompt in enumerate(prompts):
        found[row, [words[word] for word in read(prompt) if word in words]] = 1.0
    return found


def _centred(table: Floats) -> Floats:
    """What all candidates of a product share cannot set them apart."""
    return np.asarray(table - table.mean(0, keepdims=True), np.float64)


def _solve(table: Floats, utility: Floats, ridge: float) -> tuple[Floats, Floats]:
    penalised = table.T @ table + ridge * np.eye(table.shape[1])
    inverse: Floats = np.asarray(np.linalg.inv(penalised), np.float64)
    return inverse @ (table.T @ utility), inverse


def _held_out(tables: Sequence[Floats], utilities: Sequence[Floats], ridge: float) -> list[Floats]:
    """Utilities of each product, predicted from the products of the other folds."""
    predicted: list[Floats] = [np.zeros(0)] * len(tables)
    for fold in range(FOLDS):
        others = [n for n in range(len(tables)) if n % FOLDS != fold]
        weight, _ = _solve(
            np.concatenate([tables[n] for n in others]),
            np.concatenate([utilities[n] for n in others]),
            ridge,
        )
        for n in range(fold, len(tables), FOLDS):
            predicted[n] = tables[n] @ weight
    return predicted


def _held_out_error(tables: Sequence[Floats], utilities: Sequence[Floats], ridge: float) -> float:
    predicted = _held_out(tables, utilities, ridge)
    return sum(float(((p - u) ** 2).sum()) for p, u in zip(predicted, utilities, strict=True))


def _accuracy(predicted: Sequence[Floats], utilities: Sequence[Floats]) -> tuple[float, float, float]:
    """Share of pairs that are ordered alike, a tie counting half, and its interval."""
    right, product = [], []
    for number, (p, u) in enumerate(zip(predicted, utilities, strict=True)):
        for first, second in combinations(range(len(u)), 2):
            if u[first] != u[second]:
                agrees = (p[first] - p[second]) * (u[first] - u[second])
                right.append(0.5 if agrees == 0 else float(agrees > 0))
                product.append(str(number))
    if not right:
        return 0.5, 0.0, 1.0
    low, high = share_interval(np.asarray(right), product)
    return float(np.mean(right)), low, high


def _slope(predicted: Sequence[Floats], utilities: Sequence[Floats]) -> float:
    """Least squares through the origin of judged on predicted utilities, within 0 and 1."""
    p, u = np.concatenate(predicted), np.concatenate(utilities)
    power = float(p @ p)
    return min(1.0, max(0.0, float(p @ u) / power)) if power else 0.0


def p_chosen(gap: float) -> float:
    """Probability that a prompt is clicked more whose utility is ``gap`` above the other's."""
    return 1 / (1 + math.exp(-gap))
