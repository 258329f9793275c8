"""Products of a run: which are learnt from and which only watched, and their cut-outs, made once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import TypeAdapter

from caig_cli.cutouts.cutout import Cutout
from caig_cli.cutouts.doubt import PCPO, doubt
from caig_cli.cutouts.loading import load_cutout
from caig_cli.cutouts.source import CutoutSource
from caig_cli.cutouts.storage import cutout_png, open_cutout
from caig_cli.data.product_columns import Columns
from caig_cli.data.products import read_products
from caig_cli.engine.held_out import held_out as held_out_items
from caig_cli.engine.report import Reporter
from caig_cli.engine.run_dir import RunDir
from caig_cli.engine.runtime import derive_seed
from caig_cli.engine.workers import Workers
from caig_cli.errors import ItemError, UsageError
from caig_cli.market.known import Oracle, open_oracle
from caig_cli.pcpo.config import EvalSection, PcpoSection
from caig_cli.records import Failure, Product

SHIPPED = Path(__file__).parents[1] / "embedded" / "catalogue" / "products.json"
"""What the bare command learns from."""
KEPT = 64
"""Cut-outs that are kept open: a catalogue need not fit into memory."""


@dataclass(frozen=True, slots=True)
class ProductSplit:
    """Products to learn from and to watch; ``oracle`` where all of them are a market's."""

    learn: list[Product]
    evaluate: list[Product]
    failed: list[Failure]
    oracle: Oracle | None

    def files(self, section: PcpoSection) -> list[Path]:
        """The files of the products: photos, masks and the tables that name them."""
        tables = [file for file in (section.products, section.eval_products) if file and file.is_file()]
        photos = [file for one in self.learn + self.evaluate for file in (one.image, one.mask) if file]
        return tables + photos

    def of_round(self, number: int, size: int | None) -> list[Product]:
        """The products of round ``number`` (from 1): the next ``size`` in an endless turn over all."""
        count = min(size or len(self.learn), len(self.learn))
        start = (number - 1) * count
        return [self.learn[(start + k) % len(self.learn)] for k in range(count)]


def split_products(section: PcpoSection, evaluation: EvalSection, seed: int) -> ProductSplit:
    """Read the records; no image is opened. Raises UsageError where there is nothing to learn from.

    Of a market only the products of its training split are learnt from, and only those of its validation
    split are watched: nothing of the test split is touched.
    """
    source = section.products or SHIPPED
    if section.products is None and not SHIPPED.is_file():
        raise UsageError("the shipped catalogue is missing from this installation; give --products FILE")
    found, failed = read_products(source, allow_outside=section.allow_outside, columns=_columns())
    if not found:
        raise UsageError(f"{source}: no product can be used; {failed[0].error if failed else 'it is empty'}")
    found.sort(key=lambda product: derive_seed(seed, "order", product.id))
    oracle = open_oracle(source)
    if oracle is not None and not all(product.id in oracle.products for product in found):
        oracle = None
    learn, held_out = _split(found, oracle, section.eval_products is None, evaluation, seed)
    if section.eval_products is not None:
        held_out, more = read_products(
            section.eval_products, allow_outside=section.allow_outside, columns=_columns()
        )
        failed = failed + more
        held_out, oracle = _other_file(held_out, learn, section.eval_products, oracle)
    return ProductSplit(learn, held_out[: evaluation.products], failed, oracle)


def _columns() -> Columns:
    """Of the columns about ads only the way to cut out counts: rounds have prompts and sizes of their own."""
    return Columns({"cutout": TypeAdapter(CutoutSource)})


def _split(
    found: list[Product], oracle: Oracle | None, hold_out: bool, evaluation: EvalSection, seed: int
) -> tuple[list[Product], list[Product]]:
    if oracle is not None:
        split = {product.id: oracle.products[product.id].split for product in found}
        learn = [product for product in found if split[product.id] == "train"]
        held_out = [product for product in found if split[product.id] == "validation"]
        if learn and (held_out or not hold_out):
            return learn, held_out
    if not hold_out:
        return found, []
    chosen = held_out_items(
        [product.id for product in found], evaluation.share, evaluation.min_products, seed
    )
    learn = [product for product in found if product.id not in chosen]
    return (learn, [product for product in found if product.id in chosen]) if learn else (found, [])


def _other_file(
    held_out: list[Product], learn: Sequence[Product], path: Path, oracle: Oracle | None
) -> tuple[list[Product], Oracle | None]:
    """Products of a file of their own, none of which is learnt from, and an oracle that knows them too."""
    known = {product.id for product in learn}
    both = next((product.id for product in held_out if product.id in known), None)
    if both is not None:
        raise UsageError(f"{path}: product {both} is learnt from too; take it out of one of the files")
    theirs = open_oracle(path)
    if oracle is None or theirs is None or not all(one.id in theirs.products for one in held_out):
        return held_out, None
    return held_out, Oracle({**theirs.products, **oracle.products})


class CutoutCache:
    """Cut-outs as PNG files of the run folder, each made once, by ``source`` where a record names no way."""

    def __init__(self, run: RunDir, pool: Workers, report: Reporter, source: str) -> None:
        self._run, self._pool, self._report, self._source = run, pool, report, source
        self.failed: dict[str, Failure] = {}
        self.cutout = lru_cache(KEPT)(self._open)

    def path(self, product: Product) -> Path:
        """Where the cut-out of a product is."""
        return self._run.path / self._name(product)

    def cut(self, products: Sequence[Product]) -> None:
        """Cut out whatever is not yet; products whose image is unusable join ``failed``."""
        missing = [p for p in products if p.id not in self.failed and not self._run.has_image(self._name(p))]
        if not missing:
            return
        with self._report.progress("cutting out", len(missing)) as bar, self._run.timed("cut out"):
            jobs = [(product, product.options.cutout or self._source) for product in missing]
            for product, made in zip(missing, self._pool.each(cut_out, jobs), strict=True):
                if isinstance(made, str):
                    self.failed[product.id] = Failure(product.id, made)
                else:
                    self._run.write_bytes(self._name(product), made)
                bar.advance()

    def usable(self, products: Sequence[Product]) -> list[Product]:
        """Those with a cut-out."""
        return [product for product in products if product.id not in self.failed]

    @staticmethod
    def _name(product: Product) -> str:
        return f"products/{product.id}.png"

    def _open(self, product_id: str) -> Cutout:
        return open_cutout(self._run.path / f"products/{product_id}.png")


def cut_out(job: tuple[Product, str]) -> bytes | str:
    """PNG of a product's cut-out made in a given way, or why there is none to use. Runs in a worker."""
    product, source = job
    try:
        cutout = load_cutout(product, lambda _: None, source=source)
    except ItemError as error:
        return str(error)
    return doubt(cutout.facts, PCPO) or cutout_png(cutout)
