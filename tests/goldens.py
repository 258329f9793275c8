"""Reference checkpoints of the method's own layout, as ``caig import`` writes them, where at hand."""

from __future__ import annotations

import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from caig_cli.cli import run
from caig_cli.engine.runtime import Runtime, choose_device

GOLDENS = Path(__file__).parents[1].parent / "shared" / "goldens"
IMAGE = -200
"""Where a picture stands in the original's token ids."""


@cache
def _room() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()


@cache
def imported(name: str) -> Path:
    """The checkpoint ``name`` as a folder of today, made once per test session."""
    folder = Path(_room().name) / name
    assert run(["import", str(GOLDENS / "checkpoints" / name), str(folder), "--quiet"]) == 0
    return folder


def exact() -> Runtime:
    """As the reference values were computed."""
    return choose_device("cpu", "fp32")


def facts(file: str) -> dict[str, dict[str, Any]]:
    """The cases of a reference file by name."""
    return {row["case"]: row for row in json.loads((GOLDENS / f"{file}.json").read_text())}


def arrays(file: str) -> Any:
    """The arrays of a reference file."""
    return np.load(GOLDENS / f"{file}.npz")
