"""Measures of verdicts, each with a value that can be worked out by hand."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

from caig_cli import judge_metrics
from caig_cli.judge_metrics import Floats, Judged
from caig_cli.records import Verdict


def floats(*values: float) -> Floats:
    return np.asarray(values, dtype=float)


def make(p: Floats, truth: Floats, **columns: Any) -> Judged:
    """Verdicts that are the same in both orders, each pair an item of its own unless told otherwise."""
    n = len(p)
    unknown = np.full(n, np.nan)
    given: dict[str, Any] = {
        "item_P": [str(i) for i in range(n)], "shown_P": p, "swapped_P": p, "truth_P": truth,
        "oracle_P": unknown, "estimated": False, "gap_P": unknown, "impressions_P": unknown,
        "category_P": [None] * n, "ctr_P2": np.full((n, 2), np.nan),
            "predicted_ctr_P2": np.full((n, 2), np.nan),
    }  # fmt: skip
    return Judged(**(given | columns))


def test_both_orders_together_are_the_mean_of_their_logits() -> None:
    """Odds 4 and 1/4 cancel; odds 9 and 4 make 6, so 6/7. The record says the same."""
    both = judge_metrics.combine(floats(0.8, 0.9, 1.0, 0.0), floats(0.2, 0.8, 1.0, 0.7))
    assert both[:2] == pytest.approx([0.5, 6 / 7])
    for p, (shown, swapped) in zip(both, [(0.8, 0.2), (0.9, 0.8), (1.0, 1.0), (0.0, 0.7)], strict=True):
        assert p == pytest.approx(Verdict(shown, swapped).p_left)


def test_a_choice_earns_the_truth_of_its_side() -> None:
    """With labels that is right or wrong, with q a share, and undecided is a coin."""
    assert list(judge_metrics.credit(floats(0.9, 0.2, 0.7, 0.5), floats(1, 1, 0.6, 1))) == [1, 0, 0.6, 0.5]
    assert judge_metrics.credit(floats(0.2), floats(0.3))[0] == pytest.approx(0.7)


def test_accuracy_ceiling_and_what_is_attainable() -> None:
    """q = .8, .6, .3: the best choices earn (.8 + .6 + .7) / 3 = .7; left, left, left earns 1.7 / 3."""
    q = floats(0.8, 0.6, 0.3)
    figures = judge_metrics.measure(make(floats(0.9, 0.9, 0.9), q, oracle_P=np.maximum(q, 1 - q)))
    assert figures["accuracy"] == pytest.approx(1.7 / 3)
    assert figures["ceiling"] == pytest.approx(0.7)
    assert figures["attainable"] == pytest.approx((1.7 / 3 - 0.5) / 0.2)
    assert figures["ceiling_estimated"] is False
    best = judge_metrics.measure(make(floats(0.9, 0.9, 0.1), q, oracle_P=np.maximum(q, 1 - q)))
    assert best["attainable"] == pytest.approx(1) and best["attainable_ci"] == pytest.approx([1, 1])


def test_all_of_a_few_labels_right_does_not_make_a_perfect_judge_sure() -> None:
    """Six of six: Clopper and Pearson's interval begins at 0.025 ** (1 / 6) = 0.541; the ceiling is 0.8."""
    judged = make(np.full(6, 0.9), np.ones(6), oracle_P=np.full(6, 0.8), item_P=list("abcdef"))
    low, high = judge_metrics.measure(judged)["attainable_ci"]
    assert low <= (0.025 ** (1 / 6) - 0.5) / 0.3 and high == pytest.approx(0.5 / 0.3)


def test_what_is_unknown_is_none() -> None:
    figures = judge_metrics.measure(make(floats(0.9, 0.4), floats(1, 0)))
    for key in ("ceiling", "ceiling_estimated", "attainable", "attainable_ci", "ctr_rmse", "ctr_spearman"):
        assert figures[key] is None, key
    assert figures["by_gap"] == figures["by_impressions"] == figures["by_category"] == []
    hopeless = make(floats(0.9), floats(0.5), oracle_P=floats(0.5))
    assert judge_metrics.measure(hopeless)["attainable"] is None


def test_nothing_judged_has_the_same_figures_all_unknown() -> None:
    empty = judge_metrics.measure(make(floats(), floats()))
    some = judge_metrics.measure(make(floats(0.9, 0.4), floats(1, 0)))
    assert set(empty) == set(some) and empty["pairs"] == 0
    assert {key: empty[key] for key in judge_metrics.SINGLE} == dict.fromkeys(judge_metrics.SINGLE)
    assert all(empty[key] == [] for key in judge_metrics.LISTS)


def test_orders_apart_and_their_agreement() -> None:
    """Shown: right, right, wrong, wrong. Swapped: right, wrong, wrong, undecided."""
    judged = make(floats(0.9, 0.8, 0.1, 0.2), floats(1, 1, 1, 1), swapped_P=floats(0.6, 0.4, 0.3, 0.5))
    figures = judge_metrics.measure(judged)
    assert (figures["accuracy_left_first"], figures["accuracy_right_first"]) == (0.5, 0.375)
    assert figures["order_agreement"] == 0.5
    assert judge_metrics.order_agreement(floats(0.5), floats(0.5)) == 0


def test_auc() -> None:
    """Left winners at .8 and .4, right winners at .6 and .4: 1 + 1 + 0 + 1/2 of four."""
    assert judge_metrics.auc(floats(0.8, 0.4, 0.6, 0.4), floats(1, 1, 0, 0)) == 2.5 / 4
    assert judge_metrics.auc(floats(0.8, 0.4), floats(1, 1)) is None
    # q = .75 at .6 and .25 at .4: lefts .75, .25; rights .25, .75. (.75*(.75 + .125) + .25*.375) / 1
    assert judge_metrics.auc(floats(0.6, 0.4), floats(0.75, 0.25)) == pytest.approx(
        0.75 * 0.875 + 0.25 * 0.375
    )


def test_auc_equals_counting_all_couples() -> None:
    rng = np.random.default_rng(1)
    p, q = rng.integers(0, 6, 40) / 5, rng.random(40)
    won = total = 0.0
    for i, j in itertools.product(range(40), repeat=2):
        weight = q[i] * (1 - q[j])
        total += weight
        won += weight * (p[i] > p[j]) + weight * (p[i] == p[j]) / 2
    assert judge_metrics.auc(p, q) == pytest.approx(won / total)


def test_log_loss() -> None:
    assert judge_metrics.log_loss(floats(0.5, 0.5), floats(1, 0.3)) == pytest.approx(math.log(2))
    expected = -(0.75 * math.log(0.8) + 0.25 * math.log(0.2))
    assert judge_metrics.log_loss(floats(0.8), floats(0.75)) == pytest.approx(expected)
    assert math.isfinite(judge_metrics.log_loss(floats(1.0), floats(0)))


def test_calibration() -> None:
    """Confidences .61 and .64 share a step (right, wrong); .9 stands alone (right).

    |.625 - .5| * 2/3 + |.9 - 1| * 1/3. The side does not matter: .39 is as sure as .61.
    """
    p, truth = floats(0.39, 0.64, 0.9), floats(0, 0, 1)
    assert judge_metrics.calibration_error(p, truth) == pytest.approx(0.125 * 2 / 3 + 0.1 / 3)
    rows = judge_metrics.reliability(p, truth, list("abc"))
    assert [(row["pairs"], row["accuracy"]) for row in rows] == [(2, 0.5), (1, 1.0)]
    assert judge_metrics.calibration_error(floats(0.8, 0.3), floats(0.8, 0.3)) == pytest.approx(0)
    assert judge_metrics.reliability(floats(1.0), floats(1), ["a"])[0]["confidence"] == 1


def test_bare_sides_say_nothing_of_certainty() -> None:
    figures = judge_metrics.measure(make(floats(1, 0, 0.5), floats(1, 1, 0)))
    assert figures["log_loss"] is None and figures["ece"] is None and figures["reliability"] == []
    assert figures["accuracy"] == 0.5 and figures["auc"] is not None


def test_rates() -> None:
    """Errors .01, 0, -.02, 0 and ranks 2 1 3 4 against 1 2 4 3 (one ad's rate is unknown)."""
    predicted = np.array([[0.03, 0.02], [0.04, 0.05], [0.9, np.nan]])
    true = np.array([[0.02, 0.02], [0.06, 0.05], [np.nan, 0.1]])
    figures = judge_metrics.ctr_errors(predicted, true)
    assert figures["ctr_rmse"] == pytest.approx(math.sqrt((0.01**2 + 0.02**2) / 4))
    assert figures["ctr_rmse_of_mean"] == pytest.approx(np.std([0.02, 0.02, 0.06, 0.05]))
    # Ranks of the truth: 1.5, 1.5, 4, 3; said: 2, 1, 3, 4.
    expected = np.corrcoef([1.5, 1.5, 4, 3], [2, 1, 3, 4])[0, 1]
    assert figures["ctr_spearman"] == pytest.approx(expected)
    assert judge_metrics.ctr_errors(np.full((2, 2), 0.03), np.full((2, 2), 0.02))["ctr_spearman"] is None


def test_the_interval_is_that_of_independent_items() -> None:
    """400 items, 60 % right: 1.96 * sqrt(.24 / 400) = .048. Four pairs an item all alike: as if one."""
    truth = np.repeat([1.0, 0.0], [240, 160])
    judged = make(np.full(400, 0.9), truth)
    low, high = judge_metrics.measure(judged)["accuracy_ci"]
    assert (high - low) / 2 == pytest.approx(0.048, rel=0.06)
    clustered = make(np.full(1600, 0.9), np.repeat(truth, 4), item_P=[str(i // 4) for i in range(1600)])
    low4, high4 = judge_metrics.measure(clustered)["accuracy_ci"]
    assert (high4 - low4) == pytest.approx(high - low, rel=0.06)


def test_groups() -> None:
    """Pairs go where their gap, impressions and category are; unknown goes nowhere."""
    judged = make(
        floats(0.9, 0.9, 0.9, 0.9),
        floats(1, 0, 1, 1),
        gap_P=floats(1.05, 1.07, 1.3, np.nan),
        impressions_P=floats(999, 1000, 60_000, np.nan),
        category_P=["mugs", "lamps", "mugs", None],
        oracle_P=floats(0.6, 0.7, np.nan, 0.9),
    )
    found = judge_metrics.breakdown(judged)
    rows = {key: [(r["group"], r["pairs"], r["accuracy"]) for r in found[key]] for key in found}
    assert rows == {
        "by_gap": [("1.05 to 1.10", 2, 0.5), ("1.20 to 1.50", 1, 1.0)],
        "by_impressions": [("0 to 1,000", 1, 1.0), ("1,000 to 2,000", 1, 0.0), ("50,000 and more", 1, 1.0)],
        "by_category": [("mugs", 2, 1.0), ("lamps", 1, 0.0)],
    }
    assert found["by_gap"][0]["ceiling"] == pytest.approx(0.65) and found["by_gap"][1]["ceiling"] is None


def test_rare_categories_share_a_row() -> None:
    n = judge_metrics.CATEGORIES + 2
    names = [f"c{i:02}" for i in range(n)] + ["c00"]
    rows = judge_metrics.breakdown(make(np.full(n + 1, 0.9), np.ones(n + 1), category_P=names))
    assert [rows["by_category"][0]["group"], rows["by_category"][0]["pairs"]] == ["c00", 2]
    assert [rows["by_category"][-1]["group"], rows["by_category"][-1]["pairs"]] == ["all others", 2]


def test_mcnemar() -> None:
    """5 to 1 among six discordant pairs: 2 * (1 + 6) / 64."""
    a = np.array([True] * 5 + [False] + [True, False])
    b = np.array([False] * 5 + [True] + [True, False])
    assert judge_metrics.mcnemar(a, b) == {"only_first": 5, "only_second": 1, "p": pytest.approx(14 / 64)}
    assert judge_metrics.mcnemar(a, a)["p"] == 1


def test_right_is_the_likelier_side() -> None:
    judged = make(floats(0.9, 0.1, 0.9, 0.5, 0.9), floats(0.51, 0.49, 0.2, 1, 0.5))
    assert list(judge_metrics.right(judged)) == [True, True, False, False, False]


def test_the_worst_cases_are_the_surest_ones() -> None:
    """Excess of confidence over what the side is worth: .9 - 0, .6 - 0, .95 - .4; right ones are left out."""
    judged = make(floats(0.6, 0.1, 0.95, 0.99), floats(0, 1, 0.4, 1))
    assert judge_metrics.most_wrong(judged, 9) == [1, 0, 2]
    assert judge_metrics.most_wrong(judged, 1) == [1]
