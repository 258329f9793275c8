"""Frozen weights in 4 or 8 bit, by bitsandbytes: which layers, and how a folder tells that it has them.

Quantised are the linear layers that LoRA adapts. Vision tower, projector, embeddings and heads keep their
precision: they are a tenth of the weights, and what they lose no adapter gives back.
"""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from typing import Any

import torch
from torch import nn

from caig_cli.engine.model_folder import read_json
from caig_cli.errors import UsageError

NOTE = "caig.json"
"""File of an adapter folder that says with which quantisation of the base it was trained."""

# They warn of each layer's input type, and of kernels that would have to be downloaded.
for _name in ("bitsandbytes.autograd._functions", "bitsandbytes.backends.cpu.ops"):
    logging.getLogger(_name).setLevel(logging.ERROR)


def stored(config: Any) -> str | None:
    """How a model folder's weights are quantised already, by its configuration; None for those that are not.

    ``nf4`` and ``int8`` as in recipes, other methods by their own names.
    """
    own = getattr(config, "quantization_config", None)
    if own is None:
        return None
    facts: dict[str, Any] = own if isinstance(own, dict) else own.to_dict()
    if facts.get("quant_method") != "bitsandbytes":
        return str(facts.get("quant_method"))
    return "int8" if facts.get("load_in_8bit") else str(facts.get("bnb_4bit_quant_type", "nf4"))


def decide(asked: str, config: Any, source: str) -> str:
    """What a base becomes: ``nf4``, ``int8``, ``none``, or what it is stored in.

    ``asked`` is a recipe's value. Raises UsageError where the folder's weights are not the asked ones.
    """
    have = stored(config)
    if have is None:
        return "none" if asked == "auto" else asked
    if asked not in ("auto", have):
        raise UsageError(f"{source}: its weights are stored as {have}, not {asked}; leave quantise at auto")
    return have


def settings(method: str, skeleton: nn.Module, targets: str, dtype: torch.dtype) -> Any:
    """transformers' settings for loading a model like ``skeleton``, which may be on the meta device.

    ``targets`` is the pattern of the layers to quantise. Raises UsageError without bitsandbytes.
    """
    try:
        import bitsandbytes  # noqa: F401
    except ImportError:
        raise UsageError(f"quantise {method} needs bitsandbytes; pip install bitsandbytes") from None
    from transformers import BitsAndBytesConfig

    keep = whole(skeleton, targets)
    if method == "int8":
        return BitsAndBytesConfig(load_in_8bit=True, llm_int8_skip_modules=keep)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type=method,
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
        llm_int8_skip_modules=keep,
    )


def whole(model: nn.Module, targets: str, prefix: str = "") -> list[str]:
    """Names of the modules, as few as possible, that hold all linear layers but the ``targets``."""
    names = []
    for name, child in model.named_children():
        path = f"{prefix}{name}"
        linears = [
            f"{path}.{inner}".rstrip(".") for inner, m in child.named_modules() if isinstance(m, nn.Linear)
        ]
        chosen = [bool(re.fullmatch(targets, linear)) for linear in linears]
        if linears and not any(chosen):
            names.append(path)
        elif not all(chosen):
            names += whole(child, targets, f"{path}.")
    return names


def keep_layout(model: nn.Module) -> None:
    """Forbid 4-bit layers to pack their weights anew for some CPUs when they are first used.

    The packed form computes in bfloat16 whatever was asked, and has no gradient: a policy that was sampled
    from before it was trained would not be trained right.
    """
    module: Any
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False


def write_note(folder: Path, method: str) -> None:
    """Say in an adapter's folder how its base was quantised."""
    (folder / NOTE).write_text(json.dumps({"format": 1, "quantise": method}) + "\n", "utf-8")


def read_note(folder: Path) -> str:
    """How the base of an adapter was quantised when it was trained; ``auto`` where nothing is said."""
    path = folder / NOTE
    return str(read_json(path).get("quantise", "auto")) if path.is_file() else "auto"
