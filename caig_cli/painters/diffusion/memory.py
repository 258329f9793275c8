"""What a kind of diffusion model takes, from its configuration alone: nothing is loaded."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from caig_cli.engine import model_folder, sources
from caig_cli.painters.diffusion.canvas import canvas_for
from caig_cli.painters.diffusion.config import DiffusionSection

_BYTES = {"fp32": 4, "bf16": 2, "fp16": 2}
_DECODER_CHANNELS = 256
"""Channels of the widest layer at full size in the decoder of every kind's VAE."""
_DECODER_COPIES = 5
"""Such maps alive at once: input, its norm, its activation, output, and the convolution's workspace."""


@dataclass(frozen=True, slots=True)
class DiffusionMemory:
    """Bytes: the weights of each part, and the peak of what is computed, which is the VAE's decoding."""

    weights: dict[str, int]
    activations: int


def needs(section: DiffusionSection, size: tuple[int, int], dtype: str | None = None) -> DiffusionMemory:
    """What painting ads of (width, height) takes, in the section's batches.

    ``dtype`` fp32, bf16 or fp16, None is the kind's own. Parameters are counted in the checkpoint's own files
    where it is on this machine, and are the released model's otherwise.
    """
    kind = section.row
    each = _BYTES[dtype or (kind.dtype if section.dtype == "auto" else section.dtype)]
    counts = {name: round(million * 1e6) for name, million in kind.millions.items()}
    model = sources.cached(section.model or kind.model)
    if model is not None:
        counts |= {part: count for part, count in parameters(model).items() if part in counts}
    beside = sources.cached(section.controlnet or kind.controlnet) if kind.controlnet else None
    if beside is not None:
        counts["controlnet"] = sum(parameters(beside).values())
    canvas = canvas_for(size, section.side, kind.multiple, kind.most)
    pixels = math.prod(canvas.size) * (1 if section.vae_slicing else section.batch)
    return DiffusionMemory(
        {name: count * each for name, count in counts.items()},
        pixels * _DECODER_CHANNELS * _DECODER_COPIES * each,
    )


def parameters(folder: Path) -> dict[str, int]:
    """Parameters in the safetensors files of each folder in a checkpoint; its own files are under ``.``."""
    found: Counter[str] = Counter()
    for path in folder.rglob("*.safetensors"):
        if ".fp16." in path.name and path.with_name(path.name.replace(".fp16.", ".")).exists():
            continue  # the same weights once more
        found[str(path.parent.relative_to(folder))] += model_folder.parameters(path)
    return dict(found)
