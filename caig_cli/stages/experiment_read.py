"""``caig experiment read``: the clicks of an experiment, joined with its plan by ad id, and their verdict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from caig_cli.clicks.choosing import Probability
from caig_cli.engine.outcome import Outcome
from caig_cli.errors import UsageError
from caig_cli.recipe import Recipe, Section

if TYPE_CHECKING:
    from caig_cli.clicks.log import ClickLog
    from caig_cli.engine.report import Reporter
    from caig_cli.engine.run_dir import RunDir
    from caig_cli.experiments.plan_file import ExperimentPlan


class ReadingSection(Section):
    """What to read."""

    plan: Path | None = None
    """Plan of caig experiment plan: its folder or plan.json."""

    exports: tuple[str, ...] = ()
    """Exports of ad platforms with the experiment's clicks, as caig pairs reads them; ads are named by id."""

    platform: str = "auto"
    """Platform whose column names are meant, such as meta, google or amazon; auto tells by the header."""

    columns: dict[str, str] = {}
    """Columns that are not found by themselves, as in caig pairs: ad, day, impressions, clicks = title."""

    decimal: Literal["auto", ".", ","] = "auto"
    """Decimal mark of the numbers; auto tells by the file and refuses what may be read in two ways."""

    dates: Literal["auto", "dmy", "mdy", "ymd"] = "auto"
    """Order of day, month and year where figures alone do not tell; auto tells by the file."""

    repeats: Literal["refuse", "sum", "first"] = "refuse"
    """What a second row for an ad and day is: an error, more of the same to add up, or the same again."""

    skip_bad: bool = False
    """Leave out malformed rows and go on, instead of ending at the first."""

    max_bad_share: Probability = 0.05
    """Most rows of a log that may be left out, as a share."""

    policies: dict[str, str] = {}
    """New policies to value, NAME=judge, NAME=uniform, or NAME=FILE with ad_id and probability."""


class ExperimentReadRecipe(Recipe):
    """Recipe of ``caig experiment read``."""

    reading: ReadingSection = ReadingSection()
    """Plan and exports."""


def check(recipe: ExperimentReadRecipe) -> None:
    """Raises UsageError where plan or exports are missing, or mixed up."""
    from caig_cli.experiments.plan_file import FILE, TABLE

    if recipe.reading.plan is None or not recipe.reading.exports:
        raise UsageError("name the plan and the exports, as in caig experiment read PLAN meta.csv")
    for name in recipe.reading.exports:
        if (Path(name) / FILE).is_file() or Path(name).name in (FILE, TABLE):
            raise UsageError(f"{name}: is a plan; name one plan first, and then the exports of its clicks")


def plan(recipe: ExperimentReadRecipe, report: Reporter) -> list[str]:
    """What there is to read."""
    check(recipe)
    made = _plan(recipe)
    log = _log(recipe, made, report)
    found = sum(path is not None for path in log.path_C)
    return [f"{found} of {len(made.ads)} ads of the plan, {int(log.impressions_R.sum())} impressions"]


def run(recipe: ExperimentReadRecipe, run_dir: RunDir, report: Reporter) -> Outcome:
    """Analyse the clicks; the verdict comes first."""
    from caig_cli.experiments.experiment_report import result_page
    from caig_cli.experiments.observed import observe
    from caig_cli.experiments.policies import value_of
    from caig_cli.experiments.results import results

    made = _plan(recipe)
    seen = observe(made, _log(recipe, made, report))
    policies = [value_of(name, source, seen) for name, source in recipe.reading.policies.items()]
    with run_dir.timed("analysis"):
        found = results(seen, policies)
    _tell(found, report)
    run_dir.write_json("results.json", found)
    facts = {"plan": str(recipe.reading.plan), "units": made.units, "allocation": made.allocation}
    run_dir.write_text("report.html", result_page(found, facts, run_dir.path))
    report.info(f"report {run_dir.path / 'report.html'}")
    return Outcome(found | {"report": str(run_dir.path / "report.html")}, lines=(found["verdict"],))


def _plan(recipe: ExperimentReadRecipe) -> ExperimentPlan:
    from caig_cli.experiments.plan_file import read_plan

    assert recipe.reading.plan is not None
    return read_plan(recipe.reading.plan)


def _log(recipe: ExperimentReadRecipe, made: ExperimentPlan, report: Reporter) -> ClickLog:
    from caig_cli.clicks.bad_rows import BadRowRules
    from caig_cli.clicks.platforms import FIELDS, named
    from caig_cli.clicks.read_logs import read_click_logs
    from caig_cli.clicks.reading import Options
    from caig_cli.experiments.observed import finder

    given = recipe.reading
    for name in given.columns:
        if name not in FIELDS:
            raise UsageError(f"--column {name}: no such field; it is one of {', '.join(FIELDS)}")
    decimal = None if given.decimal == "auto" else given.decimal
    dates = None if given.dates == "auto" else given.dates
    options = Options(named(given.platform), given.columns, decimal, dates)
    rules = BadRowRules(given.skip_bad, given.max_bad_share, given.repeats)
    with report.progress("log rows") as bar:
        log = read_click_logs(given.exports, options, rules, pictures=finder(made), advance=bar.advance)
    for note in log.notes:
        report.info(note)
    for warning in log.warnings:
        report.warn(warning)
    return log


def _tell(found: dict[str, object], report: Reporter) -> None:
    arms = found["arms"]
    assert isinstance(arms, list)
    for arm in arms[1:]:
        simpson = arm["simpson"]
        if simpson is not None and simpson["reversed"]:
            report.warn(
                f"{arm['arm']}: all clicks in one heap say {simpson['pooled_lift']:+.1%}, within products it "
                f"is {simpson['stratified_lift']:+.1%} (Simpson's paradox); the latter is right"
            )
    if found["unplanned_impressions"]:
        report.warn(f"{found['unplanned_impressions']} impressions of ads that the plan does not show then")
    if found["unknown_impressions"]:
        report.warn(f"{found['unknown_impressions']} impressions of ads that are not in the plan")
    rows = [
        [arm["arm"], arm["impressions"], arm["clicks"], arm["ctr"], arm["lift"], arm["interval"]]
        for arm in arms
    ]
    report.table("arms", ["arm", "impressions", "clicks", "CTR", "lift", "95 % interval"], rows)
