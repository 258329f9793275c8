"""Write docs/help.md from the command line itself; ``--check`` only says whether it is up to date."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from pathlib import Path

from made_page import write_or_check

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "help.md"

HEAD = """# Help

Made by `python scripts/help_page.py` from the command line; do not edit by hand.

Exit codes: 0 done, 1 failed while running, 2 bad usage, recipe or data (or nothing could be made of it),
3 finished but some items failed (each is listed), 130 interrupted.
`check` and `verify` leave with 1 where a rule is missed or an ad was changed.
A value is decided by the first of: flag, `CAIG_*` environment variable, `--set`, recipe, default.
What a run folder holds, and how a run goes on after a kill: [runs.md](runs.md).
"""


def page() -> str:
    """The whole page: the help of every command, as the terminal shows it at 100 columns."""
    os.environ |= {"COLUMNS": "100", "TERMINAL_WIDTH": "100", "NO_COLOR": "1"}
    sys.path.insert(0, str(ROOT))
    from caig_cli.cli import run
    from caig_cli.commands import COMMANDS

    parts = [HEAD]
    for command in [[], *(name.split() for name in COMMANDS), ["env"]]:
        with contextlib.redirect_stdout(io.StringIO()) as text:
            if run([*command, "--help"]) != 0:
                raise SystemExit(f"caig {' '.join(command)} --help failed")
        title = " ".join(["caig", *command])
        parts.append(f"## {title}\n\n```text\n{text.getvalue().rstrip()}\n```\n")
    return "\n".join(parts)


def main() -> int:
    """Write the page, or compare it."""
    return write_or_check(PAGE, page())


if __name__ == "__main__":
    sys.exit(main())
