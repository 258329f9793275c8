"""The view camera: never pitched, framed by shifting the lens, so that an upright product stays upright.

World: centimetres, x right, y away from the camera, z up; the product stands on z = 0 in the plane y = 0.
That plane is parallel to the film, so the product's pixel box is exactly a rectangle of it, and everything
else follows from the box: the scale, where the horizon lies, what the frame shows at any depth.
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

FIELD_OF_VIEW = 25.0  # degrees over the longer side: a short telephoto, as products are photographed


@dataclass(frozen=True, slots=True)
class Camera:
    """``cm`` is the size of a pixel in the product's plane; the eye is at (eye_x, -distance, height);
    ``lift`` is the height of the support that the product stands on, 0 for the ground."""

    size: tuple[int, int]
    box: Box
    cm: float
    distance: float
    height: float
    eye_x: float
    horizon: int  # pixel row of the eye's height, may lie outside the frame
    aperture: float  # lens radius in cm, 0 for a pinhole
    lift: float = 0.0

    @property
    def frame(self) -> tuple[float, float]:
        """Width and height in cm that the frame shows in the product's plane."""
        return self.size[0] * self.cm, self.size[1] * self.cm

    @property
    def eye(self) -> Points:
        return np.array([self.eye_x, -self.distance, self.height])

    def project(self, points: npt.ArrayLike) -> Points:
        """World points [..., 3] in front of the eye as pixels (column, row) [..., 2]."""
        offset = np.asarray(points, np.float64) - self.eye
        shrink = self.distance / (self.cm * np.maximum(offset[..., 1], 1e-6))
        column = self.size[0] / 2 + offset[..., 0] * shrink
        return np.stack([column, self.horizon - offset[..., 2] * shrink], axis=-1)

    def unproject(self, pixels: npt.ArrayLike, y: npt.ArrayLike) -> Points:
        """Pixels (column, row) [..., 2] as the world points [..., 3] that they show at depth ``y`` [...]."""
        pixel, depth = np.asarray(pixels, np.float64), np.asarray(y, np.float64)
        grow = self.cm * (depth + self.distance) / self.distance
        x = self.eye_x + (pixel[..., 0] - self.size[0] / 2) * grow
        z = self.height + (self.horizon - pixel[..., 1]) * grow
        return np.stack([x, np.broadcast_to(depth, x.shape), z], axis=-1)

    def support_depth(self, rows: npt.ArrayLike) -> Points:
        """Depth y [...] at which pixel rows show the product's support; infinity from the horizon up."""
        below = np.asarray(rows, np.float64) - self.horizon
        reach = (self.height - self.lift) * self.distance / (self.cm * np.maximum(below, 1e-9))
        return np.where(below > 1e-6, reach - self.distance, np.inf)

    def view_at(self, y: float) -> tuple[float, float, float, float]:
        """What the frame shows at depth ``y``: x from, x to, z from, z to, in cm."""
        low, high = self.unproject([(0, self.size[1]), (self.size[0], 0)], y)
        return float(low[0]), float(high[0]), float(low[2]), float(high[2])

    def sensor(self) -> dict[str, Any]:
        """The Mitsuba sensor, with the crop that makes the lens shift."""
        width, height = self.size
        whole = 2 * max(height - self.horizon, self.horizon, 1)
        matrix = (
            mitsuba()
            .ScalarTransform4f()
            .look_at(origin=self.eye.tolist(), target=(self.eye + np.array([0, 1, 0])).tolist(), up=[0, 0, 1])
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
) -> Camera:
    """The camera that shows a product of ``height_cm`` exactly in ``box`` of a frame of ``size`` pixels.

    ``elevation`` is the angle in degrees at which it looks down on the product's foot (the horizon is
    rounded to a pixel row), ``aperture`` the lens radius as a share of the frame's longer side, ``lift``
    the height in cm of what the product stands on.
    """
    cm = height_cm / max(box.height, 1)
    longer = max(size) * cm
    distance = longer / 2 / math.tan(math.radians(FIELD_OF_VIEW / 2))
    above = max(1, round(distance * math.tan(math.radians(elevation)) / cm))
    eye_x = (size[0] / 2 - (box.left + box.right) / 2) * cm
    return Camera(
        size, box, cm, distance, above * cm + lift, eye_x, box.bottom - above, aperture * longer, lift
    )
