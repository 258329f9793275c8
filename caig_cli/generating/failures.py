"""What a run could not use, in its folder: one row for each record or photo, with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caig_cli.engine.files import to_json
from caig_cli.engine.run_dir import RunDir
from caig_cli.records import Failure

FILE = "failed.jsonl"


def write_failures(run: RunDir, failures: Sequence[Failure]) -> None:
    """Keep what was not used; a run that used all has no such file."""
    if failures:
        lines = (to_json({"product": one.item, "error": one.error}) + "\n" for one in failures)
        run.write_pieces(FILE, (line.encode() for line in lines))
    else:
        run.remove(FILE)


def read_failures(run: RunDir) -> list[Failure]:
    """What was not used, as ``write_failures`` has written it."""
    return list(run.rows(FILE, _failure))


def _failure(row: dict[str, Any]) -> Failure:
    return Failure(str(row["product"]), str(row["error"]))
