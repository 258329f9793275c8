"""What is tried of what a prompt model wrote: what suits, and plain sets for the rest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from caig_cli.cutouts.cutout import Cutout
from caig_cli.generating.ads import AS_GIVEN, AS_PLAIN, origin_of, varied, writing
from caig_cli.generating.config import GenerateRecipe
from caig_cli.generating.order import OrderItem
from caig_cli.mllm.writing import Writer
from caig_cli.painters import Shot
from caig_cli.painters.plain_sets import is_plain
from caig_cli.recipe import resolve
from caig_cli.records import Product

GOOD = "on a walnut table before a plaster wall, soft window light"
ODD = "on soft beach sand with lemons and ribbons before a brick wall, colourful neon lighting"
ITEM = OrderItem(
    product=Product("p", Path("p.png"), "Boxing Gloves"), prompt=None, writes=True, n=2, candidates=4,
    ranked=True, sizes=((64, 64),), placement=None, scale=None, stance=None, relight=False, seed=1,
    cutout="auto",
)  # fmt: skip
CUTOUT = Cutout(np.full((40, 50, 4), 255, np.uint8))


class Wrote:
    """A writer whose model has written these prompts."""

    def __init__(self, *prompts: str) -> None:
        self.prompts = list(prompts)

    def write(self, *args: Any, **options: Any) -> list[str]:
        return self.prompts


def tried(item: OrderItem, *prompts: str) -> list[str]:
    return writing(cast("Writer", Wrote(*prompts)), resolve(GenerateRecipe))(item, CUTOUT)


def test_plain_sets_take_the_place_of_what_is_odd() -> None:
    prompts = tried(ITEM, *[ODD] * 10, GOOD, ODD)
    assert len(prompts) == len(set(prompts)) == 4 and prompts.count(GOOD) == 1
    assert sum(map(is_plain, prompts)) == 3
    assert not any(map(is_plain, tried(ITEM, *[GOOD] * 12)))


def test_a_users_words_are_never_sorted_out() -> None:
    assert tried(replace(ITEM, prompt=ODD, writes=False)) == [ODD] * 4
    assert tried(replace(ITEM, prompt=ODD), *[ODD] * 4) == [ODD] * 4


def test_where_a_prompt_is_from_is_reported() -> None:
    plain = tried(ITEM, *[ODD] * 12)[0]
    assert origin_of(ITEM, plain) == AS_PLAIN and origin_of(ITEM, GOOD) == {}
    assert origin_of(replace(ITEM, writes=False), plain) == AS_GIVEN


def test_ads_of_one_prompt_do_not_follow_each_other() -> None:
    best = [(Shot(CUTOUT, prompt, (64, 64), seed), None) for seed, prompt in enumerate("aabac")]
    assert [shot.seed for shot, _ in varied(best)] == [0, 2, 4, 1, 3]
    same = [(Shot(CUTOUT, "a", (64, 64), seed), None) for seed in range(3)]
    assert varied(same) == same
