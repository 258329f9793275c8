"""What a stage hands back to the command line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from caig_cli.records import Failure


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a stage.

    ``result`` is the object that ``--json`` prints; ``lines`` are for people, on stdout;
    ``failed`` lists the items that could not be used (exit code 3 when there is one).
    """

    result: dict[str, Any] = field(default_factory=dict)
    failed: tuple[Failure, ...] = ()
    lines: tuple[str, ...] = ()
