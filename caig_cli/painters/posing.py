"""Which pose a product takes."""

from __future__ import annotations

from caig_cli.painters.pose import Fixture, Pose, Stance

_FIXTURES: dict[Stance, Fixture] = {"hang": "hook"}


def pose_for(stance: Stance) -> Pose:
    """The pose of a stance where nothing else is known of the product."""
    return Pose(stance, _FIXTURES.get(stance, "none"))
