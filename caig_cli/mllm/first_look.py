"""The first look: a vision tower from nothing learns to tell pictures apart before it is talked to.

Long answers teach a new tower slowly: most of their words can be told without looking. So for a few minutes
it is trained on the tasks whose answers are names, each name a class, by one linear layer per task on the
mean of its patches; the layers are thrown away. It stands in for the CLIP training that a LLaVA starts from.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load, save
from torch import nn
from torch.nn import functional as F

from caig_cli.engine.optim import OptimSection, learning_rate, make_optimizer
from caig_cli.engine.report import Reporter
from caig_cli.engine.run_dir import RunDir
from caig_cli.engine.runtime import derive_seed
from caig_cli.mllm.augment import vary
from caig_cli.mllm.batching import Pictures
from caig_cli.mllm.images import to_tensor
from caig_cli.mllm.sections import FirstLookSection
from caig_cli.records import Dialogue

FILE = "first-look.safetensors"
IGNORED = -100  # cross_entropy's own mark of a picture that a task has no name for

Lesson = tuple[Path, tuple[int, ...]]


class Namer(nn.Module):
    """The tower and one linear layer per task: pixels [B, 3, H, W] to logits [B, names] of each task."""

    def __init__(self, tower: nn.Module, width: int, names: Sequence[int]) -> None:
        super().__init__()
        self.tower = tower
        self.heads = nn.ModuleList(nn.Linear(width, count) for count in names)

    def forward(self, pixels: torch.Tensor) -> list[torch.Tensor]:
        seen: torch.Tensor = self.tower(pixels, output_hidden_states=True).hidden_states[-1]
        mean_BD = seen[:, 1:].mean(dim=1)
        return [head(mean_BD) for head in self.heads]


def lessons(dialogues: Sequence[Dialogue], tasks: Sequence[str]) -> tuple[list[Lesson], list[int]]:
    """Each picture with the class its name has in each task, and the number of names of each task."""
    names: dict[str, dict[str, int]] = {task: {} for task in tasks}
    found: dict[Path, dict[str, int]] = defaultdict(dict)
    for dialogue in dialogues:
        if dialogue.task in names and dialogue.image is not None:
            known = names[dialogue.task]
            found[dialogue.image][dialogue.task] = known.setdefault(dialogue.turns[-1].text, len(known))
    taught = [(path, tuple(row.get(task, IGNORED) for task in tasks)) for path, row in found.items()]
    return taught, [len(names[task]) for task in tasks]


def first_look(
    tower: nn.Module,
    width: int,
    dialogues: Sequence[Dialogue],
    pictures: Pictures,
    section: FirstLookSection,
    *,
    seed: int,
    vary_by: float,
    run: RunDir,
    report: Reporter,
) -> None:
    """Train ``tower`` (hidden size ``width``) in place; a resumed run reads what the first one wrote."""
    kept = run.path / FILE
    if kept.is_file():
        tower.load_state_dict(load(kept.read_bytes()))
        return
    taught, counts = lessons(dialogues, section.tasks)
    if not taught:
        report.warn(f"no dialogue of {', '.join(section.tasks)} shows a picture: no first look")
        return
    torch.manual_seed(derive_seed(seed, "names"))
    optim = OptimSection(learning_rate=section.learning_rate, warmup=0.05, weight_decay=0.05, beta2=0.98)
    model = Namer(tower, width, counts).train()
    optimizer = make_optimizer(model, optim)
    device = next(tower.parameters()).device
    rng = random.Random(derive_seed(seed, "first look"))
    with report.progress("first look", section.steps) as bar, run.timed("first look"):
        for step in range(section.steps):
            chosen = rng.choices(taught, k=section.batch)
            views = [vary(pictures.get(path), pictures.rules.fill, rng, vary_by) for path, _ in chosen]
            answers = torch.tensor([row for _, row in chosen], device=device)
            logits = model(to_tensor(views, pictures.rules).to(device))
            losses = [F.cross_entropy(said, answers[:, task]) for task, said in enumerate(logits)]
            loss = torch.stack([loss for loss in losses if loss.isfinite()]).sum()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(model.parameters(), optim.clip)
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(optim, step, section.steps)
            optimizer.step()
            optimizer.zero_grad()
            right = (logits[0].argmax(-1) == answers[:, 0]).float().mean()
            bar.advance(loss=loss.item(), named=float(right))
    run.write_bytes(FILE, save({name: value.contiguous() for name, value in tower.state_dict().items()}))
