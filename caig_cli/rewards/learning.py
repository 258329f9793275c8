"""How a reward model is learnt: from data that was read to a folder with weights, calibration and card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from caig_cli.engine import loop
from caig_cli.engine.digests import digests
from caig_cli.engine.loop import Evaluate, StepFunction
from caig_cli.engine.report import Reporter
from caig_cli.engine.run_dir import RunDir
from caig_cli.engine.runtime import DTYPES, Runtime, derive_seed, seed_everything
from caig_cli.engine.stream import Stream
from caig_cli.errors import UsageError
from caig_cli.mllm.attribute_pretraining import TrainingRun
from caig_cli.recipe import recipe_hash
from caig_cli.records import Failure
from caig_cli.rewards.architectures import ARCHITECTURES, Architecture
from caig_cli.rewards.attribute_data import pretrain_encoder
from caig_cli.rewards.card import reward_card
from caig_cli.rewards.config import TrainRmRecipe, TrainRmSection
from caig_cli.rewards.continued import judge_of
from caig_cli.rewards.data import PairSet, usable
from caig_cli.rewards.evaluation import calibrated, log_spread, promise
from caig_cli.rewards.facts import RewardFacts
from caig_cli.rewards.feature_cache import FRESH, FeatureCache, NumberedAds
from caig_cli.rewards.model import CtrScale
from caig_cli.rewards.question_template import QuestionTemplate
from caig_cli.rewards.split import Data, is_simulated, teaching
from caig_cli.rewards.storage import base_of, start_from, write_reward
from caig_cli.rewards.targets import fit_scale
from caig_cli.rewards.training import Best, LossWeights


@dataclass(frozen=True, slots=True)
class Learnt:
    """A judge that was trained: its folder, what its judge must know, steps, pairs, and pairs of no use."""

    folder: Path
    facts: RewardFacts
    steps: int
    pairs: int
    failed: list[Failure]


def learn(recipe: TrainRmRecipe, data: Data, runtime: Runtime, run_dir: RunDir, report: Reporter) -> Learnt:
    """Train and calibrate a reward model and write ``model/`` in the run folder; a resumed run goes on."""
    architecture = ARCHITECTURES[recipe.model.arch]
    accelerator = loop.make_accelerator(runtime, recipe.train_rm.tracker, run_dir.path)
    seed_everything(derive_seed(recipe.seed, "weights"))
    wording = wording_of(recipe)
    model, before = _start(recipe, architecture, [wording.text(pair) for pair in data.train], runtime)
    training = TrainingRun(recipe.seed, recipe.train_rm.augment, runtime, run_dir, report)
    if before is None:
        pretrain_encoder(model, recipe.model, recipe.train_rm, training)
    mixed = not architecture.needs_rates
    learnt, judged, failed = _sets(recipe, data, model, wording, report, mixed=mixed)
    _scale(recipe, model, learnt, architecture, before)
    best = Best(run_dir, model) if recipe.train_rm.keep_best and judged is not None else None
    swap = recipe.train_rm.swap if architecture.ordered else "none"
    with loop.tracked(accelerator, "caig-train-rm", {"recipe": recipe_hash(recipe)}) as track:
        result = loop.train(
            model,
            Stream(lambda number: learnt.epoch(recipe.seed, number, swap), learnt.collate),
            _step(architecture, recipe.train_rm, runtime.device),
            recipe.optim,
            seed=recipe.seed,
            accelerator=accelerator,
            run=run_dir,
            report=report,
            evaluate=None if judged is None else _evaluation(judged, best),
            unit=f"{recipe.train_rm.batch_pairs} pairs" + (" in both orders" if swap == "both" else ""),
            track=track,
        )
    if best is not None:
        best.restore()
    simulated = is_simulated(recipe.train_rm, data) or (before is not None and before.simulated)
    facts = _facts(recipe, model, learnt, judged, before, simulated=simulated)
    folder = _save(recipe, model, facts, run_dir)
    return Learnt(folder, facts, result.steps, len(learnt.pairs), failed)


def wording_of(recipe: TrainRmRecipe) -> QuestionTemplate:
    """What the model is told: a judge that goes on learning is asked what it was taught with."""
    before = judge_of(recipe.model.base)
    if before is not None:
        return before.facts.wording
    question, ordered = recipe.model.question, ARCHITECTURES[recipe.model.arch].ordered
    return QuestionTemplate(question.form if ordered else "facts", question.caption, question.attributes)


def _start(
    recipe: TrainRmRecipe, architecture: Architecture, texts: Sequence[str], runtime: Runtime
) -> tuple[Any, RewardFacts | None]:
    """The model before its first step, and what is known of the judge that it was."""
    before = judge_of(recipe.model.base)
    if before is None:
        return architecture.implementation().start(recipe.model, texts, runtime), None
    return start_from(before.folder, recipe.model, runtime)


def _sets(
    recipe: TrainRmRecipe, data: Data, model: Any, wording: QuestionTemplate, report: Reporter, *, mixed: bool
) -> tuple[PairSet, PairSet | None, list[Failure]]:
    """What is learnt and what is judged, as sets of usable pairs; a frozen tower looks at all ads now."""
    section = recipe.train_rm
    ads = NumberedAds(model.rules, section.room)
    train, failed = usable(data.train, ads, report)
    held_out, failed_too = usable(data.held_out, ads, report)
    if not train:
        raise UsageError(f"{section.pairs}: no pair can be used; {(data.failed + failed)[0].error}")
    views = section.augmentations if model.features_fixed else FRESH
    cache = FeatureCache(ads, strength=section.augment, views=views, seed=recipe.seed)
    learnt = PairSet(train, teaching(section), wording, cache, section.batch_pairs, mixed=mixed)
    judged = PairSet(held_out, teaching(section), wording, cache, section.batch_pairs) if held_out else None
    if model.features_fixed:
        cache.fill(model, learnt.rate, judged.rate if judged else (), section.room, report)
    return learnt, judged, failed + failed_too


def _scale(
    recipe: TrainRmRecipe,
    model: Any,
    learnt: PairSet,
    architecture: Architecture,
    before: RewardFacts | None,
) -> None:
    """Give the model the units of the rates that it is to learn; one that has learnt some keeps its own."""
    if architecture.needs_rates and not learnt.knows_rates:
        raise UsageError(
            f"{recipe.train_rm.pairs}: {recipe.model.arch} learns from click-through rates and no ad has "
            "one; make the pairs with caig pairs, or train mllm"
        )
    if before is not None and before.scale != CtrScale():
        model.scale = before.scale
    elif recipe.train_rm.standardise != "none":
        log = recipe.train_rm.standardise == "log"
        model.scale = fit_scale(list(learnt.rate.values()), log=log)


def _step(architecture: Architecture, section: TrainRmSection, device: torch.device) -> StepFunction:
    weights = LossWeights(section.ctr_weight, section.order_weight)
    step = architecture.implementation().step
    return lambda model, batch: step(model, batch.to(device), weights)


def _evaluation(judged: PairSet, best: Best | None) -> Evaluate:
    def evaluate(model: Any) -> dict[str, float]:
        opinion, figures = calibrated(model, judged)
        if best is not None:
            best.offer(promise(opinion, judged))
        return figures

    return evaluate


def _facts(
    recipe: TrainRmRecipe,
    model: Any,
    learnt: PairSet,
    judged: PairSet | None,
    before: RewardFacts | None,
    *,
    simulated: bool,
) -> RewardFacts:
    """Calibrate the trained model on the held-out pairs and say all that its judge must know."""
    section, architecture = recipe.train_rm, ARCHITECTURES[recipe.model.arch]
    model.eval()
    opinion, figures = (None, {}) if judged is None else calibrated(model, judged)
    rates = learnt.knows_rates and (section.ctr_weight > 0 or architecture.needs_rates)
    wording = learnt.wording
    assert section.pairs is not None
    return RewardFacts(
        arch=recipe.model.arch,
        settings=dict(architecture.implementation().settings(model)),
        form=wording.form,
        caption=wording.caption,
        attributes=wording.attributes,
        question=wording.question,
        ctr_mean=model.scale.mean,
        ctr_std=model.scale.std,
        ctr_log=model.scale.log,
        ctr_log_spread=log_spread(opinion, judged) if rates and opinion is not None and judged else None,
        temperature=figures.get("temperature", 1.0),
        simulated=simulated,
        prior=section.prior,
        recipe=recipe_hash(recipe),
        evaluation=figures,
        log=str(next(iter(digests([section.pairs]).values())))[:12],
        began_as=None if before is None else before.recipe,
        **base_of(model),
    )


def _save(recipe: TrainRmRecipe, model: Any, facts: RewardFacts, run_dir: RunDir) -> Path:
    dtype = getattr(torch, DTYPES[recipe.train_rm.save_dtype])
    card = reward_card(facts, recipe)
    return run_dir.fill_folder("model", lambda folder: write_reward(model, facts, card, folder, dtype))
