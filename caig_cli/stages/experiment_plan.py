"""``caig experiment plan``: arms of ads, who is shown what with which probability, and what that can find.

With impressions as units each product is advertised by all arms and is its own control; with products as
units each product is given to one arm. Thompson sampling starts from the judge's scores and goes on,
period by period, with ``--after PLAN --log EXPORT``.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from caig_cli.engine.hub_name import ModelName
from caig_cli.engine.outcome import Outcome
from caig_cli.engine.runtime import derive_seed, use_threads
from caig_cli.errors import UsageError
from caig_cli.mllm.config import ModelRecipe
from caig_cli.recipe import Section
from caig_cli.records import Failure

if TYPE_CHECKING:
    from caig_cli.clicks.log import ClickLog
    from caig_cli.engine.model_folder import Check
    from caig_cli.engine.report import Reporter
    from caig_cli.engine.run_dir import RunDir
    from caig_cli.experiments.plan_file import Ad, Arm, ExperimentPlan, ProductFacts

Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(gt=0, lt=1)]

DAYS = (1, 3, 7, 14, 28, 56)
"""Lengths for which the page says what can be found, beside the planned one."""
PRODUCTS = 100
"""Products whose number is assumed where arms have no ads yet."""


class ExperimentSection(Section):
    """What is compared, on whom, how long."""

    arms: dict[str, str] = {}
    """Arms to compare, NAME=SOURCE: a run of caig generate, a folder of old pictures named by product id, or
    a CSV or JSONL file with ad_id and product."""

    control: str | None = None
    """Arm that the others are compared with; empty means the first."""

    units: Literal["impressions", "products"] = "impressions"
    """What is given to arms by chance: each impression of a product, or whole products."""

    allocation: Literal["fixed", "thompson"] = "fixed"
    """Shares that stay, or that follow the clicks (Thompson sampling) and start from the judge's scores."""

    shares: dict[str, float] = {}
    """Shares of arms under a fixed allocation, NAME=0.2; what is left is equal for the others."""

    products: tuple[Path, ...] = ()
    """Files with category by product id."""

    before: tuple[str, ...] = ()
    """Exports from before the experiment: they tell each product's earlier rate, and what to expect."""

    start: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None
    """First day, YYYY-MM-DD; Thompson sampling needs it to go on."""

    days: Annotated[int, Field(ge=1, le=1000)] = 14
    """Days that the experiment is to last; Thompson sampling makes shares for update_days at a time."""

    update_days: Annotated[int, Field(ge=1)] = 1
    """Days after which Thompson sampling is to be told the clicks."""

    impressions: Positive = 1000.0
    """Impressions of a product on a day that are expected, over all arms."""

    ctr: Share | None = None
    """Click-through rate of the control that is expected; empty takes earlier clicks, or else 3.6 %."""

    product_cv: Annotated[float, Field(ge=0)] | None = None
    """Standard deviation of products' rates over their mean; empty takes earlier clicks, or else 0.69."""

    lift: Positive = 0.05
    """Relative gain in CTR whose power is told, 0.05 for 5 %."""

    power: Share = 0.8
    """Probability with which the least gain is to be found."""

    spread: Positive = 0.15
    """Standard deviation of the rates of a product's ads over their mean, for Thompson sampling."""

    judge_accuracy: Annotated[float, Field(ge=0.5, le=1)] = 0.6
    """Share of pairs that the judge is right about, as caig eval-rm says; 0.5 leaves it out."""

    least_share: Annotated[float, Field(gt=0, lt=0.5)] = 0.02
    """Least share of an ad under Thompson sampling, so that it can still be measured."""

    judge: ModelName | None = None
    """Judge that scores the ads: embedded, a folder of caig train-rm, or org/name[@revision]; empty takes the
    rates that caig generate wrote into its manifests."""

    after: Path | None = None
    """Plan to go on with; nothing but the exports of its clicks is needed beside it."""

    logs: tuple[str, ...] = ()
    """Exports of the experiment so far, with after."""


class ExperimentPlanRecipe(ModelRecipe):
    """Recipe of ``caig experiment plan``."""

    experiment: ExperimentSection = ExperimentSection()
    """Arms, units, allocation."""


def check(recipe: ExperimentPlanRecipe) -> None:
    """Raises UsageError for what can't be planned."""
    given = recipe.experiment
    if given.after is not None:
        if not given.logs:
            raise UsageError("--after: give the exports of the experiment so far with --log EXPORT")
        usual, kept = ExperimentSection(), {"after", "logs", "update_days"}
        unread = [name for name in ExperimentSection.model_fields
                  if name not in kept and getattr(given, name) != getattr(usual, name)]  # fmt: skip
        if unread:
            raise UsageError(f"--after: {', '.join(unread)} are those of the plan; leave them out")
        return
    if given.logs:
        raise UsageError("--log: is for going on with a plan (--after); earlier clicks are --before EXPORT")
    if len(given.arms) < 2:
        raise UsageError("name at least two arms, as in --arm old=PICTURES --arm new=RUN")
    for name in given.arms:
        if not re.fullmatch(r"[\w .+-]{1,60}", name):
            raise UsageError(f"--arm {name}: a name has letters, digits, blanks, dots and dashes")
    if given.control is not None and given.control not in given.arms:
        raise UsageError(f"--control {given.control}: is none of the arms {', '.join(given.arms)}")
    if given.start is not None:
        try:
            datetime.date.fromisoformat(given.start)
        except ValueError as error:
            raise UsageError(f"--start {given.start}: {error}; write a day as YYYY-MM-DD") from None
    elif given.allocation == "thompson":
        raise UsageError("--allocation thompson: needs --start YYYY-MM-DD, or it can't go on with the clicks")
    if given.shares and given.allocation == "thompson":
        raise UsageError("--share: Thompson sampling finds the shares; leave them out")
    if given.units == "products" and given.allocation == "thompson":
        raise UsageError("--allocation thompson: needs impressions as units; a product can't change its arm")
    _shares(recipe)


def models(recipe: ExperimentPlanRecipe) -> dict[str, Check | None]:
    """The judge, if one is asked."""
    from caig_cli.mllm.folders import check_folder

    return {} if recipe.experiment.judge is None else {recipe.experiment.judge: check_folder}


def plan(recipe: ExperimentPlanRecipe, report: Reporter) -> list[str]:
    """What would be planned, without the judge's scores."""
    if recipe.experiment.after is not None:
        return [f"the plan of {recipe.experiment.after} would go on"]
    made, left_out = _make(recipe, report, judged=False)
    return [f"{len(made.arms)} arms, {len(made.products)} products, {len(left_out)} left out",
            _verdict(recipe, made)]  # fmt: skip


def run(recipe: ExperimentPlanRecipe, run_dir: RunDir, report: Reporter) -> Outcome:
    """Write the plan, its table of propensities and its page."""
    from caig_cli.experiments.experiment_report import plan_page
    from caig_cli.experiments.plan_file import FILE, TABLE, record, table

    use_threads(recipe.threads)
    if recipe.experiment.after is not None:
        made = _go_on(recipe, report)
        left_out: list[Failure] = []
    else:
        made, left_out = _make(recipe, report, judged=True)
    run_dir.write_json(FILE, record(made))
    run_dir.write_text(TABLE, table(made))
    power = _power(recipe, made)
    verdict = _verdict(recipe, made)
    run_dir.write_text("report.html", plan_page(made, power, _facts(made), verdict, run_dir.path))
    columns = ("days", "impressions", "least_lift", "power")
    report.table("what can be found", columns, [[row[name] for name in columns] for row in power])
    report.info(f"report {run_dir.path / 'report.html'}")
    result: dict[str, Any] = {
        "plan": str(run_dir.path / FILE), "allocation": str(run_dir.path / TABLE), "power": power,
        "arms": {arm.name: {"ads": sum(ad.arm == arm.name for ad in made.ads), "model": arm.model}
                 for arm in made.arms},
        "products": len(made.products), "verdict": verdict,
        "failed": [{"product": failure.item, "error": failure.error} for failure in left_out],
    }  # fmt: skip
    return Outcome(result, tuple(left_out), (verdict, str(run_dir.path / FILE)))


# --- making ----------------------------------------------------------------------------------------


def _make(
    recipe: ExperimentPlanRecipe, report: Reporter, *, judged: bool
) -> tuple[ExperimentPlan, list[Failure]]:
    """A new plan, and the products that have no part in it."""
    from dataclasses import replace

    from caig_cli.experiments import planning
    from caig_cli.experiments.plan_file import ExperimentPlan as Made
    from caig_cli.experiments.plan_file import Period

    given = recipe.experiment
    arms, every = _arms(recipe)
    control = given.control or arms[0].name
    ads, left_out = planning.taking_part(every, control, arms, given.units)
    if not ads:
        raise UsageError(
            f"no product has ads of {control} and of another arm; {left_out[0].item} {left_out[0].error}"
        )
    if judged and given.judge is not None:
        ads = _scored(recipe, ads, report)
    products = _products(recipe, {ad.product for ad in ads}, report)
    shares = _shares(recipe)
    design, believed = _design(recipe, products)
    made = Made(
        recipe.seed, given.units, given.allocation, control, tuple(arms), shares, tuple(ads), products, (),
        design, planning.planned_mixture(design, shares, control), believed,
    )  # fmt: skip
    if given.allocation == "thompson":
        if all(ad.score is None for ad in ads):
            report.warn("the ads have no scores: Thompson sampling starts with equal shares; give --judge")
        first = planning.thompson_shares(made, None, derive_seed(recipe.seed, "thompson", given.start or ""))
    elif given.units == "products":
        first = planning.assigned(ads, products, shares, recipe.seed)
    else:
        first = planning.fixed_shares(ads, shares)
    lasts = given.update_days if given.allocation == "thompson" else given.days
    return replace(made, periods=(Period(given.start, lasts if given.start else None, first),)), left_out


def _arms(recipe: ExperimentPlanRecipe) -> tuple[list[Arm], list[Ad]]:
    """The arms in order; folders of pictures last, because their products are those of the others."""
    from caig_cli.experiments.arms import MANIFEST, read_arm

    arms: dict[str, tuple[Arm, list[Ad]]] = {}
    named = recipe.experiment.arms
    waits = {name for name, source in named.items()
             if Path(source).is_dir() and not (Path(source) / MANIFEST).is_file()}  # fmt: skip
    for name in sorted(named, key=lambda name: name in waits):
        products = {ad.product for _, ads in arms.values() for ad in ads} | _ids(recipe)
        arms[name] = read_arm(name, named[name], products)
    return [arms[name][0] for name in named], [ad for name in named for ad in arms[name][1]]


def _ids(recipe: ExperimentPlanRecipe) -> set[str]:
    from caig_cli.clicks.facts import join_facts

    return set(join_facts(recipe.experiment.products, None)[0])


def _shares(recipe: ExperimentPlanRecipe) -> dict[str, float]:
    """Of each arm; they sum to 1. Raises UsageError where they can't."""
    given, arms = recipe.experiment.shares, recipe.experiment.arms
    for name, share in given.items():
        if name not in arms or not 0 < share < 1:
            raise UsageError(f"--share {name}={share}: must be an arm and a share between 0 and 1")
    rest, others = 1 - sum(given.values()), [name for name in arms if name not in given]
    if (others and rest <= 1e-9) or (not others and abs(rest) > 1e-6):
        raise UsageError(f"--share: the shares sum to {1 - rest:g}; they must sum to 1 with those left")
    return {name: given.get(name, rest / max(1, len(others))) for name in arms}


def _products(recipe: ExperimentPlanRecipe, ids: set[str], report: Reporter) -> tuple[ProductFacts, ...]:
    from caig_cli.clicks.facts import join_facts
    from caig_cli.experiments.earlier import product_totals
    from caig_cli.experiments.plan_file import ProductFacts

    facts, failures = join_facts(recipe.experiment.products, None)
    for failure in failures[:1]:
        raise UsageError(failure.error)
    totals: Mapping[str, tuple[int, int]] = {}
    if recipe.experiment.before:
        totals = product_totals(_log(recipe.experiment.before, report))
        if ids.isdisjoint(totals):
            report.warn("--before: no product of the arms is in these exports; are these the same ids?")
    found = []
    for product in sorted(ids):
        shown, clicks = totals.get(product, (0, 0))
        category = facts[product].category if product in facts else None
        found.append(ProductFacts(product, category, shown, clicks))
    return tuple(found)


def _log(names: Sequence[str], report: Reporter, of: ExperimentPlan | None = None) -> ClickLog:
    from caig_cli.clicks.read_logs import read_click_logs
    from caig_cli.experiments.observed import finder

    with report.progress("log rows") as bar:
        log = read_click_logs(names, pictures=finder(of) if of else None, advance=bar.advance)
    for warning in log.warnings:
        report.warn(warning)
    return log


def _scored(recipe: ExperimentPlanRecipe, ads: Sequence[Ad], report: Reporter) -> list[Ad]:
    """The ads with the judge's scores: those of a product are ranked against each other."""
    from dataclasses import replace

    from caig_cli.rewards.judge import TrainedJudge
    from caig_cli.stages.score import opened_ads, scores_of

    assert recipe.experiment.judge is not None
    judge = TrainedJudge.load(recipe.experiment.judge, recipe.runtime())
    by_product: dict[str, list[Ad]] = {}
    for ad in ads:
        by_product.setdefault(ad.product, []).append(ad)
    scored: dict[str, float] = {}
    with report.progress("ads judged", len(ads)) as bar:
        for mine in by_product.values():
            images, failed = opened_ads([Path(ad.path or "") for ad in mine])
            for failure in failed:
                report.warn(f"{failure.item}: {failure.error}; has no score")
            if len(images) > 1:
                scores = dict(zip(map(str, images), scores_of(judge, list(images.values())), strict=True))
                scored |= {ad.id: scores[str(Path(ad.path or ""))] for ad in mine
                           if str(Path(ad.path or "")) in scores}  # fmt: skip
            bar.advance(len(mine))
    return [replace(ad, score=scored.get(ad.id)) for ad in ads]


def _design(recipe: ExperimentPlanRecipe, products: tuple[ProductFacts, ...]) -> tuple[Any, dict[str, float]]:
    """What the experiment can count on, and what Thompson sampling believes."""
    from caig_cli.experiments.design import Design
    from caig_cli.experiments.earlier import what_to_expect
    from caig_cli.experiments.thompson import trust_of

    given = recipe.experiment
    expected = what_to_expect(products, given.ctr, given.product_cv)
    design = Design(
        given.units, len(products), given.impressions * len(products) * given.days, expected.ctr,
        expected.product_cv, expected.explained, max(1, len(given.arms) - 1),
    )  # fmt: skip
    left = expected.product_cv * (1 - expected.explained) ** 0.5
    believed = {
        "spread": given.spread, "trust": trust_of(given.judge_accuracy), "rate_cv": max(0.05, left),
        "least_share": given.least_share, "days": given.days,
    }  # fmt: skip
    return design, believed


def _go_on(recipe: ExperimentPlanRecipe, report: Reporter) -> ExperimentPlan:
    from caig_cli.experiments.plan_file import read_plan
    from caig_cli.experiments.planning import gone_on

    given = recipe.experiment
    assert given.after is not None
    before = read_plan(given.after)
    return gone_on(before, _log(given.logs, report, before), given.update_days)


# --- telling ---------------------------------------------------------------------------------------


def _power(recipe: ExperimentPlanRecipe, made: ExperimentPlan) -> list[dict[str, Any]]:
    """For several numbers of days: the least gain that is found, and the power for the given one.

    Between the control and the arm of the least share.
    """
    from dataclasses import replace

    given, rows = recipe.experiment, []
    daily = made.design.impressions / given.days
    share = min(share for name, share in made.shares.items() if name != made.control)
    for days in sorted({*DAYS, given.days}):
        design = replace(made.design, impressions=daily * days)
        shares = (share, made.shares[made.control])
        rows.append(
            {
                "days": days,
                "impressions": daily * days,
                "least_lift": design.least_lift(given.power, *shares),
                "power": design.power(given.lift, *shares),
            }
        )
    return rows


def _verdict(recipe: ExperimentPlanRecipe, made: ExperimentPlan) -> str:
    given = recipe.experiment
    row = next(row for row in _power(recipe, made) if row["days"] == given.days)
    if made.allocation == "thompson" and len(made.periods) > 1:
        last = made.periods[-1]
        return f"Shares for {last.days} days from {last.first_day} on follow the clicks so far."
    found = row["least_lift"]
    least = "no gain up to tenfold" if found is None else f"a gain of {found:.1%} in CTR"
    return (
        f"In {given.days} days {least} is found with probability {given.power:.0%}; one of {given.lift:.1%} "
        f"with probability {row['power']:.0%}."
    )


def _facts(made: ExperimentPlan) -> dict[str, str]:
    design = made.design
    return {
        "units": made.units, "allocation": made.allocation, "control": made.control,
        "expected CTR": f"{design.ctr:.2%}", "spread of products' CTR": f"{design.product_cv:.2f}",
        "design effect": f"{design.design_effect:.1f}", "seed": str(made.seed),
        "known by earlier clicks": f"{design.explained:.0%} of the variance between products",
    }  # fmt: skip
