"""Write beside, then rename: readers see what was there before or all of what is new.

- Killed at any moment, a file is the old one or the new one; so is a folder, but for the instant between two
  renames, after which the next writer puts the old one back.
- What a failed writer made is removed; the old one stays.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from caig_cli.engine.files import TEMPORARY


def beside(folder: Path) -> tuple[Path, Path]:
    """Where a folder is filled, and where the one before it waits: hidden neighbours of it."""
    return folder.with_name(f".{folder.name}.partial"), folder.with_name(f".{folder.name}.old")


@contextmanager
def replaced_folder(folder: Path) -> Iterator[Path]:
    """An empty folder to fill, which takes the place of ``folder`` when the block ends without an error."""
    partial, old = beside(folder)
    _put_back(old, folder)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        if folder.exists():
            folder.replace(old)
        partial.replace(folder)
    finally:
        _put_back(old, folder)
        shutil.rmtree(partial, ignore_errors=True)


def _put_back(old: Path, folder: Path) -> None:
    """The old folder goes where it was, if nothing took its place; else it goes."""
    if old.exists() and not folder.exists():
        old.replace(folder)
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def replaced_file(path: Path) -> Iterator[Path]:
    """A path to write to, which takes the place of ``path`` when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}{TEMPORARY}")
    try:
        yield partial
        with partial.open("rb") as stream:
            os.fsync(stream.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
