"""Rules of the house that rot unless something checks them."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "caig_cli"

# Highest first; modules of one row are siblings and never import each other.
LAYERS = (
    ("__main__",),
    ("cli",),
    ("execution",),
    ("commands",),
    ("options", "api"),
    ("stages",),
    ("serving",),
    ("delivery",),
    ("generating", "pcpo", "released"),
    ("market",),
    ("experiments",),
    ("judges",),
    ("rewards",),
    ("feeds",),
    ("mllm", "painters"),
    ("recognition",),
    ("cutouts", "clicks", "provenance"),
    ("engine",),
    ("judge_metrics",),
    ("losses", "metrics", "intervals"),
    ("data",),
    ("recipe",),
    ("parsing", "tables"),
    ("records",),
    ("errors",),
    ("__init__",),
)
HEAVY = {
    "torch", "transformers", "mitsuba", "drjit", "diffusers", "peft", "accelerate", "bitsandbytes",
    "scipy", "onnxruntime", "matplotlib", "starlette", "uvicorn", "prometheus_client",
}  # fmt: skip


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def part(path: Path) -> str:
    """The layer's name of a module: its folder or file right under the package."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def rank(name: str) -> int:
    return next(i for i, row in enumerate(LAYERS) if name in row)


def imported(tree: ast.AST, *, whole: bool = True) -> Iterator[str]:
    """Dotted names that a module imports; with ``whole`` also inside functions and for types only."""
    nodes = ast.walk(tree) if whole else _at_import_time(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _at_import_time(tree: ast.AST) -> Iterator[ast.AST]:
    """Nodes that run when the module is imported: not in functions, not under TYPE_CHECKING."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from _at_import_time(child)


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path) -> None:
    own = part(path)
    for name in imported(parsed(path)):
        if name.split(".")[0] != "caig_cli":
            continue
        other = name.split(".")[1] if "." in name else "__init__"
        if not (PACKAGE / other).is_dir() and not (PACKAGE / f"{other}.py").is_file():
            other = "__init__"  # a name of the package itself
        if other != own:
            assert rank(own) < rank(other), f"{own} imports {name}"


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Between modules, within functions and for types too: what is imported is understood first."""
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in modules()}
    names = {name.removesuffix(".__init__"): path for name, path in names.items()}
    graph = {
        name: {
            found
            for one in imported(parsed(path))
            if (found := one if one in names else one.rpartition(".")[0]) in names and found != name
        }
        for name, path in names.items()
    }
    while leaves := [name for name, used in graph.items() if not used & graph.keys()]:
        for name in leaves:
            del graph[name]
    used = set().union(*graph.values())
    assert sorted(name for name in graph if name in used) == []


def test_no_public_class_has_the_name_of_another() -> None:
    where: dict[str, list[str]] = {}
    for path in modules():
        for node in parsed(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                where.setdefault(node.name, []).append(path.relative_to(PACKAGE).as_posix())
    twice = {name: paths for name, paths in where.items() if len(paths) > 1}
    assert twice == {}


def test_tests_lie_where_the_code_lies() -> None:
    """``tests/rewards/test_x.py`` is about the room ``caig_cli/rewards``."""
    own = Path(__file__).parent
    folders = {path.parent.relative_to(own) for path in own.rglob("test_*.py")}
    assert [str(folder) for folder in folders if not (PACKAGE / folder).is_dir()] == []


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_nothing_heavy_where_it_must_be_light(path: Path) -> None:
    """Stages feed the help; the intake and the painters' words are used by light code."""
    rel = path.relative_to(PACKAGE).as_posix()
    light = part(path) in (
        "cli",
        "commands",
        "execution",
        "options",
        "stages",
        "recipe",
        "records",
        "errors",
        "data",
        "__main__",
        "__init__",
    )
    words = (
        "painters/__init__.py",
        "painters/layout.py",
        "painters/studio/language.py",
        "painters/studio/vocabulary.py",
    )
    if light or rel in words:
        heads = {name.split(".")[0] for name in imported(parsed(path), whole=False)}
        assert not heads & HEAVY
    if part(path) == "data":
        assert "torch" not in {name.split(".")[0] for name in imported(parsed(path))}


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_only_the_reporter_and_the_command_line_speak(path: Path) -> None:
    if path.relative_to(PACKAGE).as_posix() in ("engine/report.py", "cli.py", "execution.py"):
        return
    for node in ast.walk(parsed(path)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name | ast.Attribute):
            continue
        last = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        if last in ("print", "write", "echo"):  # unparsing every call would take a second
            called = ast.unparse(node.func)
            assert called not in ("print", "sys.stdout.write", "sys.stderr.write", "typer.echo"), (
                f"line {node.lineno}"
            )


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_every_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(parsed(path))


def test_remote_code_is_never_trusted() -> None:
    for path in modules():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.keyword) and node.arg == "trust_remote_code":
                assert ast.unparse(node.value) == "False", path
            if isinstance(node, ast.Call) and ast.unparse(node.func) in (
                "pickle.load",
                "pickle.loads",
                "eval",
                "exec",
            ):
                raise AssertionError(f"{path}:{node.lineno}")


HELP = """
import sys
from caig_cli.cli import run
code = run(sys.argv[1:])
print(*sys.modules, file=sys.stderr)
sys.exit(code)
"""
MODULES_FOR_HELP = 350
"""What a help page may import. Half a second of a slow core; the seconds are in ``benchmarks/start.py``."""


def commands() -> list[str]:
    from caig_cli.commands import COMMANDS

    return ["", *COMMANDS, "env"]


@pytest.mark.parametrize("command", commands())
def test_help_is_light(command: str) -> None:
    """What a page imports decides how quick it is, on any machine and beside any other work."""
    arguments = [*command.split(), "--help"]
    done = subprocess.run(
        [sys.executable, "-c", HELP, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "Usage: caig" in done.stdout
    loaded = done.stderr.split()
    assert not (HEAVY | {"numpy"}) & set(loaded)
    assert len(loaded) <= MODULES_FOR_HELP


def test_every_recipe_value_is_read() -> None:
    """A value that is parsed and never read is a lie; so each is an attribute that some code looks up.

    A section that is handed on whole, as ``section.model_dump()``, is read with all it holds.
    """
    from caig_cli.commands import COMMANDS, recipe_class
    from caig_cli.recipe import fields

    looked_up = [
        node
        for path in modules()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    ]
    read = {node.attr for node in looked_up}
    whole = {ast.unparse(node.value).split(".")[-1] for node in looked_up if node.attr == "model_dump"}
    for command in COMMANDS:
        keys = [key.split(".") for key, _ in fields(recipe_class(command))]
        unread = [".".join(key) for key in keys if key[-1] not in read and not whole & set(key[:-1])]
        assert not unread, f"{command}: {unread}"


def test_every_recipe_value_is_explained() -> None:
    from caig_cli.commands import COMMANDS, recipe_class
    from caig_cli.recipe import fields

    for command in COMMANDS:
        mute = [key for key, field in fields(recipe_class(command)) if not field.description]
        assert not mute, f"{command}: {mute}"


@pytest.mark.parametrize("page", ["help", "recipes"])
def test_pages_of_options_are_up_to_date(page: str) -> None:
    done = subprocess.run(
        [sys.executable, f"scripts/{page}_page.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
