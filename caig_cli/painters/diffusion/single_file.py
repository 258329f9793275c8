"""ControlNets for Z-Image as they are published: one file, whose shape follows from its own tensors."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from caig_cli.errors import UsageError

CLASS = "ZImageControlNetModel"
DEPTH = 30
"""Layers of the transformer that the control layers are spread over."""
PATCH = 4
"""Latents that one token shows."""


def shape(path: Path) -> dict[str, Any]:
    """The configuration of a file's model. Raises UsageError for a file of another kind."""
    try:
        with safe_open(path, framework="pt") as file:
            names = list(file.keys())
            layers = _numbers(names, "control_layers")
            embedder = "control_all_x_embedder.2-1.weight"
            if not layers or embedder not in names:
                raise UsageError(f"diffusion.controlnet {path}: holds no {CLASS}")
            width, seen = file.get_slice(embedder).get_shape()
            first = "control_noise_refiner.0.before_proj.weight"
            learnt = first in names and bool(file.get_tensor(first).any())
    except (OSError, SafetensorError) as error:
        raise UsageError(f"diffusion.controlnet {path}: cannot be read: {error}") from None
    step = DEPTH // len(layers)
    return {
        "_class_name": CLASS,
        "control_layers_places": list(range(0, step * len(layers), step)),
        "control_refiner_layers_places": list(range(len(_numbers(names, "control_noise_refiner")) or 2)),
        "control_in_dim": seen // PATCH,
        "add_control_noise_refiner": "control_noise_refiner" if learnt else "control_layers",
        "dim": width,
    }


def load(cls: Any, source: str, path: Path, dtype: Any) -> Any:
    """The model of a file. Raises UsageError where it can't be loaded."""
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "config.json").write_text(json.dumps(shape(path)), "utf-8")
        try:
            return cls.from_single_file(str(path), config=name, dtype=dtype, local_files_only=True)
        except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
            line = " ".join(str(error).split())[:300]
            raise UsageError(f"{source}: cannot be loaded: {line}") from error


def _numbers(names: list[str], part: str) -> set[int]:
    found = (re.match(rf"{part}\.(\d+)\.", name) for name in names)
    return {int(match[1]) for match in found if match}
