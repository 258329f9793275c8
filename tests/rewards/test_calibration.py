"""Figures from few pairs: temperatures and intervals hold what they promise, by simulation and by scipy."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import optimize, stats

from caig_cli import judge_metrics
from caig_cli.intervals import ratio_interval, share_interval
from caig_cli.rewards.calibration import (
    COOLEST,
    HOTTEST,
    SPREAD,
    cross_fitted,
    fit_temperature,
    independent,
)

Floats = NDArray[np.float64]
Log = tuple[Floats, Floats, list[str], list[tuple[object, object]]]
"""Log-odds, what was observed, items and ads of pairs."""


def clicked(rng: np.random.Generator, items: int, temperature: float, ads: int = 4, size: float = 2.0) -> Log:
    """Pairs of ads of items whose log-odds a judge overstates ``temperature`` times."""
    odds, truth, names, sides = [], [], [], []
    for item in range(items):
        worth = rng.normal(0, size, ads)
        for a in range(ads):
            for b in range(a):
                odds.append(temperature * (worth[a] - worth[b]))
                truth.append(float(rng.random() < 1 / (1 + math.exp(worth[b] - worth[a]))))
                names.append(str(item))
                sides.append(((item, a), (item, b)))
    return np.array(odds), np.array(truth), names, sides


# --- the temperature -------------------------------------------------------------------------------


def test_many_pairs_decide_and_none_leave_it_at_1() -> None:
    odds = np.repeat(np.linspace(-2, 2, 41), 200)
    truth = 1 / (1 + np.exp(-odds))
    assert fit_temperature(3 * odds, truth).value == pytest.approx(3.0, rel=0.01)
    assert fit_temperature(odds / 5, truth).value == pytest.approx(0.2, rel=0.01)
    nothing = fit_temperature(odds[:0], truth[:0])
    assert nothing.value == pytest.approx(1.0, abs=1e-6)
    assert nothing.low == pytest.approx(math.exp(-1.96 * SPREAD), rel=0.01)
    assert nothing.high == pytest.approx(math.exp(1.96 * SPREAD), rel=0.01)


def test_the_temperature_is_the_peak_that_scipy_finds() -> None:
    odds, truth, names, sides = clicked(np.random.default_rng(1), 12, 2.0)
    weight = independent(names, sides)

    def cost(log_t: float) -> float:
        p = 1 / (1 + np.exp(-odds / math.exp(log_t)))
        likelihood = (weight * (truth * np.log(p) + (1 - truth) * np.log(1 - p))).sum()
        return float(-likelihood - stats.norm.logpdf(log_t, 0, SPREAD))

    best = optimize.minimize_scalar(cost, bounds=(math.log(COOLEST), math.log(HOTTEST)), method="bounded").x
    assert fit_temperature(odds, truth, weight).value == pytest.approx(math.exp(best), rel=1e-3)


def test_five_pairs_of_one_item_do_not_make_a_judge_sure() -> None:
    odds, truth = np.array([0.1, 0.2, -0.3, 0.1, -0.2]), np.array([1.0, 1, 0, 1, 0])
    weight = independent(["mug"] * 5, [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3)])
    assert weight.sum() == pytest.approx(3.0), "four ads are compared independently three times"
    fitted = fit_temperature(odds, truth, weight)
    assert 0.9 < fitted.value < 1.0 and fitted.low < 0.5 and fitted.high > 1.9
    assert cross_fitted(odds, truth, weight, ["mug"] * 5) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(("items", "temperature"), [(5, 1.0), (10, 1.6), (10, 0.7), (60, 2.0)])
def test_the_interval_of_the_temperature_covers_it(items: int, temperature: float) -> None:
    rng, runs = np.random.default_rng(items), 120
    inside = 0
    for _ in range(runs):
        odds, truth, names, sides = clicked(rng, items, temperature)
        fitted = fit_temperature(odds, truth, independent(names, sides))
        inside += fitted.low <= temperature <= fitted.high
    assert inside / runs >= 0.92


def test_shrinking_never_costs_much_and_saves_the_few() -> None:
    """Log-loss on new pairs of a calibrated judge whose raw odds are right."""
    rng = np.random.default_rng(3)
    losses: dict[str, list[float]] = {"raw": [], "shrunk": [], "plain": []}
    new = clicked(rng, 400, 1.0)
    for _ in range(60):
        odds, truth, names, sides = clicked(rng, 2, 1.0, ads=3)
        plain = optimize.minimize_scalar(
            lambda log_t, o=odds, t=truth: float(
                np.mean(np.logaddexp(0, o / math.exp(log_t)) - t * o / math.exp(log_t))
            ),
            bounds=(math.log(COOLEST), math.log(HOTTEST)),
            method="bounded",
        ).x
        shrunk = fit_temperature(odds, truth, independent(names, sides)).value
        for name, t in (("raw", 1.0), ("shrunk", shrunk), ("plain", math.exp(plain))):
            losses[name].append(
                judge_metrics.log_loss(1 / (1 + np.exp(-np.clip(new[0] / t, -700, 700))), new[1])
            )
    raw, shrunk_, plain_ = (float(np.mean(losses[name])) for name in ("raw", "shrunk", "plain"))
    assert shrunk_ < raw + 0.02 and plain_ > shrunk_ + 0.3


def test_no_pair_is_measured_at_a_temperature_fitted_to_it() -> None:
    odds, truth, names, sides = clicked(np.random.default_rng(5), 30, 2.0)
    weight = independent(names, sides)
    before = cross_fitted(odds, truth, weight, names)
    truth_of_one = np.where(np.array(names) == "7", 1 - truth, truth)
    after = cross_fitted(odds, truth_of_one, weight, names)
    one = np.array(names) == "7"
    assert np.array_equal(before[one], after[one]) and not np.array_equal(before[~one], after[~one])


# --- intervals of shares ---------------------------------------------------------------------------


def correlated(rng: np.random.Generator, items: int, mean: float, within: float) -> tuple[Floats, list[str]]:
    """Right or wrong on pairs of items; ``within`` is the correlation of an item's pairs."""
    spread = (1 - within) / within
    names, credit = [], []
    for item, chance in enumerate(rng.beta(mean * spread, (1 - mean) * spread, items)):
        for _ in range(rng.integers(1, 8)):
            names.append(str(item))
            credit.append(float(rng.random() < chance))
    return np.array(credit), names


def settings() -> Iterator[tuple[int, float, float]]:
    yield from (
        (items, mean, within) for items in (4, 10, 40) for mean in (0.6, 0.95) for within in (0.01, 0.3)
    )


@pytest.mark.parametrize(("items", "mean", "within"), settings())
def test_the_interval_of_a_share_covers_it_with_few_items(items: int, mean: float, within: float) -> None:
    rng, runs = np.random.default_rng(items), 300
    inside = 0
    for _ in range(runs):
        low, high = share_interval(*correlated(rng, items, mean, within))
        inside += low <= mean <= high
    assert inside / runs >= 0.93


def test_of_independent_pairs_it_is_clopper_and_pearsons() -> None:
    rng = np.random.default_rng(2)
    credit = (rng.random(3000) < 0.8).astype(float)
    ours = share_interval(credit, [str(n) for n in range(3000)])
    scipys = stats.binomtest(int(credit.sum()), 3000, 0.5).proportion_ci(method="exact")
    assert ours == pytest.approx([scipys.low, scipys.high], abs=5e-4)


def test_credits_that_are_no_bare_right_or_wrong_have_students_interval() -> None:
    credit = np.random.default_rng(0).uniform(0.5, 0.9, 12)
    ours = share_interval(credit, [str(n) for n in range(12)])
    scipys = stats.ttest_1samp(credit, 0.5).confidence_interval(0.95)
    assert ours == pytest.approx([scipys.low, scipys.high], rel=1e-9)


def test_all_right_is_not_certainly_right_and_one_item_says_nothing() -> None:
    low, high = share_interval(np.ones(26), [str(n % 10) for n in range(26)])
    assert 0.8 < low < 0.87 and high == 1.0
    low, high = share_interval(np.zeros(26), [str(n % 10) for n in range(26)])
    assert low == 0.0 and 0.13 < high < 0.2
    assert share_interval(np.ones(50), ["mug"] * 50) == [0.0, 1.0]


def test_the_interval_of_what_is_attained_covers_it() -> None:
    rng, runs, inside = np.random.default_rng(4), 300, 0
    for _ in range(runs):
        credit, names = correlated(rng, 12, 0.65, 0.2)
        ceiling = rng.uniform(0.6, 0.9, len(credit))
        ends = ratio_interval(credit - 0.5, ceiling - 0.5, names)
        assert ends is not None
        inside += ends[0] <= 0.15 / 0.25 <= ends[1]
    assert inside / runs >= 0.92
    assert ratio_interval(ceiling - 0.5, ceiling - 0.5, names) == pytest.approx([1, 1])
    assert ratio_interval(np.ones(4), np.zeros(4), list("abcd")) is None
    assert ratio_interval(np.ones(4), np.ones(4), list("aaaa")) is None
