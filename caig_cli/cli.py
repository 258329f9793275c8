"""The command line: a literal table of commands over recipe keys, and errors as exit codes.

A row of ``COMMANDS`` says which of its recipe's keys have a flag; the rest comes from the recipe and
from ``stages/<command>.py``, which is imported when its command is called.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import keyword
import os
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, cast

import typer

from caig_cli import __version__
from caig_cli.engine.process import drop_output, interruptible, leave_quietly, prepare_process
from caig_cli.engine.redaction import redacted
from caig_cli.errors import CaigError, UsageError, in_words

if TYPE_CHECKING:
    from caig_cli.engine.memory_plan import Phase
    from caig_cli.engine.outcome import Outcome
    from caig_cli.engine.report import Reporter
    from caig_cli.mllm.config import PlannedRecipe
    from caig_cli.recipe import Recipe
    from caig_cli.records import Failure


@dataclass(frozen=True)
class Command:
    """A subcommand: its line in the help and its own flags (flag -> recipe key).

    A flag without a dash is a positional argument, and takes many values if its recipe key does.
    ``folder``: it works in a run folder, and ``out`` names the positional argument for that, if there is
    one; without, its stage is ``run(recipe, report)`` and ``--out`` means what its flags say, if anything.
    ``trains``: it may run in several processes. ``bare``: what flags that stand alone mean.
    """

    help: str
    flags: Mapping[str, str]
    out: str | None = None
    folder: bool = True
    trains: bool = False
    bare: Mapping[str, str] = field(default_factory=dict)

    def switches(self) -> list[str]:
        """The options that are about the run and make sense here."""
        from caig_cli.options import OF_FOLDER, SWITCHES

        absent = () if self.folder else OF_FOLDER
        return [f for f in SWITCHES if f not in absent and (self.trains or f != "--num-processes")]


COMMANDS: Mapping[str, Command] = {
    "generate": Command(
        "Write background prompts for products and photograph ads.",
        {
            "--product": "generate.product",
            "--from": "generate.feed",
            "--column": "generate.columns",
            "--images": "generate.images",
            "--fetch": "generate.fetch",
            "--variants": "generate.variants",
            "--caption": "generate.caption",
            "--attribute": "generate.attributes",
            "--mask": "generate.mask",
            "--cutout": "generate.cutout",
            "--accept-doubtful": "generate.accept_doubtful",
            "--shard": "generate.shard",
            "--engine": "generate.engine",
            "--recursive": "generate.recursive",
            "--allow-outside": "generate.allow_outside",
            "--prompt": "generate.prompt",
            "--rewrite": "generate.rewrite",
            "-n": "generate.n",
            "--candidates": "generate.candidates",
            "--judge": "judge.model",
            "--size": "generate.size",
            "--format": "generate.format",
            "--again": "generate.again",
            "--placement": "generate.placement",
            "--scale": "generate.scale",
            "--stance": "generate.stance",
            "--relight": "generate.relight",
        },
    ),
    "feed": Command(
        "Write the ads of a run as a file that a shop or catalogue takes in.",
        {
            "RUN": "feed.run",
            "--for": "feed.target",
            "--base-url": "feed.base_url",
            "--out": "feed.out",
            "--overwrite": "feed.overwrite",
        },
        folder=False,
    ),
    "score": Command(
        "Rank ads of one product by predicted clicks.",
        {
            "IMG": "score.images",
            "--caption": "score.caption",
            "--attribute": "score.attributes",
            "--model": "score.model",
            "--explain": "score.explain",
        },
        folder=False,
    ),
    "serve": Command(
        "Answer over HTTP: score ads, write prompts, make ads.",
        {
            "--host": "serve.host",
            "--port": "serve.port",
            "--token-file": "serve.token_file",
            "--judge": "serve.judge",
            "--jobs": "serve.jobs",
        },
        folder=False,
    ),
    "pretrain": Command(
        "Teach a prompt model e-commerce dialogues.",
        {"--data": "pretrain.data", "--eval-data": "pretrain.eval_data"},
        trains=True,
    ),
    "eval-rm": Command(
        "Test judges on pairs of ads whose clicks are known.",
        {
            "--testset": "eval_rm.testset",
            "--judge": "eval_rm.judges",
            "--images": "eval_rm.images",
            "--allow-outside": "eval_rm.allow_outside",
            "--limit": "eval_rm.limit",
            "--batch": "eval_rm.batch",
        },
        bare={"--testset": "embedded"},
    ),
    "pairs": Command(
        "Make pairs of ads, whose winner is known, from click logs.",
        {
            "LOGS": "pairs.logs",
            "--images": "pairs.images",
            "--from": "pairs.platform",
            "--column": "pairs.columns",
            "--item-pattern": "pairs.item_pattern",
            "--decimal": "pairs.decimal",
            "--dates": "pairs.dates",
            "--repeats": "pairs.repeats",
            "--pool": "pairs.pool",
            "--query": "pairs.query",
            "--allow-outside": "pairs.allow_outside",
            "--plan": "pairs.plan",
            "--out": "pairs.out",
            "--overwrite": "pairs.overwrite",
            "--official": "pairs.official",
            "--skip-bad": "pairs.skip_bad",
            "--min-impressions": "filter.min_impressions",
            "--min-ratio": "filter.min_ratio",
            "--max-ratio": "filter.max_ratio",
            "--min-gap": "filter.min_gap",
            "--max-gap": "filter.max_gap",
            "--min-confidence": "filter.min_confidence",
            "--prior": "filter.prior",
            "--window-days": "filter.window_days",
            "--min-stability": "filter.min_stability",
            "--validation-share": "pairs.validation_share",
            "--test-share": "pairs.test_share",
            "--truth": "pairs.truth",
            "--products": "pairs.products",
        },
        folder=False,
    ),
    "experiment plan": Command(
        "Decide who is shown which ad, and what that can find, before it runs.",
        {
            "--arm": "experiment.arms",
            "--control": "experiment.control",
            "--units": "experiment.units",
            "--allocation": "experiment.allocation",
            "--share": "experiment.shares",
            "--products": "experiment.products",
            "--before": "experiment.before",
            "--start": "experiment.start",
            "--days": "experiment.days",
            "--impressions": "experiment.impressions",
            "--ctr": "experiment.ctr",
            "--product-cv": "experiment.product_cv",
            "--lift": "experiment.lift",
            "--judge": "experiment.judge",
            "--after": "experiment.after",
            "--log": "experiment.logs",
        },
    ),
    "experiment read": Command(
        "Say what the clicks of an experiment show.",
        {
            "PLAN": "reading.plan",
            "EXPORTS": "reading.exports",
            "--from": "reading.platform",
            "--column": "reading.columns",
            "--decimal": "reading.decimal",
            "--dates": "reading.dates",
            "--repeats": "reading.repeats",
            "--skip-bad": "reading.skip_bad",
            "--policy": "reading.policies",
        },
    ),
    "experiment simulate": Command(
        "Make up the clicks of an experiment on the simulated market, whose truth is known.",
        {
            "PLAN": "simulation.plan",
            "--market": "simulation.market",
            "--days": "simulation.days",
            "--impressions": "simulation.impressions",
            "--out": "simulation.out",
            "--overwrite": "simulation.overwrite",
        },
        folder=False,
    ),
    "train-rm": Command(
        "Teach a reward model which of two ads is clicked more.",
        {
            "--pairs": "train_rm.pairs",
            "--eval-pairs": "train_rm.eval_pairs",
            "--allow-outside": "train_rm.allow_outside",
            "--arch": "model.arch",
            "--base": "model.base",
            "--second": "second.train",
        },
        trains=True,
    ),
    "pcpo": Command(
        "Improve the prompt model on a judge's preferences, true to the product.",
        {
            "--products": "pcpo.products",
            "--eval-products": "pcpo.eval_products",
            "--allow-outside": "pcpo.allow_outside",
            "--rounds": "pcpo.rounds",
            "--loss": "pcpo.loss",
            "--base": "policy.base",
            "--judge": "judge.model",
            "--painter": "painter.name",
            "--merge": "pcpo.merge",
        },
        trains=True,
        bare={"--merge": "bf16"},
    ),
    "market": Command(
        "Make a simulated marketplace whose true CTR is known.",
        {
            "--products": "market.products",
            "--ads-per-product": "market.ads_per_product",
            "--workers": "market.workers",
        },
        out="OUT",
    ),
    "deliver": Command(
        "Make the kept ads of a run the files that platforms take.",
        {
            "RUN": "deliver.run",
            "--for": "deliver.platforms",
            "--keep": "deliver.keep",
            "--format": "deliver.format",
        },
    ),
    "check": Command(
        "Say which rules of a platform a picture misses, and by how much.",
        {"IMG": "check.images", "--for": "check.platforms"},
        folder=False,
    ),
    "verify": Command(
        "Say who made an ad, how, and whether its product's pixels are those of the photo.",
        {
            "AD": "verify.ads",
            "--photo": "verify.photo",
            "--mask": "verify.mask",
            "--anchors": "verify.anchors",
        },
        folder=False,
    ),
    "fetch": Command(
        "Fetch the cut-out model, or models of the hub, before they are needed.",
        {"NAME": "fetch.names"},
        folder=False,
    ),
    "merge": Command(
        "Make shards of ads one run, or an adapter and its base one plain model.",
        {
            "SOURCE": "merge.sources",
            "--out": "merge.out",
            "--overwrite": "merge.overwrite",
            "--pictures": "merge.pictures",
        },
        folder=False,
    ),
    "import": Command(
        "Make a released checkpoint a folder that every command and transformers load.",
        {
            "CKPT": "released.checkpoint",
            "OUT": "released.out",
            "--vision-tower": "released.vision_tower",
            "--overwrite": "released.overwrite",
        },
        folder=False,
    ),
}

GROUPS = {"experiment": "Compare ads by clicks: plan an experiment, read what came of it."}
"""What commands of two words have in common, by their first word."""

OF_MODELS = {"--quantise": "quantise", "--gpu-memory": "gpu_memory"}
"""Options of the commands that load multimodal language models."""

COMMON = {"--seed": "seed", "--device": "device", "--dtype": "dtype", "--threads": "threads"}

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


def recipe_class(name: str) -> type[Recipe]:
    """The Recipe class of a command: ``train-rm`` has ``TrainRmRecipe`` in ``stages/train_rm.py``."""
    words = dashed(name).split("-")
    found: type[Recipe] = getattr(_stage(name), "".join(word.capitalize() for word in words) + "Recipe")
    return found


def dashed(name: str) -> str:
    """A command's name as one word: ``experiment plan`` is ``experiment-plan`` in files and recipes."""
    return name.replace(" ", "-")


def _stage(name: str) -> ModuleType:
    module = dashed(name).replace("-", "_") + "_" * keyword.iskeyword(name)
    return importlib.import_module(f"caig_cli.stages.{module}")


def _function(name: str, command: Command) -> Callable[..., int]:
    from caig_cli.options import make_function

    def call(flags: Mapping[str, Any], options: Mapping[str, Any]) -> int:
        return _execute(name, flags, options)

    recipe = recipe_class(name)
    more = {flag: key for flag, key in OF_MODELS.items() if key in recipe.model_fields}
    flags = {**command.flags, **more, **COMMON}
    return make_function(name, recipe, flags, command.switches(), command.out, call)


def _execute(name: str, flags: Mapping[str, Any], options: Mapping[str, Any]) -> int:
    """Resolve the recipe, then plan (dry run) or run the stage and print its outcome."""
    from caig_cli.engine.report import make_reporter
    from caig_cli.recipe import resolve

    out, source = options["out"], options["recipe"]
    if options.get("resume") and options.get("overwrite"):
        raise UsageError("--resume goes on with a run and --overwrite replaces it; give one of them")
    if options.get("resume") and source is None:
        out, source = _resumed(dashed(name), out)
    if "generate.again" in flags:
        out, source = _stage(name).run_of(Path(flags["generate.again"]))
    recipe = resolve(recipe_class(name), source, sets=options["set"] or (), flags=flags)
    stage = _stage(name)
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

    stage = _stage(name)
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
        for failure in () if outcome.told else outcome.failed:
            report.warn(f"{failure.item}: {failure.error}")
        if outcome.told and outcome.failed:
            report.warn(f"{len(outcome.failed)} not used, each told above and in report.html")
        if options["json"]:
            for piece in json_pieces(outcome.result):
                typer.echo(piece, nl=False)
            typer.echo()
        else:
            for line in outcome.lines:
                typer.echo(line)
    return 1 if outcome.failed_check else 3 if outcome.failed else 0


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
    from caig_cli.cutouts import weights
    from caig_cli.engine import environment, hub
    from caig_cli.recognition.naming import CLASSIFIER

    folder, free = hub.home()
    facts = environment.describe() | {
        "devices": environment.devices(),
        "working": environment.working(),
        "cache": {"folder": str(folder), "free_gb": round(free / 1e9, 1)},
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
