"""What the README promises: its commands, links and file map are real."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from caig_cli.commands import COMMANDS
from caig_cli.painters.studio import catalogue, vocabulary

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text()


def test_exactly_two_set_up_lines() -> None:
    lines = [line for line in TEXT.splitlines() if line.strip().startswith("pip install")]
    assert len(lines) == 2
    assert "caig generate --product samples/" in lines[0]
    assert "pytest" in lines[1]
    product = lines[0].split("--product ")[1].split()[0]
    assert (ROOT / product).is_file()


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert target.startswith("http") or (ROOT / target).exists(), target


def test_the_file_map_is_the_tree() -> None:
    table = TEXT.split("## Where things are")[1].split("## ")[0]
    named = {
        path.rstrip("/")
        for path in re.findall(r"`([\w./]+)`", "\n".join(re.findall(r"^\| (`.*?) \|", table, re.M)))
    }
    assert all((ROOT / path).exists() for path in named), named
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    tops = {line.split("/")[0] for line in tracked.splitlines() if "/" in line} - {".ci"}
    parts = {"/".join(line.split("/")[:2]) for line in tracked.splitlines() if line.startswith("caig_cli/")}
    unnamed = (tops - {"caig_cli"}) | (parts - {"caig_cli/__init__.py", "caig_cli/__main__.py"})
    assert unnamed <= named, unnamed - named


def test_commands_said_to_be_here_exist() -> None:
    here = re.findall(r"^\| `caig ([\w-]+)", TEXT, re.M)
    assert len(here) == 5 and set(here) <= set(COMMANDS)
    assert "market" in COMMANDS


def test_counts_of_the_scene_language() -> None:
    match = re.search(r"knows (\d+) things, (\d+) surfaces and (\d+) backdrops", " ".join(TEXT.split()))
    assert match is not None
    core = (vocabulary.PROPS, vocabulary.SURFACES, vocabulary.BACKDROPS)
    more = (catalogue.MORE_PROPS, catalogue.MORE_SURFACES, catalogue.MORE_BACKDROPS)
    assert [int(number) for number in match.groups()] == [
        len(a) + len(b) for a, b in zip(core, more, strict=True)
    ]
