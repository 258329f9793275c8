"""Write docs/recipes.md, every value of every recipe; ``--check`` only says whether it is up to date."""

from __future__ import annotations

import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from made_page import write_or_check

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from pydantic import BaseModel  # noqa: E402
from pydantic.fields import FieldInfo  # noqa: E402

from caig_cli.commands import COMMANDS, recipe_class  # noqa: E402
from caig_cli.recipe import Recipe, kinds, section_of  # noqa: E402
from caig_cli.tables import choice_of  # noqa: E402

PAGE = ROOT / "docs" / "recipes.md"
HEAD = """# Recipe values

Made by `python scripts/recipes_page.py` from the recipes' own sections; do not edit by hand.

A recipe is YAML: sections with values, each of which `--set section.key=value` sets too. `--recipe` names a
shipped one or your file, which may begin with `extends: NAME`.
`--dry-run` prints the resolved recipe, each value under its sentence. Defaults here are those of the program;
shipped recipes change some of them.
"""
TOP = "| key | default | may be | |\n|---|---|---|---|"
WORDS = {str: "text", int: "integer", float: "number", bool: "true or false", Path: "path", dict: "mapping",
         tuple: "list", list: "list"}  # fmt: skip


def choices(field: FieldInfo) -> str:
    """What a value may be, for people."""
    empty = ["or empty"] if type(None) in kinds(field.annotation) else []
    if (choice := choice_of(field)) is not None:
        return " ".join([", ".join(choice.table), *empty])
    found = []
    for kind in kinds(field.annotation):
        if typing.get_origin(kind) is typing.Literal:
            found += [str(choice) for choice in typing.get_args(kind)]
        elif kind in WORDS:
            found.append(WORDS[kind])
    return " ".join([", ".join(sorted(found)), *empty]).strip()


def default(value: Any) -> str:
    """A default as YAML shows it."""
    if value is None or value in ((), {}, ""):
        return ""
    if isinstance(value, tuple):
        return f"`[{', '.join(map(str, value))}]`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def rows(section: BaseModel, prefix: str) -> Iterator[str]:
    """A line of the table for each value with its default, sections within it opened."""
    for name, field in type(section).model_fields.items():
        inner, value = section_of(field), getattr(section, name)
        if inner is not None:
            if value is None or type(None) in kinds(field.annotation):
                yield f"| `{prefix}{name}` | | a section, or empty | {sentence(field)} |"
            yield from rows(inner() if value is None else value, f"{prefix}{name}.")
        else:
            yield row(f"{prefix}{name}", value, field)


def row(key: str, value: Any, field: FieldInfo) -> str:
    """A line of the table."""
    return f"| `{key}` | {default(value)} | {choices(field)} | {sentence(field)} |"


def sentence(field: FieldInfo) -> str:
    """The field's docstring in one line of a table."""
    return " ".join((field.description or "").split()).replace("|", "\\|")


def page() -> str:
    """Sections by name; equal ones of several commands once."""
    tables: dict[tuple[str, str], list[str]] = {}
    about: dict[tuple[str, str], str] = {}
    for command in COMMANDS:
        recipe: Recipe = recipe_class(command)()
        top = []
        for name, field in type(recipe).model_fields.items():
            section, value = section_of(field), getattr(recipe, name)
            if section is None:
                top.append(
                    f"| `{name}` | {default(getattr(recipe, name))} | {choices(field)} | {sentence(field)} |"
                )
                continue
            value = getattr(recipe, name)
            key = (name, "\n".join(rows(section() if value is None else value, f"{name}.")))
            tables.setdefault(key, []).append(command)
            about[key] = sentence(field)
        tables.setdefault(("", "\n".join(top)), []).append(command)
    parts = [HEAD]
    for (name, lines), commands in sorted(tables.items(), key=lambda one: (one[0][0], one[1])):
        whose = ", ".join(f"`{command}`" for command in commands)
        title = f"## {name}" if name else "## Without a section"
        text = about.get((name, lines), "")
        parts.append(
            f"{title}: {whose}\n\n{text}\n\n| key | default | may be | |\n|---|---|---|---|\n{lines}\n"
        )
    return "\n".join(part.replace("\n\n\n", "\n\n") for part in parts)


def main(*_: Any) -> int:
    """Write the page, or compare it."""
    return write_or_check(PAGE, page())


if __name__ == "__main__":
    sys.exit(main())
