"""Pictures in a TAR archive, named as if it were a folder: ``ads.tar/mug.webp``.

Each is read from its place in the archive; nothing is unpacked. Archives are uncompressed.
"""

from __future__ import annotations

import tarfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from caig_cli.errors import ItemError

SUFFIX = ".tar"


def archive_of(path: Path) -> Path | None:
    """The archive that a path leads into; None for a path of the file system."""
    for parent in path.parents:
        if parent.suffix.lower() == SUFFIX and parent.is_file():
            return parent
    return None


def file_of(path: Path) -> Path:
    """The file in which the bytes of ``path`` are: itself, or an archive."""
    return archive_of(path) or path


def holds(path: Path) -> bool:
    """Whether a path leads to a file of an archive. Raises ItemError where that is damaged."""
    archive = archive_of(path)
    return archive is not None and path.relative_to(archive).as_posix() in _members(archive)


def read_member(archive: Path, path: Path) -> bytes:
    """The bytes of one file of an archive. Raises ItemError where it is not there."""
    place = _members(archive).get(path.relative_to(archive).as_posix())
    if place is None:
        raise ItemError(f"{path}: no such file in the archive; check the path")
    start, size = place
    with archive.open("rb") as stream:
        stream.seek(start)
        return stream.read(size)


def _members(archive: Path) -> Mapping[str, tuple[int, int]]:
    state = archive.stat()
    return _indexed(archive, state.st_size, state.st_mtime_ns)


@lru_cache(16)
def _indexed(archive: Path, size: int, changed: int) -> Mapping[str, tuple[int, int]]:
    """Begin and length of each file of an archive by its name."""
    try:
        with tarfile.open(archive, "r:") as stream:
            return {one.name: (one.offset_data, one.size) for one in stream if one.isreg()}
    except tarfile.TarError:
        raise ItemError(f"{archive}: no whole, uncompressed TAR archive; make it again") from None
