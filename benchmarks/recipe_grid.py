"""Every shipped recipe with every published model on cards of several sizes: a plan, or what would fit.

Usage: python benchmarks/recipe_grid.py [--out grid.jsonl] [--models NAME ...] [--recipes NAME ...]
       python benchmarks/recipe_grid.py --configs FOLDER         folders of other configurations instead
       python benchmarks/recipe_grid.py --out grid.jsonl --table  only the table of what is there

Nothing is loaded: models are their configurations (``published``, or a folder of folders), at full size. Each
cell is a ``--dry-run``; it ends in a plan that fits the card, or in one line that names what would fit. Cells
are written one by one, and a run goes on where it ended. Exit code 1 if a cell ends otherwise.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import io
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import memory_plan
import real_models
from gpu_check import STAGES, write_data
from published import MODELS

from caig_cli.cli import run as caig
from caig_cli.engine.memory_plan import GB, RESERVE
from caig_cli.recipe import shipped

CARDS = (12, 24, 80)
"""GB."""
RANK = 128
"""Of the reward model's adapter."""
PAIRS = 32
"""As many as the largest batch of a judge."""
INTERRUPTED = 130
"""Exit code of a command that was told to stop."""
REFUSED = ("are not supported; known families", "can't be used", "has no chat template")
"""What is told of a model that no recipe can take."""


def main() -> int:
    args = _arguments()
    cells = _read(args.out)
    if not args.table:
        with tempfile.TemporaryDirectory() as name:
            data = many_pairs(Path(name) / "data")
            for model in args.models or _names(args.configs):
                _run(model, args, Path(name), data, cells)
    print("\n".join(table(cells)))
    return 1 if any(cell["outcome"] == "failed" for cell in cells) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("grid.jsonl"))
    parser.add_argument("--configs", type=Path, help="a folder of folders with configurations and tokenizers")
    parser.add_argument("--models", nargs="*")
    parser.add_argument("--recipes", nargs="*", default=real_recipes())
    parser.add_argument("--cards", nargs="*", type=int, default=CARDS, help="GB")
    parser.add_argument("--table", action="store_true")
    return parser.parse_args()


def real_recipes() -> list[str]:
    """The shipped recipes that are for models of the user's."""
    return [name for name in shipped() if not name.startswith("embedded")]


def _names(configs: Path | None) -> list[str]:
    return (
        list(MODELS) if configs is None else sorted(path.name for path in configs.iterdir() if path.is_dir())
    )


def _read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []


def _run(model: str, args: argparse.Namespace, folder: Path, data: Path, cells: list[dict[str, Any]]) -> None:
    done = {(cell["recipe"], cell["card"]) for cell in cells if cell["model"] == model}
    if all((recipe, card) in done for recipe in args.recipes for card in args.cards):
        return
    base = describe(model, folder / model / "base", args.configs)
    judge = memory_plan.describe_judge(folder / model / "judge", base, rank=RANK)
    for recipe in args.recipes:
        for card in sorted(args.cards, reverse=True):
            if (recipe, card) in done:
                continue
            at = {"model": model, "recipe": recipe, "card": card}
            cell = at | (_same_plan(cells, at) or planned(recipe, base, judge, data, card))
            cells.append(cell)
            with args.out.open("a") as stream:
                stream.write(json.dumps(cell) + "\n")
            print(*cell.values(), flush=True)


def _same_plan(cells: Sequence[Mapping[str, Any]], at: Mapping[str, Any]) -> dict[str, Any] | None:
    """The plan of a larger card where it fits this one too.

    What a plan may choose (batches) is the largest that fits, so that a dry run would choose the same again.
    """
    for cell in cells:
        same = (cell["model"], cell["recipe"], cell["outcome"]) == (at["model"], at["recipe"], "fits")
        if same and cell["card"] > at["card"] and cell["peak"] * GB + RESERVE <= at["card"] * GB:
            return {"outcome": "fits", "peak": cell["peak"], "told": "", "seconds": 0.0}
    return None


def describe(model: str, folder: Path, configs: Path | None = None) -> Path:
    """A model's folder without weights; files that end in ``.gz`` are unpacked."""
    if configs is None:
        return real_models.write(folder, model)
    folder.mkdir(parents=True)
    for path in (configs / model).iterdir():
        if path.suffix == ".gz":
            (folder / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
        else:
            shutil.copyfile(path, folder / path.name)
    return folder


def many_pairs(folder: Path) -> Path:
    """Products, dialogues, and pairs for a large batch."""
    write_data(folder)
    pairs = [json.loads(line) for line in (folder / "pairs.jsonl").read_text().splitlines()]
    more = [pair | {"id": f"{pair['id']}-{n}"} for n in range(PAIRS // len(pairs)) for pair in pairs]
    (folder / "pairs.jsonl").write_text("\n".join(map(json.dumps, more)))
    return folder


def arguments(recipe: str, base: Path, judge: Path, data: Path) -> list[str]:
    """A dry run of a recipe with models of which nothing is here but their configurations."""
    stage = stage_of(recipe)
    pairs = f"{data}/pairs.jsonl"
    products = ["--products", f"{data}/products.json", "--base", str(base), "--judge", str(judge)]
    given = {
        "pretrain": ["--data", f"{data}/dialogues.json", "--set", f"model.base={base}"],
        "train-rm": ["--pairs", pairs, "--base", str(base)],
        "eval-rm": ["--testset", pairs, "--judge", f"zero-shot:{base}", "--judge", str(judge)],
        "pcpo": [*products, "--set", "judge.heldout=null"],
        "generate": ["--product", f"{data}/0.png", "--set", f"writer.model={base}", "--judge", str(judge)],
    }
    return [stage, "--recipe", recipe, *given[stage], "--device", "cpu", "--dry-run", "--json", "--quiet"]


def stage_of(recipe: str) -> str:
    """The stage that a recipe's name begins with."""
    return next(stage for stage in STAGES if recipe.rpartition("/")[2].startswith(stage))


def planned(recipe: str, base: Path, judge: Path, data: Path, card: float) -> dict[str, Any]:
    """What a dry run on a card of so many GB comes to: ``fits``, ``too small``, ``refused`` or ``failed``."""
    out, err, begun = io.StringIO(), io.StringIO(), time.process_time()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = caig([*arguments(recipe, base, judge, data), "--gpu-memory", f"{round(card * 1024)}MB"])
    if code == INTERRUPTED:
        raise KeyboardInterrupt
    told = err.getvalue().strip()
    plan = json.loads(out.getvalue())["memory"] if code == 0 else None
    return {
        "outcome": _outcome(code, plan, told, card), "peak": plan["peak"] / GB if plan else None,
        "told": told, "seconds": round(time.process_time() - begun, 1),
    }  # fmt: skip


def _outcome(code: int, plan: Mapping[str, Any] | None, told: str, card: float) -> str:
    if plan is not None:
        whole = all(phase["activations"] for phase in plan["phases"]) and bool(plan["phases"])
        return "fits" if whole and plan["peak"] + RESERVE <= card * GB and not told else "failed"
    if code != 2 or "\n" in told:
        return "failed"
    if any(words in told for words in REFUSED):
        return "refused"
    named = "; set " in told or "a smaller model is needed" in told
    return "too small" if "and the device has" in told and named else "failed"


def table(cells: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """For each model and recipe the peak on every card, GB, or what would fit it."""
    groups: dict[tuple[str, str], dict[int, Mapping[str, Any]]] = {}
    for cell in cells:
        groups.setdefault((cell["model"], cell["recipe"]), {})[cell["card"]] = cell
    for (model, recipe), found in groups.items():
        yield f"{model:22} {recipe:22} " + " | ".join(
            f"{card} GB: {_short(found[card])}" for card in sorted(found)
        )
    for outcome in ("fits", "too small", "refused", "failed"):
        yield f"{outcome}: {sum(cell['outcome'] == outcome for cell in cells)} cells"


def _short(cell: Mapping[str, Any]) -> str:
    if cell["outcome"] == "fits":
        return f"{cell['peak']:.1f}"
    told = str(cell["told"])
    if cell["outcome"] == "too small":
        return told.rpartition("; ")[2] if "; set " not in told else "set " + told.partition("; set ")[2]
    return f"{cell['outcome']}: {told[-160:]}"


if __name__ == "__main__":
    sys.exit(main())
