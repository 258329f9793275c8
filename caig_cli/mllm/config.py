"""Recipe sections of models, shared by every command that trains one. No torch: the help reads them."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from caig_cli.engine.hub_name import ModelName
from caig_cli.engine.memory_plan import MemorySize, parse_size
from caig_cli.engine.optim import Count, Positive, Share
from caig_cli.engine.runtime import Runtime, choose_device, device_memory, reason_for
from caig_cli.recipe import Recipe, Section

Quantise = Literal["auto", "none", "nf4", "int8"]


class ModelRecipe(Recipe):
    """What recipes of commands hold that load multimodal language models."""

    quantise: Quantise = "auto"
    """Bits of frozen language models: nf4 (4 bit), int8 (8 bit), none (those of dtype), or auto: as the model
    is stored, or as its adapter was trained."""

    def reason(self) -> str:
        """Where and how its networks would compute, and why; loads torch only where a GPU may be there."""
        return reason_for(self.device, self.dtype)

    def runtime(self) -> Runtime:
        """Where and how its networks compute. Raises UsageError as ``choose_device`` does."""
        return choose_device(self.device, self.dtype, self.quantise)


class PlannedRecipe(ModelRecipe):
    """Those whose memory is planned before they run."""

    gpu_memory: MemorySize | None = None
    """Memory to get by with, such as 12GB (2^30 bytes each); one that needs more is refused. Empty means all
    that the GPU has."""

    def room(self) -> int | None:
        """Bytes that there are; None for a CPU without a limit."""
        return device_memory(self.device) if self.gpu_memory is None else parse_size(self.gpu_memory)

    def planned_runtime(self) -> Runtime:
        """As ``runtime``; on a machine without the GPU that ``gpu_memory`` speaks of, as on that GPU."""
        there = self.runtime()
        if self.gpu_memory is None or there.device.type != "cpu" or self.dtype != "auto":
            return there
        return choose_device(self.device, "bf16", self.quantise)


class TowerShape(Section):
    """A hybrid vision transformer: a residual network, then attention over its last feature map."""

    image_size: Count = 192
    """Side of the square picture, pixels. Each stage of the residual network halves it, and so does its stem:
    at 192 pixels and five stages 3 times 3 tokens are left."""

    width: Count = 32
    """Channels of the residual network's stem; its stages have 1, 2, 4, 6 and 8 times as many."""

    depths: Annotated[tuple[Count, ...], Field(min_length=3, max_length=5)] = (2, 2, 2, 1, 1)
    """Residual blocks of each stage."""

    hidden_size: Count = 256
    """Width of the attention layers."""

    intermediate_size: Count = 768
    """Width inside their feed-forward layers."""

    num_hidden_layers: Count = 1
    """Attention layers."""

    num_attention_heads: Count = 4
    """Attention heads."""


class LanguageShape(Section):
    """A language model of Llama's class."""

    hidden_size: Count = 256
    """Width."""

    intermediate_size: Count = 704
    """Width inside the feed-forward layers."""

    num_hidden_layers: Count = 5
    """Depth."""

    num_attention_heads: Count = 4
    """Attention heads."""

    num_key_value_heads: Count = 4
    """Key and value heads."""


class AttributePretrainingSection(Section):
    """Pre-training of the vision tower alone, by naming what pictures show, before the dialogues."""

    tasks: tuple[str, ...] = ("shape",)
    """Tasks whose answers are names to tell apart; the first one is shown as progress."""

    steps: Count = 1000
    """Optimiser steps."""

    batch: Count = 48
    """Pictures per step."""

    learning_rate: Positive = 1e-3
    """Peak learning rate."""

    cutmix_prob: Share = 0.0
    """Share of the steps in which each picture gets a part of another one and both are to be named, against
    learning pictures by heart."""


class ScratchSection(Section):
    """A new model with random weights."""

    language_model: ModelName | None = None
    """Model whose tokenizer and language model are taken over (embedded, or a folder), as a LLaVA is built on
    a language model that can already speak; empty makes new ones of the shape below."""

    vocabulary: Count = 4096
    """Entries of the new tokenizer, learnt from the dialogues."""

    matte: tuple[int, int, int] = (214, 214, 214)
    """Colour that the model sees where a picture is transparent, sRGB."""

    tower: TowerShape = TowerShape()
    """Shape of the vision tower."""

    language: LanguageShape = LanguageShape()
    """Shape of the language model."""

    attribute_pretraining: AttributePretrainingSection | None = None
    """Pre-training of the tower by attributes before the dialogues; empty for none."""


class LoraSection(Section):
    """Low-rank adapters on the language model's linear layers; everything else stays frozen."""

    rank: Count = 32
    """Rank of the adapters."""

    alpha: Positive = 64.0
    """Scale of the adapters, divided by the rank."""

    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Dropout before the adapters while training."""


class ModelSection(Section):
    """Where training starts."""

    base: ModelName | None = "embedded"
    """Model to start from: embedded, a folder, or a hub name org/name[@revision]; empty with from_scratch."""

    from_scratch: ScratchSection | None = None
    """Make a new model instead."""

    lora: LoraSection | None = LoraSection()
    """Adapters to train; empty trains all weights."""

    train_tower: bool = False
    """Whether the vision tower learns from the dialogues too, where all weights are trained."""

    @model_validator(mode="after")
    def _one_start(self) -> Self:
        if (self.base is None) == (self.from_scratch is None):
            raise ValueError("give either base or from_scratch")
        if self.from_scratch is not None and self.lora is not None:
            raise ValueError("a model from nothing has nothing to adapt; set lora to null")
        return self
