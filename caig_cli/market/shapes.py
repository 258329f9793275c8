"""The table of shapes: what a product can look like, and the word that people say for it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from caig_cli.market import bags, bottles, devices, furniture, household, packaging, toys, wearables
from caig_cli.market.look import Finish, Part, ProductLook


@dataclass(frozen=True, slots=True)
class ProductShape:
    """``family`` names the object ("a pump bottle"); ``finishes`` are what it is made of."""

    family: str
    build: Callable[[random.Random, ProductLook], list[Part]]
    finishes: tuple[Finish, ...]


_PLASTIC: tuple[Finish, ...] = ("gloss", "satin")
_PAPER: tuple[Finish, ...] = ("satin",)

SHAPES: dict[str, ProductShape] = {
    "bottle": ProductShape("bottle", bottles.bottle, _PLASTIC),
    "glass bottle": ProductShape("bottle", bottles.glass_bottle, ("glass",)),
    "spirit bottle": ProductShape("bottle", bottles.spirit_bottle, ("glass",)),
    "perfume bottle": ProductShape("perfume bottle", bottles.perfume_bottle, ("glass", "gloss")),
    "pump bottle": ProductShape("pump bottle", bottles.pump_bottle, _PLASTIC),
    "spray bottle": ProductShape("spray bottle", bottles.spray_bottle, _PLASTIC),
    "dropper bottle": ProductShape("dropper bottle", bottles.dropper_bottle, ("glass", "satin")),
    "jug": ProductShape("jug", bottles.jug, _PLASTIC),
    "jar": ProductShape("jar", packaging.jar, ("gloss", "satin", "glass")),
    "can": ProductShape("can", packaging.can, ("gloss", "satin", "metal")),
    "tub": ProductShape("cup", packaging.tub, _PAPER),
    "tube": ProductShape("tube", packaging.squeeze_tube, ("gloss", "satin", "metal")),
    "pouch": ProductShape("pouch", packaging.pouch, ("gloss", "satin")),
    "carton": ProductShape("box", packaging.carton, _PAPER),
    "drink carton": ProductShape("carton", packaging.drink_carton, _PAPER),
    "baby bottle": ProductShape("baby bottle", bottles.baby_bottle, _PLASTIC),
    "mug": ProductShape("mug", household.mug, ("gloss", "satin")),
    "pan": ProductShape("pan", household.pan, ("satin", "gloss", "metal")),
    "flask": ProductShape("flask", household.flask, ("satin", "metal", "gloss")),
    "book": ProductShape("book", household.book, ("satin", "gloss")),
    "candle": ProductShape("candle", household.candle, ("glass", "satin")),
    "lipstick": ProductShape("lipstick", wearables.lipstick, ("gloss", "satin")),
    "ring": ProductShape("ring", wearables.ring, ("glass",)),
    "watch": ProductShape("watch", wearables.watch, ("satin", "fabric")),
    "headphones": ProductShape("headphones", devices.headphones, ("gloss", "satin")),
    "glasses": ProductShape("pair of glasses", wearables.glasses, ("gloss",)),
    "ball": ProductShape("ball", toys.ball, ("satin",)),
    "plush": ProductShape("plush toy", toys.plush, ("fabric",)),
    "shoe": ProductShape("shoe", wearables.shoe, ("fabric", "satin")),
    "blocks": ProductShape("pile of blocks", toys.blocks, ("gloss",)),
    "speaker": ProductShape("speaker", devices.speaker, ("satin", "gloss")),
    "power bank": ProductShape("power bank", devices.power_bank, ("satin", "gloss")),
    "keyboard": ProductShape("keyboard", devices.keyboard, ("satin",)),
    "cushion": ProductShape("cushion", household.cushion, ("fabric",)),
    "lamp": ProductShape("lamp", household.lamp, ("satin",)),
    "vase": ProductShape("vase", household.vase, ("gloss", "satin", "glass")),
    "chair": ProductShape("chair", furniture.chair, ("fabric", "wood")),
    "cabinet": ProductShape("cabinet", furniture.cabinet, ("wood",)),
    "table": ProductShape("table", furniture.table, ("wood",)),
    "piano": ProductShape("piano", furniture.piano, ("gloss", "wood")),
    "handbag": ProductShape("handbag", bags.handbag, ("satin", "fabric")),
    "backpack": ProductShape("backpack", bags.backpack, ("fabric",)),
}
