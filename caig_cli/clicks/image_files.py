"""Image files on the disk: which are there, how large they are, and which of them are the same."""

from __future__ import annotations

import hashlib
import os
import stat
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from caig_cli.data.images import SUFFIXES, shown
from caig_cli.errors import DataError

MAX_LISTED = 200_000
"""Names of a folder that are kept."""

_STEP = 1 << 20  # bytes
_END = 256  # bytes


def file_names(folder: str) -> frozenset[str]:
    """The plain files in a folder, links apart; none where it cannot be read or holds very many."""
    try:
        with os.scandir(folder) as entries:
            names = frozenset(
                entry.name for entry in islice(entries, MAX_LISTED) if entry.is_file(follow_symlinks=False)
            )
    except (OSError, ValueError):
        return frozenset()
    return names


def kind_of(path: str) -> str | None:
    """``file``, ``link`` to one, or None, also for names that no file can have."""
    try:
        if stat.S_ISREG(os.lstat(path).st_mode):
            return "file"
        return "link" if stat.S_ISREG(os.stat(path).st_mode) else None  # noqa: PTH116
    except (OSError, ValueError):  # not there, too long, or with a null character
        return None


def image_files(folder: Path, deep: bool) -> Iterator[tuple[str, bool]]:
    """Image files below a folder, and whether they are links; hidden and linked folders are left out."""
    waiting = [str(folder)]
    while waiting:
        here = waiting.pop()
        try:
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if deep and not entry.name.startswith("."):
                    waiting.append(entry.path)
            elif os.path.splitext(entry.name)[1].lower() in SUFFIXES:  # noqa: PTH122
                yield entry.path, entry.is_symlink()


def file_sizes(paths: Sequence[str]) -> list[int]:
    """Bytes of each file. Raises DataError for one that cannot be asked."""
    try:
        return [os.stat(path).st_size for path in paths]  # noqa: PTH116
    except OSError as error:
        raise _unreadable(error) from None


def digests(
    paths: Sequence[str], sizes: Sequence[int] | None = None, advance: Callable[[int], None] = lambda n: None
) -> dict[str, str]:
    """A text for each file that two files share if and only if their bytes are the same.

    Only files of equal size are read, and to their beginning only those of an equal end. Raises DataError for
    a file that cannot be.
    """
    by_size: dict[int, list[str]] = defaultdict(list)
    for path, size in dict(zip(paths, sizes or file_sizes(paths), strict=True)).items():
        by_size[size].append(path)
    known: dict[str, str] = {}
    try:
        for size, same_size in by_size.items():
            by_end: dict[bytes, list[str]] = defaultdict(list)
            for path in same_size:
                by_end[_end(path, size) if same_size[1:] else b""].append(path)
            for alike in by_end.values():
                for path in alike:
                    known[path] = path if len(alike) == 1 else _hash(path)
                    advance(1)
    except OSError as error:
        raise _unreadable(error) from None
    return known


def _unreadable(error: OSError) -> DataError:
    name = shown(error.filename or "image")
    return DataError(f"{name}: cannot be read; check the path and its permissions")


def _end(path: str, size: int) -> bytes:
    """The last bytes of a file: those of two encoded pictures hardly ever agree."""
    file = os.open(path, os.O_RDONLY)
    try:
        return os.pread(file, _END, max(0, size - _END))
    finally:
        os.close(file)


def _hash(path: str) -> str:
    file = os.open(path, os.O_RDONLY)  # a hundred thousand of them
    try:
        digest = hashlib.sha256()
        while True:
            data = os.read(file, _STEP)
            digest.update(data)
            if len(data) < _STEP:
                return digest.hexdigest()
    finally:
        os.close(file)
