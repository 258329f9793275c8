"""``caig experiment simulate``: clicks on a plan's ads by the market's truth, as a platform exports them.

For rehearsing an experiment: the products must be a market's. No statement about real shoppers.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from caig_cli.engine.files import atomic_write
from caig_cli.engine.outcome import Outcome
from caig_cli.engine.runtime import derive_seed
from caig_cli.errors import UsageError
from caig_cli.recipe import Recipe, Section

if TYPE_CHECKING:
    from caig_cli.engine.report import Reporter
    from caig_cli.experiments.plan_file import ExperimentPlan

FIRST_DAY = "2026-01-01"
"""Where the plan names none."""


class SimulationSection(Section):
    """What to make up."""

    plan: Path | None = None
    """Plan of caig experiment plan: its folder or plan.json."""

    market: Path | None = None
    """The products.json of a caig market; empty means the shipped catalogue."""

    days: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Days from the plan's last period on; empty means its length, or 7."""

    impressions: Annotated[float, Field(gt=0)] = 1000.0
    """Mean impressions of a product on a day; products and days differ."""

    out: Path | None = None
    """CSV file to write."""

    overwrite: bool = False
    """Replace a file that is already there."""


class ExperimentSimulateRecipe(Recipe):
    """Recipe of ``caig experiment simulate``."""

    simulation: SimulationSection = SimulationSection()
    """Plan and market."""


def plan(recipe: ExperimentSimulateRecipe, report: Reporter) -> list[str]:
    """What would be written."""
    made, out = _inputs(recipe)
    return [f"clicks on {len(made.ads)} ads would go to {out}"]


def run(recipe: ExperimentSimulateRecipe, report: Reporter) -> Outcome:
    """Write the export."""
    from caig_cli.market.experiments import SPREAD_OF_DAYS, export, rows, true_rates

    made, out = _inputs(recipe)
    given = recipe.simulation
    rates = true_rates(made, given.market)
    last = made.periods[-1]
    first = datetime.date.fromisoformat(last.first_day or FIRST_DAY)
    seed = derive_seed(recipe.seed, "simulate", first.isoformat())
    length = given.days or last.days or 7
    found = rows(made, rates, first, length, given.impressions, seed)
    atomic_write(out, export(found).encode())
    shown, clicks = sum(row.impressions for row in found), sum(row.clicks for row in found)
    report.info(f"days differ by a relative standard deviation of {SPREAD_OF_DAYS}; no shop's truth")
    result = {"export": str(out), "days": length, "impressions": shown, "clicks": clicks, "simulated": True}
    return Outcome(result, lines=(f"{shown} impressions, {clicks} clicks (simulated market)", str(out)))


def _inputs(recipe: ExperimentSimulateRecipe) -> tuple[ExperimentPlan, Path]:
    from caig_cli.experiments.plan_file import read_plan

    given = recipe.simulation
    if given.plan is None or given.out is None:
        raise UsageError("name the plan and --out, as in caig experiment simulate PLAN --out clicks.csv")
    if given.out.exists() and not given.overwrite:
        raise UsageError(f"{given.out} is already there; choose another --out or replace it with --overwrite")
    return read_plan(given.plan), given.out.absolute()
