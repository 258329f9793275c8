"""Recipes that lean on another judge: one that goes on learning, and a second one beside the first."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caig_cli.engine import hub_name, sources
from caig_cli.engine.runtime import derive_seed
from caig_cli.errors import UsageError
from caig_cli.recipe import replaced
from caig_cli.rewards.architectures import ARCHITECTURES
from caig_cli.rewards.config import TrainRmRecipe
from caig_cli.rewards.facts import RewardFacts
from caig_cli.rewards.folders import FILE, SOURCES, is_there
from caig_cli.rewards.split import Data, teaching
from caig_cli.rewards.storage import read_facts

HELDOUT = "heldout"


@dataclass(frozen=True, slots=True)
class Before:
    """A judge as it was stored."""

    folder: Path
    facts: RewardFacts


def judge_of(source: str | None) -> Before | None:
    """The judge of a source; None where it is none, as with a plain model."""
    if source is None or source == hub_name.EMBEDDED:  # that is the name of the prompt model here
        return None
    folder = SOURCES.get(source) or sources.cached(source)
    return Before(folder, read_facts(folder)) if folder is not None and (folder / FILE).is_file() else None


def settled(recipe: TrainRmRecipe) -> TrainRmRecipe:
    """The recipe with what ``model.base`` decides: the architecture's own values where it is a judge.

    Raises UsageError where the two don't fit.
    """
    source, arch = recipe.model.base, recipe.model.arch
    if source is None or sources.is_remote(source):
        return recipe
    before = judge_of(source)
    if before is None:
        if source != hub_name.EMBEDDED:
            sources.locate(source)  # which says that there is no such folder
        if not ARCHITECTURES[arch].language_model:
            raise UsageError(f"--base {source}: is no judge of caig train-rm; {arch} goes on from one")
        return replaced(recipe, {"model.base": None, "model.mllm.base": source})
    if before.facts.arch != arch:
        raise UsageError(f"--base {source}: is a judge of architecture {before.facts.arch}; say so by --arch")
    if recipe.train_rm.attribute_data is not None or recipe.model.concept_bottleneck:
        raise UsageError(
            f"--base {source}: a judge goes on with what it sees; leave attribute data and concepts out"
        )
    return replaced(recipe, _kept(before) if ARCHITECTURES[arch].language_model else {})


def _kept(before: Before) -> dict[str, Any]:
    """What an mllm judge stands on and how it looks, by the recipe's keys."""
    from caig_cli.mllm.meta_model import lora_of

    facts, adapter = before.facts, before.facts.base is not None
    return {
        "model.mllm.base": facts.base if adapter else str(before.folder),
        "model.mllm.lora": lora_of(before.folder).model_dump() if adapter else None,
        "model.mllm.layout": facts.settings["layout"],
        "model.mllm.concepts_from": None,
    }


def second_recipe(recipe: TrainRmRecipe, data: Data) -> TrainRmRecipe:
    """How the second judge learns: with another seed and, where there is one, another architecture."""
    arch = recipe.second.arch or _other(recipe, data)
    values: dict[str, Any] = {
        "seed": derive_seed(recipe.seed, "second") % 2**31,
        "model.arch": arch,
        "model.base": None,
        "model.concept_bottleneck": False,
        "train_rm.attribute_data": None,
        "optim": recipe.second.optim.model_dump(),
        "second.train": False,
    }
    part = recipe.model.vam
    if arch == "vam" and part.concepts_from is None and part.vision.base is None and is_there(HELDOUT):
        values["model.vam.concepts_from"] = HELDOUT  # eyes of its own that have learnt to see already
    if not ARCHITECTURES[arch].language_model:
        values["quantise"] = "auto"
    return replaced(recipe, values)


def _other(recipe: TrainRmRecipe, data: Data) -> str:
    """The first small ranker that is not the first one's kind and can learn from the log."""
    rate = teaching(recipe.train_rm).rate
    rated = any(math.isfinite(rate(ad)) for pair in data.train for ad in (pair.left, pair.right))
    small = [name for name, row in ARCHITECTURES.items() if not row.language_model]
    able = [name for name in small if rated or not ARCHITECTURES[name].needs_rates]
    return next((name for name in able if name != recipe.model.arch), able[0])
