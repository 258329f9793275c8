"""Where caig keeps what it has fetched or unpacked."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


def cache_folder() -> Path:
    """``$CAIG_CACHE``, else ``caig`` in ``$XDG_CACHE_HOME`` or ``~/.cache``."""
    own, common = os.environ.get("CAIG_CACHE"), os.environ.get("XDG_CACHE_HOME")
    return Path(own).expanduser() if own else Path(common or Path.home() / ".cache") / "caig"


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A stream to write, which becomes the file when the block ends without an error; else nothing is left.

    Two that fetch the same write side by side. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
