"""Tables of rows by name: recipe values that name a row, and rows that other packages bring.

A package adds a row by an entry point, whose name is the row's and whose value leads to the row::

    [project.entry-points."caig.painters"]
    sunset = "my_package:SUNSET"
"""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic_core import core_schema

from caig_cli.errors import UsageError, in_words

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from pydantic.fields import FieldInfo

Row = TypeVar("Row")

GROUPS = ("caig.painters", "caig.judges", "caig.sizes")
"""Groups of entry points that are looked for."""


class PluginTable(dict[str, Row]):
    """Rows by name: our own, and those of packages that are installed, which are imported when they are used.

    ``in`` and ``names`` know all of them, iteration our own. ``kind`` is what a row must be.
    """

    def __init__(self, group: str, kind: type[Row], rows: dict[str, Row]) -> None:
        super().__init__(rows)
        self.group, self.kind = group, kind

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in plugins(self.group)

    def __missing__(self, name: str) -> Row:
        """Another package's row. Raises UsageError where it can't be used, KeyError where there is none."""
        return loaded(plugins(self.group)[name], self.kind)

    def names(self) -> list[str]:
        """Our own, then the others'."""
        return list(dict.fromkeys([*self, *plugins(self.group)]))


def names_of(table: Iterable[str]) -> list[str]:
    """The names of a table's rows, those of other packages too."""
    return table.names() if isinstance(table, PluginTable) else list(table)


@cache
def plugins(group: str) -> dict[str, EntryPoint]:
    """What installed packages bring for a group, by name; nothing is imported yet."""
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=group)}


def loaded(point: EntryPoint, kind: type[Row]) -> Row:
    """The row that an entry point leads to. Raises UsageError, in one line, where there is none."""
    package = point.dist.name if point.dist is not None else "unknown"
    place = f"plug-in {point.name} ({point.group}) of the package {package}"
    try:
        row: Any = point.load()
    except Exception as error:
        reason = f"{type(error).__name__}: {in_words(error)}"
        raise UsageError(f"{place} can't be loaded: {reason}; update or remove the package") from None
    if not isinstance(row, kind):
        raise UsageError(f"{place}: {point.value} is no {kind.__name__}; update or remove the package")
    return row


def described() -> dict[str, str]:
    """Every plug-in by group and name, with the package that brings it, for people."""
    found = {}
    for group in GROUPS:
        for name, point in plugins(group).items():
            dist = point.dist
            found[f"{group} {name}"] = f"{dist.name} {dist.version}" if dist is not None else point.value
    return found


@dataclass(frozen=True, slots=True, eq=False)
class OneOf:
    """``Annotated[str, OneOf("loss", LOSSES)]`` is a recipe value that names a row of a table."""

    what: str
    table: Iterable[str]

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self.known, handler(source))

    def known(self, name: str) -> str:
        """The name. Raises ValueError where no row has it."""
        if name not in self.table:
            raise ValueError(f"no such {self.what}; known: {', '.join(names_of(self.table))}")
        return name


def choice_of(field: FieldInfo) -> OneOf | None:
    """The table whose row a recipe value names, if it names one; it may be empty too."""

    def found(part: Any) -> Iterator[OneOf]:
        yield from (one for one in getattr(part, "__metadata__", ()) if isinstance(one, OneOf))
        for inner in typing.get_args(part):
            yield from found(inner)

    own = (one for one in field.metadata if isinstance(one, OneOf))
    return next(own, None) or next(found(field.annotation), None)
