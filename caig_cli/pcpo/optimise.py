"""The last step of a round: the policy learns from preferences, held to the reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from torch import nn

from caig_cli.engine import loop
from caig_cli.engine.loop import Evaluate
from caig_cli.engine.run_dir import RunDir
from caig_cli.engine.runtime import derive_seed
from caig_cli.engine.stream import Stream
from caig_cli.mllm.loading import Mllm
from caig_cli.mllm.questions import write_question
from caig_cli.pcpo.context import Workshop
from caig_cli.pcpo.negatives import draw_negatives
from caig_cli.pcpo.policy import reference_state, restore_policy, save_policy
from caig_cli.pcpo.preference_batches import PreferenceSet, preference_step
from caig_cli.pcpo.scoring import prompt_logps
from caig_cli.records import Preference, Product

DISTANCE = "distance"
"""KL(policy, reference) among the figures of an evaluation."""
DISTANCE_PRODUCTS, DISTANCE_PROMPTS = 32, 2
"""On how many products and prompts of each it is measured: a standard error of about an eighth of a nat."""


def preference_set(shop: Workshop, preferences: Sequence[Preference], number: int) -> PreferenceSet:
    """The preferences in the model's form, with negatives and the reference's log-probabilities."""
    negatives = []
    if shop.objective.needs_negatives:
        seed = shop.recipe.seed
        negatives = draw_negatives(preferences, shop.recipe.negatives, seed=seed, round_number=number)
    made = PreferenceSet(shop.policy, preferences, negatives, shop.recipe.negatives, shop.asking)
    with shop.run.timed("reference"):
        made.look(shop.report)
        with reference_state(shop.policy), shop.accelerator.autocast():
            made.ask_reference(shop.scorer, shop.sizes, shop.report)
    return made


def optimise(
    shop: Workshop,
    folder: RunDir,
    preferences: Sequence[Preference],
    number: int,
    evaluate: Evaluate | None,
    *,
    step: float = 1.0,
) -> Mapping[str, float]:
    """Train the policy on the round's preferences and save it; returns the evaluation at the end.

    ``step`` scales the learning rate and the distance at which training stops.
    """
    trained = (folder.path / "adapter").is_dir()
    shop.team.wait()  # all have looked before the main process may write it
    if trained:
        restore_policy(shop.policy, folder.path / "adapter")
    elif preferences:
        learnt = preference_set(shop, preferences, number)
        seed = derive_seed(shop.recipe.seed, "optimise", number)
        optim = shop.recipe.optim
        budget = shop.recipe.pcpo.max_kl
        if budget is not None:
            evaluate = partial(_with_distance, shop, evaluate, preferences, number)
        result = loop.train(
            shop.scorer,
            Stream(lambda epoch: learnt.epoch(seed, epoch, shop.sizes), learnt.collate),
            preference_step(shop.objective, shop.runtime.device),
            optim.model_copy(update={"learning_rate": step * optim.learning_rate}),
            seed=seed,
            accelerator=shop.accelerator,
            run=folder,
            report=shop.report,
            evaluate=evaluate,
            unit=f"preferences of {shop.sizes.products} products",
            stop_when=None if budget is None else lambda figures: figures[DISTANCE] > step * budget,
        )
        shop.policy.model.eval()
        save_adapter(shop, folder)
        return result.evaluation
    else:
        shop.report.warn(f"round {number}: no preference is left, so there is nothing to learn")
        save_adapter(shop, folder)
    figures = {} if evaluate is None else loop.evaluated(shop.scorer, evaluate, shop.accelerator)
    shop.policy.model.eval()
    return figures


def _with_distance(
    shop: Workshop,
    evaluate: Evaluate | None,
    preferences: Sequence[Preference],
    number: int,
    model: nn.Module,
) -> dict[str, float]:
    """The evaluation, and KL(policy, reference) on fresh samples for some of the round's products."""
    products = list({one.product.id: one.product for one in preferences}.values())[:DISTANCE_PRODUCTS]
    prompts: dict[str, list[str]] = {}
    for start in range(0, len(products), shop.writer_batch):
        group = products[start : start + shop.writer_batch]
        seeds = [
            [derive_seed(shop.recipe.seed, "distance", number, one.id, k) for k in range(DISTANCE_PROMPTS)]
            for one in group
        ]
        prompts |= {one.id: texts for one, texts in zip(group, shop.write(group, seeds), strict=True)}
    kl, _ = distance(shop, products, prompts, reference_state)
    return {**(evaluate(model) if evaluate is not None else {}), DISTANCE: kl}


def distance(
    shop: Workshop,
    products: Sequence[Product],
    prompts: Mapping[str, Sequence[str]],
    origin: Callable[[Mllm], AbstractContextManager[None]],
) -> tuple[float, float]:
    """KL(policy, origin) in nats per prompt, estimated on the policy's own samples; and their mean length.

    Exact in expectation where sampling is plain (temperature 1, top_p 1).
    """
    ask = partial(prompt_logps, shop.policy, shop.scorer, shop.asking, products, prompts)
    with shop.accelerator.autocast():
        policy_D, length_D = ask()
        with origin(shop.policy):
            origin_D, _ = ask()
    return float((policy_D.double() - origin_D.double()).mean()), float(length_D.double().mean())


def save_adapter(shop: Workshop, folder: RunDir) -> None:
    """Write the policy's adapter and how it is asked; drop the checkpoints."""

    def fill(made: Path) -> None:
        save_policy(shop.policy, made)
        write_question(made, shop.question)

    if folder.is_main and not folder.has("adapter"):
        folder.fill_folder("adapter", fill)
    shop.team.wait()
    folder.remove("checkpoints")
