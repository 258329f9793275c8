"""The rows of a click log as they stand in its file, whatever the format; nothing is judged here.

``CreativeRanking`` lists have five columns separated by tabs and no header; CSV and TSV have one. The
CG4CTR re-pack is JSON, ``{item: [{creative_id, creative_image_hash, exp_impression_cnt, exp_click_cnt}]}``;
JSON lists, JSON Lines and Parquet hold records with named fields.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Any

from caig_cli.data.images import shown
from caig_cli.data.tables import kind, read_rows, read_text, skip_blanks
from caig_cli.errors import DataError
from caig_cli.records import Failure

Entry = tuple[int, Any, Any, Any, Any, Any]
"""Line, item, image, day, impressions and clicks as they stand in the file."""

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "item": ("item_id", "item", "product_id"),
    "image": ("image_name", "image", "creative_image_hash", "creative_id"),
    "day": ("day", "date"),
    "impressions": ("impressions", "exp_impression_cnt"),
    "clicks": ("clicks", "exp_click_cnt"),
}
"""Names that a column may have, the first found counts; only a day may be missing."""


def read_entries(path: Path) -> Iterator[Entry | Failure]:
    """The rows of a log; a row that cannot be taken apart is a Failure.

    Raises DataError if the file as a whole cannot be read.
    """
    if not path.is_file():
        raise DataError(f"{shown(path)}: no such file; check the path")
    if path.stat().st_size == 0:
        raise DataError(f"{shown(path)}: the file is empty; give a click log")
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return _parquet(path)
    if suffix == ".jsonl":
        return _records(path)
    if suffix == ".json":
        text = read_text(path)
        is_repack = text[skip_blanks(text, 0) :][:1] == "{"
        return _repack(path, text) if is_repack else _records(path)
    return _delimited(path)


# --- text with delimiters --------------------------------------------------------------------------


def _delimited(path: Path) -> Iterator[Entry | Failure]:
    # Bytes that are no UTF-8 become lone surrogates, so that they cost their own row only.
    with path.open(encoding=_encoding(path), errors="surrogateescape", newline="") as stream:
        head = _head(path, stream)
        first = head[-1].strip()
        delimiter = max("\t,;", key=first.count)
        cells = [cell.strip().strip('"').lower() for cell in first.split(delimiter)]
        if any(cell.isdecimal() for cell in cells):
            reader = csv.reader(chain(head, stream), delimiter=delimiter, quoting=csv.QUOTE_NONE)
            yield from _cells(path, reader, range(5))
        else:
            reader = csv.reader(chain(head, stream), delimiter=delimiter)
            header = next(filter(None, reader), [])
            yield from _cells(path, reader, _places(path, [name.strip().lower() for name in header]))


def _head(path: Path, stream: Iterable[str]) -> list[str]:
    """The lines up to the first that is not blank."""
    lines = []
    try:
        for line in stream:
            lines.append(line)
            if line.strip():
                return lines
    except UnicodeError:
        raise DataError(f"{shown(path)}: not text; give a log as CSV, JSON, JSONL or Parquet") from None
    raise DataError(f"{shown(path)}: the file is empty; give a click log")


def _encoding(path: Path) -> str:
    with path.open("rb") as stream:
        return "utf-16" if stream.read(2) in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"


def _places(path: Path, header: Sequence[str]) -> list[int | None]:
    """Where in a row the five values stand; None for a day that is not there."""
    places: list[int | None] = []
    for column, names in COLUMNS.items():
        found = next((header.index(name) for name in names if name in header), None)
        if found is None and column != "day":
            raise DataError(
                f"{shown(path)}: no column {' or '.join(names)}; name the columns in the first line"
            )
        places.append(found)
    return places


def _cells(path: Path, reader: Any, places: Sequence[int | None]) -> Iterator[Entry | Failure]:
    dated = None not in places
    pick = itemgetter(*(place for place in places if place is not None))
    needed = 1 + max(place for place in places if place is not None)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, UnicodeError) as error:
            yield _failure(path, line, f"not valid CSV ({error}); fix it, nothing after it was read")
            return
        if len(cells) >= needed:
            yield (line, *pick(cells)) if dated else _undated(line, *pick(cells))
        elif any(cell.strip() for cell in cells):
            fault = f"{len(cells)} values where {needed} are needed (item, image, day, impressions, clicks)"
            yield _failure(path, line, f"{fault}; fix or remove the line")


def _undated(line: int, item: Any, image: Any, impressions: Any, clicks: Any) -> Entry:
    return line, item, image, None, impressions, clicks


# --- records ---------------------------------------------------------------------------------------


def _records(path: Path) -> Iterator[Entry | Failure]:
    for row in read_rows(path):
        yield row if isinstance(row, Failure) else (row.line, *_values(row.values))


def _values(record: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(next((record[n] for n in names if n in record), None) for names in COLUMNS.values())


def _repack(path: Path, text: str) -> Iterator[Entry | Failure]:
    """Creatives one by one: a million of them as parsed objects would not fit into the memory allowed."""
    decode, position = json.JSONDecoder().raw_decode, skip_blanks(text, 0) + 1
    item: Any = None  # None: between items, else inside the list of this item
    line, counted = 1, 0
    while True:
        position = skip_blanks(text, position)
        line, counted = line + text.count("\n", counted, position), position
        mark = text[position : position + 1]
        if mark == ",":
            position += 1
        elif mark in ("}", "]"):
            if item is None:
                return
            item, position = None, position + 1
        else:
            try:
                value, position = decode(text, position)
                if item is None:
                    item, position = value, _opened(text, position)
                    continue
            except (ValueError, RecursionError) as error:
                reason = getattr(error, "msg", "nested too deeply or a number too long")
                at = getattr(error, "lineno", line)
                yield _failure(path, at, f"not valid JSON ({reason}); fix it, nothing after it was read")
                return
            if isinstance(value, dict):
                yield line, item, *_values({k: v for k, v in value.items() if k not in COLUMNS["item"]})[1:]
            else:
                yield _failure(path, line, f"a creative must be an object, is {kind(value)}; write {{...}}")


def _opened(text: str, position: int) -> int:
    """The position inside the list that follows an item's name."""
    for mark in ":[":
        position = skip_blanks(text, position)
        if text[position : position + 1] != mark:
            raise json.JSONDecodeError(f"Expecting '{mark}'", text, position)
        position += 1
    return position


def _parquet(path: Path) -> Iterator[Entry | Failure]:
    """Rows by batches; ``line`` is the number of the row."""
    try:
        import pyarrow
        import pyarrow.parquet as parquet
    except ImportError:
        raise DataError(f"{shown(path)}: Parquet needs pyarrow; run pip install 'caig[parquet]'") from None
    try:
        with parquet.ParquetFile(path) as file:
            header = file.schema_arrow.names
            places = _places(path, [name.strip().lower() for name in header])
            names = [None if place is None else header[place] for place in places]
            line = 0
            for batch in file.iter_batches(columns=[name for name in names if name is not None]):
                blank = [None] * batch.num_rows
                columns = [blank if name is None else batch.column(name).to_pylist() for name in names]
                for values in zip(*columns, strict=True):
                    line += 1
                    yield (line, *values)
    except (pyarrow.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DataError(f"{shown(path)}: not a readable Parquet file ({reason}); write it again") from None


def _failure(path: Path, line: int, text: str) -> Failure:
    place = f"{shown(path)}:{line}"
    return Failure(place, f"{place}: {text}")
