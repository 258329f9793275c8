"""Of the laid table and the kitchen: plates, glasses, bottles, boards, pots."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from caig_cli.painters.studio.materials import Colour, Material
from caig_cli.painters.studio.mesh import (
    Mesh,
    box,
    cylinder,
    extrude,
    grid,
    lathe,
    merge,
    sphere,
    torus,
    transform,
    tube,
)
from caig_cli.painters.studio.props.kit import (
    Parts,
    lumpy,
    pick,
    placed,
    shade,
    stand,
    turned,
    vessel_wall,
)
from caig_cli.painters.studio.textures import texture

GLAZES: tuple[Colour, ...] = ((244, 242, 236), (226, 214, 198), (150, 168, 166), (70, 82, 96))
CLEAR = Material("glass", (252, 253, 254), 0.0)
STEEL = Material("metal", (226, 226, 224), 0.2)
WOOD: Colour = (188, 136, 86)


def wood(repeats: tuple[float, float] = (1.0, 1.0), name: str = "oak") -> Material:
    return Material("matte", roughness=0.5, texture=texture(name, 256).colour, uv_scale=repeats)


def plate(rng: Generator, colour: Colour | None = None) -> Parts:
    """A dinner plate, 26 cm across, with knife and fork."""
    glaze = Material("plastic", colour or (246, 245, 241), 0.08)
    dish = lathe(
        [
            (0, 0.3),
            (6.6, 0.25),
            (6.8, 0),
            (7.4, 0),
            (8.2, 0.5),
            (10, 1.4),
            (13, 2.0),
            (13.05, 2.2),
            (12.8, 2.25),
            (9.8, 1.7),
            (8.4, 0.95),
            (0, 0.75),
        ],
        64,
    )
    fork, knife = transform(_fork(), (-15.6, 0, 0.25)), transform(_knife(), (15.4, 0, 0.2))
    return turned(rng, [(dish, glaze), (merge([fork, knife]), STEEL)], 8)


def one_plate(rng: Generator, colour: Colour | None = None) -> Parts:
    """A plate alone."""
    return stand(plate(rng, colour)[:1])


def _fork() -> Mesh:
    """A table fork along y, 19 cm."""
    t = np.linspace(0, 1, 12)
    shaft = tube(np.stack([0 * t, -9.5 + 13 * t, 0.25 * np.sin(np.pi * t)], -1), 0.32 - 0.14 * t, 8)
    head = transform(box((2.3, 2.0, 0.22), 0.1, 1), (0, 4.4, 0))
    tines = [transform(box((0.3, 4.4, 0.2), 0.05, 1), (x, 7.4, 0)) for x in (-0.95, -0.32, 0.32, 0.95)]
    return merge([shaft, head, *tines])


def _knife() -> Mesh:
    """A table knife along y, 21 cm."""
    blade = extrude([(-0.8, 0), (0.75, 0), (0.75, 9.5), (0.2, 11), (-0.5, 10)], 0.15)
    return merge([transform(box((1.3, 9.5, 0.5), 0.2, 1), (0, -5.6, 0)), transform(blade, (0, -1, 0.15))])


def wine_glass(rng: Generator, colour: Colour | None = None) -> Parts:
    """Two glasses of red wine, or of a wine of the given colour."""
    first, second = one_wine_glass(rng, colour), one_wine_glass(rng, colour)
    return turned(rng, [*placed(first, (-4.9, 0.8, 0)), *placed(second, (4.9, -0.8, 0))], 40)


def one_wine_glass(rng: Generator, colour: Colour | None = None) -> Parts:
    """A stemmed glass, 21 cm, a third full."""
    profile = [
        (0, 0),
        (3.6, 0),
        (3.65, 0.15),
        (1.0, 0.6),
        (0.42, 1.4),
        (0.36, 8.4),
        (1.0, 9.4),
        (3.0, 10.6),
        (4.1, 13.0),
        (4.15, 15.5),
        (3.5, 20.8),
    ]
    inner = [(3.38, 20.8), (4.0, 15.5), (3.95, 13.0), (2.9, 10.8), (0.9, 9.75), (0, 9.6)]
    level = rng.uniform(12.6, 13.6)
    wine = lathe([(0, 9.65), (0.88, 9.8), (2.86, 10.85), (3.9, level - 0.1), (3.86, level), (0, level)], 40)
    red = Material("plastic", colour or (92, 14, 28), 0.04)
    return stand([(lathe([*profile, *inner], 48), CLEAR), (wine, red)])


def champagne(rng: Generator, colour: Colour | None = None) -> Parts:
    """Two flutes of sparkling wine."""
    first, second = one_flute(rng, colour), one_flute(rng, colour)
    return turned(rng, [*placed(first, (-3.6, 0.6, 0)), *placed(second, (3.6, -0.6, 0))], 40)


def one_flute(rng: Generator, colour: Colour | None = None) -> Parts:
    """A flute, 23 cm."""
    outside = [
        (0, 0),
        (3.1, 0),
        (3.15, 0.15),
        (0.8, 0.5),
        (0.34, 1.2),
        (0.32, 8.0),
        (0.9, 8.8),
        (2.3, 13.0),
        (2.5, 22.5),
    ]
    glass = lathe([*outside, (2.36, 22.5), (2.16, 13.0), (0.8, 9.3), (0, 9.1)], 40)
    level = rng.uniform(18.0, 20.0)
    wine = lathe([(0, 9.2), (0.78, 9.4), (2.1, 13.0), (2.28, level), (0, level)], 36)
    return stand([(glass, CLEAR), (wine, Material("plastic", colour or (232, 196, 112), 0.05))])


def cocktail(rng: Generator, colour: Colour | None = None) -> Parts:
    """A tumbler with a long drink, ice, a straw and a slice on the rim."""
    drink = colour or pick(rng, ((238, 140, 70), (226, 84, 92), (150, 200, 120)))
    glass = vessel_wall([(0, 0), (3.2, 0), (3.3, 0.2), (3.7, 13.0)], 0.22)
    body = lathe([(0, 0.4), (2.95, 0.4), (3.3, 10.6), (0, 10.6)], 40)
    ice = [
        transform(box(2.0, 0.3), (x, y, 9.6), (20, 10, turn))
        for x, y, turn in ((-1.1, 0.3, 10), (1.1, -0.5, 50))
    ]
    straw = tube([(0.6, 0.4, 3.0), (1.8, 0.8, 12.0), (3.0, 1.2, 18.0)], 0.3, 10)
    wheel = transform(cylinder(2.4, 0.5, 0.1, 32), (-3.5, 0, 12.6), (0, 80, 0))
    return turned(
        rng,
        [
            (glass, CLEAR),
            (body, Material("plastic", drink, 0.06)),
            (merge(ice), CLEAR),
            (straw, Material("plastic", (240, 238, 232), 0.3)),
            (wheel, Material("plastic", (246, 190, 70), 0.3)),
        ],
        60,
    )


def water_glass(rng: Generator, colour: Colour | None = None) -> Parts:
    """A tumbler of water, or of milk or juice in the given colour."""
    glass = vessel_wall([(0, 0), (3.0, 0), (3.1, 0.2), (3.6, 10.5)], 0.2)
    level = rng.uniform(7.0, 8.5)
    inside = lathe([(0, 0.4), (2.78, 0.4), (2.8 + 0.055 * level, level), (0, level)], 40)
    water = Material("glass", (236, 246, 250), 0.0) if colour is None else Material("plastic", colour, 0.1)
    return turned(rng, [(glass, CLEAR), (inside, water)])


def wine_bottle(rng: Generator, colour: Colour | None = None) -> Parts:
    """A bottle of wine, 31 cm, with a plain label."""
    tone = colour or pick(rng, ((34, 52, 38), (58, 40, 26), (26, 30, 34)))
    body = lathe(
        [
            (0, 0.6),
            (3.2, 0),
            (3.75, 0.4),
            (3.75, 18.5),
            (3.2, 21),
            (1.6, 23.2),
            (1.35, 24.5),
            (1.35, 29.5),
            (1.5, 29.6),
            (1.5, 30.4),
            (1.3, 30.5),
            (0, 30.5),
        ],
        56,
    )
    label = lathe([(3.79, 7.0), (3.79, 15.0)], 56)
    foil = lathe([(1.4, 24.8), (1.42, 29.4), (1.55, 29.5), (1.55, 30.6), (0, 30.6)], 40)
    return turned(
        rng,
        [
            (body, Material("plastic", tone, 0.03)),
            (label, Material("matte", (238, 232, 218), 0.8)),
            (foil, Material("metal", pick(rng, ((160, 40, 46), (206, 170, 96), (60, 60, 64))), 0.35)),
        ],
    )


def bowl(rng: Generator, colour: Colour | None = None) -> Parts:
    """An empty ceramic bowl, 15 cm across."""
    glaze = Material("plastic", colour or pick(rng, GLAZES), 0.12)
    t = np.linspace(0, np.pi / 2, 14)
    wide = rng.uniform(7.0, 7.6)
    side = np.stack([3.0 + (wide - 3.0) * np.sin(t), 0.6 + 6.0 * (1 - np.cos(t))], -1)
    return stand([(vessel_wall([(0, 0.3), (2.6, 0.3), (2.7, 0), (3.0, 0), *side], 0.35), glaze)])


def cutting_board(rng: Generator, colour: Colour | None = None) -> Parts:
    """A wooden board with a handle and a kitchen knife on it."""
    board = (
        wood((1.0, 1.0), pick(rng, ("oak", "walnut"))) if colour is None else Material("matte", colour, 0.5)
    )
    plank = transform(box((30, 19, 1.8), 0.35), (0, 0, 0))
    grip = transform(box((9, 4.5, 1.8), 0.6), (18.5, 0, 0))
    blade = extrude([(0, 0), (17, 0.4), (18.5, 1.4), (15, 3.4), (0, 3.6)], 0.18)
    handle = transform(box((11.5, 2.6, 1.4), 0.5), (-5.6, 1.8, -0.6))
    knife = placed(
        [(blade, STEEL), (handle, Material("plastic", (40, 36, 34), 0.4))],
        (-2, -5, 2.5),
        (0, 0, rng.uniform(5, 30)),
    )
    return turned(rng, [(merge([plank, grip]), board), *knife], 25)


def teapot(rng: Generator, colour: Colour | None = None) -> Parts:
    """A round teapot with its lid."""
    glaze = Material("plastic", colour or pick(rng, GLAZES), 0.08)
    body = lathe(
        [
            (0, 0.3),
            (3.8, 0.3),
            (4.2, 0),
            (5.6, 1.0),
            (7.4, 4.0),
            (7.3, 7.0),
            (5.4, 10.0),
            (3.4, 11.0),
            (0, 11.4),
        ],
        48,
    )
    knob = transform(sphere(1.0, 12, 20), (0, 0, 12.4))
    spout = tube([(5.8, 0, 3.6), (9.0, 0, 5.0), (10.0, 0, 8.0), (11.6, 0, 10.6)], [1.7, 1.25, 1.0, 0.75], 16)
    a = np.linspace(-1.3, 1.3, 14)
    handle = tube(np.stack([-6.2 - 4.2 * np.cos(a), 0 * a, 6.2 + 3.6 * np.sin(a)], -1), 0.62, 12)
    return turned(rng, [(merge([body, knob, spout, handle]), glaze)], 40)


def pan(rng: Generator, colour: Colour | None = None) -> Parts:
    """A cooking pot with lid and two handles."""
    steel = Material("metal", (214, 214, 214), 0.22) if colour is None else Material("plastic", colour, 0.15)
    body = cylinder(10.5, 12.0, 0.5, 56)
    lid = transform(lathe([(10.7, 0), (10.7, 0.6), (7.0, 1.6), (0, 2.0)], 56), (0, 0, 12.0))
    knob = transform(cylinder(1.6, 1.6, 0.4), (0, 0, 14.4))
    stem = transform(cylinder(0.6, 0.8), (0, 0, 13.8))
    ears = [
        transform(
            tube([(10.3, -3, 9), (13.2, -2.2, 9.4), (13.2, 2.2, 9.4), (10.3, 3, 9)], 0.55, 10),
            rotate=(0, 0, z),
        )
        for z in (0, 180)
    ]
    dark = Material("plastic", (42, 42, 44), 0.3)
    return turned(rng, [(merge([body, lid, *ears]), steel), (merge([knob, stem]), dark)], 40)


def rolling_pin(rng: Generator, colour: Colour | None = None) -> Parts:
    """A wooden rolling pin, lying."""
    tone = colour or WOOD
    pin = lathe(
        [
            (0, -20),
            (1.2, -20),
            (1.35, -19),
            (1.0, -14.6),
            (0.9, -14.2),
            (2.6, -14),
            (2.75, -13.6),
            (2.75, 13.6),
            (2.6, 14),
            (0.9, 14.2),
            (1.0, 14.6),
            (1.35, 19),
            (1.2, 20),
            (0, 20),
        ],
        36,
    )
    skin = texture("oak", 256).colour if colour is None else None
    lying = transform(pin, rotate=(0, 90, rng.uniform(-30, 30)))
    return stand([(lying, Material("matte", tone, 0.5, skin, (2, 1)))])


def flour(rng: Generator, colour: Colour | None = None) -> Parts:
    """A heap of flour and what the hand strew around it."""
    hill = lathe([(8.0, 0), (6.0, 0.5), (3.2, 2.2), (1.4, 3.2), (0, 3.5)], 48)
    dust = [
        transform(sphere(1.0, 6, 10), (x, y, 0), (0, 0, 0), (r, r * 0.8, 0.14))
        for x, y, r in zip(
            rng.normal(0, 6.0, 26), rng.normal(0, 5.0, 26), rng.uniform(0.3, 1.3, 26), strict=True
        )
    ]
    powder = Material("matte", colour or (246, 242, 234), 0.95)
    return stand([(lumpy(hill, rng, 0.10, 2.5), powder), (merge(dust), powder)])


def jar(rng: Generator, colour: Colour | None = None) -> Parts:
    """A glass of honey with a lid and a honey dipper before it."""
    tone = colour or (206, 128, 30)
    glass = cylinder(4.0, 9.0, 0.8, 48)
    lid = transform(cylinder(4.05, 1.6, 0.3, 48), (0, 0, 9.0))
    stick = transform(tube([(0, 0, 0), (0, 9, 0), (0, 15, 0)], 0.4, 10), (7.5, -8, 1.3))
    rings = [
        transform(torus(0.9, 0.35, 24, 8), (7.5, -8.0 + 0.75 * k, 1.3), (90, 0, 0)) for k in range(-3, 3)
    ]
    return turned(
        rng,
        [
            (glass, Material("plastic", tone, 0.03)),
            (lid, Material("metal", (222, 190, 120), 0.3)),
            (merge([stick, *rings]), Material("matte", shade(WOOD, 1.1), 0.6)),
        ],
        20,
    )


def kitchen_towel(rng: Generator, colour: Colour | None = None) -> Parts:
    """A dish cloth with woven stripes, dropped on the table."""
    u, v = np.meshgrid(np.linspace(-1, 1, 60), np.linspace(-1, 1, 40))
    fold = 0.9 * np.abs(np.sin(2.6 * u + 1.4 * v + rng.uniform(0, 6))) + 0.5 * np.abs(
        np.sin(4.1 * v - 1.2 * u)
    )
    points = np.stack(
        [13 * u + 0.8 * np.sin(3 * v), 9 * v + 0.8 * np.sin(3 * u), 0.15 + fold * (1 - 0.6 * u**2)], -1
    )
    tone = np.asarray(colour or pick(rng, ((60, 92, 140), (170, 60, 60), (96, 116, 96))), float)
    x = np.linspace(0, 1, 128)
    band = (
        (np.abs(x - 0.12) < 0.03)
        | (np.abs(x - 0.2) < 0.012)
        | (np.abs(x - 0.88) < 0.03)
        | (np.abs(x - 0.8) < 0.012)
    )
    skin = np.where(band[None, :, None], tone, np.array([240.0, 236, 226])) * np.ones((64, 1, 1))
    return turned(rng, [(grid(points), Material("fabric", texture=skin.astype(np.uint8)))], 40)
