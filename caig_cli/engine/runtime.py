"""Seeds, device and precision. Torch is imported inside functions: light code uses the seeds too."""

from __future__ import annotations

import hashlib
import os
import random
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from caig_cli.engine.process import processors
from caig_cli.errors import UsageError

if TYPE_CHECKING:
    import torch

SAFE = "the safe choice on {}"
NO_FLOAT64 = ("mps",)
"""Kinds of device that know no float64: a tensor of it there is an error."""
DTYPES = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}


@dataclass(frozen=True, slots=True)
class Runtime:
    """Where and how networks compute, and the sentence that says why."""

    device: torch.device
    dtype: torch.dtype
    reason: str
    quantise: str = "auto"
    """What frozen weights become: a value of ``Quantise`` in ``mllm.sections``."""


def derive_seed(*parts: object) -> int:
    """A 63-bit seed from the parts' texts; the same on every machine, process and Python version.

    Give strings and numbers only: an object's text may hold its address.
    """
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def seed_everything(seed: int) -> None:
    """Seed Python, numpy and torch (all devices)."""
    import numpy as np
    import torch

    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def use_threads(threads: int | None) -> None:
    """Let torch use ``threads`` CPU threads when it is loaded; None: as many as this process may use.

    Torch itself counts the processors that it is bound to, not the share that a container gives it.
    """
    if threads is None and "OMP_NUM_THREADS" in os.environ:
        return
    wanted = threads or processors()
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(wanted)
    else:
        os.environ["OMP_NUM_THREADS"] = str(wanted)


def choose_device(device: str = "auto", dtype: str = "auto", quantise: str = "auto") -> Runtime:
    """Resolve a recipe's ``device`` and ``dtype``. In a distributed run each process gets a GPU of its own.

    Raises UsageError when the device is not there or the precision has no such name.
    """
    import torch

    chosen, why = _device(device)
    if dtype == "auto":
        name, because = _dtype(chosen)
    elif dtype in DTYPES:
        name, because = dtype, "as asked"
        if name == "bf16" and chosen.type == "cuda" and _dtype(chosen)[0] != "bf16":
            because = "as asked; this GPU has none and computes it slowly in software, fp16 is faster"
    else:
        raise UsageError(f"dtype {dtype!r}: expected auto, {', '.join(DTYPES)}")
    if chosen.type == "cpu" and name == "fp16":
        raise UsageError("dtype fp16 needs a GPU; use --dtype fp32 or bf16")
    reason = _reason(str(chosen), why, name, because)
    return Runtime(chosen, getattr(torch, DTYPES[name]), reason, quantise)


def _reason(device: str, why: str, dtype: str, because: str) -> str:
    return f"device {device} ({why}), precision {dtype} ({because})"


def is_certainly_cpu(device: str) -> bool:
    """Whether a recipe's device can only be the CPU; found out without torch, which takes seconds to load."""
    if device != "auto" or not sys.platform.startswith("linux"):
        return device == "cpu"
    drivers = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg", "/dev/nvhost-gpu", "/dev/nvmap")
    return not any(Path(driver).exists() for driver in drivers)


def reason_for(device: str, dtype: str) -> str:
    """Where and how networks would compute, and why, as ``choose_device`` says it."""
    if dtype == "auto" and is_certainly_cpu(device):
        because = "as asked" if device == "cpu" else "no GPU found"
        return _reason("cpu", because, "fp32", SAFE.format("cpu"))
    return choose_device(device, dtype).reason


def exact_dtype(device: torch.device) -> torch.dtype:
    """float64, or float32 on devices that have none."""
    import torch

    return torch.float32 if device.type in NO_FLOAT64 else torch.float64


def device_memory(device: str) -> int | None:
    """Bytes of a recipe's device; None where the computer's own memory is used."""
    if is_certainly_cpu(device):
        return None
    import torch

    chosen, _ = _device(device)
    return torch.cuda.get_device_properties(chosen).total_memory if chosen.type == "cuda" else None


def _device(name: str) -> tuple[torch.device, str]:
    import torch

    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if name == "auto":
        if cuda:
            return _own_gpu(), torch.cuda.get_device_name()
        return (torch.device("mps"), "Apple GPU") if mps else (torch.device("cpu"), "no GPU found")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise UsageError(f"device {name!r}: expected auto, cpu, cuda, cuda:N or mps") from None
    missing = (device.type == "cuda" and not cuda) or (device.type == "mps" and not mps)
    if missing or (device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count()):
        raise UsageError(f"device {name!r} is not there; use --device auto")
    return (_own_gpu() if name == "cuda" else device), "as asked"


def _own_gpu() -> torch.device:
    """The GPU of this process: weights that are quantised while they load can't wait to be sent there."""
    import torch

    rank = os.environ.get("LOCAL_RANK")
    return torch.device("cuda") if rank is None else torch.device("cuda", int(rank))


def _dtype(device: torch.device) -> tuple[str, str]:
    import torch

    if device.type == "cuda":
        if torch.cuda.is_bf16_supported(including_emulation=False):
            return "bf16", "this GPU has it"
        return "fp16", "this GPU has no bf16"
    return "fp32", SAFE.format(device.type)
