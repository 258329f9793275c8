"""Language models without weights: they compute shapes on torch's meta device, for the memory plan.

Adapters are in the precision of the computation, as autocast's copies of them are; the float32 originals are
counted apart.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import nn

from caig_cli.engine import model_folder
from caig_cli.engine.activation_memory import META, peak_of
from caig_cli.engine.runtime import Runtime
from caig_cli.errors import UsageError
from caig_cli.mllm import depth, loading, quantise
from caig_cli.mllm.config import LoraSection
from caig_cli.mllm.families import family_of
from caig_cli.mllm.images import Rules, Size
from caig_cli.mllm.loading import Mllm
from caig_cli.mllm.vision import patches

T = TypeVar("T")

FLOAT = 4
"""Bytes of a trained weight, of its gradient, and of each of the optimiser's two moments."""


@dataclass(frozen=True, slots=True)
class MetaModel:
    """A model on the meta device.

    ``base``: bytes of its weights; ``adapter``: parameters of its adapter; ``seen``: shape of what its tower
    gives for a square picture.
    """

    mllm: Mllm
    base: int
    adapter: int
    itemsize: int
    seen: tuple[int, ...]
    _found: dict[object, Any] = field(default_factory=dict, compare=False)

    def once(self, asked: object, work: Callable[[], T]) -> T:
        """What ``work`` finds out about the model; the second time it is remembered."""
        if asked not in self._found:
            self._found[asked] = work()
        found: T = self._found[asked]
        return found

    def peak(self, work: Callable[[], None], *more: nn.Module) -> int:
        """Bytes that ``work`` needs at most beside the model and ``more`` modules."""
        return depth.peak(self.mllm, work, self.mllm.model, *more)[0]

    @property
    def trained(self) -> int:
        """Parameters that learn."""
        return sum(p.numel() for p in self.mllm.model.parameters() if p.requires_grad)

    def frozen(self, parameters: int) -> int:
        """Bytes of an adapter that never learns, in the precision of the computation."""
        return self.itemsize * parameters


def load_meta_model(
    source: str, runtime: Runtime, lora: LoraSection | None = None, *, tower: bool = False
) -> MetaModel:
    """A model, or an adapter with its base; one without an adapter gets that of ``lora``, if there is one.

    ``tower``: the tower learns too, with adapters on its layers where there are any. Opens no weights. While
    the files stay as they are, it is the same one again, with what was found out about it.
    """
    folder, asked = loading.locate(source), runtime.quantise
    if (folder / "adapter_config.json").is_file():
        _, base = loading.base_of(folder)
        lora = lora_of(folder)
        asked = quantise.read_note(folder) if asked == "auto" else asked
        folder = base
    there = tuple((path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in folder.iterdir())
    return _drawn(folder, there, source, runtime.dtype, asked, lora, tower)


@lru_cache(16)
def _drawn(
    folder: Path,
    _there: tuple[object, ...],
    source: str,
    dtype: torch.dtype,
    asked: str,
    lora: LoraSection | None,
    tower: bool,
) -> MetaModel:
    config = loading.read_config(folder)
    family = family_of(config)
    if _has_own_head(folder):
        config.tie_word_embeddings = False
    tokenizer = loading.read_tokenizer(folder, family, config)
    rules = loading.rules_of(folder, family, config)
    plain = Mllm(loading.skeleton(config).to(dtype), tokenizer, family, rules)
    plain.tower.requires_grad_(tower)
    targets = f"({family.lora_targets})|({family.tower_targets})" if tower else None
    return adapted(plain, quantise.decide(asked, config, source), lora, targets)


def _has_own_head(folder: Path) -> bool:
    """Whether a model's head is no copy of its embeddings, by its weights, else by what it says itself.

    Of some classes (InternVL) a configuration that says nothing means tied, and checkpoints say it of the
    language model alone.
    """
    names = model_folder.tensor_names(folder)
    if names:
        return any(name.endswith("lm_head.weight") for name in names)
    config = model_folder.read_json(folder / "config.json")
    inner = config.get("text_config")
    head = config if "tie_word_embeddings" in config or not isinstance(inner, dict) else inner
    return head.get("tie_word_embeddings") is False


def adapted(plain: Mllm, method: str, lora: LoraSection | None, targets: str | None = None) -> MetaModel:
    """A model on the meta device, quantised by ``method``; without ``lora`` all learns."""
    plain.model.eval()
    dtype = plain.core.dtype
    itemsize = dtype.itemsize
    base = sum(t.nbytes for t in (*plain.model.parameters(), *plain.model.buffers()))
    if method != "none":
        for layer in linears(plain.model, plain.family.lora_targets):
            base += packed(method, *layer.weight.shape) - layer.weight.nbytes
            layer.__class__ = _FEWER_BITS.get(method, _FourBit)
    seen = _seen(plain)
    if lora is None:
        return MetaModel(plain, base, 0, itemsize, seen)
    with META:
        mllm = loading.add_lora(
            plain, "meta", rank=lora.rank, alpha=lora.alpha, dropout=lora.dropout, targets=targets
        )
    for weight in mllm.model.parameters():
        weight.data = weight.data.to(dtype)
    drawn = MetaModel(mllm, base, 0, itemsize, seen)
    return replace(drawn, adapter=drawn.trained)


def pixels(rules: Rules, images: int, size: Size) -> torch.Tensor:
    """What a tower is given for pictures of a size, without data."""
    pieces = rules.tensor([np.zeros((*size, 3), np.uint8)]).shape
    return torch.empty(pieces[0] * images, *pieces[1:], device=META)


def _seen(mllm: Mllm) -> tuple[int, ...]:
    shapes: list[tuple[int, ...]] = []

    @torch.no_grad()
    def look() -> None:
        size = mllm.rules.usual
        seen = patches(mllm, pixels(mllm.rules, 1, size), [size])
        shapes.append(tuple(seen.shape))
        tokens = mllm.family.view.project(mllm.core, seen, [size])
        counts.append(math.prod(tokens.shape[:-1]))

    counts: list[int] = []
    peak_of(look, mllm.model)  # transformers hooks all layers now, before a trace of fewer
    expected = mllm.encoder.picture().count(mllm.config.image_token_id)
    if counts != [expected]:
        raise UsageError(
            f"its tower makes {counts[0]} tokens of a picture, its configuration says {expected}"
        )
    return shapes[0]


def lora_of(folder: Path) -> LoraSection:
    """The shape of a stored adapter."""
    from peft import PeftConfig

    config: Any = PeftConfig.from_pretrained(str(folder))
    return LoraSection(rank=config.r, alpha=config.lora_alpha, dropout=config.lora_dropout)


def adapter_size(one: MetaModel, rank: int) -> int:
    """Parameters of another adapter on the family's layers."""
    layers = linears(one.mllm.core, one.mllm.family.lora_targets)
    return rank * sum(layer.in_features + layer.out_features for layer in layers)


def packed(method: str, rows: int, columns: int) -> int:
    """Bytes of a quantised matrix with its constants.

    4 bit: a byte for two weights and one for the scale of 64; of each layer a float for 256 scales, and the
    tables. 8 bit: a byte for each weight and a float for each row.
    """
    count = rows * columns
    if method == "int8":
        return count + rows * FLOAT
    blocks = math.ceil(count / 64)
    return math.ceil(count / 2) + blocks + math.ceil(blocks / 256) * FLOAT + (16 + 256 + 1) * FLOAT


def linears(model: nn.Module, targets: str) -> Iterator[nn.Linear]:
    """The layers of a pattern, also where they carry adapters."""
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear) and re.fullmatch(targets, name.removesuffix(".base_layer")):
            yield module


class _Dequantised(torch.autograd.Function):
    """A 4-bit layer: its matrix is there in full for the moment in which it is used."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        ctx.weight = weight
        return nn.functional.linear(x, torch.empty_like(weight))

    @staticmethod
    def backward(ctx: Any, *grad: torch.Tensor) -> tuple[Any, ...]:
        return grad[0] @ torch.empty_like(ctx.weight), None


class _Vectorwise(_Dequantised):
    """An 8-bit layer: its input is kept, out of the reach of gradient checkpointing."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        ctx.weight, ctx.input = weight, x
        shape = (*x.shape[:-1], len(weight))
        beside = torch.empty_like(x, dtype=torch.int8), torch.empty(shape, dtype=torch.int32, device=x.device)
        out = x.new_empty(shape)
        del beside  # the input in 8 bit and the sums of products, which are there when the output is made
        return out


class _FourBit(nn.Linear):
    step: Callable[..., Any] = _Dequantised.apply

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = type(self).step(x, self.weight)
        return out if self.bias is None else out + self.bias


class _EightBit(_FourBit):
    step: Callable[..., Any] = _Vectorwise.apply


_FEWER_BITS = {"nf4": _FourBit, "int8": _EightBit}
