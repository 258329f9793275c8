"""Pre-training by attributes: a vision encoder from scratch learns to tell pictures apart, first of all.

Long answers, and clicks, teach a new encoder slowly: most words of an answer can be told without looking, and
a click log is mostly noise. So for a few minutes it is trained on the tasks whose answers are names, by one
linear layer per task on the mean of its features; the layers are thrown away. It stands in for the CLIP
training that a LLaVA starts from.

A name is a class. Where a task's answers list names, parted by commas, each name is a question of its own
that is answered with yes or no.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save
from torch import nn
from torch.nn import functional as F

from caig_cli.engine.checkpoint import read_weights, trained_state
from caig_cli.engine.finite import check_tensors
from caig_cli.engine.optim import OptimSection, learning_rate, make_optimizer
from caig_cli.engine.report import Reporter
from caig_cli.engine.run_dir import RunDir
from caig_cli.engine.runtime import Runtime, derive_seed
from caig_cli.mllm.augment import augment_all, cut_together
from caig_cli.mllm.batching import TrainingPictures
from caig_cli.mllm.config import AttributePretrainingSection
from caig_cli.mllm.images import flatten
from caig_cli.mllm.loading import Mllm, level_projector
from caig_cli.records import Dialogue

FILE = "attribute-pretraining.safetensors"
FILE_OF_NETWORK = "attribute-pretraining-network.safetensors"
ATTENTION = 8
"""Steps of the residual network for one of the attention on its last map, which learns alone at the end."""
PARTED = ", "
PROBE = 64
"""Dialogues whose pictures tell how large a new tower's features are."""
TELL = 10
"""Steps between two looks at the figures: a device waits for each."""

Named = tuple[Path, tuple[tuple[int, ...], ...]]
"""A picture and the classes that each task names in it; none where the task has no answer about it."""


@dataclass(frozen=True, slots=True)
class AttributeTask:
    """A task, the names that answer it, and whether an answer may list several."""

    name: str
    names: tuple[str, ...]
    several: bool

    def answers(self, named: Sequence[tuple[int, ...]]) -> torch.Tensor:
        """What each picture's answer names, 1 or 0, float32 [B, names]; zeros where there is no answer."""
        named_BN = torch.zeros(len(named), len(self.names))
        for row, classes in zip(named_BN, named, strict=True):
            row[list(classes)] = 1.0
        return named_BN

    def loss(self, logits: torch.Tensor, answers: torch.Tensor) -> torch.Tensor:
        """Mean negative log-likelihood of the answers of the pictures that have one; 0 without any."""
        asked = answers.amax(dim=-1)
        if self.several:
            each = F.binary_cross_entropy_with_logits(logits.float(), answers, reduction="none").sum(-1)
        else:
            each = F.cross_entropy(logits.float(), answers.argmax(dim=-1), reduction="none")
        return (asked * each).sum() / asked.sum().clamp(min=1)

    def chances(self, logits: torch.Tensor) -> torch.Tensor:
        """Probability of each name, float32 [B, names]."""
        return logits.float().sigmoid() if self.several else logits.float().softmax(dim=-1)

    def right(self, logits: torch.Tensor, answers: torch.Tensor) -> torch.Tensor:
        """Share of right answers: of right names, or of what is named rightly among all that either names."""
        asked = answers.any(dim=-1)
        logits, named = logits[asked], answers[asked].bool()
        if not self.several:
            return named.gather(-1, logits.argmax(-1, keepdim=True)).float().mean()
        predicted = logits > 0
        return (predicted & named).sum() / (predicted | named).sum()


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """How an encoder is pre-trained: its seed, the strength of image variations, and where it runs."""

    seed: int
    augment: float
    runtime: Runtime
    run: RunDir
    report: Reporter


@dataclass(frozen=True, slots=True)
class EncoderTraining:
    """What learns to see: ``encode`` gives features [B, width] or [B, tokens, width] of pixels [B, 3, H, W],
    by the trainable weights of ``model``."""

    model: nn.Module
    encode: Callable[[torch.Tensor], torch.Tensor]
    width: int


class AttributeClassifier(nn.Module):
    """Eyes and one linear layer per task: pixels [B, 3, H, W] to logits [B, names] of each task."""

    def __init__(self, encoder: EncoderTraining, names: Sequence[int]) -> None:
        super().__init__()
        self.model, self._encode = encoder.model, encoder.encode
        self.heads = nn.ModuleList(nn.Linear(encoder.width, count) for count in names)

    def forward(self, pixels: torch.Tensor) -> list[torch.Tensor]:
        mean_BD = mean_features(self._encode(pixels))
        return [head(mean_BD) for head in self.heads]


def mean_features(seen_B: torch.Tensor) -> torch.Tensor:
    """Features [B, D] of features [B, D] or [B, ..., tokens, D]."""
    return seen_B if seen_B.ndim == 2 else seen_B.flatten(1, -2).mean(dim=1)


def name_pictures(
    dialogues: Sequence[Dialogue], tasks: Sequence[str]
) -> tuple[list[Named], list[AttributeTask]]:
    """Each picture with the classes that each task names in it, and those tasks that any dialogue is of."""
    names: dict[str, dict[str, int]] = {task: {} for task in tasks}
    found: dict[Path, dict[str, tuple[int, ...]]] = defaultdict(dict)
    for dialogue in dialogues:
        if dialogue.task in names and dialogue.image is not None:
            known, classes = names[dialogue.task], dialogue.turns[-1].text.split(PARTED)
            found[dialogue.image][dialogue.task] = tuple(
                known.setdefault(name, len(known)) for name in classes
            )
    asked = [task for task in tasks if names[task]]
    taught = [(path, tuple(row.get(task, ()) for task in asked)) for path, row in found.items()]
    several = {task for row in found.values() for task, classes in row.items() if len(classes) > 1}
    return taught, [AttributeTask(task, tuple(names[task]), task in several) for task in asked]


def pretrain_attributes(
    mllm: Mllm,
    dialogues: Sequence[Dialogue],
    pictures: TrainingPictures,
    section: AttributePretrainingSection,
    training: TrainingRun,
) -> None:
    """Teach the tower of a new model: its residual network, then the attention on what that has learnt.

    The attention needs few steps on an input that stays as it is, and these cost no backward pass through the
    network.
    """
    tower, view = mllm.tower, mllm.family.view
    network, width = tower.embeddings.backbone, tower.config.backbone_config.hidden_sizes[-1]
    names = EncoderTraining(network, lambda pixels: network(pixels).feature_maps[-1].mean(dim=(2, 3)), width)
    teach_names(names, dialogues, pictures, section, training, FILE_OF_NETWORK)
    network.requires_grad_(False)
    encoder = EncoderTraining(
        tower, lambda pixels: view.encode(mllm.core, pixels, ()), view.width(mllm.config)
    )
    short = section.model_copy(update={"steps": max(1, section.steps // ATTENTION)})
    teach_names(encoder, dialogues, pictures, short, training)
    network.requires_grad_(True)


def level(mllm: Mllm, dialogues: Sequence[Dialogue], pictures: TrainingPictures) -> None:
    """Level the projector of a new model to what its tower shows of the first pictures."""
    rules = pictures.rules
    shown = [pictures.get(d.image) for d in dialogues[:PROBE] if d.image is not None]
    if shown:
        level_projector(mllm, rules.tensor([flatten(picture, rules.fill) for picture in shown]))


def teach_names(
    encoder: EncoderTraining,
    dialogues: Sequence[Dialogue],
    pictures: TrainingPictures,
    section: AttributePretrainingSection,
    training: TrainingRun,
    file: str = FILE,
) -> None:
    """Train the eyes in place; a resumed run reads what the first one wrote."""
    weights, own = read_weights(training.run, file), trained_state(encoder.model)
    if weights is not None and weights.keys() == own.keys():
        with torch.no_grad():
            for name, tensor in own.items():
                tensor.copy_(weights[name])
    else:
        _teach(encoder, dialogues, pictures, section, training)
        check_tensors(trained_state(encoder.model).items(), "attribute pre-training")
        training.run.write_bytes(file, save(trained_state(encoder.model)))


def _teach(
    encoder: EncoderTraining,
    dialogues: Sequence[Dialogue],
    pictures: TrainingPictures,
    section: AttributePretrainingSection,
    training: TrainingRun,
) -> None:
    taught, tasks = name_pictures(dialogues, section.tasks)
    if not taught:
        training.report.warn(
            f"no dialogue of {', '.join(section.tasks)} shows a picture: no attribute pre-training"
        )
        return
    if lacking := set(section.tasks) - {task.name for task in tasks}:
        training.report.warn(f"no dialogue of {', '.join(sorted(lacking))} shows a picture")
    torch.manual_seed(derive_seed(training.seed, "names"))
    optim = OptimSection(learning_rate=section.learning_rate, warmup=0.05, weight_decay=0.05, beta2=0.98)
    device, dtype = training.runtime.device, training.runtime.dtype
    rules = pictures.rules
    paths, named = zip(*taught, strict=True)
    answers = [
        task.answers(row).to(device) for task, row in zip(tasks, zip(*named, strict=True), strict=True)
    ]
    model = AttributeClassifier(encoder, [len(task.names) for task in tasks]).to(device).train()
    optimizer = make_optimizer(model, optim)
    show = _shelf(pictures, paths, device)
    rng = random.Random(derive_seed(training.seed, "first look"))
    with (
        training.report.progress("attribute pre-training", section.steps) as bar,
        training.run.timed("attribute pre-training"),
    ):
        for step in range(section.steps):
            chosen = rng.choices(range(len(paths)), k=section.batch)
            views, share = augment_all(show(chosen), rules.fill, rng, training.augment), 1.0
            if rng.random() < section.cutmix_prob:
                views, share = cut_together(views, rng)
            with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
                logits = model(rules.tensor(views).to(device))
            predictions = list(zip(tasks, logits, [known[chosen] for known in answers], strict=True))
            loss = sum_losses(predictions, share)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(model.parameters(), optim.max_grad_norm)
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(optim, step, section.steps)
            optimizer.step()
            optimizer.zero_grad()
            if step % TELL == 0 or step + 1 == section.steps:
                right = {task.name: float(task.right(logits, answer)) for task, logits, answer in predictions}
                figures = {"loss": loss.item()} | {name: x for name, x in right.items() if x == x}
            bar.advance(1, **figures)


def sum_losses(
    predictions: Sequence[tuple[AttributeTask, torch.Tensor, torch.Tensor]], share: float
) -> torch.Tensor:
    """Of all tasks; of pictures that are ``share`` themselves and else their neighbours', of both answers."""
    own = torch.stack([task.loss(logits, known) for task, logits, known in predictions]).sum()
    if share == 1:
        return own
    other = torch.stack([task.loss(logits, known.roll(1, 0)) for task, logits, known in predictions]).sum()
    return share * own + (1 - share) * other


def _shelf(
    pictures: TrainingPictures, paths: Sequence[Path], device: torch.device
) -> Callable[[Sequence[int]], torch.Tensor]:
    """Gives pictures by their numbers, uint8 [B, H, W, 4]; a GPU keeps them where half of its memory does."""

    def stack(chosen: Sequence[int]) -> torch.Tensor:
        return torch.from_numpy(np.stack([pictures.get(paths[n]) for n in chosen])).to(device)

    first = pictures.get(paths[0])
    if device.type != "cuda" or len(paths) * first.nbytes > torch.cuda.mem_get_info(device)[0] // 2:
        return stack
    whole = torch.empty((len(paths), *first.shape), dtype=torch.uint8, device=device)
    for start in range(0, len(paths), PROBE):
        some = range(start, min(start + PROBE, len(paths)))
        whole[start : start + len(some)] = stack(some)
    return lambda chosen: whole[torch.tensor(chosen, device=device)]
