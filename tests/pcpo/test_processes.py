"""``caig pcpo`` in processes of its own: killed without warning, and shared by two."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from test_pcpo import make_parts, metrics, recipe_for, run, same_run

from caig_cli.engine.launch import relaunch
from caig_cli.recipe import dump

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_parts(tmp_path_factory.mktemp("parts"))


def test_killed_without_warning_it_ends_in_the_same_bytes(parts: Path, tmp_path: Path) -> None:
    """SIGKILL at random moments, told by how many files there are; every attempt resumes the last."""
    (tmp_path / "recipe.yaml").write_text(dump(recipe_for(parts)))
    start = ["--recipe", str(tmp_path / "recipe.yaml")]
    # All attempts are processes of their own: what other tests have left in this one is in none of them.
    assert _start(tmp_path / "whole", start).wait() == 0
    rng, done = random.Random(11), 0
    for attempt in range(2):
        process = _start(tmp_path / "run", ["--resume"] if attempt else start)
        wanted, deadline = done + rng.randrange(6, 30), time.monotonic() + 240
        while done < wanted and process.poll() is None and time.monotonic() < deadline:
            done = sum(len(files) for _, _, files in os.walk(tmp_path / "run"))  # folders may vanish
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, "it was still running"
    assert _start(tmp_path / "run", ["--resume"]).wait() == 0
    same_run(tmp_path / "whole", tmp_path / "run")


def _start(out: Path, how: list[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "caig_cli", "pcpo", "--quiet", "--out", str(out), *how]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL)


def test_two_processes_equal_one(parts: Path, tmp_path: Path) -> None:
    """Candidates are shared out, micro-batches dealt like cards: two with one each are one with two.

    Weights agree to 1e-4 of their size; prompts, and so all that is counted, are the same.
    """
    tree = recipe_for(parts).model_dump(mode="json")
    alone = recipe_for(parts, optim={"grad_accumulation": 2})
    run(alone, tmp_path / "alone")
    script = (
        "import json, sys; sys.path[:0] = sys.argv[3:]\n"
        "from pathlib import Path; from test_pcpo import run\n"
        "from caig_cli.stages.pcpo import PcpoRecipe; from caig_cli.engine import launch\n"
        "run(PcpoRecipe.model_validate_json(sys.argv[1]), Path(sys.argv[2])); launch.leave()\n"
    )
    recipe = type(alone).model_validate(tree).model_dump_json()
    here = [str(ROOT / "tests/stages"), str(ROOT / "tests"), str(ROOT)]
    assert relaunch(2, [sys.executable, "-c", script, recipe, str(tmp_path / "both"), *here]) == 0
    one, both = (load_file(tmp_path / n / "adapter/adapter_model.safetensors") for n in ("alone", "both"))
    for name, tensor in one.items():
        torch.testing.assert_close(tensor, both[name], rtol=1e-4, atol=1e-6)
    rows = [[row for row in metrics(tmp_path / name) if "pairs" in row] for name in ("alone", "both")]
    for first, second in zip(*rows, strict=True):
        assert (first["pairs"], first["dropped"]) == (second["pairs"], second["dropped"])
        for key in ("win_rate", "win_rate_heldout", "kl", "chosen_logp", "rejected_logp", "distinct"):
            assert first[key] == pytest.approx(second[key], rel=1e-3, abs=1e-4), key
