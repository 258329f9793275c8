"""Of a feast: gifts, ribbons, glass balls, balloons, blocks."""

from __future__ import annotations

import functools

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from caig_cli.painters.studio.materials import Colour, Material
from caig_cli.painters.studio.mesh import Mesh, box, lathe, merge, ribbon, sphere, transform, tube
from caig_cli.painters.studio.props.kit import Parts, pick, placed, shade, spread, stand, varied
from caig_cli.painters.studio.props.skins import bark_skin

PAPERS: tuple[Colour, ...] = (
    (186, 44, 52),
    (236, 200, 196),
    (44, 72, 70),
    (238, 228, 210),
    (168, 190, 180),
    (58, 66, 104),
)
SATINS: tuple[Colour, ...] = ((216, 176, 96), (244, 238, 226), (186, 40, 52), (240, 190, 196), (66, 92, 84))
PASTELS: tuple[Colour, ...] = (
    (244, 178, 190),
    (250, 226, 176),
    (176, 214, 206),
    (186, 196, 236),
    (248, 246, 242),
    (232, 176, 120),
)


def satin(colour: Colour) -> Material:
    """The soft gloss of ribbon."""
    return Material("plastic", colour, 0.35)


def gift_boxes(rng: Generator, colour: Colour | None = None) -> Parts:
    """Two or three wrapped boxes, the smaller on top or beside, each with a bow."""
    paper = colour or pick(rng, PAPERS)
    band = satin(pick(rng, [s for s in SATINS if abs(sum(s) - sum(paper)) > 120]))
    second = shade(paper, 1.05, (250, 246, 240), 0.55)
    parts = _gift(rng, (13.0, 13.0, 8.5), paper, band, False)
    parts = placed(parts, rotate=(0, 0, rng.uniform(8, 30)))
    parts += placed(
        _gift(rng, (8.5, 8.5, 6.0), second, band, True),
        (rng.normal(0, 0.4), rng.normal(0, 0.4), 8.75),
        (0, 0, rng.uniform(-28, 10)),
    )
    if rng.random() < 0.6:
        side = float(rng.choice([-1, 1]))
        small = _gift(rng, (6.5, 6.5, 5.5), shade(paper, 0.7), band, True)
        parts += placed(small, (side * 9.5, -7.5, 0), (0, 0, rng.uniform(-30, 30)))
    return stand(parts)


def gift(rng: Generator, colour: Colour | None = None) -> Parts:
    """One wrapped box with a bow."""
    paper = colour or pick(rng, PAPERS)
    band = satin(pick(rng, [s for s in SATINS if abs(sum(s) - sum(paper)) > 120]))
    wide = float(rng.uniform(8.0, 11.0))
    return stand(
        placed(_gift(rng, (wide, wide, 0.75 * wide), paper, band, True), rotate=(0, 0, rng.uniform(0, 40)))
    )


def _gift(
    rng: Generator, size: tuple[float, float, float], paper: Colour, band: Material, bow: bool
) -> Parts:
    """A box with a lid and crossed ribbons; the bow only where nothing stands on it."""
    w, d, h = size
    wide, gap = 0.12 * w + 0.4, 0.06
    body = box((w - 0.3, d - 0.3, h - 1.6), 0.12)
    lid = transform(box((w, d, 1.9), 0.15), (0, 0, h - 1.9))
    cross = []
    for a, b in ((wide, d), (w, wide)):
        x, y = (a if a == wide else a + 2 * gap), (b if b == wide else b + 2 * gap)
        cross += [
            transform(box((x, y, 1.9 + gap), 0.03, 1), (0, 0, h - 1.9)),
            box((x - 0.2, y - 0.2, h - 1.7), 0.03, 1),
        ]
    parts: Parts = [(merge([body, lid]), Material("matte", paper, 0.5)), (merge(cross), band)]
    if bow:
        parts += placed([(_bow(rng, 0.34 * w, wide), band)], (0, 0, h))
    return parts


def _bow(rng: Generator, reach: float, wide: float) -> Mesh:
    """Two pairs of loops, a knot and two tails with swallow ends."""
    t = np.linspace(0, 1, 22)
    loops = []
    for turn, size, high in ((20, 1.0, 0.55), (200, 1.0, 0.55), (110, 0.82, 0.85), (290, 0.82, 0.85)):
        a = 2 * np.pi * t
        path = np.stack(
            [
                reach * size * (1 - np.cos(a)) / 2 * 1.15,
                0 * t,
                0.1 + reach * size * high * (np.sin(a) * 0.55 + 0.45 * (1 - np.cos(a)) * 0.75),
            ],
            -1,
        )
        spread_ = wide * (0.55 + 0.6 * np.sin(np.pi * t))
        loops.append(transform(ribbon(path, spread_, (0, 1, 0)), rotate=(0, 0, turn + rng.normal(0, 8))))
    for turn in (65, 245):
        path = np.stack(
            [
                reach * 1.3 * t,
                0.15 * reach * np.sin(4 * t),
                0.12 + 0.30 * reach * np.sin(np.pi * t) * (1 - 0.4 * t),
            ],
            axis=-1,
        )
        loops.append(
            transform(
                ribbon(path, wide * (0.5 + 0.4 * t), (0, 1, 0)), rotate=(0, 0, turn + rng.normal(0, 12))
            )
        )
    knot = transform(sphere(0.5 * wide, 10, 16), (0, 0, 0.36 * wide), scale=(1.1, 0.9, 0.8))
    return merge([*loops, knot])


def ribbons(rng: Generator, colour: Colour | None = None) -> Parts:
    """Two satin ribbons curling over the table."""
    first = colour or pick(rng, SATINS)
    parts: Parts = []
    for k, tone in enumerate((first, shade(first, 1.0, (250, 246, 240), 0.5))):
        t = np.linspace(0, 1, 130)
        a = 2 * np.pi * rng.uniform(2.6, 3.6) * t + rng.uniform(0, 6)
        radius = 1.5 * (1 - 0.35 * t)
        spine = np.stack([20 * (t - 0.5), 2.4 * np.sin(3.5 * t + 2 * k), 0 * t], axis=-1)
        curl = np.stack([0.5 * np.sin(a), radius * np.cos(a), radius * (1 + np.sin(a))], axis=-1)
        lay = np.clip(np.minimum(t, 1 - t) * 7, 0, 1)[:, None]
        path = spine + curl * lay + np.array([0, 0, 0.03])
        side = np.array([1.0, 0.25, 0.0]) * lay + np.array([0.1, 1.0, 0.0]) * (1 - lay)
        side /= np.linalg.norm(side, axis=1, keepdims=True)
        sheet = ribbon(path, 1.5, side)
        low = min(0.0, float(sheet.vertices[:, 2].min()))
        parts.append((transform(sheet, (0, 3.2 * k - 1.6, -low), (0, 0, rng.uniform(-16, 16))), satin(tone)))
    return stand(parts)


def glass_spheres(rng: Generator, colour: Colour | None = None) -> Parts:
    """Balls of clear and tinted glass, one of polished metal."""
    tint = (
        shade(colour, 1.0, (255, 255, 255), 0.35)
        if colour
        else pick(rng, ((255, 226, 200), (206, 232, 240), (240, 214, 226), (224, 240, 222)))
    )
    radii = [
        float(r)
        for r in (rng.uniform(3.4, 4.2), rng.uniform(2.2, 2.8), rng.uniform(1.6, 2.1), rng.uniform(1.0, 1.3))
    ]
    stuffs = [
        Material("glass", (252, 253, 255), 0.0),
        Material("glass", tint, 0.0),
        Material("metal", (232, 200, 150), 0.08),
        Material("glass", tint, 0.0),
    ]
    parts: Parts = [
        (transform(sphere(r, 28, 56), (x, y, r)), stuff)
        for r, stuff, (x, y) in zip(radii, stuffs, spread(rng, [1.08 * r for r in radii], 8.0), strict=True)
    ]
    return stand(parts)


def balloon(rng: Generator, colour: Colour | None = None) -> Parts:
    """One balloon on its string, which a small weight holds."""
    size, high = float(rng.uniform(0.75, 0.85)), float(rng.uniform(24, 36))
    t = np.linspace(0, 1, 12)
    line = np.stack([1.2 * np.sin(np.pi * t), 0 * t, 0.6 + (high - 1) * t], axis=-1)
    return stand([
        (transform(_balloon(), (0, 0, high), (0, 0, rng.uniform(0, 360)), size),
         Material("plastic", colour or pick(rng, PASTELS), 0.06)),
        (tube(line, 0.07, 5), Material("matte", (236, 232, 226), 0.8)),
        (lathe([(0, 0), (1.4, 0), (1.4, 0.4), (0.7, 1.0), (0, 1.1)], 32),
         Material("metal", (226, 190, 120), 0.25)),
    ])  # fmt: skip


def _balloon() -> Mesh:
    """A balloon's skin, its neck at the origin."""
    a = np.linspace(0, np.pi, 26)
    r = 9.5 * np.sin(a) * (1 + 0.12 * np.cos(a) * -1)
    z = 11.0 * (1 - np.cos(a)) / 2 * 2.0 * 0.98
    neck = [(0, -1.3), (0.9, -1.3), (0.45, -0.7), (0.35, -0.2)]
    profile = np.concatenate([neck, np.stack([r, z], axis=-1)[2:]])
    profile[-1, 0] = 0.0
    return lathe(profile, 40)


def balloons(rng: Generator, colour: Colour | None = None) -> Parts:
    """Five balloons on strings that meet at a small weight."""
    tones = [colour or pick(rng, PASTELS) for _ in range(5)]
    skin = _balloon()
    parts: Parts = []
    strings = []
    spots = ((0, 4, 37), (-12.5, 1, 29), (12.5, 2, 31), (-6.0, -7, 18), (8.5, -6, 16))
    for tone, (x, y, z0) in zip(tones, spots, strict=True):
        at = np.array([x, y, z0]) + rng.normal(0, 0.8, 3)
        size = rng.uniform(0.72, 0.84)
        lean = (-1.2 * at[1], 1.2 * at[0], rng.uniform(0, 360))
        parts.append((transform(skin, at, lean, size), Material("plastic", varied(rng, tone, 0.03), 0.06)))
        t = np.linspace(0, 1, 12)[:, None]
        line = np.array([0, 0, 0.6]) * (1 - t) + (at - np.array([0, 0, 0.9])) * t
        line[:, 0] += np.sin(np.pi * t[:, 0]) * rng.normal(0, 0.8)
        strings.append(tube(line, 0.07, 5))
    parts.append((merge(strings), Material("matte", (236, 232, 226), 0.8)))
    parts.append(
        (
            lathe([(0, 0), (2.0, 0), (2.0, 0.5), (0.9, 1.4), (0, 1.5)], 32),
            Material("metal", (226, 190, 120), 0.25),
        )
    )
    return stand(parts)


def toy_blocks(rng: Generator, colour: Colour | None = None) -> Parts:
    """Wooden alphabet blocks, three below and one or two on top."""
    letters = [chr(65 + int(k)) for k in rng.permutation(26)[:5]]
    paints = [colour or (206, 70, 60), (62, 118, 172), (232, 176, 60), (86, 148, 98), (214, 120, 70)]
    spots = (
        (-4.4, 0.3, 0, 8),
        (0.2, -0.4, 0, -12),
        (4.9, 0.5, 0, 20),
        (-2.2, 0.2, 4.0, 15),
        (2.6, 0.0, 4.0, -9),
    )
    parts: Parts = []
    for letter, paint, (x, y, z, turn) in list(zip(letters, paints, spots, strict=True))[
        : int(rng.integers(4, 6))
    ]:
        cube = transform(box(4.0, 0.22), (x, y, z), (0, 0, turn + rng.normal(0, 6)))
        parts.append((cube, Material("matte", paint, 0.45, letter_skin(letter, paint))))
    return stand(parts)


@functools.lru_cache(maxsize=160)
def letter_skin(letter: str, paint: Colour) -> NDArray[np.uint8]:
    """A block's face: pale wood, a painted frame and a painted letter, [128, 128, 3]."""
    from PIL import Image, ImageDraw, ImageFont

    wood = np.clip(bark_skin((226, 188, 140))[:128, :128].astype(np.float32) + 6, 0, 255)
    mask = Image.new("L", (256, 256))
    pen = ImageDraw.Draw(mask)
    pen.rounded_rectangle((20, 20, 235, 235), 22, outline=255, width=15)
    pen.text((128, 128), letter, fill=255, font=ImageFont.load_default(150), anchor="mm", stroke_width=5)
    cover = np.asarray(mask.resize((128, 128), Image.Resampling.LANCZOS), np.float32)[..., None] / 255 * 0.94
    return np.asarray(wood * (1 - cover) + np.asarray(paint) * cover, np.float32).astype(np.uint8)
