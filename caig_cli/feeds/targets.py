"""The table of files for shops and catalogues: their columns and limits."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from caig_cli.errors import UsageError

TABLE = Path(__file__).with_name("targets.toml")


@dataclass(frozen=True, slots=True)
class Target:
    """A row of the table; columns that a file does not have are None."""

    name: str
    title: str
    rows: Literal["product", "picture"]
    formats: tuple[str, ...]
    more: str
    most: int
    sources: tuple[str, ...]
    checked: str
    id: str | None = None
    sku: str | None = None
    group: str | None = None
    title_column: str | None = None
    best: str | None = None
    position: str | None = None
    alt: str | None = None
    characters: int | None = None
    keeps: bool = False
    main: bool = False
    """Whether ``more`` holds the main picture too."""

    @property
    def columns(self) -> list[str]:
        """The header of its files."""
        names = (
            self.id,
            self.sku,
            self.group,
            self.title_column,
            self.best,
            self.more,
            self.position,
            self.alt,
        )
        return [name for name in names if name]


def make_target(name: str, row: Mapping[str, object]) -> Target:
    """A row as it stands in the file -> Target. Raises TypeError for an unknown key."""
    lists = {key: tuple(value) for key, value in row.items() if isinstance(value, list)}
    return Target(name=name, **{**row, **lists})  # type: ignore[arg-type]


@cache
def targets() -> Mapping[str, Target]:
    """All rows of the table by name."""
    rows = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {name: make_target(name, row) for name, row in rows.items()}


def target(name: str) -> Target:
    """The row that ``--for`` names. Raises UsageError for an unknown one."""
    table = targets()
    if name not in table:
        near = difflib.get_close_matches(name, list(table), n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else f"it is one of {', '.join(table)}"
        raise UsageError(f"--for {name}: no such file; {hint}")
    return table[name]
