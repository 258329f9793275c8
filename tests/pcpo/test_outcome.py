"""The verdict on a run of rounds: better, worse or unresolved, and which adapter was kept and why."""

from __future__ import annotations

import numpy as np
import pytest

from caig_cli.engine import plots
from caig_cli.pcpo.outcome import COLUMNS, TERMS, by_rate, by_wins, sentence
from caig_cli.pcpo.round_metrics import win_interval
from caig_cli.records import Verdict

ROUNDS = [{"round": n} for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("low", "high", "word"), [(0.6, 0.9, "Better"), (0.2, 0.45, "Worse"), (0.4, 0.9, "Unresolved")]
)
def test_an_interval_decides(low: float, high: float, word: str) -> None:
    row = {"win_rate_heldout": (low + high) / 2, "win_rate_heldout_low": low, "win_rate_heldout_high": high}
    sentence_made = sentence(by_wins(row, "win_rate_heldout", "the second judge"), 32, ROUNDS, 3, 3)
    assert sentence_made == (
        f"{word}: on 32 products that it did not learn from, the second judge prefers its ads to the "
        f"starting model's in {(low + high) / 2:.0%} (95 %: {low:.0%} to {high:.0%}). "
        "Kept: the adapter of round 3, the last one."
    )


def test_true_rates_decide_by_their_difference() -> None:
    sentence_made = by_rate(0.0441, 0.0366, (0.005, 0.01))
    assert sentence_made.verdict == "Better" and "4.41%" in sentence_made.words
    assert "simulated market; the difference is +0.50 to +1.00 points, 95 %" in sentence_made.words
    assert by_rate(0.0441, 0.0366, (-0.001, 0.01)).verdict == "Unresolved"
    assert by_rate(0.0441, 0.0366, None).verdict == "Unresolved", "one product tells nothing"


def test_what_was_kept_and_why() -> None:
    wins = by_wins({"win_rate": 0.7, "win_rate_low": 0.6, "win_rate_high": 0.8}, "win_rate", "it")
    back = sentence(wins, 8, ROUNDS, 1, 5)
    assert "Kept: the adapter of round 1, because the held-out judge fell after it; round 3 was" in back
    refused = sentence(wins, 8, [ROUNDS[0], *({**row, "accepted": False} for row in ROUNDS[1:])], 1, 5)
    assert "Kept: the adapter of round 1, because no round was accepted after it; round 3 was" in refused
    none = sentence(None, 8, ROUNDS, 0, 5)
    assert none.startswith("Not better: every round was worse") and "as it was before round 1" in none
    assert sentence(None, 0, ROUNDS, 3, 3).startswith("Unresolved: no product was held out")
    assert by_wins({"win_rate": None}, "win_rate", "it") is None


def test_every_column_is_explained() -> None:
    assert set(COLUMNS) - {"round", "pairs"} <= set(TERMS)


def test_wins_of_one_product_are_one_sample() -> None:
    won, lost = Verdict(0.9, 0.9), Verdict(0.1, 0.1)
    alone = win_interval({str(n): [won if n % 4 else lost] for n in range(40)})
    together = win_interval({str(n): [won if n % 4 else lost] * 5 for n in range(40)})
    assert alone is not None and alone[0] < 0.75 < alone[1] < 0.9
    assert together == pytest.approx(alone, abs=0.02), "five alike pairs of a product tell no more than one"
    assert win_interval({"a": None}) is None


def test_bands_shade_what_is_known() -> None:
    series = {"win_rate": [(0, 0.5), (1, 0.7), (2, 0.8)]}
    plain = plots.lines(series, "round")
    shaded = plots.lines(series, "round", bands={"win_rate": [(0, None, None), (1, 0.6, 0.8), (2, 0.7, 0.9)]})
    assert plain != shaded and shaded is not None and plain is not None
    assert plots.lines(series, "round", bands={"win_rate": [(0, None, None)]}) == plain
    assert np.frombuffer(shaded[:8], np.uint8)[1:4].tobytes() == b"PNG"
