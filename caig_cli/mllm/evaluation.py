"""How well a model knows given answers, task by task."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import torch

from caig_cli.losses.supervised import token_nll
from caig_cli.metrics import all_of_each, sum_of_each
from caig_cli.mllm.batching import DialogueSet, PlannedBatch
from caig_cli.mllm.inputs import Batch


def score_tasks(
    logits_of: Callable[[Batch], torch.Tensor],
    held_out: DialogueSet,
    items: Sequence[PlannedBatch],
    device: torch.device,
) -> Mapping[str, float]:
    """Per task: loss (nats per token), share of tokens and of whole answers that are the likeliest.

    Every token is judged after the true ones before it, so a whole answer right is the greedy answer right.
    """
    totals: dict[str, torch.Tensor] = defaultdict(lambda: torch.zeros(5))
    for item in items:
        batch = held_out.collate(item).to(device)
        logits_NV = logits_of(batch)
        right_N = logits_NV.argmax(-1) == batch.target_N
        nll_N = token_nll(logits_NV, batch.target_N)
        count = len(item.dialogues)
        columns = [
            sum_of_each(values, batch.branch_N, count) for values in (nll_N, right_N, torch.ones_like(nll_N))
        ]
        whole_D = all_of_each(right_N, batch.branch_N, count).float()
        rows = torch.stack([*columns, whole_D, torch.ones_like(whole_D)], dim=1).cpu()
        for index, row in zip(item.dialogues, rows, strict=True):
            totals[held_out.dialogues[index].task or "untitled"] += row
    figures: dict[str, float] = {}
    everything = torch.stack(list(totals.values())).sum(0)
    for task, (nll, right, tokens, whole, answers) in [("all", everything), *sorted(totals.items())]:
        figures |= {
            f"{task}/loss": float(nll / tokens),
            f"{task}/tokens_right": float(right / tokens),
            f"{task}/answers_right": float(whole / answers),
        }
    return figures
