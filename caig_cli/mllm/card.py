"""The model card of a trained model: what it is, what it was measured at, how it is made again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from caig_cli.engine.hub_name import HubName
from caig_cli.engine.sources import portable
from caig_cli.mllm.loading import EMBEDDED, Mllm
from caig_cli.mllm.snippets import use_adapter
from caig_cli.recipe import Recipe, dump, recipe_hash, without_folders


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
    return "\n".join([*lines, *_recipe(recipe)])


def adapter_card(
    mllm: Mllm,
    recipe: Recipe,
    base: str,
    question: str,
    rounds: Sequence[Mapping[str, float | None]],
    notes: Sequence[str],
) -> str:
    """Markdown of a prompt model's adapter that ``caig pcpo`` made.

    ``base`` is its base as others name it; ``question`` one as it is asked; ``rounds`` are the figures of the
    start and of each round, by name; ``notes`` say how they were measured.
    """
    hub = HubName.parse(base)
    names = [name for name in rounds[0] if any(row.get(name) is not None for row in rounds)]
    lines = [
        "---",
        "library_name: peft",
        "pipeline_tag: image-text-to-text",
        *([] if hub is None else [f"base_model: {hub.repo}"]),
        "tags: [lora, caig]",
        "---",
        "",
        "# Prompt model (adapter)",
        "",
        "Looks at a product photo and its title and writes a background prompt for an advertising image.",
        f"A LoRA adapter on `{base}` (class `{type(mllm.core).__name__}`), made by `caig pcpo` (recipe hash "
        f"`{recipe_hash(recipe)}`): product-centric preference optimisation on a reward model's rankings.",
        "",
        *notes,
        "",
        "## Rounds",
        "",
        f"| {' | '.join(names)} |",
        "|" + "---|" * len(names),
        *("| " + " | ".join(_cell(row.get(name)) for name in names) + " |" for row in rounds),
        "",
        "## How to use it",
        "",
        use_adapter(base, question),
        "or `caig generate --set writer.model=FOLDER --product mug.png`; `caig merge FOLDER OUT` makes one "
        "plain model of adapter and base.",
    ]
    return "\n".join([*lines, *_recipe(recipe)])


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _recipe(recipe: Recipe) -> list[str]:
    return ["", "## Recipe", "", "```yaml", dump(without_folders(recipe)).rstrip(), "```", ""]


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
        lines.append(f"It began as `{portable(base)}`.")
    return lines
