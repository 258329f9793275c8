"""CONTRIBUTING's table of what is added where: every file is there, and holds the names that its row says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TABLE = [
    [cell.strip() for cell in line.strip("| ").split(" | ")]
    for line in (ROOT / "CONTRIBUTING.md").read_text().split("## How to add or change")[1].splitlines()
    if line.startswith("| ") and not line.startswith(("| what |", "|---"))
]
KINDS_OF_CHANGE = """
    preference loss|family|diffusion model|prop|size of ads|columns of a click log|file format of click logs
    near-tie|metric per round|instruction|reward architecture|shadows|command|kind of judge|training is saved
    how tall|metadata|kept and not computed again
"""


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row[0])
def test_a_row_is_right(row: list[str]) -> None:
    _, where = row
    paths = [ROOT / text for text in quoted(where) if "/" in text and "<" not in text]
    assert all(path.exists() for path in paths), paths
    files = [file for path in paths for file in ([path] if path.is_file() else path.glob("*.py"))]
    texts = [file.read_text() for file in files]
    for name in (text for text in quoted(where) if text.isidentifier()):
        if name not in ("plan", "run", "paint", "notes", "Implementation"):
            defined = rf"^\s*(?:class |def )?{name}\b\s*[:=(\[]|^    \"?{name}\"?:"
            assert any(re.search(defined, text, re.M) for text in texts), name
    links = re.findall(r"\]\(([^)]+)\)", where)
    assert all((ROOT / link).is_file() for link in links)


def test_the_usual_changes_are_there_and_touch_few_files() -> None:
    """What a stranger most often wants to change; of 18 kinds at least 14 take two files or fewer."""
    kinds = [kind.strip() for kind in re.split(r"[|\n]", KINDS_OF_CHANGE) if kind.strip()]
    assert len(kinds) == 18
    few = 0
    for kind in kinds:
        found = [where for what, where in TABLE if kind in what]
        assert found, kind
        few += len([text for text in quoted(found[0]) if "/" in text]) <= 2
    assert few >= 14
