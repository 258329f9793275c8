"""From a command's options to its stage: the recipe is resolved, then planned (dry run) or run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

import typer

from caig_cli.commands import COMMANDS, dashed, recipe_class, stage_of
from caig_cli.errors import UsageError

if TYPE_CHECKING:
    from caig_cli.engine.memory_plan import Phase
    from caig_cli.engine.outcome import Outcome
    from caig_cli.engine.report import Reporter
    from caig_cli.mllm.config import PlannedRecipe
    from caig_cli.recipe import Recipe


def execute(name: str, flags: Mapping[str, Any], options: Mapping[str, Any]) -> int:
    """Resolve the recipe, then plan (dry run) or run the stage and print its outcome."""
    from caig_cli.engine.report import make_reporter
    from caig_cli.recipe import resolve

    out, source = options["out"], options["recipe"]
    if options.get("resume") and options.get("overwrite"):
        raise UsageError("--resume goes on with a run and --overwrite replaces it; give one of them")
    if options.get("resume") and source is None:
        out, source = _resumed(dashed(name), out)
    if "generate.again" in flags:
        out, source = stage_of(name).run_of(Path(flags["generate.again"]))
    recipe = resolve(recipe_class(name), source, sets=options["set"] or (), flags=flags)
    stage = stage_of(name)
    report = make_reporter(json=options["json"], quiet=options["quiet"])
    if options["dry_run"]:
        if hasattr(stage, "check"):
            stage.check(recipe)
        recipe = stage.settled(recipe) if hasattr(stage, "settled") else recipe
        lines = stage.plan(recipe, report)
        _print_plan(recipe, lines, _memory(stage, recipe), as_json=options["json"])
        return 0
    if COMMANDS[name].folder:
        return _execute_in_folder(name, recipe, out, options, report)
    _fetch(stage, recipe, report)
    return _finish(stage.run(recipe, report), report, options)


def _fetch(stage: ModuleType, recipe: Recipe, report: Reporter) -> dict[str, str]:
    """Have the models that a run opens on this machine; returns those of the hub with their commits."""
    from caig_cli.engine import run_dir, sources
    from caig_cli.engine.report import SilentReporter

    wanted = stage.models(recipe) if hasattr(stage, "models") else {}
    if any(map(sources.is_remote, wanted)):
        _look(stage, recipe, report)  # a user's mistake is told before a long download
    return sources.fetch_all(wanted, report if run_dir.is_main_process() else SilentReporter())


def _look(stage: ModuleType, recipe: Recipe, report: Reporter) -> None:
    """Read the inputs, so that a mistake in them is told before anything is done."""
    if hasattr(stage, "check"):
        stage.check(recipe)
    else:
        stage.plan(recipe, report)


def _execute_in_folder(
    name: str, recipe: Recipe, out: Path | None, options: Mapping[str, Any], report: Reporter
) -> int:
    """Run the stage in its run folder, in as many processes as asked."""
    from caig_cli.engine import digests, launch, run_dir
    from caig_cli.engine.report import SilentReporter
    from caig_cli.engine.sources import pin

    stage = stage_of(name)
    if hasattr(stage, "check"):
        stage.check(recipe)
    models = _fetch(stage, recipe, report)
    recipe = pin(recipe, models)
    recipe = stage.settled(recipe) if hasattr(stage, "settled") else recipe
    _memory(stage, recipe, always=False)
    processes = options.get("num_processes") or 1
    if processes > 1 and not launch.is_launched():
        stage.plan(recipe, report)  # a user's mistake is told once, not once per process
        return launch.relaunch(processes)
    if not run_dir.is_main_process():
        report = SilentReporter()
    switches = {switch: options[switch] for switch in ("resume", "overwrite", "accept_changed")}
    whole = recipe
    if hasattr(stage, "whole_run") and (found := stage.whole_run(recipe)) is not None:
        whole, switches["resume"] = found, True
    with run_dir.RunDir.open(out, dashed(name), whole, models=models, notify=report.warn, **switches) as run:
        report.info(f"run folder {run.path}")
        local = digests.model_files(stage.models(recipe) if hasattr(stage, "models") else ())
        run.remember("models", local, report.warn, whole=False)
        outcome: Outcome = stage.run(recipe, run, report)
    launch.leave()
    return _finish(outcome, report, options, speaks=run.is_main)


def _resumed(name: str, out: Path | None) -> tuple[Path | None, Path | None]:
    """The folder to resume and the recipe in it, so that the flags need not be given again."""
    from caig_cli.engine import run_folder

    out = out or run_folder.latest(name)
    if out is None or run_folder.read_status(out) is None:
        return out, None  # no run yet: the flags say what it is to be
    return out, run_folder.recipe_file(out)


def _print_plan(recipe: Recipe, plan: Sequence[str], phases: Sequence[Phase], *, as_json: bool) -> None:
    from caig_cli.engine import memory_plan
    from caig_cli.recipe import dump

    if as_json:
        facts = {"memory": memory_plan.facts(phases)} if phases else {}
        typer.echo(json.dumps({"recipe": recipe.model_dump(mode="json"), "plan": list(plan), **facts}))
    else:
        typer.echo("\n".join([dump(recipe), *plan, *(memory_plan.table(phases) if phases else ())]))


def _memory(stage: ModuleType, recipe: Recipe, *, always: bool = True) -> Sequence[Phase]:
    """The memory plan, empty for commands without one; without ``always`` only where memory is limited.

    Raises UsageError where it does not fit.
    """
    from caig_cli.engine import memory_plan

    if not hasattr(stage, "memory"):
        return []
    room = cast("PlannedRecipe", recipe).room()
    phases: Sequence[Phase] = stage.memory(recipe) if always or room is not None else []
    if room is not None and phases:
        memory_plan.check(recipe, phases, room, stage.MEMORY_SAVERS, stage.memory)
    return phases


def _finish(outcome: Outcome, report: Reporter, options: Mapping[str, Any], *, speaks: bool = True) -> int:
    """Print the outcome of a stage; returns the exit code that it means."""
    from caig_cli.engine.files import json_pieces

    if speaks:
        for failure in () if outcome.reported else outcome.failed:
            report.warn(f"{failure.item}: {failure.error}")
        if outcome.reported and outcome.failed:
            report.warn(f"{len(outcome.failed)} not used, each told above and in report.html")
        if options["json"]:
            for piece in json_pieces(outcome.result):
                typer.echo(piece, nl=False)
            typer.echo()
        else:
            for line in outcome.lines:
                typer.echo(line)
    return 1 if outcome.failed_check else 3 if outcome.failed else 0
