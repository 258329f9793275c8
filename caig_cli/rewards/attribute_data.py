"""What a reward model learns before it hears of clicks: to see ads, and to name what they show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from caig_cli.data.dialogues import read_dialogues
from caig_cli.errors import UsageError
from caig_cli.mllm.attribute_pretraining import EncoderTraining, TrainingRun, teach_names
from caig_cli.mllm.batching import TrainingPictures
from caig_cli.rewards.architectures import ARCHITECTURES
from caig_cli.rewards.concept_training import learn_concepts
from caig_cli.rewards.config import RewardSection, TrainRmSection
from caig_cli.rewards.feature_cache import FeatureCache, NumberedAds
from caig_cli.rewards.storage import concepts_of


def check_attribute_data(section: RewardSection, teaching: TrainRmSection) -> Path | None:
    """The dialogues that name what ads show, if there are any. Raises UsageError where it is missing."""
    if section.concept_bottleneck and teaching.attribute_data is None:
        raise UsageError(
            "model.concept_bottleneck: name the dialogues that teach them with train_rm.attribute_data"
        )
    if teaching.attribute_data is not None and not teaching.attribute_data.is_file():
        raise UsageError(f"train_rm.attribute_data: {teaching.attribute_data}: no such file")
    return teaching.attribute_data


def concepts_source(section: RewardSection) -> str | None:
    """The judge whose concepts are taken over, if any. Raises UsageError where they are of no use."""
    part = section.mllm
    if not ARCHITECTURES[section.arch].language_model or part.concepts_from is None:
        return None
    if part.train_tower or part.layout != "two_images":
        raise UsageError(
            "model.mllm.concepts_from: concepts are read off a frozen tower, with layout two_images"
        )
    return part.concepts_from


def pretrain_encoder(
    model: Any, section: RewardSection, teaching: TrainRmSection, training: TrainingRun
) -> None:
    """Pre-train an encoder that is trained here by attributes, then learn concepts, as the sections say.

    Raises UsageError for dialogues that cannot teach this model.
    """
    tasks, dialogues_file = teaching.attribute_pretraining.tasks, check_attribute_data(section, teaching)
    if dialogues_file is None:
        if (source := concepts_source(section)) is not None:
            model.use_concepts(concepts_of(source, section.mllm.base, model.feature_width))
            model.to(training.runtime.device)
        return
    if model.features_fixed and not section.concept_bottleneck:
        raise UsageError(
            "train_rm.attribute_data: the tower is frozen; set model.concept_bottleneck or "
            "model.mllm.train_tower, or give no such data"
        )
    if ARCHITECTURES[section.arch].language_model and section.mllm.layout == "side_by_side":
        raise UsageError("train_rm.attribute_data need model.mllm.layout two_images: they show one ad")
    named = [d for d in read_dialogues(dialogues_file) if d.task in tasks]
    if not named:
        raise UsageError(f"{dialogues_file}: no dialogue of {', '.join(tasks)}")
    if not model.features_fixed:
        encoder = EncoderTraining(model, model.features, model.feature_width)
        teach_names(encoder, named, TrainingPictures(model.rules), teaching.attribute_pretraining, training)
        if teaching.attribute_pretraining.freeze_encoder:
            model.freeze_encoder()
    if section.concept_bottleneck:
        ads = NumberedAds(model.rules, teaching.room)
        cache = FeatureCache(ads, strength=teaching.augment, views=teaching.augmentations, seed=training.seed)
        model.use_concepts(learn_concepts(model, named, teaching.attribute_pretraining, cache, training))
        model.to(training.runtime.device)
