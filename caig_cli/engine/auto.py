"""Transformers' Auto classes on a folder: code that comes with a checkpoint is never run.

Without a word on it, transformers asks at the terminal whether it may run such code. Everything here says no.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from caig_cli.errors import UsageError, in_words


def read_config(folder: Path) -> Any:
    """The configuration of a model folder. Raises UsageError where it is damaged or wants code of its own."""
    import transformers

    return _read(folder, "configuration", transformers.AutoConfig.from_pretrained)


def read_tokenizer(folder: Path) -> Any:
    """The tokenizer of a model folder. Raises UsageError as ``read_config`` does."""
    import transformers

    return _read(folder, "tokenizer", transformers.AutoTokenizer.from_pretrained)


def read_model(folder: Path, **given: Any) -> Any:
    """The model of a folder, by ``AutoModel``. Raises UsageError as ``read_config`` does."""
    import transformers

    return _read(folder, "model", transformers.AutoModel.from_pretrained, **given)


def make_model(config: Any, **given: Any) -> Any:
    """A model of a configuration, by ``AutoModel``, with random weights."""
    import transformers

    return transformers.AutoModel.from_config(config, trust_remote_code=False, **given)


def _read(folder: Path, what: str, reader: Callable[..., Any], **given: Any) -> Any:
    try:
        return reader(folder, local_files_only=True, trust_remote_code=False, **given)
    except Exception as error:  # whatever a foreign or damaged file makes a reader raise
        line = " ".join(str(error).split())
        if "trust_remote_code" in line:
            raise UsageError(
                f"{folder}: its {what} is Python code of its own, which caig never runs; take a "
                f"checkpoint of a "
                "class that transformers has"
            ) from None
        raise UsageError(f"{folder}: its {what} can't be read: {in_words(error)}") from None
