"""Where the bytes of a log come from: files, packed or not, and object stores through fsspec."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from caig_cli.clicks.platforms import known_titles
from caig_cli.data.images import shown
from caig_cli.errors import DataError

_REMOTE = re.compile(r"([a-z][a-z0-9+.-]+)://", re.I)
_STEP = 1 << 20

PACKED: Mapping[str, Callable[[Path], Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
"""Endings of packed files and how they are opened."""

STORES: Mapping[str, str] = {
    "s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs", "az": "azure", "abfs": "azure", "abfss": "azure",
}  # fmt: skip
"""Object stores -> the extra that they need."""

ENCODINGS = ("cp1252", "cp932", "cp949", "gb18030", "cp1251", "cp1250", "big5")
"""Tried where a file is not UTF-8: the one under which the most column names are known is taken."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a table should hold: in words, and how many of its columns a row of titles names."""

    words: str
    known: Callable[[Sequence[object]], int]


CLICK_LOG = Wanted("a click log", known_titles)


@dataclass(frozen=True, slots=True)
class LogFile:
    """A table on this machine: its path, the name that the user knows it by, and what it should hold."""

    path: Path
    name: str
    wanted: Wanted = CLICK_LOG

    @property
    def suffix(self) -> str:
        """The ending in lower case, without that of a packed file."""
        name = Path(self.name.split("?")[0]).name.lower()
        for packed in (*PACKED, ".zip"):
            name = name.removesuffix(packed)
        return Path(name).suffix

    def open(self) -> IO[bytes]:
        """The unpacked bytes. Raises DataError for a file that cannot be opened."""
        suffix = self.path.suffix.lower()
        try:
            if suffix == ".zip":
                return _only_member(self)
            return PACKED[suffix](self.path) if suffix in PACKED else self.path.open("rb")
        except (OSError, zipfile.BadZipFile) as error:
            raise unreadable(self.name, error) from None


BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)
"""What reading a damaged packed file raises."""


def unreadable(name: str, error: BaseException) -> DataError:
    """The one line for a file that cannot be read to its end."""
    reason = " ".join(str(getattr(error, "strerror", None) or error).split())[:120] or type(error).__name__
    return DataError(f"{shown(name)}: cannot be read ({shown(reason)}); check or copy the file again")


@contextmanager
def on_this_machine(names: Sequence[str]) -> Iterator[list[LogFile]]:
    """The logs as local files, those of object stores fetched into a folder that is removed at the end.

    Raises DataError for what is not there, and where a store's package is missing.
    """
    with tempfile.TemporaryDirectory(prefix="caig-logs-") as folder:
        found: list[LogFile] = []
        for name in names:
            if _REMOTE.match(name):
                found += _fetched(name, Path(folder) / str(len(found)))
            else:
                found += _local(name)
        yield found


def is_remote(name: str) -> bool:
    """Whether a log's name is an address."""
    return _REMOTE.match(name) is not None


def _local(name: str) -> list[LogFile]:
    path = Path(name)
    if path.is_dir():
        return [LogFile(path, name)]
    if not path.exists():
        raise DataError(f"{shown(name)}: no such file; check the path")
    if not path.is_file():
        raise DataError(f"{shown(name)}: not a regular file; save the log to a file")
    if path.stat().st_size == 0:
        raise DataError(f"{shown(name)}: the file is empty; give a click log")
    return [LogFile(path, name)]


def _fetched(name: str, folder: Path) -> list[LogFile]:
    """The files that an address, maybe with ``*``, stands for."""
    scheme = name.split("://")[0].lower()
    if scheme in ("http", "https", "ftp"):
        raise DataError(f"{shown(name)}: a web address; download the log and give its path")
    try:
        import fsspec

        store, pattern = fsspec.core.url_to_fs(name)
        paths = sorted(store.glob(pattern)) if any(c in pattern for c in "*?[") else [pattern]
        if not paths:
            raise DataError(f"{shown(name)}: no such file; check the address")
        found = []
        for number, path in enumerate(paths):
            target = folder / str(number) / Path(path).name
            target.parent.mkdir(parents=True)
            with store.open(path, "rb") as source, target.open("wb") as copy:
                shutil.copyfileobj(source, copy, _STEP)
            found.append(LogFile(target, f"{scheme}://{path}"))
        return found
    except DataError:
        raise
    except ImportError as error:
        extra = STORES.get(scheme)
        remedy = f"run pip install 'caig[{extra}]'" if extra else "install the package of this store"
        reason = shown(" ".join(str(error).split())[:120])
        raise DataError(f"{shown(name)}: needs a package ({reason}); {remedy}") from None
    except Exception as error:  # each store has errors of its own
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise DataError(f"{shown(name)}: cannot be fetched ({shown(reason)}); check the address") from None


def _only_member(file: LogFile) -> IO[bytes]:
    archive = zipfile.ZipFile(file.path)
    members = [
        one for one in archive.infolist() if not one.is_dir() and not one.filename.startswith("__MACOSX")
    ]
    if len(members) != 1:
        raise DataError(f"{shown(file.name)}: holds {len(members)} files; unpack it and give the log")
    if members[0].flag_bits & 1:
        raise DataError(f"{shown(file.name)}: is locked by a password; unpack it and give the log")
    return archive.open(members[0])


# --- text ------------------------------------------------------------------------------------------


def open_text(file: LogFile) -> tuple[io.TextIOWrapper, str]:
    """The log as text, and its encoding; what does not fit that becomes lone surrogates.

    Raises DataError for a file that is no text.
    """
    encoding = encoding_of(file)
    stream = io.TextIOWrapper(
        cast("Any", file.open()), encoding=encoding, errors="surrogateescape", newline=""
    )
    return stream, encoding


def encoding_of(file: LogFile) -> str:
    """By its mark, else UTF-16 by its zeros, else UTF-8, else the one whose column names are known."""
    try:
        with file.open() as stream:
            head = stream.read(_STEP)
            if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                return "utf-16"
            if head.startswith(codecs.BOM_UTF8):
                return "utf-8-sig"
            if wide := _wide(file, head[:4096]):
                return wide
            valid, above = _is_utf8(head, stream)
    except BROKEN as error:
        raise unreadable(file.name, error) from None
    if valid or above:  # a few broken cells of a file in UTF-8 cost their own rows only
        return "utf-8"
    return max(ENCODINGS, key=lambda name: (_known(head, name, file.wanted), -ENCODINGS.index(name)))


def _wide(file: LogFile, head: bytes) -> str | None:
    """UTF-16 without a mark: half of the bytes of Latin letters are zeros. None where hardly any byte is."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    if even + odd <= len(head) // 16:
        return None
    if max(even, odd) < 4 * max(1, min(even, odd)):
        raise DataError(f"{shown(file.name)}: not text; give {file.wanted.words} as CSV, XLSX or JSON")
    return "utf-16-be" if even > odd else "utf-16-le"


def _is_utf8(head: bytes, stream: IO[bytes]) -> tuple[bool, bool]:
    """Whether all bytes are UTF-8, and whether any character above ASCII is."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    chunk, above = head, False
    while chunk:
        if not chunk.isascii() or decoder.getstate()[0]:
            try:
                text = decoder.decode(chunk)
            except UnicodeDecodeError:
                return False, above or _mostly_utf8(chunk)
            above |= not text.isascii()
        chunk = stream.read(_STEP)
    return True, above


def _mostly_utf8(chunk: bytes) -> bool:
    text = chunk.decode("utf-8", "surrogateescape")
    high = [c for c in text if ord(c) > 127]
    broken = sum(0xDC80 <= ord(c) <= 0xDCFF for c in high)
    return len(high) - broken >= broken


def _known(head: bytes, encoding: str, wanted: Wanted) -> int:
    """Most column names that a line has under an encoding."""
    text = head[: 1 << 16].decode(encoding, "replace")
    lines = text.splitlines()[:100]
    return max((wanted.known(re.split(r"[\t;,|]", line.replace('"', ""))) for line in lines), default=0)
