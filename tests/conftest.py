"""Settings of the test session, and fixtures that several test files use."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

# Two cores are shared by everything; a network of two layers gains nothing from threads.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["HF_HUB_OFFLINE"] = "1"
# No test fetches the cut-out network, or sees one that this machine has: photos are cut out without it.
os.environ["PIP_NO_INDEX"] = "1"
os.environ["CAIG_CACHE"] = tempfile.mkdtemp(prefix="caig-cache-")


@pytest.fixture
def root() -> Path:
    """The checkout."""
    return Path(__file__).parents[1]


@pytest.fixture
def workdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current directory without any CAIG_ variable."""
    for name in [n for n in os.environ if n.startswith("CAIG_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path
