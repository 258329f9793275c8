"""An adapter and its base as one plain model."""

from __future__ import annotations

from pathlib import Path

import torch

from caig_cli.engine import sources
from caig_cli.errors import UsageError
from caig_cli.mllm import adapters, loading, snippets
from caig_cli.mllm.prompt_model import question_for
from caig_cli.mllm.questions import write_question
from caig_cli.records import Product

_EXAMPLE = Product("mug", Path("mug.png"), "Red mug")


def check(source: str) -> Path:
    """The folder of an adapter. Raises UsageError for what can't be merged."""
    folder = loading.locate(source)
    adapters.refuse_reward(folder, source)
    if sources.base_of_adapter(folder) is None:
        raise UsageError(f"{source}: is no adapter but a whole model already")
    return folder


def stored_dtype(source: str) -> torch.dtype:
    """The precision of an adapter's base as it is stored; 16 bit where it says nothing."""
    from caig_cli.engine import auto

    base = loading.locate(str(sources.base_of_adapter(check(source))))
    dtype = getattr(auto.read_config(base), "dtype", None)
    return dtype if isinstance(dtype, torch.dtype) else torch.bfloat16


def merge_into(source: str, folder: Path, dtype: torch.dtype) -> None:
    """Fill a folder with the model of an adapter.

    Merged in float32 and rounded once: 16 bit would round most of an update away.
    """
    adapter, question = check(source), question_for(source)
    mllm = loading.load(source, device=torch.device("cpu"), dtype=torch.float32, quantised="none")
    base = sources.portable(loading.base_name(mllm))
    mllm.model = mllm.model.merge_and_unload()
    mllm.save(folder, dtype)
    write_question(folder, question)
    (folder / "README.md").write_text(_card(base, adapter.name, question.ask(_EXAMPLE)), "utf-8")


def _card(base: str, adapter: str, question: str) -> str:
    return (
        "---\nlibrary_name: transformers\npipeline_tag: image-text-to-text\n---\n\n"
        "# Prompt model\n\nLooks at a product photo and its title and writes a background prompt for an "
        f"advertising image. `{base}` with the adapter `{adapter}` merged into its weights; the adapter's "
        f"card "
        "says how it was made and measured.\n\n## How to use it\n\n"
        + snippets.use_model(question)
        + "\nor `caig generate --set writer.model=FOLDER --product mug.png`, `caig pcpo --base FOLDER`.\n"
    )
