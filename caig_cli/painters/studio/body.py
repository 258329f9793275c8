"""The body that a cut-out stands for: how deep it is behind its outline, and where its parts have their feet.

All fields are sampled over the outline, [H, W]; depths are in cm behind the product's plane. Things that lie
apart in the photo (a screen, its keyboard) stand on their own feet, each where the photo shows it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

from caig_cli.cutouts.cutout import Cutout
from caig_cli.painters.pose import Pose
from caig_cli.painters.studio.camera import Camera
from caig_cli.painters.studio.feet import FAR, REACH, touching

Field = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

RESOLUTION = 320  # longest side in samples at which the outline is measured
SHRINK = 1.0  # pixels of the finished ad by which the outline is drawn in
FLAT = 0.3
"""Most that a product before a wall, or on a surface, is thick, as a share of its shorter side."""
THICKEST_CM = 8.0
"""Most that a product is thick which lies: a flat lay is large, and what lies in it is not."""
_PART = 0.01  # of the product's area: smaller pieces belong to their neighbour
RIM = 0.5  # height of the outline of what lies, as a share of how thick it is there


@dataclass(frozen=True, slots=True)
class BodyPart:
    """A thing that stands by itself: ``front`` [W] is the depth of its front, ``foot`` [W] the row under its
    lowest sample in the columns where it touches its support, NaN in the others."""

    front: Field
    foot: Field


@dataclass(frozen=True, slots=True)
class Body:
    """``distance``: signed distance in samples to the outline, positive inside; ``swell``: how thick it is
    behind its front, in cm; ``rim``: how high in cm its outline is above what it lies on; ``part``: number in
    ``parts`` of the thing that each sample belongs to; ``scale``: samples (across, down) per pixel."""

    distance: Field
    swell: Field
    rim: Field
    part: npt.NDArray[np.int64]
    parts: tuple[BodyPart, ...]
    scale: Field


def body_of(cutout: Cutout, camera: Camera, pose: Pose) -> Body:
    """The body of a product seen by ``camera``."""
    inside = outline_of(cutout, min(RESOLUTION, 2 * max(camera.box.width, camera.box.height)))
    scale = np.array(inside.shape[::-1]) / (camera.box.width, camera.box.height)
    distance = _signed_distance(inside) - SHRINK * float(scale.mean())
    if distance.max() <= 0.5:  # thinner than the margin: keep what there is
        distance = _signed_distance(inside)
    inside = distance > 0
    part = _apart(inside) if _stands(camera, pose) and not camera.preview else np.zeros(inside.shape, int)
    swell = np.zeros(inside.shape)
    parts: list[BodyPart] = []
    for number in range(part.max() + 1):
        own = part == number
        found, thick = _part(inside & own, camera, pose)
        parts.append(found)
        swell = np.where(own, thick, swell)
    lies = pose.stance == "lie" and not camera.preview
    rim = RIM * _ridge(swell, inside) if lies else np.zeros(inside.shape)
    return Body(distance, swell, rim, part, tuple(parts), scale)


def thickness(camera: Camera, pose: Pose) -> float:
    """How thick in cm a product is taken to be that lies, hangs or leans."""
    most = FLAT * min(camera.box.width, camera.box.height) * camera.cm
    if pose.stance == "lie" and not camera.preview:
        most = min(most, THICKEST_CM)
    return min(most, pose.thickness_cm or most)


def outline_of(cutout: Cutout, longest: int) -> Mask:
    """Where the product is solid, at most ``longest`` samples long."""
    alpha = Image.fromarray(np.ascontiguousarray(cutout.rgba[..., 3]))
    alpha.thumbnail((longest, longest), Image.Resampling.BOX)
    inside = np.asarray(alpha) > 127
    if not inside.any():  # a mere haze: any visible pixel counts
        inside = np.asarray(alpha) > 0
    return inside


def _signed_distance(inside: Mask) -> Field:
    """Distance in samples to the outline, positive inside; the outside border counts as outside."""
    padded = np.pad(inside, 1)
    depth = np.asarray(ndimage.distance_transform_edt(padded)) - np.asarray(
        ndimage.distance_transform_edt(~padded)
    )
    signed: Field = depth[1:-1, 1:-1] - 0.5 * np.sign(depth[1:-1, 1:-1])
    return signed


def _stands(camera: Camera, pose: Pose) -> bool:
    return pose.stance in ("stand", "worn") and camera.hover <= 0


def _apart(inside: Mask) -> npt.NDArray[np.int64]:
    """Number [H, W] of the nearest thing that lies apart from the others, from 0."""
    labels, _ = ndimage.label(inside, structure=np.ones((3, 3), bool))
    areas = np.bincount(labels.ravel())
    areas[0] = 0
    large = np.flatnonzero(areas > _PART * max(int(areas.sum()), 1))
    if len(large) < 2:
        return np.zeros(inside.shape, int)
    own = np.isin(labels, large)
    rows, columns = ndimage.distance_transform_edt(~own, return_distances=False, return_indices=True)
    return np.asarray(np.searchsorted(large, labels[rows, columns]), np.int64)


def _part(inside: Mask, camera: Camera, pose: Pose) -> tuple[BodyPart, Field]:
    """One thing and its thickness behind its front [H, W], in cm."""
    rows, columns = inside.shape
    per_row, per_column = camera.box.height / rows, camera.box.width / columns
    found = _standing(inside, camera, per_row) if _stands(camera, pose) else None
    if found is None:
        front, grounded, room = BodyPart(np.zeros(columns), np.full(columns, np.nan)), inside, 0
    else:
        front, grounded, room = found
    padding = ((1, 1), (1, 1)) if room == 0 else ((1, 0), (1, 1))
    edge = np.asarray(ndimage.distance_transform_edt(np.pad(grounded, padding)))[1 : rows + 1, 1:-1]
    radius = max(float(edge.max()), 1.0)
    round_cm = 1.6 * radius * per_column * camera.cm
    if pose.stance in ("lie", "hang", "lean"):
        round_cm = min(round_cm, thickness(camera, pose))
        radius = max(min(radius, round_cm / (per_column * camera.cm)), 1.0)
    swell = np.sqrt(np.clip(1 - (1 - np.minimum(edge / radius, 1)) ** 2, 0, 1)) * round_cm
    return front, swell


def _standing(inside: Mask, camera: Camera, per_row: float) -> tuple[BodyPart, Mask, int] | None:
    """A thing that touches the support with its feet, the outline continued below them, by how much.

    So the relief does not taper towards its feet as it does towards its other edges. None where its lowest
    point is too high in the frame for it to stand.
    """
    rows, columns = inside.shape
    foot = np.where(inside.any(axis=0), rows - np.argmax(inside[::-1], axis=0), 0)
    depth = camera.support_depth(camera.box.top + foot * per_row)
    depth[foot == 0] = np.inf
    if not camera.preview and depth.min() > FAR * camera.box.width * camera.cm:
        return None
    if camera.preview:
        standing = depth <= depth.min() + REACH * camera.box.width * camera.cm
    else:
        wide = (np.ptp(np.flatnonzero(foot)) * per_row + 1) * camera.cm
        tangent = (camera.height - camera.lift) / camera.distance
        standing = touching(foot.astype(float), depth, wide, tangent)
    front = np.interp(np.arange(columns), np.flatnonzero(standing), depth[standing])
    room = rows // 2
    below = np.arange(rows + room)[:, None] >= foot
    grounded = np.pad(inside, ((0, room), (0, 0))) | (below & standing)
    return BodyPart(front, np.where(standing, foot, np.nan)), grounded, room


def _ridge(swell: Field, inside: Mask) -> Field:
    """How thick the product is around each sample [H, W]: a cord is thinner than the bag beside it."""
    middle = inside & (swell >= ndimage.maximum_filter(swell, size=5))
    nearest = ndimage.distance_transform_edt(~middle, return_distances=False, return_indices=True)
    return np.asarray(ndimage.gaussian_filter(swell[tuple(nearest)], 0.02 * max(inside.shape)))
