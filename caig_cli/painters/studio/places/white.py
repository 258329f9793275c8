"""White behind a table: what is left of a packshot where the prompt names a surface."""

from __future__ import annotations

from typing import Any

from caig_cli.painters.studio.stage import Stage, rgb, solid, upright


def cove(stage: Stage) -> dict[str, Any]:
    """A white wall, evenly lit by a lamp of its own, as studios do."""
    left, right, low, high = stage.camera.view_at(stage.wall)
    more = 0.3 * max(right - left, high - low)
    wall = upright((left - more, right + more), (min(low, 0.0) - more, high + more), stage.wall)
    return {"backdrop": solid(wall, {"type": "diffuse", "reflectance": rgb((250, 250, 250))})}
