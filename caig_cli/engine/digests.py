"""The inputs of a run by their bytes, so that a resumed run notices when one of them was exchanged."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from caig_cli.engine import files
from caig_cli.errors import UsageError

FILE = "inputs.json"
"""Digests of a run's inputs by kind and path, in its folder."""
WHOLE = 64 << 20
"""Bytes of a model's weight file up to which all of it is read; of a larger one, stripes are."""
STRIPES, STRIPE = 64, 1 << 20
"""How many parts of a larger one are read, evenly over the file, and how many bytes of each."""
READERS = 8
NAMED = 3
"""Changed inputs that a message names; the others are counted."""

Digests = dict[str, str | None]
"""Path as the run names it -> hex digest; None where there is no such file."""


def digests(paths: Iterable[Path], *, whole: bool = True) -> Digests:
    """The digests of files; without ``whole``, large ones are read in stripes."""
    named = dict.fromkeys(paths)
    with ThreadPoolExecutor(READERS) as pool:
        found = pool.map(lambda path: _digest(path, whole), named)
        return {str(path): digest for path, digest in zip(named, found, strict=True)}


def model_files(sources: Iterable[str]) -> list[Path]:
    """The files of those models that are local files or folders; models of the hub have their commit."""
    found: list[Path] = []
    for source in sources:
        path = Path(source).expanduser()
        if path.is_dir():
            found += sorted(one for one in path.rglob("*") if one.is_file())
        elif path.is_file():
            found.append(path)
    return found


def changed(before: Mapping[str, str | None], now: Mapping[str, str | None]) -> list[str]:
    """A line for each input that is other bytes now, gone, or new."""
    lines = []
    for name in sorted(before.keys() | now.keys()):
        old, new = before.get(name), now.get(name)
        if old != new:
            words = "is gone" if new is None else "is new" if old is None else "has changed"
            lines.append(f"{name} {words}")
    return lines


def refuse(lines: list[str]) -> UsageError:
    """What to say of changed inputs."""
    more = f" and {len(lines) - NAMED} more" if len(lines) > NAMED else ""
    return UsageError(
        f"--resume: since the run's start {', '.join(lines[:NAMED])}{more}; put the old bytes back, start "
        "anew with another --out, or go on with --accept-changed"
    )


def _digest(path: Path, whole: bool) -> str | None:
    try:
        if not path.is_file():
            return None  # a pipe or a device has no end
        size = path.stat().st_size
        if whole or size <= WHOLE:
            return files.digest(path)
        digest = hashlib.sha256(str(size).encode())
        with path.open("rb") as stream:
            for number in range(STRIPES):
                stream.seek(number * (size - STRIPE) // (STRIPES - 1))
                digest.update(stream.read(STRIPE))
        return digest.hexdigest()
    except OSError:
        return None
