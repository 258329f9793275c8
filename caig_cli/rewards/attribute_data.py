"""What a reward model learns before it hears of clicks: to see ads, and to name what they show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from caig_cli.data.dialogues import read_dialogues
from caig_cli.errors import UsageError
from caig_cli.mllm.attribute_pretraining import Eyes, Lesson, teach_names
from caig_cli.mllm.batching import Pictures
from caig_cli.rewards.concepts import learn_names
from caig_cli.rewards.config import RewardSection, TrainRmSection
from caig_cli.rewards.feature_cache import Ads, Looks
from caig_cli.rewards.storage import names_of


def check_lessons(section: RewardSection, teaching: TrainRmSection) -> Path | None:
    """The file of lessons, if there are any. Raises UsageError where it is missing."""
    if section.names and teaching.lessons is None:
        raise UsageError("model.names: name the dialogues that teach them with train_rm.lessons")
    if teaching.lessons is not None and not teaching.lessons.is_file():
        raise UsageError(f"train_rm.lessons: {teaching.lessons}: no such file")
    return teaching.lessons


def known_names(section: RewardSection) -> str | None:
    """The judge whose names are taken over, if there is one. Raises UsageError where they are of no use."""
    part = section.mllm
    if section.arch != "mllm" or part.names_of is None:
        return None
    if part.train_tower or part.layout != "two_images":
        raise UsageError("model.mllm.names_of: names are read off a frozen tower, with layout two_images")
    return part.names_of


def learn_to_see(model: Any, section: RewardSection, teaching: TrainRmSection, lesson: Lesson) -> None:
    """A first look of a vision encoder that is trained here, then names to judge by, as the sections say.

    Raises UsageError for lessons that cannot teach this model.
    """
    tasks, lessons = teaching.first_look.tasks, check_lessons(section, teaching)
    if lessons is None:
        if (source := known_names(section)) is not None:
            model.judge_by(names_of(source, section.mllm.base, model.seen_width))
            model.to(lesson.runtime.device)
        return
    if model.looks_last and not section.names:
        raise UsageError(
            "train_rm.lessons: the tower is frozen; set model.names, model.mllm.train_tower, or no lessons"
        )
    if section.arch == "mllm" and section.mllm.layout == "side_by_side":
        raise UsageError("train_rm.lessons need model.mllm.layout two_images: they show one ad")
    named = [d for d in read_dialogues(lessons) if d.task in tasks]
    if not named:
        raise UsageError(f"{lessons}: no dialogue of {', '.join(tasks)}")
    if not model.looks_last:
        eyes = Eyes(model, model.features, model.seen_width)
        teach_names(eyes, named, Pictures(model.rules), teaching.first_look, lesson)
        if teaching.first_look.then_frozen:
            model.freeze_sight()
    if section.names:
        ads = Ads(model.rules, teaching.room)
        looks = Looks(ads, strength=teaching.vary_images, views=teaching.views, seed=lesson.seed)
        model.judge_by(learn_names(model, named, teaching.first_look, looks, lesson))
        model.to(lesson.runtime.device)
