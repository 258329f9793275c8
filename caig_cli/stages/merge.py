"""``caig merge``: an adapter and its base become one plain model, for tools that know no adapters."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from caig_cli.engine import sources
from caig_cli.engine.outcome import Outcome
from caig_cli.engine.runtime import DTYPES
from caig_cli.engine.sources import ModelName
from caig_cli.errors import UsageError
from caig_cli.recipe import Recipe, Section

if TYPE_CHECKING:
    import torch

    from caig_cli.engine.report import Reporter
    from caig_cli.engine.sources import Check


class MergeSection(Section):
    """What to read and what to write."""

    adapter: ModelName | None = None
    """Adapter of a prompt model: a folder, a run of caig pcpo, or a hub name org/name[@revision]."""

    out: Path | None = None
    """Folder to make."""

    overwrite: bool = False
    """Replace a model that is already there."""


class MergeRecipe(Recipe):
    """Recipe of ``caig merge``; dtype auto is that of the base. Computed on the CPU, in 32 bit."""

    merge: MergeSection = MergeSection()
    """Folders."""


def models(recipe: MergeRecipe) -> dict[str, Check | None]:
    """The adapter and its base."""
    from caig_cli.mllm.families import check_folder

    return {} if recipe.merge.adapter is None else {recipe.merge.adapter: check_folder}


def plan(recipe: MergeRecipe, report: Reporter) -> list[str]:
    """What would be merged into what."""
    from caig_cli.mllm import loading

    adapter, out = _given(recipe)
    if sources.is_remote(adapter):
        return [sources.describe(adapter)]
    lines = [f"adapter {sources.describe(adapter, loading.locate)}"]
    base = str(sources.base_of_adapter(loading.locate(adapter)))
    return [
        *lines,
        f"base {sources.describe(base, loading.locate)}",
        f"to {out} in {_dtype(recipe, adapter)}",
    ]


def run(recipe: MergeRecipe, report: Reporter) -> Outcome:
    """Write the model's folder."""
    from caig_cli.mllm.merging import merge_into
    from caig_cli.rounds.stored_judge import copy_kept

    adapter, out = _given(recipe)
    dtype = _dtype(recipe, adapter)
    report.info(f"merging {adapter} in 32 bit on the CPU, to be written in {dtype}")
    partial = out.with_name(f".{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        merge_into(adapter, partial, dtype)
        copy_kept(sources.locate(adapter), partial)
        shutil.rmtree(out, ignore_errors=True)
        partial.replace(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Outcome({"path": str(out.absolute())}, lines=(str(out),))


def _given(recipe: MergeRecipe) -> tuple[str, Path]:
    """The adapter, and the folder to make. Raises UsageError where one is missing or can't be used."""
    from caig_cli.mllm.merging import check

    adapter, out = recipe.merge.adapter, recipe.merge.out
    if adapter is None or out is None:
        raise UsageError("name an adapter and a folder to make, as in caig merge ADAPTER OUT")
    if not sources.is_remote(adapter):
        folder = check(adapter)
        if folder.resolve().is_relative_to(out.resolve()):
            raise UsageError(f"{out}: holds the adapter itself; name another folder")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        if not (out / "config.json").is_file():
            raise UsageError(f"{out}: is not empty and holds no model; choose another folder")
        if not recipe.merge.overwrite:
            raise UsageError(f"{out}: holds a model; replace it with --overwrite")
    return adapter, out


def _dtype(recipe: MergeRecipe, adapter: str) -> torch.dtype:
    import torch

    from caig_cli.mllm.merging import stored_dtype

    if recipe.dtype not in ("auto", *DTYPES):
        raise UsageError(f"dtype {recipe.dtype!r}: expected auto, {', '.join(DTYPES)}")
    if recipe.dtype == "auto":
        return stored_dtype(adapter)
    found: torch.dtype = getattr(torch, DTYPES[recipe.dtype])
    return found
