"""The photos of a run, looked at before the first ad is painted; their cut-outs are kept in the run folder.

- One cut-out is in memory at a time, however large the catalogue.
- ``products/ID.png`` is on disk before its row in ``products/photos.jsonl`` is, so a row never lies.
- What is kept is used again while photo, mask and way of cutting are the same bytes; a photo that was refused
  is looked at again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from caig_cli.cutouts.backdrop import HINT
from caig_cli.cutouts.cutout import DOUBTFUL, Cutout, CutoutFacts
from caig_cli.cutouts.doubt import DRY_RUN, GENERATE, doubt
from caig_cli.cutouts.loading import load_cutout
from caig_cli.cutouts.storage import cutout_png, open_cutout
from caig_cli.data import stores
from caig_cli.data.images import shown
from caig_cli.data.product_folders import mask_beside
from caig_cli.data.shards import bucket
from caig_cli.engine.report import Reporter
from caig_cli.engine.run_dir import RunDir
from caig_cli.errors import ItemError
from caig_cli.feeds.fetching import Fetcher
from caig_cli.generating.order import OrderItem
from caig_cli.records import Failure, Product

FILE = "products/photos.jsonl"


@dataclass(frozen=True, slots=True)
class PhotoCheck:
    """What came of a photo: ``error`` says why it can't be used; without cut-out ``facts`` is None."""

    product: Product
    facts: CutoutFacts | None
    error: str | None

    @property
    def line(self) -> str:
        """For people, after the product's name."""
        if self.error is None and self.facts is None:
            return f"not fetched yet; a run fetches {shown(self.product.addresses[self.product.image][:200])}"
        if self.error is not None or self.facts is None:
            return str(self.error)
        how = f"{self.facts.method}, {self.facts.model}" if self.facts.model else self.facts.method
        return "; ".join([f"{how}, doubt {self.facts.doubt:.2f}", *self.facts.notes])


def cut_out(item: OrderItem, notify: Callable[[str], None]) -> Cutout:
    """The product out of its photo. Raises ItemError, which names the file that a mask is looked for in."""
    try:
        return load_cutout(item.product, notify, source=item.cutout)
    except ItemError as error:
        mask = f"give a mask ({shown(item.product.image.stem)}_mask.png beside it) or a transparent PNG"
        raise ItemError(str(error).replace(HINT, mask)) from None


def judged(product: Product, facts: CutoutFacts, accept: bool, advice: str = GENERATE) -> PhotoCheck:
    """The look at a photo that could be cut out."""
    return PhotoCheck(product, facts, None if accept else doubt(facts, advice))


def telling(items: Sequence[OrderItem], report: Reporter) -> Callable[[str], None]:
    """Tells what takes time; of many photos not each, for the bar moves, and what is of all of them once."""
    if len(items) == 1:
        return report.info
    names = tuple(f"{shown(item.product.image)}: " for item in items)
    reported: set[str] = set()

    def say(line: str) -> None:
        if line not in reported and not line.startswith(names):
            reported.add(line)
            report.info(line)

    return say


def looks(items: Sequence[OrderItem], accept: bool, report: Reporter) -> list[PhotoCheck]:
    """A look at every photo; nothing is kept."""
    found, say = [], telling(items, report)
    with report.progress("checking photos", len(items)) as bar:
        for item in items:
            found.append(
                _first_usable(item, 0, lambda one: _dry_look(one, accept, say))
                or PhotoCheck(item.product, None, None)
            )
            bar.advance()
    return found


def _dry_look(item: OrderItem, accept: bool, say: Callable[[str], None]) -> PhotoCheck:
    product = item.product
    if product.image in product.addresses and not product.image.exists():
        return PhotoCheck(product, None, None)
    try:
        return judged(product, cut_out(item, say).facts, accept, DRY_RUN)
    except ItemError as error:
        return PhotoCheck(product, None, str(error))


def _first_usable(
    item: OrderItem, start: int, look: Callable[[OrderItem], PhotoCheck | None]
) -> PhotoCheck | None:
    """The look at the first of a product's photos that can be used, photo ``start`` before the others."""
    product = item.product
    photos = [product.image, *product.more]
    if len(photos) == 1:
        return look(item)
    order = [start, *(number for number in range(len(photos)) if number != start)]
    first: PhotoCheck | None = None
    for number in order:
        mask = product.mask if number == 0 else mask_beside(photos[number])
        found = look(replace(item, product=replace(product, image=photos[number], mask=mask)))
        if found is None or found.error is None:
            return found
        first = first or found
    assert first is not None
    return replace(first, error=f"{first.error} (nor can its {len(photos) - 1} other photos be used)")


class Photos:
    """Cut-outs of a run, each made once; with ``accept`` doubtful ones are used too."""

    def __init__(self, run: RunDir, accept: bool, report: Reporter, *, spread: bool = False) -> None:
        self._run, self._accept, self._report, self._spread = run, accept, report, spread
        self._fetcher = Fetcher()
        self._kept = {str(row["product"]): row for row in run.rows(FILE, _checked)}
        self._last: tuple[str, Cutout] | None = None

    def check(self, items: Sequence[OrderItem], finished: Collection[str]) -> list[PhotoCheck]:
        """Cut out what is not yet, and say of every product what came of it.

        Products in ``finished`` have all their ads and are looked up only.
        """
        found, say = [], telling(items, self._report)
        with self._report.progress("checking photos", len(items)) as bar, self._run.timed("cut out"):
            for item in items:
                if (look := self._usable(item, item.product.id in finished, say)) is not None:
                    found.append(look)
                bar.advance()
        return found

    def cutout(self, item: OrderItem) -> Cutout:
        """The cut-out of a product that was checked; made again where its file was damaged since.

        Raises ItemError where the photo is gone too.
        """
        last, self._last = self._last, None
        if last is not None and last[0] == item.product.id:
            return last[1]
        try:
            return open_cutout(cutout_file(self._run.path, item.product.id))
        except ItemError:
            cutout = cut_out(item, self._report.info)
            self._run.write_bytes(self._name(item.product), cutout_png(cutout))
            return cutout

    def _name(self, product: Product) -> str:
        """Where the cut-out is or is to be; a run of an earlier version has all in one folder."""
        flat = cutout_name(product.id, spread=False)
        spread = self._spread and not self._run.has(flat)
        return cutout_name(product.id, spread=True) if spread else flat

    def _usable(self, item: OrderItem, finished: bool, say: Callable[[str], None]) -> PhotoCheck | None:
        """The look at the first photo that can be used; the one that was used before comes first."""
        product = item.product
        photos = [product.image, *product.more]
        start = int(self._kept.get(product.id, {}).get("photo", 0))
        start = start if 0 <= start < len(photos) else 0

        def at(one: OrderItem) -> PhotoCheck | None:
            number = photos.index(one.product.image)
            return self._look(one, number, finished, say, spare=number != start)

        look = _first_usable(item, start, at)
        if look is not None and look.error is None and look.product.image != product.image:
            number = photos.index(look.product.image) + 1
            self._report.info(f"{product.id}: photo {number} of {len(photos)} is used, as the first can't be")
        return look

    def _fetch(self, address: str, path: Path) -> None:
        """Have a photo of the web or beside a catalogue on a store as a file. Raises ItemError."""
        if not stores.is_store(address):
            self._fetcher.fetch(address, path)
        elif not path.is_file():
            stores.fetch(address, path)

    def _look(
        self, item: OrderItem, number: int, finished: bool, say: Callable[[str], None], *, spare: bool
    ) -> PhotoCheck | None:
        """The look at photo ``number`` of a product; a ``spare`` one is kept only if it can be used."""
        product, row = item.product, self._kept.get(item.product.id)
        if row is not None and row.get("photo", 0) != number:
            row = None
        if not finished and product.image in product.addresses:
            try:
                self._fetch(product.addresses[product.image], product.image)
            except ItemError as error:
                return PhotoCheck(product, None, str(error))
        whole = row is not None and self._run.has_image(self._name(product))
        key = None if finished and row and whole else _key(item)
        if row and whole and (finished or row["input"] == key):
            return judged(product, facts_of(row), finished or self._accept)
        if row and row["input"] != key:
            self._report.warn(f"{product.id}: the photo is not the one of the run's start; cut out again")
        try:
            cutout = cut_out(item, say)
        except ItemError as error:
            return None if finished else PhotoCheck(product, None, str(error))
        if spare and judged(product, cutout.facts, self._accept).error is not None:
            return judged(product, cutout.facts, self._accept)
        self._run.write_bytes(self._name(product), cutout_png(cutout), sync=False)
        self._run.append_later(
            FILE, {"product": product.id, "photo": number, "input": key, **asdict(cutout.facts)}
        )
        self._last = (product.id, cutout)
        if not finished:
            self._tell(product, cutout.facts)
        return judged(product, cutout.facts, finished or self._accept)

    def _tell(self, product: Product, facts: CutoutFacts) -> None:
        """What was done to a photo that is used, and that a doubtful one is."""
        doubtful = facts.doubt > DOUBTFUL
        if doubtful and self._accept:
            notes = "; ".join(facts.notes)
            self._report.warn(f"{product.id}: doubtful cut-out ({facts.doubt:.2f}), used as asked: {notes}")
        elif facts.notes and not doubtful:
            self._report.info(f"{product.id}: {'; '.join(facts.notes)}")


def cutout_name(product: str, *, spread: bool) -> str:
    """The file of a product's cut-out in a run folder, where there are many in one of many folders."""
    return f"products/{bucket(product)}/{product}.png" if spread else f"products/{product}.png"


def cutout_file(run: Path, product: str) -> Path:
    """Where a run folder keeps the cut-out of a product."""
    flat = run / cutout_name(product, spread=False)
    spread = run / cutout_name(product, spread=True)
    return spread if not flat.exists() and spread.exists() else flat


def kept_looks(run: RunDir, products: Iterable[Product], failures: Sequence[Failure]) -> list[PhotoCheck]:
    """What came of every photo of a finished run, as it is kept in its folder."""
    rows = {str(row["product"]): row for row in run.rows(FILE, _checked)}
    errors = {failure.item: failure.error for failure in failures}
    found = []
    for product in products:
        row, error = rows.get(product.id), errors.get(product.id)
        if row is not None:
            photos = [product.image, *product.more]
            used = product if error else replace(product, image=photos[int(row.get("photo", 0))])
            found.append(PhotoCheck(used, facts_of(row), error))
        elif error is not None:
            found.append(PhotoCheck(product, None, error))
    return found


def _checked(row: dict[str, Any]) -> dict[str, Any]:
    """A row as ``_look`` writes it. Raises KeyError, TypeError or ValueError for any other."""
    str(row["product"]), str(row["input"]), float(facts_of(row).doubt)
    return row


def facts_of(row: dict[str, Any]) -> CutoutFacts:
    """The facts of a kept cut-out from its row."""
    return CutoutFacts(row["method"], row["model"], row["doubt"], tuple(row["notes"]))


def _key(item: OrderItem) -> str | None:
    """Names the bytes that a cut-out is made of; None where a file can't be read (its reader says why)."""
    digest = hashlib.sha256(item.cutout.encode())
    try:
        for path in filter(None, (item.product.image, item.product.mask)):
            if not path.is_file():
                return None
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    except (OSError, ValueError):
        return None
    return digest.hexdigest()[:16]
