"""Where caig keeps what it has fetched or unpacked."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """``$CAIG_CACHE``, else ``caig`` in ``$XDG_CACHE_HOME`` or ``~/.cache``."""
    own, common = os.environ.get("CAIG_CACHE"), os.environ.get("XDG_CACHE_HOME")
    return Path(own).expanduser() if own else Path(common or Path.home() / ".cache") / "caig"
