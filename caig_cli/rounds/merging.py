"""The optional end of a run: the adapter merged into a plain model."""

from __future__ import annotations

import shutil
from pathlib import Path

import torch

from caig_cli.engine.run_dir import RunDir
from caig_cli.mllm import loading
from caig_cli.rounds import stored_judge


def write_merged(adapter: Path, run: RunDir, dtype: torch.dtype) -> Path:
    """Write ``model/``, merged in float32 and rounded once: 16 bit would round most of an update away."""
    mllm = loading.load(str(adapter), device=torch.device("cpu"), dtype=torch.float32, quantised="none")
    mllm.model = mllm.model.merge_and_unload()

    def fill(folder: Path) -> None:
        mllm.save(folder, dtype)
        for kept in (adapter / stored_judge.FOLDER, adapter / stored_judge.FILE):
            if kept.is_dir():
                shutil.copytree(kept, folder / kept.name)
            elif kept.is_file():
                shutil.copy2(kept, folder / kept.name)

    return run.fill_folder("model", fill)
