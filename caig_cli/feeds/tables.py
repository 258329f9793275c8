"""A product feed of any format as a header and rows; nothing is understood here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from caig_cli.clicks.chunks import Chunk
from caig_cli.clicks.files import PACKED, LogFile, WantedTable
from caig_cli.clicks.formats import open_table
from caig_cli.clicks.tables import text_of_file
from caig_cli.data.images import shown
from caig_cli.data.tables import Record, rows_of_text, skip_blanks
from caig_cli.errors import DataError
from caig_cli.feeds.platforms import known_titles
from caig_cli.feeds.xml_rows import Cells, xml_columns, xml_rows
from caig_cli.parsing import Malformed, parse_json
from caig_cli.records import Failure

FEED = WantedTable("a product feed", known_titles)

ALWAYS = frozenset({".xml", ".rss", ".atom", ".yml", ".txt", ".xlsx", ".xlsm", ".ndjson"})
"""Endings of files that can only be feeds; tables and JSON may be a user's own list of products too."""
MAYBE = frozenset({".csv", ".tsv", ".json", ".jsonl"})

_XML = frozenset({".xml", ".rss", ".atom", ".yml"})
_JSON = frozenset({".json", ".jsonl", ".ndjson"})

Found = tuple[int, Cells] | Failure
"""The line of a row and its cells by column; or why a row can't be read."""


@dataclass(frozen=True, slots=True)
class FeedTable:
    """A feed before its columns are understood; ``rows`` reads it from its beginning each time."""

    header: Sequence[str]
    rows: Callable[[], Iterator[Found]]
    notes: Sequence[str] = ()


def feed_file(path: Path) -> LogFile:
    """A feed on this machine, packed or not."""
    return LogFile(path, str(path), FEED)


def is_packed(path: Path) -> bool:
    """Whether a file has the ending of a packed one."""
    return path.suffix.lower() in (*PACKED, ".zip")


def open_feed(file: LogFile, given: Mapping[str, str]) -> FeedTable:
    """The header and the rows of a feed; ``given`` are titles by which the header may be known.

    Raises DataError where the file as a whole can't be read.
    """
    if file.suffix in _XML or (file.suffix in (".txt", "") and _looks_like_xml(file)):
        entry, columns = xml_columns(file)
        return FeedTable(columns, lambda: xml_rows(file, entry))
    if file.suffix in _JSON:
        return _open_json(file)
    table = open_table(file, given)
    if table.line == 0 or not table.header:
        raise DataError(f"{shown(file.name)}: no line with the names of the columns; add one as the first")
    header = list(table.header)

    def rows() -> Iterator[Found]:
        return _below(_table_rows(file.name, header, open_table(file, given).chunks))

    return FeedTable(header, rows, table.notes)


def _looks_like_xml(file: LogFile) -> bool:
    with file.open() as stream:
        return stream.read(200).replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<")


def _below(rows: Iterator[Found]) -> Iterator[Found]:
    """Rows without a second header at their beginning, such as the keys below the titles of a template."""
    for row in islice(rows, 2):
        if isinstance(row, Failure) or not _is_header(
            [one for cell in row[1].values() for one in cell if one]
        ):
            yield row
    yield from rows


def _is_header(filled: Sequence[str]) -> bool:
    return known_titles(filled) >= max(3, len(filled) / 2)


def _table_rows(name: str, header: Sequence[str], chunks: Iterator[Chunk]) -> Iterator[Found]:
    """Rows in the order of the file; columns of one title are values of one column."""
    for chunk in chunks:
        whole = zip(chunk.line_R.tolist(), zip(*chunk.columns, strict=True), strict=True)
        rows: list[tuple[int, Sequence[Any]]] = [*whole, *chunk.odd]
        rows.sort(key=lambda row: row[0])
        for line, cells in rows:
            if len(cells) > len(header):
                place = f"{shown(name)}:{line}"
                fault = f"{len(cells)} values for {len(header)} columns; put quotes around text with commas"
                yield Failure(place, f"{place}: {fault}")
            else:  # what is missing at the end of a line is empty
                yield line, _cells(header, cells)
        yield from chunk.bad


def _cells(header: Sequence[str], cells: Sequence[Any]) -> Cells:
    found: Cells = {}
    for title, cell in zip(header, cells, strict=False):
        found.setdefault(title, []).append(_text(cell))
    return found


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))  # spreadsheets keep ids as floats
    return "" if cell is None else str(cell).strip()


# --- JSON ------------------------------------------------------------------------------------------


def _open_json(file: LogFile) -> FeedTable:
    text = text_of_file(file)
    records = list(_records(file, text))
    header = dict.fromkeys(title for row in records if isinstance(row, tuple) for title in row[1])
    return FeedTable(list(header), lambda: iter(records))


def _records(file: LogFile, text: str) -> Iterator[Found]:
    """Records of a list, of JSON Lines, or of the first list of objects in an object."""
    if text[skip_blanks(text, 0) :][:1] == "{" and file.suffix == ".json":
        try:
            value = parse_json(text)
        except Malformed as error:
            raise DataError(f"{shown(file.name)}: {error}; export the feed again") from None
        for number, record in enumerate(_first_list(_unwrapped(value)), start=1):
            if isinstance(record, dict):
                yield number, flat(record)
        return
    suffix = ".json" if file.suffix == ".json" else ".jsonl"
    yield from _with_children(rows_of_text(file.path, text, suffix))


def _unwrapped(value: Any, depth: int = 0) -> Any:
    """A value without GraphQL's connections: ``{"edges": [{"node": x}]}`` and ``{"nodes": [x]}`` are [x]."""
    if depth > 12:
        return value
    if isinstance(value, list):
        return [_unwrapped(one, depth + 1) for one in value]
    if not isinstance(value, dict):
        return value
    for name in ("edges", "nodes"):
        if isinstance(value.get(name), list):
            inner = [one.get("node", one) if isinstance(one, dict) else one for one in value[name]]
            return _unwrapped(inner, depth + 1)
    return {name: _unwrapped(one, depth + 1) for name, one in value.items()}


def _first_list(value: Any) -> list[Any]:
    """The first list of objects in a value, the outermost ones before those inside."""
    waiting = [(value, 0)]
    for one, depth in waiting:  # grows while it is read
        if isinstance(one, list) and isinstance((one or [0])[0], dict):
            return one
        if isinstance(one, dict) and depth < 4:
            waiting += [(inner, depth + 1) for inner in one.values()]
    return []


def _with_children(rows: Iterable[Record | Failure]) -> Iterator[Found]:
    """Records of JSON Lines; those that name a parent above are parts of it (Shopify's bulk export)."""
    owner: dict[str, Cells] = {}
    found: list[Found] = []
    for row in rows:
        if isinstance(row, Failure):
            found.append(row)
            continue
        parent, own = row.values.get("__parentId"), row.values.get("id")
        if isinstance(parent, str) and parent in owner:
            kind = str(own).split("/")[-2] if str(own).count("/") > 1 else "part"
            for title, cells in flat({kind: {**row.values, "__parentId": None}}).items():
                owner[parent].setdefault(title, []).extend(cells)
            whole = owner[parent]
        else:
            whole = flat(row.values)
            found.append((row.line, whole))
        if isinstance(own, str):
            owner[own] = whole
    yield from found


def flat(record: Mapping[str, Any]) -> Cells:
    """A record as cells: ``{"images": [{"src": "a"}, {"src": "b"}]}`` is ``images.src`` with two values."""
    cells: Cells = {}
    waiting: list[tuple[str, Any, int]] = [(title, value, 0) for title, value in record.items()]
    for title, value, depth in waiting:  # grows while it is read
        if isinstance(value, dict) and depth < 4:
            waiting += [(f"{title}.{name}", inner, depth + 1) for name, inner in value.items()]
        elif isinstance(value, list) and depth < 4:
            waiting += [(title, inner, depth + 1) for inner in islice(value, 200)]
        elif isinstance(value, str | int | float):
            cells.setdefault(title, []).append(_text(value))
    return cells
