"""Which files of a run folder caig wrote: all else in it belongs to somebody and is left alone.

- A name is on record before its file is, so no file of ours is ever taken for somebody's.
- A folder that a library fills is on record as a whole (its name ends with a slash) only while it is filled.
- Nothing is held in memory but the names of files that were there before the run.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import IO

from caig_cli.engine.files import TEMPORARY, atomic_write, remove_temporaries, to_json
from caig_cli.errors import UsageError
from caig_cli.parsing import Malformed, parse_json

RECORD = ".caig-files"
"""The record: one path a line, relative to the run folder, as a JSON text; one such file for each process."""

KEPT = frozenset({"recipe.yaml", "env.json", "run.json"})
"""What a run that takes a folder over writes anew at once; without it a kill would leave no run there."""
ABOUT = KEPT | {"inputs.json"}
"""What every run writes about itself."""

LOCK = ".lock"
_MOST_FOREIGN = 100_000
"""Files of others that a run folder may hold; they are looked at one by one."""


class RunFiles:
    """The record of one process; ``foreign`` are files that were there before and are not to be touched."""

    def __init__(self, root: Path, rank: int = 0, foreign: frozenset[str] = frozenset()) -> None:
        self.root, self.foreign = root, foreign
        self._path = root / (f"{RECORD}.{rank}" if rank else RECORD)
        self._stream: IO[str] | None = None

    def note(self, path: Path) -> str:
        """Put a file of ours on record before it is written; returns its name.

        Raises UsageError where another's file of that name was there before the run.
        """
        rel = path.relative_to(self.root).as_posix()
        if rel in self.foreign:
            raise UsageError(f"{path}: is there already, and not of this run; move it or take another --out")
        if not path.exists():
            self._append(rel)
        return rel

    def note_folder(self, path: Path) -> None:
        """Put a whole folder on record that is about to be filled."""
        self._append(path.relative_to(self.root).as_posix() + "/")

    def _append(self, rel: str) -> None:
        if self._stream is None:
            self._stream = self._path.open("a", encoding="utf-8")
        self._stream.write(to_json(rel) + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Let go of the record's file."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None


def has_record(root: Path) -> bool:
    """Whether caig has written into a folder."""
    return (root / RECORD).is_file()


def ours(root: Path) -> set[str]:
    """Names of all files that caig wrote into a folder, by its record; whole folders end with a slash."""
    found: set[str] = set(ABOUT)
    for path in root.glob(f"{RECORD}*"):
        for line in path.read_bytes().splitlines() if path.is_file() else ():
            try:
                name = parse_json(line)
            except Malformed:
                continue
            if isinstance(name, str) and name and not name.startswith("/") and ".." not in name.split("/"):
                found.add(name)
    return found


def others(root: Path) -> frozenset[str]:
    """Names of all files in a folder that are not ours. Raises UsageError where they are very many."""
    known, found = ours(root), set()
    for place, folders, names in os.walk(root):
        here = Path(place).relative_to(root)
        folders[:] = [name for name in folders if f"{(here / name).as_posix()}/" not in known]
        for name in names:
            rel = (here / name).as_posix()
            if rel not in known and not _is_tool(rel):
                found.add(rel)
        if len(found) > _MOST_FOREIGN:
            raise UsageError(f"--out {root}: holds very many files of others; choose another folder")
    return frozenset(found)


def _is_tool(rel: str) -> bool:
    return rel == LOCK or rel.startswith(RECORD) or rel.endswith(TEMPORARY)


def clear(root: Path, *, keep: frozenset[str] = KEPT) -> None:
    """Remove what caig wrote into a folder, but for the files in ``keep``, and the folders left empty by it.

    Nothing outside of the folder is touched, wherever links in it lead. A kill on the way does no harm.
    """
    remove_temporaries(root)
    inside, emptied = root.resolve(), set()
    for name in sorted(ours(root) - keep):
        path = root / name
        if not path.parent.resolve().is_relative_to(inside):
            continue  # somebody put a link there
        if name.endswith("/") and path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.is_file() or path.is_symlink():
            path.unlink()
        emptied |= {one for one in path.parents if one != root and one.is_relative_to(root)}
    for folder in sorted(emptied, key=lambda one: -len(one.parts)):
        if folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir()):
            folder.rmdir()
    for path in root.glob(f"{RECORD}.*"):
        path.unlink()
    atomic_write(root / RECORD, "".join(to_json(name) + "\n" for name in sorted(keep)).encode())


def withdraw(root: Path) -> None:
    """Take all of ours out of a folder, and the folder itself if nothing else is in it."""
    clear(root, keep=frozenset())
    for name in (RECORD, LOCK):
        (root / name).unlink(missing_ok=True)
    if not any(root.iterdir()):
        root.rmdir()
