"""What a log lets one believe, against numerical integration, simulation and cases worked out by hand."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import integrate, stats

from caig_cli.clicks import posteriors
from caig_cli.clicks.posteriors import (
    PUBLISHED,
    Prior,
    ceiling,
    fit_item_priors,
    fit_prior,
    label_accuracy,
    prior_of,
    probability_higher,
    q_observed_higher,
)

LOGS = [
    # clicks and impressions of left, then of right
    (60, 2000, 50, 2000),
    (0, 1, 1, 1),
    (0, 50, 3, 40),
    (30, 1000, 36_000, 1_000_000),  # one posterior thirty times wider than the other
    (31_500, 1_000_000, 30_000, 1_000_000),
    (999, 1000, 500, 1000),
    (0, 0, 0, 5),
]


def integrated(log: tuple[int, int, int, int], prior: Prior) -> float:
    """The same by adaptive quadrature on the rate itself."""
    kl, nl, kr, nr = log
    left = stats.beta(prior.alpha + kl, prior.beta + nl - kl)
    right = stats.beta(prior.alpha + kr, prior.beta + nr - kr)
    cuts = sorted({float(d.ppf(q)) for d in (left, right) for q in (1e-9, 0.1, 0.5, 0.9, 1 - 1e-9)})
    edges = [0.0, *cuts, 1.0]
    return sum(
        integrate.quad(lambda x: left.pdf(x) * right.cdf(x), a, b, epsabs=1e-12)[0]
        for a, b in itertools.pairwise(edges)
    )


@pytest.mark.filterwarnings("ignore:Error in function boost")  # a quantile of the reference, not of ours
@pytest.mark.parametrize("prior", [PUBLISHED, Prior(1, 1), Prior(0.5, 3)])
def test_probability_higher_is_the_integral(prior: Prior) -> None:
    found = probability_higher(*zip(*LOGS, strict=True), prior)
    expected = [integrated(log, prior) for log in LOGS]
    assert found == pytest.approx(expected, abs=2e-8)


def test_probability_higher_is_what_simulation_says() -> None:
    rng = np.random.default_rng(0)
    for kl, nl, kr, nr in LOGS[:4]:
        left = rng.beta(PUBLISHED.alpha + kl, PUBLISHED.beta + nl - kl, 200_000)
        right = rng.beta(PUBLISHED.alpha + kr, PUBLISHED.beta + nr - kr, 200_000)
        share = (left > right).mean()
        assert float(probability_higher(kl, nl, kr, nr)[0]) == pytest.approx(
            share, abs=4 * 0.5 / 200_000**0.5
        )


def test_posteriors_are_calibrated_on_logs_that_follow_the_prior() -> None:
    """Of the pairs said to be 70 % sure, 70 % are right: rates drawn, clicks drawn, then believed."""
    rng = np.random.default_rng(1)
    rate = rng.beta(PUBLISHED.alpha, PUBLISHED.beta, (2, 15_000))
    shown = rng.integers(100, 3000, (2, 15_000))
    clicks = rng.binomial(shown, rate)
    p = probability_higher(clicks[0], shown[0], clicks[1], shown[1])
    truth = rate[0] > rate[1]
    for low in np.arange(0, 1, 0.1):
        of = (p >= low) & (p < low + 0.1)
        assert truth[of].mean() == pytest.approx(p[of].mean(), abs=4 * 0.5 / of.sum() ** 0.5)


def test_billions_of_impressions_lose_no_digits() -> None:
    """There the difference of two rates is normal."""
    k, other, n = 300_079_370, 300_062_903, 10**10
    spread = (k * (1 - k / n) + other * (1 - other / n)) ** 0.5
    assert probability_higher(k, n, other, n)[0] == pytest.approx(
        stats.norm.cdf((k - other) / spread), abs=1e-9
    )
    assert probability_higher([9, 0], [10, 10**9], [10**6, 9], [10**9, 10]).tolist() == [
        pytest.approx(1, abs=1e-12),
        pytest.approx(0, abs=1e-12),
    ]


def test_swapping_the_sides_mirrors() -> None:
    kl, nl, kr, nr = zip(*LOGS, strict=True)
    mirrored = 1 - probability_higher(kr, nr, kl, nl)
    assert probability_higher(kl, nl, kr, nr) == pytest.approx(mirrored, abs=1e-9)
    assert float(probability_higher(5, 100, 5, 100)[0]) == pytest.approx(0.5, abs=1e-12)
    assert len(probability_higher([], [], [], [])) == 0


def test_many_pairs_are_as_each_alone() -> None:
    """Chunks and their common grid of nodes change nothing."""
    rng = np.random.default_rng(2)
    n = rng.integers(1, 10_000, 5000)
    k = rng.binomial(n, 0.03)
    whole = probability_higher(k, n, k[::-1], n[::-1])
    for at in (0, 17, 4095, 4096, 4999):
        assert whole[at] == pytest.approx(
            probability_higher(k[at], n[at], k[-1 - at], n[-1 - at])[0], abs=1e-9
        )


def brute_q(p: float, n: int, r: float, m: int) -> float:
    """By the definition: every outcome of both, weighed."""
    k, j = np.arange(n + 1)[:, None], np.arange(m + 1)
    weight = stats.binom.pmf(k, n, p) * stats.binom.pmf(j, m, r)
    higher, level = weight[k * m > j * n].sum(), weight[k * m == j * n].sum()
    return higher / (1 - level)


def test_q_by_hand() -> None:
    """One impression each: left is seen higher if it alone is clicked, .5 * .75 = 3/8; the reverse 1/8."""
    assert float(q_observed_higher(0.5, 1, 0.25, 1)[0]) == pytest.approx((3 / 8) / (3 / 8 + 1 / 8), abs=1e-15)


@pytest.mark.parametrize(
    ("p", "n", "r", "m"), [(0.1, 30, 0.2, 30), (0.3, 12, 0.25, 18), (0.03, 60, 0.04, 45), (0.9, 7, 0.01, 50)]
)
def test_q_is_exact(p: float, n: int, r: float, m: int) -> None:
    assert float(q_observed_higher(p, n, r, m)[0]) == pytest.approx(brute_q(p, n, r, m), abs=1e-12)
    assert float(q_observed_higher(r, m, p, n)[0]) == pytest.approx(1 - brute_q(p, n, r, m), abs=1e-12)


def test_q_agrees_with_the_published_shares() -> None:
    """At 3 % and 1,000 impressions the order is right 58 / 65 / 77 % of the time for 1.05 / 1.10 / 1.20."""
    found = q_observed_higher(0.03 * np.array([1.05, 1.1, 1.2]), 1000, 0.03, 1000)
    assert found == pytest.approx([0.58, 0.65, 0.77], abs=0.015)


def test_q_with_one_large_count_is_still_exact() -> None:
    """A rate known for certain: left is higher with 4 clicks of 100 or more if that is just below 4 %."""
    for rate, least in ((0.0350001, 4), (0.0399999, 4), (0.0400001, 5)):
        expected = stats.binom.sf(least - 1, 100, 0.03)
        assert float(q_observed_higher(0.03, 100, rate, 10**15)[0]) == pytest.approx(expected, abs=1e-9)


def test_q_of_certain_rates() -> None:
    found = q_observed_higher([0, 1, 0, 1, 0], [9, 9, 9, 9, 2], [0, 1, 1, 0, 0.5], [5, 5, 5, 5, 2])
    assert found == pytest.approx([0.5, 0.5, 0, 1, 0], abs=1e-12)


def test_q_of_large_counts_is_near_the_exact_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    """Just above the limit, where the normal law is at its worst."""
    n = math.ceil(posteriors.EXACT_SD**2 / (0.03 * 0.97)) + 1
    # With n + 1 hardly any tie is possible, with n and 2 n every one.
    columns = list(zip((0.03, n, 0.03002, n), (0.03, n + 1, 0.03, n), (0.03, n, 0.03005, 2 * n), strict=True))
    approximate = q_observed_higher(*columns)
    monkeypatch.setattr(posteriors, "EXACT_SD", math.inf)
    exact = q_observed_higher(*columns)
    assert np.ptp(exact) > 0.1 and (approximate != exact).all()
    assert approximate == pytest.approx(exact, abs=1e-4)


def test_ceiling_of_an_exact_small_case() -> None:
    """Two impressions each at 1/2 and 1/4, all nine outcomes on paper."""
    # left 0, 1, 2 clicks: 1/4, 1/2, 1/4; right: 9/16, 6/16, 1/16
    higher = (1 / 2) * (9 / 16) + (1 / 4) * (9 / 16 + 6 / 16)
    lower = (1 / 4) * (7 / 16) + (1 / 2) * (1 / 16)
    q = q_observed_higher([0.5, 0.25], 2, [0.25, 0.5], 2)
    assert q == pytest.approx([higher / (higher + lower), lower / (higher + lower)], abs=1e-14)
    assert ceiling(q) == pytest.approx(higher / (higher + lower), abs=1e-14)
    assert ceiling([0.5, 0.9, 0.2]) == pytest.approx((0.5 + 0.9 + 0.8) / 3)


def test_label_accuracy_is_what_an_oracle_reaches() -> None:
    assert label_accuracy([0.9, 0.4, 0.4], [True, False, True]) == pytest.approx((0.9 + 0.6 + 0.4) / 3)
    rng = np.random.default_rng(3)
    rate = rng.beta(PUBLISHED.alpha, PUBLISHED.beta, (2, 20_000))
    clicks = rng.binomial(1000, rate)
    one = clicks[0] != clicks[1]
    p = probability_higher(clicks[0][one], 1000, clicks[1][one], 1000)
    wins = clicks[0][one] > clicks[1][one]
    oracle = ((rate[0] > rate[1])[one] == wins).mean()
    assert label_accuracy(p, wins) == pytest.approx(oracle, abs=0.01)


def test_a_fitted_prior_is_the_one_that_made_the_log() -> None:
    rng = np.random.default_rng(4)
    shown = rng.integers(200, 5000, 20_000)
    clicks = rng.binomial(shown, rng.beta(2.04, 54.06, 20_000))
    prior = fit_prior(clicks, shown)
    assert prior.mean == pytest.approx(2.04 / 56.1, rel=0.02)
    assert prior.alpha == pytest.approx(2.04, rel=0.05)


def test_a_fitted_prior_is_the_most_likely_one() -> None:
    k, n = np.array([3, 0, 9, 30, 2, 1]), np.array([100, 40, 200, 300, 90, 50])
    best = fit_prior(k, n)

    def likelihood(prior: Prior) -> float:
        return float(stats.betabinom.logpmf(k, n, prior.alpha, prior.beta).sum())

    for a, b in itertools.product((0.98, 1, 1.02), repeat=2):
        assert likelihood(best) >= likelihood(Prior(best.alpha * a, best.beta * b)) - 1e-9


def test_equal_rates_fit_a_sharp_prior_and_no_clicks_none() -> None:
    sharp = fit_prior([30, 60, 90], [1000, 2000, 3000])
    assert sharp.mean == pytest.approx(0.03, rel=1e-3) and sharp.alpha + sharp.beta > 1e5
    for clicks, shown in (([0, 0], [10, 10]), ([1], [10]), ([5, 5], [5, 5]), ([], [])):
        with pytest.raises(ValueError, match="cannot be fitted"):
            fit_prior(clicks, shown)
    assert math.isclose(PUBLISHED.mean, 0.0364, abs_tol=1e-4) and str(PUBLISHED) == "Beta(2.04, 54.06)"


def test_item_priors_are_honest_where_ads_of_an_item_are_alike() -> None:
    """Items differ by far more than their ads do: a common prior is too sure of small differences."""
    rng = np.random.default_rng(5)
    item = np.repeat(np.arange(3000), 4)
    of_item = rng.beta(2.04, 54.06, 3000)[item]
    rate = rng.beta(of_item * 8000, (1 - of_item) * 8000)
    shown = rng.integers(1000, 8000, len(item))
    clicks = rng.binomial(shown, rate)
    one, other = np.arange(0, len(item), 2), np.arange(1, len(item), 2)
    too_sure = {}
    for text in ("2.04,54.06", "fit", "items"):
        prior = prior_of(text, clicks, shown, item)
        p = probability_higher(clicks[one], shown[one], clicks[other], shown[other], prior.at(one))
        too_sure[text] = np.maximum(p, 1 - p).mean() - ((rate[one] > rate[other]) == (p > 0.5)).mean()
    assert too_sure["2.04,54.06"] > 0.07 and too_sure["fit"] > 0.07
    assert abs(too_sure["items"]) < 0.02
    by_item = prior_of("items", clicks, shown, item)
    assert by_item.alpha + by_item.beta == pytest.approx(8000, rel=0.1)
    assert "around each item's rate" in str(by_item)


def test_item_priors_at_the_edges() -> None:
    """Ads without impressions, items of one ad, ads that do not differ at all, ads that differ utterly."""
    same = fit_item_priors([30, 30, 5, 0], [1000, 1000, 100, 0], [0, 0, 1, 1])
    assert np.all(np.isfinite([same.alpha, same.beta])) and np.min(same.alpha + same.beta) > 1e6
    apart = fit_item_priors([100, 0, 0, 100], [100, 100, 100, 100], [0, 0, 1, 1])
    assert np.min(apart.alpha) > 0 and np.max(apart.alpha + apart.beta) < 1


@pytest.mark.parametrize("text", ["", "2", "1,2,3", "a,b", "0,1", "-1,5", "nan,2", "inf,inf"])
def test_priors_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"2\.04,54\.06"):
        prior_of(text, [1], [2], [0])
    assert prior_of(" 2.04, 54.06", [], [], []) == PUBLISHED
