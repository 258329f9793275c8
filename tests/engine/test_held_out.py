"""Held-out items: an exact share, a least number, the same for the same seed."""

from __future__ import annotations

import pytest

from caig_cli.engine.held_out import held_out


@pytest.mark.parametrize(
    ("items", "share", "least", "count"),
    [(48, 0.1, 10, 10), (400, 0.1, 10, 40), (48, 0.5, 10, 24), (6, 0.1, 10, 3), (1, 0.1, 10, 0),
     (0, 0.1, 10, 0), (48, 0.0, 10, 0), (5, 1.0, 1, 5)],
)  # fmt: skip
def test_shares_are_of_items_with_a_least_number(items: int, share: float, least: int, count: int) -> None:
    names = [f"item {n}" for n in range(items)]
    chosen = held_out(names * 7, share, least, seed=3)
    assert len(chosen) == count and chosen <= set(names)
    assert chosen == held_out(reversed(names), share, least, seed=3), "however often, in whatever order"
    assert count in (0, items) or chosen != held_out(names, share, least, seed=4)


def test_items_that_join_later_leave_most_others_where_they_are() -> None:
    names = [f"item {n}" for n in range(200)]
    before = held_out(names, 0.2, 1, seed=0)
    after = held_out([*names, *(f"new {n}" for n in range(20))], 0.2, 1, seed=0)
    assert len(before & after) >= 0.85 * len(before)
