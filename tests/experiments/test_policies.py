"""Thompson sampling, fatigue and off-policy values against what is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from caig_cli.experiments.fatigue import difference, trend
from caig_cli.experiments.observed import weighed_counts
from caig_cli.experiments.off_policy import Logged, doubly_robust, effective_impressions, ips, snips
from caig_cli.experiments.thompson import Belief, chances, posterior, standard, trust_of, with_floor

PRODUCT = np.array([0, 0, 0, 1, 1])


def test_an_accuracy_is_a_correlation() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(size=200_000)
    score = trust_of(0.7) * truth + math.sqrt(1 - trust_of(0.7) ** 2) * rng.normal(size=200_000)
    right = (np.diff(truth)[::2] > 0) == (np.diff(score)[::2] > 0)
    assert right.mean() == pytest.approx(0.7, abs=0.005)


def test_scores_count_within_products() -> None:
    z = standard(np.array([1.0, 2.0, 3.0, 10.0, 12.0]), PRODUCT)
    assert np.bincount(PRODUCT, z) == pytest.approx([0, 0])
    assert z[4] - z[3] == pytest.approx(2 * (z[1] - z[0]))
    assert standard(np.full(5, np.nan), PRODUCT).tolist() == [0.0] * 5


def test_before_a_click_the_judge_decides_and_afterwards_the_clicks() -> None:
    belief = Belief(np.array([0.03, 0.03]), 0.5, 0.15, 0.7, np.array([0.0, 0.5, 1.0, 0.0, 1.0]))
    none = np.zeros(5)
    alpha, beta = posterior(belief, PRODUCT, none, none)
    first = chances(alpha, beta, PRODUCT, np.random.default_rng(0))
    assert first[0] < first[1] < first[2] and first[3] < first[4]
    assert np.bincount(PRODUCT, first) == pytest.approx([1, 1])
    shown = np.full(5, 1e6)
    alpha, beta = posterior(belief, PRODUCT, np.array([4e4, 3e4, 3e4, 4e4, 3e4]), shown)
    later = chances(alpha, beta, PRODUCT, np.random.default_rng(0))
    assert later[0] > 0.99 and later[3] > 0.99


def test_what_can_not_be_learnt_before_the_end_is_not_explored() -> None:
    """A little known rival is worth a look only while there is time to find out that it is better."""
    alpha, beta = np.array([60.0, 3, 300, 6, 6]), np.array([1940.0, 97, 9700, 194, 194])
    rng = np.random.default_rng(0)

    def share(left: float) -> np.ndarray:
        return chances(alpha, beta, PRODUCT, rng, left_P=np.full(2, left))

    plain = chances(alpha, beta, PRODUCT, rng)
    assert share(0) == pytest.approx([1 / 3] * 3 + [0.5] * 2)  # all have the same mean
    assert share(1e9) == pytest.approx(plain, abs=0.04)
    better = alpha * [1.05, 1, 1, 1, 1]
    firm = [chances(better, beta, PRODUCT, rng, left_P=np.full(2, left))[0] for left in (0, 50, 1e5)]
    assert firm[0] == 1 and firm[0] > firm[1] > firm[2]


def test_shares_keep_a_floor_and_sum_to_one() -> None:
    share = with_floor(np.array([1.0, 0, 0, 0.5, 0.5]), PRODUCT, 0.02)
    assert share.min() == pytest.approx(0.02) and np.bincount(PRODUCT, share) == pytest.approx([1, 1])


def test_shares_that_do_not_change_leave_counts_as_they_are() -> None:
    ad = np.array([0, 1, 0, 1])
    shown, clicks = np.array([100.0, 900, 50, 450]), np.array([3.0, 20, 1, 11])
    weighed = weighed_counts(ad, shown, clicks, np.array([0.1, 0.9, 0.1, 0.9]), 2)
    assert weighed[0] == pytest.approx([150, 1350]) and weighed[1] == pytest.approx([4, 31])


def test_good_days_do_not_tilt_weighed_counts() -> None:
    """Two equal ads; the second is shown mostly on the day on which all are clicked twice as often."""
    propensity = np.array([0.9, 0.1, 0.1, 0.9])
    shown, rate = 10_000 * propensity, np.array([0.02, 0.02, 0.04, 0.04])
    ad = np.array([0, 1, 0, 1])
    plain = np.bincount(ad, shown * rate) / np.bincount(ad, shown)
    assert plain[1] > 1.6 * plain[0]
    effective, clicks = weighed_counts(ad, shown, shown * rate, propensity, 2)
    assert clicks / effective == pytest.approx([0.03, 0.03])
    assert (effective < np.bincount(ad, shown)).all()


def test_a_trend_is_found_and_a_common_one_falls_out() -> None:
    rng = np.random.default_rng(1)
    ads, days = 60, 10
    ad, age = np.repeat(np.arange(ads), days), np.tile(np.arange(days), ads).astype(float)
    shown = rng.integers(2000, 9000, ads * days).astype(float)
    own = 0.03 * np.exp(rng.normal(0, 0.4, ads))[ad]

    def clicks(change: float) -> np.ndarray:
        return rng.binomial(shown.astype(int), own * np.exp(change * age)).astype(float)

    tired = trend(clicks(-0.04), shown, age, ad, ad, ads)
    even = trend(clicks(-0.04), shown, age, ad, ad, ads)
    assert tired is not None and even is not None
    low, high = tired.interval()
    assert low < math.expm1(-0.04) < high and tired.p < 1e-6
    assert difference(tired, even).p > 0.001
    assert trend(clicks(0.0)[:1], shown[:1], age[:1], ad[:1], ad[:1], 1) is None


def logged(weights: list[float]) -> Logged:
    return Logged(
        np.array([4000.0, 1000, 3000, 2000]), np.array([80.0, 40, 90, 90]), np.array([0, 0, 1, 1]),
        np.array([0.8, 0.2, 0.6, 0.4]), np.array(weights),
    )  # fmt: skip


def test_the_old_policy_is_worth_what_was_seen() -> None:
    own = logged([0.8, 0.2, 0.6, 0.4])
    for value in (ips(own), snips(own)):
        assert value.rate == pytest.approx(300 / 10_000)
        assert value.error == pytest.approx(math.sqrt(0.03 * 0.97 / 10_000))
    assert doubly_robust(own, np.full(4, 0.05)).rate == pytest.approx(0.03)
    assert effective_impressions(own) == pytest.approx(10_000)


def test_a_new_policy_is_worth_what_its_ads_are() -> None:
    """Always the second ad of each product: 4 % and 4.5 % of the two strata."""
    new = logged([0.0, 1.0, 0.0, 1.0])
    assert ips(new).rate == pytest.approx((5000 * 0.04 + 5000 * 0.045) / 10_000)
    assert snips(new).rate == pytest.approx(ips(new).rate)
    model = np.array([0.02, 0.04, 0.03, 0.045])
    assert doubly_robust(new, model).rate == pytest.approx(ips(new).rate)
    assert doubly_robust(new, model).error < ips(new).error
