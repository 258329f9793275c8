"""The image files of a log's creatives: where they are, and which of them hold the same bytes."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from caig_cli.data.click_logs import ClickLog
from caig_cli.data.images import SUFFIXES, shown
from caig_cli.errors import DataError
from caig_cli.records import Failure

_ENDINGS = (".jpg", ".png", ".jpeg", ".webp")  # tried where a log gives a name without one


def find_images(
    log: ClickLog,
    folder: Path,
    *,
    allow_outside: bool = False,
    advance: Callable[[int], None] = lambda n: None,
) -> tuple[list[Path | None], list[Failure]]:
    """The file of each creative (None: none usable) and a Failure, with the log's line, for each without.

    Names are paths below ``folder``; of a web address the last part counts; an ending may be missing.
    Links that lead out of the folder are refused unless ``allow_outside``. No image is opened.
    Raises DataError if there is no such folder.
    """
    if not folder.is_dir():
        raise DataError(f"{shown(folder)}: no such folder; --images names the folder of the ads")
    root = os.path.realpath(folder)
    found: list[Path | None] = []
    failures: list[Failure] = []
    for creative, name in enumerate(log.image_C):
        path = next(_existing(folder, name), None)
        fault = None
        if path is None:
            fault = f"'{shown(name[:80])}' is not in {shown(folder)}"
        elif not allow_outside and not _inside(root, path):
            fault = (
                f"'{shown(name[:80])}' lies outside {shown(folder)}; copy it there or pass --allow-outside"
            )
        if fault is not None:
            failures.append(Failure(log.where(creative), fault))
        found.append(None if fault else path)
        if creative % 1000 == 999:
            advance(1000)
    advance(len(log.image_C) % 1000)
    return found, failures


def digests(paths: Iterable[Path], advance: Callable[[int], None] = lambda n: None) -> dict[Path, str]:
    """A text for each file that two files share if and only if their bytes are the same.

    Only files of equal size are read. Raises DataError for a file that cannot be.
    """
    by_size: dict[int, list[Path]] = defaultdict(list)
    try:
        for path in dict.fromkeys(paths):
            by_size[path.stat().st_size].append(path)
        known: dict[Path, str] = {}
        for alike in by_size.values():
            for path in alike:
                known[path] = str(path) if len(alike) == 1 else _hash(path)
                advance(1)
    except OSError as error:
        name = shown(error.filename or "image")
        raise DataError(f"{name}: cannot be read; check the path and its permissions") from None
    return known


def _existing(folder: Path, name: str) -> Iterator[Path]:
    if "://" in name:
        name = PurePosixPath(unquote(urlsplit(name).path)).name
    names = [name]
    if PurePosixPath(name).suffix.lower() not in SUFFIXES:
        names += [name + ending for ending in _ENDINGS]
    for one in names:
        path = folder / one
        try:
            if one and path.is_file():
                yield path
        except (OSError, ValueError):  # too long, or with a null character
            return


def _inside(root: str, path: Path) -> bool:
    return os.path.realpath(path).startswith(root.rstrip(os.sep) + os.sep)


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
