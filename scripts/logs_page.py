"""Write what the table of platforms decides of docs/logs.md; ``--check`` says whether it is up to date."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

from made_page import COMMON_LANGUAGES, write_or_check

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from caig_cli.clicks.platforms import FIELDS, OTHER, LogPlatform, platforms  # noqa: E402

PAGE = ROOT / "docs/logs.md"
MARK = "<!-- made by scripts/logs_page.py from caig_cli/clicks/platforms.toml -->\n"

LANGUAGES = COMMON_LANGUAGES | {
    "tr": "Turkish", "sv": "Swedish", "da": "Danish", "no": "Norwegian", "fi": "Finnish", "cs": "Czech",
    "ar": "Arabic", "he": "Hebrew", "th": "Thai", "vi": "Vietnamese", "id": "Indonesian", "hu": "Hungarian",
    "ro": "Romanian", "el": "Greek", "uk": "Ukrainian",
}  # fmt: skip


def section(platform: LogPlatform) -> Iterator[str]:
    """A platform's names, by language and field."""
    yield f"### {platform.title}"
    yield ""
    blank = " A blank count is a zero." if platform.blank_is_zero else ""
    yield (
        f"`--from {platform.name}`.{blank} Sources: "
        + ", ".join(f"<{one}>" for one in platform.sources)
        + "."
    )
    yield ""
    if platform.report:
        yield textwrap.fill(platform.report, 118)
        yield ""
    if platform.translated:
        names = [LANGUAGES[one] for one in platform.translated]
        yield (
            f"No export or help page was found in {', '.join(names[:-1])} and {names[-1]}: those names are "
            "translations, which an export may not have."
        )
        yield ""
    for language, fields in platform.columns.items():
        yield f"| {LANGUAGES.get(language, language)} | accepted names, the first found counts |"
        yield "|---|---|"
        for name in (*FIELDS, OTHER):
            if name in fields:
                title = "tells the platform" if name == OTHER else f"`{name}`"
                yield f"| {title} | {', '.join(fields[name])} |"
        yield ""


def page(text: str) -> str:
    """The page with its made part made again."""
    lines = [f"| `{name}` | {what} |" for name, what in FIELDS.items()]
    fields = "\n".join(["| field | what its column holds |", "|---|---|", *lines])
    sections = "\n".join(line for platform in platforms().values() for line in section(platform))
    return f"{text.split(MARK)[0]}{MARK}\n## Accepted names\n\n{fields}\n\n{sections.rstrip()}\n"


if __name__ == "__main__":
    sys.exit(write_or_check(PAGE, page(PAGE.read_text(encoding="utf-8"))))
