"""Ratios of rates, their intervals and corrections against closed forms and scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from caig_cli.experiments.design import Design
from caig_cli.experiments.ratio_check import check_impressions, check_products
from caig_cli.experiments.ratios import (
    LogRatio,
    between_products,
    dispersion_of,
    for_other_products,
    within_strata,
)
from caig_cli.experiments.sequential import always_valid, mixture_variance, reach
from caig_cli.experiments.several import each_alpha, false_discovery, holm, simpson

COUNTS = st.integers(1, 10**6)


def test_one_stratum_is_the_plain_ratio() -> None:
    found = within_strata(np.array([[30.0, 45.0]]), np.array([[1000.0, 1200.0]]))
    assert found is not None
    assert found.value == pytest.approx(math.log(45 / 1200 / (30 / 1000)))
    # Greenland and Robins' variance is the delta method's for one stratum.
    assert found.error**2 == pytest.approx(1 / 30 + 1 / 45 - 1 / 1000 - 1 / 1200)
    low, high = found.interval()
    assert math.log1p(high) - math.log1p(low) == pytest.approx(2 * 1.959964 * found.error)


@given(st.lists(st.tuples(COUNTS, COUNTS, st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_swapping_the_arms_turns_the_sign(rows: list[tuple[int, int, float, float]]) -> None:
    shown = np.array([[n, m] for n, m, _, _ in rows], np.float64)
    clicks = np.array([[round(n * p), round(m * q)] for n, m, p, q in rows], np.float64)
    one, other = within_strata(clicks, shown), within_strata(clicks[:, ::-1], shown[:, ::-1])
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert one.value == pytest.approx(-other.value, abs=1e-9)
        assert one.error == pytest.approx(other.error, abs=1e-9)


def test_strata_undo_simpsons_paradox() -> None:
    """Better within each product, and shown for the worse product: the heap says the opposite."""
    clicks, shown = np.array([[900.0, 100.0], [10.0, 120.0]]), np.array([[9000.0, 900.0], [1000.0, 9100.0]])
    within = within_strata(clicks, shown)
    assert within is not None and within.lift > 0.1
    found = simpson(clicks.sum(0), shown.sum(0), within)
    assert found is not None and found.reversed and found.sure and found.pooled < -0.5


def test_dispersion_sees_bursts_and_leaves_chance_alone() -> None:
    rng = np.random.default_rng(0)
    product = np.repeat(np.arange(40), 14)
    shown = np.full((560, 2), 2000.0)
    even = rng.binomial(2000, 0.03, (560, 2)).astype(float)
    bursts = rng.binomial(2000, 0.03 * rng.gamma(4, 0.25, (560, 2))).astype(float)
    assert dispersion_of(even, shown, product) < 1.15
    assert dispersion_of(bursts, shown, product) > 3
    assert dispersion_of(even[:5], shown[:5], product[:5]) == 1.0


def test_products_that_differ_in_their_lift_say_less_about_others() -> None:
    rng = np.random.default_rng(5)
    product, shown = np.repeat(np.arange(80), 5), np.full((400, 2), 20_000.0)
    for spread in (0.0, 0.3):
        rate = 0.03 * np.exp(np.stack([np.zeros(80), rng.normal(0.1, spread, 80)], axis=1))[product]
        clicks = rng.binomial(20_000, rate).astype(float)
        these, others = within_strata(clicks, shown), for_other_products(clicks, shown, product)
        assert these is not None and others is not None and others.value == pytest.approx(these.value)
        if spread:
            assert others.error > 4 * these.error and others.freedom == 79
        else:
            assert others.error == pytest.approx(these.error, rel=0.25)


def test_between_products_is_welch_where_products_weigh_alike() -> None:
    rng = np.random.default_rng(1)
    rate = 0.03 * np.exp(rng.normal(0, 0.4, 60))
    shown = np.full(60, 1e7)  # so many that only products differ
    clicks = np.round(shown * rate)
    arm = np.arange(60) % 2
    means = between_products(clicks, shown, arm, 2)
    one, other = (clicks / shown)[arm == 0], (clicks / shown)[arm == 1]
    assert means.mean_K == pytest.approx([one.mean(), other.mean()])
    assert means.covariance_KK[0, 0] == pytest.approx(one.var(ddof=1) / 30)  # HC2 is the unbiased variance
    assert abs(means.covariance_KK[0, 1]) < 1e-12
    found = means.ratio(1)
    assert found is not None and 40 < found.freedom <= 58


def test_earlier_rates_save_variance_and_keep_the_estimate() -> None:
    rng = np.random.default_rng(2)
    own = np.exp(rng.normal(0, 0.4, 400))
    arm = rng.permutation(400) % 2
    shown = np.full(400, 5000.0)
    clicks = rng.binomial(5000, 0.03 * own * (1 + 0.1 * arm)).astype(float)
    plain = between_products(clicks, shown, arm, 2).ratio(1)
    cuped = between_products(clicks, shown, arm, 2, covariate_P=0.03 * own).ratio(1)
    assert plain is not None and cuped is not None
    assert cuped.error < 0.6 * plain.error
    assert abs(cuped.lift - 0.1) < 3 * cuped.error


def test_always_valid_is_wider_and_narrowest_where_it_was_planned() -> None:
    variance = 0.01**2
    mixture = mixture_variance(variance)
    assert reach(variance, mixture) == pytest.approx(0.01 * math.sqrt(9.212), rel=1e-3)
    assert reach(variance, mixture) <= min(reach(variance, mixture * f) for f in (0.5, 0.9, 1.1, 2))
    ratio = LogRatio(0.1, 0.01)
    low, high = always_valid(ratio, mixture)
    assert low < ratio.interval()[0] and ratio.interval()[1] < high


def test_no_stopping_rule_beats_the_always_valid_interval() -> None:
    """Brownian motion looked at 400 times: plain intervals miss far too often, these at most 5 %."""
    rng = np.random.default_rng(3)
    steps = np.cumsum(rng.normal(size=(2000, 400)), axis=1) / np.arange(1, 401)
    variance = 1 / np.arange(1, 401)
    radius = np.array([reach(v, mixture_variance(1 / 400)) for v in variance])
    assert (abs(steps) > radius).any(axis=1).mean() <= 0.05
    assert (abs(steps) > 1.96 * np.sqrt(variance)).any(axis=1).mean() > 0.3


def test_corrections() -> None:
    p = [0.01, 0.04, 0.03, 0.005]
    assert holm(p) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert false_discovery(p) == pytest.approx(stats.false_discovery_control(p).tolist())
    assert holm([]) == [] and false_discovery([]) == []
    assert 1 - (1 - each_alpha(0.05, 44)) ** 44 == pytest.approx(0.05)


def test_the_split_is_pearsons_where_shares_are_the_same() -> None:
    shown = np.array([[480.0, 520.0], [5000.0, 5100.0]])
    found = check_impressions(shown, np.full((2, 2), 0.5), np.array([0, 1]))
    expected = stats.chisquare(shown.sum(0))
    assert found.chi2 == pytest.approx(expected.statistic)
    assert found.p == pytest.approx(expected.pvalue) and found.p_products is None and not found.alarm


def test_a_wrong_split_is_found_and_bursts_are_not_one() -> None:
    rng = np.random.default_rng(4)
    total = rng.integers(2000, 20000, 300)
    product = np.arange(300)
    shares = np.full((300, 2), 0.5)

    def split(share: np.ndarray) -> np.ndarray:
        one = rng.binomial(total, share)
        return np.stack([total - one, one], axis=1).astype(float)

    assert check_impressions(split(np.full(300, 0.515)), shares, product).alarm
    bursts = check_impressions(split(rng.beta(20, 20, 300)), shares, product)
    assert bursts.p < 0.001 and not bursts.alarm


def test_products_that_vanish_from_one_arm_are_found() -> None:
    assert check_products(np.array([100, 60]), np.array([100, 100])).alarm
    assert not check_products(np.array([100, 100]), np.array([100, 100])).alarm


def test_power_is_that_of_the_textbook_and_the_least_lift_has_it() -> None:
    design = Design("impressions", 100, 400_000, 0.03)
    lift = design.least_lift(0.8, 0.5, 0.5)
    assert lift is not None and design.power(lift, 0.5, 0.5) == pytest.approx(0.8, abs=1e-4)
    per_arm = ((1.959964 + 0.841621) / math.log1p(lift)) ** 2 * (
        (1 - 0.03) / 0.03 + (1 - 0.03 * (1 + lift)) / (0.03 * (1 + lift))
    )
    assert per_arm == pytest.approx(200_000, rel=1e-3)
    products = Design("products", 100, 400_000, 0.03, product_cv=0.5)
    assert products.design_effect == pytest.approx(1 + 3999 * 0.03 / 0.97 * 0.25)
    worse = products.least_lift(0.8, 0.5, 0.5)
    helped = Design("products", 100, 400_000, 0.03, product_cv=0.5, explained=0.8).least_lift(0.8, 0.5, 0.5)
    assert worse is not None and helped is not None and lift < helped < worse
    assert Design("products", 4, 100, 0.01, product_cv=1.0).least_lift(0.8, 0.5, 0.5) is None
