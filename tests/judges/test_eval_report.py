"""What the report of judges says of little data."""

from __future__ import annotations

import pytest

from caig_cli.judges.eval_report import TOO_FEW, _figure


@pytest.mark.parametrize(
    ("ends", "said"),
    [([-1.2, 3.4], TOO_FEW), ([0.2, 1.4], "0.700 [0.200, 1.400]"), ([-0.3, 0.9], "0.700 [-0.300, 0.900]")],
)
def test_a_share_of_which_nothing_is_known_is_no_figure(ends: list[float], said: str) -> None:
    assert _figure({"attainable": 0.7, "attainable_ci": ends}, "attainable") == said
