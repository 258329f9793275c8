"""Click logs as JSON: lists of records, JSON Lines, answers of an interface, and the CG4CTR re-pack."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from caig_cli.clicks.chunks import CHUNK, Chunk
from caig_cli.clicks.files import LogFile
from caig_cli.clicks.platforms import fold, platforms
from caig_cli.clicks.tables import LogTable, text_of_file
from caig_cli.data.images import shown
from caig_cli.data.tables import Record, kind, rows_of_text, skip_blanks
from caig_cli.errors import DataError
from caig_cli.records import Failure

ENVELOPES = frozenset({"data", "rows", "results", "records", "items", "report", "elements", "list"})
"""Names under which interfaces hand out a list of records."""

BESIDE = frozenset(
    {"paging", "meta", "metadata", "summary", "cursor", "status", "pageInfo", "page_info", "total", "totals"}
)
"""Objects beside the records that say nothing of ads."""

INSIDE = ("items", "rows", "granularMetrics")
"""Names of lists inside a record that are records of their own: promotions of an event, days of an ad."""

MAX_DEPTH = 4
"""Objects inside objects that are taken apart."""

_FRAME = re.compile(r'\s*\{\s*"(?:(?:columns|index|data)"\s*:\s*\[|[^"]*"\s*:\s*\{\s*"0"\s*:)')
"""How a data frame begins, by lists of cells or column by column."""

_Record = tuple[int, Mapping[str, Any]]


class Structure:
    """A list or object in a cell: no value, but it can be told what stood there."""

    __slots__ = ("what",)

    def __init__(self, what: str) -> None:
        self.what = what


STRUCTURES = {name: Structure(name) for name in ("an object", "a list")}


def open_records(file: LogFile) -> LogTable:
    """Records of JSON Lines or of a JSON list."""
    text = text_of_file(file)
    if not text.strip():
        raise DataError(f"{shown(file.name)}: the file is empty; write at least one record")
    is_list = text[skip_blanks(text, 0) :][:1] == "[" and file.suffix not in (".jsonl", ".ndjson")
    rows = rows_of_text(Path(file.name), text, ".json" if is_list else ".jsonl")
    return _table(record for row in rows for record in _entries(row))


def open_json(file: LogFile) -> LogTable:
    """A list of records, an object with one inside, or the re-pack."""
    text = text_of_file(file)
    if text[skip_blanks(text, 0) :][:1] == "{":
        return _table(_frame(text) or _repack(file.name, text))
    return open_records(file)


def _frame(text: str) -> Iterator[_Record] | None:
    """The rows of a data frame written column by column, as pandas does by default, or as lists of cells."""
    if not _FRAME.match(text):
        return None
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(frame.get("columns"), list) and isinstance(frame.get("data"), list):
        header, rows = [str(one) for one in frame["columns"]], frame["data"]
        if not all(isinstance(row, list) and len(row) == len(header) for row in rows):
            return None
        return ((1, dict(zip(header, row, strict=True))) for row in rows)
    columns = list(frame.values())
    if not all(isinstance(column, dict) and column.keys() == columns[0].keys() for column in columns):
        return None
    return ((1, {title: column[row] for title, column in frame.items()}) for row in columns[0])


def _entries(row: Record | Failure) -> Iterator[_Record | Failure]:
    """The records of a row: itself, or those of a page of an interface's answer."""
    if isinstance(row, Failure):
        yield row
        return
    for name, value in row.values.items():
        records = name in ENVELOPES - {"items"} and isinstance(value, list) and value
        if records and all(isinstance(one, dict) for one in value):
            yield from ((row.line, one) for one in value)
            return
    yield row.line, row.values


def _flat(values: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """A record without objects inside: ``metrics: {clicks: 1}`` is ``metrics.clicks: 1``.

    A list of ``INSIDE`` is a record for each, as in an event about several promotions, or an ad with its
    days; elsewhere a list of one stands for its element, and objects with key and value for a field of that
    name.
    """
    if not any(isinstance(value, dict | list) for value in values.values()):
        return [values]
    name, several = next(
        ((key, value) for key, value in values.items() if key in INSIDE and _is_records(value)), ("", [])
    )
    found: list[Mapping[str, Any]] = []
    for item in several or [None]:
        flat: dict[str, Any] = {}
        for key, value in values.items():
            _put(flat, key, item if item is not None and key == name else value, 0)
        found.append(flat)
    return found


def _put(flat: dict[str, Any], key: str, value: Any, depth: int) -> None:
    if isinstance(value, list) and len(value) == 1 and not isinstance(value[0], list):
        value = value[0]
    if isinstance(value, dict) and value.keys() >= {"year", "month", "day"}:
        flat[key] = "-".join(f"{value[part]:0>2}" for part in ("year", "month", "day"))
    elif isinstance(value, dict) and value and depth < MAX_DEPTH:
        for inner, one in value.items():
            _put(flat, f"{key}.{inner}", one, depth + 1)
    elif isinstance(value, list) and value and all(_is_parameter(one) for one in value):
        for one in value:
            held = one["value"]
            filled = [v for v in held.values() if v is not None] if isinstance(held, dict) else [held]
            flat[f"{key}.{one['key']}"] = filled[0] if filled else None
    else:
        flat[key] = value


def _is_records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _is_parameter(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"key", "value"}


def _table(records: Iterator[_Record | Failure]) -> LogTable:
    """Records as a table: its columns are those of the first records, in the order in which they come."""
    records = _flattened(records)
    head = list(islice(records, CHUNK))
    header = list(dict.fromkeys(key for one in head if not isinstance(one, Failure) for key in one[1]))
    return LogTable(header, _chunks(chain(head, records), header), line=0)


def _flattened(records: Iterator[_Record | Failure]) -> Iterator[_Record | Failure]:
    for one in records:
        if isinstance(one, Failure):
            yield one
        else:
            yield from ((one[0], flat) for flat in _flat(one[1]))


def _chunks(records: Iterable[_Record | Failure], header: list[str]) -> Iterator[Chunk]:
    records = iter(records)
    while part := list(islice(records, CHUNK)):
        good = [one for one in part if not isinstance(one, Failure)]
        columns = [[_cell(values.get(key)) for _, values in good] for key in header]
        lines = np.array([line for line, _ in good], np.int64)
        yield Chunk(lines, columns, bad=[one for one in part if isinstance(one, Failure)])


def _cell(value: Any) -> Any:
    return STRUCTURES[kind(value)] if isinstance(value, dict | list) else value


def _repack(name: str, text: str) -> Iterator[_Record | Failure]:
    """Creatives one by one: a million of them as parsed objects would not fit into the memory allowed."""
    decode, position = json.JSONDecoder().raw_decode, skip_blanks(text, 0) + 1
    items = {fold(title) for platform in platforms().values() for title in platform.fields_of.get("item", ())}
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
                    item, position = _opened(value, text, position, decode)
                    continue
            except (ValueError, RecursionError) as error:
                reason = getattr(error, "msg", "nested too deeply or a number too long")
                at = getattr(error, "lineno", line)
                yield _failure(name, at, f"not valid JSON ({reason}); fix it, nothing after it was read")
                return
            if not isinstance(value, dict):
                yield _failure(name, line, f"a creative must be an object, is {kind(value)}; write {{...}}")
            elif item in ENVELOPES:
                yield line, value
            else:
                yield line, {"item_id": item, **{k: v for k, v in value.items() if fold(k) not in items}}


def _opened(item: Any, text: str, position: int, decode: Any) -> tuple[Any, int]:
    """The item and the position inside its list; beside an envelope, other values are passed over."""
    position = skip_blanks(text, position)
    if text[position : position + 1] != ":":
        raise json.JSONDecodeError("Expecting ':'", text, position)
    position = skip_blanks(text, position + 1)
    if text[position : position + 1] == "[":
        return item, position + 1
    if item in (*ENVELOPES, "result") and text[position : position + 1] == "{":
        return None, position + 1
    if item in BESIDE or text[position : position + 1] not in "{":
        return None, decode(text, position)[1]
    raise json.JSONDecodeError("Expecting '['", text, position)


def _failure(name: str, line: int, text: str) -> Failure:
    place = f"{shown(name)}:{line}"
    return Failure(place, f"{place}: {text}")
