"""How a network is optimised: the recipe section, the learning-rate schedule and the optimiser."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from caig_cli.recipe import Section

if TYPE_CHECKING:
    import torch

Tracker = Literal[
    "tensorboard", "wandb", "mlflow", "comet_ml", "aim", "clearml", "swanlab", "trackio", "dvclive"
]
"""Experiment trackers that accelerate knows."""
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]


class OptimSection(Section):
    """AdamW with warm-up, a schedule, clipping and accumulation."""

    learning_rate: Positive = 2e-5
    """Peak learning rate."""

    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    """How the learning rate falls after the warm-up."""

    warmup: Share = 0.03
    """Share of the steps over which the learning rate rises to its peak."""

    min_lr_ratio: Share = 0.0
    """Share of the peak learning rate that is left at the last step."""

    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    """Decoupled weight decay of matrices; biases and norms have none."""

    beta1: Share = 0.9
    """Decay of the gradient's running mean."""

    beta2: Share = 0.999
    """Decay of the squared gradient's running mean."""

    max_grad_norm: Annotated[float, Field(ge=0)] = 1.0
    """Largest norm of the gradient; 0 does not clip."""

    epochs: Positive = 1.0
    """Passes over the data; not used when steps is given."""

    steps: Count | None = None
    """Optimiser steps; empty means as many as the epochs need."""

    grad_accumulation: Count = 1
    """Micro-batches per process that make one optimiser step."""

    gradient_checkpointing: bool = False
    """Compute activations again in the backward pass: less memory, about a third slower."""

    log_every: Count = 10
    """Steps between two rows of metrics.jsonl."""

    evaluate_every: Annotated[int, Field(ge=0)] = 0
    """Steps between two evaluations; 0 evaluates at the end only."""

    checkpoint_every: Count = 200
    """Steps between two checkpoints; a killed run loses at most as many."""

    max_minutes: Positive | None = None
    """Stop after this many minutes of training, with a checkpoint to continue from."""


def total_steps(optim: OptimSection, micro_batches: int, processes: int = 1) -> int:
    """Optimiser steps of a whole run over ``micro_batches`` per epoch."""
    return optim.steps or max(
        1, math.ceil(optim.epochs * micro_batches / (optim.grad_accumulation * processes))
    )


def step_size(optim: OptimSection, processes: int, unit: str) -> str:
    """A line that says what an optimiser step learns from: more processes make larger steps, and fewer."""
    factors = [unit or "1 micro-batch"]
    factors += [f"{optim.grad_accumulation} micro-batches"] if optim.grad_accumulation > 1 else []
    factors += [f"{processes} processes"] if processes > 1 else []
    line = f"an optimiser step is {' x '.join(factors)}"
    if processes > 1:
        line += f", at a learning rate of {optim.learning_rate:g} whatever their number"
    return line


def learning_rate(optim: OptimSection, step: int, total: int) -> float:
    """Learning rate of optimiser step ``step`` (0-based) of ``total``.

    It rises linearly over the warm-up steps, reaching the peak at their end, and then falls to
    ``min_lr_ratio`` times the peak after the last step.
    """
    warm = round(optim.warmup * total)
    if step < warm:
        return optim.learning_rate * (step + 1) / warm
    done = (step - warm) / max(1, total - warm)
    left = {"constant": 1.0, "linear": 1.0 - done, "cosine": 0.5 * (1.0 + math.cos(math.pi * done))}[
        optim.schedule
    ]
    share = 1.0 if optim.schedule == "constant" else optim.min_lr_ratio + (1.0 - optim.min_lr_ratio) * left
    return optim.learning_rate * share


def recompute_activations(model: Any, on: bool = True) -> None:
    """Let a transformers model keep one input per layer and compute the rest again in the backward pass.

    Without reentry no input needs a gradient, so transformers' hooks for that are taken off again: they would
    make frozen towers keep their activations, and fail on those whose first layer returns no tensor.
    """
    turn = "enable" if on else "disable"
    # Older transformers know the second name only; newer ones warn of it.
    names = (f"activation_checkpointing_{turn}", f"gradient_checkpointing_{turn}")
    switch = next(found for name in names if (found := getattr(model, name, None)) is not None)
    switch(*([{"use_reentrant": False}] if on else []))
    if on and hasattr(model, "disable_input_require_grads"):
        model.disable_input_require_grads()


def make_optimizer(model: torch.nn.Module, optim: OptimSection) -> torch.optim.AdamW:
    """AdamW over the trainable parameters; only matrices are decayed."""
    import torch

    trainable = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trainable if p.ndim >= 2], "weight_decay": optim.weight_decay},
        {"params": [p for p in trainable if p.ndim < 2], "weight_decay": 0.0},
    ]
    fused = all(p.device.type in ("cpu", "cuda") and p.is_floating_point() for p in trainable)
    return torch.optim.AdamW(groups, lr=optim.learning_rate, betas=(optim.beta1, optim.beta2), fused=fused)
