"""The model card of a trained model: what it is, what it was measured at, how it is made again."""

from __future__ import annotations

from collections.abc import Mapping

from caig_cli.mllm.loading import Mllm
from caig_cli.recipe import Recipe, dump, recipe_hash


def model_card(mllm: Mllm, recipe: Recipe, figures: Mapping[str, float]) -> str:
    """Markdown with the figures of the held-out dialogues and the full recipe."""
    count = sum(p.numel() for p in mllm.core.parameters())
    lines = [
        "---",
        "library_name: transformers" if mllm.model is mllm.core else "library_name: peft",
        "pipeline_tag: image-text-to-text",
        "---",
        "",
        "# Prompt model",
        "",
        "Looks at a product photo and its title and writes a background prompt for an advertising image.",
        f"Class `{type(mllm.core).__name__}`, family `{mllm.family.name}`, {count / 1e6:.2f} M parameters,",
        f"made by `caig pretrain` (recipe hash `{recipe_hash(recipe)}`).",
        "",
        "It was trained on the dialogues named in the recipe below and knows nothing else. If they come from",
        "the simulated market, its figures are about that market and are no statement about real shoppers.",
        "",
        "## Held-out dialogues",
        "",
        "| task | loss, nats per token | tokens right | answers right |",
        "|---|---|---|---|",
    ]
    for task in [name.removesuffix("/loss") for name in figures if name.endswith("/loss")]:
        loss, tokens, answers = (
            figures[f"{task}/{kind}"] for kind in ("loss", "tokens_right", "answers_right")
        )
        lines.append(f"| {task} | {loss:.3f} | {tokens:.1%} | {answers:.1%} |")
    lines += ["", "## Recipe", "", "```yaml", dump(recipe).rstrip(), "```", ""]
    return "\n".join(lines)
