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

from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

from caig_cli.cutouts.cutout import Cutout
from caig_cli.painters.pose import STANDS, Pose
from caig_cli.painters.studio.body import RIM, Body, body_of
from caig_cli.painters.studio.camera import Camera
from caig_cli.painters.studio.materials import Material, to_mitsuba
from caig_cli.painters.studio.mesh import Mesh

Field = npt.NDArray[np.float64]

STEPS = 96  # cells over the longest side of the relief

MEMORY_SAVERS = 0.10
"""How far, in product heights, a leaning product's top is behind its foot."""


def stand_in(cutout: Cutout, camera: Camera, pose: Pose = STANDS) -> Any:
    """The product's stand-in as a Mitsuba shape."""
    mesh = relief(cutout, camera, pose)
    return to_mitsuba(mesh, Material(kind="matte", roughness=1.0, texture=_skin(cutout)))


def relief(cutout: Cutout, camera: Camera, pose: Pose = STANDS) -> Mesh:
    """The solid: front sheet and swollen back, uv over the cut-out; feet on z = 0."""
    body = body_of(cutout, camera, pose)
    column, row, faces = _filled_contour(body.distance)
    if len(faces) == 0:
        return _card(camera)
    shape = body.distance.shape
    pixel = np.stack([camera.box.left + column / body.scale[0], camera.box.top + row / body.scale[1]], -1)
    edge = [row - 0.5, column - 0.5]
    thick = ndimage.map_coordinates(body.swell, edge, order=1, mode="nearest")
    near = _fronts(body, column, row)
    both = [faces, faces[:, ::-1] + np.uint32(len(pixel))]
    if pose.stance == "lean":
        near = near + MEMORY_SAVERS * camera.cm * (camera.box.height - row / body.scale[1])
    elif pose.stance == "lie":
        rim = ndimage.map_coordinates(body.rim, edge, order=1, mode="nearest")
        if rim.any():
            thick = rim + (1 - RIM) * thick
            both.append(_walls(faces, len(pixel)))
        near = -thick
    uv = np.stack([column / shape[1], 1 - row / shape[0]], axis=-1).astype(np.float32)
    vertices = np.concatenate([camera.unproject(pixel, near), camera.unproject(pixel, near + thick)])
    return Mesh(vertices.astype(np.float32), np.concatenate(both), np.concatenate([uv, uv]), smooth=False)


def _fronts(body: Body, column: Field, row: Field) -> Field:
    """Depth of the front sheet [V] in cm: of the thing that each point belongs to."""
    rows, columns = body.part.shape
    near = np.zeros(len(column))
    number = body.part[
        np.clip(np.round(row - 0.5).astype(int), 0, rows - 1),
        np.clip(np.round(column - 0.5).astype(int), 0, columns - 1),
    ]
    for k, part in enumerate(body.parts):
        own = number == k
        near[own] = np.interp(column[own] - 0.5, np.arange(columns), part.front)
    return near


def _walls(faces: npt.NDArray[np.uint32], count: int) -> npt.NDArray[np.uint32]:
    """Triangles between the rims of a sheet of ``count`` points and of its copy on the ground."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    _, first, seen = np.unique(np.sort(edges, axis=1), axis=0, return_index=True, return_counts=True)
    a, b = edges[first[seen == 1]].T
    lower = np.stack([b, a, a + np.uint32(count)], axis=-1)
    return np.concatenate([lower, np.stack([b, a + count, b + count], axis=-1)]).astype(np.uint32)


def _card(camera: Camera) -> Mesh:
    """The product's box itself, for products too small to have an outline."""
    box = camera.box
    pixels = [(box.left, box.bottom), (box.right, box.bottom), (box.right, box.top), (box.left, box.top)]
    uv = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32)
    faces = np.array([(0, 1, 2), (0, 2, 3)], np.uint32)
    return Mesh(camera.unproject(pixels, 0.0).astype(np.float32), faces, uv, smooth=False)


@lru_cache(maxsize=1)  # all candidates of a product show the same one
def _skin(cutout: Cutout) -> npt.NDArray[np.uint8]:
    """The product's colours [H, W, 3], at most 256 long, with its mean colour where there is none."""
    image = Image.fromarray(cutout.rgba)
    image.thumbnail((256, 256), Image.Resampling.BOX)
    rgba = np.asarray(image).astype(np.float32)
    alpha = rgba[..., 3:] / 255
    mean = (rgba[..., :3] * alpha).sum(axis=(0, 1)) / max(float(alpha.sum()), 1e-3)
    return np.where(alpha > 0.5, rgba[..., :3], mean).astype(np.uint8)


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
