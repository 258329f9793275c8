"""``caig import``: a released checkpoint in the original LLaVA layout -> a folder that transformers loads.

Plan from headers, then tensors one at a time into a folder beside the final one, which then takes its place.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caig_cli.engine import sources
from caig_cli.engine.files import to_json
from caig_cli.engine.hub_name import HubName, ModelName
from caig_cli.engine.outcome import Outcome
from caig_cli.engine.replacing import replaced_folder
from caig_cli.engine.runtime import DTYPES
from caig_cli.errors import UsageError
from caig_cli.parsing import Malformed, read_json
from caig_cli.recipe import Recipe, Section, recipe_hash

if TYPE_CHECKING:
    from caig_cli.engine.model_folder import Check
    from caig_cli.engine.report import Reporter
    from caig_cli.released.plan import ImportPlan


RECORD = "import.json"
"""What an import says of itself in the folder that it makes."""


class ReleasedSection(Section):
    """What to read and what to write."""

    checkpoint: ModelName | None = None
    """Released checkpoint: a folder, or a hub name org/name[@revision] if it is there in safetensors."""

    out: Path | None = None
    """Folder to make."""

    vision_tower: ModelName | None = None
    """Vision tower, a folder or a hub name; empty means the one that the checkpoint names or holds."""

    overwrite: bool = False
    """Replace a model that is already there."""


class ImportRecipe(Recipe):
    """Recipe of ``caig import``; dtype auto keeps the checkpoint's."""

    released: ReleasedSection = ReleasedSection()
    """Folders."""


def models(recipe: ImportRecipe) -> dict[str, Check | None]:
    """What comes from the hub, if anything; a folder is read by the import itself, which says more of it."""
    from caig_cli.released.config import check

    given = recipe.released
    named: dict[str | None, Check | None] = {given.checkpoint: check, given.vision_tower: None}
    return {
        source: check
        for source, check in named.items()
        if source is not None and HubName.parse(source) is not None
    }


def plan(recipe: ImportRecipe, report: Reporter) -> list[str]:
    """What would become of each tensor; reads headers only."""
    remote = [source for source in models(recipe) if sources.is_remote(source)]
    if remote:
        return [sources.describe(source) for source in remote]
    made, _ = _planned(recipe)
    return [_summary(made), *(f"{kind}: {what}" for kind, what in _rows(made))]


def run(recipe: ImportRecipe, report: Reporter) -> Outcome:
    """Write the model's folder."""
    from caig_cli.mllm.questions import OFFICIAL, PromptQuestion, write_question
    from caig_cli.released import folder

    made, tokenizer = _planned(recipe)
    out = _out(recipe)
    _show(made, report)
    facts = _facts(made)
    with replaced_folder(out) as partial:
        with report.progress("tensors", len(made.found)) as bar:
            folder.write_model(made, tokenizer, partial, bar)
        if made.is_reward:
            folder.write_reward_parts(made, recipe_hash(recipe), partial)
        else:
            write_question(partial, PromptQuestion(OFFICIAL))
        (partial / "README.md").write_text(folder.card(made), "utf-8")
        made_of = sorted(
            path.relative_to(partial).as_posix() for path in partial.rglob("*") if path.is_file()
        )
        (partial / RECORD).write_text(to_json(facts | {"files": made_of}, indent=2) + "\n", "utf-8")
    return Outcome({"path": str(out.absolute()), **facts}, lines=(str(out),))


def _planned(recipe: ImportRecipe) -> tuple[ImportPlan, Any]:
    """The plan and the tokenizer. Raises UsageError for anything that would fail later."""
    import torch

    from caig_cli.released.config import check
    from caig_cli.released.folder import read_tokenizer
    from caig_cli.released.plan import make_plan

    given = recipe.released
    if given.checkpoint is None:
        raise UsageError("name a checkpoint and a folder to make, as in caig import CKPT OUT")
    if recipe.dtype not in ("auto", *DTYPES):
        raise UsageError(f"dtype {recipe.dtype!r}: expected auto, {', '.join(DTYPES)}")
    _out(recipe)
    checkpoint = sources.locate(given.checkpoint, check=check)  # first of all, is it a checkpoint?
    vision_tower = None if given.vision_tower is None else sources.locate(given.vision_tower)
    tokenizer = read_tokenizer(checkpoint)
    dtype = None if recipe.dtype == "auto" else getattr(torch, DTYPES[recipe.dtype])
    return make_plan(checkpoint, vision_tower, len(tokenizer), dtype), tokenizer


def _out(recipe: ImportRecipe) -> Path:
    """The folder to make. Raises UsageError when it is taken."""
    out, checkpoint = recipe.released.out, Path(recipe.released.checkpoint or "")
    if out is None:
        raise UsageError("name a folder to make, as in caig import CKPT OUT")
    if checkpoint.is_dir() and checkpoint.resolve().is_relative_to(out.resolve()):
        raise UsageError(f"{out}: holds the checkpoint itself; name another folder")
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out}: is a file, not a folder")
    if out.is_dir() and any(out.iterdir()):
        ours = _written(out)
        if ours is None:
            raise UsageError(f"{out}: is not empty and holds no imported model; choose another folder")
        if not recipe.released.overwrite:
            raise UsageError(f"{out}: holds an imported model; replace it with --overwrite")
        if others := sorted(_names(out) - ours):
            more = f" and {len(others) - 3} more" if len(others) > 3 else ""
            raise UsageError(
                f"{out}: holds files that are not of that model ({', '.join(others[:3])}{more}); move them"
            )
    return out


def _names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def _written(out: Path) -> set[str] | None:
    """The files that an earlier import wrote into a folder, by its own account; None where there was none."""
    try:
        facts = read_json(out / RECORD)
    except Malformed:
        return None
    known = isinstance(facts, dict) and {"kind", "family", "mapped"} <= facts.keys()
    files = facts.get("files") if known else None
    return None if not isinstance(files, list) else {RECORD, *map(str, files)}


def _facts(made: ImportPlan) -> dict[str, Any]:
    return {
        "kind": "reward model" if made.is_reward else "prompt model",
        "family": made.config.model_type,
        "dtype": str(made.dtype).removeprefix("torch."),
        "bytes": made.bytes,
        "mapped": made.mapped,
        "dropped": dict(made.dropped),
        "added": dict(made.added),
    }


def _summary(made: ImportPlan) -> str:
    facts = _facts(made)
    size = f"{made.bytes / 1e9:.2f} GB" if made.bytes > 1e8 else f"{made.bytes / 1e6:.2f} MB"
    return f"{facts['kind']} of family {facts['family']}, {size} in {facts['dtype']}"


def _show(made: ImportPlan, report: Reporter) -> None:
    rows = [("mapped", old, new, count) for (old, new), count in made.parts.items()]
    rows += [("mapped", w.name, f"heads: {name}", 1) for name, w in made.heads.items()]
    rows += [("dropped", name, why, 1) for name, why in made.dropped.items()]
    rows += [("added", "", f"{name}: {how}", 1) for name, how in made.added.items()]
    report.table(_summary(made), ["", "original", "new", "tensors"], rows)


def _rows(made: ImportPlan) -> list[tuple[str, str]]:
    """One line for the tensors that differ only in the number of their layer."""
    rows = []
    for kind, table in (("mapped", made.mapped), ("dropped", made.dropped), ("added", made.added)):
        for (name, what), count in Counter(_starred(table)).items():
            arrow = " -> " if kind == "mapped" else ": "
            rows.append((kind, f"{name}{arrow}{what}" + (f" ({count} tensors)" if count > 1 else "")))
    return rows


def _starred(table: Mapping[str, str]) -> list[tuple[str, str]]:
    def star(text: str) -> str:
        return re.sub(r"\.layers\.\d+\.", ".layers.*.", text)

    return [(star(name), star(what)) for name, what in table.items()]
