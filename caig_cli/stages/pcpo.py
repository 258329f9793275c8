"""``caig pcpo``: the prompt model learns from the judge without forgetting the product.

The heart of the method, in one process: each round samples prompts with the policy, paints them, has the
reward model rank the ads, and optimises the policy on the preferences and on product-centric negatives. The
reference is the policy's starting state, fixed over all rounds. Departures from the authors' code, each a
recipe value or a reason in its module: both orders are judged, near-ties are dropped and counted, rivals are
painted from one seed, prompts that repeat are drawn again, nothing is merged, and held-out products and a
second judge watch every round.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caig_cli.engine.outcome import Outcome
from caig_cli.engine.runtime import DTYPES, use_threads
from caig_cli.errors import UsageError
from caig_cli.painters import registry
from caig_cli.pcpo.config import PcpoRecipe
from caig_cli.pcpo.outcome import COLUMNS

if TYPE_CHECKING:
    from caig_cli.engine.memory_plan import Phase
    from caig_cli.engine.model_folder import Check
    from caig_cli.engine.report import Reporter
    from caig_cli.engine.run_dir import RunDir
    from caig_cli.mllm.questions import PromptQuestion
    from caig_cli.pcpo.context import PcpoContext
    from caig_cli.pcpo.evaluation import Start
    from caig_cli.records import Preference

__all__ = ["MEMORY_SAVERS", "PcpoRecipe", "check", "memory", "plan", "run"]

MEMORY_SAVERS = {
    "quantise": "nf4", "optim.gradient_checkpointing": True, "pcpo.batch_products": 1, "writer.batch": 1,
    "diffusion.batch": 1, "diffusion.vae_slicing": True, "diffusion.offload": "model", "policy.lora.rank": 32,
}  # fmt: skip
"""Values that need less memory."""
RESULT = (*COLUMNS, "dropped")
"""Figures of a round that ``--json`` prints; round.json has more."""


def models(recipe: PcpoRecipe) -> dict[str, Check | None]:
    """The models that a run opens."""
    from caig_cli.cutouts.source import hub_name
    from caig_cli.judges import opened_models
    from caig_cli.judges.stored_judge import heldout_of
    from caig_cli.mllm.folders import check_folder

    heldout = heldout_of(recipe.judge.model, recipe.judge.heldout)
    named = (recipe.policy.base, recipe.eval.relevance)
    mllms: dict[str, Check | None] = {source: check_folder for source in named if source is not None}
    for judge in (recipe.judge.model, heldout):
        mllms |= opened_models(judge) if judge is not None else {}
    network = hub_name(recipe.pcpo.cutout)
    if network is not None:
        mllms[str(network)] = None
    return mllms | registry.models(recipe.painter.name, recipe.diffusion)


def check(recipe: PcpoRecipe) -> None:
    """Read the products and look for the base; nothing is written before. Raises UsageError in one line."""
    from caig_cli.engine import sources
    from caig_cli.mllm import folders
    from caig_cli.pcpo.preference_files import check_parquet
    from caig_cli.pcpo.products import split_products

    if recipe.pcpo.max_kl is not None and not recipe.optim.evaluate_every:
        raise UsageError("pcpo.max_kl is measured while a round trains; set optim.evaluate_every (10)")
    split_products(recipe.pcpo, recipe.eval, recipe.seed)
    if recipe.pcpo.hugging_face_file:
        check_parquet()
    if not sources.is_remote(recipe.policy.base):
        folders.locate(recipe.policy.base)


def plan(recipe: PcpoRecipe, report: Reporter) -> list[str]:
    """What a run would do; reads the records and checks that the weights are there."""
    from caig_cli.engine import sources
    from caig_cli.judges.stored_judge import heldout_of
    from caig_cli.mllm import folders
    from caig_cli.pcpo.loaded_judge import is_there
    from caig_cli.pcpo.products import split_products

    given = recipe.pcpo
    split = split_products(given, recipe.eval, recipe.seed)
    size = len(split.of_round(1, given.products_per_round))
    known = "a market's products, whose truth is known" if split.oracle else "products"
    lines = [
        f"{len(split.learn)} {known}, {len(split.evaluate)} held out, {len(split.failed)} unusable",
        f"{given.rounds} rounds of {size} products x {given.candidates} prompts, loss {given.loss}",
        *_guards(recipe),
        recipe.reason(),
        f"start from {sources.describe(recipe.policy.base, folders.locate)}",
    ]
    if not sources.is_remote(recipe.policy.base):
        lines.append(f"asked {_question(recipe).described}")
    if not is_there(recipe.judge.model):
        raise UsageError(f"judge {recipe.judge.model} is missing from this installation; set judge.model")
    if recipe.eval.relevance is not None:
        lines.append(f"relevance judge {sources.describe(recipe.eval.relevance, folders.locate)}")
    watcher = heldout_of(recipe.judge.model, recipe.judge.heldout)
    watched = f"watched by {watcher}" if watcher and is_there(watcher) else "no held-out judge"
    return [
        *lines,
        f"judge {recipe.judge.model}, {watched}",
        *registry.planned(recipe.painter.name, recipe.diffusion),
    ]


def _guards(recipe: PcpoRecipe) -> list[str]:
    """What is scored without being painted, and what holds a round back."""
    given, how = recipe.pcpo, recipe.surrogate
    lines = [f"{how.products} more products a round x {how.candidates} prompts, scored and not painted"]
    if how.recombinations and registry.PAINTERS[recipe.painter.name].crossover() is not None:
        lines.append(f"the best of {how.recombinations} recombinations of each of their prompts")
    if not how.products:
        lines = []
    if given.max_kl is not None:
        lines.append(f"a round stops {given.max_kl:g} nats per prompt from the {given.reference} policy")
    if given.accept:
        lines.append("a round whose held-out figures fall is learnt again with half the step, or left out")
    return lines


def _question(recipe: PcpoRecipe) -> PromptQuestion:
    """What the policy is asked. Raises UsageError where a wrong title would make no wrong question."""
    from caig_cli.mllm.prompt_model import question_for

    question = question_for(recipe.policy.base, recipe.writer.question)
    if recipe.pcpo.needs_negatives and recipe.negatives.caption and not question.tells_product:
        raise UsageError(
            "writer.question tells nothing of the product, so that another title makes no negative; name "
            "{caption} in it, or set negatives.caption=0"
        )
    return question


def memory(recipe: PcpoRecipe) -> list[Phase]:
    """What each phase of a round needs on the device."""
    from caig_cli.pcpo.pcpo_memory import planned

    return planned(recipe)


def settled(recipe: PcpoRecipe) -> PcpoRecipe:
    """The recipe with a number wherever it says auto and the memory plan decides."""
    from caig_cli.pcpo.pcpo_memory import settled as batched

    return batched(recipe)


def run(recipe: PcpoRecipe, run_dir: RunDir, report: Reporter) -> Outcome:
    """Play the rounds and write ``adapter/`` in the run folder: a PEFT adapter that caig generate takes."""
    from caig_cli.pcpo import reporting
    from caig_cli.pcpo.context import open_context
    from caig_cli.pcpo.evaluation import evaluate_start
    from caig_cli.pcpo.round_metrics import stops_at

    use_threads(recipe.threads)
    _question(recipe)
    recipe = settled(recipe)
    rows: list[dict[str, Any]] = []
    with open_context(recipe, run_dir, report) as ctx:
        start = evaluate_start(ctx)
        _begin(ctx)
        for number in range(1, recipe.pcpo.rounds + 1):
            row = _finished(ctx, number)
            if row is None:
                row = _play(ctx, number, start, rows)
                reporting.track(ctx, row)
            rows.append(row)
            reporting.tell(ctx, start, rows)
            taken = ctx.policy_after(number)
            heldout = [row["win_rate_heldout"] for row in rows]
            back = stops_at(heldout, recipe.eval) if ctx.heldout_decides else None
            if back is not None:
                report.warn(f"the held-out judge has fallen: stopped after round {number}, took round {back}")
                taken = back
                break
        source = ctx.counted(taken).path / "adapter"
        adapter = _deliver(ctx, source, reporting.card(ctx, start, rows, taken))
        failed = (*ctx.split.failed, *ctx.cutouts.failed.values())
        reporting.write_report(ctx, start, rows, failed, taken)
        for remark in ctx.finish.remarks():
            report.warn(remark)
        for kind, count in ctx.finish.counts.items():
            run_dir.count(f"prompts {kind}", count)
        ctx.processes.wait()
    rounds = [{key: row[key] for key in RESULT} for row in rows]
    return Outcome({"rounds": rounds, "adapter": str(adapter)}, failed, (str(adapter),))


def _play(ctx: PcpoContext, number: int, start: Start, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One round: sample -> paint -> rank -> prefer -> optimise -> evaluate, and again by half if refused."""
    from caig_cli.pcpo import rollout, round_preferences
    from caig_cli.pcpo.context import AGAIN
    from caig_cli.pcpo.policy import move_reference, restore_policy
    from caig_cli.pcpo.round_metrics import why_refused

    given, folder, before = ctx.recipe.pcpo, ctx.folder(number), ctx.policy_after(number - 1)
    origin = ctx.counted(before).path / "adapter"
    restore_policy(ctx.policy, origin)
    if given.reference == "last":
        move_reference(ctx.policy, origin, ctx.runtime.dtype)
    ctx.report.info(f"round {number} of {given.rounds}")
    products, unpainted, dropped = rollout.round_products(ctx, number)
    surrogate = round_preferences.fit_rounds(ctx, number - 1)
    prompts = rollout.sample_candidates(ctx, folder, products, number, surrogate)
    rollout.paint_and_rank(ctx, folder, products, prompts, number)
    preferences, more = round_preferences.preferences_of_candidates(
        ctx, folder, products, prompts, given.candidates
    )
    predicted, lost, trust = round_preferences.preferences_of_unpainted(ctx, folder, unpainted, number)
    preferences += predicted
    row: dict[str, Any] = {
        "round": number, "pairs": len(preferences), "dropped": dict(sorted((dropped + more + lost).items())),
        **trust,
    }  # fmt: skip
    figures = _learn(ctx, folder, preferences, number, start, 1.0)
    if given.accept:
        last = {**start.figures, **next((one for one in rows if one["round"] == before), {})}
        # Against the start too, or match could fall by a little in every round.
        last["match"] = max(
            (m for m in (start.figures.get("match"), last.get("match")) if m is not None), default=None
        )
        refused = why_refused(figures, last)
        if refused is not None:
            ctx.report.info(f"round {number}: {refused}; learning it again with half the step")
            restore_policy(ctx.policy, origin)
            row["refused"] = refused
            figures = _learn(ctx, folder.part(AGAIN), preferences, number, start, 0.5)
            refused = why_refused(figures, last)
        row["accepted"] = refused is None
        if refused is not None:
            ctx.report.info(f"round {number}: {refused}; going on from round {before}")
            row["refused"] = refused
    row = {**dict.fromkeys(RESULT), **row, **figures}
    folder.write_json("round.json", row)
    ctx.processes.wait()
    return row


def _learn(
    ctx: PcpoContext,
    folder: RunDir,
    preferences: Sequence[Preference],
    number: int,
    start: Start,
    step: float,
) -> dict[str, Any]:
    """Optimise from where the policy is, and the figures of what it came to."""
    from caig_cli.pcpo.evaluation import evaluate_round
    from caig_cli.pcpo.optimise import optimise

    held_out = optimise(ctx, folder, preferences, number, start.evaluate, step=step)
    return {
        **evaluate_round(ctx, folder, start),
        "chosen_logp": held_out.get("logps/chosen"),
        "rejected_logp": held_out.get("logps/rejected"),
        **{f"heldout/{name}": value for name, value in held_out.items()},
    }


def _begin(ctx: PcpoContext) -> None:
    """Keep the policy's starting state, from which round 1 and an early stop may need to go on."""
    from caig_cli.pcpo.optimise import save_adapter

    folder = ctx.folder(0)
    folder.path.mkdir(parents=True, exist_ok=True)
    save_adapter(ctx, folder)


def _finished(ctx: PcpoContext, number: int) -> dict[str, Any] | None:
    """The row of a round that an earlier attempt has finished."""
    row = ctx.folder(number).read_json("round.json")
    whole = isinstance(row, dict) and set(RESULT) <= row.keys() and row["round"] == number
    return row if whole else None


def _deliver(ctx: PcpoContext, source: Path, card: str) -> Path:
    """Copy the resulting adapter to its final place; merge it into a plain model if the recipe says so."""
    import torch

    from caig_cli.judges.stored_judge import copy_kept, keep_judge
    from caig_cli.mllm.merging import merge_into

    def fill(made: Path) -> None:
        shutil.copytree(source, made, dirs_exist_ok=True)
        keep_judge(ctx.recipe.judge.model, made)
        (made / "README.md").write_text(card, "utf-8")

    folder = ctx.run.fill_folder("adapter", fill)

    def merge(made: Path) -> None:
        merge_into(str(folder), made, getattr(torch, DTYPES[str(ctx.recipe.pcpo.merge)]))
        copy_kept(folder, made)

    if ctx.run.is_main and ctx.recipe.pcpo.merge is not None:
        ctx.run.fill_folder("model", merge)
    return folder
