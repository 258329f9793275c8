"""Product feeds in XML (RSS 2.0, Atom, and any list of products) as rows, read as a stream.

Files are hostile: no external entity is ever loaded, a file that declares entities of its own is refused, and
depth, names and the size of a product are bounded.
"""

from __future__ import annotations

import codecs
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from xml.parsers import expat

from caig_cli.clicks.files import BROKEN, LogFile, encoding_of, unreadable
from caig_cli.clicks.platforms import fold
from caig_cli.data.images import shown
from caig_cli.errors import DataError
from caig_cli.records import Failure

ENTRIES = frozenset(
    "item,entry,product,offer,shopitem,listing,good,article,artikel,produkt,produit,producto,prodotto,row,record"
    .split(",")
)  # fmt: skip
"""What the element of a product is called, folded."""

MAX_DEPTH = 100
MAX_CHARACTERS = 4_000_000
"""Of one product."""
MAX_TOKEN = 1 << 25
"""Bytes of one tag, comment or piece of text."""
MAX_COLUMNS = 2_000
"""Different elements of products that are told apart; further ones are passed over."""
_STEP = 1 << 18
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.-]{1,40})["']""")
_REFERENCES = ("href", "url", "src")
"""Attributes that hold the value of an element without text."""

Cells = dict[str, list[str]]
"""Column -> its values in one product."""


class _Refused(Exception):  # noqa: N818
    """A file that is not read, and why."""


@dataclass(slots=True)
class _Open:
    """An element that is being read."""

    name: str
    attributes: Mapping[str, str]
    text: list[str] = field(default_factory=list)
    children: bool = False


def xml_columns(file: LogFile) -> tuple[tuple[str, ...], list[str]]:
    """The path of the element that is a product, and the names of its columns.

    Raises DataError for a file that is no XML, that declares entities, or that holds no product.
    """
    counts: Counter[tuple[str, ...]] = Counter()
    columns: dict[tuple[str, ...], dict[str, None]] = {}
    stack: list[_Open] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        _push(stack, name, attributes)
        path = tuple(one.name for one in stack)
        for depth in range(1, len(path)):  # for each element around it that may be a product
            known = columns.setdefault(path[:depth], {}) if depth <= 6 else {}
            if len(known) < MAX_COLUMNS:
                known[_column(stack[depth:])] = None

    def end(_: str) -> None:
        one = stack.pop()
        if one.children and len(stack) < 6:
            path = (*(outer.name for outer in stack), one.name)
            counts[path] += 1
            known = columns.setdefault(path, {})
            known.update(dict.fromkeys(list(one.attributes)[:100]))

    fault = None
    try:
        for _ in _parse(file, start, end, lambda text: None):
            pass
    except _Refused as error:
        raise DataError(f"{shown(file.name)}: {error}") from None
    except expat.ExpatError as error:
        fault = _words(error)
    path = _entry(counts)
    if path is None:
        raise DataError(f"{shown(file.name)}: {fault or 'no products in this XML'}; give a product feed")
    return path, list(columns[path])


def _entry(counts: Mapping[tuple[str, ...], int]) -> tuple[str, ...] | None:
    """The path of products: by its name, else the first that comes more than once."""
    named = [path for path in counts if len(path) > 1 and fold(path[-1]) in ENTRIES]
    several = [path for path, count in counts.items() if len(path) > 1 and count > 1]
    found = named or several
    return min(found, key=lambda path: (len(path), -counts[path])) if found else None


def xml_rows(file: LogFile, entry: Sequence[str]) -> Iterator[tuple[int, Cells] | Failure]:
    """(line, cells) of each product at the path ``entry``; at last a Failure where the file breaks off."""
    stack: list[_Open] = []
    cells: Cells = {}
    done: list[tuple[int, Cells] | Failure] = []
    depth, size, first = len(entry), 0, 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal size, first
        _push(stack, name, attributes)
        if len(stack) == depth and [one.name for one in stack] == list(entry):
            cells.clear()
            size, first = 0, parser[0].CurrentLineNumber
            for title, value in attributes.items():
                cells.setdefault(title, []).append(value)

    def end(_: str) -> None:
        one = stack.pop()
        if len(stack) >= depth and first:
            inner = [*stack[depth:], one]
            value = "".join(one.text).strip() or next(
                (one.attributes[name] for name in _REFERENCES if name in one.attributes), ""
            )
            if value and (not one.children or one.text) and len(cells) < MAX_COLUMNS:
                cells.setdefault(_column(inner), []).append(value)
        elif len(stack) == depth - 1 and first:
            close()

    def close() -> None:
        nonlocal first
        if size > MAX_CHARACTERS:
            place = f"{shown(file.name)}:{first}"
            done.append(
                Failure(place, f"{place}: a product of more than {MAX_CHARACTERS} characters; cut it")
            )
        else:
            done.append((first, dict(cells)))
        first = 0

    def data(text: str) -> None:
        nonlocal size
        if first and len(stack) > depth:
            size += len(text)
            if size <= MAX_CHARACTERS:
                stack[-1].text.append(text)

    parser: list[Any] = []
    try:
        for _ in _parse(file, start, end, data, parser):
            yield from done
            done.clear()
    except (_Refused, expat.ExpatError) as error:
        yield from done
        line = getattr(error, "lineno", 1)
        place = f"{shown(file.name)}:{line}"
        words = _words(error) if isinstance(error, expat.ExpatError) else str(error)
        yield Failure(place, f"{place}: {words}; fix it, nothing after it was read")


def _push(stack: list[_Open], name: str, attributes: dict[str, str]) -> None:
    if len(stack) >= MAX_DEPTH:
        raise _Refused(f"elements are nested more than {MAX_DEPTH} deep")
    if stack:
        stack[-1].children = True
    # Prefixes are not resolved: feeds use g: without saying what it is.
    stack.append(_Open(name.rpartition(":")[2], attributes))


def _column(inner: Sequence[_Open]) -> str:
    """The column of an element inside a product: the names on the way, or its attribute ``name``."""
    called = inner[-1].attributes.get("name", "").strip()
    return called if 0 < len(called) < 100 else ".".join(one.name for one in inner)


def _parse(
    file: LogFile,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None],
    data: Callable[[str], None],
    handle: list[Any] | None = None,
) -> Iterator[None]:
    """Parse the file piece by piece; ``handle`` gets the parser, which knows the line."""
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.EntityDeclHandler = data, _refuse_entity
    parser.buffer_text = True
    if handle is not None:
        handle.append(parser)
    try:
        stream = io.TextIOWrapper(
            cast("Any", file.open()), encoding=_encoding(file), errors="replace", newline=""
        )
        with stream:
            piece = stream.read(_STEP).lstrip("\ufeff \t\r\n")
            fed = 0
            while piece:
                encoded = piece.encode("utf-8", "replace")
                parser.Parse(encoded)
                fed += len(encoded)
                if fed - parser.CurrentByteIndex > MAX_TOKEN:
                    raise _Refused(f"an element that does not end within {MAX_TOKEN >> 20} MB")
                yield
                piece = stream.read(_STEP)
        parser.Parse(b"", True)
        yield
    except BROKEN as error:
        raise unreadable(file.name, error) from None


def _refuse_entity(*_: Any) -> None:
    raise _Refused("declares entities of its own, which are not read; export the feed without a DTD")


def _encoding(file: LogFile) -> str:
    """By the file's mark or declaration, else as its bytes say."""
    with file.open() as stream:
        head = stream.read(1024)
    if not head.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        declared = _DECLARED.search(head)
        name = declared[1].decode("ascii") if declared else "utf-8"
        try:
            if not codecs.lookup(name).name.startswith("utf"):
                return name
        except LookupError:
            raise DataError(f"{shown(file.name)}: encoding {name} is not known; save it as UTF-8") from None
    return encoding_of(file)


def _words(error: expat.ExpatError) -> str:
    return f"not valid XML ({expat.errors.messages.get(error.code, 'broken')}) in line {error.lineno}"
