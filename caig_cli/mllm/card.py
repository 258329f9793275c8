"""The model card of a trained model: what it is, what it was measured at, how it is made again."""

from __future__ import annotations

from collections.abc import Mapping

from caig_cli.mllm.loading import EMBEDDED, Mllm
from caig_cli.recipe import Recipe, dump, recipe_hash


def model_card(
    mllm: Mllm, recipe: Recipe, figures: Mapping[str, float], base: str | None, simulated: bool
) -> str:
    """Markdown with the figures of the held-out dialogues and the full recipe.

    ``base`` is the model that it began as; ``simulated`` says that its dialogues are a market's.
    """
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
        *_learnt_from(base, simulated),
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


def _learnt_from(base: str | None, simulated: bool) -> list[str]:
    """Sentences about what it knows."""
    lines = ["It was trained on the dialogues named in the recipe below."]
    if simulated:
        lines += [
            "They come from the **simulated market**: its figures are about that market and are no statement",
            "about real shoppers.",
        ]
    if base == EMBEDDED:
        lines.append(
            "It began as the embedded model, which learnt the dialogues of the **simulated market**."
        )
    elif base is not None:
        lines.append(f"It began as `{base}`.")
    return lines
