"""Judging with published configurations: every shipped recipe of eval-rm plans, dry-runs and refuses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gpu_check
import pytest
import real_configs
from real_configs import NAMES, needs_real

from caig_cli.cli import run as caig
from caig_cli.engine.memory_plan import GB, RESERVE
from caig_cli.recipe import shipped

pytestmark = needs_real
RECIPES = [name for name in shipped() if name.endswith("/eval-rm") and not name.startswith("embedded")]
CARDS = (12, 24, 80)
"""Sizes of cards in GB."""


def arguments(recipe: str, base: Path, data: Path) -> list[str]:
    """A dry run of a recipe with a model of which nothing is here but its configuration."""
    given = ["--testset", f"{data}/pairs.jsonl", "--judge", f"zero-shot:{base}"]
    return ["eval-rm", "--recipe", recipe, *given, "--device", "cpu", "--dry-run", "--json", "--quiet"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Products, dialogues, and pairs for a batch of paper/eval-rm."""
    folder = gpu_check.write_data(tmp_path_factory.mktemp("data") / "data")
    pairs = [json.loads(line) for line in (folder / "pairs.jsonl").read_text().splitlines()]
    many = [pair | {"id": f"{pair['id']}-{n}"} for n in range(2) for pair in pairs]
    (folder / "pairs.jsonl").write_text("\n".join(map(json.dumps, many)))
    return folder


def dry_run(capsys: pytest.CaptureFixture[str], args: list[str]) -> tuple[int, Mapping[str, Any], str]:
    """Exit code, memory plan and what was told."""
    code = caig(args)
    told = capsys.readouterr()
    return code, json.loads(told.out)["memory"] if code == 0 else {}, told.err


@pytest.mark.parametrize(("recipe", "name"), zip(RECIPES, NAMES, strict=False))
def test_every_recipe_plans_for_published_configurations(
    recipe: str,
    name: str,
    data: Path,
    capsys: pytest.CaptureFixture[str],
    workdir: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    args = arguments(recipe, real_configs.narrow(name, tmp_path_factory.mktemp("thin") / name), data)
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
    data: Path,
    capsys: pytest.CaptureFixture[str],
    workdir: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    args = arguments(recipe, real_configs.describe(name, tmp_path_factory.mktemp("whole") / name), data)
    for card in CARDS:
        code, plan, told = dry_run(capsys, [*args, "--gpu-memory", f"{card}GB"])
        if card >= fits:
            assert code == 0 and plan["peak"] + RESERVE <= card * GB, told
        else:
            assert code == 2 and told.count("\n") == 1 and "set quantise=nf4" in told, told
