"""The model card of a reward model: what it judges, how well, and how it is made again."""

from __future__ import annotations

from collections.abc import Mapping

from caig_cli.judge_metrics import FEW_PAIRS
from caig_cli.mllm.snippets import USE_JUDGE
from caig_cli.recipe import Recipe, dump, without_folders
from caig_cli.rewards.architectures import ARCHITECTURES
from caig_cli.rewards.facts import RewardFacts

MEANING = {
    "accuracy": "pairs judged right, both orders together",
    "attainable": "(accuracy - 0.5) / (ceiling - 0.5)",
    "ceiling": "accuracy of someone who knew the true rates",
    "log_loss": "nats per pair; a coin has 0.693",
    "temperature": "what log-odds are divided by",
    "ece": "expected calibration error",
    "order_agreement": "pairs of which both orders name the same ad",
    "ctr_rmse": "error of the predicted click-through rate",
    "ctr_rmse_of_mean": "the same of always saying the mean rate",
    "ctr_spearman": "rank correlation of predicted and known rates",
}


def shown(figures: Mapping[str, float]) -> list[tuple[str, str]]:
    """Known figures as text, with their 95 % intervals where they have one."""
    rows = []
    for name in MEANING:
        if name in figures:
            low, high = (figures.get(f"{name}_{end}") for end in ("low", "high"))
            ends = "" if low is None or high is None else f" ({_digits(low)} to {_digits(high)})"
            rows.append((name, f"{_digits(figures[name])}{ends}"))
    return rows


def _digits(figure: float) -> str:
    """Four digits that count, of figures below a thousandth one."""
    return f"{figure:.4g}" if abs(figure) >= 0.001 else f"{figure:.1g}"


def how_sure(figures: Mapping[str, float]) -> str:
    """A sentence on how much the held-out pairs tell."""
    pairs, items = int(figures["pairs"]), int(figures["items"])
    line = f"Measured and calibrated on {pairs:,} pairs of {items:,} items that it did not learn from."
    if pairs < FEW_PAIRS:
        ends = [f"{figures[f'accuracy_{end}']:.0%}" for end in ("low", "high")]
        line += (
            f" That is few: its accuracy on others may be {ends[0]} to {ends[1]}, and its odds stay careful."
        )
    return line


def _named(facts: RewardFacts) -> list[str]:
    """What it judges by, where that are names."""
    tasks = [task for task in facts.settings.get("concepts", []) if not task.get("auxiliary_only")]
    each = ", ".join(f"{len(task['names'])} of {task['task']}" for task in tasks)
    return [f"It judges by the chances of names that it tells apart in ads: {each}."] if tasks else []


def reward_card(facts: RewardFacts, recipe: Recipe) -> str:
    """Markdown with the figures on held-out pairs and the full recipe."""
    lines = ["---", "library_name: peft" if facts.base else "library_name: transformers", "---", ""]
    lines += [
        "# Reward model",
        "",
        "Says which of two ads of a product is clicked more, and how often each is clicked.",
        f"Architecture `{facts.arch}` ({ARCHITECTURES[facts.arch].help}), made by `caig train-rm` "
        f"(recipe hash `{facts.recipe}`)"
        + (f", an adapter on `{facts.base}` (weights `{facts.base_fingerprint}`)." if facts.base else "."),
        *_named(facts),
        "",
        *([f"It went on learning from the judge of recipe `{facts.began_as}`."] if facts.began_as else []),
        "It was trained on the **simulated market**: its judgements are about that market and are no "
        "statement about real shoppers."
        if facts.simulated
        else "It knows the click log that it was trained on, and nothing else.",
        "",
        "## Held-out pairs",
        "",
    ]
    if facts.evaluation:
        lines += [how_sure(facts.evaluation), ""] if "pairs" in facts.evaluation else []
        lines += ["| figure | value | meaning |", "|---|---|---|"]
        lines += [f"| {name} | {value} | {MEANING[name]} |" for name, value in shown(facts.evaluation)]
        lines += ["", "The weights that did best on these pairs were kept: measure on others to be sure."]
    else:
        lines.append("None: it was neither measured nor calibrated.")
    lines += ["", "## How to use it", "", USE_JUDGE.rstrip()]
    lines += ["", "## Recipe", "", "```yaml", dump(without_folders(recipe)).rstrip(), "```", ""]
    return "\n".join(lines)
