"""Rows of JSON, JSON Lines and CSV files, each with its line number, so that errors can name it."""

from __future__ import annotations

import csv
import io
import json
import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caig_cli.data.images import shown
from caig_cli.errors import DataError, ItemError
from caig_cli.parsing import Malformed, json_decoder, parse_json, read_regular
from caig_cli.records import Failure

TABLE_SUFFIXES = frozenset({".json", ".jsonl", ".csv", ".tsv", ".parquet"})

MAX_TABLE_BYTES = 1 << 30
"""Largest accepted table file in bytes."""

MAX_BAD = 10_000
"""Records of one file that are none, at most."""

MAX_TEXT = 5_000
"""Longest accepted caption or attribute, in characters."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a file: its values as parsed, and where it begins."""

    path: Path
    line: int
    values: dict[str, Any]

    def where(self, field: str | None = None) -> str:
        """``file:line`` or ``file:line:field``, as errors begin."""
        place = f"{shown(self.path)}:{self.line}"
        return f"{place}:{shown(field)}" if field else place

    def error(self, field: str | None, text: str) -> ItemError:
        return ItemError(f"{self.where(field)}: {text}")


def read_rows(path: Path) -> Iterator[Record | Failure]:
    """The rows of a .json (list of objects), .jsonl, .csv, .tsv or .parquet file; a bad row is a Failure.

    Raises DataError if the file as a whole cannot be read.
    """
    if path.suffix.lower() == ".parquet":
        return _parquet_rows(path)
    text = read_text(path)
    if not text.strip():
        raise DataError(f"{shown(path)}: the file is empty; write at least one record")
    return rows_of_text(path, text, path.suffix.lower())


def rows_of_text(path: Path, text: str, suffix: str) -> Iterator[Record | Failure]:
    """The rows of a file's text by the kind of its ending; errors name ``path``."""
    if suffix in (".csv", ".tsv"):
        return _csv_rows(path, text)
    return _not_all_bad(_json_rows(path, text) if suffix == ".json" else _jsonl_rows(path, text))


def _not_all_bad(rows: Iterator[Record | Failure]) -> Iterator[Record | Failure]:
    """The rows. Raises DataError where very many are none: a file of another kind would fill the memory."""
    bad = 0
    for row in rows:
        bad += isinstance(row, Failure)
        if bad > MAX_BAD and isinstance(row, Failure):
            raise DataError(f"{row.error} (and {MAX_BAD} such records before it); is this the right file?")
        yield row


def text_of(row: Record, field: str, value: object) -> str | None:
    """A field as clean text: numbers written out, None or blank as None. Raises ItemError."""
    if value is None:
        return None
    if isinstance(value, bool):
        value = "yes" if value else "no"
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise row.error(field, f"{value} is not a value; give text or leave it out")
        value = f"{value:g}"
    elif isinstance(value, int):
        value = str(value)
    elif isinstance(value, list) and all(isinstance(part, (str, int, float)) for part in value):
        value = ", ".join(filter(None, (text_of(row, field, part) for part in value)))
    if not isinstance(value, str):
        raise row.error(field, f"must be text, is {kind(value)}; write it in quotes")
    if len(value) > MAX_TEXT:
        raise row.error(field, f"{len(value)} characters is over the limit of {MAX_TEXT}; shorten it")
    return clean_text(value) or None


def clean_text(text: str) -> str:
    """Text on one line: control, format and unpaired characters out, runs of white space to one blank."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    # Format characters (category Cf) include direction overrides, which can disguise text in a report;
    # the joiners stay, because scripts and emoji need them.
    kept = (
        " " if c.isspace() else c
        for c in unicodedata.normalize("NFC", text)
        if c.isspace() or c in "\u200c\u200d" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co")
    )
    return " ".join("".join(kept).split())


def kind(value: object) -> str:
    """What a parsed JSON value is, in the words of JSON."""
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def read_text(path: Path) -> str:
    """The whole file as text. Raises DataError if it is too large, unreadable or not UTF-8."""
    name = shown(path)
    try:
        data = read_regular(path, MAX_TABLE_BYTES)
    except Malformed as error:
        raise DataError(f"{name}: {error}") from None
    # Spreadsheets save "Unicode text" as UTF-16 with a byte order mark.
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(f"{name}:{line}: not UTF-8 text; save the file as UTF-8") from None


def _parquet_rows(path: Path) -> Iterator[Record]:
    """The rows of a Parquet file, numbered from 1; empty cells are as if their column was not there."""
    try:
        import pyarrow as arrow
        import pyarrow.parquet as parquet
    except ImportError:
        raise DataError(f"{shown(path)}: Parquet needs pyarrow; install caig[parquet]") from None
    try:
        with parquet.ParquetFile(path) as file:
            line = 0
            for batch in file.iter_batches(1024):
                for row in batch.to_pylist():
                    line += 1
                    yield Record(
                        path, line, {name: value for name, value in row.items() if value is not None}
                    )
    except (arrow.ArrowInvalid, arrow.ArrowNotImplementedError, OSError) as error:
        raise DataError(f"{shown(path)}: cannot be read ({' '.join(str(error).split())[:120]})") from None


def _json_rows(path: Path, text: str) -> Iterator[Record | Failure]:
    """Objects of a JSON list, decoded one by one so that each has a line and a late error spares them."""
    start = skip_blanks(text, 0)
    if text[start] != "[":
        raise DataError(f"{shown(path)}: must be a list of records; write [{{...}}, {{...}}]")
    return _list_items(path, text, start + 1)


def _list_items(path: Path, text: str, position: int) -> Iterator[Record | Failure]:
    decoder = json_decoder(text)
    line, counted = 1, 0
    position = skip_blanks(text, position)
    while text[position : position + 1] != "]":
        line, counted = line + text.count("\n", counted, position), position
        try:
            value, end = decoder.raw_decode(text, position)
            position = skip_blanks(text, end)
            if text[position : position + 1] not in (",", "]"):
                raise json.JSONDecodeError("Expecting ',' or ']'", text, position)
        except json.JSONDecodeError as error:
            place = f"{shown(path)}:{error.lineno}"
            yield Failure(place, f"{place}: not valid JSON ({error.msg}); fix it, nothing after it was read")
            return
        except (RecursionError, ValueError) as error:
            place = f"{shown(path)}:{line}"
            fault = str(error) if isinstance(error, Malformed) else "nested too deeply"
            yield Failure(place, f"{place}: {fault}; fix it, nothing after it was read")
            return
        yield _row(path, line, value)
        if text[position] == ",":
            position = skip_blanks(text, position + 1)


def skip_blanks(text: str, position: int) -> int:
    """The next position that is no white space between JSON values."""
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position


def _jsonl_rows(path: Path, text: str) -> Iterator[Record | Failure]:
    # Not splitlines(): it also splits at characters that JSON allows inside strings.
    for line, content in enumerate(text.split("\n"), start=1):
        if not content.strip():
            continue
        place = f"{shown(path)}:{line}"
        try:
            value = parse_json(content)
        except Malformed as error:
            yield Failure(place, f"{place}: {error}; fix or remove the line")
        else:
            yield _row(path, line, value)


def _row(path: Path, line: int, value: object) -> Record | Failure:
    if isinstance(value, dict):
        return Record(path, line, value)
    place = f"{shown(path)}:{line}"
    return Failure(place, f"{place}: the record must be an object, is {kind(value)}; write {{...}}")


def _csv_rows(path: Path, text: str) -> Iterator[Record | Failure]:
    header_line = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(",;\t", key=header_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header = [name.strip() for name in next(filter(None, reader))]
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        place = f"{shown(path)}:{reader.line_num}:{shown(twice[0])}"
        raise DataError(f"{place}: the column is there twice; rename one")
    return _csv_records(path, reader, header)


def _csv_records(path: Path, reader: Any, header: list[str]) -> Iterator[Record | Failure]:
    while True:
        line = reader.line_num + 1
        place = f"{shown(path)}:{line}"
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield Failure(place, f"{place}: not valid CSV ({error}); fix it, nothing after it was read")
            return
        if cells is None:
            return
        if len(cells) > len(header):
            yield Failure(
                place,
                f"{place}: {len(cells)} values for {len(header)} columns; put quotes around text with commas",
            )
        elif any(cell.strip() for cell in cells):
            yield Record(path, line, {name: cell for name, cell in zip(header, cells, strict=False) if name})
