"""Memory of two adapters on one 4-bit base, against two whole models in 16 bit.

Usage: python benchmarks/quantised.py [--layers 8] [--rank 32] [--method nf4]

A fixed LLaVA-class model with random weights (hidden 1024, MLP 2816, 8 layers, vocabulary 32,064, tower 4 x
512) is stored, then loaded in bfloat16, as prompt model and reward model of their own would be, and in 4 bit
with the adapter of a policy (float32, as it learns) and that of a reward model (bfloat16). Bytes are those of
all tensors that the models hold, quantisation constants and tables included.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import torch
from memory_plan import make_model, tokenizer_for
from torch import nn

from caig_cli.engine.runtime import choose_device
from caig_cli.mllm import loading
from caig_cli.mllm.config import LoraSection
from caig_cli.pcpo.policy import add_frozen, make_policy

GOAL = 0.4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--layers", type=int, default=8, help="layers of the language model")
    parser.add_argument("--rank", type=int, default=32, help="LoRA rank of both adapters")
    parser.add_argument("--method", default="nf4", choices=["nf4", "int8"])
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_model(args.layers).save(tokenizer_for(folder / "base"), torch.bfloat16)
        whole = loading.load(str(folder / "base"), device=torch.device("cpu"), dtype=torch.bfloat16)
        one = held(whole.model)
        runtime = choose_device("cpu", "bf16", args.method)
        policy = make_policy(
            str(folder / "base"), LoraSection(rank=args.rank, alpha=2.0 * args.rank), runtime
        )
        policy.save_adapter(folder / "judge")
        add_frozen(policy, folder / "judge", "judge", runtime.dtype)
        both = held(policy.model)
    found = {
        "two_models_mb": round(2 * one / 2**20), f"{args.method}_and_two_adapters_mb": round(both / 2**20),
        "share": round(both / (2 * one), 3), "goal": GOAL, "layers": args.layers, "rank": args.rank,
    }  # fmt: skip
    print(json.dumps(found))


def held(model: nn.Module) -> int:
    """Bytes of the tensors of a model, each storage once."""
    tensors: list[Any] = [*model.parameters(), *model.buffers()]
    for module in model.modules():
        weight = getattr(module, "weight", None)
        for state in (getattr(weight, "quant_state", None), getattr(weight, "SCB", None)):
            if isinstance(state, torch.Tensor):
                tensors.append(state)
            elif state is not None:
                inner = state.state2
                tensors += [state.absmax, state.code, state.offset, inner.absmax, inner.code]
    storages = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in tensors}
    return sum(storages.values())


if __name__ == "__main__":
    main()
