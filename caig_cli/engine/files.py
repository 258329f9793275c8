"""Writes that survive a kill: whole or not at all, and lines that are on disk when the call returns.

What can't be written (a full disk, no permission) is a RunError that names the file.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import math
import os
import re
import tempfile
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from caig_cli.errors import RunError, in_words
from caig_cli.parsing import Malformed, parse_json

TEMPORARY = ".caig-tmp"
"""Ending of files that are being written; only such are removed after a kill."""

Fault = Callable[[int, str], None]
"""Told of each line of a file that is damaged: its number and what is wrong with it."""


def atomic_write(path: Path, data: bytes | Iterable[bytes], *, sync: bool = True) -> None:
    """Write a file through a temporary neighbour: readers see the old bytes or all the new ones.

    Data in pieces is written as it comes, so that it need not fit into memory. Without ``sync`` it is on disk
    after the next ``sync_disk``. Raises RunError.
    """
    with _errors_in_words(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:80]}.", suffix=TEMPORARY)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.writelines([data] if isinstance(data, bytes) else data)
                stream.flush()
                os.fchmod(stream.fileno(), 0o644)
                if sync:
                    os.fsync(stream.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        if sync:
            _sync_folder(path.parent)


def remove_temporaries(folder: Path) -> None:
    """Delete what killed writers left behind."""
    for path in folder.rglob(f".*{TEMPORARY}"):
        path.unlink(missing_ok=True)


def to_json(value: Any, *, indent: int | None = None) -> str:
    """Strict JSON: not-a-number becomes null, paths and numpy scalars become plain values.

    Halves of characters, as names that are not UTF-8 have, are escaped: the text can be encoded.
    """
    text = json.dumps(_plain(value), indent=indent, ensure_ascii=False, allow_nan=False)
    return encodable(text)


def json_pieces(value: Mapping[str, Any]) -> Iterator[str]:
    """An object as JSON in pieces: long sequences that are no lists are written as their items come."""
    head = "{"
    for key, item in value.items():
        yield f"{head}{to_json(key)}: "
        if isinstance(item, Sequence) and not isinstance(item, str | list | tuple):
            yield "["
            for number, one in enumerate(item):
                yield (", " if number else "") + to_json(one)
            yield "]"
        else:
            yield to_json(item)
        head = ", "
    yield "}" if value else "{}"


def encodable(text: str) -> str:
    """A text whose unpaired surrogates are written as escapes, ``\\udcff``; the same text without any."""
    return text.encode("utf-8", "backslashreplace").decode()


def append_lines(path: Path, values: Iterable[Any], *, sync: bool = True) -> None:
    """Append JSON lines, and with ``sync`` wait until they are on disk; a torn last line is cut off first.

    Raises RunError.
    """
    lines = "".join(to_json(value) + "\n" for value in values).encode()
    with _errors_in_words(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as stream:
            _mend_end(stream)
            stream.write(lines)
            stream.flush()
            if sync:
                os.fsync(stream.fileno())


def sync_disk(folder: Path) -> None:
    """Wait until all that was written to the disk of a folder is on it. Raises RunError."""
    import ctypes

    with _errors_in_words(folder):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
            number = errno.ENOSYS if syncfs is None else 0
            if syncfs is not None and syncfs(descriptor):
                number = ctypes.get_errno()
            if number in (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP):
                os.sync()  # macOS, and disks of programs, do not know one disk from the others
            elif number:
                raise OSError(number, os.strerror(number))
        finally:
            os.close(descriptor)


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The whole rows of a JSON-lines file; a last line that a kill has torn is left out."""
    return list(each_line(path))


def each_line(path: Path) -> Iterator[dict[str, Any]]:
    """As ``read_lines``, one row in memory at a time."""
    return (row for _, row in numbered_lines(path))


def numbered_lines(
    path: Path, fault: Fault = lambda line, what: None
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Rows with their line numbers; ``fault`` is told of lines that are none, but for a torn last one."""
    return ((place.line, row) for place, row in placed_lines(path, fault))


class LinePlace(NamedTuple):
    """Where a line of a file is: its number from 1, the first of its bytes, and how many it has."""

    line: int
    start: int
    length: int


def placed_lines(
    path: Path, fault: Fault = lambda line, what: None
) -> Iterator[tuple[LinePlace, dict[str, Any]]]:
    """As ``numbered_lines``, each row with its place."""
    if not path.is_file():
        return
    start = 0
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            place = LinePlace(number, start, len(line))
            start += len(line)
            try:
                row = parse_json(line)
                if not isinstance(row, dict):
                    raise Malformed("not an object")
            except Malformed as error:
                if line.endswith(b"\n"):  # else it is what a kill left
                    fault(number, str(error) if line.strip() else "an empty line")
                continue
            yield place, row


def drop_lines(path: Path, numbers: Container[int]) -> None:
    """Rewrite a file without some of its lines."""
    with path.open("rb") as stream:
        atomic_write(path, (line for n, line in enumerate(stream, start=1) if n not in numbers))


def slug(name: str) -> str:
    """A file name for any text; texts that had to be changed get a few hex digits, so that none collide."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:80]
    if plain == name:
        return plain
    return f"{plain}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:6]}"


def png_bytes(image: Image.Image, text: Mapping[str, str]) -> bytes:
    """A PNG with text chunks in sorted order; the same input gives the same bytes."""
    info = PngInfo()
    for key in sorted(text):
        encoded = encodable(text[key])
        info.add_itxt(key, encoded) if not encoded.isascii() else info.add_text(key, encoded)
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", pnginfo=info, compress_level=5)
    return buffer.getvalue()


def is_whole_png(path: Path) -> bool:
    """Whether a PNG file has all its parts; one that was cut short or never filled has not.

    Only the heads of the parts are read, so this costs little whatever the size of the picture.
    """
    try:
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if stream.read(8) != b"\x89PNG\r\n\x1a\n":
                return False
            position = 8
            while len(head := stream.read(8)) == 8:
                position += 12 + int.from_bytes(head[:4], "big")
                if head[4:] == b"IEND":
                    return position == size
                stream.seek(position)
    except OSError:
        pass
    return False


def is_whole_image(path: Path) -> bool:
    """Whether a PNG, JPEG, WebP or AVIF file has all its parts, by its own count of them."""
    checks = {".png": is_whole_png, ".jpg": _is_whole_jpeg, ".webp": _is_whole_riff, ".avif": _is_whole_boxes}
    try:
        return path.suffix in checks and checks[path.suffix](path)
    except OSError:
        return False


def _is_whole_jpeg(path: Path) -> bool:
    data = path.read_bytes()
    return data[:2] == b"\xff\xd8" and data[-2:] == b"\xff\xd9"


def _is_whole_riff(path: Path) -> bool:
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(12)
    return head[:4] == b"RIFF" and head[8:] == b"WEBP" and int.from_bytes(head[4:8], "little") + 8 == size


def _is_whole_boxes(path: Path) -> bool:
    """An ISO base media file whose boxes end where the file does."""
    size, position = path.stat().st_size, 0
    with path.open("rb") as stream:
        while position < size and len(head := stream.read(8)) == 8 and int.from_bytes(head[:4]) >= 8:
            position += int.from_bytes(head[:4])
            stream.seek(position)
    return position == size and size > 0


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest_or_none(path: Path) -> str | None:
    """As ``digest``; None for a file that can't be read."""
    try:
        return digest(path)
    except OSError:
        return None


@contextmanager
def _errors_in_words(path: Path) -> Iterator[None]:
    """An error of the system becomes a line that names the file and says what to do."""
    try:
        yield
    except OSError as error:
        reason = in_words(OSError(error.errno, error.strerror or str(error)))
        raise RunError(f"{path}: cannot be written: {reason}") from error


def _mend_end(stream: Any) -> None:
    """Drop what follows the last newline, reading backwards by blocks; a whole row there is kept."""
    end = position = stream.seek(0, os.SEEK_END)
    start = 0
    while position > 0:
        begin = max(0, position - 65536)
        stream.seek(begin)
        newline = stream.read(position - begin).rfind(b"\n")
        if newline >= 0:
            start = begin + newline + 1
            break
        position = begin
    if start == end:
        return
    stream.seek(start)
    try:
        parse_json(stream.read())
        stream.write(b"\n")  # only its end was lost
    except Malformed:
        stream.truncate(start)


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
