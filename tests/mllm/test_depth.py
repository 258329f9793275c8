"""Plans of deep models come from traces of shallow ones: they are those of whole traces."""

from __future__ import annotations

from pathlib import Path

import pytest
import real_models
import torch

from caig_cli.engine.optim import OptimSection
from caig_cli.engine.runtime import Runtime
from caig_cli.mllm import depth, model_memory
from caig_cli.mllm.config import LoraSection
from caig_cli.mllm.meta_model import MetaModel, load_meta_model
from caig_cli.mllm.model_memory import Pass

RUNTIME = Runtime(torch.device("cpu"), torch.bfloat16, "", "none")


def figures(one: MetaModel) -> list[int]:
    """Bytes of sampling, and of a step in which layers are computed again."""
    length = len(one.mllm.encoder.prefix(image=True)) + 30
    batch = [Pass(1, length, 20, 1, encodes_images=True)]
    step = model_memory.learning("optimise", one, batch, OptimSection(gradient_checkpointing=True))
    return [*model_memory.sampling(one, 2, length, 8, 40), step.activations]


def test_few_layers_tell_of_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, same = (
        load_meta_model(
            str(real_models.write(tmp_path / copy, "llava-1.5-7b", layers=14, thin=True, small=True)),
            RUNTIME, LoraSection(rank=4),
        )
        for copy in ("one", "same")
    )  # fmt: skip
    there = [(stack.owner, list(stack.layers)) for stack in depth.stacks_of(one.mllm)]
    assert [len(layers) for _, layers in there] == [14, 14]
    shallow = figures(one)
    assert [(stack.owner, list(stack.layers)) for stack in depth.stacks_of(one.mllm)] == there
    monkeypatch.setattr(depth, "stacks_of", lambda _: [])
    assert shallow == pytest.approx(figures(same), rel=0.01)
