"""Photos whose cut-out is known: products with a true soft alpha on grounds as shops and customers have them.

Everything follows from the names of split, product and ground. The splits have different products, and draw
the grounds' parameters anew: a method is tuned on ``tune``, its figures come from ``test``. Products of the
market and rooms of the studio take seconds to render; they are kept below the work folder.

Fair to methods that know shadows, and to those that do not: shadows, reflections and props belong to the
ground. What shines through the product, or is enclosed by it, is ground as far as the true alpha says.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from cutout_products import VERSION, Pixels, Rng, Split, Truth, keep, rng_of
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from caig_cli.cutouts.cutout import Cutout, resize
from caig_cli.records import Box

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

MAX_GROWTH = 1.3
"""A product is enlarged at most by this factor: softer edges than a camera's are no truth to learn from."""


# --- a product in a frame ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Frame:
    """A product in its place, before there is a ground: ``colours`` [H, W, 3] in levels, ``alpha`` [H, W] in
    0..1, ``box`` of the product (may reach beyond the frame)."""

    truth: Truth
    colours: Floats
    alpha: Floats
    white: Mask
    box: Box
    rng: Rng
    split: Split
    work: Path

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return self.alpha.shape[1], self.alpha.shape[0]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A photo's pixels before it is encoded, and the truth: alpha [H, W] in bytes, colours of the product
    [H, W, 3], ``white`` parts [H, W] that must stay."""

    product: str
    ground: str
    rgb: Pixels
    alpha: Pixels
    colours: Pixels
    white: Mask


def make_case(truth: Truth, ground: str, split: Split, work: Path) -> Case:
    """The photo of a product on a ground. Which light, place, size, noise: all from the names."""
    rng = rng_of(split, truth.name, ground)
    row = GROUNDS[ground]
    dressed = Truth(truth.name, row.dress(truth.rgba), truth.height_cm, truth.white)
    size, box = row.fit(dressed, rng)
    frame = _framed(dressed, size, box, rng, split, work)
    below = np.clip(row.make(frame), 0, 255)
    share = frame.alpha[..., None]
    if rng.random() < 0.5:
        rgb = _to_srgb(share * _to_linear(frame.colours) + (1 - share) * _to_linear(below))
    else:
        rgb = share * frame.colours + (1 - share) * below
    rgb = rgb + rng.normal(0, rng.uniform(0, 1.5), (*rgb.shape[:2], 1))
    return Case(
        truth.name, ground, _bytes(rgb), _bytes(frame.alpha * 255), _bytes(frame.colours), frame.white
    )


def _bytes(values: Floats) -> Pixels:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def encoded(case: Case, encoding: str) -> Pixels:
    """The photo [H, W, 3] as it is read back from a file: ``png``, or ``q75`` for JPEG 4:2:0."""
    if encoding == "png":
        return case.rgb
    file = io.BytesIO()
    Image.fromarray(case.rgb).save(file, "JPEG", quality=int(encoding[1:]), subsampling="4:2:0")
    return np.array(Image.open(file))


def _framed(truth: Truth, size: tuple[int, int], box: Box, rng: Rng, split: Split, work: Path) -> Frame:
    """The product, resized into its box; what lies outside the frame is cut off."""
    scaled = resize(Cutout(truth.rgba.copy()), (box.width, box.height)).rgba
    white = np.zeros(truth.rgba.shape[:2], np.uint8) if truth.white is None else np.uint8(255) * truth.white
    parts = np.asarray(Image.fromarray(white).resize((box.width, box.height), Image.Resampling.BOX)) > 250
    canvas = np.zeros((size[1], size[0], 5))
    top, left = max(0, box.top), max(0, box.left)
    bottom, right = min(size[1], box.bottom), min(size[0], box.right)
    inside = slice(top - box.top, bottom - box.top), slice(left - box.left, right - box.left)
    canvas[top:bottom, left:right, :4] = scaled[inside]
    canvas[top:bottom, left:right, 4] = parts[inside]
    return Frame(truth, canvas[..., :3], canvas[..., 3] / 255, canvas[..., 4] > 0, box, rng, split, work)


def _to_linear(levels: Floats) -> Floats:
    v = levels / 255
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def _to_srgb(light: Floats) -> Floats:
    v = np.clip(light, 0, 1)
    return 255 * np.where(v <= 0.0031308, 12.92 * v, 1.055 * v ** (1 / 2.4) - 0.055)


# --- how the product fills the frame ----------------------------------------------------------------------

Fit = Callable[[Truth, Rng], tuple[tuple[int, int], Box]]


def _roomy(
    truth: Truth, rng: Rng, longest: tuple[int, ...] = (800, 1000, 1200, 1600)
) -> tuple[tuple[int, int], Box]:
    """A frame of a usual shape, whose larger part (35 to 85 %) the product's longer side fills."""
    height, width = truth.rgba.shape[:2]
    share = float(rng.uniform(0.35, 0.85))
    side = min(int(rng.choice(longest)), max(800, int(MAX_GROWTH * max(height, width) / share)))
    aspect = float(rng.choice([1.0, 1.0, 0.8, 0.75, 4 / 3]))
    size = (side, round(side / aspect)) if aspect >= 1 else (round(side * aspect), side)
    scale = min(share * size[0] / width, share * size[1] / height, MAX_GROWTH)
    w, h = round(width * scale), round(height * scale)
    left = round((size[0] - w) * rng.uniform(0.35, 0.65))
    top = round((size[1] - h) * rng.uniform(0.45, 0.75))
    return size, Box(left, top, left + w, top + h)


def _small(truth: Truth, rng: Rng) -> tuple[tuple[int, int], Box]:
    """As ``_roomy``, for grounds that are slow to make."""
    return _roomy(truth, rng, (800, 900))


def _tight(truth: Truth, rng: Rng) -> tuple[tuple[int, int], Box]:
    """The product fills the frame up to 0 to 2 %, and one side of it is cut off by 5 to 12 %."""
    height, width = truth.rgba.shape[:2]
    scale = min(float(rng.choice([800, 1000, 1200])) / max(height, width), MAX_GROWTH)
    w, h = round(width * scale), round(height * scale)
    left, top, right, bottom = (round(max(w, h) * rng.uniform(0, 0.02)) for _ in range(4))
    lost = rng.uniform(0.05, 0.12)
    side = rng.integers(4)
    left = -round(lost * w) if side == 0 else left
    right = -round(lost * w) if side == 1 else right
    top = -round(lost * h) if side == 2 else top
    bottom = -round(lost * h) if side == 3 else bottom
    return (left + w + right, top + h + bottom), Box(left, top, left + w, top + h)


# --- shadows and light ------------------------------------------------------------------------------------

_COARSE = 4
"""Shadows are soft: they are made at a quarter of the size."""


def _reduced(frame: Frame) -> Floats:
    size = tuple(max(2, side // _COARSE) for side in frame.size)
    image = Image.fromarray(frame.alpha.astype(np.float32)).resize((size[0], size[1]), Image.Resampling.BOX)
    return np.asarray(image, np.float64)


def _enlarged(values: Floats, frame: Frame) -> Floats:
    """[h, w] to the frame's [H, W, 1]."""
    image = Image.fromarray(values.astype(np.float32)).resize(frame.size, Image.Resampling.BICUBIC)
    return np.asarray(image, np.float64)[..., None]


def _contact(frame: Frame) -> Floats:
    """What a soft shadow at the foot leaves of the light [H, W, 1]: tight where it touches, wide around."""
    alpha, rng = _reduced(frame), frame.rng
    base = min(frame.box.bottom / _COARSE, alpha.shape[0] - 1.0)
    high = frame.box.height / _COARSE
    squash, shear = rng.uniform(0.08, 0.22), rng.uniform(-0.6, 0.6)
    # Shadow row y comes from the product's row base - (base - y) / squash, shifted along the floor.
    matrix = np.array([[1 / squash, 0.0], [shear / squash, 1.0]])
    offset = np.array([base - base / squash, -shear * base / squash])
    cast = ndimage.affine_transform(alpha, matrix, offset, order=1)
    cast = ndimage.gaussian_filter(cast, high * rng.uniform(0.015, 0.05))
    foot = alpha.copy()
    foot[: max(0, int(base - 0.05 * high))] = 0
    tight = ndimage.gaussian_filter(ndimage.shift(foot, (0.01 * high, 0), order=1), 0.012 * high + 0.5)
    left = (1 - rng.uniform(0.15, 0.45) * cast) * (1 - rng.uniform(0.3, 0.6) * tight)
    return _enlarged(left, frame)


def _dropped(frame: Frame) -> Floats:
    """What the shadow of a lying product leaves of the light [H, W, 1], seen from above."""
    alpha, rng = _reduced(frame), frame.rng
    reach = max(alpha.shape) * rng.uniform(0.006, 0.025)
    angle = rng.uniform(0, 2 * math.pi)
    moved = ndimage.shift(alpha, (reach * math.sin(angle), reach * math.cos(angle)), order=1)
    return _enlarged(1 - rng.uniform(0.3, 0.6) * ndimage.gaussian_filter(moved, 0.6 * reach + 0.5), frame)


def _falloff(frame: Frame, least: float) -> Floats:
    """Light [H, W, 1] from one side: 1 at its brightest, down to ``least``."""
    v, u = (np.linspace(-1, 1, side) for side in reversed(frame.size))
    angle = frame.rng.uniform(0, 2 * math.pi)
    across = (math.sin(angle) * v[:, None] + math.cos(angle) * u[None] + 1.5) / 3
    return (1 - (1 - frame.rng.uniform(least, 1)) * across)[..., None]


def _plain(frame: Frame, colour: tuple[float, ...]) -> Floats:
    return np.ones((frame.size[1], frame.size[0], 1)) * np.asarray(colour, np.float64)


# --- grounds: each gives levels [H, W, 3] -----------------------------------------------------------------


def _white(frame: Frame) -> Floats:
    level = 255.0 if frame.rng.random() < 0.5 else frame.rng.uniform(247, 255)
    return _plain(frame, (level, level, level))


def _white_shadow(frame: Frame) -> Floats:
    return _white(frame) * _contact(frame)


def _grey_horizon(frame: Frame) -> Floats:
    rng, (width, height) = frame.rng, frame.size
    wall, floor = rng.uniform(110, 235), rng.uniform(120, 240)
    tint = 1 + rng.uniform(-0.02, 0.02, 3)
    v = np.linspace(0, 1, height)
    line = rng.uniform(0.4, 0.8)
    step = 1 / (1 + np.exp(-(v - line) * height / rng.uniform(0.7, 12)))
    grey = (
        wall * (1 - rng.uniform(0, 0.3) * (1 - v)) * (1 - step) + floor * (1 - rng.uniform(0, 0.2) * v) * step
    )
    return np.repeat(grey[:, None, None], width, axis=1) * tint * _contact(frame) * _falloff(frame, 0.85)


def _coloured(frame: Frame) -> Floats:
    from colorsys import hsv_to_rgb

    rng = frame.rng
    colour = hsv_to_rgb(rng.random(), rng.uniform(0.2, 0.9), rng.uniform(0.45, 1.0))
    shadow = _contact(frame) if rng.random() < 0.6 else _dropped(frame)
    return _plain(frame, tuple(255 * c for c in colour)) * _falloff(frame, 0.75) * shadow


def _dark(frame: Frame) -> Floats:
    level = frame.rng.uniform(8, 45)
    return (
        _plain(frame, tuple(level * frame.rng.uniform(0.9, 1.1, 3))) * _falloff(frame, 0.5) * _contact(frame)
    )


def _pale(frame: Frame) -> Floats:
    level = frame.rng.uniform(245, 255)
    return _plain(frame, (level, level, level)) * _falloff(frame, 0.97) * _contact(frame)


def _laid(frame: Frame, names: tuple[str, ...], *, dyed: bool = False) -> Floats:
    """A texture of the studio seen from above, with side light and the product's shadow."""
    from caig_cli.painters.studio.textures import texture, tinted
    from caig_cli.painters.studio.vocabulary import COLOURS

    rng = frame.rng
    name = str(rng.choice(names))
    colour = COLOURS[str(rng.choice(list(COLOURS)))]
    tile = (tinted(name, colour, 1024) if dyed else texture(name, 1024)).colour
    tile = np.rot90(tile, int(rng.integers(4)))
    tile = np.roll(tile, rng.integers(0, 1024, 2), (0, 1))
    side = int(max(frame.size) * rng.uniform(0.6, 1.3))
    tile = np.asarray(Image.fromarray(tile).resize((side, side), Image.Resampling.LANCZOS), np.float64)
    ground = np.tile(tile, (2, 2, 1))[: frame.size[1], : frame.size[0]]
    return ground * _falloff(frame, 0.6) * _dropped(frame)


def _wood(frame: Frame) -> Floats:
    return _laid(frame, ("oak", "walnut", "whitewood", "parquet"))


def _marble(frame: Frame) -> Floats:
    return _laid(frame, ("white_marble", "black_marble", "white_marble", "terrazzo"))


def _fabric(frame: Frame) -> Floats:
    rng = frame.rng
    folds = ndimage.zoom(rng.normal(0, 1, (7, 7)), 12, order=3)
    return _laid(frame, ("linen", "velvet", "rug"), dyed=True) * _enlarged(
        1 + 0.08 * np.clip(folds, -2, 2), frame
    )


def _mirrored(frame: Frame) -> Floats:
    """A glossy table: the product again below its foot, upside down, fading."""
    rng, base = frame.rng, min(frame.box.bottom, frame.size[1])
    level = float(rng.choice([255, rng.uniform(225, 250), rng.uniform(15, 60)]))
    ground = _plain(frame, (level, level, level)) * (_falloff(frame, 0.85) if level < 255 else 1)
    depth = min(base, frame.size[1] - base)
    if depth < 2:
        return ground
    fade = np.clip(1 - np.arange(depth) / (rng.uniform(0.25, 0.6) * frame.box.height), 0, 1)
    sigma = (rng.uniform(0.4, 3.0),) * 2
    above = slice(base - depth, base)
    share = ndimage.gaussian_filter(frame.alpha[above][::-1], sigma)[..., None]
    image = ndimage.gaussian_filter(
        frame.colours[above][::-1] * frame.alpha[above][::-1, :, None], (*sigma, 0)
    )
    strength = rng.uniform(0.2, 0.5) * fade[:, None, None]
    ground[base : base + depth] += strength * (image - share * ground[base : base + depth])
    return ground


def _near(frame: Frame) -> Floats:
    """Behind a product that fills the frame: white, or something lighter than grey."""
    white = frame.rng.random() < 0.6
    return (
        _white(frame)
        if white
        else _plain(frame, tuple(frame.rng.uniform(180, 250, 3))) * _falloff(frame, 0.8)
    )


ROOMS = {
    "room, sharp": ("none", ("window_light", "softbox", "hard_sun", "overcast"),
                    ("plaster", "brick", "shelves", "tiles", "wood_panel", "curtain")),
    "room, blurred": ("strong", ("window_light", "golden_hour", "softbox", "backlight"),
                      ("window", "shelves", "foliage", "bokeh_city", "curtain", "brick")),
    "room, dim": ("soft", ("candlelight", "spotlight", "night_neon", "moonlight"),
                  ("plaster", "brick", "shelves", "dark", "wood_panel", "tiles")),
}  # fmt: skip
"""Blur, lights and backdrops of the studio's rooms."""
_TABLES = (
    "oak",
    "walnut",
    "whitewood",
    "white_marble",
    "black_marble",
    "terrazzo",
    "concrete",
    "slate",
    "linen",
)


def _room(kind: str) -> Callable[[Frame], Floats]:
    def make(frame: Frame) -> Floats:
        path = frame.work / "rooms" / f"{VERSION}-{frame.split}-{kind.split()[-1]}-{frame.truth.name}.png"
        if not path.is_file():
            file = io.BytesIO()
            Image.fromarray(_rendered(kind, frame)).save(file, "PNG", compress_level=3)
            keep(path, file.getvalue())
        return np.asarray(Image.open(path), np.float64)

    return make


def _rendered(kind: str, frame: Frame) -> Pixels:
    """A set of the studio with the product's shadow in it. Draws from a generator of its own: it is kept."""
    from caig_cli.painters.studio.painter import photograph
    from caig_cli.painters.studio.scene import Scene
    from caig_cli.painters.studio.vocabulary import MOODS, PROPS

    rng = rng_of("room", frame.split, kind, frame.truth.name)
    blur, lights, backdrops = ROOMS[kind]
    props = tuple(map(str, rng.choice(PROPS, int(rng.integers(1, 4)), replace=False)))
    surface, backdrop, light, mood = (str(rng.choice(names)) for names in (_TABLES, backdrops, lights, MOODS))
    scene = Scene(surface, backdrop, props, light, mood, blur)
    seed, cutout = int(rng.integers(2**31)), Cutout(frame.truth.rgba.copy())
    return photograph(scene, cutout, frame.size, frame.box, frame.truth.height_cm, seed)


# --- table ------------------------------------------------------------------------------------------------


def _as_is(rgba: Pixels) -> Pixels:
    return rgba


def _darkened(rgba: Pixels) -> Pixels:
    """A product in the dark: a quarter of its light."""
    return np.dstack([np.rint(rgba[..., :3] * 0.3).astype(np.uint8), rgba[..., 3]])


def _whitened(rgba: Pixels) -> Pixels:
    """The product in white: a fifth of what its colours lack of white."""
    return np.dstack([255 - np.rint((255.0 - rgba[..., :3]) * 0.2).astype(np.uint8), rgba[..., 3]])


@dataclass(frozen=True, slots=True)
class Ground:
    """``dress`` changes the product's colours; ``drawn``: only for the drawn products with holes."""

    make: Callable[[Frame], Floats]
    fit: Fit = _roomy
    dress: Callable[[Pixels], Pixels] = _as_is
    drawn: bool = False


GROUNDS = {
    "white": Ground(_white),
    "white, shadow": Ground(_white_shadow),
    "grey, horizon": Ground(_grey_horizon),
    "coloured paper": Ground(_coloured),
    "dark on dark": Ground(_dark, dress=_darkened),
    "white on white": Ground(_pale, dress=_whitened),
    "wood, from above": Ground(_wood),
    "marble, from above": Ground(_marble),
    "fabric": Ground(_fabric),
    "mirrored": Ground(_mirrored),
    "tight crop": Ground(_near, fit=_tight),
    **{kind: Ground(_room(kind), fit=_small) for kind in ROOMS},
    "holes, white": Ground(_white_shadow, drawn=True),
    "holes, coloured": Ground(_coloured, drawn=True),
}
