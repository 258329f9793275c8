"""What the model thinks of many prompts: their log-probabilities, and how far it has gone from the reference.

Legend of shape names: D prompts, all products' in order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import nn

from caig_cli.engine.loop import Evaluate
from caig_cli.losses.objective import Objective
from caig_cli.mllm.images import flatten, size_of
from caig_cli.mllm.inputs import collate
from caig_cli.mllm.loading import Mllm
from caig_cli.mllm.packing import cost_of_trees, group_by_length, pack
from caig_cli.mllm.scoring import response_logps
from caig_cli.mllm.vision import patches
from caig_cli.pcpo.preference_batches import BatchSizes, PreferenceSet, PromptTemplate, preference_step
from caig_cli.records import Product, Turn


@torch.no_grad()
def prompt_logps(
    mllm: Mllm,
    scorer: nn.Module,
    asking: PromptTemplate,
    products: Sequence[Product],
    prompts: Mapping[str, Sequence[str]],
) -> tuple[torch.Tensor, torch.Tensor]:
    """Summed log-probability of each prompt of ``products`` and its number of tokens, both [D], on the CPU.

    A product's prompts share one row. Computed product by product: the numbers depend on nothing else.
    """
    encoder, cost, fill = mllm.encoder, cost_of_trees(mllm), mllm.rules.fill
    pad = encoder.tokenizer.pad_token_id or 0
    sums, lengths = [], []
    for product in products:
        question = Turn("human", asking.question(product))
        branches = [encoder.branch((question, Turn("gpt", text)), image=True) for text in prompts[product.id]]
        picture = flatten(asking.picture(product), fill)
        size = size_of(picture)
        start = encoder.row((), image=True, size=size)
        rows = pack(start.prefix, branches, cost, start.places)
        seen = patches(mllm, mllm.rules.tensor([picture]), [size])
        passes, order = [], []
        for numbers in group_by_length([len(row) for row in rows]):
            group = [rows[number] for number in numbers]
            shown = torch.cat([seen] * len(group))
            batch = collate(group, pad, patches=shown, sizes=[size] * len(group))
            passes.append(batch.to(mllm.core.device))
            order += numbers
        logp, length = response_logps(scorer, passes)
        back = torch.argsort(torch.tensor(order)) if len(rows) > 1 else slice(None)
        sums.append(logp.cpu()[back])
        lengths.append(length.cpu()[back])
    return torch.cat(sums), torch.cat(lengths)


def preference_figures(
    held_out: PreferenceSet, how: Objective, sizes: BatchSizes, device: torch.device
) -> Evaluate:
    """Loss, rewards and log-probabilities on held-out preferences, as means over pairs."""
    step = preference_step(how, device)
    groups = held_out.epoch(0, 0, sizes)

    def evaluate(model: nn.Module) -> dict[str, float]:
        totals: dict[str, float] = {}
        weight = 0.0
        for group in groups:
            out = step(model, held_out.collate(group))
            weight += out.weight
            for name, value in {"loss": out.loss_sum, **out.figures}.items():
                totals[name] = totals.get(name, 0.0) + float(value)
        return {name: total / weight for name, total in totals.items()}

    return evaluate
