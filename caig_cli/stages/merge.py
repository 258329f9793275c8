"""``caig merge``: parts become a whole.

- Shards of ads (``caig generate --shard``) become the run that one machine would have made.
- Runs of ads become a few large files, Parquet or WebDataset, with their pictures.
- An adapter and its base become one plain model, for tools that know no adapters.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from caig_cli.engine import sources
from caig_cli.engine.outcome import Outcome
from caig_cli.engine.replacing import replaced_folder
from caig_cli.engine.runtime import DTYPES
from caig_cli.errors import UsageError
from caig_cli.recipe import Recipe, Section

PACKED = (".parquet", ".tar")
"""Endings of a file of ads."""

if TYPE_CHECKING:
    import torch

    from caig_cli.engine.model_folder import Check
    from caig_cli.engine.report import Reporter


class MergeSection(Section):
    """What to read and what to write."""

    sources: tuple[str, ...] = ()
    """Run folders of all shards of caig generate --shard; or one adapter of a prompt model: a folder, a run
    of caig pcpo, or a hub name org/name[@revision]. Without --out the last name is the folder to make."""

    out: Path | None = None
    """Folder to make; or, of runs of caig generate, whole or shards: FILE.parquet (Hugging Face's datasets)
    or FILE.tar (WebDataset). FILE-%05d.tar makes a file for every per_file ads."""

    overwrite: bool = False
    """Replace a model, a run or a file that is already there."""

    pictures: bool = True
    """Put the pictures into a file of ads; without them it is a manifest."""

    per_file: Annotated[int, Field(ge=1)] = 1000
    """Ads in a file, where the name of --out has a place for its number."""


class MergeRecipe(Recipe):
    """Recipe of ``caig merge``; dtype auto is that of the base. Models are computed on the CPU, in 32 bit."""

    merge: MergeSection = MergeSection()
    """Folders."""


def models(recipe: MergeRecipe) -> dict[str, Check | None]:
    """The adapter and its base; none where runs are merged."""
    names, _ = _given(recipe)
    if _are_runs(names):
        return {}
    from caig_cli.mllm.folders import check_folder

    return {names[0]: check_folder}


def plan(recipe: MergeRecipe, report: Reporter) -> list[str]:
    """What would be merged into what."""
    names, out = _given(recipe)
    if out.suffix in PACKED:
        from caig_cli.generating.merging import open_runs

        return [f"runs: {len(open_runs(names))}", f"to {out}"]
    if _are_runs(names):
        from caig_cli.generating.merging import described

        return [described(names), f"to {out}"]
    from caig_cli.mllm import loading

    adapter = _adapter(names, out, recipe)
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
    """Write the run's or the model's folder."""
    names, out = _given(recipe)
    if out.suffix in PACKED:
        return _pack(recipe, names, out, report)
    if _are_runs(names):
        from caig_cli.generating.merging import merge_shards

        return merge_shards(names, out, report, overwrite=recipe.merge.overwrite)
    return _merge_adapter(recipe, _adapter(names, out, recipe), out, report)


def _pack(recipe: MergeRecipe, names: tuple[str, ...], out: Path, report: Reporter) -> Outcome:
    """Write files of ads."""
    from caig_cli.generating.merging import open_runs
    from caig_cli.generating.packing import each_ad, pack

    if out.exists() and not recipe.merge.overwrite:
        raise UsageError(f"{out}: is there already; replace it with --overwrite")
    ads = each_ad(open_runs(names), report)
    made = pack(ads, out, pictures=recipe.merge.pictures, per_file=recipe.merge.per_file)
    return Outcome({"paths": [str(path.absolute()) for path in made]}, lines=tuple(map(str, made)))


def _merge_adapter(recipe: MergeRecipe, adapter: str, out: Path, report: Reporter) -> Outcome:
    """Write the model's folder."""
    from caig_cli.judges.stored_judge import copy_kept
    from caig_cli.mllm.merging import merge_into

    dtype = _dtype(recipe, adapter)
    report.info(f"merging {adapter} in 32 bit on the CPU, to be written in {dtype}")
    with replaced_folder(out) as partial:
        merge_into(adapter, partial, dtype)
        copy_kept(sources.locate(adapter), partial)
    return Outcome({"path": str(out.absolute())}, lines=(str(out),))


def _given(recipe: MergeRecipe) -> tuple[tuple[str, ...], Path]:
    """What to merge, and the folder to make. Raises UsageError where one is not named."""
    names, out = recipe.merge.sources, recipe.merge.out
    if out is None and len(names) > 1:
        names, out = names[:-1], Path(names[-1])
    if out is None or not names:
        raise UsageError(
            "name what to merge and a folder to make: caig merge SHARD... --out OUT or caig merge ADAPTER OUT"
        )
    return names, out


def _are_runs(names: tuple[str, ...]) -> bool:
    """Whether shards of ads are meant; more than one name can be nothing else."""
    from caig_cli.generating.merging import is_run

    return len(names) > 1 or is_run(names[0])


def _adapter(names: tuple[str, ...], out: Path, recipe: MergeRecipe) -> str:
    """The adapter to merge. Raises UsageError where it or the folder to make can't be used."""
    from caig_cli.mllm.merging import check

    adapter = names[0]
    if not sources.is_remote(adapter):
        folder = check(adapter)
        if folder.resolve().is_relative_to(out.resolve()):
            raise UsageError(f"{out}: holds the adapter itself; name another folder")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        if not (out / "config.json").is_file():
            raise UsageError(f"{out}: is not empty and holds no model; choose another folder")
        if not recipe.merge.overwrite:
            raise UsageError(f"{out}: holds a model; replace it with --overwrite")
    return adapter


def _dtype(recipe: MergeRecipe, adapter: str) -> torch.dtype:
    import torch

    from caig_cli.mllm.merging import stored_dtype

    if recipe.dtype not in ("auto", *DTYPES):
        raise UsageError(f"dtype {recipe.dtype!r}: expected auto, {', '.join(DTYPES)}")
    if recipe.dtype == "auto":
        return stored_dtype(adapter)
    found: torch.dtype = getattr(torch, DTYPES[recipe.dtype])
    return found
