"""Ray Data makes the ads of a catalogue: actors with loaded models, on as many machines as a cluster has.

- A product's ads are the bytes of one run, whatever actor makes them, and in whatever order.
- What raises an error is told as that product's failure, and so is a product that ends its actor's process
  ``ray.tries`` times; the others of its task are made.
- A lost actor or machine costs the tasks that it was at, which Ray gives to another.
- A killed run goes on with the products that are in no whole file.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from caig_cli.engine.outcome import Outcome
from caig_cli.engine.process import PASSIVE
from caig_cli.engine.report import QuietReporter, Reporter, SilentReporter
from caig_cli.engine.run_dir import RunDir
from caig_cli.engine.runtime import use_threads
from caig_cli.errors import CaigError, RunError, UsageError, in_words
from caig_cli.generating.config import GenerateRecipe, RaySection
from caig_cli.generating.failures import write_failures
from caig_cli.generating.models import Models
from caig_cli.generating.order import Order, OrderItem
from caig_cli.generating.parts import FOLDER, PartRow, Parts, failed_row, part_schema, rows_of_folder
from caig_cli.records import Failure

if TYPE_CHECKING:
    import pyarrow

CERTAIN = 8
"""Products that fail by the same unforeseen error from which on it is no product's own."""


def make_with_ray(recipe: GenerateRecipe, order: Order, run: RunDir, report: Reporter) -> Outcome:
    """Make the ads that are in no file yet; the outcome has all files of the run.

    Raises UsageError without Ray, and RunError where the cluster can't do the work.
    """
    parts = Parts.at(place_of(recipe, run.path))
    done = {str(row["product"]) for row in parts.facts(report, mend=True)}
    order = order.without(done)
    if order.items:
        report.info(f"products: {len(done)} made, {len(order.items)} to make")
        ray = _started(recipe.ray, report)
        try:
            with run.timed("ray"):
                _map(ray, recipe, order, parts)
        except (ray.exceptions.RayError, OSError) as error:
            raise RunError(f"Ray stopped: {_cause(error)}; --resume goes on") from error
    return _outcome(order, parts, run, report)


def place_of(recipe: GenerateRecipe, run: Path) -> str:
    """Where the files of a run are."""
    return recipe.ray.parts or str(run / FOLDER)


def _started(section: RaySection, report: Reporter) -> Any:
    """The module, connected to a cluster. Raises UsageError."""
    try:
        import ray
        import ray.data
    except ImportError:
        raise UsageError("--engine ray needs Ray Data; install caig[ray]") from None
    ray.data.DataContext.get_current().enable_progress_bars = not isinstance(report, QuietReporter)
    if not ray.is_initialized():
        try:
            ray.init(section.address, include_dashboard=False, log_to_driver=False)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise UsageError(f"ray.address {section.address}: {' '.join(str(error).split())[:200]}") from None
    return ray


def _map(ray: Any, recipe: GenerateRecipe, order: Order, parts: Parts) -> None:
    """The pipeline: items, actors, files."""
    section = recipe.ray
    begin = RemoteCount(ray.remote(num_cpus=0)(Counts).remote())
    given = AdTask(recipe, replace(order, items=(), failed=()))
    compute = (
        ray.data.ActorPoolStrategy(min_size=1)
        if section.actors is None
        else ray.data.ActorPoolStrategy(size=section.actors)
    )
    tasks = math.ceil(len(order.items) / section.products_per_task)
    items = ray.data.from_items([{"item": item} for item in order.items], override_num_blocks=tasks)
    ads = items.map_batches(
        AdActor,
        fn_constructor_args=(given, begin),
        batch_size=None,
        batch_format="numpy",
        compute=compute,
        num_cpus=section.cpus,
        num_gpus=section.gpus,
    )
    ads.write_parquet(
        parts.folder,
        filesystem=parts.store,
        schema=part_schema(),
        compression="zstd",
        ray_remote_args={"num_cpus": 0},  # actors may have all processors
    )


@dataclass(frozen=True)
class AdTask:
    """What all actors need to know: the recipe, and the order without its items."""

    recipe: GenerateRecipe
    order: Order


Begin = Callable[[str], int]
"""Counts that a product or a task is begun; returns how often it was before, in whatever process."""


class Counts:
    """How often each name was begun, for actors that may have been ended by it."""

    def __init__(self) -> None:
        self._begun: Counter[str] = Counter()

    def begin(self, name: str) -> int:
        """Count one more; returns how often it was begun before."""
        self._begun[name] += 1
        return self._begun[name] - 1


class RemoteCount:
    """The counts of an actor of Ray's."""

    def __init__(self, counts: Any) -> None:
        self._counts = counts

    def __call__(self, name: str) -> int:
        import ray

        return int(ray.get(self._counts.begin.remote(name)))


class AdActor:
    """Makes the products of one task after the other, with models that are loaded once."""

    def __init__(self, task: AdTask, begin: Begin) -> None:
        for name, value in PASSIVE.items():
            os.environ.setdefault(name, value)
        threads = task.recipe.threads or max(1, int(task.recipe.ray.cpus))
        self._recipe = task.recipe.model_copy(update={"threads": threads})
        use_threads(threads)
        self._order, self._begin = task.order, begin
        self._models: Models | None = None

    def __call__(self, batch: Mapping[str, Sequence[OrderItem]]) -> pyarrow.Table:
        """The rows of the products of column ``item``."""
        import pyarrow as arrow

        return arrow.Table.from_pylist(self._task(list(batch["item"])), part_schema())

    def _task(self, items: Sequence[OrderItem]) -> list[PartRow]:
        """The rows of a task's products: together, or each alone where that failed or ended a process."""
        if not self._begin(f"task {items[0].product.id}"):
            try:
                return self._made(items)
            except CaigError:
                raise  # a model that isn't there, a full disk: it is no product's
            except Exception as error:
                if len(items) == 1:
                    return [failed_row(items[0].product.id, _unforeseen(error))]
        rows: list[PartRow] = []
        same: Counter[str] = Counter()
        for item in items:
            try:
                rows += self._alone(item)
            except CaigError:
                raise
            except Exception as error:
                same[reason := _unforeseen(error)] += 1
                if same[reason] == len(items) >= CERTAIN:
                    raise RunError(f"every product of a task fails: {reason}") from error
                rows.append(failed_row(item.product.id, reason))
        return rows

    def _alone(self, item: OrderItem) -> list[PartRow]:
        tries = self._recipe.ray.tries
        if self._begin(item.product.id) >= tries:
            ended = f"ended the process that made it {tries} times, and was left out"
            return [failed_row(item.product.id, ended)]
        return self._made([item])

    def _made(self, items: Sequence[OrderItem]) -> list[PartRow]:
        """Make the products in a run folder of their own, which is gone afterwards."""
        from caig_cli.generating.painting import paint, turns_of
        from caig_cli.generating.photos import Photos
        from caig_cli.painters.ad_store import Album

        report = SilentReporter()
        order = replace(self._order, items=tuple(items))
        self._models = self._models or Models(self._recipe, turns_of(self._recipe, order, report))
        with (
            TemporaryDirectory(prefix="caig-ray-") as folder,
            RunDir.open(Path(folder), "generate", self._recipe, notify=report.warn) as run,
        ):
            photos = Photos(run, self._recipe.generate.accept_doubtful, report)
            found = photos.check(order.items, ())
            failed = [Failure(look.product.id, look.error) for look in found if look.error is not None]
            usable = order.photographed(look.product for look in found)
            usable = usable.without({one.item for one in failed})
            album = Album(run, order.origin)
            if usable.items:
                paint(self._recipe, usable, album, photos, run, report, self._models)
            ids = [item.product.id for item in items]
            rows = list(rows_of_folder(Path(folder), ids, failed))
        warnings = [line.removeprefix("warning: ") for line in report.lines if line.startswith("warning: ")]
        if rows and warnings:
            rows[0]["warnings"] = "\n".join(warnings)
        return rows


def _unforeseen(error: Exception) -> str:
    return f"can't be made: {in_words(error)}"


def _cause(error: BaseException) -> str:
    """The line of what an actor raised, out of Ray's."""
    while (inner := getattr(error, "cause", None) or error.__cause__) is not None:
        error = inner
    return str(error) if isinstance(error, CaigError) else in_words(error)


def _outcome(order: Order, parts: Parts, run: RunDir, report: Reporter) -> Outcome:
    """Tell what was not used, and count what was made."""
    failed = {one.item: one for one in order.failed}
    ads = 0
    for row in parts.facts(report):
        ads += row["error"] is None
        if row["error"] is not None:
            failed[row["product"]] = Failure(row["product"], row["error"])
        for line in (row["warnings"] or "").splitlines():
            report.warn(line)
    run.count("ads", ads)
    write_failures(run, list(failed.values()))
    for one in failed.values():
        report.warn(f"{one.item}: {one.error}")
    files = parts.files()
    result = {"parts": files, "count": ads, "failed": [{"product": one.item, "error": one.error}
                                                       for one in failed.values()]}  # fmt: skip
    report.info(f"ads: {ads} in {len(files)} files; caig merge {run.path} --out FOLDER makes them one run")
    return Outcome(result, tuple(failed.values()), tuple(files), reported=True)
