"""``caig pretrain``: teach a prompt model e-commerce dialogues.

The paper's first stage: supervised fine-tuning on three task families, loss on the model's own words only.
Departure from the paper: conversations about one image share one row, so that the image is looked at once;
each is computed as if it stood alone. The embedded prompt model is made here from nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from caig_cli.engine.optim import Count, OptimSection, Share, Tracker
from caig_cli.engine.outcome import Outcome
from caig_cli.engine.runtime import DTYPES, derive_seed, seed_everything, use_threads
from caig_cli.errors import UsageError
from caig_cli.mllm.config import ModelSection, PlannedRecipe, ScratchSection
from caig_cli.recipe import Section, recipe_hash
from caig_cli.records import Dialogue

if TYPE_CHECKING:
    import torch
    from torch import nn

    from caig_cli.engine.loop import Evaluate, StepFunction
    from caig_cli.engine.memory_plan import Phase
    from caig_cli.engine.model_folder import Check
    from caig_cli.engine.report import Reporter
    from caig_cli.engine.run_dir import RunDir
    from caig_cli.engine.runtime import Runtime
    from caig_cli.mllm.batching import DialogueSet
    from caig_cli.mllm.inputs import Batch
    from caig_cli.mllm.loading import Mllm
    from caig_cli.mllm.questions import PromptQuestion


MEMORY_SAVERS = {
    "quantise": "nf4",
    "optim.gradient_checkpointing": True,
    "pretrain.batch_tokens": 1024,
    "pretrain.conversations_per_row": 1,
}
"""Values that need less memory."""


class DataSection(Section):
    """The dialogues and how they are mixed."""

    data: Path | None = None
    """Dialogues to learn: LLaVA JSON or JSONL, or a public set (AutoPP1M, PAd1M)."""

    eval_data: Path | None = None
    """Dialogues to evaluate on; empty holds out a share of the images of data."""

    images: Path | None = None
    """Folder that image paths start from; empty means the folder of the file."""

    eval_share: Share = 0.03
    """Share of the images to hold out when eval_data is empty; 0 holds out none."""

    min_eval_images: Count = 4
    """Images to hold out at least, or half of them where that is less."""

    eval_per_task: Count = 200
    """Held-out dialogues to evaluate per task, at most."""

    task_weights: dict[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    """How often, on average, a task's dialogues come in an epoch; a task not named comes once."""

    balance: Share = 0.0
    """0 counts every response token alike, 1 every answer alike, however long."""

    conversations_per_row: Count = 4
    """Conversations that may share one look at their image; 1 trains each alone (same result, slower)."""

    batch_tokens: Count = 2048
    """Tokens of a micro-batch, image tokens and padding included."""

    max_tokens: Count = 1024
    """Tokens of the longest dialogue, image included; longer ones are left out and listed."""

    augment: Annotated[float, Field(ge=0)] = 0.0
    """Strength of image variation (mirror, shift, scale, turn, colour behind a cut-out); 0 for none."""

    tracker: Tracker | None = None
    """Experiment tracker that gets the figures of training too, if it is installed."""

    save_dtype: Literal["fp32", "bf16", "fp16"] = "bf16"
    """Precision of the written weights; adapters are written as trained."""


class PretrainRecipe(PlannedRecipe):
    """Recipe of ``caig pretrain``."""

    default_recipe: ClassVar[str | None] = "finetune"

    pretrain: DataSection = DataSection()
    """Data."""

    model: ModelSection = ModelSection()
    """Model."""

    optim: OptimSection = OptimSection(learning_rate=2e-4, epochs=3.0)
    """Optimisation."""

    @model_validator(mode="after")
    def _frozen_if_quantised(self) -> Self:
        if self.quantise in ("nf4", "int8") and self.model.lora is None:
            raise ValueError(f"quantise {self.quantise} is for frozen weights; give model.lora, or none")
        return self


def models(recipe: PretrainRecipe) -> dict[str, Check | None]:
    """The model that a run starts from."""
    from caig_cli.mllm.folders import check_folder

    new = recipe.model.from_scratch
    source = recipe.model.base if new is None else new.language_model
    return {} if source is None else {source: check_folder}


def check(recipe: PretrainRecipe) -> None:
    """Read the dialogues and look for the base; nothing is written before. Raises UsageError in one line."""
    from caig_cli.engine import sources
    from caig_cli.mllm import folders

    _read(recipe)
    base = recipe.model.base
    if base is not None and not sources.is_remote(base):
        folders.check_whole(base)


def plan(recipe: PretrainRecipe, report: Reporter) -> list[str]:
    """What a run would do; reads the dialogues and checks that the base is there."""
    from caig_cli.engine import sources
    from caig_cli.mllm import folders

    train, held_out = _read(recipe, report.info)
    lines = [
        f"{len(train)} dialogues to learn ({_tasks(train)}), {len(held_out)} held out",
        recipe.reason(),
    ]
    if recipe.model.base is not None:
        lines.append(f"start from {sources.describe(recipe.model.base, folders.locate)}")
    else:
        lines.append("start from random weights and a new tokenizer")
    lines.append(
        "train " + ("all weights" if recipe.model.lora is None else f"LoRA rank {recipe.model.lora.rank}")
    )
    return lines


def memory(recipe: PretrainRecipe) -> list[Phase]:
    """What training and evaluation need on the device; nothing is planned for a model from nothing."""
    from caig_cli.engine import sources
    from caig_cli.mllm import model_memory as needs
    from caig_cli.mllm.batching import Sizes, largest
    from caig_cli.mllm.meta_model import load_meta_model

    source = recipe.model.base
    if source is None or sources.is_remote(source):
        return []
    whole = recipe.model.lora is None
    one = load_meta_model(
        source, recipe.planned_runtime(), recipe.model.lora, tower=whole and recipe.model.train_tower
    )
    train, _ = _read(recipe)
    data = recipe.pretrain
    batch = largest(
        train, one.mllm.encoder, Sizes(data.conversations_per_row, data.batch_tokens), data.max_tokens
    )
    learnt = needs.learning("train", one, [batch], recipe.optim)
    return [learnt, replace(learnt, name="evaluate", activations=needs.asking(one, [batch]))]


def run(recipe: PretrainRecipe, run_dir: RunDir, report: Reporter) -> Outcome:
    """Train and write ``model/`` in the run folder: a transformers folder, or a PEFT adapter with LoRA."""
    from caig_cli.data.markets import of_market
    from caig_cli.engine import loop
    from caig_cli.engine.stream import Stream
    from caig_cli.mllm.attribute_pretraining import TrainingRun, level, pretrain_attributes
    from caig_cli.mllm.batching import Sizes, TrainingPictures, read_set
    from caig_cli.mllm.scoring import ResponseScorer
    from caig_cli.mllm.training_report import write_dialogue_page

    use_threads(recipe.threads)
    runtime = recipe.runtime()
    report.info(runtime.reason)
    accelerator = loop.make_accelerator(runtime, recipe.pretrain.tracker, run_dir.path)
    train, held_out = _read(recipe, report.info)
    named = (recipe.pretrain.data, recipe.pretrain.eval_data, *(one.image for one in train + held_out))
    run_dir.remember("data", [file for file in named if file is not None], report.warn)
    mllm = _start(recipe, train, runtime)
    data, pictures = recipe.pretrain, TrainingPictures(mllm.rules)
    sizes = Sizes(data.conversations_per_row, data.batch_tokens)
    learn, failed = read_set(train, mllm.encoder, pictures, sizes, data.max_tokens, report)
    judge, failed_too = read_set(held_out, mllm.encoder, pictures, sizes, data.max_tokens, report)
    if not learn.dialogues:
        raise UsageError(f"{data.data}: no dialogue can be used; {(failed + failed_too)[0].error}")
    if (new := recipe.model.from_scratch) is not None:
        training = TrainingRun(recipe.seed, data.augment, runtime, run_dir, report)
        if new.attribute_pretraining is not None:
            pretrain_attributes(mllm, learn.dialogues, pictures, new.attribute_pretraining, training)
        level(mllm, learn.dialogues, pictures)
    if not recipe.model.train_tower:
        # Answers whose words are mostly chance send a small tower noise: it forgot half of what it knew.
        mllm.tower.requires_grad_(False)
    with loop.tracked(accelerator, "caig-pretrain", {"recipe": recipe_hash(recipe)}) as track:
        result = loop.train(
            ResponseScorer(mllm),
            Stream(
                lambda number: learn.epoch(recipe.seed, number, data.task_weights),
                lambda item: learn.collate(item, data.augment),
            ),
            _step(data.balance, runtime.device),
            recipe.optim,
            seed=recipe.seed,
            accelerator=accelerator,
            run=run_dir,
            report=report,
            evaluate=_evaluation(judge, runtime.device) if judge.dialogues else None,
            unit=f"{data.batch_tokens:,} tokens",
            track=track,
        )
    simulated = of_market(one.image for one in train if one.image is not None)
    folder = _save(recipe, mllm, run_dir, result.evaluation, _question(recipe, train), simulated=simulated)
    report.table("held-out dialogues", ["figure", "value"], list(result.evaluation.items()))
    about = {"learnt from": f"{len(train):,} dialogues" + (" (simulated market)" if simulated else "")}
    write_dialogue_page(run_dir, result.evaluation, about | _began(recipe), failed + failed_too)
    return Outcome(
        result={"model": str(folder), "steps": result.steps, "evaluation": dict(result.evaluation)},
        failed=tuple(failed + failed_too),
        lines=(str(folder),),
    )


def _began(recipe: PretrainRecipe) -> dict[str, str]:
    base = recipe.model.base
    return {"began as": "random weights" if base is None else base, "recipe": recipe_hash(recipe)}


# --- model -----------------------------------------------------------------------------------------


def _start(recipe: PretrainRecipe, train: Sequence[Dialogue], runtime: Runtime) -> Mllm:
    """The model before the first step, in float32 where its own weights are trained."""
    import torch

    from caig_cli.mllm import loading

    seed_everything(derive_seed(recipe.seed, "weights"))
    lora = recipe.model.lora
    if recipe.model.from_scratch is not None:
        mllm = _new(recipe.model.from_scratch, train)
        mllm.model.to(runtime.device)
        return mllm
    base = str(recipe.model.base)
    dtype = torch.float32 if lora is None else runtime.dtype
    mllm = loading.load(base, device=runtime.device, dtype=dtype, quantised=runtime.quantise)
    if lora is None:
        loading.check_trainable(mllm, "model.lora")
        return mllm
    return loading.add_lora(mllm, base, rank=lora.rank, alpha=lora.alpha, dropout=lora.dropout)


def _new(section: ScratchSection, train: Sequence[Dialogue]) -> Mllm:
    """A model with a new tower, and with a new language model too unless it takes over another's words."""
    import torch

    from caig_cli.mllm import loading, tokenizer

    tower = loading.hybrid_tower(section.tower)
    if section.language_model is None:
        words = tokenizer.train_tokenizer((t.text for d in train for t in d.turns), section.vocabulary)
        language = loading.llama(section.language.model_dump(), words)
        return loading.from_scratch(tower, language, words, section.matte)
    other = loading.load(section.language_model, device=torch.device("cpu"), dtype=torch.float32)
    mllm = loading.from_scratch(tower, other.config.text_config, other.tokenizer, section.matte)
    loading.copy_language_model(mllm, other)
    return mllm


def _step(balance: float, device: torch.device) -> StepFunction:
    from caig_cli.engine.loop import StepOutput
    from caig_cli.losses.supervised import length_weights, token_nll, weighted_sum

    def step(model: nn.Module, batch: Batch) -> StepOutput:
        batch = batch.to(device)
        nll_N = token_nll(model(batch), batch.target_N)
        loss, weight = weighted_sum(nll_N, length_weights(batch.branch_N, balance))
        return StepOutput(loss, float(weight))

    return step


def _evaluation(held_out: DialogueSet, device: torch.device) -> Evaluate:
    from caig_cli.mllm.evaluation import score_tasks

    items = held_out.epoch(0, 0)
    return lambda model: score_tasks(model, held_out, items, device)


def _question(recipe: PretrainRecipe, train: Sequence[Dialogue]) -> PromptQuestion:
    """What the model is asked from now on: as the dialogues ask for prompts, else as its base was."""
    from caig_cli.mllm.prompt_model import question_for
    from caig_cli.mllm.questions import OURS, taught

    known = OURS if recipe.model.base is None else question_for(recipe.model.base)
    return taught(train) or known


def _save(
    recipe: PretrainRecipe,
    mllm: Mllm,
    run_dir: RunDir,
    figures: Mapping[str, float],
    question: PromptQuestion,
    *,
    simulated: bool,
) -> Path:
    """Write the folder of the model."""
    import torch

    from caig_cli.mllm.card import model_card
    from caig_cli.mllm.questions import write_question

    def fill(folder: Path) -> None:
        card = model_card(mllm, recipe, figures, recipe.model.base, simulated)
        mllm.save(folder, getattr(torch, DTYPES[recipe.pretrain.save_dtype]))
        (folder / "README.md").write_text(card, "utf-8")
        write_question(folder, question)

    return run_dir.fill_folder("model", fill)


# --- data ------------------------------------------------------------------------------------------


def _read(
    recipe: PretrainRecipe, notify: Callable[[str], None] = lambda line: None
) -> tuple[list[Dialogue], list[Dialogue]]:
    """Dialogues to learn and to hold out; an image is on one side only."""
    from caig_cli.data.dialogues import read_dialogues
    from caig_cli.engine.held_out import held_out as held_out_items
    from caig_cli.mllm.questions import OURS

    data = recipe.pretrain
    if data.data is None:
        raise UsageError("pretrain.data is missing: name the dialogues, as in caig pretrain --data FILE")
    read = partial(read_dialogues, images=data.images, ask=OURS.ask, notify=notify)
    train = read(data.data)
    if data.eval_data is not None:
        held_out = read(data.eval_data)
    else:
        names = [Path(str(d.image or d.id)).name for d in train]
        chosen = held_out_items(names, data.eval_share, data.min_eval_images, recipe.seed)
        held_out = [d for d, name in zip(train, names, strict=True) if name in chosen]
        train = [d for d, name in zip(train, names, strict=True) if name not in chosen]
    return train, _per_task(held_out, data.eval_per_task, recipe.seed)


def _per_task(dialogues: Sequence[Dialogue], limit: int, seed: int) -> list[Dialogue]:
    """At most ``limit`` dialogues of each task, chosen by their ids."""
    seen: Counter[str | None] = Counter()
    kept = []
    for dialogue in sorted(dialogues, key=lambda d: derive_seed(seed, "evaluate", d.id)):
        seen[dialogue.task] += 1
        if seen[dialogue.task] <= limit:
            kept.append(dialogue)
    return kept


def _tasks(dialogues: Sequence[Dialogue]) -> str:
    return ", ".join(
        f"{n} {task or 'untitled'}" for task, n in Counter(d.task for d in dialogues).most_common()
    )
