"""Every shipped recipe for real models against published configurations: it plans, dry-runs and refuses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gpu_check
import memory_plan
import pytest
import real_configs
from real_configs import NAMES, needs_real

from caig_cli.cli import run as caig
from caig_cli.recipe import shipped

pytestmark = needs_real
CARDS = (12, 24, 80)
REAL = [name for name in shipped() if not name.startswith("embedded")]
STAGES = ("pretrain", "train-rm", "eval-rm", "pcpo", "generate")
"""Stages, of which each recipe's file has the name."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return gpu_check.write_data(tmp_path_factory.mktemp("data") / "data")


def arguments(recipe: str, base: Path, judge: Path, data: Path) -> list[str]:
    """A dry run of a recipe with models of which nothing is here but their configurations."""
    stage = next(stage for stage in STAGES if recipe.rsplit("/")[-1].startswith(stage))
    given = {
        "pretrain": ["--data", f"{data}/dialogues.json", "--set", f"model.base={base}"],
        "train-rm": ["--pairs", f"{data}/pairs.jsonl", "--base", str(base)],
        "eval-rm": ["--testset", f"{data}/pairs.jsonl", "--judge", f"zero-shot:{base}"],
        "pcpo": [
            "--products", f"{data}/products.json", "--base", str(base), "--judge", str(judge), "--set",
            "judge.heldout=null",
        ],
        "generate": [
            "--product", f"{data}/0.png", "--set", f"writer.model={base}", "--set", "judge.model=null",
        ],
    }[stage]  # fmt: skip
    return [stage, "--recipe", recipe, *given, "--device", "cpu", "--dry-run", "--json", "--quiet"]


@pytest.fixture(scope="module")
def thin(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[Path, Path]]:
    """Published configurations with two narrow layers, and a judge on each: real words, grids, templates."""
    made = {}
    for name in NAMES:
        folder = tmp_path_factory.mktemp(name)
        base = real_configs.narrow(name, folder / "base")
        made[name] = base, memory_plan.describe_judge(folder / "judge", base, rank=8)
    return made


def planned(capsys: pytest.CaptureFixture[str], args: list[str]) -> tuple[int, Any, str]:
    """Exit code, plan and what was told."""
    code = caig(args)
    told = capsys.readouterr()
    return code, json.loads(told.out) if code == 0 else None, told.err


@pytest.mark.parametrize("recipe", REAL)
def test_every_recipe_plans_for_every_published_configuration(
    recipe: str,
    thin: Mapping[str, tuple[Path, Path]],
    data: Path,
    capsys: pytest.CaptureFixture[str],
    workdir: Path,
) -> None:
    for name, (base, judge) in thin.items():
        args = arguments(recipe, base, judge, data)
        peaks = set()
        for card in CARDS:
            code, plan, told = planned(capsys, [*args, "--gpu-memory", f"{card}GB"])
            assert code == 0, f"{name}, {card} GB: {told}"
            if args[0] != "eval-rm":
                assert all(phase["activations"] for phase in plan["memory"]["phases"]), name
                peaks.add(plan["memory"]["peak"])
        if args[0] == "eval-rm":
            continue
        assert len(peaks) == 1 or "writer.batch" in told or args[0] == "pcpo", "only batches follow the card"
        code, _, told = planned(capsys, [*args, "--gpu-memory", "512MB"])
        assert code == 2 and told.count("\n") == 1, told
        assert "the device has 0.5 GB" in told and ("set " in told or "smaller model" in told)
    assert not list(workdir.iterdir())
