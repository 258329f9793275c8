"""What touches the ground: level edges and the tips of legs, not what rises from them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from caig_cli.cutouts.cutout import Cutout
from caig_cli.painters.pose import Pose
from caig_cli.painters.studio.contact import contact
from caig_cli.painters.studio.feet import touching
from caig_cli.painters.studio.scene import Scene
from caig_cli.painters.studio.set import build_stage
from caig_cli.records import Box

TANGENT = 0.25
X = np.arange(200.0)


def feet(foot: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Touching columns of a lower line [W]; a row is as far behind as the camera's angle says."""
    depth = np.where(foot > 0, (foot.max() - foot) / TANGENT, np.inf)
    return touching(foot, depth, float(foot.size), TANGENT)


def test_a_ball_touches_in_its_middle() -> None:
    found = np.flatnonzero(feet(100 + np.sqrt(np.maximum(100**2 - (X - 99.5) ** 2, 0))))
    assert 20 < np.ptp(found) < 120 and abs(found.mean() - 99.5) < 2


def test_a_box_seen_from_its_corner_stands_on_both_edges() -> None:
    assert feet(200 - 0.4 * np.abs(X - 150)).all(), "also where it ends far behind"


def test_a_slanted_leg_touches_with_its_tip() -> None:
    foot = np.full(200, 60.0)
    foot[120:150] = np.minimum(200, 200 - 3.0 * (140 - X[120:150]))
    foot[150:] = 60
    found = feet(foot)
    assert found[141:149].all() and not found[120:136].any() and not found[155:].any()


def test_a_thin_leg_is_dark_at_its_tip_and_not_around_it() -> None:
    rgba = np.zeros((200, 160, 4), np.uint8)
    rgba[:110] = rgba[110:, 10:18] = rgba[110:, 142:150] = (40, 40, 40, 255)
    box = Box(40, 40, 200, 240)
    stage = build_stage(Scene("oak", "plaster"), (256, 256), box, 80.0, 1, Pose("stand", elevation=12.0))
    shadow = contact(Cutout(rgba), stage, 0.0)
    assert shadow[240:243, 50:58].max() > 0.4
    assert shadow[:215].max() < 0.05, "nothing along the legs"
    assert shadow[:, 80:160].max() < 0.05, "nothing between them"
