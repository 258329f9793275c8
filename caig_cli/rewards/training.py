"""What a step of training a reward model minimises, and which weights are kept in the end.

Legend of shape names: P pairs, I ads, G items.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from safetensors.torch import save
from torch import nn

from caig_cli.engine.checkpoint import read_weights
from caig_cli.engine.loop import StepOutput
from caig_cli.engine.run_dir import RunDir
from caig_cli.losses.supervised import ctr_mse, list_mse, list_nll, order_gap, pair_nll
from caig_cli.rewards.data import PairBatch
from caig_cli.rewards.model import RewardModel
from caig_cli.rewards.rankers import PERCENT, Vam


@dataclass(frozen=True, slots=True)
class LossWeights:
    """What the terms beside the cross-entropy count: the rates' error, and disagreement of the two orders."""

    ctr: float
    order: float = 0.0


def pair_step(model: RewardModel, batch: PairBatch, weights: LossWeights) -> StepOutput:
    """The paper's loss, a weighted mean over pairs: CE + weights.ctr * MSE, rates in the heads' own units.

    Where a batch shows each pair in both orders, weights.order * (sum of the two log odds)^2 comes on top.
    """
    out = model(batch.encode(model), batch.left_P, batch.right_P, batch.texts)
    nll_P = pair_nll(out.logits_P2, batch.p_left_P)
    mse_P = ctr_mse(model.scale.standard(out.ctr_P2), model.scale.standard(batch.pair_rates()))
    weight_P = batch.weight_P
    chosen_P = (out.logits_P2[:, 0] > out.logits_P2[:, 1]).float()
    credit_P = chosen_P * batch.p_left_P + (1 - chosen_P) * (1 - batch.p_left_P)
    figures = {"ce": nll_P, "ctr_mse": mse_P, "accuracy": credit_P}
    loss_P = nll_P + weights.ctr * mse_P
    if batch.both_orders:
        figures["order_gap"] = order_gap(out.logits_P2)
        loss_P = loss_P + weights.order * figures["order_gap"]
    return StepOutput(
        (weight_P * loss_P).sum(),
        float(weight_P.sum()),
        {name: (weight_P * value_P).sum() for name, value_P in figures.items()},
    )


def list_step(model: Vam, batch: PairBatch, weights: LossWeights) -> StepOutput:
    """VAM's loss, a mean over items: list-wise softmax + weights.ctr * point MSE, rates in percent."""
    known_I = batch.rate_I.isfinite()
    score_I, rate_I, item_I = (
        values[known_I]
        for values in (model.scores(batch.encode(model)), PERCENT * batch.rate_I, batch.item_I)
    )
    nll_G = list_nll(score_I, rate_I, item_I, batch.items)
    mse_G = list_mse(score_I, rate_I, item_I, batch.items)
    return StepOutput(
        (nll_G + weights.ctr * mse_G).sum(), batch.items, {"ce": nll_G.sum(), "ctr_mse": mse_G.sum()}
    )


class Best:
    """The trainable weights with the lowest validation loss so far; they survive a kill in the run folder."""

    FILE = "best.safetensors"

    def __init__(self, run: RunDir, model: nn.Module) -> None:
        self._run, self._model = run, model
        self._weights: Mapping[str, torch.Tensor] = {}
        self.loss = math.inf
        facts = run.read_json("best.json")
        loss = facts.get("log_loss") if isinstance(facts, dict) else None
        weights = read_weights(run, self.FILE)
        if weights is not None and isinstance(loss, float) and weights.keys() == self._own().keys():
            self.loss, self._weights = loss, weights

    def offer(self, loss: float) -> None:
        """Keep the model's weights if ``loss`` is the lowest."""
        if not loss < self.loss:
            return
        self.loss, self._weights = loss, {n: t.detach().cpu().clone() for n, t in self._own().items()}
        self._run.write_bytes(self.FILE, save(dict(self._weights)))
        self._run.write_json("best.json", {"log_loss": loss})

    @torch.no_grad()
    def restore(self) -> None:
        """Put the best weights into the model, if there were any."""
        for name, tensor in self._own().items():
            if name in self._weights:
                tensor.copy_(self._weights[name])

    def _own(self) -> dict[str, torch.Tensor]:
        stored = self._model.state_dict().keys()
        trained = {name: p for name, p in self._model.named_parameters() if p.requires_grad}
        return trained | {name: b for name, b in self._model.named_buffers() if name in stored}
