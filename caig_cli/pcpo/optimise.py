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
from caig_cli.pcpo.context import PcpoContext
from caig_cli.pcpo.negatives import draw_negatives
from caig_cli.pcpo.policy import reference_state, restore_policy, save_policy
from caig_cli.pcpo.preference_batches import PreferenceSet, preference_step
from caig_cli.pcpo.scoring import prompt_logps
from caig_cli.records import Preference, Product

DISTANCE = "distance"
"""KL(policy, reference) among the figures of an evaluation."""
DISTANCE_PRODUCTS, DISTANCE_PROMPTS = 32, 2
"""On how many products and prompts of each it is measured: a standard error of about an eighth of a nat."""


def preference_set(ctx: PcpoContext, preferences: Sequence[Preference], number: int) -> PreferenceSet:
    """The preferences in the model's form, with negatives and the reference's log-probabilities."""
    negatives = []
    if ctx.recipe.pcpo.needs_negatives:
        seed = ctx.recipe.seed
        negatives = draw_negatives(preferences, ctx.recipe.negatives, seed=seed, round_number=number)
    made = PreferenceSet(ctx.policy, preferences, negatives, ctx.recipe.negatives, ctx.asking)
    with ctx.run.timed("reference"):
        made.look(ctx.report)
        with reference_state(ctx.policy), ctx.accelerator.autocast():
            made.ask_reference(ctx.scorer, ctx.sizes, ctx.report)
    return made


def optimise(
    ctx: PcpoContext,
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
    ctx.processes.wait()  # all have looked before the main process may write it
    if trained:
        restore_policy(ctx.policy, folder.path / "adapter")
    elif preferences:
        learnt = preference_set(ctx, preferences, number)
        seed = derive_seed(ctx.recipe.seed, "optimise", number)
        optim = ctx.recipe.optim
        budget = ctx.recipe.pcpo.max_kl
        if budget is not None:
            evaluate = partial(_with_distance, ctx, evaluate, preferences, number)
        result = loop.train(
            ctx.scorer,
            Stream(lambda epoch: learnt.epoch(seed, epoch, ctx.sizes), learnt.collate),
            preference_step(ctx.recipe.pcpo, ctx.runtime.device),
            optim.model_copy(update={"learning_rate": step * optim.learning_rate}),
            seed=seed,
            accelerator=ctx.accelerator,
            run=folder,
            report=ctx.report,
            evaluate=evaluate,
            unit=f"preferences of {ctx.sizes.products} products",
            stop_when=None if budget is None else lambda figures: figures[DISTANCE] > step * budget,
        )
        ctx.policy.model.eval()
        save_adapter(ctx, folder)
        return result.evaluation
    else:
        ctx.report.warn(f"round {number}: no preference is left, so there is nothing to learn")
        save_adapter(ctx, folder)
    figures = {} if evaluate is None else loop.evaluated(ctx.scorer, evaluate, ctx.accelerator)
    ctx.policy.model.eval()
    return figures


def _with_distance(
    ctx: PcpoContext,
    evaluate: Evaluate | None,
    preferences: Sequence[Preference],
    number: int,
    model: nn.Module,
) -> dict[str, float]:
    """The evaluation, and KL(policy, reference) on fresh samples for some of the round's products."""
    products = list({one.product.id: one.product for one in preferences}.values())[:DISTANCE_PRODUCTS]
    prompts: dict[str, list[str]] = {}
    for start in range(0, len(products), ctx.writer_batch):
        group = products[start : start + ctx.writer_batch]
        seeds = [
            [derive_seed(ctx.recipe.seed, "distance", number, one.id, k) for k in range(DISTANCE_PROMPTS)]
            for one in group
        ]
        prompts |= {one.id: texts for one, texts in zip(group, ctx.write(group, seeds), strict=True)}
    kl, _ = distance(ctx, products, prompts, reference_state)
    return {**(evaluate(model) if evaluate is not None else {}), DISTANCE: kl}


def distance(
    ctx: PcpoContext,
    products: Sequence[Product],
    prompts: Mapping[str, Sequence[str]],
    origin: Callable[[Mllm], AbstractContextManager[None]],
) -> tuple[float, float]:
    """KL(policy, origin) in nats per prompt, estimated on the policy's own samples; and their mean length.

    Exact in expectation where sampling is plain (temperature 1, top_p 1).
    """
    ask = partial(prompt_logps, ctx.policy, ctx.scorer, ctx.asking, products, prompts)
    with ctx.accelerator.autocast():
        policy_D, length_D = ask()
        with origin(ctx.policy):
            origin_D, _ = ask()
    return float((policy_D.double() - origin_D.double()).mean()), float(length_D.double().mean())


def save_adapter(ctx: PcpoContext, folder: RunDir) -> None:
    """Write the policy's adapter and how it is asked; drop the checkpoints."""

    def fill(made: Path) -> None:
        save_policy(ctx.policy, made)
        write_question(made, ctx.question)

    if folder.is_main and not folder.has("adapter"):
        folder.fill_folder("adapter", fill)
    ctx.processes.wait()
    folder.remove("checkpoints")
