"""How the layers of a concept bottleneck are taught: on features that are computed once, from named pictures.

Legend of shape names: I ads, D width of their features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from safetensors.torch import save
from torch import nn

from caig_cli.engine.checkpoint import read_weights
from caig_cli.engine.runtime import derive_seed
from caig_cli.errors import UsageError
from caig_cli.mllm.attribute_pretraining import TrainingRun, mean_features, name_pictures, sum_losses
from caig_cli.records import Creative, Dialogue
from caig_cli.rewards.concepts import ConceptBottleneck
from caig_cli.rewards.config import AdAttributeSection
from caig_cli.rewards.feature_cache import CHUNK, FeatureCache
from caig_cli.rewards.model import RewardModel, device_of

FILE = "concepts.safetensors"
STEPS, BATCH = 1000, 1024
"""How the layers are trained on kept features: seconds of work."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a layer learns, and how fast it forgets."""

    rate: float
    decay: float


NAMING, JUDGING = Pace(0.01, 0.05), Pace(0.003, 1.0)


def learn_concepts(
    model: RewardModel,
    dialogues: Sequence[Dialogue],
    section: AdAttributeSection,
    cache: FeatureCache,
    training: TrainingRun,
) -> ConceptBottleneck:
    """Teach the names of dialogues to layers on a model whose looks last; a resumed run reads them again.

    Raises ItemError when a picture cannot be used, UsageError when no name is left to judge by.
    """
    taught, asked = name_pictures(dialogues, section.tasks)
    kept = read_weights(training.run, FILE)
    torch.manual_seed(derive_seed(training.seed, "names"))
    concepts = ConceptBottleneck(model.feature_width, asked, section.auxiliary_only).to(device_of(model))
    if concepts.width == 0:
        raise UsageError(
            "train_rm.attribute_data: all that it names is auxiliary "
            "(train_rm.attribute_pretraining.auxiliary_only)"
        )
    if kept is not None and kept.keys() == concepts.state_dict().keys():
        concepts.load_state_dict(kept)
    else:
        ads = [cache.ads.number(Creative(path)) for path, _ in taught]
        views = [(ad, view) for ad in ads for view in range(cache.views)]
        mean_ID = _see(model, views, cache, training)
        rows = [row for _, row in taught for _ in range(cache.views)]
        answers = [task.answers([row[asked.index(task)] for row in rows]) for task in concepts.tasks]
        _teach(
            concepts,
            mean_ID.to(device_of(model)),
            [answer.to(device_of(model)) for answer in answers],
            training,
        )
        training.run.write_bytes(FILE, save(concepts.state_dict()))
    cache.ads.forget()
    return concepts.requires_grad_(False).eval()


@torch.no_grad()
def _see(
    model: RewardModel, views: Sequence[tuple[int, int]], cache: FeatureCache, training: TrainingRun
) -> torch.Tensor:
    """Mean features of views of ads, float32 [I, D]."""
    assert isinstance(model, nn.Module)
    model.eval()
    seen = []
    with training.report.progress("encoding attribute data", len(views)) as bar:
        for start in range(0, len(views), CHUNK):
            chunk = views[start : start + CHUNK]
            seen.append(mean_features(model.features(cache.pixels(chunk).to(device_of(model)))).float().cpu())
            bar.advance(len(chunk))
    return torch.cat(seen)


def _teach(
    concepts: ConceptBottleneck, mean_ID: torch.Tensor, answers: Sequence[torch.Tensor], training: TrainingRun
) -> None:
    with torch.no_grad():
        concepts.level.momentum = None  # the mean of all, not one that forgets
        concepts.level.train()(mean_ID)
        concepts.level.eval()
    learners = [(concepts.layers, NAMING), (concepts.judgements, JUDGING)]
    optimizer = torch.optim.AdamW(
        [
            {"params": part.parameters(), "lr": pace.rate, "peak": pace.rate, "weight_decay": pace.decay}
            for part, pace in learners
            if len(part)
        ]
    )
    generator = torch.Generator().manual_seed(derive_seed(training.seed, "lessons"))
    with training.report.progress("learning concepts", STEPS) as bar:
        for step in range(STEPS):
            chosen = torch.randint(len(mean_ID), (BATCH,), generator=generator).to(mean_ID.device)
            named = concepts.named(mean_ID[chosen])
            # What is seen is not bent to what is judged by it.
            logits = [*named, *concepts.judged(concepts.chances(named).detach())]
            known = [answer[chosen] for answer in answers]
            loss = sum_losses(list(zip(concepts.tasks, logits, known, strict=True)), 1.0)
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * (1 - step / STEPS)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            bar.advance(1)
