"""A reward model's folder: weights as safetensors, and ``reward.json`` with all that its judge must know."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from caig_cli.engine import sources
from caig_cli.engine.bases import fingerprint as fingerprint
from caig_cli.engine.files import to_json
from caig_cli.engine.runtime import Runtime
from caig_cli.errors import UsageError
from caig_cli.mllm import loading
from caig_cli.rewards.architectures import ARCHITECTURES
from caig_cli.rewards.concepts import ConceptBottleneck
from caig_cli.rewards.config import RewardSection
from caig_cli.rewards.facts import RewardFacts, open_facts
from caig_cli.rewards.folders import FILE, SOURCES, is_there, locate
from caig_cli.rewards.implementations import read_concepts
from caig_cli.rewards.model import RewardModel

__all__ = [
    "FILE",
    "SOURCES",
    "RewardFacts",
    "is_there",
    "locate",
    "read_facts",
    "read_reward",
    "start_from",
    "write_reward",
]


def write_reward(model: RewardModel, facts: RewardFacts, card: str, folder: Path, dtype: torch.dtype) -> None:
    """Fill the folder of a trained reward model, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    ARCHITECTURES[facts.arch].implementation().write(model, folder, dtype)
    (folder / FILE).write_text(to_json(facts.model_dump(), indent=2) + "\n", "utf-8")
    (folder / "README.md").write_text(card, "utf-8")


def read_facts(folder: Path) -> RewardFacts:
    """What ``reward.json`` says. Raises UsageError when it is damaged or of an architecture without a row."""
    facts = open_facts(folder)
    if facts.arch not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise UsageError(f"{folder / FILE}:arch: {facts.arch!r} is not known; known architectures: {known}")
    return facts


def read_reward(folder: Path, runtime: Runtime) -> tuple[RewardModel, RewardFacts]:
    """The model, ready to judge. Raises UsageError when it is damaged or stands on other weights than now."""
    facts = _checked(folder)
    model: Any = ARCHITECTURES[facts.arch].implementation().read(folder, facts.settings, runtime)
    model.scale = facts.scale
    model.eval()
    return model, facts


def start_from(folder: Path, section: RewardSection, runtime: Runtime) -> tuple[Any, RewardFacts]:
    """The model, ready to go on learning. Raises UsageError as ``read_reward``."""
    facts = _checked(folder)
    model: Any = ARCHITECTURES[facts.arch].implementation().go_on(folder, facts.settings, section, runtime)
    model.scale = facts.scale
    return model, facts


def _checked(folder: Path) -> RewardFacts:
    facts = read_facts(folder)
    if facts.base is not None and facts.base_fingerprint != fingerprint(loading.locate(facts.base)):
        raise UsageError(
            f"{folder}: was trained on other weights of the base {facts.base}; train it again on these"
        )
    return facts


def concepts_of(source: str, base: str, width: int) -> ConceptBottleneck:
    """The concepts that a judge on ``base`` reads off features of ``width``.

    Raises UsageError when it judges by none, or has another encoder.
    """
    folder = locate(source)
    facts = read_facts(folder)
    speaks = ARCHITECTURES[facts.arch].language_model
    if speaks and facts.base_fingerprint != fingerprint(loading.locate(base)):
        raise UsageError(f"{source}: its concepts are those of another base than {base}")
    concepts = read_concepts(folder, facts.settings, width) if speaks else None
    if concepts is None:
        raise UsageError(f"{source}: is no judge of architecture mllm that judges by concepts")
    return concepts


def base_of(model: RewardModel) -> Mapping[str, str | None]:
    """The base and its fingerprint, where the weights are an adapter."""
    mllm = getattr(model, "mllm", None)
    if mllm is None or mllm.model is mllm.core:
        return {"base": None, "base_fingerprint": None}
    base = loading.base_name(mllm)
    return {"base": sources.portable(base), "base_fingerprint": fingerprint(loading.locate(base))}
