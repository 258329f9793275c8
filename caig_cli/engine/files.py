"""Writes that survive a kill: whole or not at all, and lines that are on disk when the call returns."""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo


def atomic_write(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Write a file through a temporary neighbour: readers see the old bytes or all the new ones.

    Data in pieces is written as it comes, so that it need not fit into memory.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.writelines([data] if isinstance(data, bytes) else data)
            stream.flush()
            os.fchmod(stream.fileno(), 0o644)
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def remove_temporaries(folder: Path) -> None:
    """Delete what killed writers left behind."""
    for path in folder.rglob(".*.tmp"):
        path.unlink(missing_ok=True)


def to_json(value: Any, *, indent: int | None = None) -> str:
    """Strict JSON: not-a-number becomes null, paths and numpy scalars become plain values."""
    return json.dumps(_plain(value), indent=indent, ensure_ascii=False, allow_nan=False)


def read_json(path: Path) -> Any:
    """What a JSON file of the run holds; None where there is none, or where it is damaged."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None


def append_line(path: Path, value: Any) -> None:
    """Append one JSON line and wait until it is on disk; a torn last line is cut off first."""
    append_lines(path, [value])


def append_lines(path: Path, values: Iterable[Any]) -> None:
    """Append JSON lines and wait until they are on disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as stream:
        _cut_torn_line(stream)
        stream.write("".join(to_json(value) + "\n" for value in values).encode())
        stream.flush()
        os.fsync(stream.fileno())


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSON-lines file; a last line that a kill has torn is left out."""
    return list(each_line(path))


def each_line(path: Path) -> Iterator[dict[str, Any]]:
    """As ``read_lines``, one row in memory at a time."""
    if not path.is_file():
        return
    with path.open("rb") as stream:
        for line in stream:
            if line.endswith(b"\n") and line != b"\n":
                yield json.loads(line)


def keep_lines(path: Path, keep: Callable[[Mapping[str, Any]], bool]) -> None:
    """Rewrite a JSON-lines file with only the rows that are to be kept."""
    rows = read_lines(path)
    kept = [row for row in rows if keep(row)]
    if len(kept) < len(rows):
        atomic_write(path, "".join(to_json(row) + "\n" for row in kept).encode())


def slug(name: str) -> str:
    """A file name for any text; texts that had to be changed get a few hex digits, so that none collide."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:80]
    return plain if plain == name else f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def png_bytes(image: Image.Image, text: Mapping[str, str]) -> bytes:
    """A PNG with text chunks in sorted order; the same input gives the same bytes."""
    info = PngInfo()
    for key in sorted(text):
        info.add_itxt(key, text[key]) if not text[key].isascii() else info.add_text(key, text[key])
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", pnginfo=info, compress_level=5)
    return buffer.getvalue()


def _cut_torn_line(stream: Any) -> None:
    """Drop what follows the last newline, reading backwards by blocks."""
    end = stream.seek(0, os.SEEK_END)
    position = end
    while position > 0:
        start = max(0, position - 65536)
        stream.seek(start)
        block = stream.read(position - start)
        newline = block.rfind(b"\n")
        if newline >= 0:
            if start + newline + 1 < end:
                stream.truncate(start + newline + 1)
            return
        position = start
    if end > 0:
        stream.truncate(0)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | int):
        return value
    if hasattr(value, "item"):
        return _plain(value.item())
    return str(value)
