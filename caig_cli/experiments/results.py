"""An experiment's results as plain values, as ``--json`` prints them, and its verdict in a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from caig_cli.experiments.compare import ArmComparison, ArmState, against_control
from caig_cli.experiments.fatigue import Trend
from caig_cli.experiments.observed import Observed
from caig_cli.experiments.policies import PolicyValue
from caig_cli.experiments.ratio_check import RatioCheck
from caig_cli.experiments.ratios import LogRatio
from caig_cli.experiments.several import each_alpha, false_discovery, holm, simpson

Result = dict[str, Any]


def results(seen: Observed, policies: Sequence[PolicyValue]) -> Result:
    """Everything that the clicks say."""
    comparison = ArmComparison(seen)
    names = seen.plan.names
    split = comparison.check_split()
    arms = [_arm(comparison, arm) for arm in range(len(names))]
    _correct([arm for arm in arms[1:] if arm["p"] is not None], "p", {"p_holm": holm})
    trends = comparison.trends()
    found: Result = {
        "control": names[0],
        "units": seen.plan.units,
        "allocation": seen.plan.allocation,
        "days": [day for day in seen.days if day],
        "split": _split(split, names),
        "arms": arms,
        "categories": _categories(comparison),
        "fatigue": _fatigue(names, trends, against_control(trends)),
        "policies": [_policy(one) for one in policies],
        "unplanned_impressions": seen.unplanned,
        "unknown_impressions": seen.unknown,
    }
    return {"verdict": verdict(found), **found}


def _arm(comparison: ArmComparison, arm: int) -> Result:
    seen = comparison.seen
    shown, clicks = comparison.shown[:, arm].sum(), comparison.clicks[:, arm].sum()
    products = len(np.unique(seen.product_S[comparison.shown[:, arm] > 0]))
    found: Result = {
        "arm": seen.plan.names[arm], "products": products, "impressions": int(shown), "clicks": int(clicks),
        "ctr": float(clicks / shown) if shown else None,
    }  # fmt: skip
    ratio = comparison.ratio(arm) if arm else None
    found |= _ratio(ratio)
    if arm:
        looks = comparison.looks(arm)
        wider = comparison.generalised(arm)
        found |= {
            "always_valid": list(looks[-1].always_valid) if looks else None,
            "looks": [_look(one) for one in looks],
            "dispersion": comparison.dispersion(arm) if seen.plan.units == "impressions" else None,
            "p_holm": None,
            "other_products": None if wider is None else list(wider.interval()),
            "simpson": _simpson(comparison, arm, ratio),
            "cuped": _cuped(comparison, arm, ratio),
        }
    return found


def _ratio(ratio: LogRatio | None, alpha: float = 0.05) -> Result:
    if ratio is None:
        return {"lift": None, "interval": None, "p": None}
    return {"lift": ratio.lift, "interval": list(ratio.interval(alpha)), "p": ratio.p}


def _look(look: ArmState) -> Result:
    return {"day": look.day, "lift": look.lift, "interval": list(look.interval),
            "always_valid": list(look.always_valid)}  # fmt: skip


def _simpson(comparison: ArmComparison, arm: int, ratio: LogRatio | None) -> Result | None:
    pick = [0, arm]
    clicks, shown = (values[:, pick].sum(0) for values in (comparison.clicks, comparison.shown))
    found = simpson(clicks, shown, ratio) if ratio is not None else None
    if found is None:
        return None
    return {"pooled_lift": found.pooled, "stratified_lift": found.stratified, "reversed": found.reversed,
            "sure": found.sure}  # fmt: skip


def _cuped(comparison: ArmComparison, arm: int, ratio: LogRatio | None) -> Result | None:
    """How much of the variance the products' earlier rates take away; None where they are not made use of."""
    if ratio is None or comparison.seen.plan.units == "impressions" or comparison.earlier_rates is None:
        return None
    plain = comparison.ratio(arm, cuped=False)
    if plain is None:
        return None
    return {"lift_without": plain.lift, "interval_without": list(plain.interval()),
            "variance_saved": 1 - (ratio.error / plain.error) ** 2}  # fmt: skip


def _split(split: RatioCheck, names: Sequence[str]) -> Result:
    return {
        "unit": split.unit, "alarm": split.alarm, "chi2": split.chi2, "p": split.p,
        "p_products": split.p_products, "observed": dict(zip(names, split.observed, strict=True)),
        "expected": dict(zip(names, split.expected, strict=True)),
    }  # fmt: skip


def _categories(comparison: ArmComparison) -> list[Result]:
    """Every arm in every category; p-values are corrected and intervals hold together over all of them."""
    names = comparison.seen.plan.names
    rows = []
    for category, of_S in comparison.strata_of_categories():
        for arm in range(1, len(names)):
            ratio = comparison.ratio(arm, of_S)
            pick = [0, arm]
            clicks = comparison.clicks[of_S][:, pick].sum(0)
            if ratio is not None:
                rows.append((category, names[arm], clicks, ratio))
    alpha = each_alpha(0.05, len(rows))
    found = [
        {"category": category, "arm": name, "clicks": int(clicks.sum()), **_ratio(ratio),
         "simultaneous_interval": list(ratio.interval(alpha))}
        for category, name, clicks, ratio in rows
    ]  # fmt: skip
    _correct(found, "p", {"p_holm": holm, "p_fdr": false_discovery})
    return found


def _correct(rows: Sequence[Result], key: str, corrections: Mapping[str, Any]) -> None:
    for name, correct in corrections.items():
        for row, value in zip(rows, correct([row[key] for row in rows]), strict=True):
            row[name] = value


def _fatigue(
    names: Sequence[str], trends: Sequence[Trend | None], apart: Sequence[Trend | None]
) -> list[Result]:
    rows: list[Result] = []
    for name, one, other in zip(names, trends, apart, strict=True):
        row: Result = {
            "arm": name,
            **_trend(one),
            "against_control": _trend(other) if name != names[0] else None,
        }
        rows.append(row)
    known = [row for row in rows if row["p"] is not None]
    _correct(known, "p", {"p_holm": holm})
    return rows


def _trend(one: Trend | None) -> Result:
    if one is None:
        return {"per_day": None, "interval": None, "p": None}
    return {"per_day": one.per_day, "interval": list(one.interval()), "p": one.p}


def _policy(one: PolicyValue) -> Result:
    values = {
        name: {"ctr": value.rate, "interval": list(value.interval())} for name, value in one.values.items()
    }
    return {
        "policy": one.name, "observed_ctr": one.observed, **values,
        "effective_impressions": one.effective_impressions, "unsupported": one.unsupported,
        "propensities": "exports" if one.exported else "plan",
    }  # fmt: skip


# --- the verdict -----------------------------------------------------------------------------------


def verdict(found: Result) -> str:
    """One sentence, or two where the split is wrong."""
    unseen = [arm["arm"] for arm in found["arms"] if not arm["impressions"]]
    if unseen:
        return (
            f"The exports have no impression of {' and '.join(unseen)}, so that arms can't be compared; "
            "give the exports of all arms."
        )
    if found["split"]["alarm"]:
        return (
            "The split is not as planned, so that lifts may be the doing of what decided who saw which arm; "
            "find the cause before anything is decided."
        )
    measured = [arm for arm in found["arms"][1:] if arm["lift"] is not None]
    if not measured:
        return "There are too few clicks to compare the arms."
    sure = [arm for arm in measured if arm["p_holm"] < 0.05]
    best = max(measured, key=lambda arm: float(arm["lift"]))
    control = found["control"]
    if best in sure and best["lift"] > 0:
        more = _early(best) + _beyond(best)
        return f"{best['arm']} is clicked more than {control}: {_words(best)}.{more}"
    if sure and len(sure) == len(measured):
        return f"{control} is clicked more than every other arm; {best['arm']} has {_words(best)}."
    return f"No arm is shown to be clicked more than {control}; the best, {best['arm']}, has {_words(best)}."


def p_words(value: float) -> str:
    """A p-value for people: its further decimals say nothing."""
    return "< 0.0001" if value < 1e-4 else f"{value:.2g}"


def _words(arm: Result) -> str:
    low, high = arm["interval"]
    return f"{arm['lift']:+.1%} CTR (95 % interval {low:+.1%} to {high:+.1%}, p {p_words(arm['p_holm'])})"


def _beyond(arm: Result) -> str:
    """Where products differ so much in their lift that others may have none."""
    wider = arm["other_products"]
    if wider is None or wider[0] > 0:
        return ""
    return (
        f" It is about these products: they differ, and for others like them {wider[0]:+.1%} to "
        f"{wider[1]:+.1%} is possible."
    )


def _early(arm: Result) -> str:
    valid = arm["always_valid"]
    if valid is None or valid[0] > 0:
        return "" if valid is None else " That holds however often it was looked at."
    return (
        " It holds for a look at the planned end; for whoever looked on the way, or stopped early, no "
        f"difference is also possible ({valid[0]:+.1%} to {valid[1]:+.1%})."
    )
