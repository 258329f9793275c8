"""The stand-in: a solid with the product's outline and colours that casts its shadow and reflection.

It is a relief made from the cut-out. Every point is moved along its ray from the eye, so on film the
outline stays exactly the product's whatever depth it is given. Its front is a sheet bent so that each
foot of the product touches its support where the photograph shows it (the foot of a bottle seen from above
is an arc, a chair's hind legs stand further up); behind the sheet it swells like the solid it stands for.
The customer's own pixels are composed over it afterwards, so it is made a hair smaller than they are.

A lying product swells from the surface towards the eye, a hanging one back towards the wall, a leaning one
is tilted back until it touches it; what hangs or floats has no feet, and its front stays flat.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

from caig_cli.cutouts.cutout import Cutout
from caig_cli.painters.pose import STANDS, Pose
from caig_cli.painters.studio.camera import Camera
from caig_cli.painters.studio.materials import Material, to_mitsuba
from caig_cli.painters.studio.mesh import Mesh

Field = npt.NDArray[np.float64]

RESOLUTION = 320  # longest side in samples at which the outline is measured
STEPS = 96  # cells over the longest side of the relief
SHRINK = 1.0  # pixels of the finished ad by which the outline is drawn in
REACH = 0.45  # a foot may stand at most this share of the product's width behind its front


LEAN = 0.10
"""How far, in product heights, a leaning product's top is behind its foot."""
FLAT = 0.3
"""Most that a product before a wall, or on a surface, is thick, as a share of its shorter side."""


def stand_in(cutout: Cutout, camera: Camera, pose: Pose = STANDS) -> Any:
    """The product's stand-in as a Mitsuba shape."""
    mesh = relief(cutout, camera, pose)
    return to_mitsuba(mesh, Material(kind="matte", roughness=1.0, texture=_skin(cutout)))


def thickness(camera: Camera, pose: Pose) -> float:
    """How thick in cm a product is taken to be that lies, hangs or leans."""
    most = FLAT * min(camera.box.width, camera.box.height) * camera.cm
    return min(most, pose.thickness_cm or most)


def relief(cutout: Cutout, camera: Camera, pose: Pose = STANDS) -> Mesh:
    """The solid: front sheet and swollen back, uv over the cut-out; feet on z = 0."""
    inside = _outline(cutout, min(RESOLUTION, 2 * max(camera.box.width, camera.box.height)))
    samples = np.array(inside.shape[::-1]) / (camera.box.width, camera.box.height)  # per pixel
    distance = _signed_distance(inside) - SHRINK * float(samples.mean())
    if distance.max() <= 0.5:  # thinner than the margin: keep what there is
        distance = _signed_distance(inside)
    front, swell = _depths(distance > 0, camera, pose)
    column, row, faces = _filled_contour(distance)
    if len(faces) == 0:
        return _card(camera)
    pixel = np.stack([camera.box.left + column / samples[0], camera.box.top + row / samples[1]], axis=-1)
    near = np.interp(column - 0.5, np.arange(len(front)), front)
    edge = [row - 0.5, column - 0.5]
    thick = ndimage.map_coordinates(swell, edge, order=1, mode="nearest")
    if pose.stance == "lie":
        near = -thick
    elif pose.stance == "lean":
        near = near + LEAN * camera.cm * (camera.box.height - row / samples[1])
    far = near + thick
    uv = np.stack([column / inside.shape[1], 1 - row / inside.shape[0]], axis=-1).astype(np.float32)
    vertices = np.concatenate([camera.unproject(pixel, near), camera.unproject(pixel, far)])
    back = faces[:, ::-1] + np.uint32(len(pixel))
    return Mesh(
        vertices.astype(np.float32), np.concatenate([faces, back]), np.concatenate([uv, uv]), smooth=False
    )


def _card(camera: Camera) -> Mesh:
    """The product's box itself, for products too small to have an outline."""
    box = camera.box
    pixels = [(box.left, box.bottom), (box.right, box.bottom), (box.right, box.top), (box.left, box.top)]
    uv = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32)
    faces = np.array([(0, 1, 2), (0, 2, 3)], np.uint32)
    return Mesh(camera.unproject(pixels, 0.0).astype(np.float32), faces, uv, smooth=False)


def _outline(cutout: Cutout, longest: int) -> npt.NDArray[np.bool_]:
    """Where the product is solid, at most ``longest`` samples long."""
    alpha = Image.fromarray(np.ascontiguousarray(cutout.rgba[..., 3]))
    alpha.thumbnail((longest, longest), Image.Resampling.BOX)
    inside = np.asarray(alpha) > 127
    if not inside.any():  # a mere haze: any visible pixel counts
        inside = np.asarray(alpha) > 0
    return inside


def _skin(cutout: Cutout) -> npt.NDArray[np.uint8]:
    """The product's colours [H, W, 3], at most 256 long, with its mean colour where there is none."""
    image = Image.fromarray(cutout.rgba)
    image.thumbnail((256, 256), Image.Resampling.BOX)
    rgba = np.asarray(image).astype(np.float32)
    alpha = rgba[..., 3:] / 255
    mean = (rgba[..., :3] * alpha).sum(axis=(0, 1)) / max(float(alpha.sum()), 1e-3)
    return np.where(alpha > 0.5, rgba[..., :3], mean).astype(np.uint8)


def _signed_distance(inside: npt.NDArray[np.bool_]) -> Field:
    """Distance in samples to the outline, positive inside; the outside border counts as outside."""
    padded = np.pad(inside, 1)
    depth = np.asarray(ndimage.distance_transform_edt(padded)) - np.asarray(
        ndimage.distance_transform_edt(~padded)
    )
    signed: Field = depth[1:-1, 1:-1] - 0.5 * np.sign(depth[1:-1, 1:-1])
    return signed


def _depths(inside: npt.NDArray[np.bool_], camera: Camera, pose: Pose) -> tuple[Field, Field]:
    """Depth of the front sheet per column [W] and the thickness behind it [H, W], both in cm."""
    rows, columns = inside.shape
    per_row, per_column = camera.box.height / rows, camera.box.width / columns
    if pose.stance not in ("stand", "worn") or camera.hover > 0:
        front, grounded, room = np.zeros(columns), inside, 0
    else:
        front, grounded, room = _standing(inside, camera, per_row)
    padding = ((1, 1), (1, 1)) if room == 0 else ((1, 0), (1, 1))
    edge = np.asarray(ndimage.distance_transform_edt(np.pad(grounded, padding)))[1 : rows + 1, 1:-1]
    radius = max(float(edge.max()), 1.0)
    round_cm = 1.6 * radius * per_column * camera.cm
    if pose.stance in ("lie", "hang", "lean"):
        round_cm = min(round_cm, thickness(camera, pose))
        radius = max(min(radius, round_cm / (per_column * camera.cm)), 1.0)
    swell = np.sqrt(np.clip(1 - (1 - np.minimum(edge / radius, 1)) ** 2, 0, 1)) * round_cm
    return front, swell


def _standing(
    inside: npt.NDArray[np.bool_], camera: Camera, per_row: float
) -> tuple[Field, npt.NDArray[np.bool_], int]:
    """Front sheet [W] that touches the support with its feet, the outline continued below them, by how much.

    So the relief does not taper towards its feet as it does towards its other edges.
    """
    rows, columns = inside.shape
    foot = np.where(inside.any(axis=0), rows - np.argmax(inside[::-1], axis=0), 0)
    depth = camera.support_depth(camera.box.top + foot * per_row)
    depth[foot == 0] = np.inf
    standing = depth <= depth.min() + REACH * camera.box.width * camera.cm
    front = np.interp(np.arange(columns), np.flatnonzero(standing), depth[standing])
    room = rows // 2
    below = np.arange(rows + room)[:, None] >= foot
    return front, np.pad(inside, ((0, room), (0, 0))) | (below & standing), room


def _filled_contour(field: Field) -> tuple[Field, Field, npt.NDArray[np.uint32]]:
    """Triangles that fill where ``field`` is positive, cut at its zero line by marching squares.

    Returns column and row [V] in samples and faces [F, 3], counter-clockwise seen from the eye.
    """
    step = max(1.0, max(field.shape) / STEPS)
    ys, xs = (np.append(np.arange(-step, n + step, step), n + 2 * step) for n in field.shape)
    grid = np.meshgrid(ys - 0.5, xs - 0.5, indexing="ij")
    value = ndimage.map_coordinates(field, grid, order=1, mode="constant", cval=-step)
    value = np.where(np.abs(value) < 1e-6, 1e-6, value)
    rows, columns = value.shape
    corner = np.arange(rows * columns).reshape(rows, columns)
    x, y = np.meshgrid(xs, ys)
    across = value[:, :-1] / np.where(value[:, :-1] * value[:, 1:] < 0, value[:, :-1] - value[:, 1:], np.inf)
    down = value[:-1] / np.where(value[:-1] * value[1:] < 0, value[:-1] - value[1:], np.inf)
    vx = np.concatenate([x.ravel(), (x[:, :-1] + across * np.diff(x, axis=1)).ravel(), x[:-1].ravel()])
    vy = np.concatenate([y.ravel(), y[:, :-1].ravel(), (y[:-1] + down * np.diff(y, axis=0)).ravel()])
    h = rows * columns + np.arange(across.size).reshape(across.shape)
    v = rows * columns + across.size + np.arange(down.size).reshape(down.shape)
    # around a cell from its lower left: corner, the edge after it, corner, ...
    ring = [
        corner[1:, :-1],
        h[1:],
        corner[1:, 1:],
        v[:, 1:],
        corner[:-1, 1:],
        h[:-1],
        corner[:-1, :-1],
        v[:, :-1],
    ]
    around = np.stack([r.ravel() for r in ring], axis=-1)
    inside = np.stack([value.ravel()[around[:, k]] > 0 for k in (0, 2, 4, 6)], axis=-1)
    used, index = np.unique(_fans(around, inside), return_inverse=True)
    return vx[used], vy[used], index.reshape(-1, 3).astype(np.uint32)


def _fans(around: npt.NDArray[Any], inside: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    """Triangles [F, 3] of all cells: the polygon of each of the 15 cases as a fan."""
    case = inside @ np.array([1, 2, 4, 8])
    triangles = [np.empty((0, 3), int)]
    for number in range(1, 16):
        cells = around[case == number]
        flags = [bool(number >> k & 1) for k in range(4)]
        polygon = []
        for k in range(4):
            polygon += [2 * k] if flags[k] else []
            polygon += [2 * k + 1] if flags[k] != flags[(k + 1) % 4] else []
        for a, b in pairwise(polygon[1:]):
            triangles.append(cells[:, [polygon[0], a, b]])
    return np.concatenate(triangles)
