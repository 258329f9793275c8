"""The table of reward architectures, all trained by the same loop. No torch: recipes and plans read it.

To add one: its network, an ``Implementation`` of it, and a row here; and a section of its own in
``RewardSection`` where it has values of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from caig_cli.engine.runtime import Runtime

if TYPE_CHECKING:
    import torch

    from caig_cli.engine.loop import StepOutput

Settings = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Implementation:
    """``start`` makes a model before its first step (section, texts to learn, device), ``step`` says what a
    step minimises (model, batch, weights).

    ``settings`` are what ``read`` needs besides the files that ``write`` wrote in a folder; ``go_on`` reads a
    model that learns again.
    """

    start: Callable[[Any, Sequence[str], Runtime], Any]
    step: Callable[[Any, Any, Any], StepOutput]
    settings: Callable[[Any], Settings]
    write: Callable[[Any, Path, torch.dtype], None]
    read: Callable[[Path, Settings, Runtime], Any]
    go_on: Callable[[Path, Settings, Any, Runtime], Any]


@dataclass(frozen=True, slots=True)
class Architecture:
    """A row: what is asked before a model is made. Functions get the recipe's section ``model``.

    ``code``: how models are made, written and read, or where that is, as ``module:name``. ``starts_from``:
    models that a new one starts from. ``frozen``: whether its encoder stays as it is. ``ordered``: whether it
    reads left before right, and its text is a question. ``needs_rates``: whether it learns from rates alone.
    ``language_model``: whether it is a language model or an adapter on one, as ``model.mllm`` says.
    """

    help: str
    code: str | Implementation
    starts_from: Callable[[Any], Sequence[str]]
    frozen: Callable[[Any], bool]
    ordered: bool = False
    needs_rates: bool = False
    language_model: bool = False

    def implementation(self) -> Implementation:
        """How its models are made, written and read; imports torch."""
        if not isinstance(self.code, str):
            return self.code
        module, _, name = self.code.partition(":")
        return cast("Implementation", getattr(import_module(module), name))


def _named(*sources: str | None) -> list[str]:
    return [source for source in sources if source is not None]


_HERE = "caig_cli.rewards.implementations"
ARCHITECTURES: Mapping[str, Architecture] = {
    "mllm": Architecture(
        help="the paper's: a multimodal language model compares both ads",
        code=f"{_HERE}:MLLM",
        starts_from=lambda model: [model.mllm.base],
        frozen=lambda model: not model.mllm.train_tower,
        ordered=True,
        language_model=True,
    ),
    "vam": Architecture(
        help="image features alone, list-wise over the ads of an item",
        code=f"{_HERE}:VAM",
        starts_from=lambda model: _named(model.vam.vision.base),
        frozen=lambda model: model.vam.vision.frozen,
        needs_rates=True,
    ),
    "cg4ctr": Architecture(
        help="image and text encoders, pair and point losses",
        code=f"{_HERE}:CG4CTR",
        starts_from=lambda model: _named(model.cg4ctr.vision.base, model.cg4ctr.text.base),
        frozen=lambda model: model.cg4ctr.vision.frozen,
    ),
}
