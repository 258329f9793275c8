"""Policy and reference: one model whose adapters are on for the one, and off or older for the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from caig_cli.engine.runtime import Runtime
from caig_cli.errors import RunError
from caig_cli.mllm import adapters, loading
from caig_cli.mllm.config import LoraSection
from caig_cli.mllm.loading import Mllm

POLICY = "default"
"""PEFT's own name, so that the saved adapter is one that PEFT and ``caig generate`` load."""
START = "start"
"""The frozen copy of the adapter that the policy started from."""
REFERENCE = "reference"
"""The frozen copy of an accepted policy, where losses are measured from that instead of from the start."""


def make_policy(source: str, lora: LoraSection, runtime: Runtime) -> Mllm:
    """A model with trainable adapters: new ones on a plain model, or those of an adapter folder trained on.

    In the second case the adapters keep their own shape, whatever ``lora`` says, and a frozen copy of them is
    kept as the reference. Raises UsageError when there is no model.
    """
    folder = loading.locate(source)
    adapters.refuse_reward(folder, source)
    mllm = loading.load(source, device=runtime.device, dtype=runtime.dtype, quantised=runtime.quantise)
    if not (folder / "adapter_config.json").is_file():
        return loading.add_lora(mllm, source, rank=lora.rank, alpha=lora.alpha, dropout=lora.dropout)
    add_frozen(mllm, folder, START, runtime.dtype)
    return mllm


def add_frozen(mllm: Mllm, folder: Path, name: str, dtype: torch.dtype) -> None:
    """One more adapter on the policy's base, never trained; ``dtype`` is what autocast would make of it."""
    adapters.attach(mllm.model, folder, name)
    for key, weight in mllm.model.named_parameters():
        if f".{name}." in key:
            weight.data = weight.data.to(dtype)
    mllm.model.set_adapter(POLICY)


@contextmanager
def starting_state(mllm: Mllm) -> Iterator[None]:
    """The model as the policy was before training, in eval mode; afterwards the policy is active again."""
    model, training = mllm.model, mllm.model.training
    model.eval()
    try:
        if START in model.peft_config:
            model.set_adapter(START)
            yield
        else:
            with model.disable_adapter():
                yield
    finally:
        model.set_adapter(POLICY)
        model.train(training)


def move_reference(mllm: Mllm, folder: Path, dtype: torch.dtype) -> None:
    """Measure from the policy in ``folder`` (of ``save_policy``) from now on."""
    if REFERENCE not in mllm.model.peft_config:
        add_frozen(mllm, folder, REFERENCE, dtype)
    else:
        _take(mllm, folder, REFERENCE)


@contextmanager
def reference_state(mllm: Mllm) -> Iterator[None]:
    """The model that losses measure from, in eval mode: the start, or what ``move_reference`` took."""
    if REFERENCE not in mllm.model.peft_config:
        with starting_state(mllm):
            yield
        return
    training = mllm.model.training
    mllm.model.eval()
    try:
        mllm.model.set_adapter(REFERENCE)
        yield
    finally:
        mllm.model.set_adapter(POLICY)
        mllm.model.train(training)


def save_policy(mllm: Mllm, folder: Path) -> None:
    """Write the policy alone as a PEFT adapter folder, whatever other adapters the model carries."""
    mllm.save_adapter(folder, POLICY)


def restore_policy(mllm: Mllm, folder: Path) -> None:
    """Take the policy's weights from a folder that ``save_policy`` wrote."""
    _take(mllm, folder, POLICY)


def _take(mllm: Mllm, folder: Path, name: str) -> None:
    from peft import set_peft_model_state_dict

    weights = adapters.read_weights(folder / adapters.WEIGHTS)
    unknown = set_peft_model_state_dict(mllm.model, weights, adapter_name=name).unexpected_keys
    if unknown:
        raise RunError(f"{folder}: the adapter belongs to another model; start again with --overwrite")
