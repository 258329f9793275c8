"""The table of shapes: what a product can look like, and the word that people say for it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from caig_cli.market import bags, bottles, devices, furniture, household, packaging, toys, wearables
from caig_cli.market.look import Finish, Look, Part


@dataclass(frozen=True, slots=True)
class Shape:
    """``family`` names the object ("a pump bottle"); ``finishes`` are what it is made of."""

    family: str
    build: Callable[[random.Random, Look], list[Part]]
    finishes: tuple[Finish, ...]


_PLASTIC: tuple[Finish, ...] = ("gloss", "satin")
_PAPER: tuple[Finish, ...] = ("satin",)

SHAPES: dict[str, Shape] = {
    "bottle": Shape("bottle", bottles.bottle, _PLASTIC),
    "glass bottle": Shape("bottle", bottles.glass_bottle, ("glass",)),
    "spirit bottle": Shape("bottle", bottles.spirit_bottle, ("glass",)),
    "perfume bottle": Shape("perfume bottle", bottles.perfume_bottle, ("glass", "gloss")),
    "pump bottle": Shape("pump bottle", bottles.pump_bottle, _PLASTIC),
    "spray bottle": Shape("spray bottle", bottles.spray_bottle, _PLASTIC),
    "dropper bottle": Shape("dropper bottle", bottles.dropper_bottle, ("glass", "satin")),
    "jug": Shape("jug", bottles.jug, _PLASTIC),
    "jar": Shape("jar", packaging.jar, ("gloss", "satin", "glass")),
    "can": Shape("can", packaging.can, ("gloss", "satin", "metal")),
    "tub": Shape("cup", packaging.tub, _PAPER),
    "tube": Shape("tube", packaging.squeeze_tube, ("gloss", "satin", "metal")),
    "pouch": Shape("pouch", packaging.pouch, ("gloss", "satin")),
    "carton": Shape("box", packaging.carton, _PAPER),
    "drink carton": Shape("carton", packaging.drink_carton, _PAPER),
    "baby bottle": Shape("baby bottle", bottles.baby_bottle, _PLASTIC),
    "mug": Shape("mug", household.mug, ("gloss", "satin")),
    "pan": Shape("pan", household.pan, ("satin", "gloss", "metal")),
    "flask": Shape("flask", household.flask, ("satin", "metal", "gloss")),
    "book": Shape("book", household.book, ("satin", "gloss")),
    "candle": Shape("candle", household.candle, ("glass", "satin")),
    "lipstick": Shape("lipstick", wearables.lipstick, ("gloss", "satin")),
    "ring": Shape("ring", wearables.ring, ("glass",)),
    "watch": Shape("watch", wearables.watch, ("satin", "fabric")),
    "headphones": Shape("headphones", devices.headphones, ("gloss", "satin")),
    "glasses": Shape("pair of glasses", wearables.glasses, ("gloss",)),
    "ball": Shape("ball", toys.ball, ("satin",)),
    "plush": Shape("plush toy", toys.plush, ("fabric",)),
    "shoe": Shape("shoe", wearables.shoe, ("fabric", "satin")),
    "blocks": Shape("pile of blocks", toys.blocks, ("gloss",)),
    "speaker": Shape("speaker", devices.speaker, ("satin", "gloss")),
    "power bank": Shape("power bank", devices.power_bank, ("satin", "gloss")),
    "keyboard": Shape("keyboard", devices.keyboard, ("satin",)),
    "cushion": Shape("cushion", household.cushion, ("fabric",)),
    "lamp": Shape("lamp", household.lamp, ("satin",)),
    "vase": Shape("vase", household.vase, ("gloss", "satin", "glass")),
    "chair": Shape("chair", furniture.chair, ("fabric", "wood")),
    "cabinet": Shape("cabinet", furniture.cabinet, ("wood",)),
    "table": Shape("table", furniture.table, ("wood",)),
    "piano": Shape("piano", furniture.piano, ("gloss", "wood")),
    "handbag": Shape("handbag", bags.handbag, ("satin", "fabric")),
    "backpack": Shape("backpack", bags.backpack, ("fabric",)),
}
