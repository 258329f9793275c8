"""Write docs/benchmarks.md: each script, and where its figures are; ``--check`` only compares."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from made_page import write_or_check

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Made by `python scripts/benchmarks_page.py` from the scripts' own first lines; do not edit by hand.

Every figure of speed, memory or quality in these pages comes from a script here, and stands where its subject
is explained, with the machine. `--help` of a script says what it takes. Run them with nothing beside.

| command | what it measures or makes | figures |
|---|---|---|
"""


def scripts() -> Iterator[tuple[Path, str]]:
    """Scripts that can be run, with the first paragraph of what they say."""
    for path in sorted((ROOT / "benchmarks").glob("*.py")):
        text = path.read_text(encoding="utf-8")
        about = ast.get_docstring(ast.parse(text)) or ""
        if "__main__" in text:
            yield path, " ".join(about.split("\n\n")[0].split()).replace("|", "\\|")


def places(script: Path) -> str:
    """The pages that name a script."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    names = [
        page for page in pages if page != PAGE and f"benchmarks/{script.name}" in page.read_text("utf-8")
    ]
    return ", ".join(f"[{page.stem}]({'../' if page.parent == ROOT else ''}{page.name})" for page in names)


def page() -> str:
    """The whole page."""
    rows = (f"| `python benchmarks/{path.name}` | {about} | {places(path)} |" for path, about in scripts())
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    sys.exit(write_or_check(PAGE, page()))
