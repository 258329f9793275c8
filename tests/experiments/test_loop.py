"""docs/loop.md, run as it stands: one turn of the loop on the market."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from caig_cli.cli import run

PAGE = Path(__file__).parents[2] / "docs" / "loop.md"


def commands() -> list[list[str]]:
    """The arguments of each command of the page."""
    blocks = re.findall(r"```bash\n(.*?)```", PAGE.read_text(), re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [shlex.split(line)[1:] for line in lines if line.startswith("caig ")]


@pytest.mark.slow
def test_the_loop_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments in commands():
        assert run([*arguments, *(["--quiet"] if "--quiet" not in arguments else [])]) == 0, arguments
    found = json.loads(Path("runs/read/results.json").read_text())
    assert found["verdict"] and found["days"] == ["2026-12-01", "2026-12-02"]
    assert not found["split"]["alarm"] and not found["unplanned_impressions"]
    assert {row["policy"] for row in found["policies"]} == {"favourites"}
    pairs = [json.loads(line) for line in Path("pairs.jsonl").read_text().splitlines()]
    assert pairs and all(Path(pair["left"]).suffix == ".png" for pair in pairs)
    ads = [json.loads(line) for line in Path("runs/next/manifest.jsonl").read_text().splitlines()]
    assert len(ads) == 6
