"""Recipe section of the diffusion painter. No torch: the help reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from caig_cli.engine.hub_name import ModelName
from caig_cli.painters.diffusion.kinds import KINDS, SCHEDULERS, DiffusionKind
from caig_cli.recipe import Section
from caig_cli.tables import OneOf


class DiffusionSection(Section):
    """How the painter ``diffusion`` paints. Empty values are those of the kind."""

    kind: Annotated[str, OneOf("kind", KINDS)] = "sd15"
    """Kind of model, which decides what it is loaded with and all values that are empty here."""

    model: ModelName | None = None
    """Checkpoint in the layout of diffusers: a folder, or org/name[@revision] on the hub."""

    controlnet: ModelName | None = None
    """ControlNet for Canny edges: a folder, or org/name[@revision] on the hub."""

    lora: ModelName | None = None
    """LoRA weights: a file, a folder, or org/name[/file.safetensors][@revision] on the hub."""

    lora_scale: float = 1.0
    """Strength of the LoRA."""

    negative_prompt: str = ""
    """What the pictures should not show."""

    steps: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Denoising steps."""

    guidance: Annotated[float, Field(ge=0)] | None = None
    """How strictly the prompt is followed."""

    scheduler: Annotated[str, OneOf("scheduler", SCHEDULERS)] | None = None
    """Scheduler by name; those that begin with flow- are for kinds trained by flow matching."""

    control_scale: Annotated[float, Field(ge=0, le=2)] | None = None
    """How strictly the product's edges are followed, for a kind with a ControlNet."""

    resolution: Annotated[int, Field(ge=32, le=4096)] | None = None
    """Side in pixels of the square whose area the model paints, whatever the size of the ad."""

    mask_dilation: Annotated[int, Field(ge=0, le=256)] | None = None
    """Width in pixels of the square that the repainted part grows by, half of it over the product's rim;
    empty is the kind's own at its own resolution, and in proportion at others."""

    batch: Annotated[int, Field(ge=1, le=64)] = 4
    """Pictures painted at once."""

    dtype: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    """Precision; auto is the kind's own on a GPU and fp32 on the CPU."""

    offload: Literal["none", "model", "sequential"] = "none"
    """What waits in the computer's memory: nothing, models that are not at work, or every layer."""

    vae_slicing: bool = False
    """Whether pictures of a batch are decoded one by one, which takes less memory."""

    vae_tiling: bool = False
    """Whether pictures are decoded in tiles, which takes less memory and may show."""

    shadow: Annotated[float, Field(ge=0, le=1)] = 0.75
    """Strength of the soft shadow that the product casts on what was painted: the share of the light that its
    deepest point loses; 0 casts none."""

    growth_limit: Annotated[float, Field(ge=0)] = 0.05
    """Paint again where the background continues the product by more than this share of its area."""

    retries: Annotated[int, Field(ge=0, le=16)] = 2
    """Other seeds tried for such a picture; the one that continues it least is kept."""

    @property
    def label(self) -> str:
        """Kind and model, without a path."""
        model = self.model or self.row.model
        return f"{self.kind} ({Path(model).name if Path(model).expanduser().exists() else model})"

    @property
    def side(self) -> int:
        """Side in pixels of the square whose area is painted."""
        return self.resolution or self.row.resolution

    @property
    def dilation(self) -> int:
        """Pixels that the repainted part grows by."""
        own = round(self.row.dilation * self.side / self.row.resolution)
        return own if self.mask_dilation is None else self.mask_dilation

    @property
    def row(self) -> DiffusionKind:
        """The kind's row of the table."""
        return KINDS[self.kind]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        kind = self.row
        if kind.controlnet is None and (self.controlnet is not None or self.control_scale is not None):
            raise ValueError(f"kind {self.kind} has no ControlNet; leave controlnet and control_scale empty")
        if kind.most is not None and self.side**2 > kind.most:
            raise ValueError(f"kind {self.kind} paints at most {kind.most:,} pixels; lower resolution")
        if self.negative_prompt and not kind.negative:
            raise ValueError(f"kind {self.kind} takes no negative prompt; leave negative_prompt empty")
        if self.negative_prompt and (kind.guidance if self.guidance is None else self.guidance) <= 1:
            raise ValueError("negative_prompt has no effect at guidance 1 or less; give more guidance")
        if self.scheduler is not None and self.scheduler.startswith("flow-") != kind.flow:
            fit = [name for name in SCHEDULERS if name.startswith("flow-") == kind.flow]
            raise ValueError(f"scheduler {self.scheduler} is not for kind {self.kind}; use {', '.join(fit)}")
        return self
