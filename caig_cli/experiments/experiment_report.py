"""The pages of an experiment: what the plan can find, and what the clicks say."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from caig_cli.engine import pages, plots
from caig_cli.experiments.plan_file import ExperimentPlan
from caig_cli.experiments.results import p_words

Result = dict[str, Any]

SHOWN_CATEGORIES = 200
NOTHING = "–"
UNBROKEN = "\N{NO-BREAK SPACE}"
"""Between the parts of a figure, so that a cell does not break it."""
AFTER = (
    "The interval for any look holds also for whoever looks each day; the last one is about products like "
    "these, which may differ in their lift."
)


def plan_page(
    plan: ExperimentPlan, power: Sequence[Result], facts: Mapping[str, str], verdict: str, root: Path
) -> str:
    """The page of a plan; ``power`` has a row for each number of days."""
    arms = [
        [arm.name, f"{plan.shares[arm.name]:.1%}", arm.kind, arm.model or NOTHING, arm.source,
         str(sum(ad.arm == arm.name for ad in plan.ads))]
        for arm in plan.arms
    ]  # fmt: skip
    rows = [
        [str(row["days"]), f"{row['impressions']:,.0f}", _percent(row["least_lift"]), _percent(row["power"])]
        for row in power
    ]
    sections: list[pages.Section] = [
        pages.TextTable("Arms", ["arm", "share", "ads from", "prompts by", "source", "ads"], arms),
        pages.TextTable(
            "What can be found",
            ["days", "impressions", "least gain found with probability 80 %", "power for the given gain"],
            rows,
            "Two-sided tests at 5 % over all comparisons with the control.",
        ),
    ]
    gains = [(float(row["days"]), row["least_lift"]) for row in power]
    lines = [(days, 100 * gain) for days, gain in gains if gain is not None]
    png = plots.lines({"least gain that is found, %": lines}, "days")
    if png is not None:
        sections.append(pages.Figure("Least gain by days", png))
    summary = f"{len(plan.arms)} arms, {len(plan.products)} products, {len(plan.ads)} ads"
    return "".join(
        pages.report("Plan of an experiment", summary, facts, sections, root=root, verdict=verdict)
    )


def result_page(found: Result, facts: Mapping[str, str], root: Path) -> str:
    """The page of the results, the verdict first."""
    sections: list[pages.Section] = [_split(found["split"]), _arms(found), *_looks(found)]
    sections += [*_categories(found), *_simpson(found), *_cuped(found), _fatigue(found), *_policies(found)]
    return "".join(
        pages.report("Experiment", _summary(found), facts, sections, root=root, verdict=found["verdict"])
    )


def _summary(found: Result) -> str:
    days = found["days"]
    span = f"{days[0]} to {days[-1]}, " if days else ""
    shown = sum(arm["impressions"] for arm in found["arms"])
    clicks = sum(arm["clicks"] for arm in found["arms"])
    return f"{span}{shown:,} impressions, {clicks:,} clicks; lifts are against {found['control']}"


def _arms(found: Result) -> pages.TextTable:
    rows = [
        [arm["arm"], f"{arm['products']}", f"{arm['impressions']:,}", f"{arm['clicks']:,}",
         _percent(arm["ctr"], 2), _signed(arm["lift"]), _interval(arm["interval"]), _p(arm.get("p_holm")),
         _interval(arm.get("always_valid")), _interval(arm.get("other_products"))]
        for arm in found["arms"]
    ]  # fmt: skip
    how = (
        "Each product is its own control: arms are compared within a product's day (Mantel and Haenszel)."
        if found["units"] == "impressions"
        else "Arms have other products: means over products, adjusted for categories and earlier rates."
    )
    columns = ["arm", "products", "impressions", "clicks", "CTR", "lift", "95 % interval", "p (Holm)",
               "interval for any look", "for other products"]  # fmt: skip
    return pages.TextTable("Arms", columns, rows, f"{how} {AFTER}")


def _split(split: Result) -> pages.TextTable:
    rows = [
        [name, f"{split['observed'][name]:,.0f}", f"{split['expected'][name]:,.0f}"]
        for name in split["observed"]
    ]
    by_products = f", by products p {split['p_products']:.2g}" if split["p_products"] is not None else ""
    verdict = "Not as planned" if split["alarm"] else "As planned"
    text = f"{verdict}: chi-square {split['chi2']:.2f}, p {split['p']:.2g}{by_products}."
    return pages.TextTable("Split", ["arm", split["unit"], "expected"], rows, text)


def _looks(found: Result) -> list[pages.Section]:
    series: dict[str, list[tuple[float, float | None]]] = {}
    bands: dict[str, list[tuple[float, float | None, float | None]]] = {}
    for arm in found["arms"][1:]:
        looks = arm["looks"]
        if len(looks) > 1:
            number = _numbers([look["day"] for look in looks])
            series[arm["arm"]] = [(x, 100 * look["lift"]) for x, look in zip(number, looks, strict=True)]
            bands[arm["arm"]] = [
                (x, *(100 * end for end in look["always_valid"]))
                for x, look in zip(number, looks, strict=True)
            ]
    png = plots.lines(series, "day", level=0.0, bands=bands) if series else None
    text = "The lift in % by the end of each day, with intervals that hold for all days together."
    return [] if png is None else [pages.Figure("On the way", png, text)]


def _numbers(days: Sequence[str]) -> list[float]:
    try:
        dates = [datetime.date.fromisoformat(day).toordinal() for day in days]
    except ValueError:
        dates = list(range(len(days)))
    return [float(date - dates[0] + 1) for date in dates]


def _categories(found: Result) -> list[pages.Section]:
    ordered = sorted(found["categories"], key=lambda row: (row["p_holm"], row["p"]))
    rows = [
        [row["category"], row["arm"], f"{row['clicks']:,}", _signed(row["lift"]), _interval(row["interval"]),
         _interval(row["simultaneous_interval"]), _p(row["p_holm"]), _p(row["p_fdr"])]
        for row in ordered[:SHOWN_CATEGORIES]
    ]  # fmt: skip
    if not rows:
        return []
    columns = ["category", "arm", "clicks", "lift", "95 % interval", "interval for all together", "p (Holm)",
               "p (FDR)"]  # fmt: skip
    more = f" {len(rows)} of {len(ordered)} are shown." if len(ordered) > len(rows) else ""
    text = f"{len(ordered)} comparisons; only the corrected columns may be searched for the best.{more}"
    return [pages.TextTable("Categories", columns, rows, text)]


def _simpson(found: Result) -> list[pages.Section]:
    rows = [
        [arm["arm"], _signed(arm["simpson"]["pooled_lift"]), _signed(arm["simpson"]["stratified_lift"]),
         "more than chance" if arm["simpson"]["sure"] else "may be chance"]
        for arm in found["arms"][1:]
        if arm["simpson"] is not None and arm["simpson"]["reversed"]
    ]  # fmt: skip
    text = (
        "All clicks in one heap say the opposite of what each product says by itself: the arms were shown "
        "for other products or on other days. The lift within products is the right one."
    )
    columns = ["arm", "in one heap", "within products", "one of the two is"]
    return [pages.TextTable("Simpson's paradox", columns, rows, text)] if rows else []


def _cuped(found: Result) -> list[pages.Section]:
    rows = [
        [arm["arm"], _signed(arm["cuped"]["lift_without"]), _interval(arm["cuped"]["interval_without"]),
         f"{arm['cuped']['variance_saved']:.0%}"]
        for arm in found["arms"][1:]
        if arm["cuped"] is not None
    ]  # fmt: skip
    text = "What the lift would be without the products' earlier rates, and the variance that these save."
    columns = ["arm", "lift without", "95 % interval without", "variance saved"]
    return [pages.TextTable("Earlier rates (CUPED)", columns, rows, text)] if rows else []


def _fatigue(found: Result) -> pages.TextTable:
    rows = [
        [row["arm"], _signed(row["per_day"], 2), _interval(row["interval"], 2), _p(row.get("p_holm")),
         _signed(row["against_control"]["per_day"], 2) if row["against_control"] else NOTHING,
         _interval(row["against_control"]["interval"], 2) if row["against_control"] else NOTHING]
        for row in found["fatigue"]
    ]  # fmt: skip
    columns = ["arm", "CTR each day", "95 % interval", "p (Holm)", "against the control", "95 % interval "]
    text = "How the rate of an ad changes with each day that it has been out."
    return pages.TextTable("Fatigue", columns, rows, text)


def _policies(found: Result) -> list[pages.Section]:
    rows = [
        [one["policy"], name, _percent(one[name]["ctr"], 3), _interval_of(one[name]["interval"]),
         _percent(one["observed_ctr"], 3), f"{one['effective_impressions']:,.0f}",
         _percent(one["unsupported"])]
        for one in found["policies"]
        for name in ("IPS", "SNIPS", "DR")
    ]  # fmt: skip
    columns = ["policy", "estimator", "CTR", "95 % interval", "CTR of what was shown",
               "effective impressions", "traffic nothing is known of"]  # fmt: skip
    exported = any(one["propensities"] == "exports" for one in found["policies"])
    of = "those in the exports" if exported else "the plan's, for the exports have no column of them"
    text = f"What other shares of the same ads would have been worth, by these clicks. Propensities are {of}."
    return [pages.TextTable("Other policies", columns, rows, text)] if rows else []


def _percent(value: float | None, digits: int = 1) -> str:
    return NOTHING if value is None else f"{value:.{digits}%}"


def _signed(value: float | None, digits: int = 1) -> str:
    return NOTHING if value is None else f"{value:+.{digits}%}"


def _interval(ends: Sequence[float] | None, digits: int = 1) -> str:
    if ends is None:
        return NOTHING
    return f"{_signed(ends[0], digits)} to {_signed(ends[1], digits)}".replace(" ", UNBROKEN)


def _interval_of(ends: Sequence[float]) -> str:
    return f"{_percent(ends[0], 3)} to {_percent(ends[1], 3)}".replace(" ", UNBROKEN)


def _p(value: float | None) -> str:
    return NOTHING if value is None else p_words(value).replace(" ", UNBROKEN)
