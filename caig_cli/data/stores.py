"""Object stores through fsspec: a catalogue, and the photos that it names beside itself, by address."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from caig_cli.data.cache import whole_file
from caig_cli.data.images import shown
from caig_cli.errors import ItemError

EXTRAS: Mapping[str, str] = {
    "s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs", "az": "azure", "abfs": "azure", "abfss": "azure",
}  # fmt: skip
"""Object stores -> the extra that they need."""
_WEB = ("http", "https", "ftp", "data")
_STEP = 1 << 20


def address_of(path: Path) -> str | None:
    """The address that a path was written as: s3://bucket/file became s3:/bucket/file. None for a path."""
    found = re.match(r"([a-z][a-z0-9+]+):/+(?=.)", path.as_posix())
    if found is None or found[1] in _WEB:
        return None
    root = "/" if found[1] in ("file", "local") else ""
    return f"{found[1]}://{root}{path.as_posix()[found.end() :]}"


def is_store(address: str) -> bool:
    """Whether an address is of an object store, and not of the web."""
    scheme, mark, _ = address.partition("://")
    return bool(mark) and scheme.lower() not in _WEB


def beside(address: str, name: str) -> str | None:
    """The address of a file that a catalogue names relative to itself; None for one outside."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or not name.strip():
        return None
    return f"{address.rpartition('/')[0]}/{path}"


def fetch(address: str, path: Path) -> None:
    """Have the file at an address as a local one, whole or not at all. Raises ItemError in one line."""
    with opened(address) as stream, whole_file(path) as copy:
        shutil.copyfileobj(stream, copy, _STEP)


def mark_of(address: str) -> str:
    """What the store says of a file's bytes: it changes when they do. Raises ItemError."""
    with _errors_in_words(address):
        store, path = _store(address)
        return str(store.ukey(path))


@contextmanager
def opened(address: str) -> Iterator[Any]:
    """The bytes of a file, to be read. Raises ItemError, also for what is raised while they are."""
    with _errors_in_words(address):
        store, path = _store(address)
        with store.open(path, "rb") as stream:
            yield stream


def _store(address: str) -> tuple[Any, str]:
    import fsspec

    found: tuple[Any, str] = fsspec.core.url_to_fs(address)
    return found


@contextmanager
def _errors_in_words(address: str) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        extra = EXTRAS.get(address.partition("://")[0])
        remedy = f"run pip install 'caig[{extra}]'" if extra else "install the package of this store"
        reason = shown(" ".join(str(error).split())[:120])
        raise ItemError(f"{shown(address)}: needs a package ({reason}); {remedy}") from None
    except FileNotFoundError:
        raise ItemError(f"{shown(address)}: no such file; check the address") from None
    except Exception as error:  # each store has errors of its own
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise ItemError(f"{shown(address)}: cannot be fetched ({shown(reason)}); check the address") from None
