"""Every shipped recipe for models of the user's plans and dry-runs with published models, on any card."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import memory_plan
import pytest
import real_models
import recipe_grid
from published import MODELS
from recipe_grid import CARDS, planned, real_recipes, stage_of

Folders = tuple[Path, Path, Path]
"""A base, a reward model on it, and data."""
NAMES = (
    "llava-1.5-7b", "llava-1.6-mistral-7b", "llava-onevision-0.5b", "qwen2-vl-2b", "qwen2.5-vl-3b",
    "qwen3-vl-4b", "internvl3-1b", "smolvlm2-500m", "idefics3-8b", "gemma-3-4b", "pixtral-12b",
    "mistral-small-3.1-24b", "aya-vision-8b",
)  # fmt: skip
"""One model of each family."""
MODELS_OF_PCPO = cycle(NAMES[:2])
"""Its plans are the dearest."""
CELLS = sorted(
    (
        (recipe, next(MODELS_OF_PCPO if stage_of(recipe) == "pcpo" else others))
        for others in (cycle(NAMES),)
        for recipe in real_recipes()
    ),
    key=lambda cell: cell[1],
)
"""Every recipe once, every family at least once."""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Folders]:
    """Models with one narrow layer and small pictures: their own tokens, tiles and templates."""
    root = tmp_path_factory.mktemp("models")
    data = recipe_grid.many_pairs(root / "data")

    def model(name: str) -> Folders:
        base = root / name / "base"
        if not base.is_dir():
            real_models.write(base, name, layers=1, thin=True, small=True)
            memory_plan.describe_judge(root / name / "judge", base, rank=8)
        return base, root / name / "judge", data

    return model


@pytest.mark.parametrize(("recipe", "name"), CELLS)
def test_every_recipe_has_a_plan_on_every_card(
    recipe: str, name: str, folders: Callable[[str], Folders], workdir: Path
) -> None:
    for card in CARDS:
        cell = planned(recipe, *folders(name), card)
        assert cell["outcome"] == "fits", f"{card} GB: {cell}"
    assert not list(workdir.iterdir()), "a dry run writes nothing"


@pytest.mark.parametrize("recipe", ["consumer/12gb/train-rm", "paper/generate"])
def test_what_does_not_fit_is_told_in_one_line(recipe: str, folders: Callable[[str], Folders]) -> None:
    cell = planned(recipe, *folders("llava-1.5-7b"), 0.5)
    assert cell["outcome"] == "too small", cell


def test_a_recipe_fits_the_card_it_names_at_full_size(
    folders: Callable[[str], Folders], tmp_path: Path
) -> None:
    data = folders("llava-1.5-7b")[2]
    base = real_models.write(tmp_path / "base", "llava-1.5-7b")
    judge = memory_plan.describe_judge(tmp_path / "judge", base, rank=128)
    cell = planned("consumer/12gb/generate", base, judge, data, 12)
    assert cell["outcome"] == "fits" and cell["peak"] > 7, cell


@pytest.mark.parametrize("name", [name for name, one in MODELS.items() if one.template is None])
def test_other_models_are_refused_by_name(
    name: str, folders: Callable[[str], Folders], tmp_path: Path
) -> None:
    base = real_models.write(tmp_path / "base", name)
    cell = planned("modern/generate", base, *folders("llava-1.5-7b")[1:], 24)
    assert cell["outcome"] == "refused" and MODELS[name].config["model_type"] in cell["told"], cell


def test_all_recipes_are_there() -> None:
    assert {stage_of(recipe) for recipe, _ in CELLS} == set(recipe_grid.STAGES)
    assert {name for _, name in CELLS} == set(NAMES)
