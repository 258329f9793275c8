"""Recipes: precedence, messages, and that what is written can be read again."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from PIL import Image

from caig_cli import recipe as recipes
from caig_cli.engine.report import SilentReporter
from caig_cli.errors import RecipeError
from caig_cli.recipe import Recipe, Section, dump, recipe_hash, resolve


class Painting(Section):
    """A section."""

    prompt: str | None = None
    """Words for the background."""

    size: str = "square"
    """Preset or WxH in pixels."""

    n: int = 4
    """Ads per product."""

    scale: float | None = None
    """Share of the frame."""

    mood: Literal["warm", "cool"] = "warm"
    """Colour mood."""

    attributes: dict[str, str] = {}
    """Facts of the product."""

    product: Path | None = None
    """The product."""


class PosterRecipe(Recipe):
    """A recipe."""

    poster: Painting = Painting()
    """The poster."""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(recipes, "recipe_root", lambda: tmp_path / "recipes")
    (tmp_path / "recipes/embedded").mkdir(parents=True)
    return tmp_path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_precedence(root: Path) -> None:
    file = write(root / "mine.yaml", "seed: 1\nposter: {n: 1, size: story, mood: cool}\n")
    sets = ["poster.n=2", "seed=2"]
    recipe = resolve(PosterRecipe, file, sets=sets, flags={"seed": "3"})
    assert (recipe.seed, recipe.poster.n, recipe.poster.size, recipe.poster.scale) == (3, 2, "story", None)


def test_extends_and_shipped_names(root: Path) -> None:
    write(root / "recipes/embedded/poster.yaml", "poster: {n: 7}\n")
    write(root / "recipes/big/poster.yaml", "extends: embedded\nposter: {size: 2048x2048}\n")
    assert resolve(PosterRecipe).poster.n == 7
    for name in ("big", "big/poster"):
        poster = resolve(PosterRecipe, name).poster
        assert (poster.n, poster.size) == (7, "2048x2048")
    assert recipes.shipped() == ["big/poster", "embedded/poster"]


def test_without_a_shipped_recipe_the_defaults_hold(root: Path) -> None:
    assert resolve(PosterRecipe) == resolve(PosterRecipe, "embedded") == PosterRecipe()


def test_text_stays_text(root: Path) -> None:
    """A caption such as 007 or 1.50 is not a number."""
    poster = resolve(
        PosterRecipe, sets=["poster.prompt=007", "poster.attributes.net=1.50", "poster.scale=0.5"]
    ).poster
    assert (poster.prompt, poster.attributes, poster.scale) == ("007", {"net": "1.50"}, 0.5)
    assert resolve(PosterRecipe, sets=["poster.prompt=null"]).poster.prompt is None


# fmt: off
MISTAKES: Mapping[str, tuple[str, str]] = {
    "unknown, near": ("poster:\n  promt: x\n", ": unknown key 'poster.promt'; did you mean 'poster.prompt'?"),
    "unknown, no section": ("n: 3\n", "mine.yaml:1: unknown key 'n'; did you mean 'poster.n'?"),
    "unknown, far": ("zzzz: 3\n", "mine.yaml:1: unknown key 'zzzz'; known keys: seed, device,"),
    "type": ("poster:\n  n: many\n", "mine.yaml:2: poster.n: input should be a valid integer"),
    "choice": ("poster:\n  mood: odd\n", "mine.yaml:2: poster.mood: input should be 'warm' or 'cool', got"),
    "twice": ("seed: 1\nseed: 2\n", "mine.yaml:2: key 'seed' is given twice"),
    "no section": ("poster: 3\n", "mine.yaml:1: poster: "),
    "list": ("- 1\n", "mine.yaml: a recipe is a mapping of keys to values"),
    "yaml": ("seed: [1\n", "mine.yaml:2: not valid YAML"),
    "parent": ("extends: embeded\n", "mine.yaml: extends embeded: no such file or shipped recipe"),
    "itself": ("extends: mine.yaml\n", "mine.yaml: extends itself"),
    "key": ("1: 2\n", "mine.yaml:1: unknown key '1'"),
    "loop": ("poster: &a {n: *a}\n", "mine.yaml:1: *a holds itself"),
    "null": ("poster:\n", "mine.yaml:1: poster: "),
}
# fmt: on


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_one_line_with_a_place(root: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    text, expected = MISTAKES[name]
    write(root / "mine.yaml", text)
    with pytest.raises(RecipeError) as caught:
        resolve(PosterRecipe, "mine.yaml")
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("poster.m=1", "--set poster.m=1: unknown key 'poster.m'; did you mean 'poster.n'?"),
        ("poster.n", "--set 'poster.n': expected key.path=value"),
        ("poster.n=x", "--set poster.n=x: poster.n: input should be a valid integer"),
        ("poster.n.k=1", "unknown key 'poster.n.k'"),
        ("poster=1", "--set poster=1: poster: "),
        ("poster.attributes=[1", "--set poster.attributes=[1: poster.attributes: "),
    ],
)
def test_mistakes_of_set(root: Path, text: str, expected: str) -> None:
    with pytest.raises(RecipeError) as caught:
        resolve(PosterRecipe, sets=[text])
    assert expected in str(caught.value)


@pytest.mark.parametrize(("command", "key"), [("pretrain", "optim.weight_decay"), ("pcpo", "pcpo.beta")])
@pytest.mark.parametrize("value", [".inf", "-.inf", ".nan", "1e999"])
def test_numbers_are_finite(command: str, key: str, value: str) -> None:
    module = importlib.import_module(f"caig_cli.stages.{command}")
    with pytest.raises(RecipeError, match=rf"{key}: .*(finite number|valid number)"):
        resolve(getattr(module, f"{command.capitalize()}Recipe"), sets=[f"{key}={value}"])


def test_dump_explains_and_reads_back(root: Path) -> None:
    recipe = resolve(
        PosterRecipe, sets=["poster.attributes.colour=red: #1", 'poster.prompt=- "x": é\ttab', "seed=5"]
    )
    text = dump(recipe)
    assert "  # Ads per product.\n  n: 4\n" in text
    assert resolve(PosterRecipe, write(root / "again.yaml", text)) == recipe


def test_hash_names_the_effect_not_the_place(root: Path) -> None:
    def digest(**flags: Any) -> str:
        return recipe_hash(resolve(PosterRecipe, flags={k.replace("__", "."): v for k, v in flags.items()}))

    assert digest() == digest(threads=3) == digest(poster__product="/a/b.png")
    assert len({digest(), digest(seed=1), digest(poster__n=5)}) == 3
    assert len(digest()) == 12


def test_recipes_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        PosterRecipe().seed = 3  # type: ignore[misc]


SHIPPED = sorted(recipes.recipe_root().rglob("*.yaml"))


def recipe_name(path: Path) -> str:
    return path.relative_to(recipes.recipe_root()).with_suffix("").as_posix()


@pytest.mark.parametrize("path", SHIPPED, ids=recipe_name)
def test_shipped_recipes_open_with_their_purpose(path: Path) -> None:
    """What it makes, hardware, exact command, expected numbers: the first lines, as comments."""
    lines = path.read_text().splitlines()
    head = "\n".join(
        line for line in lines[: next(i for i, line in enumerate(lines) if not line.startswith("#"))]
    )
    downloads = path.relative_to(recipes.recipe_root()).parts[0] in ("paper", "consumer", "modern")
    for word in ("hardware", "caig ", "expect", *(("disk", "time") if downloads else ())):
        assert word in head.lower(), f"{path}: the head does not say {word!r}"
    assert isinstance(yaml.safe_load(path.read_text()), dict)


def command_for(path: Path) -> str:
    """``market-dev`` is a recipe of ``market``; one with a name of its own has its command's section."""
    from caig_cli.commands import COMMANDS

    named = [name for name in sorted(COMMANDS, key=len, reverse=True) if path.stem.startswith(name)]
    sections = yaml.safe_load(path.read_text())
    return (named or [name for name in COMMANDS if name.replace("-", "_") in sections])[0]


def inputs(command: str, folder: Path) -> dict[str, Any]:
    """What a user would give on the command line: one product, a few dialogues, or a pair of ads."""
    image = folder / "product.png"
    cut_out = Image.new("RGBA", (64, 64))
    cut_out.paste((200, 30, 30, 255), (8, 8, 56, 56))
    cut_out.save(image)
    turns = [{"from": "human", "value": "<image>\nWhat is it?"}, {"from": "gpt", "value": "A mug."}]
    rows = [{"id": str(n), "image": "product.png", "conversations": turns} for n in range(40)]
    (folder / "dialogues.json").write_text(json.dumps(rows))
    data = str(folder / "dialogues.json")
    pair = {"id": "1", "item": "mug", "left": "product.png", "right": "product.png", "target": "left"}
    (folder / "pairs.jsonl").write_text(json.dumps(pair))
    pairs = str(folder / "pairs.jsonl")
    return {
        "eval-rm": {"eval_rm.testset": pairs},
        "generate": {"generate.product": str(image)},
        "pcpo": {"policy.base": "embedded", "judge.model": "embedded"},
        "pretrain": {"pretrain.data": data, "pretrain.eval_data": data},
        "train-rm": {"train_rm.pairs": pairs, "train_rm.eval_pairs": pairs, "train_rm.attribute_data": pairs},
    }.get(command, {})


@pytest.mark.parametrize("path", SHIPPED, ids=recipe_name)
def test_shipped_recipes_resolve_and_dry_run(path: Path, workdir: Path) -> None:
    from caig_cli.commands import recipe_class

    command = command_for(path)
    flags = inputs(command, workdir)
    before = sorted(workdir.rglob("*"))
    recipe = resolve(recipe_class(command), recipe_name(path), flags=flags)
    plan = importlib.import_module(f"caig_cli.stages.{command.replace('-', '_')}").plan(
        recipe, SilentReporter()
    )
    assert plan and all(isinstance(line, str) for line in plan)
    again = resolve(recipe_class(command), write(workdir / "again.yaml", dump(recipe)))
    assert again == recipe
    (workdir / "again.yaml").unlink()
    assert sorted(workdir.rglob("*")) == before, "a dry run touches nothing"
