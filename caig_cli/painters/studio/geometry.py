"""What a mesh is and how meshes are moved, copied, merged and shaded. The solids are in ``mesh``.

Units are centimetres, faces turn counter-clockwise seen from outside, texture v points up (v = 1 is an
image's first row). Shapes: V vertices, F faces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """``normals`` None and ``smooth`` True: normals are averaged over vertices at one place."""

    vertices: Floats  # [V, 3] cm
    faces: NDArray[np.uint32]  # [F, 3]
    uv: Floats | None = None  # [V, 2]
    smooth: bool = True
    normals: Floats | None = None  # [V, 3] unit length

    def shading_normals(self) -> Floats:
        """Normals [V, 3] for shading: the stored ones, else area weighted over welded vertices."""
        return self.normals if self.normals is not None else _welded_normals(self.vertices, self.faces)


def bounds(mesh: Mesh) -> tuple[Floats, Floats]:
    """Lowest and highest corner [3] of the mesh."""
    return mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)


def rotation(x: ArrayLike = 0.0, y: ArrayLike = 0.0, z: ArrayLike = 0.0) -> Floats:
    """Matrices [..., 3, 3] that turn about the x, then y, then z axis; degrees, numbers or arrays."""
    angles = np.radians(np.stack(np.broadcast_arrays(*(np.asarray(a, float) for a in (x, y, z)))))
    (cx, cy, cz), (sx, sy, sz) = np.cos(angles), np.sin(angles)
    rows = (
        (cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx),
        (sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx),
        (-sy, cy * sx, cy * cx),
    )
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2).astype(np.float32)


def transform(
    mesh: Mesh,
    translate: ArrayLike = (0.0, 0.0, 0.0),
    rotate: ArrayLike = (0.0, 0.0, 0.0),
    scale: ArrayLike = 1.0,
) -> Mesh:
    """Scaled (number or [3], positive), then rotated (degrees about x, y, z, or a matrix), then moved."""
    size = np.broadcast_to(np.asarray(scale, np.float32), 3)
    turn = np.asarray(rotate, np.float32)
    matrix = turn if turn.shape == (3, 3) else rotation(*turn.tolist())
    vertices = (mesh.vertices * size) @ matrix.T + np.asarray(translate, np.float32)
    normals = None if mesh.normals is None else unit((mesh.normals / size) @ matrix.T)
    return replace(mesh, vertices=vertices.astype(np.float32), normals=normals)


def copies(mesh: Mesh, positions: ArrayLike, turns: ArrayLike | None = None, scales: ArrayLike = 1.0) -> Mesh:
    """N instances as one mesh: ``positions`` [N, 3], ``turns`` [N, 3, 3]; ``scales`` [N, 3], [N] or one."""
    place = np.atleast_2d(np.asarray(positions, np.float32))
    n, v = len(place), len(mesh.vertices)
    matrix = np.broadcast_to(np.eye(3) if turns is None else np.asarray(turns), (n, 3, 3)).astype(np.float32)
    size = np.asarray(scales, np.float32)
    size = np.broadcast_to(size[:, None] if size.ndim == 1 else size, (n, 3))
    vertices = np.einsum("nij,nvj->nvi", matrix, mesh.vertices * size[:, None]) + place[:, None]
    base = mesh.shading_normals()
    normals = np.einsum("nij,nvj->nvi", matrix, base / size[:, None])
    faces = mesh.faces[None] + (np.arange(n, dtype=np.uint32) * v)[:, None, None]
    uv = None if mesh.uv is None else np.tile(mesh.uv, (n, 1))
    return Mesh(vertices.reshape(-1, 3), faces.reshape(-1, 3), uv, mesh.smooth, unit(normals.reshape(-1, 3)))


def merge(meshes: Sequence[Mesh]) -> Mesh:
    """One mesh of all; smooth if any part is, flat parts are split so that they stay flat."""
    if len(meshes) == 1:
        return meshes[0]
    smooth = any(m.smooth for m in meshes)
    parts = [m if m.smooth or not smooth else flat(m) for m in meshes]
    starts = np.cumsum([0, *(len(m.vertices) for m in parts[:-1])])
    faces = [m.faces + np.uint32(start) for m, start in zip(parts, starts, strict=True)]
    uv = [m.uv if m.uv is not None else np.zeros((len(m.vertices), 2), np.float32) for m in parts]
    normals = np.concatenate([m.shading_normals() for m in parts]) if smooth else None
    vertices = np.concatenate([m.vertices for m in parts])
    has_uv = any(m.uv is not None for m in parts)
    return Mesh(vertices, np.concatenate(faces), np.concatenate(uv) if has_uv else None, smooth, normals)


def flat(mesh: Mesh) -> Mesh:
    """The mesh with every triangle on its own vertices, so that each is shaded flat."""
    index = mesh.faces.ravel()
    corners = mesh.vertices[index]
    face = cross(corners[1::3] - corners[::3], corners[2::3] - corners[::3])
    faces = np.arange(len(index), dtype=np.uint32).reshape(-1, 3)
    uv = None if mesh.uv is None else mesh.uv[index]
    return Mesh(corners, faces, uv, True, np.repeat(unit(face), 3, axis=0))


def moved(mesh: Mesh, vertices: NDArray[Any]) -> Mesh:
    """The mesh with other vertex places [V, 3] (bent, dented, puffed); normals are computed anew."""
    return replace(mesh, vertices=np.asarray(vertices, np.float32), normals=None)


def grid(points: NDArray[Any], uv: NDArray[Any] | None = None, normals: NDArray[Any] | None = None) -> Mesh:
    """Sheets of quads from ``points`` [..., R, C, 3], seen from where columns go right and rows go up."""
    rows, cols = points.shape[-3:-1]
    if uv is None:
        u, v = np.meshgrid(np.linspace(0, 1, cols), np.linspace(0, 1, rows))
        uv = np.broadcast_to(np.stack([u, v], axis=-1), (*points.shape[:-1], 2))
    index = np.arange(points.size // 3, dtype=np.uint32).reshape(-1, rows, cols)
    a, b, c, d = index[:, :-1, :-1], index[:, :-1, 1:], index[:, 1:, 1:], index[:, 1:, :-1]
    faces = np.stack([a, b, c, a, c, d], axis=-1).reshape(-1, 3)
    vertices = points.reshape(-1, 3).astype(np.float32)
    corner = vertices[faces]
    area = cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    faces = faces[(area * area).sum(axis=1) > 1e-16]  # poles and pinched edges
    directions = None if normals is None else unit(normals.reshape(-1, 3))
    return Mesh(vertices, faces, uv.reshape(-1, 2).astype(np.float32), True, directions)


def cross(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """Cross products of rows [N, 3]; numpy's own is several times slower on short rows."""
    (ax, ay, az), (bx, by, bz) = a.T, b.T
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=-1)


def frames(line: NDArray[Any], closed: bool) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Tangents, sides and ups [P, 3] along a path; the frame turns as little as possible."""
    tangent = np.gradient(line, axis=0)
    if closed:
        tangent[0] = tangent[-1] = line[1] - line[-2]
    tangent = unit(tangent).astype(float)
    side = np.empty_like(tangent)
    first = np.cross(tangent[0], [0.0, 0.0, 1.0] if abs(tangent[0, 2]) < 0.9 else [0.0, 1.0, 0.0])
    side[0] = first / np.linalg.norm(first)
    for i in range(1, len(line)):
        bent = side[i - 1] - tangent[i] * (side[i - 1] @ tangent[i])
        side[i] = bent / np.linalg.norm(bent)
    if closed:  # spread what is left of the turn over the loop
        left = np.arctan2(np.cross(side[-1], side[0]) @ tangent[0], side[-1] @ side[0])
        turn = np.linspace(0, left, len(line))[:, None]
        side = side * np.cos(turn) + np.cross(tangent, side) * np.sin(turn)
    return tangent, side, np.cross(side, tangent)


def signed_powers(angle: NDArray[Any], exponent: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Signed powers of cosine and sine, exactly 0 where they vanish."""
    cos, sin = np.cos(angle), np.sin(angle)
    cos, sin = np.where(np.abs(cos) < 1e-9, 0, cos), np.where(np.abs(sin) < 1e-9, 0, sin)
    return np.sign(cos) * np.abs(cos) ** exponent, np.sign(sin) * np.abs(sin) ** exponent


def unit(vectors: NDArray[Any]) -> Floats:
    """Vectors [..., 3] at length 1; a zero vector becomes +z."""
    length = np.sqrt(np.einsum("...k,...k->...", vectors, vectors))[..., None]
    scaled = (vectors / np.maximum(length, 1e-12)).astype(np.float32)
    return np.where(length > 1e-12, scaled, np.array([0.0, 0.0, 1.0], np.float32))


def _welded_normals(vertices: Floats, faces: NDArray[np.uint32]) -> Floats:
    """Area weighted normals [V, 3], averaged over the vertices that share a place (texture seams)."""
    corners = vertices[faces]
    area = cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    cells = np.round((vertices - vertices.min(axis=0)) * 2000.0).astype(np.int64)  # 5 micrometres
    _, place = np.unique((cells[:, 0] << 42) ^ (cells[:, 1] << 21) ^ cells[:, 2], return_inverse=True)
    index = place[faces].T.ravel()
    sums = np.stack([np.bincount(index, np.tile(area[:, k], 3)) for k in range(3)], axis=-1)
    return unit(sums[place])
