"""One ad of a run made once more, with another prompt, seed or size; the ad itself stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from caig_cli.engine.run_dir import RunDir
from caig_cli.engine.runtime import derive_seed
from caig_cli.errors import UsageError
from caig_cli.generating.ads import AS_GIVEN, shot_again, source_of, spread_filing
from caig_cli.generating.config import GenerateRecipe
from caig_cli.generating.failures import read_failures
from caig_cli.generating.order import Order
from caig_cli.generating.photos import Photos
from caig_cli.painters.ad_name import Filing, Slot
from caig_cli.painters.ad_store import AdJob, Album
from caig_cli.painters.layout import parse_sizes
from caig_cli.painters.see_through import clear_parts


def of_run(order: Order, album: Album, run: RunDir) -> Order:
    """The order with the products that were in the run when it was made, used or not."""
    known = {row["product"] for row in album.rows()} | {one.item for one in read_failures(run)}
    return order.without({item.product.id for item in order.items} - known)


def jobs_again(
    recipe: GenerateRecipe, whole: GenerateRecipe, order: Order, album: Album, photos: Photos, run: Path
) -> Iterator[AdJob]:
    """The ad that ``recipe.generate.again`` names, with what ``recipe`` has otherwise than the whole run's.

    ``run`` is the run's folder. The ad gets the next number of its product, and comes in every size that is
    asked for. Raises UsageError where the run has no such ad, or its photo can't be used.
    """
    ad = recipe.generate.again
    row = None if ad is None else album.row_of(ad.resolve().relative_to(run.resolve()).as_posix())
    if row is None:
        raise UsageError(f"--again {ad}: the run's manifest has no such ad")
    item = next((one for one in order.items if one.product.id == row["product"]), None)
    if item is None:
        raise UsageError(f"--again {ad}: its product {row['product']} can't be used any more")
    prompt, seed = row["prompt"], row["seed"]
    sizes: tuple[tuple[int, int], ...] = (tuple(row["size"]),)
    if recipe.generate.prompt != whole.generate.prompt:
        prompt = recipe.generate.prompt or prompt
    if recipe.seed != whole.seed:
        seed = derive_seed(recipe.seed, item.product.id, row.get("candidate") or 0)
    if recipe.generate.size != whole.generate.size:
        sizes = parse_sizes(recipe.generate.size)
    index = 1 + max(one["index"] for one in album.rows() if one["product"] == item.product.id)
    cutout = clear_parts(photos.cutout(item), item.product)[0]
    origin = AS_GIVEN if prompt != row["prompt"] or not item.writes else {}
    filing = Filing(recipe.generate.format, of=row.get("id"))
    filing = spread_filing(filing, item.product.id) if order.spread else filing
    for size in sizes:
        shot = shot_again(replace(item, sizes=(size,)), cutout, prompt, seed, row.get("candidate"))
        slot = Slot(item.product.id, index, size)
        yield AdJob(slot, item.product, source_of(item), shot, None, row.get("candidate"), origin, filing)
