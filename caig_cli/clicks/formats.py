"""Which reader a log needs: by its first bytes, else by the ending of its name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from caig_cli.clicks import binary_tables, json_tables
from caig_cli.clicks.files import BROKEN, LogFile, unreadable
from caig_cli.clicks.tables import LogTable, open_delimited
from caig_cli.data.images import shown
from caig_cli.errors import DataError

_HEAD = 1 << 16
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|body|table|\?xml|meta)\b", re.I)
_WORKBOOKS = (".xlsx", ".xlsm")
_RECORDS = (".jsonl", ".ndjson")


def open_tables(file: LogFile, given: Mapping[str, str]) -> Iterator[tuple[str, LogTable]]:
    """The tables of a log, each with its name: the sheets of a workbook that have one header, else one.

    ``given`` are titles by which the header may be known. Raises DataError if the file as a whole cannot be
    read.
    """
    titles = list(given.values())
    if file.path.is_dir():
        yield file.name, binary_tables.open_folder(file)
        return
    kind = _kind(file)
    if kind in _WORKBOOKS:
        yield from binary_tables.open_sheets(file, titles)
    elif kind == ".parquet":
        yield file.name, binary_tables.open_parquet(file)
    elif kind == ".json":
        yield file.name, json_tables.open_json(file)
    elif kind in _RECORDS:
        yield file.name, json_tables.open_records(file)
    else:
        yield file.name, open_delimited(file, titles)


def open_table(file: LogFile, given: Mapping[str, str]) -> LogTable:
    """The first of the tables of a file, where it should hold one."""
    return next(open_tables(file, given))[1]


def _kind(file: LogFile) -> str:
    """The ending that a log should have. Raises DataError for kinds that are not read."""
    try:
        with file.open() as stream:
            head = stream.read(_HEAD)
    except BROKEN as error:
        raise unreadable(file.name, error) from None
    if head.startswith(b"PAR1"):
        return ".parquet"
    if head.startswith(b"PK\x03\x04"):
        return ".xlsx"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise DataError(f"{shown(file.name)}: an old Excel file (.xls); save it as .xlsx or CSV")
    if _MARKUP.match(head):
        raise DataError(f"{shown(file.name)}: a web page or XML; download the file again as CSV or .xlsx")
    if file.suffix in (".ods", ".numbers"):
        raise DataError(f"{shown(file.name)}: {file.suffix} is not read; save it as .xlsx or CSV")
    known = (".json", ".parquet", ".pq", *_WORKBOOKS, *_RECORDS)
    return file.suffix.replace(".pq", ".parquet") if file.suffix in known else _as_text(head)


def _as_text(head: bytes) -> str:
    """Whether a text of any name holds JSON, JSON Lines, or cells."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text.startswith((b"{", b"[")):
        return ".csv"
    first, _, rest = text.partition(b"\n")
    try:
        lines = isinstance(json.loads(first), dict) and bool(rest.strip() or first)
    except (ValueError, RecursionError):
        lines = False
    if lines and rest.strip():
        return ".jsonl"
    return ".json" if re.match(rb"[\[{]\s*[\[{\"\]}]", text) else ".csv"
