"""Every shipped recipe for real models against published configurations: it plans, dry-runs and refuses."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import gpu_check
import memory_plan
import pytest
import real_configs
from real_configs import NAMES, needs_real

from caig_cli.cli import run as caig
from caig_cli.engine.memory import GB, RESERVE
from caig_cli.recipe import shipped

pytestmark = needs_real
REAL = [name for name in shipped() if not name.startswith("embedded")]
STAGES = ("pretrain", "train-rm", "eval-rm", "pcpo", "generate")
TRIED = ("eval-rm",)
"""Stages, whose names begin those of their recipes."""
CARDS = (12, 24, 80)
"""Sizes of cards in GB."""

Model = tuple[Path, Path]
"""A base and a reward model on it."""


def stage_of(recipe: str) -> str:
    return next(stage for stage in STAGES if recipe.rsplit("/")[-1].startswith(stage))


def arguments(recipe: str, base: Path, judge: Path, data: Path) -> list[str]:
    """A dry run of a recipe with models of which nothing is here but their configurations."""
    pairs = f"{data}/pairs.jsonl"
    given = {
        "pretrain": ["--data", f"{data}/dialogues.json", "--set", f"model.base={base}"],
        "train-rm": ["--pairs", pairs, "--base", str(base)],
        "eval-rm": ["--testset", pairs, "--judge", f"zero-shot:{base}", "--judge", str(judge)],
        "pcpo": [
            "--products", f"{data}/products.json", "--base", str(base), "--judge", str(judge), "--set",
            "judge.heldout=null",
        ],
        "generate": [
            "--product", f"{data}/0.png", "--set", f"writer.model={base}", "--set", "judge.model=null",
        ],
    }[stage_of(recipe)]  # fmt: skip
    return [stage_of(recipe), "--recipe", recipe, *given, "--device", "cpu", "--dry-run", "--json", "--quiet"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Products, dialogues, and pairs for a batch of paper/eval-rm."""
    folder = gpu_check.write_data(tmp_path_factory.mktemp("data") / "data")
    pairs = [json.loads(line) for line in (folder / "pairs.jsonl").read_text().splitlines()]
    many = [pair | {"id": f"{pair['id']}-{n}"} for n in range(2) for pair in pairs]
    (folder / "pairs.jsonl").write_text("\n".join(map(json.dumps, many)))
    return folder


@pytest.fixture(scope="module")
def thin(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Model]:
    """A published configuration with two narrow layers: real words, grids, templates."""
    made: dict[str, Model] = {}

    def model(name: str) -> Model:
        if name not in made:
            folder = tmp_path_factory.mktemp(name)
            base = real_configs.narrow(name, folder / "base")
            made[name] = base, memory_plan.describe_judge(folder / "judge", base, rank=8)
        return made[name]

    return model


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Model]:
    """The published configuration as it is."""

    def model(name: str) -> Model:
        folder = tmp_path_factory.mktemp(name)
        base = real_configs.describe(name, folder / "base")
        return base, memory_plan.describe_judge(folder / "judge", base, rank=128)

    return model


def dry_run(capsys: pytest.CaptureFixture[str], args: list[str]) -> tuple[int, Mapping[str, Any], str]:
    """Exit code, memory plan and what was told."""
    code = caig(args)
    told = capsys.readouterr()
    return code, json.loads(told.out)["memory"] if code == 0 else {}, told.err


def cells() -> list[tuple[str, str]]:
    """Every recipe with a configuration: those of a stage each with another one."""
    return [
        (recipe, NAMES[n % len(NAMES)])
        for stage in TRIED
        for n, recipe in enumerate(name for name in REAL if stage_of(name) == stage)
        if NAMES
    ]


@pytest.mark.parametrize(("recipe", "name"), sorted(cells(), key=lambda cell: cell[1]))
def test_every_recipe_plans_for_published_configurations(
    recipe: str,
    name: str,
    thin: Callable[[str], Model],
    data: Path,
    capsys: pytest.CaptureFixture[str],
    workdir: Path,
) -> None:
    args = arguments(recipe, *thin(name), data)
    for card in CARDS:
        code, plan, told = dry_run(capsys, [*args, "--gpu-memory", f"{card}GB"])
        assert code == 0, f"{card} GB: {told}"
        assert plan["phases"] and all(phase["activations"] for phase in plan["phases"])
        assert plan["peak"] + RESERVE <= card * GB
    assert not list(workdir.iterdir()), "a dry run writes nothing"


@pytest.mark.parametrize(("recipe", "name", "fits"), [("paper/eval-rm", "llava-v1.6-vicuna-7b", 24)])
def test_a_recipe_fits_the_card_it_names_at_full_size(
    recipe: str,
    name: str,
    fits: int,
    whole: Callable[[str], Model],
    data: Path,
    capsys: pytest.CaptureFixture[str],
    workdir: Path,
) -> None:
    args = arguments(recipe, *whole(name), data)
    for card in CARDS:
        code, plan, told = dry_run(capsys, [*args, "--gpu-memory", f"{card}GB"])
        if card >= fits:
            assert code == 0 and plan["peak"] + RESERVE <= card * GB, told
        else:
            assert code == 2 and told.count("\n") == 1 and "set quantise=nf4" in told, told
