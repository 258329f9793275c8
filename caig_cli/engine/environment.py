"""Facts about this machine and its packages, for ``env.json`` and bug reports."""

from __future__ import annotations

import logging
import os
import platform
import sys
from collections.abc import Callable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from caig_cli import __version__
from caig_cli.engine.process import processors
from caig_cli.engine.redaction import redacted

PACKAGES = (
    "torch", "transformers", "accelerate", "peft", "diffusers", "bitsandbytes", "mitsuba",
    "mitsuba-oidn", "huggingface-hub", "safetensors",
    "numpy", "scipy", "pillow", "onnxruntime", "pillow-heif", "pydantic", "typer",
)  # fmt: skip
VARIABLES = (
    "HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "HF_ENDPOINT", "CAIG_CACHE", "NO_COLOR",
    "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "WORLD_SIZE",
)  # fmt: skip


def describe() -> dict[str, Any]:
    """Versions, machine and variables; imports nothing heavy. No user or host name."""
    return {
        "caig": __version__,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "cpu": _cpu_name(),
        "cores": processors(),
        "packages": {name: version(name) for name in PACKAGES},
        "variables": {name: redacted(os.environ[name]) for name in VARIABLES if name in os.environ},
        "arguments": [redacted(argument) for argument in sys.argv[1:]],
    }


def devices() -> list[dict[str, Any]]:
    """The GPUs that torch sees; imports torch."""
    import torch

    found: list[dict[str, Any]] = []
    for index in range(torch.cuda.device_count()):
        facts = torch.cuda.get_device_properties(index)
        free, total = torch.cuda.mem_get_info(index)
        found.append(
            {
                "device": f"cuda:{index}",
                "name": facts.name,
                "memory_gb": round(total / 2**30, 1),
                "free_gb": round(free / 2**30, 1),
                "bf16": torch.cuda.is_bf16_supported(including_emulation=False),
            }
        )
    if torch.backends.mps.is_available():
        found.append({"device": "mps", "name": "Apple GPU"})
    return found


def working() -> dict[str, str]:
    """Whether the packages that lean on a device or a compiler do their work here, by a small piece of it."""
    return {name: _tried(attempt) for name, attempt in ATTEMPTS.items()}


def _quantise() -> None:
    import torch
    from bitsandbytes import functional

    packed, state = functional.quantize_4bit(torch.ones(64, 64), quant_type="nf4")
    if not torch.allclose(functional.dequantize_4bit(packed, state), torch.ones(64, 64)):
        raise RuntimeError("what was packed into 4 bits comes out changed")


def _diffuse() -> None:
    import diffusers

    _ = diffusers.StableDiffusionControlNetInpaintPipeline  # imported when it is looked up


_IDENTITY = (
    b'\x08\x08::\n\x10\n\x01x\x12\x01y"\x08Identity\x12\x04tinyZ\x0f\n\x01x\x12\n\n\x08\x08\x01\x12\x04\n\x02'
    b"\x08\x01b\x0f\n\x01y\x12\n\n\x08\x08\x01\x12\x04\n\x02\x08\x01B\x04\n\x00\x10\r"
)
"""The smallest ONNX network: y [1] is x [1]."""


def _segment() -> None:
    import numpy as np
    import onnxruntime

    session = onnxruntime.InferenceSession(_IDENTITY, providers=["CPUExecutionProvider"])
    if session.run(None, {"x": np.ones(1, np.float32)})[0] != 1:
        raise RuntimeError("what a network hands on comes out changed")


def _render() -> None:
    import mitsuba

    mitsuba.set_variant("scalar_rgb")
    mitsuba.load_dict({"type": "sphere"})


ATTEMPTS: Mapping[str, Callable[[], None]] = {
    "bitsandbytes": _quantise,  # models in 4 and 8 bit
    "diffusers": _diffuse,  # the painter diffusion
    "mitsuba": _render,  # the painter studio
    "onnxruntime": _segment,  # cut-outs
}


def _tried(attempt: Callable[[], None]) -> str:
    logging.disable()  # libraries tell what they would rather have
    try:
        attempt()
    except Exception as error:
        return f"does not work: {' '.join(f'{type(error).__name__}: {error}'.split())[:200]}"
    finally:
        logging.disable(logging.NOTSET)
    return "works"


@cache
def version(package: str) -> str | None:
    """The installed version of a package, None without it."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")),
        platform.processor(),
    )
