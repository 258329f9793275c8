"""Checkpoints of a training run: two safetensors files and a JSON with their checksums, written last.

- Nothing random is stored: the loop seeds every step from (seed, step, rank).
- What is cut short or changed on disk is never loaded: the checkpoint before it is, and that is told.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from caig_cli.engine import files
from caig_cli.engine.report import Reporter
from caig_cli.engine.run_dir import RunDir
from caig_cli.errors import RunError
from caig_cli.parsing import Malformed, read_json

FOLDER = "checkpoints"
KEEP = 2
"""Checkpoints kept: the newest, and one before it in case a disk loses the newest."""
WEIGHTS, MOMENTS, STATE = "weights.safetensors", "optimizer.safetensors", "state.json"

Tensors = dict[str, torch.Tensor]


def save_checkpoint(
    run: RunDir, model: torch.nn.Module, optimizer: torch.optim.Optimizer, step: int, facts: dict[str, Any]
) -> None:
    """Write the trainable weights, the optimiser's moments and ``facts`` after ``step`` steps."""
    rel = f"{FOLDER}/step-{step:08d}"
    written = [
        run.write_bytes(f"{rel}/{WEIGHTS}", save(trained_state(model))),
        run.write_bytes(f"{rel}/{MOMENTS}", save(_moments(model, optimizer))),
    ]
    if not run.is_main:
        return
    sums = {path.name: files.digest(path) for path in written}
    run.write_json(f"{rel}/{STATE}", {"step": step, **facts, "sha256": sums})
    older = [number for number in _steps(run) if number <= step]
    for number in _steps(run):
        if (
            number > step or number in older[:-KEEP]
        ):  # a later one was damaged, and this run went on before it
            run.remove(f"{FOLDER}/step-{number:08d}")


def load_checkpoint(
    run: RunDir, model: torch.nn.Module, optimizer: torch.optim.Optimizer, report: Reporter
) -> dict[str, Any] | None:
    """Load the newest whole checkpoint into model and optimiser; returns its facts, None without any.

    A damaged one is told and left. Raises RunError when all are damaged, or belong to another model.
    A first one that a kill left without its ``state.json`` was never whole: training starts anew.
    """
    damaged: list[str] = []
    for step in reversed(_steps(run)):
        folder = run.path / FOLDER / f"step-{step:08d}"
        try:
            facts, weights, moments = _read(folder, step)
        except Malformed as error:
            damaged.append(f"{folder / str(error.args[0])}")
            continue
        for fault in damaged:
            report.warn(f"{fault}; going on from the checkpoint before it, after step {step}")
        _put(folder, model, optimizer, weights, moments)
        return facts
    if any((run.path / FOLDER / f"step-{step:08d}" / STATE).exists() for step in _steps(run)):
        raise RunError(
            f"{damaged[0]}, and there is no checkpoint before it; delete {run.path / FOLDER} and --resume "
            "to train from the first step again"
        )
    return None


def read_weights(run: RunDir, rel: str) -> Tensors | None:
    """The tensors of a safetensors file of a run; None where it is not there, or damaged, which is told."""
    if not run.has(rel):
        return None
    try:
        found: Tensors = load_file(run.path / rel)
    except (SafetensorError, OSError, ValueError):
        run.notify(f"{run.path / rel}: is damaged; made again")
        return None
    return found


def _read(folder: Path, step: int) -> tuple[dict[str, Any], Tensors, Tensors]:
    """What a checkpoint holds. Raises Malformed, whose text begins with the file's name."""
    try:
        facts = read_json(folder / STATE)
    except Malformed as error:
        raise Malformed(f"{STATE}: {error}") from None
    known = isinstance(facts, dict) and all(
        _is_number(facts.get(key)) for key in ("step", "seconds", "refused")
    )
    if not known or facts["step"] != step:
        raise Malformed(f"{STATE}: is damaged")
    sums = facts.get("sha256")
    for name in (WEIGHTS, MOMENTS):
        path = folder / name
        if not path.is_file():
            raise Malformed(f"{name}: is not there")
        if isinstance(sums, dict) and files.digest(path) != sums.get(name):
            raise Malformed(f"{name}: is damaged, its checksum is another")
    try:
        return facts, load_file(folder / WEIGHTS), load_file(folder / MOMENTS)
    except (SafetensorError, OSError, ValueError):
        raise Malformed(f"{WEIGHTS} or {MOMENTS}: is damaged") from None


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 and math.isfinite(value)
    )


def _put(
    folder: Path,
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    weights: Mapping[str, torch.Tensor],
    moments: Mapping[str, torch.Tensor],
) -> None:
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


def _steps(run: RunDir) -> list[int]:
    """Steps after which there is a checkpoint, whole or not, in order."""
    names = [path.name.removeprefix("step-") for path in (run.path / FOLDER).glob("step-*")]
    return sorted(int(name) for name in names if name.isdecimal() and run.has(f"{FOLDER}/step-{name}"))


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
