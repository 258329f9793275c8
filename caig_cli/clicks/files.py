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
from caig_cli.data.stores import EXTRAS
from caig_cli.errors import DataError

_REMOTE = re.compile(r"([a-z][a-z0-9+.-]+)://", re.I)
_STEP = 1 << 20

PACKED: Mapping[str, Callable[[Path], Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
"""Endings of packed files and how they are opened."""

MARKS: Mapping[str, bytes] = {".gz": b"\x1f\x8b", ".bz2": b"BZh", ".xz": b"\xfd7zXZ"}
"""First bytes of packed files."""

LOGS = frozenset(
    {".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".xlsx", ".xlsm", ".parquet", ".pq", ""}
)
"""Endings of logs in folders and archives; others that lie beside them are left alone."""

MAX_UNPACKED = 16 << 30
"""Bytes that the files of an archive may have."""

ENCODINGS = ("cp1252", "cp932", "cp949", "gb18030", "cp1251", "cp1250", "cp1254", "big5")
"""Tried where a file is not UTF-8: the one under which the most column names are known is taken."""


@dataclass(frozen=True, slots=True)
class WantedTable:
    """What a table should hold: in words, and how many of its columns a row of titles names."""

    words: str
    known: Callable[[Sequence[object]], int]


CLICK_LOG = WantedTable("a click log", known_titles)


@dataclass(frozen=True, slots=True)
class LogFile:
    """A table on this machine: its path, the name that the user knows it by, and what it should hold."""

    path: Path
    name: str
    wanted: WantedTable = CLICK_LOG

    @property
    def suffix(self) -> str:
        """The ending in lower case, without that of a packed file."""
        name = Path(self.name.split("?")[0]).name.lower()
        for packed in (*PACKED, ".zip"):
            name = name.removesuffix(packed)
        return Path(name).suffix

    def open(self) -> IO[bytes]:
        """The unpacked bytes; their first ones say if they are packed. Raises DataError."""
        suffix = self.path.suffix.lower()
        try:
            if suffix == ".zip":
                return _only_member(self)
            if suffix not in PACKED:
                with self.path.open("rb") as stream:
                    head = stream.read(6)
                suffix = next((one for one, mark in MARKS.items() if head.startswith(mark)), "")
            opened: IO[bytes] = PACKED[suffix](self.path) if suffix in PACKED else self.path.open("rb")
            return opened
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
                found += _local(name, Path(folder) / str(len(found)))
        yield found


def is_remote(name: str) -> bool:
    """Whether a log's name is an address."""
    return _REMOTE.match(name) is not None


def _local(name: str, folder: Path) -> list[LogFile]:
    path = Path(name)
    if path.is_dir():
        return _of_folder(path, name)
    if not path.exists():
        raise DataError(f"{shown(name)}: no such file; check the path")
    if not path.is_file():
        raise DataError(f"{shown(name)}: not a regular file; save the log to a file")
    if path.stat().st_size == 0:
        raise DataError(f"{shown(name)}: the file is empty; give a click log")
    return _unpacked(path, name, folder) if _is_archive(path) else [LogFile(path, name)]


def _of_folder(path: Path, name: str) -> list[LogFile]:
    """A folder of Parquet files as it is, of other logs file by file."""
    if any(path.rglob("*.parquet")):
        return [LogFile(path, name)]
    inside = [LogFile(one, str(Path(name) / one.relative_to(path))) for one in sorted(path.rglob("*"))]
    logs = [one for one in inside if one.path.is_file() and not one.path.name.startswith((".", "~"))]
    logs = [one for one in logs if one.suffix in LOGS]
    if not logs:
        raise DataError(f"{shown(name)}: a folder without logs; give CSV, XLSX, JSON or Parquet files")
    return logs


def _is_archive(path: Path) -> bool:
    """Whether a file is a ZIP archive, and no workbook, which is one too."""
    with path.open("rb") as stream:
        if stream.read(4) != b"PK\x03\x04":
            return path.suffix.lower() == ".zip"
    return not _is_workbook(path)


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return "[Content_Types].xml" in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return path.suffix.lower() in (".xlsx", ".xlsm")


def _unpacked(path: Path, name: str, folder: Path) -> list[LogFile]:
    """The logs in an archive. Raises DataError for one that is damaged, locked or holds none."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [one for one in archive.infolist() if _is_log(one.filename)]
            texts = [one for one in members if not one.filename.lower().endswith(".txt")]
            members = texts or members  # a README.txt beside the log
            if any(one.flag_bits & 1 for one in members):
                raise DataError(f"{shown(name)}: is locked by a password; unpack it and give the log")
            if sum(one.file_size for one in members) > MAX_UNPACKED:
                raise DataError(f"{shown(name)}: unfolds to more than 16 GiB; unpack it and give the logs")
            found = []
            for number, one in enumerate(members):
                target = folder / str(number) / Path(one.filename).name
                target.parent.mkdir(parents=True)
                with archive.open(one) as source, target.open("wb") as copy:
                    shutil.copyfileobj(source, copy, _STEP)
                found.append(LogFile(target, f"{name}/{one.filename}"))
    except BROKEN as error:
        raise unreadable(name, error) from None
    if not found:
        raise DataError(f"{shown(name)}: no log in this archive; give CSV, XLSX, JSON or Parquet files")
    return found


def _is_log(member: str) -> bool:
    name = Path(member).name
    hidden = name.startswith((".", "~")) or "__MACOSX" in member or member.endswith("/")
    return not hidden and LogFile(Path(name), name).suffix in LOGS


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
        extra = EXTRAS.get(scheme)
        remedy = f"run pip install 'caig[{extra}]'" if extra else "install the package of this store"
        reason = shown(" ".join(str(error).split())[:120])
        raise DataError(f"{shown(name)}: needs a package ({reason}); {remedy}") from None
    except Exception as error:  # each store has errors of its own
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise DataError(f"{shown(name)}: cannot be fetched ({shown(reason)}); check the address") from None


def _only_member(file: LogFile) -> IO[bytes]:
    archive = zipfile.ZipFile(file.path)
    hidden = ("__MACOSX", ".")
    members = [one for one in archive.infolist() if not (one.is_dir() or one.filename.startswith(hidden))]
    if len(members) != 1:
        raise DataError(f"{shown(file.name)}: holds {len(members)} files; unpack it and give one")
    if members[0].flag_bits & 1:
        raise DataError(f"{shown(file.name)}: is locked by a password; unpack it")
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
            if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
                return "utf-32"
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


def _known(head: bytes, encoding: str, wanted: WantedTable) -> int:
    """Most column names that a line has under an encoding."""
    text = head[: 1 << 16].decode(encoding, "replace")
    lines = text.splitlines()[:100]
    return max((wanted.known(re.split(r"[\t;,|]", line.replace('"', ""))) for line in lines), default=0)
