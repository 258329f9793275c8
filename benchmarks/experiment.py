"""What `caig experiment` says against what is true: coverage of intervals, false alarms, regret.

The simulated market knows every ad's true click-through rate, so each figure has a truth. Run it as
`python benchmarks/experiment.py [--only intervals|looks|policies]`. Figures are in docs/experiments.md.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from caig_cli.clicks.posteriors import PUBLISHED
from caig_cli.experiments.design import Design
from caig_cli.experiments.fatigue import trend
from caig_cli.experiments.off_policy import Logged, doubly_robust, ips, modelled_rates, snips
from caig_cli.experiments.ratio_check import check_impressions, check_products
from caig_cli.experiments.ratios import (
    LogRatio,
    between_products,
    dispersion_of,
    for_other_products,
    within_strata,
)
from caig_cli.experiments.sequential import FIRST_CLICKS, always_valid, mixture_variance
from caig_cli.experiments.several import each_alpha, holm, simpson
from caig_cli.experiments.thompson import Belief, chances, posterior, trust_of, with_floor
from caig_cli.market.catalogue import item
from caig_cli.market.scenes import ad_scenes
from caig_cli.market.truth import load_truth

if TYPE_CHECKING:
    from caig_cli.rewards.judge import TrainedJudge

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TESTSET = Path(__file__).parents[1] / "caig_cli" / "embedded" / "testset"
CARD_ACCURACY = 0.714
"""The embedded judge's on its own held-out pairs, as its card says: what a user would tell the plan."""
DAYS, LOOKS, PRODUCTS = 7, 100, 300
MEDIAN, SPREAD = 10_000.0, 1.0
"""Impressions of a product in a week: lognormal."""
DRAWS = 30
"""Draws behind a day's Thompson shares here; the plan takes thousands."""
GOOD_DAYS = 0.15
"""Standard deviation of the logarithm of a day's rates, the same for all ads."""


@dataclass(frozen=True)
class Market:
    """True rates of two ads of each product [P, 2], and its category; scenes are random."""

    rate_P2: Floats
    category_P: Ints


def make_market(products: int, seed: int) -> Market:
    """Products of the market with two random scenes; a photo's lightness, which needs a render, is drawn."""
    truth, rng = load_truth(), np.random.default_rng(seed)
    names: dict[str, int] = {}
    rates, categories = [], []
    for index in range(products):
        one, light = item(seed, index), float(rng.uniform(0.2, 0.8))
        rates.append([truth.ctr(one.id, one.category, light, scene) for scene in ad_scenes(one, 2)])
        categories.append(names.setdefault(one.category, len(names)))
    return Market(np.array(rates), np.array(categories, np.int64))


class Tally:
    """Shares with their binomial standard errors, in the order in which they come."""

    def __init__(self) -> None:
        self.hits: Counter[str] = Counter()
        self.of: Counter[str] = Counter()

    def add(self, name: str, hits: float, of: int = 1) -> None:
        self.hits[name] += hits  # type: ignore[assignment]
        self.of[name] += of

    def lines(self) -> list[str]:
        found = []
        for name, of in self.of.items():
            share = self.hits[name] / of
            found.append(f"| {name} | {share:.2%} ± {(share * (1 - share) / of) ** 0.5:.2%} | {of:,} |")
        return found


def inside(interval: tuple[float, float], truth: float) -> bool:
    return interval[0] <= truth <= interval[1]


# --- impressions as units ----------------------------------------------------------------------------------


def by_impressions(market: Market, repeats: int, rng: np.random.Generator, tally: Tally) -> None:
    """Overall and by category, with new ads that differ (lift) and the same ads twice (no lift)."""
    categories = int(market.category_P.max()) + 1
    product_S = np.repeat(np.arange(PRODUCTS), DAYS)
    for number in range(repeats):
        same = number % 2 == 1
        chosen = rng.choice(len(market.rate_P2), PRODUCTS, replace=False)
        category_S = market.category_P[chosen][product_S]
        whole = market.rate_P2[:, [0, 0]] if same else market.rate_P2 * [1.0, 1.05]
        rate_P2 = whole[chosen]
        shown, clicks, truth_S2 = a_week(rate_P2, rng)
        scatter = dispersion_of(clicks, shown, product_S)
        found = within_strata(clicks, shown, scatter)
        assert found is not None
        what = "same ads" if same else "other ads"
        tally.add(f"95 % interval of the lift, {what}", inside(found.interval(), true_lift(shown, truth_S2)))
        if same:
            tally.add("type I error of the lift at 5 %", found.p < 0.05)
        else:
            wider, mean = for_other_products(clicks, shown, product_S), whole.mean(0)
            assert wider is not None
            tally.add("95 % interval for other products of the market",
                      inside(wider.interval(), float(mean[1] / mean[0] - 1)))  # fmt: skip
        heap = simpson(clicks.sum(0), shown.sum(0), found)
        tally.add("Simpson's paradox told where shares are alike", heap is not None and heap.sure)
        split = check_impressions(shown, np.full((len(shown), 2), 0.5), product_S)
        assert split.p_products is not None
        tally.add("split called wrong at 0.1 % though right", split.alarm)
        tally.add("p of the split below 5 % though right", split.p_products < 0.05)
        if number % 20 > 1:
            continue  # categories are many
        rows = [(within_strata(clicks[at], shown[at], dispersion_of(clicks[at], shown[at], product_S[at])),
                 true_lift(shown[at], truth_S2[at])) for c in range(categories)
                for at in [np.flatnonzero(category_S == c)]]  # fmt: skip
        told = [(ratio, truth) for ratio, truth in rows if ratio is not None]
        tally.add("95 % interval of a category", sum(inside(r.interval(), t) for r, t in told), len(told))
        alpha = each_alpha(0.05, len(told))
        tally.add(f"all {categories} categories' intervals together",
                  all(inside(r.interval(alpha), t) for r, t in told))  # fmt: skip
        if same:
            tally.add("any false alarm among categories (Holm)", min(holm([r.p for r, _ in told])) < 0.05)


def a_week(rate_P2: Floats, rng: np.random.Generator, days: int = DAYS) -> tuple[Floats, Floats, Floats]:
    """Impressions, clicks and true rates of each product's days [S, 2], shares one half."""
    products = len(rate_P2)
    mean_P = MEDIAN * np.exp(rng.normal(0, SPREAD, products)) / days
    good_D = np.exp(rng.normal(0, GOOD_DAYS, days))
    shown = rng.poisson(mean_P[:, None, None] / 2, (products, days, 2))
    truth = np.clip(rate_P2[:, None, :] * good_D[None, :, None], 0, 1)
    clicks = rng.binomial(shown, truth)
    return (shown.reshape(-1, 2).astype(float), clicks.reshape(-1, 2).astype(float), truth.reshape(-1, 2))


def true_lift(shown_S2: Floats, rate_S2: Floats) -> float:
    """Of the rates behind the clicks, strata weighed as the estimate weighs them."""
    n0, n1 = shown_S2.T
    weight = np.divide(n0 * n1, n0 + n1, out=np.zeros(len(n0)), where=n0 + n1 > 0)
    return float((weight * rate_S2[:, 1]).sum() / (weight * rate_S2[:, 0]).sum() - 1)


def wrong_splits(market: Market, repeats: int, rng: np.random.Generator, tally: Tally) -> None:
    """A platform that favours one arm by two per cent of its impressions; products of one arm that vanish."""
    product_S = np.repeat(np.arange(len(market.rate_P2)), DAYS)
    for _ in range(repeats):
        total = a_week(market.rate_P2, rng)[0].sum(1).astype(int)
        one = rng.binomial(total, 0.51)
        split = np.stack([total - one, one], axis=1).astype(float)
        found = check_impressions(split, np.full((len(split), 2), 0.5), product_S)
        tally.add("wrong split of 51 to 49 found", found.alarm)
        assigned = np.bincount(rng.permutation(len(market.rate_P2)) % 2)
        tally.add("products called lost though lost alike",
                  check_products(rng.binomial(assigned, 0.9), assigned).alarm)  # fmt: skip


# --- looks on the way --------------------------------------------------------------------------------------


def looked_at(market: Market, repeats: int, rng: np.random.Generator, tally: Tally) -> None:
    """Whoever looks a hundred times and stops at the first interval that excludes the truth."""
    small = Market(market.rate_P2[:40], market.category_P[:40])
    for units in ("impressions", "products"):
        for same in (True, False):
            ever_plain = ever_valid = 0
            for _ in range(repeats if units == "impressions" else repeats // 2):
                rate_P2 = small.rate_P2[:, [0, 0]] if same else small.rate_P2 * [1.0, 1.1]
                plain, valid = (within_looks if units == "impressions" else between_looks)(rate_P2, rng)
                ever_plain += plain
                ever_valid += valid
            of = repeats if units == "impressions" else repeats // 2
            what = f"{units} as units, {'same' if same else 'other'} ads"
            tally.add(f"always-valid interval over {LOOKS} looks, {what}", of - ever_valid, of)
            tally.add(f"plain 95 % interval over the same looks, {what}", of - ever_plain, of)


def within_looks(rate_P2: Floats, rng: np.random.Generator) -> tuple[bool, bool]:
    """Whether the plain and the always-valid interval ever exclude the truth."""
    shown, clicks, rate = a_week(rate_P2, rng, LOOKS)
    by_look = np.argsort(np.tile(np.arange(LOOKS), len(rate_P2)), kind="stable")
    shown, clicks, rate = shown[by_look], clicks[by_look], rate[by_look]
    design = Design("impressions", len(rate_P2), float(shown.sum()), float(rate_P2[:, 0].mean()))
    mixture = mixture_variance(design.variance(0.5, 0.5))

    def at(look: int) -> tuple[LogRatio | None, float, float]:
        end = (look + 1) * len(rate_P2)
        x, n = clicks[:end], shown[:end]
        return within_strata(x, n), true_lift(n, rate[:end]), float(x.sum(0).min())

    return ever(at, mixture)


def between_looks(rate_P2: Floats, rng: np.random.Generator) -> tuple[bool, bool]:
    """The same with products as units: what an arm's products are like stays, clicks come in."""
    products = 2 * len(rate_P2)
    drawn = rng.integers(0, len(rate_P2), products)
    arm = rng.permutation(products) % 2
    own = rate_P2[:, 0][drawn] * np.where(arm == 1, rate_P2[:, 1].mean() / rate_P2[:, 0].mean(), 1.0)
    mean = MEDIAN * np.exp(rng.normal(0, SPREAD, products)) / LOOKS
    shown = np.cumsum(rng.poisson(mean[:, None], (products, LOOKS)), axis=1)
    clicks = np.cumsum(rng.binomial(np.diff(shown, axis=1, prepend=0), own[:, None]), axis=1)
    truth = float(rate_P2[:, 1].mean() / rate_P2[:, 0].mean() - 1)
    cv = float(rate_P2[:, 0].std() / rate_P2[:, 0].mean())
    design = Design("products", products, float(shown[:, -1].sum()), float(rate_P2[:, 0].mean()), cv)

    def at(look: int) -> tuple[LogRatio | None, float, float]:
        seen = shown[:, look] > 0
        x, n = clicks[seen, look].astype(float), shown[seen, look].astype(float)
        return between_products(x, n, arm[seen], 2).ratio(1), truth, float(np.bincount(arm[seen], x).min())

    return ever(at, mixture_variance(design.variance(0.5, 0.5)))


def ever(at: Callable[[int], tuple[LogRatio | None, float, float]], mixture: float) -> tuple[bool, bool]:
    plain = valid = False
    for look in range(LOOKS):
        ratio, truth, clicks = at(look)
        if ratio is None or clicks < FIRST_CLICKS:
            continue
        plain |= not inside(ratio.interval(), truth)
        valid |= not inside(always_valid(ratio, mixture), truth)
    return plain, valid


# --- products as units, fatigue, off-policy ----------------------------------------------------------------


def by_products(market: Market, repeats: int, rng: np.random.Generator, tally: Tally) -> list[float]:
    """400 products drawn from the market; what the others would say is the truth. Returns variance saved."""
    whole, saved = market.rate_P2, []
    for number in range(repeats):
        same = number % 2 == 1
        chosen = rng.choice(len(whole), 400, replace=False)
        own = whole[chosen][:, [0, 0]] if same else whole[chosen]
        truth = 0.0 if same else float(whole[:, 1].mean() / whole[:, 0].mean() - 1)
        arm = rng.permutation(400) % 2
        shown = np.maximum(50, MEDIAN * np.exp(rng.normal(0, SPREAD, 400))).astype(int)
        clicks = rng.binomial(shown, own[np.arange(400), arm]).astype(float)
        before = np.maximum(50, MEDIAN * np.exp(rng.normal(0, SPREAD, 400)))
        earlier = (rng.binomial(before.astype(int), own[:, 0]) + 2.04) / (before + 56.1)
        plain = between_products(clicks, shown * 1.0, arm, 2).ratio(1)
        cuped = between_products(clicks, shown * 1.0, arm, 2, market.category_P[chosen], earlier).ratio(1)
        assert plain is not None and cuped is not None
        tally.add("95 % interval of the lift, products as units", inside(plain.interval(), truth))
        tally.add("the same with categories and earlier rates (CUPED)", inside(cuped.interval(), truth))
        if same:
            tally.add("type I error, products as units with CUPED", cuped.p < 0.05)
        saved.append(1 - (cuped.error / plain.error) ** 2)
    return saved


def wearing_off(market: Market, repeats: int, rng: np.random.Generator, tally: Tally) -> None:
    """Ads that lose 2 % of their rate a day, over 14 days."""
    products, days = 100, 14
    ad = np.repeat(np.arange(products), days)
    age = np.tile(np.arange(days), products).astype(float)
    for number in range(repeats):
        change = 0.0 if number % 2 else np.log(0.98)
        mean = MEDIAN * np.exp(rng.normal(0, SPREAD, products)) / DAYS
        shown = rng.poisson(np.repeat(mean, days))
        clicks = rng.binomial(shown, market.rate_P2[ad, 0] * np.exp(change * age))
        found = trend(clicks * 1.0, shown * 1.0, age, ad, ad, products)
        assert found is not None
        tally.add("95 % interval of the trend by day", inside(found.interval(), float(np.expm1(change))))
        if number % 2:
            tally.add("type I error of the trend at 5 %", found.p < 0.05)


def off_policy(testset: TestSet, repeats: int, rng: np.random.Generator, tally: Tally) -> None:
    """The judge's favourite of each product, valued from a week in which shares were Thompson sampling's."""
    product, ads = testset.product_A, len(testset.product_A)
    best = np.full(product.max() + 1, -np.inf)
    np.maximum.at(best, product, testset.score_A)
    policy = (testset.score_A == best[product]).astype(float)
    policy /= np.bincount(product, policy)[product]
    for _ in range(repeats):
        mean = MEDIAN * np.exp(rng.normal(0, SPREAD, product.max() + 1))[product] / DAYS
        share = rng.gamma(0.3, size=ads) + 1e-9
        share = share / np.bincount(product, share)[product]
        share = with_floor(share, product, 0.02)
        good = np.exp(rng.normal(0, GOOD_DAYS, DAYS))
        shown = rng.poisson(mean * share, (DAYS, ads))
        rate = np.clip(testset.rate_A * good[:, None], 0, 1)
        clicks = rng.binomial(shown, rate)
        stratum = (np.arange(DAYS)[:, None] * (product.max() + 1) + product).ravel()
        total = np.bincount(stratum, shown.ravel())
        truth = float((total[stratum] * np.tile(policy, DAYS) * rate.ravel()).sum() / total.sum())
        logged = Logged(
            shown.ravel() * 1.0, clicks.ravel() * 1.0, stratum, np.tile(share, DAYS), np.tile(policy, DAYS)
        )
        fold = (stratum // (product.max() + 1) + stratum) % 2
        model = modelled_rates(logged, np.tile(np.arange(ads), DAYS), np.tile(product, DAYS), fold)
        for name, value in (
            ("IPS", ips(logged)),
            ("SNIPS", snips(logged)),
            ("DR", doubly_robust(logged, model)),
        ):
            tally.add(f"95 % interval of a new policy's value, {name}", inside(value.interval(), truth))


# --- allocations -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TestSet:
    """Ads of the shipped test set: true rates, and what the embedded judge says of their pictures."""

    product_A: Ints
    rate_A: Floats
    score_A: Floats


def read_testset(kept: Path | None) -> TestSet:
    """Every ad of the set, in order; the judge's scores are kept in a file, if one is named."""

    known: dict[str, dict[str, float]] = defaultdict(dict)
    for line in (TESTSET / "pairs.jsonl").read_text().splitlines():
        row = json.loads(line)
        for side in ("left", "right"):
            known[row["item"]][row[side]] = row[f"{side}_ctr"]
    if kept is not None and kept.is_file():
        score = json.loads(kept.read_text())
    else:
        score = [one for ads in known.values() for one in judged(list(ads))]
    if kept is not None:
        kept.write_text(json.dumps(score))
    product = np.repeat(np.arange(len(known)), [len(ads) for ads in known.values()])
    return TestSet(
        product, np.array([rate for ads in known.values() for rate in ads.values()]), np.array(score)
    )


def half_of(testset: TestSet, half: int) -> TestSet:
    """Every other product: what was tuned on one half is measured on the other."""
    kept = testset.product_A % 2 == half
    number = np.unique(testset.product_A[kept], return_inverse=True)[1]
    return TestSet(number, testset.rate_A[kept], testset.score_A[kept])


def judged(ads: list[str]) -> list[float]:
    """What the embedded judge says of the ads of one product, compared with each other."""
    from caig_cli.data.images import open_image
    from caig_cli.stages.score import scores_of

    return scores_of(embedded_judge(), [open_image(TESTSET / name) for name in ads])


@cache
def embedded_judge() -> TrainedJudge:
    from caig_cli.engine.runtime import choose_device
    from caig_cli.rewards.judge import TrainedJudge

    return TrainedJudge.load("embedded", choose_device("cpu", "fp32"))


def regrets(testset: TestSet, weeks: int, median: float, seed: int) -> dict[str, Floats]:
    """Clicks lost against each product's best ad in a week [weeks], by way of choosing."""
    products = int(testset.product_A.max()) + 1
    ads = len(testset.product_A)
    product = (np.arange(weeks)[:, None] * products + testset.product_A).ravel()
    rate, score = np.tile(testset.rate_A, weeks), np.tile(testset.score_A, weeks)
    belief = Belief(
        np.full(products * weeks, float(PUBLISHED.mean)), 0.69, 0.15, trust_of(CARD_ACCURACY), score
    )
    blind = Belief(belief.rate_P, 0.69, 0.15)
    shuffled = np.lexsort((np.random.default_rng(seed).random(len(product)), product))
    misled = Belief(belief.rate_P, 0.69, 0.15, belief.trust, score[shuffled])
    arm = np.tile(np.concatenate([np.arange(n) for n in np.bincount(testset.product_A)]), weeks)
    mean_of_arm = np.bincount(arm, rate) / np.bincount(arm)
    common = np.bincount(arm) == products * weeks  # arms that every product has
    ways: dict[str, Callable[[int, Floats, Floats, np.random.Generator], Floats]] = {
        "uniform": lambda day, x, n, rng: with_floor(np.zeros(len(product)), product, 1.0),
        "best fixed arm, the same for all products": lambda day, x, n, rng: only(
            np.where(common[arm], mean_of_arm[arm], -1), product
        ),
        "first day uniform, then its best ad": lambda day, x, n, rng: (
            with_floor(np.zeros(len(product)), product, 1.0) if day == 0 else only(first_day(x, n), product)
        ),
        "the judge's favourite, never measured": lambda day, x, n, rng: only(score, product),
        "Thompson, published prior": lambda day, x, n, rng: sampled(
            (PUBLISHED.alpha + x, PUBLISHED.beta + n - x), product, rng
        ),
        "Thompson, products' ads alike but no judge": lambda day, x, n, rng: sampled(
            posterior(blind, product, x, n), product, rng
        ),
        "plain Thompson with the judge as prior": lambda day, x, n, rng: sampled(
            posterior(belief, product, x, n), product, rng
        ),
        "the same, for what is left of the week": lambda day, x, n, rng: sampled(
            posterior(belief, product, x, n), product, rng, left(n, product, day, median)
        ),
        "the same with a wrong judge": lambda day, x, n, rng: sampled(
            posterior(misled, product, x, n), product, rng, left(n, product, day, median)
        ),
    }
    best = np.full(products * weeks, 0.0)
    np.maximum.at(best, product, rate)
    found = {}
    for name, way in ways.items():
        rng = np.random.default_rng(seed)
        daily = median * np.exp(rng.normal(0, SPREAD, products * weeks))[product] / DAYS
        good = np.exp(rng.normal(0, GOOD_DAYS, (DAYS, weeks)))
        x, n, lost = np.zeros(ads * weeks), np.zeros(ads * weeks), np.zeros(weeks)
        for day in range(DAYS):
            share = way(day, x, n, rng)
            shown = rng.poisson(daily * share)
            today = np.repeat(good[day], ads)
            clicks = rng.binomial(shown, np.clip(rate * today, 0, 1))
            lost += (daily * share * (best[product] - rate) * today).reshape(weeks, ads).sum(1)
            x, n = x + clicks, n + shown
        found[name] = lost
    return found


def first_day(x: Floats, n: Floats) -> Floats:
    """Shrunk rates of what was seen; after the first day the choice hardly moves."""
    return (x + PUBLISHED.alpha) / (n + PUBLISHED.alpha + PUBLISHED.beta)


def only(value: Floats, product: Ints) -> Floats:
    """All of a product's impressions for the ad of the highest value."""
    best = np.full(product.max() + 1, -np.inf)
    np.maximum.at(best, product, value)
    chosen = (value == best[product]).astype(float)
    return chosen / np.bincount(product, chosen)[product]


def left(n: Floats, product: Ints, day: int, median: float) -> Floats:
    """Impressions of each product until the week's end, as the plan guesses them."""
    return (median / DAYS + np.bincount(product, n)) / (1 + day) * (DAYS - day)


def sampled(
    parameters: tuple[Floats, Floats], product: Ints, rng: np.random.Generator, left_P: Floats | None = None
) -> Floats:
    alpha, beta = parameters
    return with_floor(chances(alpha, beta, product, rng, draws=DRAWS, left_P=left_P), product, 0.02)


def processor() -> str:
    """The processor's name, where the system tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    return next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), platform.processor())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--weeks", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=4000)
    parser.add_argument("--scores", type=Path, help="file that keeps the judge's scores")
    parser.add_argument("--only", choices=("intervals", "looks", "policies"))
    parser.add_argument("--half", type=int, choices=(0, 1), help="of the products, for regrets")
    given = parser.parse_args()
    started, rng = time.process_time(), np.random.default_rng(given.seed)
    print(f"{processor()}, one process; seed {given.seed}")
    tally = Tally()
    market = make_market(1200, given.seed + 7)
    few = Market(market.rate_P2[:300], market.category_P[:300])
    if given.only in (None, "intervals"):
        by_impressions(market, given.repeats, rng, tally)
        wrong_splits(few, given.repeats // 20, rng, tally)
        saved = by_products(market, given.repeats // 2, rng, tally)
        wearing_off(few, given.repeats // 2, rng, tally)
    if given.only in (None, "looks"):
        looked_at(market, given.repeats // 8, rng, tally)
    if given.only in (None, "policies"):
        testset = read_testset(given.scores)
        off_policy(testset, given.repeats // 4, rng, tally)
    print("\n| what | share | of |\n|---|---|---|")
    print("\n".join(tally.lines()))
    if given.only in (None, "intervals"):
        print(f"\nvariance that categories and earlier rates save: {np.mean(saved):.0%} on average")
    if given.only in (None, "policies"):
        show_regrets(testset if given.half is None else half_of(testset, given.half), given.weeks, given.seed)
    print(f"\n{time.process_time() - started:.0f} s of CPU")


def show_regrets(testset: TestSet, weeks: int, seed: int) -> None:
    medians = (1_000.0, 10_000.0, 100_000.0)
    columns = [regrets(testset, weeks, m, seed) for m in medians]
    print(
        f"\n| regret over uniform's, {weeks} weeks | "
        + " | ".join(f"{m:,.0f} a week" for m in medians)
        + " |"
    )
    print("|---|" + "---|" * len(medians))
    for name in columns[0]:
        cells = []
        for column in columns:
            share = column[name] / column["uniform"].mean()
            cells.append(f"{share.mean():.3f} ± {share.std() / len(share) ** 0.5:.3f}")
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
