"""Triangle meshes in centimetres: the solids that props and products are made of. Plain numpy.

Builders whose solid has a natural base (box, cylinder, cone, extrude, pillow) stand on z = 0 around the
z axis; round ones (sphere, torus, superellipsoid) are centred on the origin. Texture coordinates have v
pointing up; round solids show u = 0.5 to the camera, which looks along +y, and u grows to the right, so
that a label reads as drawn. Shapes: V vertices, F faces.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from caig_cli.painters.studio.geometry import (
    Floats,
    Mesh,
    bounds,
    copies,
    cross,
    flat,
    frames,
    grid,
    merge,
    moved,
    rotation,
    signed_powers,
    transform,
    unit,
)

__all__ = [
    "Floats", "Mesh", "bounds", "box", "cone", "copies", "cylinder", "extrude", "flat", "grid", "heightfield",
    "lathe", "merge", "moved", "pillow", "ribbon", "rotation", "sphere", "superellipsoid", "torus",
    "transform", "triangulate", "tube", "unit",
]  # fmt: skip
Doubles = NDArray[np.float64]
CREASE = float(np.cos(np.radians(38.0)))  # an outline that turns more than this keeps a sharp edge


def lathe(profile: ArrayLike, segments: int = 48) -> Mesh:
    """``profile`` [P, 2] of (r, z) turned about the z axis; walk it so that the outside is to the right.

    From the bottom up the outside of a bowl, then down its inside, makes a bowl with a wall. u goes around,
    v along the profile by length. Corners sharper than 38 degrees stay sharp.
    """
    points, slopes, along = _profile(np.asarray(profile, float))
    angle = np.linspace(-np.pi, np.pi, segments + 1)
    sin, cos = np.sin(angle), np.cos(angle)
    sin[-1], cos[-1] = sin[0], cos[0]  # the seam closes exactly
    around = np.stack([sin, -cos, np.zeros_like(sin)], axis=-1)
    up = np.array([0.0, 0.0, 1.0])
    vertices = points[:, :1, None] * around + points[:, 1:, None] * up
    normals = slopes[:, :1, None] * around + slopes[:, 1:, None] * up
    u, v = np.meshgrid(np.linspace(0, 1, segments + 1), along)
    return grid(vertices, np.stack([u, v], axis=-1), normals)


def cylinder(radius: float, height: float, bevel: float = 0.0, segments: int = 48) -> Mesh:
    """A closed cylinder whose two edges are rounded by ``bevel``."""
    b = min(bevel, radius, height / 2)
    arc = np.linspace(0, np.pi / 2, 4 if b > 0 else 1)
    low = np.stack([radius - b + b * np.sin(arc), b - b * np.cos(arc)], axis=-1)
    high = np.stack([low[::-1, 0], height - low[::-1, 1]], axis=-1)
    return lathe(np.concatenate([[[0, 0]], low, high, [[0, height]]]), segments)


def cone(bottom: float, top: float, height: float, segments: int = 48) -> Mesh:
    """A closed cone from radius ``bottom`` to radius ``top`` (0: a point)."""
    return lathe([(0, 0), (bottom, 0), (top, height), (0, height)], segments)


def sphere(radius: float = 1.0, rings: int = 16, segments: int = 32) -> Mesh:
    """A ball around the origin."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, rings + 1)
    cos = np.cos(angle)
    cos[[0, -1]] = 0.0
    return lathe(radius * np.stack([cos, np.sin(angle)], axis=-1), segments)


def torus(radius: float, thickness: float, segments: int = 48, around: int = 16) -> Mesh:
    """A ring around the z axis; ``thickness`` is the radius of its tube."""
    angle = np.linspace(0, 2 * np.pi, around + 1)
    return lathe(
        np.stack([radius - thickness * np.cos(angle), -thickness * np.sin(angle)], axis=-1), segments
    )


def superellipsoid(
    radii: ArrayLike, upright: float = 0.5, level: float = 0.5, rings: int = 20, segments: int = 40
) -> Mesh:
    """An ellipsoid (exponents 1) on its way to a box (towards 0); ``upright`` and ``level`` say how far."""
    size = np.broadcast_to(np.asarray(radii, float), 3)
    lat = np.linspace(-np.pi / 2, np.pi / 2, rings + 1)[:, None]
    lon = np.linspace(-np.pi, np.pi, segments + 1)[None] - np.pi / 2
    lat_n, lon_n = signed_powers(lat, 2 - upright), signed_powers(lon, 2 - level)
    (c, s), (cu, su) = signed_powers(lat, upright), signed_powers(lon, level)
    one = np.ones_like(cu)
    points = np.stack([c * cu, c * su, s * one], axis=-1) * size
    normals = np.stack([lat_n[0] * lon_n[0], lat_n[0] * lon_n[1], lat_n[1] * one], axis=-1) / size
    points[:, -1], normals[:, -1] = points[:, 0], normals[:, 0]
    return grid(points, None, normals)


def box(size: ArrayLike, bevel: float = 0.1, steps: int = 2) -> Mesh:
    """A box (width x, depth y, height z) with edges rounded by ``bevel``; each face has uv 0 to 1.

    Vertices come in six equal runs: front (-y), right, back, left, top, bottom; each face reads upright.
    """
    half = np.broadcast_to(np.asarray(size, float), 3) / 2
    b = float(min(bevel, *half))
    inner = half - b
    arc = b * np.tan(np.linspace(0, np.pi / 4, steps + 1)) if b > 0 else np.zeros(1)
    lines = np.concatenate([-(inner[:, None] + arc[::-1]), inner[:, None] + arc], axis=1)
    n = lines.shape[1]
    cube, flat_uv = np.empty((6, n, n, 3)), np.empty((6, n, n, 2))
    for face, ((right, way), (up, rise), (out, sign)) in enumerate(_BOX_FACES):
        s, t = np.meshgrid(lines[right], lines[up])
        cube[face, ..., right], cube[face, ..., up], cube[face, ..., out] = (
            way * s,
            rise * t,
            sign * half[out],
        )
        flat_uv[face] = np.stack([s / (2 * half[right]) + 0.5, t / (2 * half[up]) + 0.5], axis=-1)
    core = np.clip(cube, -inner, inner)
    normals = cube - core
    if b <= 0:
        for face, (_, _, (out, sign)) in enumerate(_BOX_FACES):
            normals[face, ..., out] = sign
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    return grid(core + b * normals + [0, 0, half[2]], flat_uv, normals)


# right, up and outward axis of each face, with their signs
_BOX_FACES = (
    ((0, 1), (2, 1), (1, -1)), ((1, 1), (2, 1), (0, 1)), ((0, -1), (2, 1), (1, 1)),
    ((1, -1), (2, 1), (0, -1)), ((0, 1), (1, 1), (2, 1)), ((0, 1), (1, -1), (2, -1)),
)  # fmt: skip


def tube(path: ArrayLike, radius: ArrayLike, segments: int = 12, closed: bool = False) -> Mesh:
    """A round tube along ``path`` [P, 3] with ``radius`` (number or [P]); flat caps unless ``closed``."""
    line = np.asarray(path, float)
    radii = np.broadcast_to(np.asarray(radius, float), len(line)).astype(float)
    if closed:
        line, radii = np.concatenate([line, line[:1]]), np.append(radii, radii[0])
    tangent, side, up = frames(line, closed)
    angle = np.linspace(0, 2 * np.pi, segments + 1)[None, :, None]
    out = -np.cos(angle) * side[:, None] + np.sin(angle) * up[:, None]
    out[:, -1] = out[:, 0]
    points = line[:, None] + radii[:, None, None] * out
    if closed:
        return grid(points, None, out)
    ends = np.stack([line[0] + 0 * out[0], points[0], points[-1], line[-1] + 0 * out[-1]])
    cap = np.broadcast_to(tangent[[0, 0, -1, -1], None] * [[[-1]], [[-1]], [[1]], [[1]]], ends.shape)
    return grid(np.concatenate([ends[:2], points, ends[2:]]), None, np.concatenate([cap[:2], out, cap[2:]]))


def ribbon(path: ArrayLike, width: ArrayLike, side: ArrayLike = (0.0, 0.0, 1.0)) -> Mesh:
    """A thin sheet along ``path`` [P, 3], ``width`` (number or [P]) wide along ``side`` ([3] or [P, 3])."""
    line = np.asarray(path, float)
    reach = np.broadcast_to(np.asarray(width, float), len(line))[:, None] * np.asarray(side, float) / 2
    return grid(np.stack([line - reach, line + reach]))


def heightfield(height: ArrayLike, size: tuple[float, float]) -> Mesh:
    """Ground from ``height`` [R, C] in cm (row 0 is the front) over ``size`` (x, y) around the origin."""
    z = np.asarray(height, float)
    x, y = np.meshgrid(
        np.linspace(-size[0] / 2, size[0] / 2, z.shape[1]), np.linspace(-size[1] / 2, size[1] / 2, z.shape[0])
    )
    return grid(np.stack([x, y, z], axis=-1))


def pillow(width: float, height: float, depth: float, seal: float = 1.0, gusset: float = 0.0) -> Mesh:
    """A puffed pouch: flat ``seal`` strips (cm) above and below, ``gusset`` 1 stands on an open oval base.

    Front and back each have uv 0 to 1 and read upright.
    """
    u, v = np.meshgrid(np.linspace(-1, 1, 17), np.linspace(0, 1, 25))
    edge = seal / height
    inside = np.clip((v - edge * (1 - gusset)) / (1 - edge * (2 - gusset)), 0, 1)
    bulge = np.sqrt(np.clip(4 * inside * (1 - inside), 0, 1))
    stand = np.where(inside < 0.5, 1.0, bulge) * np.sqrt(np.clip((1 - inside) * 1.6, 0, 1))
    puff = (1 - gusset) * bulge + gusset * stand
    x = u * width / 2 * (1 - 0.5 * depth / width * puff * 0.35)
    y = depth / 2 * puff * np.sqrt(np.clip(1 - np.abs(u) ** 2.5, 0, 1))
    front = grid(np.stack([x, -y, v * height], axis=-1))
    back = grid(np.stack([-x, y[:, ::-1], v * height], axis=-1))
    base = grid(np.stack([np.stack([x[0], y[0], 0 * y[0]], -1), np.stack([x[0], -y[0], 0 * y[0]], -1)]))
    parts = [front, back, base] if gusset > 0 else [front, back]
    whole = merge([moved(p, p.vertices) for p in parts])
    return moved(whole, whole.vertices)


def extrude(polygon: ArrayLike, height: float, bevel: float = 0.0) -> Mesh:
    """A counter-clockwise ``polygon`` [N, 2] raised from z = 0; uv is the plan, 0 to 1 over its bounds."""
    shape = np.asarray(polygon, float)
    inset = shape - bevel * _outward(shape)
    low, span = shape.min(axis=0), np.ptp(shape, axis=0)
    rings = [(inset, 0.0), (shape, bevel), (shape, height - bevel), (inset, height)]
    rings = rings if bevel > 0 else rings[1:3]
    parts = []
    for (a, za), (b, zb) in pairwise(rings):
        if zb > za:
            parts.append(_wall(a, za, b, zb))
    faces = triangulate(inset)
    for z, order, sign in ((height, faces, 1.0), (0.0, faces[:, ::-1], -1.0)):
        cap = np.column_stack([inset, np.full(len(inset), z)]).astype(np.float32)
        normals = np.broadcast_to(np.array([0, 0, sign], np.float32), cap.shape)
        parts.append(Mesh(cap, order.astype(np.uint32), None, True, normals))
    whole = merge(parts)
    uv = ((whole.vertices[:, :2] - low) / span).astype(np.float32)
    return Mesh(whole.vertices, whole.faces, uv, True, whole.normals)


def triangulate(polygon: ArrayLike) -> NDArray[np.uint32]:
    """Triangles [N - 2, 3] that fill a simple counter-clockwise ``polygon`` [N, 2], by cutting ears."""
    points = np.asarray(polygon, float)
    edges = np.roll(points, -1, axis=0) - points
    left = list(range(len(points)))
    if (_cross(np.roll(edges, 1, axis=0), edges) >= 0).all():  # convex: a fan
        return np.array([(0, k, k + 1) for k in left[1:-1]], dtype=np.uint32)
    triangles = []
    while len(left) > 3:
        ring = points[left]
        before, after = np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0)
        turn = _cross(ring - before, after - ring)
        order = np.argsort(-turn)  # roomy ears first; a polygon without ears is not simple
        ear = next((k for k in order if turn[k] > 0 and _is_ear(ring, before[k], after[k], int(k))), order[0])
        triangles.append((left[ear - 1], left[ear], left[(ear + 1) % len(left)]))
        del left[ear]
    return np.array([*triangles, tuple(left)], dtype=np.uint32)


def _is_ear(ring: Doubles, a: Doubles, c: Doubles, k: int) -> bool:
    """Whether no other corner of ``ring`` lies in the triangle of corner ``k`` and its neighbours."""
    n = len(ring)
    others = np.delete(ring, [(k - 1) % n, k, (k + 1) % n], axis=0)
    b = ring[k]
    sides = [_cross(q - p, others - p) > 1e-12 for p, q in ((a, b), (b, c), (c, a))]
    return not bool(np.any(sides[0] & sides[1] & sides[2]))


def _cross(a: Doubles, b: Doubles) -> Doubles:
    return np.asarray(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])


def _outward(shape: Doubles) -> Doubles:
    """Mitre directions [N, 2] of a counter-clockwise polygon: moving by them offsets its sides by 1."""
    edge = np.roll(shape, -1, axis=0) - shape
    normal = np.stack([edge[:, 1], -edge[:, 0]], -1) / np.maximum(np.linalg.norm(edge, axis=1), 1e-9)[:, None]
    total = normal + np.roll(normal, 1, axis=0)
    return np.asarray(total * (2 / np.maximum((total**2).sum(axis=1), 0.5))[:, None])


def _wall(a: Doubles, za: float, b: Doubles, zb: float) -> Mesh:
    """Quads between two outlines of N corners; corners below the crease angle are shaded round."""
    quads = [a, np.roll(a, -1, axis=0), np.roll(b, -1, axis=0), b]
    levels = np.repeat([za, za, zb, zb], len(a)).reshape(4, -1, 1)
    points = np.concatenate([np.stack(quads), levels], axis=-1)
    face = unit(cross(points[1] - points[0], points[3] - points[0]))
    near = (face * np.roll(face, 1, axis=0)).sum(axis=1, keepdims=True) > CREASE
    start = np.where(near, face + np.roll(face, 1, axis=0), face)
    end = np.roll(np.where(near, start, 0), -1, axis=0)
    end = np.where(np.abs(end).sum(axis=1, keepdims=True) > 0, end, face)
    normals = unit(np.stack([start, end, end, start]))
    n = len(a)
    index = np.arange(4 * n, dtype=np.uint32).reshape(4, n)
    faces = np.concatenate([index[[0, 1, 2]].T, index[[0, 2, 3]].T])
    return Mesh(points.reshape(-1, 3).astype(np.float32), faces, None, True, normals.reshape(-1, 3))


def _profile(points: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """Profile with its sharp corners doubled [Q, 2], its normals [Q, 2] and its length along, 0 to 1 [Q]."""
    step = np.diff(points, axis=0)
    length = np.linalg.norm(step, axis=1)
    keep = np.append(True, length > 1e-9)
    points, step, length = points[keep], step[keep[1:]], length[keep[1:]]
    normal = np.stack([step[:, 1], -step[:, 0]], axis=-1) / length[:, None]
    before, after = np.concatenate([normal[:1], normal]), np.concatenate([normal, normal[-1:]])
    closed = np.allclose(points[0], points[-1])
    if closed:
        before[0], after[-1] = normal[-1], normal[0]
    sharp = (before * after).sum(axis=1) < CREASE
    if closed:
        sharp[[0, -1]] = False
    soft = before + after
    for end in (0, -1):  # a rounded pole faces straight along the axis, the tip of a cone does not
        if points[end, 0] < 1e-6 and abs(soft[end, 1]) > abs(soft[end, 0]):
            soft[end, 0] = 0.0
    index = np.repeat(np.arange(len(points)), 1 + sharp)
    second = np.append(False, index[1:] == index[:-1])[:, None]
    normals = np.where(sharp[index, None], np.where(second, after[index], before[index]), soft[index])
    along = np.append(0.0, np.cumsum(length)) / length.sum()
    return points[index], normals, along[index]
