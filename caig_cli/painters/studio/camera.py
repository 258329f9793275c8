"""The view camera: level or straight down, framed by shifting the lens, so that the product stays as it is.

World: centimetres, x right, y away from the camera, z up. Before the level camera the product is in the plane
y = 0, over z = 0; under the one that looks down (``down``) it lies in the plane z = 0 around the origin.
That plane is parallel to the film, so the product's pixel box is exactly a rectangle of it, and everything
else follows from the box: the scale, where the horizon lies, what the frame shows at any depth.

Depth is measured from the product's plane away from the camera: y for the level camera, -z for the other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from caig_cli.painters.studio.render import mitsuba
from caig_cli.records import Box

Points = npt.NDArray[np.float64]

PREVIEW = 192  # frames up to this many pixels long are previews: fewer bounces, coarser textures
FIELD_OF_VIEW = 25.0  # degrees over the longer side: a short telephoto, as products are photographed


@dataclass(frozen=True, slots=True)
class Camera:
    """``cm`` is the size of a pixel in the product's plane; the eye is at (eye_x, -distance, height), or at
    (eye_x, height, distance) when it looks ``down``; ``lift`` is the height of the support that the product
    stands on, 0 for the ground, and ``hover`` how far above its support the product ends."""

    size: tuple[int, int]
    box: Box
    cm: float
    distance: float
    height: float
    eye_x: float
    horizon: int  # pixel row of the eye's height, may lie outside the frame
    aperture: float  # lens radius in cm, 0 for a pinhole
    lift: float = 0.0
    hover: float = 0.0
    down: bool = False

    @property
    def frame(self) -> tuple[float, float]:
        """Width and height in cm that the frame shows in the product's plane."""
        return self.size[0] * self.cm, self.size[1] * self.cm

    @property
    def preview(self) -> bool:
        """Whether the frame is so small that models have learnt its look: it stays as it is."""
        return max(self.size) <= PREVIEW

    @property
    def eye(self) -> Points:
        return self._world(np.array([self.eye_x, -self.distance, self.height]))

    @property
    def target(self) -> Points:
        """The point that lights are aimed at."""
        high = 0.0 if self.down else 0.3 * self.box.height * self.cm
        return np.array([0.0, 0.0, high + self.hover])

    def _world(self, seen: Points) -> Points:
        """Points [..., 3] as right, depth, up in world coordinates."""
        return np.stack([seen[..., 0], seen[..., 2], -seen[..., 1]], axis=-1) if self.down else seen

    def _seen(self, world: Points) -> Points:
        """World points [..., 3] as right, depth, up."""
        return np.stack([world[..., 0], -world[..., 2], world[..., 1]], axis=-1) if self.down else world

    def project(self, points: npt.ArrayLike) -> Points:
        """World points [..., 3] in front of the eye as pixels (column, row) [..., 2]."""
        eye = np.array([self.eye_x, -self.distance, self.height])
        offset = self._seen(np.asarray(points, np.float64)) - eye
        shrink = self.distance / (self.cm * np.maximum(offset[..., 1], 1e-6))
        column = self.size[0] / 2 + offset[..., 0] * shrink
        return np.stack([column, self.horizon - offset[..., 2] * shrink], axis=-1)

    def unproject(self, pixels: npt.ArrayLike, y: npt.ArrayLike) -> Points:
        """Pixels (column, row) [..., 2] as the world points [..., 3] that they show at depth ``y`` [...]."""
        pixel, depth = np.asarray(pixels, np.float64), np.asarray(y, np.float64)
        grow = self.cm * (depth + self.distance) / self.distance
        x = self.eye_x + (pixel[..., 0] - self.size[0] / 2) * grow
        z = self.height + (self.horizon - pixel[..., 1]) * grow
        return self._world(np.stack([x, np.broadcast_to(depth, x.shape), z], axis=-1))

    def support_depth(self, rows: npt.ArrayLike) -> Points:
        """Depth y [...] at which pixel rows show the product's support; infinity from the horizon up."""
        below = np.asarray(rows, np.float64) - self.horizon
        reach = (self.height - self.lift) * self.distance / (self.cm * np.maximum(below, 1e-9))
        return np.where(below > 1e-6, reach - self.distance, np.inf)

    def support_row(self, depths: npt.ArrayLike) -> Points:
        """Pixel rows [...] that show the product's support at depths y [...]."""
        away = np.asarray(depths, np.float64) + self.distance
        return self.horizon + (self.height - self.lift) * self.distance / (self.cm * away)

    def view_at(self, y: float) -> tuple[float, float, float, float]:
        """What the frame shows at depth ``y``: x from, x to, and up from, to: z, or y when it looks down."""
        low, high = self._seen(self.unproject([(0, self.size[1]), (self.size[0], 0)], y))
        return float(low[0]), float(high[0]), float(low[2]), float(high[2])

    def sensor(self) -> dict[str, Any]:
        """The Mitsuba sensor, with the crop that makes the lens shift."""
        width, height = self.size
        whole = 2 * max(height - self.horizon, self.horizon, 1)
        matrix = (
            mitsuba()
            .ScalarTransform4f()
            .look_at(
                origin=self.eye.tolist(),
                target=(self.eye + self._world(np.array([0, 1, 0]))).tolist(),
                up=[0, 1, 0] if self.down else [0, 0, 1],
            )
        )
        field = math.degrees(2 * math.atan2(self.frame[0] / 2, self.distance))
        sensor: dict[str, Any] = {"type": "perspective", "fov": field, "fov_axis": "x", "to_world": matrix}
        if self.aperture > 0:
            sensor |= {"type": "thinlens", "aperture_radius": self.aperture, "focus_distance": self.distance}
        sensor |= {"near_clip": self.distance * 0.02, "far_clip": self.distance * 1000}
        crop = {"crop_offset_x": 0, "crop_offset_y": whole // 2 - self.horizon}
        film = {"width": width, "height": whole, "crop_width": width, "crop_height": height} | crop
        return sensor | {"film": film}


def aim(
    size: tuple[int, int],
    box: Box,
    height_cm: float,
    *,
    elevation: float = 10.0,
    aperture: float = 0.0,
    lift: float = 0.0,
    hover: float = 0.0,
) -> Camera:
    """The level camera that shows a product of ``height_cm`` exactly in ``box`` of a frame of ``size``.

    ``elevation`` is the angle in degrees at which it looks down on what is under the product (the horizon is
    rounded to a pixel row), ``aperture`` the lens radius as a share of the frame's longer side, ``lift``
    the height in cm of what the product stands on, ``hover`` how far in cm it ends above that.
    """
    cm = height_cm / max(box.height, 1)
    longer, distance = _distance(size, cm)
    above = max(1, round(distance * math.tan(math.radians(elevation)) / cm))
    foot = box.bottom + round(hover / cm)
    return Camera(
        size=size, box=box, cm=cm, distance=distance, height=above * cm + lift, eye_x=_eye_x(size, box, cm),
        horizon=foot - above, aperture=aperture * longer, lift=lift, hover=round(hover / cm) * cm,
    )  # fmt: skip


def aim_down(size: tuple[int, int], box: Box, height_cm: float, *, aperture: float = 0.0) -> Camera:
    """The camera that looks straight down on a product lying in ``box``, ``height_cm`` from top to bottom."""
    cm = height_cm / max(box.height, 1)
    longer, distance = _distance(size, cm)
    middle = size[1] // 2
    eye_y = ((box.top + box.bottom) / 2 - middle) * cm
    return Camera(
        size=size, box=box, cm=cm, distance=distance, height=eye_y, eye_x=_eye_x(size, box, cm),
        horizon=middle, aperture=aperture * longer, down=True,
    )  # fmt: skip


def _distance(size: tuple[int, int], cm: float) -> tuple[float, float]:
    """The frame's longer side in cm, and from how far it is seen."""
    longer = max(size) * cm
    return longer, longer / 2 / math.tan(math.radians(FIELD_OF_VIEW / 2))


def _eye_x(size: tuple[int, int], box: Box, cm: float) -> float:
    return (size[0] / 2 - (box.left + box.right) / 2) * cm
