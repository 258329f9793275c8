"""The catalogue's promises: breadth, stability, no leak between splits, scenes that match where they must."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from caig_cli.market.captions import MISSING
from caig_cli.market.catalogue import SPLITS, item
from caig_cli.market.categories import load_categories
from caig_cli.market.dialogues import AD_TASKS, ROUND, ad_dialogues, photo_dialogues
from caig_cli.market.scenes import ad_prompt, ad_scenes, draft, improved, matching_scene
from caig_cli.market.shapes import SHAPES
from caig_cli.market.truth import load_truth
from caig_cli.mllm.instructions import TASKS
from caig_cli.painters.studio.language import read_core


def test_the_catalogue_is_as_broad_as_promised() -> None:
    categories = load_categories()
    nouns = [noun for category in categories.values() for noun in category.nouns]
    assert len(categories) >= 44
    assert len({shape.family for shape in SHAPES.values()}) >= 14
    assert len(set(nouns)) >= 300
    assert len(nouns) == len(set(nouns)), "a noun names one category"
    assert set(categories) == set(load_truth().group_of)


def test_every_category_has_what_a_product_needs() -> None:
    for category in load_categories().values():
        assert set(category.shapes) <= set(SHAPES)
        assert min(map(len, (category.nouns, category.variants, category.claims))) >= 5
        assert 0 < category.height_cm[0] < category.height_cm[1]


def test_a_product_depends_on_its_seed_and_number_only() -> None:
    assert item(7, 3) == item(7, 3)
    assert item(7, 3) != item(8, 3)
    assert len({(one.seed, one.id) for one in (item(0, i) for i in range(500))}) == 500


def test_any_stretch_has_all_categories_and_splits() -> None:
    stretch = [item(0, index) for index in range(120)]
    assert set(Counter(one.category for one in stretch).values()) == {2}
    assert Counter(one.split for one in stretch) == {"train": 96, "validation": 12, "test": 12}


def test_captions_look_like_those_of_shops() -> None:
    captions = [item(0, index).caption for index in range(1500)]
    written = [caption for caption in captions if caption is not None]
    assert MISSING / 2 < captions.count(None) / len(captions) < MISSING * 2
    assert len(set(written)) > 0.99 * len(written)
    lengths = [len(caption.split()) for caption in written]
    assert min(lengths) >= 4 and max(lengths) <= 40 and len(set(lengths)) > 20
    assert sum(caption.isupper() for caption in written) > 20
    assert sum("(" in caption for caption in written) > 50


def test_dialogues_are_in_the_llava_format_with_known_tasks() -> None:
    one = item(0, 5)
    rows = list(photo_dialogues(one, "products/x.png", 28))
    rows += ad_dialogues(one, "ads/x/0.png", 0, ad_scenes(one, 1)[0])
    assert len({row["id"] for row in rows}) == len(rows) == 28 + len(AD_TASKS)
    for row in rows:
        human, gpt = row["conversations"]
        assert (human["from"], gpt["from"]) == ("human", "gpt")
        assert human["value"].startswith("<image>\n") and gpt["value"]
        assert TASKS[row["task"]].question in human["value"]
    assert {row["task"] for row in rows} == set(ROUND) | set(AD_TASKS) == set(TASKS)


@pytest.mark.parametrize("index", range(12))
def test_written_prompts_suit_the_product_and_read_back(index: int) -> None:
    one, truth = item(3, index), load_truth()
    for row in photo_dialogues(one, "x.png", 14):
        answer = row["conversations"][1]["value"]
        if TASKS[row["task"]].family == "prompt":
            assert truth.match(one.category, read_core(answer).scene)
        elif row["task"] == "shape":
            assert answer.endswith(one.family)
        elif row["task"] == "product":
            assert one.family in answer and all(
                w.replace("_", " ") in answer for w in (one.look.main, one.look.accent)
            )
        elif row["task"] == "category":
            assert answer == one.category


def test_dialogues_of_an_ad_tell_its_scene_and_whether_that_suits() -> None:
    one, truth = item(3, 1), load_truth()
    said = set()
    for number, scene in enumerate(ad_scenes(one, 40)):
        told = {
            row["task"]: row["conversations"][1]["value"] for row in ad_dialogues(one, "x.png", number, scene)
        }
        assert told["advertised"] == one.category
        assert told["match"] == ("yes" if truth.match(one.category, scene) else "no")
        named = read_core(
            ", ".join(told[part] for part in ("surface", "backdrop", "light", "mood", "blur"))
        ).scene
        for part in ("surface", "light", "mood", "blur"):
            assert getattr(named, part) == getattr(scene, part)
        said.add(told["match"])
    assert said == {"yes", "no"}


def test_an_improved_draft_keeps_what_suits() -> None:
    rng = random.Random(5)
    scene = improved(rng, "on white marble with towels", "shower gel")
    assert scene.surface == "white_marble" and "towels" in scene.props
    clash = improved(rng, "on white marble, night neon", "shower gel")
    assert clash.light != "night_neon" and load_truth().match("shower gel", clash)
    for _ in range(40):
        assert load_truth().match("wine", improved(rng, draft(rng, "red wine"), "wine"))


def test_matching_scenes_are_drawn_from_all_that_match() -> None:
    rng, group = random.Random(0), load_truth().group_of["chair"]
    scenes = [matching_scene(rng, "chair") for _ in range(1200)]
    assert {scene.surface for scene in scenes} == group.surfaces
    assert {scene.backdrop for scene in scenes} == group.backdrops


def test_ads_of_a_product_differ_and_about_a_quarter_suit_it() -> None:
    truth, items = load_truth(), [item(0, index) for index in range(240)]
    scenes = [(one, scene) for one in items for scene in ad_scenes(one, 6)]
    assert all(len(set(ad_scenes(one, 6))) == 6 for one in items[:20])
    assert ad_scenes(items[0], 6)[:3] == ad_scenes(items[0], 3)
    share = sum(truth.match(one.category, scene) for one, scene in scenes) / len(scenes)
    assert 0.2 <= share <= 0.3
    assert read_core(ad_prompt(items[0], 0, scenes[0][1])).scene == scenes[0][1]


def test_splits_are_the_known_ones() -> None:
    assert {item(1, index).split for index in range(10)} == set(SPLITS)
