"""What things are made of, and how a mesh with a material becomes an object of the renderer."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from caig_cli.painters.studio.mesh import Mesh

Colour = tuple[int, int, int]
Kind = Literal["matte", "plastic", "metal", "glass", "translucent", "fabric", "emissive"]


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """``colour`` is sRGB, 0 to 255, and is multiplied into nothing: a ``texture`` replaces it.

    matte: bare paint, wood, stone, a little gloss below roughness 0.6 · plastic: a clear coat over colour ·
    metal, glass: tinted by colour · translucent: wax, leaves, petals, paper: light shines through ·
    fabric: matte with a sheen · emissive: gives off its colour times ``glow``.
    """

    kind: Kind = "matte"
    colour: Colour = (200, 200, 200)
    roughness: float = 0.5
    texture: NDArray[np.uint8] | None = None  # [H, W, 3] sRGB
    uv_scale: tuple[float, float] = (1.0, 1.0)  # repeats of the texture over uv 0 to 1
    bump: NDArray[np.float32] | None = None  # [H, W] height, 0 to 1
    bump_scale: float = 0.0  # height of 1 in units of uv length
    glow: float = 0.0  # radiance of white


def linear(colour: Sequence[float]) -> list[float]:
    """Linear light 0 to 1 of an sRGB colour 0 to 255."""
    return [float(_LINEAR[round(min(max(c, 0), 255))]) for c in colour]


def to_mitsuba(mesh: Mesh, material: Material) -> Any:
    """A renderer shape of the active variant, to be put into the scene dictionary as it is."""
    import mitsuba as mi

    properties = mi.Properties()
    properties["bsdf"] = mi.load_dict(_bsdf(material))
    if material.glow > 0:
        radiance = {"type": "rgb", "value": [material.glow * c for c in linear(material.colour)]}
        properties["light"] = mi.load_dict({"type": "area", "radiance": radiance})
    has_uv = mesh.uv is not None
    smooth = mesh.smooth and material.glow == 0
    shape = mi.Mesh("mesh", len(mesh.vertices), len(mesh.faces), properties, smooth, has_uv)
    data = mi.traverse(shape)
    _fill(data["vertex_positions"], mesh.vertices)
    _fill(data["faces"], mesh.faces)
    if smooth:
        _fill(data["vertex_normals"], mesh.shading_normals())
    if mesh.uv is not None:
        u, v = (mesh.uv * np.asarray(material.uv_scale, np.float32)).T
        _fill(data["vertex_texcoords"], np.stack([u, 1 - v], axis=-1))  # the renderer's v points down
    if material.glow > 0:  # its table of triangle areas is to be made anew
        data.set_dirty("vertex_positions")
        data.update()
    else:  # the usual update would replace the normals by some that ignore texture seams
        shape.recompute_bbox()
    return shape


def _fill(buffer: Any, values: NDArray[Any]) -> None:
    """Write a mesh's buffer in place; assigning would first compare the old numbers in Python."""
    np.array(buffer, copy=False)[:] = values.ravel()


def _bsdf(material: Material) -> dict[str, Any]:
    inner = _BSDFS[material.kind](material, _reflectance(material))
    if material.bump is None or material.bump_scale == 0:
        return inner
    height = _bitmap(material.bump)
    return {"type": "bumpmap", "texture": height, "scale": material.bump_scale, "bsdf": inner}


def _reflectance(material: Material) -> Any:
    if material.texture is None:
        return {"type": "rgb", "value": linear(material.colour)}
    return _bitmap(material.texture)


def _matte(material: Material, colour: Any) -> dict[str, Any]:
    if material.roughness > 0.6:
        return {"type": "twosided", "bsdf": {"type": "diffuse", "reflectance": colour}}
    return _principled(colour, roughness=material.roughness, specular=0.35)


def _plastic(material: Material, colour: Any) -> dict[str, Any]:
    return _principled(
        colour, roughness=0.5, specular=0.5, clearcoat=1.0, clearcoat_gloss=1.0 - min(material.roughness, 1.0)
    )


def _metal(material: Material, colour: Any) -> dict[str, Any]:
    alpha = max(material.roughness, 0.01) ** 2
    metal = {"type": "roughconductor", "material": "none", "alpha": alpha, "specular_reflectance": colour}
    return {"type": "twosided", "bsdf": metal}


def _glass(material: Material, colour: Any) -> dict[str, Any]:
    glass: dict[str, Any] = {"type": "dielectric", "int_ior": 1.5, "specular_transmittance": colour}
    if material.roughness > 0.05:
        glass |= {"type": "roughdielectric", "alpha": material.roughness**2}
    return glass


def _translucent(material: Material, colour: Any) -> dict[str, Any]:
    # diff_trans runs from 0 (all reflected) to 2 (all let through)
    return {
        "type": "principledthin", "base_color": colour, "roughness": material.roughness, "diff_trans": 0.7,
        "eta": 1.4,
    }  # fmt: skip


def _fabric(material: Material, colour: Any) -> dict[str, Any]:
    return _principled(colour, roughness=0.95, specular=0.1, sheen=1.0, sheen_tint=0.6)


def _emissive(material: Material, colour: Any) -> dict[str, Any]:
    return {"type": "diffuse", "reflectance": colour}


def _principled(colour: Any, **values: float) -> dict[str, Any]:
    return {"type": "twosided", "bsdf": {"type": "principled", "base_color": colour, **values}}


_BSDFS = {
    "matte": _matte,
    "plastic": _plastic,
    "metal": _metal,
    "glass": _glass,
    "translucent": _translucent,
    "fabric": _fabric,
    "emissive": _emissive,
}

_STEPS = np.arange(256, dtype=np.float64) / 255
_LINEAR = np.where(_STEPS <= 0.04045, _STEPS / 12.92, ((_STEPS + 0.055) / 1.055) ** 2.4).astype(np.float32)

# Texture objects by variant and array; the array is kept alive so that its id stays its own.
_BITMAPS: OrderedDict[tuple[str, int], tuple[NDArray[Any], Any]] = OrderedDict()
_BITMAPS_KEPT = 48


def _bitmap(pixels: NDArray[Any]) -> Any:
    """A renderer texture of uint8 [H, W, 3] in sRGB, or of float [H, W] heights; the last few are kept."""
    import mitsuba as mi

    key = (str(mi.variant()), id(pixels))
    if key not in _BITMAPS:
        values = _LINEAR[pixels] if pixels.dtype == np.uint8 else pixels[..., None].astype(np.float32)
        texture = mi.load_dict({"type": "bitmap", "bitmap": mi.Bitmap(values), "raw": True})
        _BITMAPS[key] = (pixels, texture)
        if len(_BITMAPS) > _BITMAPS_KEPT:
            _BITMAPS.popitem(last=False)
    _BITMAPS.move_to_end(key)
    return _BITMAPS[key][1]
