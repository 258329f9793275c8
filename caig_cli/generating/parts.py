"""Parts of a run that other machines make: Parquet files with all that a run folder has of their products.

One row an ad, with the columns of ``caig merge ads --out FILE.parquet`` and these:

- ``cutout``, ``photo``, ``candidates``: the cut-out's PNG and the product's rows of ``products/photos.jsonl``
  and ``candidates.jsonl``, in the product's first row
- ``error``: why a product has no ads; its one row has no picture
- ``warnings``: lines that a user should read about some products, in the first row of these

A file is there as a whole or can't be read at all: Parquet's end is written last.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from caig_cli.engine.files import each_line, to_json
from caig_cli.engine.report import Reporter
from caig_cli.errors import UsageError
from caig_cli.generating.packing import PackedAd, record, schema_of
from caig_cli.generating.photos import FILE as PHOTOS
from caig_cli.generating.photos import cutout_file, cutout_name
from caig_cli.painters.ad_store import MANIFEST
from caig_cli.painters.candidates import FILE as CANDIDATES
from caig_cli.records import Failure

if TYPE_CHECKING:
    import pyarrow

FOLDER = "parts"
"""Folder of the files in the run folder, where they are nowhere else."""
_MORE = {
    "cutout": "binary", "photo": "string", "candidates": "string", "error": "string", "warnings": "string",
}  # fmt: skip
_FACTS = ("product", "error", "warnings")
_READ = 16
"""Rows with pictures that are in memory at once when a file is read."""

PartRow = dict[str, Any]


def part_schema() -> pyarrow.Schema:
    """The columns of a part."""
    import pyarrow as arrow

    more = [arrow.field(name, getattr(arrow, kind)()) for name, kind in _MORE.items()]
    schema = schema_of(pictures=True, more=_MORE)
    return arrow.schema([*schema, *more], schema.metadata)


def failed_row(product: str, error: str) -> PartRow:
    """The row of a product that could not be made."""
    return {"product": product, "error": error}


def rows_of_folder(folder: Path, products: Sequence[str], failed: Sequence[Failure]) -> Iterator[PartRow]:
    """The rows of the products of a run folder, in the order of ``products``."""
    kept = {name: {str(row["product"]): row for row in each_line(folder / name)}
            for name in (PHOTOS, CANDIDATES)}  # fmt: skip
    ads: dict[str, list[dict[str, Any]]] = {}
    for row in each_line(folder / MANIFEST):
        ads.setdefault(row["product"], []).append(row)
    errors = {one.item: one.error for one in failed}
    for product in products:
        shared: PartRow = {}
        for column, name in (("photo", PHOTOS), ("candidates", CANDIDATES)):
            if product in kept[name]:
                shared[column] = to_json(kept[name][product])
        with suppress(FileNotFoundError):
            shared["cutout"] = cutout_file(folder, product).read_bytes()
        if product in errors:
            yield failed_row(product, errors[product]) | shared
            continue
        for row in ads.get(product, []):
            yield record(PackedAd(row, folder / row["path"]), pictures=True) | shared
            shared = {}


@dataclass(frozen=True, slots=True)
class Parts:
    """The files of a run: ``folder`` is theirs in ``store``, a filesystem of pyarrow."""

    store: Any
    folder: str

    @classmethod
    def at(cls, place: str) -> Parts:
        """A folder of this machine, or of an object store by its address. Raises UsageError."""
        try:
            import fsspec
            import pyarrow.fs as stores
        except ImportError:
            raise UsageError("files of ads need pyarrow and fsspec; install caig[ray]") from None
        try:
            store, folder = fsspec.core.url_to_fs(place)
        except (ImportError, ValueError) as error:
            raise UsageError(f"{place}: {' '.join(str(error).split())[:200]}") from None
        store.makedirs(folder, exist_ok=True)
        return cls(stores.PyFileSystem(stores.FSSpecHandler(store)), folder)

    def files(self) -> list[str]:
        """The files that are there, torn ones too."""
        import pyarrow.fs as stores

        found = self.store.get_file_info(stores.FileSelector(self.folder, recursive=True))
        return sorted(one.path for one in found if one.is_file and one.path.endswith(".parquet"))

    def facts(self, report: Reporter, *, mend: bool = False) -> Iterator[PartRow]:
        """Product, error and warnings of all rows, file after file; with ``mend`` torn files are removed."""
        import pyarrow as arrow
        import pyarrow.parquet as parquet

        for path in self.files():
            try:
                table = parquet.read_table(path, columns=list(_FACTS), filesystem=self.store)
            except (arrow.ArrowInvalid, OSError) as error:
                reason = " ".join(str(error).split())[:100]
                report.warn(f"{path}: is not whole ({reason}); {'made again' if mend else 'left out'}")
                if mend:
                    self.store.delete_file(path)
                continue
            yield from table.to_pylist()

    def rows(self) -> Iterator[tuple[str, PartRow]]:
        """All rows with their pictures, a few in memory at a time, each with its file."""
        import pyarrow.parquet as parquet

        for path in self.files():
            with self.store.open_input_file(path) as stream:
                for batch in parquet.ParquetFile(stream).iter_batches(_READ):
                    yield from ((path, row) for row in batch.to_pylist())


def unpack(parts: Parts, folder: Path, *, spread: bool) -> None:
    """Fill a folder with pictures and rows as a run of ``caig generate`` has them, in the order of the files.

    A product that is in two files, as when a machine was lost while it wrote, is taken from the first.
    """
    seen: set[str] = set()
    groups = itertools.groupby(parts.rows(), key=lambda found: (found[0], str(found[1]["product"])))
    for (_, product), group in groups:
        if product in seen:
            continue
        seen.add(product)
        for number, (_, row) in enumerate(group):
            cutout = cutout_name(product, spread=spread)
            _unpack_row(folder, cutout, row, first=number == 0)


def _unpack_row(folder: Path, cutout: str, row: PartRow, *, first: bool) -> None:
    if first:
        for column, name in (("photo", PHOTOS), ("candidates", CANDIDATES)):
            _append(folder / name, row[column])
        if row["cutout"] is not None:
            _write(folder / inner(cutout), row["cutout"])
    if row["error"] is None:
        _append(folder / MANIFEST, row["manifest"])
        _write(folder / inner(json.loads(row["manifest"])["path"]), row["image"]["bytes"])


def inner(path: str) -> PurePosixPath:
    """A path of a manifest. Raises UsageError for one that leads out of its run."""
    found = PurePosixPath(path)
    if found.is_absolute() or ".." in found.parts:
        raise UsageError(f"{path}: leads out of the run folder; the file is no part of a run")
    return found


def _append(path: Path, line: str | None) -> None:
    if line is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
