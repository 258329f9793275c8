"""The wheel: what is in it, and that it works far from the checkout."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    root = Path(__file__).parents[1]
    done = subprocess.run([*pip, "-w", str(folder), str(root)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return next(folder.glob("caig-*.whl"))


def test_recipes_weights_and_tables_are_inside(wheel: Path, root: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    found = (p for p in (root / "caig_cli").rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    data = {p for p in found if not any(part.startswith(".") for part in p.relative_to(root).parts)}
    for path in data:
        assert path.relative_to(root).as_posix() in names
    for path in (root / "recipes").rglob("*.yaml"):
        assert f"caig_cli/_recipes/{path.relative_to(root / 'recipes').as_posix()}" in names
    strangers = {n for n in names if not n.startswith("caig_cli/") and ".dist-info/" not in n}
    assert not strangers
    assert any(n.endswith("dist-info/licenses/LICENSE") for n in names)


CHECK = """
import sys
from pathlib import Path
import caig_cli
from caig_cli import recipe
from caig_cli.cli import run
from caig_cli.commands import COMMANDS, recipe_class
here = Path(caig_cli.__file__)
assert here.is_relative_to(sys.path[0]), here
assert recipe.recipe_root().is_relative_to(sys.path[0])
assert len(recipe.shipped()) == int(sys.argv[1]), recipe.shipped()
for name in COMMANDS:
    recipe.resolve(recipe_class(name))
sys.exit(run(["--help"]))
"""


def test_it_works_elsewhere(wheel: Path, tmp_path: Path, root: Path) -> None:
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--no-index",
        "--target",
        str(tmp_path / "site"),
    ]
    subprocess.run([*pip, str(wheel)], check=True, capture_output=True)
    script = tmp_path / "site" / "check.py"
    script.write_text(CHECK)
    recipes = len(list((root / "recipes").rglob("*.yaml")))
    done = subprocess.run(
        [sys.executable, str(script), str(recipes)], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "generate" in done.stdout
