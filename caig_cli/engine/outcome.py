"""What a stage hands back to the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from caig_cli.errors import UsageError
from caig_cli.records import Failure


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a stage.

    ``result`` is the object that ``--json`` prints, in whose long sequences items may be read from disk as
    they are printed; ``lines`` are for people, on stdout;
    ``failed`` lists the items that could not be used (exit code 3 when there is one); ``reported`` says that
    the user has read them while the stage ran, so that a line with their number is enough at the end;
    ``failed_check`` says that something that was to be checked is not so (exit code 1).
    """

    result: dict[str, Any] = field(default_factory=dict)
    failed: tuple[Failure, ...] = ()
    lines: Sequence[str] = ()
    reported: bool = False
    failed_check: bool = False


class NothingUsableError(UsageError):
    """Not one item of the input can be used; ``failed`` has each with its reason, for programs."""

    def __init__(self, text: str, failed: Sequence[Failure]) -> None:
        super().__init__(text)
        self.failed = tuple(failed)
