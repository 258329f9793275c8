"""Refusal of results that are not finite: a training that ends in them has failed, and nothing keeps them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import torch

from caig_cli.errors import RunError

REMEDY = "lower optim.learning_rate, or compute in --dtype fp32"


def check_tensors(named: Iterable[tuple[str, torch.Tensor]], what: str) -> None:
    """Raises RunError where a tensor holds a number that is not finite; ``what`` says whose it is."""
    for name, tensor in named:
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            raise RunError(f"{what}: {name} is not finite, so nothing was kept of it; {REMEDY}")


def check_figures(figures: Mapping[str, float], what: str) -> None:
    """Raises RunError where a figure is not finite; ``what`` says of what they are."""
    for name, value in figures.items():
        if not math.isfinite(value):
            raise RunError(f"{what}: {name} is not finite, so nothing was kept of it; {REMEDY}")
