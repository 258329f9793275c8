"""The command line: a literal table of commands over recipe keys, and errors as exit codes.

A row of ``COMMANDS`` says which stage runs and which of its recipe's keys have a flag; the help texts,
types and defaults come from the recipe. Stages are imported when their command is called.
"""

from __future__ import annotations

import importlib
import inspect
import json
import signal
import sys
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from caig_cli.errors import CaigError, UsageError

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from caig_cli.engine.outcome import Outcome
    from caig_cli.engine.report import Reporter
    from caig_cli.recipe import Recipe


@dataclass(frozen=True)
class Command:
    """A subcommand: its line in the help, its own flags (flag -> recipe key) and its stage's module.

    ``out`` names the positional argument that is the run folder, if it is not just ``--out``;
    ``distributed`` commands train, so that they can run in several processes.
    """

    help: str
    flags: Mapping[str, str]
    out: str | None = None
    distributed: bool = False


COMMANDS: Mapping[str, Command] = {
    "generate": Command(
        "Write background prompts for products and photograph finished ads.",
        {
            "--product": "generate.product",
            "--caption": "generate.caption",
            "--attribute": "generate.attributes",
            "--mask": "generate.mask",
            "--prompt": "generate.prompt",
            "--rewrite": "generate.rewrite",
            "-n": "generate.n",
            "--size": "generate.size",
            "--placement": "generate.placement",
            "--scale": "generate.scale",
        },
    ),
    "pretrain": Command(
        "Teach a prompt model e-commerce dialogues.",
        {"--data": "pretrain.data", "--eval-data": "pretrain.eval_data"},
        distributed=True,
    ),
    "market": Command(
        "Make the simulated marketplace: products, dialogues, click logs and their truth.",
        {
            "--products": "market.products",
            "--ads-per-product": "market.ads_per_product",
            "--workers": "market.workers",
        },
        out="OUT",
    ),
}

COMMON = {"--seed": "seed", "--device": "device", "--dtype": "dtype", "--threads": "threads"}

SWITCHES: Mapping[str, tuple[Any, str]] = {
    "--recipe": (str, "Shipped recipe or YAML file."),
    "--set": (list[str], "Set any recipe value: key.path=value (repeatable)."),
    "--out": (Path, "Run folder; default runs/<command>-<time>."),
    "--dry-run": (bool, "Check everything, print the recipe and the plan, touch nothing."),
    "--resume": (bool, "Continue the run in --out, or the newest unfinished one."),
    "--overwrite": (bool, "Replace the run in --out."),
    "--json": (bool, "Print one JSON object on stdout."),
    "--quiet": (bool, "Show only warnings and the result."),
    "--debug": (bool, "Show the trace of an error."),
}

PROCESSES = (int, "Processes to train with, one per GPU.")
EPILOG = (
    "Each option can also come from the environment: CAIG_SEED=7, or CAIG_GENERATE_SEED=7 for one command."
)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code."""
    args = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(run(args))


def run(args: list[str]) -> int:
    """Run the command line; returns the exit code (see docs/help.md)."""
    command = typer.main.get_command(build_app([a for a in args if a in COMMANDS]))
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        code = command.main(args or ["--help"], prog_name="caig", standalone_mode=False)
        return int(code or 0)
    except KeyboardInterrupt:
        return _fail("interrupted", 130, args)
    except CaigError as error:
        _trace(args)
        return _fail(str(error), error.exit_code, args)
    except BrokenPipeError:
        sys.stdout = None  # type: ignore[assignment]  # the reader has left; nothing may be flushed to it
        return 1
    except Exception as error:
        _trace(args)
        shown = getattr(error, "format_message", None)
        if shown is not None:  # typer's own complaints about options
            return _fail(f"{shown()} (see caig --help)", 2, args)
        if type(error).__name__ == "Abort":
            return _fail("interrupted", 130, args)
        hint = "" if "--debug" in args else "; --debug shows where"
        return _fail(f"{type(error).__name__}: {' '.join(str(error).split())}{hint}", 1, args)
    finally:
        signal.signal(signal.SIGTERM, previous)


def build_app(full: Sequence[str] = tuple(COMMANDS)) -> typer.Typer:
    """The Typer app; only the commands in ``full`` get their options, which imports their recipes."""
    app = typer.Typer(
        name="caig",
        rich_markup_mode=None,
        add_completion=False,
        epilog=EPILOG,
        pretty_exceptions_enable=False,
    )
    app.callback()(_root)
    for name, command in COMMANDS.items():
        function = _function(name, command) if name in full else _bare
        app.command(name, help=command.help, epilog=EPILOG)(function)
    app.command("env", help="Show versions, devices and caches, for bug reports.")(_env)
    return app


def _root(
    version: Annotated[bool, typer.Option("--version", is_eager=True, help="Show the version.")] = False,
) -> None:
    """Product photo in, click-ready ads out."""
    if version:
        from caig_cli.engine.environment import version as installed

        typer.echo(f"caig {installed('caig') or 'from a checkout'}")
        raise typer.Exit


def _bare() -> None:
    """Stands for a command in the list of commands; a called command has its options."""


def _env(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    from caig_cli.engine import environment

    facts = {**environment.describe(), "devices": environment.devices(), "caches": environment.caches()}
    if as_json:
        typer.echo(json.dumps(facts))
        return
    for name, value in facts.items():
        rows = value.items() if isinstance(value, dict) else [(name, value)]
        if isinstance(value, dict):
            typer.echo(f"{name}:")
        for key, item in rows:
            typer.echo(
                f"{'  ' if isinstance(value, dict) else ''}{key}: {'none' if item in (None, [], '') else item}"
            )


# --- options out of recipes ------------------------------------------------------------------------


def recipe_class(name: str) -> type[Recipe]:
    """The Recipe class of a command."""
    found: type[Recipe] = getattr(_stage(name), "".join(p.capitalize() for p in name.split("-")) + "Recipe")
    return found


def _stage(name: str) -> ModuleType:
    return importlib.import_module(f"caig_cli.stages.{name.replace('-', '_')}")


def _function(name: str, command: Command) -> Any:
    """A function whose signature holds the command's options, for Typer to read."""
    from caig_cli.recipe import fields

    known = dict(fields(recipe_class(name)))
    keys = {_variable(flag): (key, known[key]) for flag, key in {**command.flags, **COMMON}.items()}
    parameters = []
    if command.out is not None:
        argument = typer.Argument(metavar=command.out, help="Run folder to make.", show_default=False)
        parameters.append(_parameter("positional_out", Annotated[Path | None, argument]))
    for flag, key in {**command.flags, **COMMON}.items():
        parameters.append(_parameter(_variable(flag), _recipe_option(name, flag, known[key])))
    switches = {**SWITCHES, **({"--num-processes": PROCESSES} if command.distributed else {})}
    for flag, (kind, help_text) in switches.items():
        option = typer.Option(flag, help=help_text, envvar=_variables(name, flag), show_envvar=False)
        default: Any = False if kind is bool else None
        parameters.append(
            _parameter(_variable(flag), Annotated[kind if kind is bool else kind | None, option], default)
        )

    def function(**values: Any) -> int:
        given = {variable: values.pop(variable) for variable in keys}
        flags = {
            key: _value(flag, field, given[_variable(flag)])
            for flag, (key, field) in ((f, keys[_variable(f)]) for f in {**command.flags, **COMMON})
            if given[_variable(flag)] not in (None, [], ())
        }
        out = values.pop("positional_out", None)
        if out is not None and values["out"] is not None:
            raise UsageError(f"{command.out} and --out name the run folder twice")
        values["out"] = values["out"] or out
        return _execute(name, flags, values)

    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return function


def _parameter(name: str, annotation: Any, default: Any = None) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _recipe_option(command: str, flag: str, field: FieldInfo) -> Any:
    """The option of a recipe value: texts go through, because the recipe checks them."""
    kinds = [k for k in (field.annotation, *typing.get_args(field.annotation)) if k is not type(None)]
    origins = {typing.get_origin(k) or k for k in kinds}
    choices = next((typing.get_args(k) for k in kinds if typing.get_origin(k) is typing.Literal), ())
    repeated = bool(origins & {tuple, list, dict, Mapping, typing.get_origin(Mapping[str, str])})
    names = [flag, f"--no-{flag.removeprefix('--')}"] if bool in kinds else [flag]
    metavar = (
        None if bool in kinds else "KEY=VALUE" if dict in origins or Mapping in origins
        else "|".join(map(str, choices)) if choices
        else "INTEGER" if int in kinds else "NUMBER" if float in kinds else "PATH" if Path in kinds else "TEXT"
    )  # fmt: skip
    default = field.get_default(call_default_factory=True)
    option = typer.Option(
        "/".join(names) if bool in kinds else flag,
        help=" ".join((field.description or "").split()),
        metavar=metavar,
        envvar=_variables(command, flag),
        show_envvar=False,
        show_default=False if default in (None, "", (), {}, False) else str(default),
    )
    kind: Any = bool if bool in kinds else list[str] if repeated else str
    return Annotated[kind | None, option]


def _value(flag: str, field: FieldInfo, given: Any) -> Any:
    if not isinstance(given, list):
        return given
    kinds = {typing.get_origin(k) or k for k in (field.annotation, *typing.get_args(field.annotation))}
    if dict not in kinds and typing.get_origin(Mapping[str, str]) not in kinds:
        return given
    pairs = [text.partition("=") for text in given]
    for text, (key, sep, _) in zip(given, pairs, strict=True):
        if not sep or not key.strip():
            raise UsageError(f"{flag} {text!r}: expected key=value")
    return {key.strip(): value.strip() for key, _, value in pairs}


def _variable(flag: str) -> str:
    name = flag.strip("-").replace("-", "_").lower()
    return f"{name}_" if name in ("set", "json") else name


def _variables(command: str, flag: str) -> list[str]:
    name = flag.strip("-").replace("-", "_").upper()
    return [f"CAIG_{command.replace('-', '_').upper()}_{name}", f"CAIG_{name}"]


# --- running a stage -------------------------------------------------------------------------------


def _execute(name: str, flags: Mapping[str, Any], options: Mapping[str, Any]) -> int:
    """Resolve the recipe, then plan (dry run) or run the stage and print its outcome."""
    from caig_cli import recipe as recipes
    from caig_cli.engine import launch, run_dir
    from caig_cli.engine.report import SilentReporter, make_reporter

    out, resume = options["out"], options["resume"]
    source = options["recipe"]
    if resume and source is None:
        out = out or run_dir.latest(name)
        if out is not None and (Path(out) / "recipe.yaml").is_file():
            source = Path(out) / "recipe.yaml"
    recipe = recipes.resolve(recipe_class(name), source, sets=options["set_"] or (), flags=flags)
    stage = _stage(name)
    report = make_reporter(json=options["json_"], quiet=options["quiet"])
    if options["dry_run"]:
        _print_plan(recipe, stage.plan(recipe, report), as_json=options["json_"])
        return 0
    if (options.get("num_processes") or 1) > 1 and not launch.is_launched():
        stage.plan(recipe, report)
        return launch.relaunch(options["num_processes"])
    if not run_dir.is_main_process():
        report = SilentReporter()
    with run_dir.RunDir.open(out, name, recipe, resume=resume, overwrite=options["overwrite"]) as run:
        report.info(f"run folder {run.path}")
        outcome: Outcome = stage.run(recipe, run, report)
    if run.is_main:
        _print_outcome(outcome, report, as_json=options["json_"])
    return 3 if outcome.failed else 0


def _print_plan(recipe: Recipe, plan: Sequence[str], *, as_json: bool) -> None:
    from caig_cli.recipe import dump

    if as_json:
        typer.echo(json.dumps({"recipe": recipe.model_dump(mode="json"), "plan": list(plan)}))
        return
    typer.echo(dump(recipe))
    for line in plan:
        typer.echo(line)


def _print_outcome(outcome: Outcome, report: Reporter, *, as_json: bool) -> None:
    from caig_cli.engine.files import to_json

    for failure in outcome.failed:
        report.warn(f"{failure.item}: {failure.error}")
    for line in [to_json(outcome.result)] if as_json else outcome.lines:
        typer.echo(line)


def _fail(message: str, code: int, args: Sequence[str]) -> int:
    """One line on stderr; with ``--json`` the same as the one object on stdout."""
    line = " ".join(message.split())
    typer.echo(f"caig: {line}", err=True)
    if "--json" in args:
        typer.echo(json.dumps({"error": line, "exit_code": code}))
    return code


def _trace(args: Sequence[str]) -> None:
    if "--debug" in args:
        import traceback

        typer.echo(traceback.format_exc(), err=True)


def _interrupt(_signal: int, _frame: object) -> NoReturn:
    """A polite kill ends a run as Ctrl-C does: status and lock are left in order."""
    raise KeyboardInterrupt
