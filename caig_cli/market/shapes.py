"""The table of shapes: what a product can look like, and the word that people say for it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from caig_cli.market import furnishings, goods, packaging
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
    "bottle": Shape("bottle", packaging.bottle, _PLASTIC),
    "glass bottle": Shape("bottle", packaging.glass_bottle, ("glass",)),
    "spirit bottle": Shape("bottle", packaging.spirit_bottle, ("glass",)),
    "perfume bottle": Shape("perfume bottle", packaging.perfume_bottle, ("glass", "gloss")),
    "pump bottle": Shape("pump bottle", packaging.pump_bottle, _PLASTIC),
    "spray bottle": Shape("spray bottle", packaging.spray_bottle, _PLASTIC),
    "dropper bottle": Shape("dropper bottle", packaging.dropper_bottle, ("glass", "satin")),
    "jug": Shape("jug", packaging.jug, _PLASTIC),
    "jar": Shape("jar", packaging.jar, ("gloss", "satin", "glass")),
    "can": Shape("can", packaging.can, ("gloss", "satin", "metal")),
    "tub": Shape("cup", packaging.tub, _PAPER),
    "tube": Shape("tube", packaging.squeeze_tube, ("gloss", "satin", "metal")),
    "pouch": Shape("pouch", packaging.pouch, ("gloss", "satin")),
    "carton": Shape("box", packaging.carton, _PAPER),
    "drink carton": Shape("carton", packaging.drink_carton, _PAPER),
    "baby bottle": Shape("baby bottle", packaging.baby_bottle, _PLASTIC),
    "mug": Shape("mug", goods.mug, ("gloss", "satin")),
    "pan": Shape("pan", goods.pan, ("satin", "gloss", "metal")),
    "flask": Shape("flask", goods.flask, ("satin", "metal", "gloss")),
    "book": Shape("book", goods.book, ("satin", "gloss")),
    "candle": Shape("candle", goods.candle, ("glass", "satin")),
    "lipstick": Shape("lipstick", goods.lipstick, ("gloss", "satin")),
    "ring": Shape("ring", goods.ring, ("glass",)),
    "watch": Shape("watch", goods.watch, ("satin", "fabric")),
    "headphones": Shape("headphones", goods.headphones, ("gloss", "satin")),
    "glasses": Shape("pair of glasses", goods.glasses, ("gloss",)),
    "ball": Shape("ball", goods.ball, ("satin",)),
    "plush": Shape("plush toy", goods.plush, ("fabric",)),
    "shoe": Shape("shoe", goods.shoe, ("fabric", "satin")),
    "blocks": Shape("pile of blocks", goods.blocks, ("gloss",)),
    "speaker": Shape("speaker", goods.speaker, ("satin", "gloss")),
    "power bank": Shape("power bank", goods.power_bank, ("satin", "gloss")),
    "keyboard": Shape("keyboard", goods.keyboard, ("satin",)),
    "cushion": Shape("cushion", goods.cushion, ("fabric",)),
    "lamp": Shape("lamp", furnishings.lamp, ("satin",)),
    "vase": Shape("vase", furnishings.vase, ("gloss", "satin", "glass")),
    "chair": Shape("chair", furnishings.chair, ("fabric", "wood")),
    "cabinet": Shape("cabinet", furnishings.cabinet, ("wood",)),
    "table": Shape("table", furnishings.table, ("wood",)),
    "piano": Shape("piano", furnishings.piano, ("gloss", "wood")),
    "handbag": Shape("handbag", furnishings.handbag, ("satin", "fabric")),
    "backpack": Shape("backpack", furnishings.backpack, ("fabric",)),
}
