"""Scenes become pictures: path tracing, denoising, development. The only module that drives Mitsuba.

The same scene, size, samples and seed give the same bytes for any thread count and process on one kind
of CPU: blocks are seeded by their index, so their size is fixed here, and the filter is a box.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from caig_cli.engine.runtime import derive_seed
from caig_cli.records import Box

Image = npt.NDArray[np.float32]

BLOCK = 32  # pixels; Mitsuba's own default follows the thread count
MAX_DEPTH = 6  # enough for light to enter and leave a glass body
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)  # brightness of linear RGB
GUIDE_SAMPLES = 2  # of a final ad: from 1 to 4 its PSNR gains 0.9 dB, for 14 % more time
HIDDEN_SAMPLES = 2  # of pixels that the product covers: exposure is metered there; one costs 0.16 dB more
LARGE = 600_000  # pixels of a frame from which the denoiser's fast mode does
FIREFLY = 24.0  # scene-linear radiance above which a pixel is a lone caustic path, not a picture


@functools.cache
def mitsuba() -> ModuleType:
    """Mitsuba with the scalar CPU variant set; imported on first use because it takes 0.4 s."""
    import mitsuba as mi

    mi.set_variant("scalar_rgb")
    mi.set_log_level(mi.LogLevel.Error)
    return mi


def render(
    scene: Mapping[str, Any],
    size: tuple[int, int],
    spp: int,
    seed: int,
    *,
    alpha: bool = False,
    denoise: bool = True,
    depth: int = MAX_DEPTH,
    final: bool = False,
    part: Box | None = None,
    part_spp: int | None = None,
) -> Image:
    """Photograph a Mitsuba scene dictionary that has a ``sensor`` (film and sampler are added here).

    ``size`` is (width, height) in pixels, ``spp`` samples per pixel, ``depth`` the longest light path.
    ``final``: samples are spread evenly, so that half as many do. It is another noise, and previews keep the
    one that models learnt. ``part`` of the frame is photographed by itself, with ``part_spp`` samples per
    pixel, such as few where something will cover it; the rest has the same noise whatever their number.
    Returns linear RGB, float32 [H, W, 3], or [H, W, 4] with straight coverage when ``alpha``.
    """
    mi = mitsuba()
    whole = _with_film(scene, size, "rgba" if alpha else "rgb", "multijitter" if final else "independent")
    # Meshes are not merged: merging leaves the order of the lights, and so the noise, to chance.
    loaded = mi.load_dict(whole, optimize=False)
    integrator = mi.load_dict(
        {"type": "path", "max_depth": depth, "rr_depth": 4, "block_size": BLOCK, "hide_emitters": alpha}
    )
    seed = seed % 2**32
    if part is None:
        picture = np.array(mi.render(loaded, integrator=integrator, spp=spp, seed=seed), np.float32)
    else:
        picture = _in_parts(loaded, whole["sensor"], integrator, size, spp, seed, part, part_spp or spp)
    picture[..., :3] = np.clip(np.nan_to_num(picture[..., :3]), 0.0, FIREFLY)
    if not denoise:
        return picture
    least = GUIDE_SAMPLES if final else 1
    guide = _guide(_instanced(loaded) if final else loaded, seed ^ 0x5EED, max(least, spp // 16))
    fast = final and size[0] * size[1] > LARGE
    picture[..., :3] = _denoised(picture[..., :3], _settled(guide, scene["sensor"], size[0]), fast=fast)
    return picture


def _in_parts(
    loaded: Any, sensor: Mapping[str, Any], integrator: Any, size: tuple[int, int], spp: int, seed: int,
    hidden: Box, hidden_spp: int,
) -> Image:  # fmt: skip
    """The path-traced frame: ``hidden_spp`` samples of each ``hidden`` pixel, ``spp`` of the others."""
    mi, (width, height) = mitsuba(), size
    parts = [
        Box(0, 0, width, hidden.top), Box(0, hidden.bottom, width, height),
        Box(0, hidden.top, hidden.left, hidden.bottom), Box(hidden.right, hidden.top, width, hidden.bottom),
    ]  # fmt: skip
    picture: Image | None = None
    for number, part in enumerate([hidden, *(one for one in parts if one.width > 0 and one.height > 0)]):
        view, samples = mi.load_dict(_cropped(sensor, part)), spp if number else min(spp, hidden_spp)
        # A seed of their own: else the first blocks of all parts would have the same noise.
        own = derive_seed(seed, number) % 2**32
        seen = np.array(
            mi.render(loaded, sensor=view, integrator=integrator, spp=samples, seed=own), np.float32
        )
        picture = np.empty((height, width, seen.shape[2]), np.float32) if picture is None else picture
        picture[part.top : part.bottom, part.left : part.right] = seen
    assert picture is not None
    return picture


def _cropped(sensor: Mapping[str, Any], part: Box) -> dict[str, Any]:
    """The sensor of a part of the frame."""
    film = sensor["film"]
    crop = {
        "crop_offset_x": film.get("crop_offset_x", 0) + part.left,
        "crop_offset_y": film.get("crop_offset_y", 0) + part.top,
        "crop_width": part.width, "crop_height": part.height,
    }  # fmt: skip
    return dict(sensor) | {"film": film | crop}


def _instanced(loaded: Any) -> Any:
    """The same scene with all its shapes in one group, but for those that give off light.

    Mitsuba's guides make a list of the scene's shapes anew for every sample; this one is short. What they
    show is equal but for rounding (2e-7).
    """
    scene: dict[str, Any] = {
        "type": "scene", "sensor": loaded.sensors()[0], "group": {"type": "shapegroup"},
        "set": {"type": "instance", "shapes": {"type": "ref", "id": "group"}},
    }  # fmt: skip
    for number, shape in enumerate(loaded.shapes()):
        (scene if shape.is_emitter() else scene["group"])[f"shape{number}"] = shape
    return mitsuba().load_dict(scene, optimize=False)


def _guide(loaded: Any, seed: int, spp: int) -> Image:
    """Albedo, normal and depth of a scene, float32 [H, W, 7].

    A pass of its own is three times faster than Mitsuba's combined one. A few samples do: the denoiser
    forgives noisy guides.
    """
    aovs = "albedo:albedo,normal:sh_normal,depth:depth"
    guides = mitsuba().load_dict({"type": "aov", "aovs": aovs, "block_size": BLOCK})
    # ``mi.render`` would spend as long on copying the channels as on the sample.
    guides.render(loaded, seed=seed, spp=spp, develop=False)
    film = loaded.sensors()[0].film()
    return np.array(film.bitmap(), np.float32)[..., -7:]  # after the unused colour


def develop(
    linear: Image, *, exposure: float = 1.0, contrast: float = 0.0, knee: float = 0.5, slope: float = 0.8
) -> npt.NDArray[np.uint8]:
    """Linear RGB [H, W, 3] as sRGB bytes: straight up to ``knee``, then a film-like shoulder.

    ``slope`` is the shoulder's where it begins, 1 where it goes on from the straight part without a bend.
    ``contrast`` bends the encoded tones around their middle, 0 for none.
    """
    return quantise(_s_curve(encode_srgb(_shoulder(linear * np.float32(exposure), knee, slope)), contrast))


def encode_srgb(linear: Image) -> Image:
    """The sRGB transfer function on [0, 1]."""
    x = np.clip(linear, 0.0, 1.0)
    return np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055).astype(np.float32)


def decode_srgb(encoded: npt.ArrayLike) -> Image:
    """sRGB values in [0, 1] as linear light."""
    x = np.asarray(encoded, np.float32)
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4).astype(np.float32)


def quantise(encoded: Image) -> npt.NDArray[np.uint8]:
    return (np.clip(encoded, 0.0, 1.0) * 255 + 0.5).astype(np.uint8)


def _with_film(scene: Mapping[str, Any], size: tuple[int, int], pixels: str, sampler: str) -> dict[str, Any]:
    """The scene with a film and sampler in its sensor; a crop that the camera asked for is kept."""
    sensor = dict(scene["sensor"])
    film = {"width": size[0], "height": size[1], **sensor.pop("film", {})}
    film |= {"type": "hdrfilm", "pixel_format": pixels, "component_format": "float32"}
    # Wider filters correlate the noise of neighbours, and the denoiser would keep it.
    film["rfilter"] = {"type": "box"}
    sensor |= {"film": film, "sampler": {"type": sampler}}
    return {"type": "scene"} | dict(scene) | {"sensor": sensor}


def _settled(guide: Image, sensor: Mapping[str, Any], width: int) -> Image:
    """Albedo and normal [H, W, 6], smoothed where the lens blurs.

    There each guide sample shows another thing, and the denoiser would keep the edges furry.
    """
    if "aperture_radius" not in sensor:
        return guide[..., :6]
    focus = float(sensor["focus_distance"])
    per_pixel = 2 * focus * np.tan(np.radians(float(sensor["fov"]) / 2)) / width
    far = np.where(guide[..., 6] > 0, guide[..., 6], 1e3 * focus)
    circle = 2 * float(sensor["aperture_radius"]) * np.abs(far - focus) / far / per_pixel
    circle = ndimage.uniform_filter(circle, 5)[..., None].astype(np.float32)
    settled: Any = guide[..., :6]
    for least, sigma in ((1.5, 2.0), (5.0, 6.0)):
        soft = np.clip((circle - least) / 4, 0, 1)
        settled = settled * (1 - soft) + ndimage.gaussian_filter(guide[..., :6], (sigma, sigma, 0.0)) * soft
    return np.asarray(settled, np.float32)


@functools.cache
def _denoising_device() -> Any:
    """Always two threads on the CPU: the denoiser rounds differently from three threads on."""
    import mitsuba_oidn

    device = mitsuba_oidn.Device(mitsuba_oidn.DeviceType.CPU)
    device.num_threads = 2
    device.commit()
    return device


def _denoised(colour: Image, guide: Image, *, fast: bool = False) -> Image:
    import mitsuba_oidn

    albedo = np.ascontiguousarray(np.clip(guide[..., 0:3], 0.0, 1.0))
    normal = np.ascontiguousarray(guide[..., 3:6])
    colour = np.ascontiguousarray(colour)
    quality = mitsuba_oidn.Quality.Fast if fast else mitsuba_oidn.Quality.High
    device = _denoising_device()
    clean = mitsuba_oidn.denoise(colour, albedo, normal, hdr=True, quality=quality, device=device)
    return np.maximum(np.asarray(clean, np.float32), 0.0)


def _shoulder(x: Image, knee: float, slope: float) -> Image:
    """Identity below the knee; above it highlights approach white and lose a little colour, as on film."""
    luma: Image = (x @ LUMA)[..., None]
    over = np.maximum(luma - np.float32(knee), 0.0)
    x = x + (luma - x) * np.float32(0.5) * over / (over + 1.0)
    excess = np.maximum(x - np.float32(knee), 0.0) / np.float32(1 - knee)
    rolled: Image = np.minimum(x, np.float32(knee)) + np.float32(1 - knee) * (
        1 - np.exp(-np.float32(slope) * excess)
    )
    return rolled


def _s_curve(y: Image, contrast: float) -> Image:
    return y + np.float32(contrast) * (y - 0.5) * y * (1 - y) * 4
