"""Checkpoints of a training run: two safetensors files and a JSON, written last.

Nothing random is stored: the loop seeds every step from (seed, step, rank).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save

from caig_cli.engine.run_dir import RunDir
from caig_cli.errors import RunError

FOLDER = "checkpoints"
KEEP = 2
"""Checkpoints kept: the newest, and one before it in case a disk loses the newest."""


def save_checkpoint(
    run: RunDir, model: torch.nn.Module, optimizer: torch.optim.Optimizer, step: int, facts: dict[str, Any]
) -> None:
    """Write the trainable weights, the optimiser's moments and ``facts`` after ``step`` steps."""
    rel = f"{FOLDER}/step-{step:08d}"
    run.write_bytes(f"{rel}/weights.safetensors", save(trained_state(model)))
    run.write_bytes(f"{rel}/optimizer.safetensors", save(_moments(model, optimizer)))
    run.write_json(f"{rel}/state.json", {"step": step, **facts})
    for old in _found(run.path)[:-KEEP]:
        run.remove(str(old.relative_to(run.path)))


def load_checkpoint(
    run: RunDir, model: torch.nn.Module, optimizer: torch.optim.Optimizer
) -> dict[str, Any] | None:
    """Load the newest checkpoint into model and optimiser; returns its facts, None without one.

    Raises RunError when it belongs to another model.
    """
    found = _found(run.path)
    if not found:
        return None
    folder = found[-1]
    weights, moments = load_file(folder / "weights.safetensors"), load_file(folder / "optimizer.safetensors")
    own = trained_state(model)
    if own.keys() != weights.keys() or any(own[name].shape != weights[name].shape for name in own):
        raise RunError(f"{folder}: the checkpoint belongs to another model; start again with --overwrite")
    with torch.no_grad():
        for name, tensor in own.items():
            tensor.copy_(weights[name])
    for name, parameter in _trainable(model):
        prefix = f"{name}|"
        state = {key.removeprefix(prefix): value for key, value in moments.items() if key.startswith(prefix)}
        if state:
            optimizer.state[parameter] = {
                key: value.to(parameter.device) if value.ndim else _counter(value, optimizer, parameter)
                for key, value in state.items()
            }
    facts: dict[str, Any] = json.loads((folder / "state.json").read_text())
    return facts


def _found(path: Path) -> list[Path]:
    """Whole checkpoints, oldest first."""
    return sorted(p.parent for p in (path / FOLDER).glob("step-*/state.json"))


def _trainable(model: torch.nn.Module) -> Iterator[tuple[str, torch.nn.Parameter]]:
    return ((name, p) for name, p in model.named_parameters() if p.requires_grad)


def trained_state(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Trainable parameters and stored buffers, by name (a tied weight once)."""
    stored = model.state_dict().keys()
    buffers = {name: b for name, b in model.named_buffers() if name in stored}
    return {name: p.detach().contiguous() for name, p in _trainable(model)} | buffers


def _moments(model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    return {
        f"{name}|{key}": value.detach().contiguous()
        for name, parameter in _trainable(model)
        for key, value in optimizer.state.get(parameter, {}).items()
    }


def _counter(
    value: torch.Tensor, optimizer: torch.optim.Optimizer, parameter: torch.nn.Parameter
) -> torch.Tensor:
    """AdamW's step count lives beside the parameter only when the optimiser is fused."""
    return value.to(parameter.device) if optimizer.defaults.get("fused") else value
