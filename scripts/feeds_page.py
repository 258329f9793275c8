"""Write what the tables of feeds decide of docs/feeds.md; ``--check`` says whether it is up to date."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from made_page import COMMON_LANGUAGES, write_or_check

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from caig_cli.feeds.platforms import FIELDS, OTHER, FeedPlatform, platforms  # noqa: E402
from caig_cli.feeds.targets import Target, targets  # noqa: E402

PAGE = ROOT / "docs/feeds.md"
MARK = "<!-- made by scripts/feeds_page.py from caig_cli/feeds/{platforms,targets}.toml -->\n"

LANGUAGES = COMMON_LANGUAGES | {
    "cs": "Czech and Slovak",
}  # fmt: skip


def file_of(target: Target) -> str:
    """A row about a file that is written."""
    limit = f"{target.most} pictures" + (f", {target.characters} characters" if target.characters else "")
    columns = ", ".join(f"`{name}`" for name in target.columns)
    sources = ", ".join(f"<{one}>" for one in target.sources)
    formats = " ".join(target.formats)
    cells = (f"`{target.name}`", target.title, columns, limit, formats, f"{sources} ({target.checked})")
    return f"| {' | '.join(cells)} |"


def section(platform: FeedPlatform) -> Iterator[str]:
    """A platform's names, by language and field."""
    yield f"### {platform.title}"
    yield ""
    yield f"`--from {platform.name}`. Sources: " + ", ".join(f"<{one}>" for one in platform.sources) + "."
    yield ""
    for language, fields in platform.columns.items():
        yield f"| {LANGUAGES.get(language, language)} | accepted names, the first filled one counts |"
        yield "|---|---|"
        for name in (*FIELDS, OTHER):
            if name in fields:
                title = "tells the platform" if name == OTHER else f"`{name}`"
                names = ", ".join(fields[name]).replace("|", "\\|")
                yield f"| {title} | {names} |"
        yield ""


def page(text: str) -> str:
    """The page with its made part made again."""
    files = [
        "| `--for` | file | columns | at most | endings | sources (looked up) |",
        "|---|---|---|---|---|---|",
        *map(file_of, targets().values()),
    ]
    fields = [
        "| field | what its column holds |",
        "|---|---|",
        *(f"| `{name}` | {what} |" for name, what in FIELDS.items()),
    ]
    sections = "\n".join(line for platform in platforms().values() for line in section(platform))
    made = "\n".join(
        ["## Files that are written", "", *files, "", "## Accepted names", "", *fields, "", sections]
    )
    return f"{text.split(MARK)[0]}{MARK}\n{made.rstrip()}\n"


if __name__ == "__main__":
    sys.exit(write_or_check(PAGE, page(PAGE.read_text(encoding="utf-8"))))
