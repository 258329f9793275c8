"""All logs of a run -> one click log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from caig_cli.clicks.ad_days import LogPart
from caig_cli.clicks.ad_finder import AdFinder
from caig_cli.clicks.bad_rows import BadRowRules
from caig_cli.clicks.files import LogFile, on_this_machine
from caig_cli.clicks.formats import open_tables
from caig_cli.clicks.joining import join
from caig_cli.clicks.log import ClickLog
from caig_cli.clicks.parts import part_of
from caig_cli.clicks.reading import Options, understand

QUERY = "--query"
"""What errors call the rows of an SQL query."""


def read_click_logs(
    names: Sequence[str],
    options: Options = Options(),  # noqa: B008  # frozen
    rules: BadRowRules = BadRowRules(),  # noqa: B008
    *,
    pictures: AdFinder | None = None,
    query: str | None = None,
    advance: Callable[[int], None] = lambda rows: None,
) -> ClickLog:
    """The click log that some files hold, in any format and from any platform of the table.

    ``query`` is SQL whose result is read instead, with ``log`` as the table of the files; ``advance`` is told
    of rows read. Raises DataError for files that cannot be read, and for bad rows that the rules forbid.
    """
    from pathlib import Path

    from caig_cli.clicks.binary_tables import open_query

    with ExitStack() as stack:
        files = stack.enter_context(on_this_machine(names))
        parts: list[LogPart] = []
        if query is not None:
            file = LogFile(Path(QUERY), QUERY)
            table = open_query(file, query, [one.path for one in files])
            parts.append(part_of(understand(QUERY, table, options, advance), pictures, rules))
        else:
            for one in files:
                for name, table in open_tables(one, options.columns):
                    parts.append(part_of(understand(name, table, options, advance), pictures, rules))
    return join(parts, pictures, rules)
