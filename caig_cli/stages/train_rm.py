"""``caig train-rm``: a reward model learns from pairs of ads which one is clicked more.

The paper's second stage, CE + 0.5 MSE on two heads. Departures from it, each a recipe value: targets may be
posterior probabilities instead of the noisy order of the log, pairs may be shown in both orders and what is
said of them brought together, rates are standardised so that the second term has a gradient, and odds are
calibrated on held-out pairs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import model_validator

from caig_cli.engine.optim import OptimSection
from caig_cli.engine.outcome import Outcome
from caig_cli.engine.runtime import DTYPES, derive_seed, seed_everything, use_threads
from caig_cli.errors import UsageError
from caig_cli.mllm.rewards.sections import RewardSection, TrainRmSection
from caig_cli.mllm.sections import PlannedRecipe
from caig_cli.recipe import recipe_hash
from caig_cli.records import Failure

if TYPE_CHECKING:
    import torch

    from caig_cli.engine.loop import Evaluate, StepFunction
    from caig_cli.engine.memory import Phase
    from caig_cli.engine.report import Reporter
    from caig_cli.engine.run_dir import RunDir
    from caig_cli.engine.sources import Check
    from caig_cli.mllm.rewards.data import PairSet
    from caig_cli.mllm.rewards.split import Data
    from caig_cli.mllm.rewards.storage import RewardFacts
    from caig_cli.mllm.rewards.table import Architecture
    from caig_cli.mllm.rewards.training import Best
    from caig_cli.mllm.rewards.wording import Wording

LEAN = {
    "quantise": "nf4",
    "optim.gradient_checkpointing": True,
    "train_rm.batch_pairs": 4,
    "train_rm.swap": "random",
}
"""Values that need less memory."""


class TrainRmRecipe(PlannedRecipe):
    """Recipe of ``caig train-rm``."""

    default_recipe: ClassVar[str | None] = None

    train_rm: TrainRmSection = TrainRmSection()
    """Data."""

    model: RewardSection = RewardSection()
    """Model."""

    optim: OptimSection = OptimSection(learning_rate=2e-4, epochs=3.0)
    """Optimisation."""

    @model_validator(mode="after")
    def _frozen_if_quantised(self) -> Self:
        if self.quantise in ("nf4", "int8") and (self.model.arch != "mllm" or self.model.mllm.lora is None):
            raise ValueError(f"quantise {self.quantise} is for arch mllm with adapters (model.mllm.lora)")
        return self

    @model_validator(mode="after")
    def _eyes_stay(self) -> Self:
        pre_trained = {
            "mllm": not self.model.mllm.train_tower,
            "vam": self.model.vam.vision.frozen,
            "cg4ctr": self.model.cg4ctr.vision.frozen,
        }[self.model.arch]
        if self.model.names and not pre_trained and not self.train_rm.first_look.then_frozen:
            raise ValueError("model.names wants eyes that stay; set train_rm.first_look.then_frozen")
        return self


def models(recipe: TrainRmRecipe) -> dict[str, Check | None]:
    """The models that a run starts from."""
    from caig_cli.mllm.families import check_folder

    model = recipe.model
    if model.arch == "mllm":
        return {model.mllm.base: check_folder}
    encoders = {"vam": (model.vam.vision,), "cg4ctr": (model.cg4ctr.vision, model.cg4ctr.text)}[model.arch]
    return {encoder.base: None for encoder in encoders if encoder.base is not None}


def plan(recipe: TrainRmRecipe, report: Reporter) -> list[str]:
    """What a run would do; reads the pairs and checks that the base is there."""
    from caig_cli.engine import sources
    from caig_cli.mllm import folders
    from caig_cli.mllm.rewards.lessons import check_lessons, known_names
    from caig_cli.mllm.rewards.split import is_simulated, read_data
    from caig_cli.mllm.rewards.table import ARCHITECTURES

    data = read_data(recipe.train_rm, recipe.seed)
    arch, part = recipe.model.arch, recipe.model.mllm
    lines = [
        f"{len(data.train)} pairs of {data.items} items to learn, {len(data.held_out)} held out, "
        f"{len(data.failed)} unusable",
        recipe.reason(),
        f"architecture {arch}: {ARCHITECTURES[arch].help}",
    ]
    if arch == "mllm":
        start = sources.describe(part.base, folders.locate)
        weights = "all weights" if part.lora is None else f"LoRA rank {part.lora.rank}"
        lines.append(f"start from {start}, train {weights} and the heads")
    else:
        lines += [f"start from {sources.describe(source)}" for source in models(recipe)]
    if (lessons := check_lessons(recipe.model, recipe.train_rm)) is not None:
        judge = " and judge by what they name" if recipe.model.names else ""
        lines.append(f"learn to see from {lessons}{judge}")
    elif (known := known_names(recipe.model)) is not None:
        lines.append(f"judge by the names of {known}")
    if is_simulated(recipe.train_rm, data):
        lines.append("clicks of the simulated market")
    return lines


def memory(recipe: TrainRmRecipe) -> list[Phase]:
    """What training and evaluation need on the device; nothing is planned for rankers, which are small."""
    from caig_cli.engine import sources
    from caig_cli.mllm.rewards.memory import training
    from caig_cli.mllm.rewards.split import read_data
    from caig_cli.mllm.rewards.table import ARCHITECTURES

    if recipe.model.arch != "mllm" or sources.is_remote(recipe.model.mllm.base):
        return []
    wording = _wording(recipe, ARCHITECTURES["mllm"])
    told = [wording.text(pair) for pair in read_data(recipe.train_rm, recipe.seed).train]
    return training(recipe.model.mllm, recipe.train_rm, recipe.optim, recipe.planned_runtime(), told)


def run(recipe: TrainRmRecipe, run_dir: RunDir, report: Reporter) -> Outcome:
    """Train, calibrate and write ``model/`` in the run folder."""
    from caig_cli.engine import loop
    from caig_cli.engine.stream import Stream
    from caig_cli.mllm.first_look import Lesson
    from caig_cli.mllm.rewards.lessons import check_lessons, learn_to_see
    from caig_cli.mllm.rewards.split import is_simulated, read_data
    from caig_cli.mllm.rewards.table import ARCHITECTURES
    from caig_cli.mllm.rewards.training import Best

    use_threads(recipe.threads)
    check_lessons(recipe.model, recipe.train_rm)
    runtime = recipe.runtime()
    report.info(runtime.reason)
    architecture, data = ARCHITECTURES[recipe.model.arch], read_data(recipe.train_rm, recipe.seed)
    run_dir.remember("data", data.files(recipe.train_rm), report.warn)
    for warning in data.warnings:
        report.warn(warning)
    seed_everything(derive_seed(recipe.seed, "weights"))
    wording = _wording(recipe, architecture)
    model = architecture.start(recipe.model, [wording.text(pair) for pair in data.train], runtime)
    lesson = Lesson(recipe.seed, recipe.train_rm.vary_images, runtime, run_dir, report)
    learn_to_see(model, recipe.model, recipe.train_rm, lesson)
    mixed = not architecture.needs_rates
    learn, judged, failed = _sets(recipe, data, model, wording, report, mixed=mixed)
    _scale(recipe, model, learn, architecture)
    best = Best(run_dir, model) if recipe.train_rm.keep_best and judged is not None else None
    swap = recipe.train_rm.swap if architecture.ordered else "none"
    result = loop.train(
        model,
        Stream(lambda number: learn.epoch(recipe.seed, number, swap), learn.collate),
        _step(architecture, recipe.train_rm, runtime.device),
        recipe.optim,
        seed=recipe.seed,
        accelerator=loop.make_accelerator(runtime),
        run=run_dir,
        report=report,
        evaluate=None if judged is None else _evaluation(judged, best),
        unit=f"{recipe.train_rm.batch_pairs} pairs" + (" in both orders" if swap == "both" else ""),
    )
    if best is not None:
        best.restore()
    facts = _facts(recipe, model, learn, judged, is_simulated(recipe.train_rm, data))
    folder = _save(recipe, model, facts, run_dir)
    _tell(facts, len(learn.pairs), report)
    return Outcome(
        result={
            "model": str(folder),
            "arch": facts.arch,
            "steps": result.steps,
            "simulated": facts.simulated,
            "evaluation": facts.evaluation,
        },
        failed=tuple(data.failed + failed),
        lines=(str(folder),),
    )


# --- training --------------------------------------------------------------------------------------


def _sets(
    recipe: TrainRmRecipe, data: Data, model: Any, wording: Wording, report: Reporter, *, mixed: bool
) -> tuple[PairSet, PairSet | None, list[Failure]]:
    """What is learnt and what is judged, as sets of usable pairs; a frozen tower looks at all ads now."""
    from caig_cli.mllm.rewards.data import PairSet, usable
    from caig_cli.mllm.rewards.looks import FRESH, Ads, Looks
    from caig_cli.mllm.rewards.split import teaching

    section = recipe.train_rm
    ads = Ads(model.rules, section.room)
    train, failed = usable(data.train, ads, report)
    held_out, failed_too = usable(data.held_out, ads, report)
    if not train:
        raise UsageError(f"{section.pairs}: no pair can be used; {(data.failed + failed)[0].error}")
    views = section.views if model.looks_last else FRESH
    looks = Looks(ads, strength=section.vary_images, views=views, seed=recipe.seed)
    learn = PairSet(train, teaching(section), wording, looks, section.batch_pairs, mixed=mixed)
    judged = PairSet(held_out, teaching(section), wording, looks, section.batch_pairs) if held_out else None
    if model.looks_last:
        looks.fill(model, learn.rate, judged.rate if judged else (), section.room, report)
    return learn, judged, failed + failed_too


def _scale(recipe: TrainRmRecipe, model: Any, learn: PairSet, architecture: Architecture) -> None:
    """Give the model the units of the rates that it is to learn."""
    from caig_cli.mllm.rewards.targets import fit_scale

    if architecture.needs_rates and not learn.knows_rates:
        raise UsageError(
            f"{recipe.train_rm.pairs}: {recipe.model.arch} learns from click-through rates and no ad has "
            "one; make the pairs with caig pairs, or train mllm"
        )
    if recipe.train_rm.standardise != "none":
        log = recipe.train_rm.standardise == "log"
        model.scale = fit_scale(list(learn.rate.values()), log=log)


def _wording(recipe: TrainRmRecipe, architecture: Architecture) -> Wording:
    from caig_cli.mllm.rewards.wording import Wording

    question = recipe.model.question
    return Wording(question.form if architecture.ordered else "facts", question.caption, question.attributes)


def _step(architecture: Architecture, section: TrainRmSection, device: torch.device) -> StepFunction:
    from caig_cli.mllm.rewards.training import Weights

    weights = Weights(section.ctr_weight, section.order_weight)
    return lambda model, batch: architecture.step(model, batch.to(device), weights)


def _evaluation(judged: PairSet, best: Best | None) -> Evaluate:
    def evaluate(model: Any) -> dict[str, float]:
        from caig_cli.mllm.rewards.evaluation import calibrated

        _, figures = calibrated(model, judged)
        if best is not None:
            best.offer(figures["log_loss"])
        return figures

    return evaluate


# --- result ----------------------------------------------------------------------------------------


def _tell(facts: RewardFacts, learnt: int, report: Reporter) -> None:
    """The figures, and how little they say where there are few pairs."""
    from caig_cli.judging import FEW_PAIRS
    from caig_cli.mllm.rewards.card import how_sure, shown

    if learnt < FEW_PAIRS:
        report.warn(f"{learnt} pairs teach next to nothing of what is clicked; learn from more of the log")
    if facts.evaluation.get("pairs", FEW_PAIRS) < FEW_PAIRS:
        report.warn(how_sure(facts.evaluation))
    about = "held-out pairs (simulated market)" if facts.simulated else "held-out pairs"
    report.table(about, ["figure", "value, 95 %"], shown(facts.evaluation))


def _facts(
    recipe: TrainRmRecipe, model: Any, learn: PairSet, judged: PairSet | None, simulated: bool
) -> RewardFacts:
    """Calibrate the trained model on the held-out pairs and say all that its judge must know."""
    from caig_cli.mllm.rewards.evaluation import calibrated, log_spread
    from caig_cli.mllm.rewards.storage import RewardFacts, base_of
    from caig_cli.mllm.rewards.table import ARCHITECTURES

    section, architecture = recipe.train_rm, ARCHITECTURES[recipe.model.arch]
    model.eval()
    said, figures = (None, {}) if judged is None else calibrated(model, judged)
    learnt = learn.knows_rates and (section.ctr_weight > 0 or architecture.needs_rates)
    wording = learn.wording
    return RewardFacts(
        arch=recipe.model.arch,
        settings=dict(architecture.settings(model)),
        form=wording.form,
        caption=wording.caption,
        attributes=wording.attributes,
        question=wording.question,
        ctr_mean=model.scale.mean,
        ctr_std=model.scale.std,
        ctr_log=model.scale.log,
        ctr_log_spread=log_spread(said, judged) if learnt and said is not None and judged else None,
        temperature=figures.get("temperature", 1.0),
        simulated=simulated,
        prior=section.prior,
        recipe=recipe_hash(recipe),
        evaluation=figures,
        **base_of(model),
    )


def _save(recipe: TrainRmRecipe, model: Any, facts: RewardFacts, run_dir: RunDir) -> Path:
    import torch

    from caig_cli.mllm.rewards.card import reward_card
    from caig_cli.mllm.rewards.storage import write_reward

    dtype = getattr(torch, DTYPES[recipe.train_rm.save_dtype])
    card = reward_card(facts, recipe)
    return run_dir.fill_folder("model", lambda folder: write_reward(model, facts, card, folder, dtype))
