"""Runs of ads as few large files: Parquet as Hugging Face's datasets read it, or WebDataset's tar archives.

A folder of millions of pictures is slow to list, copy and read; such files are read as a stream.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from caig_cli.engine.files import numbered_lines, to_json
from caig_cli.engine.replacing import replaced_file
from caig_cli.engine.report import Reporter
from caig_cli.errors import UsageError
from caig_cli.painters.ad_store import MANIFEST

if TYPE_CHECKING:
    import pyarrow

ROWS = 256
"""Rows that are written to a Parquet file at once."""
COLUMNS = {"product": "string", "index": "int64", "prompt": "string", "seed": "int64", "score": "float64",
           "predicted_ctr": "float64"}  # fmt: skip
"""Values of the manifest that are columns of a Parquet file; its ``manifest`` has the whole row as JSON."""


class PackedAd(NamedTuple):
    """A row of a manifest and the file of its picture."""

    row: dict[str, Any]
    picture: Path


def each_ad(folders: Sequence[Path], report: Reporter) -> Iterator[PackedAd]:
    """The ads of finished runs, one in memory at a time. Raises UsageError where a picture is missing."""
    for folder in folders:
        damaged: dict[int, str] = {}
        for line, row in numbered_lines(folder / MANIFEST, damaged.__setitem__):
            picture = folder / str(row.get("path"))
            if not picture.is_file():
                raise UsageError(
                    f"{folder / MANIFEST}:{line}: {picture.name} is missing; make it again with --resume"
                )
            yield PackedAd(row, picture)
        for line, what in damaged.items():
            report.warn(f"{folder / MANIFEST}:{line}: {what}; left out")


def pack(ads: Iterator[PackedAd], out: Path, *, pictures: bool, per_file: int) -> list[Path]:
    """Write ``out``; ``%05d`` in its name stands for the number of a file of ``per_file`` ads.

    Returns the files, of which each is there as a whole or not at all.
    """
    write = _write_parquet if out.suffix == ".parquet" else _write_tar
    if "%" not in out.name:
        with replaced_file(out) as partial:
            write(ads, partial, pictures)
        return [out]
    made: list[Path] = []
    while (first := next(ads, None)) is not None:
        path = out.with_name(out.name % len(made))
        with replaced_file(path) as partial:
            write(chain([first], islice(ads, per_file - 1)), partial, pictures)
        made.append(path)
    return made


def _write_tar(ads: Iterator[PackedAd], path: Path, pictures: bool) -> None:
    """``000000000.json`` and ``000000000.png``: what belongs together has one name, without further dots."""
    with tarfile.open(path, "w") as archive:
        for number, ad in enumerate(ads):
            parts = [(".json", to_json(ad.row).encode())]
            parts += [(ad.picture.suffix, ad.picture.read_bytes())] if pictures else []
            for suffix, data in parts:
                entry = tarfile.TarInfo(f"{number:09d}{suffix}")
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))


def _write_parquet(ads: Iterator[PackedAd], path: Path, pictures: bool) -> None:
    """One row an ad; ``image`` is what ``datasets`` takes for a picture."""
    try:
        import pyarrow as arrow
        import pyarrow.parquet as parquet
    except ImportError:
        raise UsageError(f"{path.name}: Parquet needs pyarrow; install caig[parquet]") from None
    schema = schema_of(pictures)
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        while rows := list(islice(ads, ROWS)):
            writer.write_table(arrow.Table.from_pylist([record(ad, pictures) for ad in rows], schema))


def schema_of(pictures: bool, more: Mapping[str, str] | None = None) -> pyarrow.Schema:
    """The columns of a file of ads; its metadata has their types, and of those of ``more``, for datasets."""
    import pyarrow as arrow

    kinds = {name: getattr(arrow, kind)() for name, kind in COLUMNS.items()}
    image = arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])
    columns = (
        ({"image": image} if pictures else {"path": arrow.string()}) | kinds | {"manifest": arrow.string()}
    )
    known = {"features": _features(pictures, more or {})}
    return arrow.schema(list(columns.items()), {"huggingface": json.dumps({"info": known})})


def record(ad: PackedAd, pictures: bool) -> dict[str, Any]:
    """The values of an ad's row."""
    name = str(ad.row["path"])
    shown: dict[str, Any] = (
        {"image": {"bytes": ad.picture.read_bytes(), "path": ad.picture.name}} if pictures else {"path": name}
    )
    return shown | {column: ad.row.get(column) for column in COLUMNS} | {"manifest": to_json(ad.row)}


def _features(pictures: bool, more: Mapping[str, str]) -> dict[str, Any]:
    """Types of the columns in the words of ``datasets``."""
    texts = {**COLUMNS, "manifest": "string", **more} | ({} if pictures else {"path": "string"})
    values = {name: {"dtype": kind, "_type": "Value"} for name, kind in texts.items()}
    return ({"image": {"_type": "Image"}} if pictures else {}) | values
