"""Shards of one ``caig generate`` become the run that one machine would have made.

- Rows are copied as they are, in the order of the products; no file of rows is held in memory.
- Pictures are linked where the disk can do that, else copied; the shards are left as they are.
- What is missing is an error before anything is written: a shard, or one that is not finished.
- A run of Ray's is one shard, whose pictures and rows are in its Parquet files.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from caig_cli.data.shards import Shard, parse_shard
from caig_cli.engine import digests, run_folder
from caig_cli.engine.files import numbered_lines
from caig_cli.engine.outcome import Outcome
from caig_cli.engine.report import Reporter
from caig_cli.engine.run_dir import RunDir
from caig_cli.errors import RecipeError, UsageError
from caig_cli.generating.config import GenerateRecipe, RaySection
from caig_cli.generating.failures import FILE as FAILURES
from caig_cli.generating.failures import read_failures
from caig_cli.generating.finish import finish
from caig_cli.generating.order import Order, make_order
from caig_cli.generating.photos import FILE as PHOTOS
from caig_cli.generating.photos import kept_looks
from caig_cli.painters.ad_store import MANIFEST, Album
from caig_cli.painters.candidates import FILE as CANDIDATES
from caig_cli.parsing import read_json
from caig_cli.provenance.formats import ENCODINGS
from caig_cli.recipe import differences, replaced, resolve

COMMAND = "generate"
Ranks = Mapping[str, int]
"""Product id -> its place in the catalogue."""


@dataclass(frozen=True, slots=True)
class Shards:
    """Finished runs of all shards of one recipe, by their numbers; ``recipe`` is that of the whole."""

    folders: tuple[Path, ...]
    recipe: GenerateRecipe


def is_run(source: str) -> bool:
    """Whether a folder holds a run of ``caig generate``."""
    try:
        facts = read_json(Path(source) / "run.json")
    except ValueError:
        return False
    return isinstance(facts, dict) and facts.get("command") == COMMAND


def open_runs(sources: Sequence[str]) -> list[Path]:
    """Finished runs of ads, whole ones or shards. Raises UsageError for anything else."""
    if others := [source for source in sources if not is_run(source)]:
        raise UsageError(f"{others[0]}: holds no run of caig {COMMAND}")
    for source in sources:
        if _recipe(Path(source)).generate.engine == "ray":
            raise UsageError(
                f"{source}: its ads are in Parquet files already; caig merge {source} --out FOLDER"
            )
    return [Path(source) for source in sources]


def open_shards(sources: Sequence[str]) -> Shards:
    """Find the shards of one recipe. Raises UsageError where they do not make one whole, finished run."""
    found: dict[Shard, Path] = {}
    whole: GenerateRecipe | None = None
    for folder in map(Path, sources):
        recipe = _recipe(folder)
        if recipe.generate.shard is None:
            raise UsageError(f"{folder}: is no shard but a whole run; make shards with caig generate --shard")
        shard = parse_shard(recipe.generate.shard)
        if shard in found:
            raise UsageError(f"{folder}: is shard {recipe.generate.shard}, as {found[shard]} is")
        found[shard] = folder
        own = replaced(recipe, {"generate.shard": None})
        other = differences(own, (whole or own).model_dump(mode="json"))
        if other:
            raise UsageError(f"{folder}: was made with another {', '.join(other)} than {Path(sources[0])}")
        whole = whole or own
    count = next(iter(found)).count
    if odd := [path for shard, path in found.items() if shard.count != count]:
        raise UsageError(f"{odd[0]}: is not one of {count} shards, as {Path(sources[0])} is")
    if missing := [str(k) for k in range(count) if Shard(k, count) not in found]:
        named = ", ".join(missing[:8]) + (", ..." if len(missing) > 8 else "")
        raise UsageError(f"{len(missing)} of {count} shards are not given: {named}; name the folders of all")
    assert whole is not None
    return Shards(tuple(found[Shard(k, count)] for k in range(count)), whole)


def _recipe(folder: Path) -> GenerateRecipe:
    """The recipe of a finished run. Raises UsageError where it is not finished, or can't be read."""
    status = run_folder.read_status(folder)
    if status not in ("done", run_folder.EMPTY):
        raise UsageError(
            f"{folder}: the run is not finished ({status}); go on with caig generate --resume --out {folder}"
        )
    try:
        return resolve(GenerateRecipe, str(folder / "recipe.yaml"))
    except RecipeError as error:
        raise UsageError(f"{folder}: {error}") from None


def merge_shards(sources: Sequence[str], out: Path, report: Reporter, *, overwrite: bool) -> Outcome:
    """Make the folder of the whole run; its outcome is that of the whole run.

    Raises UsageError where the shards do not make one, or where the folder may not be taken.
    """
    if _is_of_ray(sources):
        with TemporaryDirectory(dir=out.absolute().parent, prefix=f".{out.name}.") as folder:
            return _merge(_unpacked(Path(sources[0]), Path(folder)), out, report, overwrite=overwrite)
    return _merge(open_shards(sources), out, report, overwrite=overwrite)


def described(sources: Sequence[str]) -> str:
    """What would be merged, in a line. Raises UsageError as the merge does."""
    if _is_of_ray(sources):
        return f"a run of Ray's: {sources[0]}"
    return f"shards: {len(open_shards(sources).folders)}"


def _is_of_ray(sources: Sequence[str]) -> bool:
    return len(sources) == 1 and _recipe(Path(sources[0])).generate.engine == "ray"


def _unpacked(run: Path, folder: Path) -> Shards:
    """A run of Ray's as a shard that has all products, in an empty folder."""
    from caig_cli.generating.parts import Parts, unpack
    from caig_cli.generating.ray_engine import place_of

    recipe = _recipe(run)
    spread = make_order(recipe).spread
    unpack(Parts.at(place_of(recipe, run.absolute())), folder, spread=spread)
    for name in (FAILURES, "run.json", digests.FILE):
        if (run / name).is_file():
            shutil.copyfile(run / name, folder / name)
    return Shards((folder,), replaced(recipe, {"generate.engine": "local", "ray": RaySection().model_dump()}))


def _merge(shards: Shards, out: Path, report: Reporter, *, overwrite: bool) -> Outcome:
    if inside := [one for one in shards.folders if one.resolve().is_relative_to(out.resolve())]:
        raise UsageError(f"{out}: holds {inside[0]}, which is to be merged; name another folder")
    order = make_order(shards.recipe, report.warn)
    ranks = {item.product.id: number for number, item in enumerate(order.items)}
    with RunDir.open(out, COMMAND, shards.recipe, overwrite=overwrite, notify=report.warn) as run:
        report.info(f"run folder {run.path}")
        with run.timed("merge"):
            copy_pictures(shards, run, report)
            copy_rows(shards, ranks, run)
        run.write_json(digests.FILE, _inputs(shards, order))
        for name, count in _counts(shards).items():
            run.count(name, count)
        failures = read_failures(run)
        looks = kept_looks(run, (item.product for item in order.items), failures)
        return finish(run, order, Album(run, order.origin), looks, failures)


def copy_rows(shards: Shards, ranks: Ranks, run: RunDir) -> None:
    """Write the merged rows of ads, photos, candidates and failures."""
    for name in (PHOTOS, CANDIDATES, MANIFEST, FAILURES):
        files = [folder / name for folder in shards.folders if (folder / name).is_file()]
        if files:
            run.write_pieces(name, _merged(files, ranks, run.notify))


def _merged(files: Sequence[Path], ranks: Ranks, notify: Callable[[str], None]) -> Iterator[bytes]:
    """The lines of all files as they are, in the order of the products; of one product as they were."""
    tables = [_places(number, path, ranks, notify) for number, path in enumerate(files)]
    places = np.concatenate(tables)
    order = np.argsort(places[:, 0], kind="stable")
    streams = [path.open("rb") for path in files]
    try:
        for _, number, start, length in places[order].tolist():
            streams[number].seek(start)
            yield streams[number].read(length)
    finally:
        for stream in streams:
            stream.close()


def _places(number: int, path: Path, ranks: Ranks, notify: Callable[[str], None]) -> npt.NDArray[np.int64]:
    """(rank, number of the file, start, bytes) of each whole row of a file, int64 [rows, 4]."""
    damaged: dict[int, str] = {}
    named = {line: _rank(row, ranks) for line, row in numbered_lines(path, damaged.__setitem__)}
    for line, what in damaged.items():
        notify(f"{path}:{line}: {what}; left out")
    found, start = [], 0
    with path.open("rb") as stream:
        for line, text in enumerate(stream, start=1):
            if line in named and text.endswith(b"\n"):
                found.append((named[line], number, start, len(text)))
            start += len(text)
    return np.array(found, np.int64).reshape(-1, 4)


def _rank(row: Mapping[str, Any], ranks: Ranks) -> int:
    """Records that can't be read have no product of the catalogue; they come first, as in one run."""
    return ranks.get(str(row.get("product")), -1)


_PICTURES = {encoding.suffix for encoding in ENCODINGS.values()}


def copy_pictures(shards: Shards, run: RunDir, report: Reporter) -> None:
    """Link or copy what the shards' folders of pictures hold."""
    for name in ("products", "ads"):
        folders = [folder / name for folder in shards.folders if (folder / name).is_dir()]
        if folders:
            run.fill_folder(name, partial(_fill, folders, report))


def _fill(folders: Sequence[Path], report: Reporter, made: Path) -> None:
    with report.progress(f"merging {folders[0].name}", len(folders)) as bar:
        for folder in folders:
            for path in (one for one in folder.rglob("*") if one.suffix in _PICTURES):
                _link(path, made / path.relative_to(folder))
            bar.advance()


def _link(path: Path, to: Path) -> None:
    """One more name for a file where the disk can do that, else a copy of it."""
    to.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(path, to)
    except OSError:
        shutil.copyfile(path, to)


def _inputs(shards: Shards, order: Order) -> dict[str, digests.Digests]:
    """The digests of all shards' inputs by kind, those of products in their order."""
    found: dict[str, digests.Digests] = {}
    for folder in shards.folders:
        path = folder / digests.FILE
        for kind, named in (read_json(path) if path.is_file() else {}).items():
            found.setdefault(kind, {}).update(named)
    data = found.get("data", {})
    data |= digests.digests(file for file in order.files if str(file) not in data)
    found["data"] = {str(file): data[str(file)] for file in order.files}
    return found


def _counts(shards: Shards) -> dict[str, int]:
    """The counts of all shards' ``run.json`` together."""
    total: dict[str, int] = {}
    for folder in shards.folders:
        for name, count in read_json(folder / "run.json").get("counts", {}).items():
            total[name] = total.get(name, 0) + int(count)
    return total
