"""The kept ads of a run, photographed once more in the shapes that platforms ask for.

An ad is not cropped: the same product stands on the same set, made of the same prompt and seed, before a
camera with another frame, where the whole product is inside what the platform leaves uncovered.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from caig_cli.cutouts.cutout import Cutout
from caig_cli.cutouts.storage import open_cutout
from caig_cli.data.ad_id import find_ad_ids
from caig_cli.data.images import shown
from caig_cli.delivery.rules import DeliveryShape
from caig_cli.engine.files import numbered_lines
from caig_cli.errors import ItemError, UsageError
from caig_cli.generating.ads import shot_again
from caig_cli.generating.config import GenerateRecipe
from caig_cli.generating.order import Order, OrderItem, make_order
from caig_cli.generating.photos import cut_out, cutout_file
from caig_cli.painters.ad_name import Filing, Slot, Source
from caig_cli.painters.ad_store import MANIFEST, AdJob, Row, checked
from caig_cli.painters.see_through import clear_parts
from caig_cli.provenance.formats import Format
from caig_cli.recipe import resolve
from caig_cli.records import Failure

PACKSHOT = "isolated on white"
"""The prompt of an ad for a platform that wants white."""


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A run of ``caig generate``: its folder and recipe, what was wanted of each product, its ads' rows."""

    folder: Path
    recipe: GenerateRecipe
    order: Order
    rows: tuple[Row, ...]


def open_finished(folder: Path) -> FinishedRun:
    """The run in a folder. Raises UsageError where there is none, or its products are gone."""
    recipe_file, manifest = folder / "recipe.yaml", folder / MANIFEST
    if not recipe_file.is_file() or not manifest.is_file():
        raise UsageError(f"{shown(folder)}: no run of caig generate: it has no recipe.yaml and {MANIFEST}")
    recipe = resolve(GenerateRecipe, recipe_file)
    rows: dict[str, Row] = {}
    for _, row in numbered_lines(manifest):
        try:
            rows[str(row["path"])] = checked(row)
        except (KeyError, TypeError, ValueError):
            continue  # a damaged line is told when the run itself goes on
    there = tuple(row for path, row in rows.items() if (folder / path).is_file())
    return FinishedRun(folder, recipe, make_order(recipe), there)


def kept(run: FinishedRun, keep: str) -> tuple[list[Row], list[Failure]]:
    """The rows of the ads that are kept, and what names none.

    ``keep`` is ``best`` (the first of each product), ``all``, a text file with one ad a line as the report
    gives it, or ads with commas between; an ad is named by its id, its file or its file's name.
    """
    ordered = sorted(run.rows, key=lambda row: (row["product"], row["index"]))
    if keep == "all":
        return ordered, []
    if keep == "best":
        return [row for row in ordered if row["index"] == 0], []
    found, failed = [], []
    for name in _names(keep):
        match = [row for row in ordered if _is_named(row, name)]
        found += match
        if not match:
            failed.append(Failure(name, f"{shown(name)}: no ad of {shown(run.folder)} has this name"))
    return [row for row in ordered if row in found], failed


def _names(keep: str) -> list[str]:
    path = Path(keep)
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else keep.split(",")
    except (OSError, ValueError):
        raise UsageError(f"--keep {shown(path)}: not a text file with one ad a line") from None
    return [line.strip() for line in lines if line.strip()]


def _is_named(row: Row, name: str) -> bool:
    ids, path = find_ad_ids(name), Path(row["path"])
    return row.get("id") in ids if ids else name in (row["path"], path.name, path.stem)


# --- jobs ------------------------------------------------------------------------------------------


def wanted(rows: Sequence[Row], shapes: Sequence[DeliveryShape]) -> list[tuple[Row, DeliveryShape]]:
    """Each kept ad with each shape; of an ad in several sizes the first, and on white one of each product."""
    found: dict[tuple[str, int, str], tuple[Row, DeliveryShape]] = {}
    for row in rows:
        for shape in shapes:
            index = 0 if shape.background == "white" else row["index"]
            found.setdefault((row["product"], index, shape.label), (row, shape))
    return list(found.values())


def slot_of(row: Row, shape: DeliveryShape) -> Slot:
    """The place of a kept ad in a shape."""
    return Slot(row["product"], row["index"], shape.size, shape.label)


def jobs(
    run: FinishedRun,
    pairs: Sequence[tuple[Row, DeliveryShape]],
    kind: Format | None,
    notify: Callable[[str], None],
    failed: Callable[[Failure], None],
) -> Iterator[tuple[DeliveryShape, AdJob]]:
    """The ads to make; ``failed`` is told of those whose product can't be had any more."""
    items = {item.product.id: item for item in run.order.items}
    for product, group in itertools.groupby(pairs, key=lambda pair: str(pair[0]["product"])):
        try:
            if product not in items:
                raise ItemError(f"{product}: the run's products have it no more")
            cutout = _cutout(run, items[product], notify)
        except ItemError as error:
            failed(Failure(product, str(error)))
            continue
        for row, shape in group:
            yield shape, _job(row, shape, items[product], cutout, kind)


def _cutout(run: FinishedRun, item: OrderItem, notify: Callable[[str], None]) -> Cutout:
    """The product as the run has cut it out."""
    try:
        cutout = open_cutout(cutout_file(run.folder, item.product.id))
    except ItemError:
        cutout = cut_out(item, notify)
    return clear_parts(cutout, item.product)[0]


def _job(row: Row, shape: DeliveryShape, item: OrderItem, cutout: Cutout, kind: Format | None) -> AdJob:
    """A kept ad in a shape: with another frame, and on white where that is asked."""
    white = shape.background == "white"
    prompt = PACKSHOT if white else row["prompt"]
    item = replace(item, sizes=(shape.size,), relight=item.relight and not white)
    if white:
        item = replace(item, stance=None, scale=None, placement=None)
    shot = shot_again(item, cutout, prompt, row["seed"], row.get("candidate"))
    # A side that the photo cuts off has to touch the frame, wherever the safe area ends.
    safe = shape.safe if not shot.product.cut_off else (0.0, 0.0, 0.0, 0.0)
    shot = replace(shot, safe=safe)
    source = Source(row.get("photo") or item.product.image.name, row.get("photo_sha256"), None, item.cutout)
    filing = Filing(kind or shape.formats[0], shape.platform, shape.bytes, row.get("id"))
    return AdJob(slot_of(row, shape), item.product, source, shot, None, row.get("candidate"), {}, filing)
