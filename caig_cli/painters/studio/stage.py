"""The stage that surfaces, backdrops, lights and props are built on: one product before one camera."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from caig_cli.painters.pose import STANDS, Pose
from caig_cli.painters.studio.camera import Camera
from caig_cli.painters.studio.colours import srgb
from caig_cli.painters.studio.materials import Colour, linear
from caig_cli.painters.studio.mesh import Mesh
from caig_cli.painters.studio.render import mitsuba
from caig_cli.painters.studio.scene import Scene
from caig_cli.painters.studio.textures import Texture, texture, tinted

FURNITURE_CM = 60.0  # taller products stand on the floor of a room, not on a table


@dataclass(frozen=True, slots=True)
class Stage:
    """``unit`` is the frame's typical extent in cm at the product, ``wall`` the depth of the backdrop,
    ``edge`` the depth at which the surface ends, ``detail`` the texture size in pixels, ``pose`` how the
    product is placed."""

    scene: Scene
    camera: Camera
    height_cm: float
    seed: int
    unit: float
    wall: float
    edge: float
    detail: int
    pose: Pose = STANDS

    @property
    def on_wall(self) -> bool:
        """Whether the product touches the wall, so that no light comes from behind it."""
        return self.pose.stance == "lean" or (self.pose.stance == "hang" and self.wall < 0.4 * self.unit)

    @property
    def width_cm(self) -> float:
        """The product's width."""
        return self.camera.box.width * self.camera.cm

    @property
    def furniture(self) -> bool:
        return self.height_cm > FURNITURE_CM

    def patch(self, more: float) -> tuple[tuple[float, float], tuple[float, float]]:
        """What a camera that looks down sees of the ground, and ``more`` cm around it: x and y ranges."""
        left, right, low, high = self.camera.view_at(0.0)
        return (left - more, right + more), (low - more, high + more)

    def rng(self, part: str) -> np.random.Generator:
        """A generator of its own for each part of the set, so that a new prop does not move the others."""
        digest = hashlib.sha256(f"{self.seed}/{part}".encode()).digest()
        return np.random.default_rng(int.from_bytes(digest[:8], "little"))

    @property
    def preview(self) -> bool:
        """Small frames: relief that no pixel would show is left away."""
        return self.detail <= 256

    def relief(self, cloth: Texture, stretch: float) -> float:
        """Height in cm of a texture's relief when its pattern is scaled by ``stretch``; to two digits, so
        that few materials are made."""
        depth = cloth.depth_cm * stretch
        return 0.0 if self.preview or depth <= 0 else float(f"{depth:.1e}")

    def dyed(self, name: str, colour: str | None) -> Texture:
        """A surface texture, in one of the vocabulary's colours if ``colour`` names it."""
        return texture(name, self.detail) if colour is None else tinted(name, srgb(colour), self.detail)


def solid(mesh: Mesh, bsdf: Any, repeat: float = 1.0) -> Any:
    """A mesh with a Mitsuba bsdf (dictionary or object); texture coordinates are multiplied by ``repeat``."""
    mi = mitsuba()
    properties = mi.Properties()
    properties["bsdf"] = mi.load_dict(bsdf) if isinstance(bsdf, dict) else bsdf
    shape = mi.Mesh("mesh", len(mesh.vertices), len(mesh.faces), properties, mesh.smooth, mesh.uv is not None)
    data = mi.traverse(shape)
    data["vertex_positions"] = np.ravel(mesh.vertices)
    data["faces"] = np.ravel(mesh.faces)
    if mesh.smooth:
        data["vertex_normals"] = np.ravel(mesh.shading_normals())
    if mesh.uv is not None:
        u, v = mesh.uv.T * np.float32(repeat)
        data["vertex_texcoords"] = np.ravel(np.stack([u, 1 - v], axis=-1))  # the renderer's v points down
    data.update()
    return shape


def sheet(x: tuple[float, float], y: tuple[float, float], z: float = 0.0) -> Mesh:
    """A level rectangle whose texture coordinates are its x and y in cm."""
    (x0, x1), (y0, y1) = x, y
    corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], np.float32)
    vertices = np.column_stack([corners, np.full(4, z, np.float32)])
    return Mesh(vertices, _TWO, corners, smooth=False)


def upright(x: tuple[float, float], z: tuple[float, float], y: float) -> Mesh:
    """A rectangle facing the camera at depth ``y``; texture coordinates are x and z in cm."""
    (x0, x1), (z0, z1) = x, z
    corners = np.array([(x0, z0), (x1, z0), (x1, z1), (x0, z1)], np.float32)
    vertices = np.column_stack([corners[:, 0], np.full(4, y, np.float32), corners[:, 1]])
    return Mesh(vertices, _TWO, corners, smooth=False)


def rgb(colour: Colour, gain: float = 1.0) -> dict[str, Any]:
    """An sRGB colour 0 to 255 as a Mitsuba spectrum."""
    return {"type": "rgb", "value": [gain * c for c in linear(colour)]}


class Cloth:
    """A texture that can be the key of a cache: equal if it is the same object."""

    def __init__(self, texture: Texture) -> None:
        self.texture = texture

    def __hash__(self) -> int:
        return id(self.texture)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cloth) and other.texture is self.texture


@functools.lru_cache(maxsize=64)
def textured(cloth: Cloth, finish: str, gloss: float = 0.1, relief_cm: float = 0.0) -> Any:
    """A Mitsuba bsdf of the texture, kept for the next set.

    ``finish`` is matte, cloth, coated or metal; ``gloss`` the roughness of coat or metal; ``relief_cm``
    what the texture's full height stands for, 0 for a flat surface.
    """
    mi = mitsuba()
    colour = mi.load_dict(
        {"type": "bitmap", "bitmap": mi.Bitmap(_linear()[cloth.texture.colour]), "raw": True}
    )
    bsdf: dict[str, Any] = {"type": "diffuse", "reflectance": colour}
    if finish == "coated":
        # roughplastic would look the same, but tabulates its coat for 60 ms each time
        bsdf = {"type": "principled", "base_color": colour, "roughness": gloss**0.5, "specular": 0.4}
    elif finish == "metal":
        bsdf = {"type": "roughconductor", "material": "none", "specular_reflectance": colour}
        bsdf |= {"alpha_u": gloss * 0.35, "alpha_v": gloss}
    elif finish == "cloth":
        bsdf = {"type": "principled", "base_color": colour, "roughness": 0.95, "specular": 0.05, "sheen": 0.6}
    if relief_cm > 0 and cloth.texture.height is not None:
        heights = mi.load_dict(
            {"type": "bitmap", "bitmap": mi.Bitmap(cloth.texture.height[..., None]), "raw": True}
        )
        bsdf = {"type": "bumpmap", "texture": heights, "scale": relief_cm, "bsdf": bsdf}
    return mi.load_dict({"type": "twosided", "bsdf": bsdf})


@functools.cache
def _linear() -> npt.NDArray[np.float32]:
    """Linear light [256] of the sRGB values."""
    return np.array([linear([c])[0] for c in range(256)], np.float32)


_TWO = np.array([(0, 1, 2), (0, 2, 3)], np.uint32)
