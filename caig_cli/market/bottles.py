"""Bottles of all kinds, with caps, pumps, sprayers and droppers."""

from __future__ import annotations

import math
import random

from caig_cli.market.forms import bend, foot, oval, raised, smooth
from caig_cli.market.look import Part, ProductLook
from caig_cli.painters.studio.materials import Material
from caig_cli.painters.studio.mesh import Mesh, box, cylinder, lathe, merge, sphere, transform, tube


def _labelled(
    rng: random.Random, look: ProductLook, radius: float, low: float, high: float, depth: float = 1.0
) -> Part:
    """A paper label around a straight part of a body, a hair wider than it."""
    aspect = math.tau * radius / (high - low)
    word = rng.choice(("white", "cream", look.accent, look.accent, "black"))
    art = look.wrap(rng, aspect, share=1.0) if rng.random() < 0.25 else None
    if art is None:
        from_accent = ProductLook(
            word, look.accent if word != look.accent else "white", look.finish, look.brand, look.noun
        )
        art = from_accent.wrap(rng, aspect, share=1.0)
    sleeve = lathe([(radius * 1.006, low), (radius * 1.006, high)], 56)
    return oval(sleeve, depth), Material("plastic", roughness=0.4, texture=art)


def _bottle(
    rng: random.Random, look: ProductLook, *, radius: float, body: float, shoulder: float, neck: float,
    throat: float, depth: float = 1.0, kind: str = "round", label: bool = True,
) -> tuple[list[Part], float]:  # fmt: skip
    """A bottle without its cap, and the height of its mouth: straight body, shoulder, neck."""
    top = body + shoulder
    profile = [*foot(radius, radius * rng.uniform(0.08, 0.3)), (radius, body)]
    profile += [*bend((radius, body), (throat, top), kind=kind), (throat, top + neck), (0.0, top + neck)]
    mesh = oval(lathe(profile, 56), depth)
    if not label:
        texture = look.wrap(rng, math.tau * radius / (top + neck))
        return [(mesh, look.body(rng, texture=texture))], top + neck
    low, high = body * rng.uniform(0.08, 0.25), body * rng.uniform(0.75, 0.95)
    return [(mesh, look.body(rng)), _labelled(rng, look, radius, low, high, depth)], top + neck


def bottle(rng: random.Random, look: ProductLook) -> list[Part]:
    """A plastic bottle with a screw or flip cap: care, cleaning, medicine."""
    throat = rng.uniform(0.9, 1.5)
    radius = rng.uniform(2.4, 3.4)
    parts, top = _bottle(
        rng, look, radius=radius, body=rng.uniform(8, 14), shoulder=rng.uniform(0.8, 4), neck=0.6,
        throat=throat, depth=rng.choice((1.0, 0.75, 0.6)), kind=rng.choice(("round", "soft")),
    )  # fmt: skip
    wide = throat * rng.uniform(1.05, 1.5)
    cap = cylinder(wide, rng.uniform(1.4, 3.6), 0.2, 40)
    return [*parts, (raised(cap, top - 0.3), look.trim(rng))]


def glass_bottle(rng: random.Random, look: ProductLook) -> list[Part]:
    """A slender bottle with a long neck: wine, beer, oil, sauce."""
    radius, throat = rng.uniform(2.4, 3.2), rng.uniform(0.85, 1.15)
    parts, top = _bottle(
        rng, look, radius=radius, body=rng.uniform(9, 14), shoulder=rng.uniform(2, 6), neck=rng.uniform(3, 6),
        throat=throat, kind=rng.choice(("round", "soft", "soft")),
    )  # fmt: skip
    cap = look.trim(rng)
    if rng.random() < 0.5:  # foil down the neck
        return [*parts, (raised(cylinder(throat * 1.05, rng.uniform(2.5, 4.5), 0.1, 40), top - 2.4), cap)]
    return [
        *parts,
        (raised(cylinder(throat * rng.uniform(1.15, 1.5), rng.uniform(0.8, 1.8), 0.1, 40), top - 0.4), cap),
    ]


def spirit_bottle(rng: random.Random, look: ProductLook) -> list[Part]:
    """A stout bottle with broad shoulders and a stopper: whisky, gin, liqueur."""
    radius, throat = rng.uniform(3.2, 4.4), rng.uniform(1.0, 1.4)
    parts, top = _bottle(
        rng, look, radius=radius, body=rng.uniform(8, 12), shoulder=rng.uniform(1.2, 2.6),
        neck=rng.uniform(2.5, 4.5), throat=throat, depth=rng.choice((1.0, 0.62)),
    )  # fmt: skip
    stopper = cylinder(throat * rng.uniform(1.2, 1.6), rng.uniform(1.2, 2.2), 0.15, 40)
    return [*parts, (raised(stopper, top - 0.2), look.trim(rng))]


def perfume_bottle(rng: random.Random, look: ProductLook) -> list[Part]:
    """A small heavy flacon, square or round, with a tall cap."""
    width, depth, height = rng.uniform(4.5, 7), rng.uniform(2.5, 4), rng.uniform(5, 9)
    trim = look.trim(rng)
    art = look.box_art(rng)
    body: Mesh
    if rng.random() < 0.7:
        body = box((width, depth, height), bevel=rng.uniform(0.2, 0.9), steps=4)
    else:
        profile = [*foot(width / 2, 0.6), *bend((width / 2, height * 0.6), (0.8, height))]
        body, art = lathe(profile), look.wrap(rng, math.pi * width / height)
    collar, cap = cylinder(0.9, 0.9, 0.1), cylinder(rng.uniform(1.0, 1.5), rng.uniform(1.8, 3.4), 0.2)
    if rng.random() < 0.3:
        cap = raised(sphere(rng.uniform(1.2, 1.7)), 1.2)
    gold = Material("metal", (206, 178, 120), roughness=0.25)
    return [
        (body, look.body(rng, texture=art)),
        (raised(collar, height - 0.1), gold),
        (raised(cap, height + 0.6), trim),
    ]


def pump_bottle(rng: random.Random, look: ProductLook) -> list[Part]:
    """A bottle with a pump head whose spout points sideways."""
    radius = rng.uniform(2.8, 3.8)
    parts, top = _bottle(
        rng, look, radius=radius, body=rng.uniform(7, 12), shoulder=rng.uniform(0.8, 3.2), neck=0.5,
        throat=1.2, depth=rng.choice((1.0, 0.7)), kind=rng.choice(("round", "soft")),
        label=rng.random() < 0.5,
    )  # fmt: skip
    trim, side = look.trim(rng), rng.choice((-1, 1))
    rise = rng.uniform(1.2, 2.4)
    collar, stem = cylinder(1.35, 1.3, 0.15), cylinder(0.45, rise + 0.6)
    head = cylinder(1.0, 0.8, 0.25)
    z = top + 1.1 + rise
    reach = rng.uniform(2.4, 3.4)
    spout = tube(
        [(0, 0, z + 0.5), (side * reach * 0.8, 0, z + 0.45), (side * reach, 0, z - 0.1)], [0.5, 0.42, 0.32]
    )
    pump = merge([raised(collar, top - 0.2), raised(stem, top + 0.9), raised(head, z), spout])
    return [*parts, (pump, trim)]


def spray_bottle(rng: random.Random, look: ProductLook) -> list[Part]:
    """A bottle with a trigger sprayer."""
    radius = rng.uniform(3, 3.8)
    parts, top = _bottle(
        rng, look, radius=radius, body=rng.uniform(7, 11), shoulder=rng.uniform(3, 6), neck=1.0, throat=1.3,
        depth=rng.choice((0.7, 0.55)), kind="soft",
    )  # fmt: skip
    trim, side = look.trim(rng), rng.choice((-1, 1))
    collar = cylinder(1.6, 1.4, 0.15)
    head = transform(box((5.2, 1.8, 1.7), 0.5, 3), translate=(side * 0.9, 0, top + 1.8))
    neck = raised(cylinder(1.1, 1.6), top + 0.6)
    nozzle = transform(box((0.9, 1.0, 1.0), 0.2), translate=(side * 3.8, 0, top + 2.1))
    trigger = tube(
        [(side * 2.2, 0, top + 2.0), (side * 2.9, 0, top + 0.4), (side * 2.4, 0, top - 1.4)], [0.5, 0.4, 0.3]
    )
    white = Material("plastic", look.colour(rng, rng.choice((look.accent, "white", "red"))), roughness=0.3)
    return [*parts, (merge([raised(collar, top - 0.3), neck, head]), trim), (merge([nozzle, trigger]), white)]


def dropper_bottle(rng: random.Random, look: ProductLook) -> list[Part]:
    """A small bottle with a rubber-headed pipette: serums, oils."""
    radius = rng.uniform(1.9, 2.5)
    parts, top = _bottle(
        rng, look, radius=radius, body=rng.uniform(4.5, 6.5), shoulder=rng.uniform(0.5, 1.2), neck=0.6,
        throat=1.0,
    )  # fmt: skip
    collar = Material("metal", rng.choice(((214, 176, 104), (205, 205, 208), (40, 40, 42))), roughness=0.3)
    bulb = lathe([*foot(0.85, 0.1), (0.8, 1.5), *bend((0.8, 1.5), (0.0, 2.7))], 32)
    rubber = Material("matte", look.colour(rng, rng.choice(("white", "black", look.accent))), roughness=0.55)
    return [*parts, (raised(cylinder(1.25, 1.5, 0.1), top - 0.5), collar), (raised(bulb, top + 1.0), rubber)]


def jug(rng: random.Random, look: ProductLook) -> list[Part]:
    """A wide bottle with a moulded handle: laundry detergent."""
    radius, height = rng.uniform(4.2, 5.4), rng.uniform(10, 13)
    profile = [
        *foot(radius, 0.8),
        (radius, height * 0.6),
        *bend((radius, height * 0.6), (1.6, height), kind="soft"),
    ]
    texture = look.wrap(rng, math.tau * radius / height)
    body = oval(lathe([*profile, (1.6, height + 0.6), (0, height + 0.6)], 56), 0.55)
    side = rng.choice((-1, 1))
    path = [
        (side * radius * x, 0, height * z) for x, z in ((0.35, 0.97), (0.75, 1.02), (1.0, 0.85), (1.02, 0.55))
    ]
    handle = tube(smooth(path), 0.75, 14)
    material = look.body(rng, texture=texture)
    grip = look.body(rng, colour=tuple(int(c) for c in texture[2, 2]))  # type: ignore[arg-type]
    cap = raised(cylinder(2.0, rng.uniform(2, 3), 0.3), height + 0.1)
    return [(body, material), (handle, grip), (cap, look.trim(rng))]


def baby_bottle(rng: random.Random, look: ProductLook) -> list[Part]:
    """A feeding bottle: wide ring and a teat."""
    radius, height = rng.uniform(2.4, 3), rng.uniform(8, 11)
    waist = radius * rng.uniform(0.82, 1.0)
    profile = [*foot(radius, 0.5), *bend((radius, height * 0.3), (waist, height * 0.55), kind="soft")]
    profile += bend((waist, height * 0.6), (radius, height * 0.85), kind="soft")
    profile += [(radius, height), (0, height)]
    ring = cylinder(radius * 1.1, 1.8, 0.3)
    teat = lathe(
        [
            (radius * 0.85, 0),
            *bend((radius * 0.85, 0.1), (0.6, 1.5), kind="soft"),
            *bend((0.6, 2.4), (0, 3.0)),
        ],
        40,
    )
    soft = Material("plastic", (226, 190, 140), roughness=0.3)
    pale = look.body(rng, texture=look.wrap(rng, math.tau * radius / height))
    return [
        (lathe(profile, 56), pale),
        (raised(ring, height - 0.1), look.trim(rng)),
        (raised(teat, height + 1.6), soft),
    ]
