"""The fault suite of ``benchmarks/faults.py``, a part of it: nothing lost, doubled or different."""

from __future__ import annotations

import importlib.util
import signal
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def faults() -> ModuleType:
    path = Path(__file__).parents[1] / "benchmarks" / "faults.py"
    spec = importlib.util.spec_from_file_location("faults", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_damages_end_in_a_line_and_lose_nothing(faults: ModuleType, workdir: Path) -> None:
    """Every fifth of them; the benchmark tries all."""
    count, wrong = faults.damages(workdir / "damages", every=5)
    assert count >= 20 and wrong == []


def test_stopped_runs_end_in_the_same_bytes(faults: ModuleType, workdir: Path) -> None:
    products = faults.shop(workdir / "shop", 8)
    command = ("generate", "--product", products, *faults.FAKE)
    signals = [signal.SIGKILL, signal.SIGTERM]
    assert faults.stopped(workdir, [command], 2, signals, seed=1) == []


def test_a_run_whose_folder_goes_away_fails(faults: ModuleType, workdir: Path) -> None:
    """It does not make the folder once more with what is left to do."""
    import shutil

    from caig_cli.engine.run_dir import RunDir
    from caig_cli.errors import RunError
    from caig_cli.recipe import Recipe

    with (
        pytest.raises(RunError, match="was deleted or moved"),
        RunDir.open(workdir / "run", "generate", Recipe()) as run,
    ):
        run.append_jsonl("rows.jsonl", {"n": 1})
        shutil.rmtree(workdir / "run")
        run.append_jsonl("rows.jsonl", {"n": 2})
    assert not (workdir / "run").exists()
