"""Makes the product photos in samples/: a serum bottle, a tea carton (transparent PNG) and a mug (JPEG).

Usage: python benchmarks/make_samples.py [serum|tea|mug ...] [--spp 64] [--size 400] [--out samples]
They are photographed by the project's own renderer, so anyone may use them. About a minute each on one core.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from caig_cli.cutouts.cutout import finish
from caig_cli.painters.studio import render
from caig_cli.painters.studio.materials import Material, to_mitsuba
from caig_cli.painters.studio.mesh import box, cylinder, grid, lathe, torus, transform, tube

Scene = dict[str, Any]

SIZES = {"serum": 700, "tea": 600, "mug": 800}


def letters(size: int) -> Any:
    return ImageFont.load_default(size=size)


def spaced(draw: Any, centre: tuple[float, float], text: str, size: int, fill: Any, gap: float = 0.0) -> None:
    """Text centred at a point with ``gap`` (in font sizes) between its letters."""
    font = letters(size)
    widths = [font.getlength(c) + gap * size for c in text]
    x = centre[0] - (sum(widths) - gap * size) / 2
    for character, width in zip(text, widths, strict=True):
        draw.text((x, centre[1]), character, font=font, fill=fill, anchor="lm")
        x += width


def serum_label() -> Image.Image:
    image = Image.new("RGB", (1400, 760), (243, 238, 228))
    draw = ImageDraw.Draw(image)
    ink, accent = (58, 50, 44), (176, 98, 46)
    x = 700
    draw.ellipse((x - 46, 66, x + 46, 158), outline=accent, width=5)
    draw.arc((x - 22, 84, x + 70, 176), 150, 262, fill=accent, width=5)
    spaced(draw, (x, 238), "MARELLE", 112, ink, 0.14)
    spaced(draw, (x, 340), "VITAMIN C SERUM", 58, accent, 0.12)
    draw.line((x - 60, 412, x + 60, 412), fill=ink, width=3)
    spaced(draw, (x, 474), "brightening face oil", 50, ink, 0.03)
    spaced(draw, (x, 540), "with sea buckthorn", 50, ink, 0.03)
    spaced(draw, (x, 668), "30 ml  ·  1.0 fl oz", 44, ink, 0.06)
    return image


def tea_face(wide: int, side: bool = False) -> Image.Image:
    image = Image.new("RGB", (wide, 1320), (31, 74, 66))
    draw = ImageDraw.Draw(image)
    cream, gold = (244, 236, 216), (214, 164, 84)
    draw.rectangle((34, 34, wide - 35, 1285), outline=gold, width=4)
    x = wide / 2
    for k in (0, 2, 1):  # two leaves and a bud
        angle = np.radians(-52 + 52 * k)
        length, tilt = (300 - 40 * (k == 1), 74 - 26 * (k == 1)) if not side else (150, 34)
        tip = (x + length * np.sin(angle), 560 - length * np.cos(angle))
        side_x, side_y = tilt * np.cos(angle), tilt * np.sin(angle)
        middle = ((x + tip[0]) / 2, (560 + tip[1]) / 2)
        leaf = [
            (x, 560),
            (middle[0] + side_x, middle[1] + side_y),
            tip,
            (middle[0] - side_x, middle[1] - side_y),
        ]
        draw.polygon(leaf, fill=(146, 192, 130) if k % 2 else (96, 150, 108))
        draw.line([(x, 560), tip], fill=(31, 74, 66), width=4)
    if side:
        for row, text in enumerate(("water 80 °C", "steep 3 min", "20 bags")):
            spaced(draw, (x, 760 + 90 * row), text, 66, cream, 0.02)
        return image
    spaced(draw, (x, 160), "HILLSIDE", 64, gold, 0.3)
    spaced(draw, (x, 730), "Green Tea", 136, cream, 0.0)
    spaced(draw, (x, 850), "whole leaf  ·  jasmine", 54, cream, 0.04)
    draw.rounded_rectangle((x - 180, 1020, x + 180, 1116), 48, fill=gold)
    spaced(draw, (x, 1068), "20 TEA BAGS", 46, (31, 74, 66), 0.06)
    spaced(draw, (x, 1210), "40 g", 46, cream, 0.05)
    return image


def softbox(x: float, y: float, z: float, size: tuple[float, float], power: float) -> Scene:
    """A rectangle of light at (x, y, z), facing the product's middle at height 5."""
    import mitsuba as mi

    pose = mi.ScalarTransform4f().look_at(origin=[x, y, z], target=[0, 0, 5], up=[0, 0, 1])
    pose = pose @ mi.ScalarTransform4f().scale([size[0] / 2, size[1] / 2, 1])
    light = {"type": "area", "radiance": {"type": "rgb", "value": [power, power, power * 0.97]}}
    return {"type": "rectangle", "to_world": pose, "emitter": light}


def camera(height: float, pitch_cm: float, target: float) -> Scene:
    """A long lens that shows ``height`` cm at the product, from ``pitch_cm`` above its middle."""
    import mitsuba as mi

    distance = 90.0
    pose = mi.ScalarTransform4f().look_at(
        origin=[0, -distance, target + pitch_cm], target=[0, 0, target], up=[0, 0, 1]
    )
    angle = float(np.degrees(2 * np.arctan(height / 2 / distance)))
    return {"type": "perspective", "fov": angle, "to_world": pose}


def wall(y: float, grey: float) -> Scene:
    """A large plain wall behind the product that shines with ``grey`` of white."""
    import mitsuba as mi

    pose = mi.ScalarTransform4f().look_at(origin=[0, y, 0], target=[0, -100, 0], up=[0, 0, 1])
    shine = {"type": "area", "radiance": {"type": "rgb", "value": [grey] * 3}}
    return {
        "type": "rectangle",
        "to_world": pose @ mi.ScalarTransform4f().scale([60, 60, 1]),
        "emitter": shine,
    }


def shell(radius: float, low: float, high: float, degrees: float, texture: Image.Image) -> Any:
    """A label around the front of a cylinder."""
    angle = np.radians(np.linspace(-degrees / 2, degrees / 2, 80))[None, :]
    z = np.linspace(low, high, 2)[:, None]
    out = np.stack([np.sin(angle) + 0 * z, -np.cos(angle) + 0 * z, 0 * angle * z], axis=-1)
    points = radius * out + np.stack([0 * angle * z, 0 * angle * z, z + 0 * angle], axis=-1)
    return to_mitsuba(grid(points, None, out), Material("matte", roughness=0.45, texture=np.array(texture)))


def rounded(profile: list[tuple[float, float]], rounds: int = 3) -> list[tuple[float, float]]:
    """The profile with its corners cut again and again, which leaves a smooth curve; its ends stay."""
    points = np.array(profile)
    for _ in range(rounds):
        near, far = 0.75 * points[:-1] + 0.25 * points[1:], 0.25 * points[:-1] + 0.75 * points[1:]
        points = np.concatenate([points[:1], np.stack([near, far], 1).reshape(-1, 2), points[-1:]])
    return [(float(r), float(z)) for r, z in points]


def serum() -> Scene:
    body = 1.75
    outer = [(0, 0), (body - 0.35, 0), (body - 0.1, 0.1), (body, 0.4), (body, 5.5), (body - 0.12, 5.95)]
    outer += [(body - 0.45, 6.3), (1.05, 6.55), (0.88, 6.75), (0.88, 7.3)]
    outer = rounded(outer, 2)
    wall_cm = 0.17
    inner = [(max(r - wall_cm, 0.0), z + 0.3 * (z < 1)) for r, z in reversed(outer)]
    inner[-1] = (0, 0.45)
    glass = lathe(np.array(outer + inner), 96)
    level = [
        (0, 0.5),
        (body - 0.5, 0.5),
        (body - wall_cm - 0.02, 0.9),
        (body - wall_cm - 0.02, 5.2),
        (0, 5.2),
    ]
    collar = [(0, 6.82), (1.12, 6.82), (1.16, 6.88), (1.16, 8.1), (1.1, 8.18), (0.75, 8.2), (0, 8.2)]
    bulb = [(0.72, 8.15), (0.74, 8.8), (0.66, 9.6), (0.6, 10.3), (0.5, 10.75), (0.28, 11.0), (0, 11.06)]
    amber = (240, 188, 108)
    return {
        "glass": to_mitsuba(glass, Material("glass", amber, roughness=0.0)),
        "oil": to_mitsuba(lathe(np.array(level), 96), Material("glass", (246, 214, 150), roughness=0.0)),
        "pipette": to_mitsuba(
            transform(cylinder(0.3, 5.2, 0.1), (0, 0, 1.8)), Material("glass", (235, 225, 210), roughness=0.0)
        ),
        "label": shell(body + 0.012, 1.0, 4.95, 250, serum_label()),
        "collar": to_mitsuba(lathe(np.array(collar), 96), Material("metal", (226, 178, 104), roughness=0.32)),
        "ring": to_mitsuba(
            transform(torus(1.14, 0.05, 96), (0, 0, 7.05)), Material("metal", (226, 178, 104), roughness=0.25)
        ),
        "bulb": to_mitsuba(
            lathe(np.array(rounded(bulb)), 96), Material("plastic", (38, 34, 32), roughness=0.3)
        ),
    }


def tea() -> Scene:
    width, depth, height = 7.4, 5.0, 11.0
    turn = (0, 0, 31)
    card = Material("matte", (31, 74, 66), roughness=0.5)
    carton = to_mitsuba(transform(box((width, depth, height), 0.09), rotate=turn), card)
    gap, inset = 0.004, 0.1
    faces = {
        "front": (
            tea_face(900),
            (-width / 2 + inset, -depth / 2 - gap),
            (width / 2 - inset, -depth / 2 - gap),
        ),
        "side": (
            tea_face(610, True),
            (-width / 2 - gap, depth / 2 - inset),
            (-width / 2 - gap, -depth / 2 + inset),
        ),
    }
    scene: Scene = {"carton": carton}
    for name, (picture, left, right) in faces.items():
        bottom = np.array([[*left, inset], [*right, inset]])
        sheet = grid(np.stack([bottom, bottom + np.array([0, 0, height - 2 * inset])]))
        print_on = Material("matte", roughness=0.5, texture=np.array(picture))
        scene[name] = to_mitsuba(transform(sheet, rotate=turn), print_on)
    return scene


def speckled(clay: tuple[int, int, int], glaze: tuple[int, int, int], line: float) -> np.ndarray:
    """Stoneware from bottom (bare clay) to top (glaze), with iron specks; rows run along the profile."""
    rng = np.random.default_rng(7)
    rows, columns = 900, 1400
    edge = (
        line
        + 0.006 * np.sin(np.linspace(0, 12 * np.pi, columns))
        + 0.004 * np.sin(np.linspace(0, 34, columns))
    )
    height = np.linspace(1, 0, rows)[:, None]
    share = np.clip((height - edge[None]) * 90, 0, 1)[..., None]
    colour = (1 - share) * np.array(clay) + share * np.array(glaze) + rng.normal(0, 3.0, (rows, columns, 1))
    image = Image.fromarray(np.clip(colour, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(1500):
        x, y, r = rng.uniform(0, columns), rng.uniform(0, rows), rng.uniform(0.6, 2.4)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=(112, 92, 74))
    return np.array(image)


def mug() -> Scene:
    outer = [
        (0, 0.12),
        (2.7, 0.1),
        (2.85, 0),
        (3.15, 0.02),
        (3.45, 0.25),
        (3.85, 0.9),
        (4.05, 2.0),
        (4.1, 4.0),
    ]
    outer += [(4.05, 6.5), (4.0, 8.6), (3.98, 8.85), (3.9, 8.97), (3.8, 8.95)]
    inner = [(3.72, 8.8), (3.75, 6.0), (3.75, 2.0), (3.5, 0.9), (2.8, 0.5), (0, 0.45)]
    texture = speckled((178, 142, 108), (226, 221, 208), 0.235)
    glaze = Material("plastic", roughness=0.22, texture=texture)
    t = (1 - np.cos(np.linspace(0, np.pi, 60))) / 2
    bow = np.stack(
        [3.7 + 2.55 * np.sin(np.pi * t) ** 0.55, 0 * t, 1.9 + 5.4 * (1 - t) - 0.25 * np.sin(np.pi * t)]
    )
    handle = transform(tube(bow.T, 0.44 + 0.1 * np.cos(np.pi * t) ** 2, 28), rotate=(0, 0, -16))
    return {
        "body": to_mitsuba(lathe(np.array(outer + inner), 128), glaze),
        "handle": to_mitsuba(handle, Material("plastic", (226, 221, 208), roughness=0.22)),
    }


def lights() -> Scene:
    return {
        "left": softbox(-28, -20, 16, (14, 34), 11.0),
        "right": softbox(30, -12, 12, (8, 34), 6.0),
        "top": softbox(0, -8, 40, (40, 30), 3.5),
        "fill": softbox(4, -120, 40, (90, 50), 1.4),
    }


def packshot(product: Scene, view: Scene, size: int, spp: int) -> np.ndarray:
    """The product in front of a bright wall, cut out by its own silhouette: uint8 [H, W, 4]."""
    floor = {"type": "disk", "to_world": scaled(40), "bsdf": {"type": "diffuse", "reflectance": rgb(0.62)}}
    stage = {"sensor": view, **product, **lights(), "wall": wall(26, 0.62), "floor": floor}
    picture = render.render(stage, (size, size), spp, 1, depth=18)
    # One light far behind the camera, so that the scene is legal; only the coverage is kept.
    bare = {
        "sensor": view,
        **product,
        "sun": {"type": "point", "position": [0, -200, 0], "intensity": rgb(1)},
    }
    coverage = render.render(bare, (size, size), 64, 1, alpha=True, denoise=False, depth=2)[..., 3]
    alpha = render.quantise(coverage)
    return finish(render.develop(picture, exposure=0.84, contrast=0.1), alpha, "sample").rgba


def photo(product: Scene, view: Scene, size: int, spp: int) -> np.ndarray:
    """The product on a plain light-grey sweep: uint8 [H, W, 3]."""
    bend = np.linspace(0, np.pi / 2, 24)
    curve = np.stack([30 + 25 * np.sin(bend), 25 - 25 * np.cos(bend)], axis=-1)
    profile = np.concatenate([[[-100, 0]], curve, [[55, 120]]])
    sheet = np.stack(
        [np.stack([0 * profile[:, 0] + x, profile[:, 0], profile[:, 1]], axis=-1) for x in (-150, 150)], 1
    )
    sweep = to_mitsuba(grid(sheet), Material("matte", (232, 232, 233), roughness=0.9))
    stage = {"sensor": view, **product, **lights(), "sweep": sweep}
    return render.develop(render.render(stage, (size, size), spp, 1, depth=10), exposure=0.86)


def rgb(value: float) -> Scene:
    return {"type": "rgb", "value": [value] * 3}


def scaled(radius: float) -> Any:
    import mitsuba as mi

    return mi.ScalarTransform4f().translate([0, 0, -0.01]) @ mi.ScalarTransform4f().scale([radius] * 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=["serum", "tea", "mug"])
    parser.add_argument("--spp", type=int, default=64)
    parser.add_argument("--size", type=int, help="of the square frame, in pixels")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "samples")
    options = parser.parse_args()
    options.out.mkdir(exist_ok=True)
    render.mitsuba()
    for name in options.names:
        size = options.size or SIZES[name]
        if name == "mug":
            pixels = photo(mug(), camera(15.5, 26.0, 4.6), size, options.spp)
            Image.fromarray(pixels).save(options.out / "mug.jpg", quality=90)
            continue
        build, view = (serum, camera(11.8, 7.0, 5.5)) if name == "serum" else (tea, camera(14.5, 7.0, 5.5))
        pixels = packshot(build(), view, size, options.spp)
        Image.fromarray(pixels).save(options.out / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
