"""``caig train-rm``: a reward model learns from pairs of ads which one is clicked more.

The paper's second stage, CE + 0.5 MSE on two heads. Departures from it, each a recipe value: targets may be
posterior probabilities instead of the noisy order of the log, pairs may be shown in both orders and what is
said of them brought together, rates are standardised so that the second term has a gradient, and odds are
calibrated on held-out pairs.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from caig_cli.engine.outcome import Outcome
from caig_cli.engine.runtime import use_threads
from caig_cli.rewards.architectures import ARCHITECTURES
from caig_cli.rewards.config import TrainRmRecipe as TrainRmRecipe

if TYPE_CHECKING:
    from caig_cli.engine.memory_plan import Phase
    from caig_cli.engine.model_folder import Check
    from caig_cli.engine.report import Reporter
    from caig_cli.engine.run_dir import RunDir
    from caig_cli.rewards.learning import Learnt

MEMORY_SAVERS = {
    "quantise": "nf4",
    "optim.gradient_checkpointing": True,
    "train_rm.batch_pairs": 4,
    "train_rm.swap": "random",
}
"""Values that need less memory."""


def models(recipe: TrainRmRecipe) -> dict[str, Check | None]:
    """The models that a run starts from."""
    from caig_cli.mllm.folders import check_folder

    model, row = recipe.model, ARCHITECTURES[recipe.model.arch]
    if model.base is not None:
        return {model.base: None}
    return dict.fromkeys(row.starts_from(model), check_folder if row.language_model else None)


def check(recipe: TrainRmRecipe) -> None:
    """Read the pairs and look for the base; nothing is written before. Raises UsageError in one line."""
    from caig_cli.engine import sources
    from caig_cli.mllm import folders
    from caig_cli.rewards.files import read_files

    read_files(recipe.train_rm)
    from caig_cli.rewards.continued import settled  # loads torch

    model = settled(recipe).model
    starts = ARCHITECTURES[model.arch].language_model and model.base is None
    for source in [model.mllm.base] if starts else models(recipe):
        if not sources.is_remote(source):
            folders.check_whole(source) if starts else sources.locate(source)


def plan(recipe: TrainRmRecipe, report: Reporter) -> list[str]:
    """What a run would do; reads the pairs and checks that the base is there."""
    from caig_cli.engine import sources
    from caig_cli.mllm import folders
    from caig_cli.rewards.attribute_data import check_attribute_data, concepts_source
    from caig_cli.rewards.continued import second_recipe, settled
    from caig_cli.rewards.split import is_simulated, read_data

    recipe = settled(recipe)
    data = read_data(recipe.train_rm, recipe.seed)
    arch, part = recipe.model.arch, recipe.model.mllm
    lines = [
        f"{len(data.train)} pairs of {data.items} items to learn, {len(data.held_out)} held out, "
        f"{len(data.failed)} unusable",
        recipe.reason(),
        f"architecture {arch}: {ARCHITECTURES[arch].help}",
    ]
    if recipe.model.base is not None:
        lines.append(f"the judge {recipe.model.base} goes on learning")
    elif ARCHITECTURES[arch].language_model:
        start = sources.describe(part.base, folders.locate)
        weights = "all weights" if part.lora is None else f"LoRA rank {part.lora.rank}"
        lines.append(f"start from {start}, train {weights} and the heads")
    else:
        lines += [f"start from {sources.describe(source)}" for source in models(recipe)]
    if (dialogues_file := check_attribute_data(recipe.model, recipe.train_rm)) is not None:
        judge = " and judge by these concepts" if recipe.model.concept_bottleneck else ""
        lines.append(f"pre-train the encoder on {dialogues_file}{judge}")
    elif (known := concepts_source(recipe.model)) is not None:
        lines.append(f"judge by the concepts of {known}")
    if recipe.second.train:
        lines.append(f"a second judge of architecture {second_recipe(recipe, data).model.arch}")
    if is_simulated(recipe.train_rm, data):
        lines.append("clicks of the simulated market")
    return lines


def memory(recipe: TrainRmRecipe) -> list[Phase]:
    """What training and evaluation need on the device; nothing is planned for rankers, which are small."""
    from caig_cli.engine import sources
    from caig_cli.rewards.continued import settled
    from caig_cli.rewards.learning import wording_of
    from caig_cli.rewards.reward_memory import training
    from caig_cli.rewards.split import read_data

    recipe = settled(recipe)
    speaks = ARCHITECTURES[recipe.model.arch].language_model
    if not speaks or sources.is_remote(recipe.model.base or recipe.model.mllm.base):
        return []
    wording = wording_of(recipe)
    texts = [wording.text(pair) for pair in read_data(recipe.train_rm, recipe.seed).train]
    return training(recipe.model.mllm, recipe.train_rm, recipe.optim, recipe.planned_runtime(), texts)


def run(recipe: TrainRmRecipe, run_dir: RunDir, report: Reporter) -> Outcome:
    """Train, calibrate and write ``model/`` in the run folder, and the second judge in that."""
    from caig_cli.rewards.attribute_data import check_attribute_data
    from caig_cli.rewards.continued import second_recipe, settled
    from caig_cli.rewards.learning import learn
    from caig_cli.rewards.reward_report import write_report
    from caig_cli.rewards.split import read_data

    use_threads(recipe.threads)
    recipe = settled(recipe)
    check_attribute_data(recipe.model, recipe.train_rm)
    runtime = recipe.runtime()
    report.info(runtime.reason)
    data = read_data(recipe.train_rm, recipe.seed)
    run_dir.remember("data", data.files(recipe.train_rm), report.warn)
    for warning in data.warnings:
        report.warn(warning)
    learnt = learn(recipe, data, runtime, run_dir, report)
    _tell(learnt, "", report)
    result, failed, judges = _result(learnt), data.failed + learnt.failed, {"The judge": learnt.facts}
    if recipe.second.train:
        other = second_recipe(recipe, data)
        report.info(f"second judge: architecture {other.model.arch}")
        second = learn(other, data, runtime, run_dir.part("second"), report)
        _tell(second, "second judge, ", report)
        _enclose(second, run_dir)
        result["second"] = _result(second)
        judges["The second judge"] = second.facts
    write_report(run_dir, judges, learnt.pairs, failed)
    return Outcome(result=result, failed=tuple(failed), lines=(str(learnt.folder),))


def _result(learnt: Learnt) -> dict[str, Any]:
    facts = learnt.facts
    return {
        "model": str(learnt.folder),
        "arch": facts.arch,
        "steps": learnt.steps,
        "simulated": facts.simulated,
        "evaluation": facts.evaluation,
    }


def _tell(learnt: Learnt, whose: str, report: Reporter) -> None:
    """The figures, and how little they say where there are few pairs."""
    from caig_cli.judge_metrics import FEW_PAIRS
    from caig_cli.rewards.card import how_sure, shown

    facts = learnt.facts
    if learnt.pairs < FEW_PAIRS:
        report.warn(f"{learnt.pairs} pairs teach next to nothing of what is clicked; take more of the log")
    if facts.evaluation.get("pairs", FEW_PAIRS) < FEW_PAIRS:
        report.warn(how_sure(facts.evaluation))
    about = f"{whose}held-out pairs" + (" (simulated market)" if facts.simulated else "")
    report.table(about, ["figure", "value, 95 %"], shown(facts.evaluation))


def _enclose(second: Learnt, run_dir: RunDir) -> None:
    """Put the second judge into the folder of the first, so that they stay together."""
    from caig_cli.rewards.folders import SECOND

    run_dir.fill_folder(
        f"model/{SECOND}", lambda folder: shutil.copytree(second.folder, folder, dirs_exist_ok=True)
    )
