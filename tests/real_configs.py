"""Configurations and tokenizers of published checkpoints, where at hand: as folders, or as thin models."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from caig_cli.mllm.families import family_of

REAL = Path(__file__).parents[1].parent / "shared" / "real-configs"
NAMES = sorted(path.name for path in REAL.glob("*/")) if REAL.is_dir() else []
needs_real = pytest.mark.skipif(not NAMES, reason="no real configurations here")

THIN: Mapping[str, Mapping[str, Any]] = {
    "text": {
        "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4,
        "num_key_value_heads": 2, "head_dim": 16,
    },
    "tower": {
        "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2,
        "depth": 2, "num_heads": 2, "out_hidden_size": 64,
        "fullatt_block_indexes": [1], "deepstack_visual_indexes": [0],
    },
}  # fmt: skip
"""Values of configurations; those that a configuration does not have are left out."""


def describe(name: str, folder: Path) -> Path:
    """A folder with the files of a checkpoint but its weights."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in (REAL / name).iterdir():
        if path.suffix == ".gz":
            (folder / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
        else:
            shutil.copy(path, folder / path.name)
    return folder


def narrow(name: str, folder: Path, thin: Mapping[str, Mapping[str, Any]] = THIN) -> Path:
    """The same with two narrow layers: real vocabulary, tokens, grids and templates."""
    describe(name, folder)
    config = transformers.AutoConfig.from_pretrained(folder)
    for part, values in (("text_config", thin["text"]), ("vision_config", thin["tower"])):
        section = getattr(config, part)
        given = {key: value for key, value in values.items() if hasattr(section, key)}
        if part == "text_config" and "mrope_section" in (getattr(section, "rope_parameters", None) or {}):
            half = given["head_dim"] // 2 if "head_dim" in given else 8
            section.rope_parameters["mrope_section"] = [half - 2 * (half // 3), half // 3, half // 3]
        for key, value in given.items():
            setattr(section, key, value)
        if getattr(section, "layer_types", None):
            section.layer_types = section.layer_types[: section.num_hidden_layers]
    config.save_pretrained(folder)
    return folder


def build(name: str, folder: Path, thin: Mapping[str, Mapping[str, Any]] = THIN, seed: int = 0) -> Path:
    """The same with random weights."""
    config = transformers.AutoConfig.from_pretrained(narrow(name, folder, thin))
    torch.manual_seed(seed)
    maker = getattr(transformers, family_of(config).auto_class)
    maker._from_config(config, dtype=torch.float32).eval().save_pretrained(folder)
    return folder
