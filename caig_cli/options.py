"""Options of a command out of its recipe: a flag is a way to write a recipe key, nothing more.

Help texts and defaults are the recipe's own. Values stay texts on the way, because the recipe checks
them; so a flag, ``CAIG_*`` and ``--set`` complain in the same words.
"""

from __future__ import annotations

import inspect
import keyword
import typing
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic.fields import FieldInfo

from caig_cli.errors import UsageError
from caig_cli.recipe import Recipe, fields, kinds
from caig_cli.tables import PluginTable, choice_of

SWITCHES: Mapping[str, tuple[Any, str, str]] = {
    "--recipe": (str, "NAME|FILE", "Shipped recipe or YAML file."),
    "--set": (list[str], "KEY.PATH=VALUE", "Set any recipe value; may be given many times."),
    "--out": (Path, "DIR", "Run folder; default runs/<command>-<time>."),
    "--dry-run": (bool, "", "Check everything, print the recipe and the plan, touch nothing."),
    "--resume": (bool, "", "Continue the run in --out, or the newest unfinished one."),
    "--overwrite": (bool, "", "Replace the run in --out."),
    "--accept-changed": (bool, "", "Resume even if inputs have changed since the run's start."),
    "--json": (bool, "", "Print one JSON object on stdout."),
    "--quiet": (bool, "", "Show only warnings and the result."),
    "--debug": (bool, "", "Show the trace of an error."),
    "--num-processes": (int, "N", "Processes to train with, one per GPU."),
}
"""Options that are about the run and not about its recipe: flag -> (type, metavar, help)."""

OF_FOLDER = ("--out", "--resume", "--overwrite", "--accept-changed")
"""Switches that only a command with a run folder has."""


def make_function(
    command: str,
    recipe: type[Recipe],
    flags: Mapping[str, str],
    switches: Sequence[str],
    out: str | None,
    call: Callable[[Mapping[str, Any], Mapping[str, Any]], int],
) -> Callable[..., int]:
    """A function whose signature holds a command's options, for Typer to read.

    It passes ``call`` the given recipe values by dotted key, and the switches by variable name (``out``
    always). A flag without a dash is a positional argument.
    ``out`` names the positional argument for the run folder, if there is one.
    """
    known = dict(fields(recipe))
    parameters = []
    if out is not None:
        argument = typer.Argument(metavar=out, help="Run folder to make.", show_default=False)
        parameters.append(_parameter("positional", Annotated[Path | None, argument]))
    for flag, key in flags.items():
        make = _recipe_option if flag.startswith("-") else _recipe_argument
        parameters.append(_parameter(variable(flag), make(command, flag, known[key])))
    for flag in switches:
        kind, metavar, text = SWITCHES[flag]
        option = typer.Option(
            flag, help=text, metavar=metavar or None, envvar=_environment(command, flag), show_envvar=False
        )
        parameters.append(
            _parameter(variable(flag), Annotated[bool, option], False)
            if kind is bool
            else _parameter(variable(flag), Annotated[kind | None, option])
        )

    def function(**values: Any) -> int:
        given = {
            key: _value(flag, known[key], values[variable(flag)])
            for flag, key in flags.items()
            if values[variable(flag)] not in (None, [], ())
        }
        options = {variable(flag): values[variable(flag)] for flag in switches}
        positional, folder = values.get("positional"), options.get("out")
        if positional is not None and folder is not None:
            raise UsageError(f"{out} and --out both name the run folder")
        return call(given, options | {"out": folder or positional})

    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return function


def variable(flag: str) -> str:
    """``--dry-run`` is ``dry_run`` in Python, and ``--from`` is ``from_``."""
    name = flag.strip("-").replace("-", "_").replace(" ", "_").lower()
    return name + "_" * keyword.iskeyword(name)


def _environment(command: str, flag: str) -> list[str]:
    name = variable(flag).upper().rstrip("_")
    return [f"CAIG_{variable(command).upper()}_{name}", f"CAIG_{name}"]


def _parameter(name: str, annotation: Any, default: Any = None) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _recipe_option(command: str, flag: str, field: FieldInfo) -> Any:
    allowed = kinds(field.annotation)
    default = field.get_default(call_default_factory=True)
    shown = "" if default in (None, "", (), {}, False) else f" [default: {default}]"
    option = typer.Option(
        f"{flag}/--no-{flag.removeprefix('--')}" if bool in allowed else flag,
        help=" ".join((field.description or "").split()) + shown,
        metavar=None if bool in allowed else _metavar(field, allowed),
        envvar=_environment(command, flag),
        show_envvar=False,
        show_default=False,
    )
    if bool in allowed:
        return Annotated[bool | None, option]
    return (
        Annotated[list[str] | None, option]
        if allowed & {tuple, list, dict}
        else Annotated[str | None, option]
    )


def _recipe_argument(command: str, name: str, field: FieldInfo) -> Any:
    many = bool(kinds(field.annotation) & {tuple, list})
    argument = typer.Argument(
        metavar=name,
        help=" ".join((field.description or "").split()),
        envvar=_environment(command, name),
        show_envvar=False,
        show_default=False,
    )
    return Annotated[list[str] | None, argument] if many else Annotated[str | None, argument]


def _metavar(field: FieldInfo, allowed: set[Any]) -> str:
    choice = choice_of(field)
    if choice is not None and not isinstance(choice.table, PluginTable):
        return "|".join(choice.table)
    for kind in allowed:
        if typing.get_origin(kind) is typing.Literal:
            return "|".join(str(choice) for choice in typing.get_args(kind))
    names = {dict: "KEY=VALUE", int: "INTEGER", float: "NUMBER", Path: "PATH"}
    return next((name for kind, name in names.items() if kind in allowed), "TEXT")


def _value(flag: str, field: FieldInfo, given: Any) -> Any:
    if dict not in kinds(field.annotation):
        return given
    pairs = {}
    for text in given:
        key, sep, value = text.partition("=")
        if not sep or not key.strip():
            raise UsageError(f"{flag} {text!r}: expected key=value")
        if key.strip() in pairs:
            raise UsageError(f"{flag} {text!r}: {key.strip()} is given twice; leave one out")
        pairs[key.strip()] = value.strip()
    return pairs
