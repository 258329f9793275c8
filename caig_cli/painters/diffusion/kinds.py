"""The kinds of diffusion models that paint, one row each. To add one: add its row and a tiny checkpoint to
the tests. No torch: recipes and the memory plan read the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class DiffusionKind:
    """A pipeline class of diffusers with what it takes to let it paint a background.

    ``checkpoint`` matches the class that a checkpoint says it was saved from. ``without`` are parts that a
    checkpoint may hold and that are not loaded. ``reads`` names the tokenizer that limits the prompt and its
    limit in tokens. ``matte`` is what the model sees where the product is not; where it is told to repaint,
    the mask covers it. ``most``: pixels that the pipeline paints, at most; it would shrink a larger canvas.
    ``control``: class of the ControlNet. ``commercial``: whether ads for sale may be made with the model.
    ``dilation``: side in pixels of the square by which the mask grows at ``resolution``.
    ``call``: arguments that are always the same. ``millions``: parameters of each part.
    """

    pipeline: str
    checkpoint: str
    model: str
    licence: str
    scheduler: str
    steps: int
    guidance: float
    resolution: int
    dtype: str
    reads: tuple[str, int]
    millions: Mapping[str, float]
    multiple: int = 8
    most: int | None = None
    commercial: bool = True
    dilation: int = 20
    controlnet: str | None = None
    control: str = "ControlNetModel"
    control_scale: float | None = None
    lora: str | None = None
    negative: bool = True
    matte: tuple[int, int, int] = (0, 0, 0)
    template: str = "{prompt}"
    without: Mapping[str, Any] = field(default_factory=dict)
    call: Mapping[str, Any] = field(default_factory=dict)

    @property
    def flow(self) -> bool:
        """Whether it was trained by flow matching, which has schedulers of its own."""
        return self.scheduler.startswith("flow-")


_SD15 = DiffusionKind(
    pipeline="StableDiffusionControlNetInpaintPipeline",
    checkpoint=r"StableDiffusion(?!XL|3)\w*",
    model="digiplay/majicMIX_realistic_v7",
    controlnet="lllyasviel/control_v11p_sd15_canny",
    licence="CreativeML OpenRAIL-M; majicMIX adds terms of its own; ControlNet: OpenRAIL",
    scheduler="euler-a",
    steps=30,
    guidance=7.5,
    control_scale=1.0,
    resolution=512,
    dtype="fp16",
    reads=("tokenizer", 77),
    # Its filter blanks whole pictures, and product photos trip it.
    without={
        "safety_checker": None, "feature_extractor": None, "image_encoder": None,
        "requires_safety_checker": False,
    },
    call={"strength": 1.0},
    millions={"unet": 859.5, "controlnet": 361.3, "text_encoder": 123.1, "vae": 83.7},
)  # fmt: skip

_SDXL = replace(
    _SD15,
    pipeline="StableDiffusionXLControlNetInpaintPipeline",
    checkpoint=r"StableDiffusionXL\w*",
    model="stabilityai/stable-diffusion-xl-base-1.0",
    controlnet="diffusers/controlnet-canny-sdxl-1.0",
    licence="CreativeML Open RAIL++-M; ControlNet: OpenRAIL++",
    guidance=6.0,
    control_scale=0.5,
    resolution=1024,
    dilation=40,
    # The watermarker is a package that only some have; the ad says itself that software made it.
    without={"feature_extractor": None, "image_encoder": None, "add_watermarker": False},
    millions={
        "unet": 2567.5, "controlnet": 1251.0, "text_encoder": 123.1, "text_encoder_2": 694.7, "vae": 83.7
    },
)  # fmt: skip

_FLUX_FILL = DiffusionKind(
    pipeline="FluxFillPipeline",
    checkpoint=r"FluxFill\w*",
    model="black-forest-labs/FLUX.1-Fill-dev",
    licence="FLUX.1 [dev] Non-Commercial License; gated",
    commercial=False,
    scheduler="flow-euler",
    steps=50,
    guidance=30.0,
    resolution=1024,
    multiple=16,
    dilation=40,
    dtype="bf16",
    reads=("tokenizer_2", 512),
    negative=False,
    call={"strength": 1.0, "max_sequence_length": 512},
    millions={"transformer": 11902.4, "text_encoder": 123.1, "text_encoder_2": 4762.3, "vae": 83.8},
)

_KONTEXT = replace(
    _FLUX_FILL,
    pipeline="FluxKontextInpaintPipeline",
    checkpoint=r"FluxKontext\w*",
    model="black-forest-labs/FLUX.1-Kontext-dev",
    steps=28,
    guidance=2.5,
    matte=(235, 235, 235),  # the instruction is about a photo: one in a plain studio
    template="Keep the product exactly as it is and replace the background: {prompt}",
    without={"image_encoder": None, "feature_extractor": None},
    call={"strength": 1.0, "max_sequence_length": 512, "_auto_resize": False},
    millions={"transformer": 11901.4, "text_encoder": 123.1, "text_encoder_2": 4762.3, "vae": 83.8},
)

_KLEIN = DiffusionKind(
    pipeline="Flux2KleinInpaintPipeline",
    checkpoint=r"Flux2Klein\w*",
    model="black-forest-labs/FLUX.2-klein-4B",
    licence="Apache-2.0",
    scheduler="flow-euler",
    steps=4,
    guidance=1.0,
    resolution=1024,
    multiple=16,
    most=1024 * 1024,
    dilation=40,
    dtype="bf16",
    reads=("tokenizer", 512),
    negative=False,
    matte=(235, 235, 235),  # it sees the picture as a photo to edit
    template="Keep the product exactly as it is and replace the background: {prompt}",
    call={"strength": 1.0, "max_sequence_length": 512},
    millions={"transformer": 3875.5, "text_encoder": 4022.5, "vae": 84.0},
)

_Z_IMAGE = DiffusionKind(
    pipeline="ZImageInpaintPipeline",
    checkpoint=r"ZImage\w*",
    model="Tongyi-MAI/Z-Image-Turbo",
    licence="Apache-2.0",
    scheduler="flow-euler",
    steps=8,
    guidance=0.0,
    resolution=1024,
    multiple=16,
    dilation=40,
    dtype="bf16",
    reads=("tokenizer", 512),
    call={"strength": 1.0, "max_sequence_length": 512},
    millions={"transformer": 6154.9, "text_encoder": 4022.5, "vae": 83.8},
)

KINDS: dict[str, DiffusionKind] = {
    "sd15": _SD15,  # the paper's: SD 1.5, inpainting along Canny edges
    "sd15-lcm": replace(
        _SD15, scheduler="lcm", steps=6, guidance=1.5, lora="latent-consistency/lcm-lora-sdv1-5"
    ),  # the same in a fifth of the steps
    "sdxl": _SDXL,
    "sdxl-lcm": replace(
        _SDXL, scheduler="lcm", steps=6, guidance=1.5, lora="latent-consistency/lcm-lora-sdxl"
    ),
    "flux-fill": _FLUX_FILL,  # fills the masked part, without edges to follow
    "kontext": _KONTEXT,  # edits a photo by instruction, within the mask
    "flux2-klein": _KLEIN,  # the same in 4 steps; its weights are free for ads
    "z-image": _Z_IMAGE,  # fills the masked part in 8 steps; free for ads
    "z-image-control": replace(
        _Z_IMAGE,
        pipeline="ZImageControlNetInpaintPipeline",
        controlnet="alibaba-pai/Z-Image-Turbo-Fun-Controlnet-Union-2.0/"
        "Z-Image-Turbo-Fun-Controlnet-Union-2.1.safetensors",
        control="ZImageControlNetModel",
        control_scale=0.75,
        steps=25,
        call={"max_sequence_length": 512},
        millions={**_Z_IMAGE.millions, "controlnet": 3356.2},
    ),  # along Canny edges
}

SCHEDULERS: dict[str, tuple[str, dict[str, Any]]] = {
    "euler-a": ("EulerAncestralDiscreteScheduler", {}),
    "euler": ("EulerDiscreteScheduler", {}),
    "ddim": ("DDIMScheduler", {}),
    "dpm++": ("DPMSolverMultistepScheduler", {}),
    "dpm++-karras": ("DPMSolverMultistepScheduler", {"use_karras_sigmas": True}),
    "unipc": ("UniPCMultistepScheduler", {}),
    "lcm": ("LCMScheduler", {}),
    "tcd": ("TCDScheduler", {}),
    "flow-euler": ("FlowMatchEulerDiscreteScheduler", {}),
    "flow-lcm": ("FlowMatchLCMScheduler", {}),
}
"""Schedulers by name: class in diffusers and what is changed in the checkpoint's own configuration."""
