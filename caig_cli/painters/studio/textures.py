"""Procedural surface textures, tileable and cached: ``texture(name)`` for every name of ``TEXTURES``.

Woods: oak, walnut, whitewood, parquet, wood_panel · stones: white_marble, black_marble, terrazzo, concrete,
slate, plaster, brick, tiles · cloths: linen, velvet, leather, rug · grounds: sand, snow, moss, grass, soil ·
brushed metal: metal · paper. ``tinted(name, colour)`` gives any of them another mean colour and keeps its
pattern. Each covers ``size_cm`` of the world; wood grain and planks run along u.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caig_cli.painters.studio.noise import (
    Field,
    Picture,
    cells,
    fbm,
    mix,
    plane,
    ramp,
    rgb8,
    sample,
    step,
    unit_range,
)

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Texture:
    """A square tile: ``colour`` uint8 [S, S, 3] in sRGB, ``height`` float32 [S, S] in 0 to 1 or None."""

    colour: NDArray[np.uint8]
    size_cm: float  # side of the tile in the world
    roughness: float  # of the material that carries it
    height: Field | None = None
    depth_cm: float = 0.0  # what height 1 stands for


@functools.cache
def texture(name: str, size: int = 512) -> Texture:
    """The texture at ``size`` pixels; the same bytes each time."""
    return TEXTURES[name](size)


@functools.lru_cache(maxsize=64)
def tinted(name: str, colour: Colour, size: int = 512) -> Texture:
    """The texture dyed so that its mean colour is ``colour`` (sRGB 0 to 255)."""
    plain = texture(name, size)
    shade = plain.colour.astype(np.float32) @ np.array([0.3, 0.59, 0.11], np.float32)
    own = plain.colour - shade[..., None]
    picture = np.asarray(colour, np.float32) * (shade / shade.mean())[..., None] + 0.35 * (
        own - own.mean((0, 1))
    )
    return Texture(rgb8(picture), plain.size_cm, plain.roughness, plain.height, plain.depth_cm)


def _grain(
    size: int, seed: int, rings: int, light: Colour, dark: Colour, pores: float
) -> tuple[Picture, Field]:
    """One broad board: growth rings cut lengthwise, fibres, pores and a knot or two; colour and height."""
    x, y = plane(size)
    swirl = fbm(size, seed, fall=2.2, stretch=(5.0, 1.0), high=24)
    knots = np.zeros_like(x)
    rng = np.random.default_rng(seed)
    for at_x, at_y in rng.random((2, 2)):
        dx, dy = (x - at_x + 0.5) % 1 - 0.5, (y - at_y + 0.5) % 1 - 0.5
        knots += np.exp(-((dx / 0.07) ** 2 + (dy / 0.022) ** 2))
    phase = y * rings + swirl * 0.75 + 0.02 * fbm(size, seed + 1, 1.2, 8, stretch=(12, 1)) - knots * 2.6
    ring = phase % 1.0
    late = ring**3.0 * step(1.0, 0.93, ring)
    fibre = fbm(size, seed + 2, fall=0.7, low=12, stretch=(40.0, 1.0))
    vessel = step(1.3, 2.4, fbm(size, seed + 3, fall=0.35, low=30, stretch=(18.0, 1.0))) * (1.0 - 0.5 * ring)
    broad = fbm(size, seed + 4, fall=2.0, stretch=(4.0, 1.0))
    tone = 0.30 + 0.52 * late + 0.075 * fibre + 0.10 * broad + pores * vessel + 0.55 * step(0.55, 1.0, knots)
    hue = np.stack([2.0 * broad, -1.0 * broad, -3.0 * broad], axis=-1)
    return ramp(tone, light, dark) + hue, np.asarray(0.8 - 0.25 * vessel - 0.12 * late + 0.03 * fibre)


def _planks(
    size: int, rows: int, grain: tuple[Picture, Field], seed: int, vary: float, seam: float = 0.0035
) -> tuple[Picture, Field]:
    """Boards along u, each with its own piece of the grain and tone, dark seams, staggered joints."""
    rng = np.random.default_rng(seed)
    x, y = plane(size)
    row = np.minimum((y * rows).astype(int), rows - 1)
    joint = (np.arange(rows) * 0.382 + rng.uniform(0, 0.1, rows)) % 1
    along = (x - joint[row]) % 1
    at_x, at_y, tone, warm = (rng.random(rows) for _ in range(4))
    colour = sample(grain[0], x + at_x[row], (y + at_y[row]) % 1)
    height = sample(grain[1], x + at_x[row], (y + at_y[row]) % 1)
    shade = 1 + vary * (tone[row] * 2 - 1)
    tint = np.stack([1 + 0.03 * (warm - 0.5), np.ones(rows), 1 - 0.06 * (warm - 0.5)], axis=-1)[row]
    across = np.abs((y * rows) % 1 - 0.5)
    gap = np.minimum(0.5 - across, 1.0) / rows
    gap = np.minimum(gap, np.minimum(along, 1 - along))
    open_ = step(seam, seam * 0.25, gap)
    soft = step(seam * 4, 0, gap)
    picture = colour * shade[..., None] * tint * (1 - 0.72 * open_ - 0.12 * soft)[..., None]
    return picture.astype(np.float32), np.asarray(height * (1 - open_) - 0.1 * soft, np.float32)


def oak(size: int) -> Texture:
    grain = _grain(size, 11, 9, (208, 169, 122), (150, 104, 62), 0.22)
    colour, height = _planks(size, 4, grain, 12, 0.07)
    return Texture(rgb8(colour), 56, 0.45, unit_range(height, 0.05), 0.05)


def walnut(size: int) -> Texture:
    grain = _grain(size, 21, 7, (122, 84, 58), (58, 36, 24), 0.18)
    colour, height = _planks(size, 3, grain, 22, 0.10)
    return Texture(rgb8(colour), 56, 0.4, unit_range(height, 0.05), 0.04)


def whitewood(size: int) -> Texture:
    colour, height = _grain(size, 31, 8, (232, 227, 218), (196, 184, 168), 0.30)
    worn = step(0.7, 1.6, fbm(size, 33, 1.5, 3, stretch=(4, 1)))
    colour = mix(colour, mix(colour, (176, 152, 124), np.full_like(worn, 0.75)), worn)
    colour, height = _planks(size, 5, (colour, height), 32, 0.035, 0.005)
    return Texture(rgb8(colour), 60, 0.65, unit_range(height, 0.05), 0.08)


def wood_panel(size: int) -> Texture:
    grain = _grain(size, 41, 6, (178, 134, 92), (116, 78, 48), 0.18)
    colour, height = _planks(size, 6, grain, 42, 0.09, 0.006)
    return Texture(rgb8(colour), 72, 0.5, unit_range(height, 0.05), 0.4)


def parquet(size: int) -> Texture:
    """Herringbone: blocks 4 wide units long, the pattern repeats every 8 units."""
    n = 4
    x, y = plane(size)
    i, j = np.floor(x * 2 * n).astype(int), np.floor(y * 2 * n).astype(int)
    k = (i - j) % (2 * n)
    lying = k < n
    fx, fy = (x * 2 * n) % 1, (y * 2 * n) % 1
    along = np.where(lying, k + fx, (2 * n - 1 - k) + fy)
    across = np.where(lying, fy, fx)
    start = np.where(lying, (i - k) % (2 * n), i)
    other = np.where(lying, j, (j - (2 * n - 1 - k)) % (2 * n))
    block = (start * 2 * n + other) * 2 + lying
    rng = np.random.default_rng(52)
    count = 8 * n * n
    at_x, at_y, tone = rng.random(count), rng.random(count), rng.normal(0, 0.07, count)
    grain, height = _grain(size, 51, 10, (190, 146, 98), (138, 94, 56), 0.2)
    u, v = along / (2 * n) + at_x[block], across / (2 * n) + at_y[block]
    gap = np.minimum(np.minimum(across, 1 - across), np.minimum(along, n - along))
    open_ = step(0.028, 0.006, gap)
    colour = sample(grain, u, v) * (1 + tone[block] - 0.65 * open_ - 0.08 * step(0.12, 0, gap))[..., None]
    return Texture(rgb8(colour), 64, 0.35, np.asarray(sample(height, u, v) * (1 - open_), np.float32), 0.05)


def _veins(size: int, seed: int, low: float, width: float, bend: float) -> Field:
    """Cracks of varying thickness, 0 to 1: the zero lines of a bent noise, fading in and out."""
    x, y = plane(size)
    dx, dy, thin = (np.roll(f, (seed * 71, seed * 113), (0, 1)) for f in _flow(size))
    shape = fbm(size, seed, 3.0, low, 60, (1.0, 1.7)) + 0.03 * fbm(size, seed + 5, 1.2, 6)
    line = sample(shape, x + bend * (0.7 * dx + 0.3 * dy), y + bend * dy)
    thick = width * (0.2 + 1.8 * unit_range(thin) ** 2)
    edge = np.exp(-np.abs(line) / thick)
    return np.asarray(edge * step(-1.2, 0.6, dy[:, ::-1]), np.float32)


@functools.lru_cache(maxsize=2)
def _flow(size: int) -> tuple[Field, Field, Field]:
    """Bends along x and y, and thickness: shared by all veins, each at another offset."""
    return fbm(size, 58), fbm(size, 59), fbm(size, 60, 2.0, 2)


def white_marble(size: int) -> Texture:
    colour = ramp(unit_range(fbm(size, 61, 1.9)), (220, 220, 221), (238, 237, 236), (247, 246, 244))
    smoke = _veins(size, 57, 1, 0.55, 0.10)
    colour = mix(colour, (196, 197, 200), 0.42 * smoke)
    for seed, low, width, bend, strength in _VEINS:
        colour = mix(colour, (128, 128, 133), strength * _veins(size, seed, low, width, bend))
    colour = mix(colour, (190, 168, 136), 0.30 * _veins(size, 77, 1, 0.10, 0.10))
    return Texture(rgb8(colour), 70, 0.12)


def black_marble(size: int) -> Texture:
    colour = ramp(unit_range(fbm(size, 81, 1.7)), (14, 14, 17), (28, 28, 32), (42, 42, 47))
    colour = mix(colour, (70, 70, 76), 0.4 * _veins(size, 78, 1, 0.4, 0.1))
    for seed, low, width, bend, strength in _VEINS:
        vein = _veins(size, seed + 31, low, width * 0.5, bend)
        colour = mix(colour, (222, 214, 202), np.minimum(strength * 1.2, 0.9) * vein**1.2)
    colour = mix(colour, (190, 148, 86), 0.6 * _veins(size, 97, 1, 0.03, 0.10))
    return Texture(rgb8(colour), 70, 0.1)


# seed, lowest frequency, width, bend, strength: a few long veins, more branches, many hair cracks
_VEINS = (
    (62, 1, 0.075, 0.09, 0.85),
    (67, 1, 0.045, 0.07, 0.6),
    (72, 3, 0.035, 0.04, 0.4),
    (79, 8, 0.03, 0.02, 0.22),
)


def terrazzo(size: int) -> Texture:
    chips = np.array(
        [
            (196, 120, 92),
            (92, 104, 110),
            (222, 190, 150),
            (150, 158, 140),
            (60, 62, 66),
            (236, 232, 226),
            (176, 150, 130),
        ]
    )
    base = (226, 221, 213) + 3.0 * fbm(size, 101, 0.6, 20)[..., None]
    for across, seed, share, border in ((23, 102, 0.6, 0.16), (11, 105, 0.5, 0.22)):
        near, next_, index = cells(size, across, seed, 0.04)
        rng = np.random.default_rng(seed)
        count = across**2
        there = rng.random(count) < share
        reach = rng.uniform(0.25, 0.55, count)
        inside = step(border - 0.03, border + 0.03, next_ - near) * step(0.03, -0.03, near - reach[index])
        tone = chips[rng.integers(0, len(chips), count)] + rng.normal(0, 8, (count, 1))
        base = mix(base, tone[index], inside * there[index])
    return Texture(rgb8(base), 44, 0.2)


def concrete(size: int) -> Texture:
    cloud, fine = fbm(size, 111, 1.9), fbm(size, 112, 0.4, 30)
    near, _, index = cells(size, 16, 113)
    radius = np.random.default_rng(114).gamma(1.2, 0.035, 256)[index]
    pores = step(1.0, 0.6, near / radius)
    stain = step(0.6, 2.0, fbm(size, 115, 2.2, 1, stretch=(2.0, 1.0)))
    tone = 162 + 8.5 * cloud + 3.2 * fine - 13 * stain - 62 * pores
    colour = tone[..., None] * np.array([1.0, 0.992, 0.975])
    return Texture(rgb8(colour), 80, 0.8, unit_range(0.25 * cloud + 0.12 * fine - 4.0 * pores, 0.05), 0.12)


def slate(size: int) -> Texture:
    x, y = plane(size)
    layers = sample(fbm(size, 121, 1.9, 2), x + 0.05 * fbm(size, 122), y + 0.05 * fbm(size, 123))
    terraces = np.floor(layers * 2.2) / 2.2 + 0.35 * step(0.75, 1.0, (layers * 2.2) % 1)
    fine = fbm(size, 124, 0.9, 12, stretch=(1.0, 2.0))
    height = unit_range(terraces + 0.16 * fine + 0.2 * layers)
    rust = step(1.0, 2.2, fbm(size, 125, 1.8, 2))
    colour = ramp(height, (44, 48, 53), (66, 71, 76), (92, 97, 101)) + 3.5 * fine[..., None]
    return Texture(rgb8(mix(colour, (104, 86, 70), 0.35 * rust)), 50, 0.55, height, 0.25)


def plaster(size: int) -> Texture:
    x, y = plane(size)
    strokes = sample(
        fbm(size, 131, 1.3, 3, stretch=(1.0, 2.2)), x + 0.08 * fbm(size, 132), y + 0.08 * fbm(size, 133)
    )
    fine = fbm(size, 134, 0.6, 40)
    tone = 226 + 4.0 * fbm(size, 135, 2.0) + 3.0 * strokes + 1.3 * fine
    return Texture(
        rgb8(tone[..., None] * (1.0, 0.985, 0.96)), 120, 0.9, unit_range(strokes + 0.25 * fine), 0.25
    )


def _courses(size: int, rows: int, cols: int, shift: float) -> tuple[Field, Field, NDArray[np.int64]]:
    """Bricks or tiles: distance to the joint along x and y in brick heights, and the brick's number."""
    x, y = plane(size)
    row = np.minimum((y * rows).astype(int), rows - 1)
    along = x * cols + shift * (row % 2)
    fx, fy = along % 1, (y * rows) % 1
    dx = np.minimum(fx, 1 - fx) * rows / cols
    dy = np.minimum(fy, 1 - fy)
    return dx, dy, row * cols + np.floor(along).astype(np.int64) % cols


def brick(size: int) -> Texture:
    rows, cols = 10, 4
    dx, dy, index = _courses(size, rows, cols, 0.5)
    rough, cloud = fbm(size, 141, 1.0, 14), fbm(size, 142, 1.6, 3)
    edge = np.minimum(dx, dy) + 0.018 * rough
    face = step(0.07, 0.13, edge)
    rng = np.random.default_rng(143)
    tone = rng.random(rows * cols)[index]
    colour = ramp(
        np.clip(tone + 0.10 * cloud, 0, 1), (118, 62, 48), (158, 82, 60), (176, 104, 78), (142, 92, 76)
    )
    colour = colour + (5.5 * rough + 5 * cloud)[..., None]
    colour = mix(colour, (206, 196, 184), 0.20 * step(0.8, 2.0, fbm(size, 144, 1.5, 5)))
    mortar = (190, 182, 171) + 7.0 * fbm(size, 145, 0.7, 24)[..., None]
    height = face * (0.85 + 0.05 * rough + 0.1 * tone) + (1 - face) * 0.1
    return Texture(rgb8(mix(mortar, colour, face)), 84, 0.9, unit_range(height, 0.05), 0.8)


def tiles(size: int) -> Texture:
    rows, cols = 8, 4
    dx, dy, index = _courses(size, rows, cols, 0.5)
    edge = np.minimum(dx, dy)
    face = step(0.03, 0.05, edge)
    rng = np.random.default_rng(151)
    tone = 229 + rng.normal(0, 3.5, rows * cols)[index] + 2.2 * fbm(size, 152, 2.0, 3)
    grout = (178, 174, 168) + 5.0 * fbm(size, 153, 0.7, 30)[..., None]
    x, y = plane(size)
    lean = rng.normal(0, 1, (2, rows * cols))
    pillow = step(0.03, 0.16, edge) + 0.05 * (lean[0][index] * dx + lean[1][index] * dy)
    wave = 0.03 * fbm(size, 154, 2.4, 3, 14)
    return Texture(
        rgb8(mix(grout, tone[..., None] * np.array([1, 0.995, 0.98]), face)), 80, 0.06,
        unit_range(face * (pillow + wave), 0.05), 0.2,
    )  # fmt: skip


def _weave(size: int, threads: int, seed: int, slub: float) -> tuple[Field, Field]:
    """Plain weave: shade around 1 and height 0 to 1; ``threads`` each way, of uneven thickness."""
    x, y = plane(size)
    bend = 0.18 / threads
    x = x + bend * fbm(size, seed, 1.2, 4)
    y = y + bend * fbm(size, seed + 1, 1.2, 4)
    over = np.sin(np.pi * threads * x) * np.sin(np.pi * threads * y) > 0
    warp = np.abs(np.sin(np.pi * threads * x))
    weft = np.abs(np.sin(np.pi * threads * y))
    thick_x, thick_y = (
        fbm(size, seed + 2, 0.5, 4, threads, (1, 24)),
        fbm(size, seed + 3, 0.5, 4, threads, (24, 1)),
    )
    lift = np.where(over, warp * (0.55 + 0.45 * weft), weft * (0.55 + 0.45 * warp))
    thread = np.where(over, thick_x, thick_y)
    fuzz = fbm(size, seed + 4, 0.3, threads)
    shade = 0.80 + 0.26 * lift + slub * thread + 0.02 * fuzz
    return np.asarray(shade, np.float32), np.asarray(np.clip(lift + 2 * slub * thread, 0, 1), np.float32)


def linen(size: int) -> Texture:
    shade, height = _weave(size, 100, 161, 0.055)
    colour = shade[..., None] * np.array([224, 212, 192]) * (1 + 0.012 * fbm(size, 168, 2.0)[..., None])
    return Texture(rgb8(colour), 14, 0.95, height, 0.06)


def velvet(size: int) -> Texture:
    x, y = plane(size)
    nap = sample(
        fbm(size, 171, 1.9, 1, stretch=(1, 1.6)), x + 0.06 * fbm(size, 172), y + 0.06 * fbm(size, 173)
    )
    shade = 1 + 0.10 * nap + 0.035 * fbm(size, 174, 0.2, 60)
    return Texture(rgb8(shade[..., None] * np.array([112, 40, 62])), 40, 1.0, unit_range(nap), 0.2)


def leather(size: int) -> Texture:
    near, next_, index = cells(size, 51, 181, 0.12)
    crease = step(0.0, 0.22, next_ - near)
    folds = _veins(size, 182, 3, 0.03, 0.04)
    bulge = np.random.default_rng(187).random(51**2)[index]
    height = unit_range(
        crease * (0.8 + 0.2 * bulge) - 0.3 * near - 0.8 * folds + 0.05 * fbm(size, 188, 1.5, 4), 0.1
    )
    cloud = fbm(size, 189, 1.9)
    shade = 0.80 + 0.24 * height + 0.05 * cloud
    return Texture(rgb8(shade[..., None] * np.array([142, 88, 54])), 22, 0.42, height, 0.06)


def rug(size: int) -> Texture:
    """Wool loops in rows, with a quiet pattern of lozenges."""
    x, y = plane(size)
    near, _, index = cells(size, 72, 191)
    loops = np.clip(1 - near, 0, 1)
    lozenge = np.abs(((x * 4) % 1) - 0.5) + np.abs(((y * 4) % 1) - 0.5)
    line = step(0.07, 0.035, np.abs(lozenge - 0.5) + 0.012 * fbm(size, 192, 0.6, 20))
    tone = np.random.default_rng(193).normal(0, 0.05, 72**2)[index]
    shade = 0.62 + 0.44 * loops + tone + 0.03 * fbm(size, 194, 1.8, 2)
    colour = mix((226, 216, 200), (112, 104, 100), 0.85 * line) * shade[..., None]
    return Texture(rgb8(colour), 60, 1.0, unit_range(loops - 0.5 * line), 0.6)


def sand(size: int) -> Texture:
    """Wind ripples: steep on one side, forking here and there, over soft dunes."""
    x, y = plane(size)
    drift = 0.30 * fbm(size, 201, 2.6, 1, stretch=(1.0, 0.7)) + 0.035 * fbm(size, 202, 1.8, 5)
    phase = (y * 9 + drift * 1.9) % 1
    ripple = step(0, 0.7, phase) * step(1.0, 0.7, phase)
    strength = np.clip(0.75 + 0.3 * fbm(size, 203, 2.2, 1.5), 0.15, 1.2)
    grain = fbm(size, 204, 0.1, 90)
    height = unit_range(ripple * strength + 0.10 * drift + 0.03 * grain, 0.05)
    dark = step(2.3, 2.8, fbm(size, 205, 0.05, 120))
    tone = 0.88 + 0.13 * height + 0.03 * grain - 0.22 * dark
    return Texture(rgb8(tone[..., None] * np.array([228, 202, 162])), 60, 1.0, height, 1.1)


def snow(size: int) -> Texture:
    soft, crumbs = fbm(size, 211, 2.3, 1), fbm(size, 212, 0.8, 24)
    clods = np.clip(fbm(size, 213, 1.2, 10), 0, 3)
    height = unit_range(soft + 0.16 * clods + 0.06 * crumbs)
    spark = step(2.6, 3.1, fbm(size, 214, 0.05, 100))
    tone = 238 + 7 * (height - 0.5) + 1.6 * crumbs + 14 * spark
    return Texture(rgb8(tone[..., None] * np.array([0.985, 0.995, 1.012])), 70, 0.95, height, 2.0)


def moss(size: int) -> Texture:
    near, _, index = cells(size, 20, 221, 0.25)
    cushion = np.clip(1.05 - near, 0, 1) ** 0.7
    fronds = fbm(size, 222, 0.35, 26)
    tone = np.random.default_rng(223).normal(0, 0.13, 400)[index]
    height = unit_range(cushion + 0.22 * fronds + 0.4 * fbm(size, 224, 2.0, 1))
    colour = ramp(
        np.clip(0.12 + 0.62 * height + tone + 0.09 * fronds, 0, 1),
        (26, 38, 14),
        (66, 88, 28),
        (112, 134, 44),
        (160, 174, 78),
    )
    return Texture(rgb8(colour), 36, 1.0, height, 1.4)


def grass(size: int) -> Texture:
    """A lawn from above: thousands of short blades in every direction, the deeper ones darker."""
    rng = np.random.default_rng(231)
    blades = 9000
    depth = np.sort(rng.random(blades))
    at, angle = rng.random((blades, 2)), rng.normal(np.pi / 2, 0.9, blades)
    length, bend = rng.uniform(0.03, 0.075, blades), rng.normal(0, 0.5, blades)
    t = np.linspace(0, 1, max(size // 14, 8))
    turn = angle[:, None] + bend[:, None] * t
    x = at[:, :1] + length[:, None] * t * np.cos(turn)
    y = at[:, 1:] - length[:, None] * t * np.sin(turn)
    green = ramp(np.clip(depth + rng.normal(0, 0.16, blades), 0, 1).astype(np.float32),
                 (24, 40, 14), (58, 90, 30), (98, 132, 46), (152, 174, 82))  # fmt: skip
    picture = np.empty((size, size, 3), np.float32)
    picture[:] = (26, 34, 16)
    height = np.zeros((size, size), np.float32)
    cols, rows = (x * size).astype(int) % size, (y * size).astype(int) % size
    shade = (0.72 + 0.34 * t)[None, :, None]
    for side in (1, 0):  # two pixels wide, the left one lit
        spot = rows, (cols + side) % size
        picture[spot] = green[:, None] * shade * (1.0 - 0.22 * side)
        height[spot] = depth[:, None] * (0.6 + 0.4 * t)
    return Texture(rgb8(picture * (1 + 0.06 * fbm(size, 232, 2.0)[..., None])), 26, 1.0, height, 1.0)


def soil(size: int) -> Texture:
    near, _, index = cells(size, 39, 241, 0.3)
    crumb = np.clip(1 - near, 0, 1) * (0.5 + 0.5 * np.random.default_rng(242).random(39**2)[index])
    height = unit_range(crumb + 0.2 * fbm(size, 243, 1.2, 4))
    return Texture(rgb8(ramp(height, (30, 21, 15), (62, 44, 31), (98, 74, 54))), 20, 1.0, height, 0.5)


def metal(size: int) -> Texture:
    streak = fbm(size, 251, 0.25, 8, stretch=(140.0, 1.0)) + 0.5 * fbm(size, 252, 0.5, 2, stretch=(60.0, 1.0))
    cloud = fbm(size, 253, 2.0, 1, stretch=(3.0, 1.0))
    tone = 188 + 9 * streak + 4 * cloud
    return Texture(
        rgb8(tone[..., None] * np.array([0.985, 0.995, 1.01])), 40, 0.32, unit_range(streak), 0.004
    )


def paper(size: int) -> Texture:
    fibre = fbm(size, 261, 0.6, 24)
    tone = 240 + 1.6 * fibre + 1.2 * fbm(size, 262, 2.0)
    return Texture(rgb8(tone[..., None] * np.array([1, 0.995, 0.985])), 30, 0.95, unit_range(fibre), 0.01)


TEXTURES: dict[str, Callable[[int], Texture]] = {
    "oak": oak, "walnut": walnut, "whitewood": whitewood, "parquet": parquet, "wood_panel": wood_panel,
    "white_marble": white_marble, "black_marble": black_marble, "terrazzo": terrazzo, "concrete": concrete,
    "slate": slate, "plaster": plaster, "brick": brick, "tiles": tiles, "linen": linen, "velvet": velvet,
    "leather": leather, "rug": rug, "sand": sand, "snow": snow, "moss": moss, "grass": grass, "soil": soil,
    "metal": metal, "paper": paper,
}  # fmt: skip
