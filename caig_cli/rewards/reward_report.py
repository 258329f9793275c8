"""``report.html`` of ``caig train-rm``: whether the judge is better than a coin, figures and curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from caig_cli.engine import pages
from caig_cli.engine.run_dir import RunDir
from caig_cli.mllm.training_report import Curves, write_page
from caig_cli.records import Failure
from caig_cli.rewards.architectures import ARCHITECTURES
from caig_cli.rewards.card import MEANING, how_sure, shown
from caig_cli.rewards.facts import RewardFacts

CURVES: Curves = {
    "Loss while learning": ("loss", "ce"),
    "Log-loss on held-out pairs": ("eval_log_loss",),
    "Accuracy on held-out pairs": ("eval_accuracy",),
}
MARKET = "simulated market"


def verdict(figures: Mapping[str, float]) -> str:
    """Better than a coin, worse, or unresolved, by the interval of its accuracy."""
    if not figures:
        return "Not measured: no pair was held out, so nothing tells what it knows, and its odds are raw."
    low, high = figures["accuracy_low"], figures["accuracy_high"]
    word = "Better than a coin" if low > 0.5 else "Worse than a coin" if high < 0.5 else "Unresolved"
    line = f"{word}: right on {figures['accuracy']:.0%} of held-out pairs (95 %: {low:.0%} to {high:.0%})"
    if "ceiling" in figures:
        line += f", where who knew the true rates would be right on {figures['ceiling']:.0%}"
    return f"{line}. {how_sure(figures)}"


def write_report(
    run: RunDir, judges: Mapping[str, RewardFacts], pairs: int, failed: Sequence[Failure]
) -> None:
    """Write the page of the judges, the first of which is the one that was asked for, by their names."""
    first = next(iter(judges.values()))
    facts = {
        "architecture": f"{first.arch}: {ARCHITECTURES[first.arch].help}",
        "learnt from": f"{pairs:,} pairs" + (f" ({MARKET})" if first.simulated else ""),
        "recipe": first.recipe,
    }
    if first.base:
        facts["adapter on"] = first.base
    if first.began_as:
        facts["went on from"] = f"judge of recipe {first.began_as}"
    tables = [_table(name, facts_) for name, facts_ in judges.items()]
    curves = {"" if number == 0 else "second": CURVES for number in range(len(judges))}
    summary = "Says which of two ads of a product is clicked more, and how often each is clicked."
    write_page(run, "Reward model", summary, verdict(first.evaluation), facts, tables, curves, failed)


def _table(name: str, facts: RewardFacts) -> pages.TextTable:
    rows = [[figure, value, MEANING[figure]] for figure, value in shown(facts.evaluation)]
    label = f" ({MARKET})" if facts.simulated else ""
    text = f"Architecture {facts.arch}. In brackets 95 % intervals; pairs of an item are one sample of it."
    return pages.TextTable(f"{name}: held-out pairs{label}", ["figure", "value", "meaning"], rows, text)
