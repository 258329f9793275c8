"""caig: click-driven product ads with multimodal LLMs. As a library: see ``caig_cli.api``."""

from __future__ import annotations

TYPE_CHECKING = False  # typing's own takes long to import, and until then Ctrl-C ends in Python's words
if TYPE_CHECKING:
    from typing import Any

__version__ = "0.1.0"

_PUBLIC = frozenset(
    "AdPainter CaigError Creative Cutout Judge Pair Pairs Product PromptWriter Verdict cut_out "
    "load_judge load_painter load_prompt_model read_log".split()
)


def __getattr__(name: str) -> Any:
    """The library's names, imported when they are first used: the command's help must not wait for them."""
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module("caig_cli.api"), name)


def __dir__() -> list[str]:
    return sorted(_PUBLIC | set(globals()))
