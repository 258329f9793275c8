"""What the scripts that make a page of docs/ share: to write it, or to say whether it is up to date."""

from __future__ import annotations

import sys
from pathlib import Path

COMMON_LANGUAGES = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "pt": "Portuguese",
    "nl": "Dutch", "pl": "Polish", "ja": "Japanese", "ko": "Korean", "zh": "Chinese", "ru": "Russian",
}  # fmt: skip
"""Languages of column names that both pages of tables tell."""


def write_or_check(page: Path, text: str) -> int:
    """The exit code: 1 where ``--check`` was given and the page is not ``text``."""
    if "--check" not in sys.argv[1:]:
        page.write_text(text, encoding="utf-8")
        return 0
    if page.is_file() and page.read_text(encoding="utf-8") == text:
        return 0
    print(f"docs/{page.name} is out of date: run python scripts/{page.stem}_page.py", file=sys.stderr)
    return 1
