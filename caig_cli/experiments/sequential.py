"""Intervals that hold at every look: whoever stops when it suits them is wrong at most alpha of the time.

The mixture sequential probability ratio test (Robbins, Ann. Math. Stat. 41, 1970; Johari, Koomen, Pekelis and
Walsh, Operations Research 70, 2022, eq. 8) with a normal mixture of variance t2 for the true effect: at an
estimate with variance V the interval reaches out by ::

    sqrt( V (V + t2) / t2 * log((V + t2) / (alpha^2 V)) )

Estimates of growing data have, in units of information 1 / V, the law of Brownian motion (Scharfstein,
Tsiatis and Robins, JASA 92, 1997), also where a part of V, as the differences between products, stays. As an
asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, Annals of Statistics 52,
2024) it holds from where an estimate is nearly normal; so looks begin when each arm has ``FIRST_CLICKS``.
"""

from __future__ import annotations

import math

from scipy import optimize, stats

from caig_cli.experiments.ratios import LogRatio

FIRST_CLICKS = 30
"""Clicks of each arm from which on looks count."""


def mixture_variance(variance: float, alpha: float = 0.05) -> float:
    """The t2 whose interval is narrowest when the estimate's variance is ``variance``: at the planned end.

    The minimum over t2 = c V solves c = log((1 + c) / alpha^2).
    """
    c = optimize.brentq(lambda c: c - math.log1p(c) + 2 * math.log(alpha), 1e-9, 1e3)
    return float(c) * variance


def always_valid(ratio: LogRatio, mixture: float, alpha: float = 0.05) -> tuple[float, float]:
    """The interval of a lift that holds over all looks. Few degrees of freedom widen it as Student's law
    widens a single look."""
    half = reach(ratio.error**2, mixture, alpha) * student(ratio.freedom, alpha)
    return math.expm1(ratio.value - half), math.expm1(ratio.value + half)


def reach(variance: float, mixture: float, alpha: float = 0.05) -> float:
    """Half the interval's length in units of the estimate, see above."""
    if variance <= 0:
        return 0.0
    grown = variance + mixture
    return math.sqrt(variance * grown / mixture * math.log(grown / (alpha**2 * variance)))


def student(freedom: float, alpha: float) -> float:
    """How much longer Student's interval is than the normal one."""
    return float(stats.t.ppf(1 - alpha / 2, freedom) / stats.norm.ppf(1 - alpha / 2))
