"""What a user can write has a place in the docs: recipe values, rows of tables, exit codes, word classes."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from caig_cli import errors
from caig_cli.commands import COMMANDS, recipe_class
from caig_cli.judges import JUDGES
from caig_cli.losses.objective import LOSSES
from caig_cli.mllm.families import FAMILIES
from caig_cli.painters.diffusion.kinds import KINDS
from caig_cli.painters.layout import PRESETS
from caig_cli.painters.registry import PAINTERS
from caig_cli.painters.studio.phrases import Kind
from caig_cli.recipe import fields, shipped
from caig_cli.rewards.architectures import ARCHITECTURES
from caig_cli.tables import GROUPS

ROOT = Path(__file__).parents[1]
DOCS = {path.name: path.read_text() for path in (ROOT / "docs").glob("*.md")}
ALL = "\n".join(DOCS.values()) + (ROOT / "README.md").read_text()
WORD_CLASSES = {
    "name": "## Things", "place": "## Places and seasons", "bare": "## Things", "colour": "## Colours",
    "number": "three candles", "no_props": "no flowers", "negation": "no flowers",
    "ignored": "without effect",
    "view": "from above", "glue": "", "link": "", "stop": "", "unknown": "without effect",
}  # fmt: skip
"""Where words.md or the README tells of a class of words; nothing is said of words between words."""


@pytest.mark.parametrize("command", COMMANDS)
def test_recipe_values_have_a_place(command: str) -> None:
    page = DOCS["recipes.md"]
    assert [key for key, _ in fields(recipe_class(command)) if f"| `{key}` |" not in page] == []


def test_rows_of_tables_have_a_place() -> None:
    places = {
        "painters.md": [*PAINTERS, *KINDS], "recipes.md": [*LOSSES, *ARCHITECTURES], "pcpo.md": LOSSES,
        "models.md": FAMILIES, "help.md": PRESETS,
    }  # fmt: skip
    for page, names in places.items():
        assert [name for name in names if not re.search(rf"\b{re.escape(name)}\b", DOCS[page])] == [], page
    kinds = [row.usage or name for name, row in JUDGES.items() if name != "trained"]
    assert [kind for kind in kinds if kind.split("[")[0] not in DOCS["help.md"]] == []
    assert [group for group in GROUPS if group not in ALL] == []


def test_exit_codes_have_a_place() -> None:
    codes = {node.exit_code for node in vars(errors).values() if hasattr(node, "exit_code")} | {0, 3, 130}
    for page in ("help.md", "faq.md"):
        told = DOCS[page][DOCS[page].index("Exit codes") :][:400]
        assert [code for code in codes if not re.search(rf"\b{code}\b", told)] == [], page
    tree = ast.parse((ROOT / "caig_cli" / "execution.py").read_text())
    (last,) = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == "_finish")
    returned = ast.unparse(last.body[-1])
    assert set(map(int, re.findall(r"\b\d+\b", returned))) <= codes


def test_classes_of_words_have_a_place() -> None:
    assert set(WORD_CLASSES) == set(Kind.__args__)
    for kind, text in WORD_CLASSES.items():
        assert text in DOCS["words.md"] + (ROOT / "README.md").read_text(), kind


def test_shipped_recipes_have_a_place() -> None:
    texts = ALL + "\n".join(path.read_text() for path in (ROOT / "recipes").rglob("*.yaml"))
    sets = {name.rpartition("/")[0] for name in shipped()}
    assert [name for name in sets if name not in texts] == []


def test_links_between_pages_lead_somewhere() -> None:
    for page in (ROOT / "docs").rglob("*.md"):
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
            there = target.startswith(("http", "mailto")) or (page.parent / target).exists()
            assert there, f"{page.name}: {target}"


def test_the_page_of_benchmarks_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/benchmarks_page.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
