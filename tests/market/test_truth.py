"""The frozen truth has the properties that its documentation promises."""

from __future__ import annotations

import hashlib
import json
import math
import random
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest

from caig_cli.market.scenes import TYPICAL
from caig_cli.market.truth import Truth, load_truth
from caig_cli.painters.studio import vocabulary
from caig_cli.painters.studio.language import Scene, random_scene

SCENES = 12_000


@pytest.fixture(scope="module")
def truth() -> Truth:
    return load_truth()


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    rng = random.Random(7)
    return [random_scene(rng) for _ in range(SCENES)]


def test_every_name_of_the_vocabulary_has_its_numbers(truth: Truth) -> None:
    names = {
        "surface": vocabulary.SURFACES,
        "backdrop": vocabulary.BACKDROPS,
        "light": vocabulary.LIGHTS,
        "mood": vocabulary.MOODS,
        "blur": vocabulary.BLURS,
        "props": vocabulary.PROPS,
    }
    for field, words in names.items():
        assert set(truth.appeal_table[field]) == set(words), field
    assert set(truth.base_logit) == set(truth.group_of)
    assert len(truth.group_of) >= 44
    assert sum(len(group.categories) for group in truth.groups.values()) == len(truth.group_of)


def test_a_uniform_scene_suits_20_to_30_percent_of_the_products(truth: Truth, scenes: list[Scene]) -> None:
    rate = np.mean([[truth.match(category, scene) for category in truth.group_of] for scene in scenes[:4000]])
    assert 0.20 <= rate <= 0.30


def test_appeal_has_its_spread_and_does_not_follow_the_match(truth: Truth, scenes: list[Scene]) -> None:
    appeal = np.array([truth.appeal(scene) for scene in scenes])
    categories = list(truth.group_of)
    suited = np.array([np.mean([truth.match(name, scene) for name in categories]) for scene in scenes])
    assert appeal.std() == pytest.approx(0.12, abs=0.006)
    correlation = np.corrcoef(appeal, suited)[0, 1]
    assert abs(correlation) < 4 / math.sqrt(SCENES)


def test_match_adds_its_logit_and_nothing_else_changes(truth: Truth) -> None:
    scene = Scene("oak", "plaster", (), "softbox", "neutral", "none")
    clash = replace(scene, props=("toy_blocks",))
    assert truth.match("tea", scene) and not truth.match("tea", clash)

    def logit(shown: Scene) -> float:
        rate = truth.ctr("p1", "tea", 0.5, shown)
        return math.log(rate / (1 - rate))

    appeal_of_prop = truth.appeal_table["props"]["toy_blocks"]
    assert logit(scene) - logit(clash) == pytest.approx(truth.match_logit - appeal_of_prop, abs=1e-9)


def test_contrast_is_the_documented_formula(truth: Truth) -> None:
    scene = Scene("oak", "dark", (), "softbox", "moody", "none")
    mixed = 0.6 * 0.05 + 0.4 * 0.58 - 0.15
    assert truth.contrast.logit(0.9, scene) == pytest.approx(0.15 * (abs(0.9 - mixed) - 0.25))


def test_product_effects_are_fixed_by_the_id_and_normal(truth: Truth) -> None:
    effects = np.array([truth.product_effect(f"p{i}") for i in range(4000)])
    assert truth.product_effect("p3") == effects[3]
    assert effects.std() == pytest.approx(0.15, abs=0.01)
    assert abs(effects.mean()) < 0.01


def test_the_file_is_frozen() -> None:
    text = (files("caig_cli.market") / "truth.json").read_text("utf-8")
    assert json.loads(text)["version"] == 1
    assert hashlib.sha256(text.encode()).hexdigest() == FROZEN


FROZEN = "cac9e6e2f0a803f8358f9dd20962ecc71250385a6ae5f075edeecda36275225d"


def test_what_is_typical_of_a_group_suits_it() -> None:
    truth = load_truth()
    assert TYPICAL.keys() == truth.groups.keys()
    for name, (surfaces, backdrops) in TYPICAL.items():
        assert set(surfaces.split()) <= truth.groups[name].surfaces
        assert set(backdrops.split()) <= truth.groups[name].backdrops
