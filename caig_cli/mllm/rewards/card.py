"""The model card of a reward model: what it judges, how well, and how it is made again."""

from __future__ import annotations

from caig_cli.mllm.rewards.storage import RewardFacts
from caig_cli.mllm.rewards.table import ARCHITECTURES
from caig_cli.recipe import Recipe, dump

MEANING = {
    "accuracy": "pairs judged right, both orders together",
    "attainable": "(accuracy - 0.5) / (ceiling - 0.5)",
    "ceiling": "accuracy of someone who knew the true rates",
    "log_loss": "nats per pair; a coin has 0.693",
    "ece": "expected calibration error",
    "order_agreement": "pairs of which both orders name the same ad",
    "ctr_rmse": "error of the predicted click-through rate",
    "ctr_rmse_of_mean": "the same of always saying the mean rate",
    "ctr_spearman": "rank correlation of predicted and known rates",
}


def _named(facts: RewardFacts) -> list[str]:
    """What it judges by, where that are names."""
    tasks = [task for task in facts.settings.get("names", []) if not task.get("aside")]
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
        "It was trained on the **simulated market**: its judgements are about that market and are no "
        "statement about real shoppers."
        if facts.simulated
        else "It knows the click log that it was trained on, and nothing else.",
        "",
        "## Held-out pairs",
        "",
    ]
    if facts.evaluation:
        lines += ["| figure | value | meaning |", "|---|---|---|"]
        known = [name for name in MEANING if name in facts.evaluation]
        lines += [f"| {name} | {facts.evaluation[name]:.4f} | {MEANING[name]} |" for name in known]
        lines += ["", "The temperature was fitted on these same pairs: measure calibration on others."]
    else:
        lines.append("None: it was neither measured nor calibrated.")
    lines += ["", "## Recipe", "", "```yaml", dump(recipe).rstrip(), "```", ""]
    return "\n".join(lines)
