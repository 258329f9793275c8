"""The command line: the commands of the table with their options, and errors as exit codes."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from caig_cli import __version__
from caig_cli.commands import COMMANDS, COMMON, GROUPS, OF_MODELS, Command, recipe_class
from caig_cli.engine.process import drop_output, interruptible, leave_quietly, prepare_process
from caig_cli.engine.redaction import redacted
from caig_cli.errors import CaigError, in_words

if TYPE_CHECKING:
    from caig_cli.records import Failure


EPILOG = "Every option can come from the environment: CAIG_SEED=7, or CAIG_GENERATE_SEED=7 for one command."


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code."""
    args = list(sys.argv[1:] if arguments is None else arguments)
    if "--debug" not in args and not sys.warnoptions:
        warnings.simplefilter("ignore")  # what libraries tell programmers is no news for users
    prepare_process()
    leave_quietly(run(args))


def run(args: list[str]) -> int:
    """Run the command line; returns 0 done, 1 failed, 2 bad usage, 3 some items failed, 130 interrupted."""
    with interruptible():
        try:
            # Only the called command gets its options: they come from its recipe, which costs an import.
            args = _filled(args)
            command = typer.main.get_command(build_app([name for name in COMMANDS if _named(name, args)]))
            code = int(command.main(args or ["--help"], prog_name="caig", standalone_mode=False) or 0)
            sys.stdout.flush()
            return _fail("interrupted", 130, args) if code == 130 else code
        except (KeyboardInterrupt, typer.Abort):
            return _fail("interrupted", 130, args)
        except BrokenPipeError:
            drop_output()  # the reader has left; a complaint would have nobody to hear it
            return 1
        except Exception as error:
            return _failed(error, args)


def _failed(error: Exception, args: Sequence[str]) -> int:
    """Tell of an error in one line; returns its exit code."""
    if isinstance(error, CaigError):
        return _fail(str(error), error.exit_code, args, getattr(error, "failed", ()))
    complaint: Callable[[], str] | None = getattr(error, "format_message", None)
    if complaint is not None:  # Typer's own, about options
        return _fail(f"{complaint()} (see caig {' '.join([*_called(args), '--help'])})", 2, args)
    if isinstance(error, OSError) and _is_of_output(error):
        drop_output()
        return _fail(f"the result can't be written to the output: {in_words(error)}", 1, args)
    known = isinstance(error, OSError | MemoryError) or in_words(error) != " ".join(str(error).split())[:300]
    hint = "" if known else " (an error inside caig; --debug shows where)"
    return _fail(in_words(error) + hint, 1, args)


def _is_of_output(error: OSError) -> bool:
    """Whether it is the standard output that fails: nothing else is written without a name."""
    try:
        sys.stdout.flush()
    except OSError as again:
        return again.errno == error.errno
    return False


def build_app(full: Sequence[str] = tuple(COMMANDS)) -> typer.Typer:
    """The Typer app; the commands in ``full`` have their options, the others only their line of help."""
    app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)
    app.callback(epilog=EPILOG)(_root)
    groups: dict[str, typer.Typer] = {}
    for name, command in COMMANDS.items():
        function = _function(name, command) if name in full else _bare
        group, _, word = name.rpartition(" ")
        if group and group not in groups:
            groups[group] = typer.Typer(rich_markup_mode=None, epilog=EPILOG, no_args_is_help=True)
            app.add_typer(groups[group], name=group, help=GROUPS[group])
        groups.get(group, app).command(word, help=command.help, epilog=EPILOG)(function)
    app.command("env", help="Show versions, devices and caches, for bug reports.")(_env)
    return app


def _function(name: str, command: Command) -> Callable[..., int]:
    from caig_cli.execution import execute
    from caig_cli.options import make_function

    def call(flags: Mapping[str, Any], options: Mapping[str, Any]) -> int:
        return execute(name, flags, options)

    recipe = recipe_class(name)
    more = {flag: key for flag, key in OF_MODELS.items() if key in recipe.model_fields}
    flags = {**command.flags, **more, **COMMON}
    return make_function(name, recipe, flags, command.switches(), command.out, call)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"caig {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Product photo in, click-ready ads out."""


def _bare() -> None:
    """Stands in the list of commands for one that is not called."""


def _env(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    from caig_cli import tables
    from caig_cli.cutouts import weights
    from caig_cli.engine import environment, hub
    from caig_cli.recognition.naming import CLASSIFIER

    folder, free = hub.home()
    facts = environment.describe() | {
        "devices": environment.devices(),
        "working": environment.working(),
        "cache": {"folder": str(folder), "free_gb": round(free / 1e9, 1)},
        "plug-ins": tables.described(),
        "models": hub.models(),
        "cutout": weights.describe(weights.DEFAULT),
        "recognition": weights.describe(CLASSIFIER),
    }
    if as_json:
        typer.echo(json.dumps(facts))
        return
    for name, value in facts.items():
        lines = value.items() if isinstance(value, dict) else []
        rows = [f"{key}: {'not installed' if item is None else item}" for key, item in lines]
        if isinstance(value, list) and value and isinstance(value[0], dict):
            rows = [", ".join(f"{key} {item}" for key, item in row.items()) for row in value]
        typer.echo("\n  ".join([f"{name}:", *rows]) if rows else f"{name}: {value or 'none'}")


def _called(args: Sequence[str]) -> list[str]:
    """The command that the arguments begin with, if any."""
    begun = (" ".join(args[:number]) for number in (2, 1))
    return [name for name in begun if name in COMMANDS][:1]


def _named(name: str, args: Sequence[str]) -> bool:
    return all(word in args for word in name.split())


def _filled(args: list[str]) -> list[str]:
    """The arguments, with a value after each flag that may stand alone and does."""
    bare = next((COMMANDS[name].bare for name in _called(args)), {})
    filled: list[str] = []
    for arg, following in zip(args, [*args, "-"][1:], strict=True):
        filled += [arg, bare[arg]] if arg in bare and following.startswith("-") else [arg]
    return filled


def _fail(message: str, code: int, args: Sequence[str], failed: Sequence[Failure] = ()) -> int:
    """One line on stderr; with ``--json`` the same as the one object on stdout, and each item that failed."""
    if "--debug" in args:
        import traceback

        typer.echo(traceback.format_exc(), err=True)
    line = redacted(" ".join(message.split()))
    with contextlib.suppress(OSError):
        typer.echo(f"caig: {line}", err=True)
        if "--json" in args and os.environ.get("RANK", "0") == "0":
            items = [{"product": failure.item, "error": failure.error} for failure in failed]
            typer.echo(json.dumps({"error": line, "exit_code": code} | ({"failed": items} if items else {})))
            sys.stdout.flush()
    return code
