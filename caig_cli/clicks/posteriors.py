"""What a click log lets one believe: Beta posteriors of click-through rates, and how sure a label can be.

Pure functions, arrays in and arrays out. Legend of shape names: C creatives, P pairs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MAX_CONCENTRATION = 1e8
"""Where a fitted prior stops when the log shows no difference between creatives at all."""

EXACT_SD = 2000.0
"""Standard deviation of a click count above which the exact sum over counts gives way to the normal law."""

_TAIL_SD = 9.0  # beyond it lie 2e-19 of a normal law
_SURE_SD = 40.0  # beyond it lie less than 1e-12 of any difference of log-odds here
_NEGLIGIBLE = 1e-12  # terms of a sum from which on nothing is added
_SHIFT = 8
_CHUNK = 4096  # pairs at once: what is worked with stays in the processor's cache


@dataclass(frozen=True, slots=True)
class Prior:
    """Beta prior of click-through rates, for all or for each; ``alpha / (alpha + beta)`` is its mean."""

    alpha: float | Floats
    beta: float | Floats

    @property
    def mean(self) -> float | Floats:
        return self.alpha / (self.alpha + self.beta)

    def at(self, index: NDArray[np.int64]) -> Prior:
        """The priors of some creatives."""
        if isinstance(self.alpha, np.ndarray) and isinstance(self.beta, np.ndarray):
            return Prior(self.alpha[index], self.beta[index])
        return self

    def __str__(self) -> str:
        if isinstance(self.alpha, np.ndarray):
            return (
                f"Beta around each item's rate, as sure as {np.mean(self.alpha + self.beta):.4g} impressions"
            )
        return f"Beta({self.alpha:.4g}, {self.beta:.4g})"


PUBLISHED = Prior(2.04, 54.06)
"""Published for click logs of this domain; mean 3.6 %."""


def fit_prior(clicks_C: ArrayLike, impressions_C: ArrayLike) -> Prior:
    """The prior under which the counts are most likely (beta-binomial, maximum likelihood).

    Raises ValueError with fewer than two creatives that were shown, or where all or no impressions
    were clicked: such a log says nothing about how rates differ.
    """
    k, n = np.asarray(clicks_C, np.float64), np.asarray(impressions_C, np.float64)
    k, n = k[n > 0], n[n > 0]
    if len(n) < 2 or not 0 < k.sum() < n.sum():
        raise ValueError("a prior cannot be fitted without clicks on at least two creatives")

    from scipy import optimize, special  # half a second, for those who fit

    def loss(x: Floats) -> tuple[float, Floats]:
        mean, concentration = special.expit(x[0]), math.exp(x[1])
        a, b = mean * concentration, (1 - mean) * concentration
        total = (special.betaln(k + a, n - k + b) - special.betaln(a, b)).mean()
        common = special.psi(concentration) - special.psi(n + concentration)
        by_a = (special.psi(k + a) - special.psi(a) + common).mean()
        by_b = (special.psi(n - k + b) - special.psi(b) + common).mean()
        by_mean = (by_a - by_b) * concentration * mean * (1 - mean)
        return -total, -np.array([by_mean, by_a * a + by_b * b])

    start = np.array([special.logit(k.sum() / n.sum()), math.log(100.0)])
    bounds = [(-25.0, 25.0), (math.log(1e-3), math.log(MAX_CONCENTRATION))]
    # The loss is a mean per creative, flat near its end: the default tolerance stops too early.
    found = optimize.minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-14, "gtol": 1e-9}
    )
    mean, concentration = float(special.expit(found.x[0])), math.exp(found.x[1])
    return Prior(mean * concentration, (1 - mean) * concentration)


def fit_item_priors(clicks_C: ArrayLike, impressions_C: ArrayLike, item_C: ArrayLike) -> Prior:
    """A prior for each creative [C]: around its item's own rate, as narrow as ads of one item are alike.

    Item rates are shrunk towards the prior fitted to all. The concentration that they share is found by
    Kleinman's iterated moments (1973), because the most likely one, with a mean fitted to each handful of
    ads, is far too high. Raises ValueError as ``fit_prior`` does.
    """
    k, n = np.asarray(clicks_C, np.float64), np.asarray(impressions_C, np.float64)
    item = np.asarray(item_C, np.int64)
    whole = fit_prior(k, n)
    clicks_I, impressions_I = np.bincount(item, k), np.bincount(item, n)
    mean_C = ((whole.alpha + clicks_I) / (whole.alpha + whole.beta + impressions_I))[item]

    shown = n > 0
    k, n, item, mean = k[shown], n[shown], item[shown], mean_C[shown]
    alike = 0.0  # correlation of two views of one ad: 1 / (concentration + 1)
    for _ in range(20):
        w = 1 / (alike + (1 - alike) / n)  # inverse variance
        total_I = np.bincount(item, w)
        centre = (np.bincount(item, w * k / n) / np.where(total_I > 0, total_I, 1))[item]
        squares = w * (k / n - centre) ** 2 / (mean * (1 - mean))
        free = w * (1 - w / total_I[item])
        sampling = (free / n).sum()
        spread = free.sum() - sampling
        alike = float(np.clip((squares.sum() - sampling) / spread, 0.0, 1.0)) if spread > 0 else 0.0
    concentration = max(0.01, 1 / max(alike, 1 / MAX_CONCENTRATION) - 1)
    return Prior(mean_C * concentration, (1 - mean_C) * concentration)


def prior_of(text: str, clicks_C: ArrayLike, impressions_C: ArrayLike, item_C: ArrayLike) -> Prior:
    """The prior that ``ALPHA,BETA``, ``fit`` or ``items`` stands for. Raises ValueError, for users."""
    if text.strip() == "items":
        return fit_item_priors(clicks_C, impressions_C, item_C)
    if text.strip() == "fit":
        return fit_prior(clicks_C, impressions_C)
    try:
        alpha, beta = map(float, text.split(","))
    except ValueError:
        raise ValueError(f"{text!r} is not ALPHA,BETA, fit or items; the default is 2.04,54.06") from None
    if not (0 < alpha < math.inf and 0 < beta < math.inf):
        raise ValueError(f"{text!r} must be two numbers above 0, as in 2.04,54.06")
    return Prior(alpha, beta)


def probability_higher(
    clicks_left_P: ArrayLike,
    impressions_left_P: ArrayLike,
    clicks_right_P: ArrayLike,
    impressions_right_P: ArrayLike,
    prior: Prior = PUBLISHED,
) -> Floats:
    """P(rate of left > rate of right | log), rates being independent Beta posteriors; float64 [P].

    The difference of their log-odds has a known characteristic function, a product of four Gamma functions;
    its sign follows by inversion (Gil-Pelaez 1951) on midpoints (Davies 1973), which converges exponentially:
    error below 1e-9 for priors with alpha, beta >= 0.5.
    """
    kl, nl, kr, nr = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(v, np.float64)) for v in
          (clicks_left_P, impressions_left_P, clicks_right_P, impressions_right_P))
    )  # fmt: skip
    parameters_4P = np.stack([prior.alpha + kl, prior.beta + nr - kr, prior.beta + nl - kl, prior.alpha + kr])
    starts = range(0, len(kl), _CHUNK)
    parts = [_positive(parameters_4P[:, start : start + _CHUNK]) for start in starts]
    return np.concatenate([np.empty(0), *parts])


def q_observed_higher(
    ctr_left_P: ArrayLike,
    impressions_left_P: ArrayLike,
    ctr_right_P: ArrayLike,
    impressions_right_P: ArrayLike,
) -> Floats:
    """P(left is observed higher | true rates, impressions, no tie is observed); float64 [P].

    Clicks are binomial and summed over exactly, except where both counts have a standard deviation above
    ``EXACT_SD``: there the difference of rates is normal to within 1e-4. Conditioned on an observed order,
    because a tie gives no label; so the right side has 1 - q.
    """
    columns = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(v, np.float64)) for v in
          (ctr_left_P, impressions_left_P, ctr_right_P, impressions_right_P))
    )  # fmt: skip
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return np.array([_q(p, int(n), r, int(m)) for p, n, r, m in rows], np.float64)


def ceiling(q_P: ArrayLike) -> float:
    """Accuracy that no judge can exceed where q is known: mean of max(q, 1 - q)."""
    q = np.asarray(q_P, np.float64)
    return float(np.maximum(q, 1 - q).mean())


def label_accuracy(p_left_P: ArrayLike, left_wins_P: ArrayLike) -> float:
    """Share of labels (observed winners) expected to be the true winners, from posteriors.

    So well does a judge do that knows the true order: the noise ceiling where truth is unknown.
    """
    p, wins = np.asarray(p_left_P, np.float64), np.asarray(left_wins_P, np.bool_)
    return float(np.where(wins, p, 1 - p).mean())


def _positive(parameters_4P: Floats) -> Floats:
    """P(D > 0) where exp(D) is a product of two Gamma variables over that of the other two."""
    x = parameters_4P
    mean_P = np.array([1.0, 1.0, -1.0, -1.0]) @ _digamma(x)
    sd_P = np.sqrt((1 / x + 1 / (2 * x**2) + 1 / (6 * x**3)).sum(0))  # about: trigamma
    found_P = np.where(mean_P > 0, 1.0, 0.0)
    near = np.flatnonzero(np.abs(mean_P) < _SURE_SD * sd_P)
    x, mean_P, sd_P = x[:, near], mean_P[near], sd_P[near]
    # The sum takes D for positive up to this reach, which must hold all of it: tails are exponential.
    reach_P = np.abs(mean_P) + _TAIL_SD * sd_P + 22 / x.min(0)
    total_P = np.zeros(len(near))
    open_ = np.arange(len(near))
    number = 0
    while len(open_):
        frequency = (number + 0.5) * 2 * np.pi / reach_P[open_]
        log_modulus, phase = _log_characteristic(x[:, open_], frequency)
        size = np.exp(log_modulus) / (number + 0.5)
        total_P[open_] += size * np.sin(phase)
        open_ = open_[size > _NEGLIGIBLE]
        number += 1
    found_P[near] = np.clip(0.5 + total_P / np.pi, 0.0, 1.0)
    return found_P


def _log_characteristic(x_4P: Floats, frequency_P: Floats) -> tuple[Floats, Floats]:
    """Logarithm of the size of E exp(i frequency D), and its phase."""
    log_modulus, phase = np.zeros(len(frequency_P)), np.zeros(len(frequency_P))
    for x_P, sign in zip(x_4P, (1, 1, -1, -1), strict=True):
        size, angle = _log_gamma_ratio(x_P, frequency_P)
        log_modulus, phase = log_modulus + size, phase + sign * angle
    return log_modulus, phase


def _log_gamma_ratio(x_P: Floats, y_P: Floats) -> tuple[Floats, Floats]:
    """ln(Gamma(x + iy) / Gamma(x)), real and imaginary part, for x >= 0.5.

    By Stirling's series of the difference: that of two logarithms would lose the digits which matter where x
    is in the billions. Small x are shifted by the recurrence first.
    """
    real_P, imaginary_P = np.zeros(len(x_P)), np.zeros(len(x_P))
    small = np.flatnonzero(x_P < _SHIFT)
    for step in range(_SHIFT if len(small) else 0):
        u = y_P[small] / (x_P[small] + step)
        real_P[small] -= 0.5 * np.log1p(u * u)
        imaginary_P[small] -= np.arctan(u)
    x = np.where(x_P < _SHIFT, x_P + _SHIFT, x_P)
    u = y_P / x
    log_size, angle = 0.5 * np.log1p(u * u), np.arctan(u)
    series = _stirling(1 / (x + 1j * y_P)) - _stirling(1 / x)
    real_P += (x - 0.5) * log_size - y_P * angle + series.real
    imaginary_P += (x - 0.5) * angle + y_P * (np.log(x) + log_size - 1) + series.imag
    return real_P, imaginary_P


def _stirling(inverse: NDArray[Any]) -> NDArray[Any]:
    """The end of Stirling's series of the log-gamma function, by 1 / z; error below 1e-11 for Re z >= 8."""
    square = inverse * inverse
    return np.asarray(inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680))))


def _digamma(x: Floats) -> Floats:
    """The derivative of the log-gamma function, to 1e-3 for x >= 0.5: enough to place D."""
    return np.asarray(np.log(x + 1) - 1 / (2 * (x + 1)) - 1 / (12 * (x + 1) ** 2) - 1 / x)


def _q(ctr: float, shown: int, other_ctr: float, other_shown: int) -> float:
    from scipy import special

    if shown <= 0 or other_shown <= 0:
        raise ValueError("a creative without impressions has no observed rate")
    variance, other_variance = (p * (1 - p) * n for p, n in ((ctr, shown), (other_ctr, other_shown)))
    if variance > other_variance:  # fewer counts to sum over
        return 1 - _q(other_ctr, other_shown, ctr, shown)
    if variance > EXACT_SD**2:
        spread = math.sqrt(variance / shown**2 + other_variance / other_shown**2)
        return float(special.ndtr((ctr - other_ctr) / spread))
    first, pmf = _binomial(shown, ctr)
    # k / shown against j / other_shown in whole numbers: no rounding can break a tie.
    exact = np.int64 if (first + len(pmf)) * other_shown < 2**63 else object
    scaled = np.arange(first, first + len(pmf)).astype(exact) * other_shown
    level = (scaled // shown).astype(np.float64)  # the largest j with j / other_shown <= k / shown
    tied = (scaled % shown == 0).astype(np.bool_)
    below = _cdf(level - tied, other_shown, other_ctr)
    higher = float(pmf @ below)
    tie = float(pmf[tied] @ (_cdf(level[tied], other_shown, other_ctr) - below[tied]))
    # Rates of exactly 0 or 1 may tie for certain: then neither side is favoured.
    return min(1.0, max(0.0, higher / (1 - tie))) if tie < 1 - 1e-12 else 0.5


@lru_cache(maxsize=1024)
def _binomial(n: int, p: float) -> tuple[int, Floats]:
    """First count and the probabilities of Binomial(n, p) from there on, where they are not negligible."""
    from scipy import special

    reach = _TAIL_SD * math.sqrt(n * p * (1 - p)) + 40  # the 40: a Poisson-like tail when clicks are few
    first, last = max(0, math.floor(n * p - reach)), min(n, math.ceil(n * p + reach))
    k = np.arange(first, last + 1, dtype=np.float64)
    log_pmf = -special.betaln(k + 1, n - k + 1) + special.xlogy(k, p) + special.xlog1py(n - k, -p)
    pmf = np.exp(log_pmf - log_pmf.max())
    return first, pmf / pmf.sum()


def _cdf(k: Floats, n: int, p: float) -> Floats:
    """P(Binomial(n, p) <= k) for whole k, also below 0 and from n on."""
    from scipy import special

    inside = np.clip(k, 0, n - 1)
    value = special.betainc(n - inside, inside + 1, 1 - p)
    return np.where(k < 0, 0.0, np.where(k >= n, 1.0, value))
