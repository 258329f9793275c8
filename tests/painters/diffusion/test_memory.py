"""What a painter needs is computed from configurations and files, and right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import (
    AutoencoderKL,
    ControlNetModel,
    Flux2Transformer2DModel,
    FluxTransformer2DModel,
    UNet2DConditionModel,
    ZImageControlNetModel,
    ZImageTransformer2DModel,
)
from tiny_diffusion import make_sd

from caig_cli.painters.diffusion.config import DiffusionSection
from caig_cli.painters.diffusion.kinds import KINDS
from caig_cli.painters.diffusion.memory import needs, parameters

SD = {"cross_attention_dim": 768, "attention_head_dim": 8}
XL: dict[str, Any] = {
    "block_out_channels": (320, 640, 1280), "attention_head_dim": [5, 10, 20], "cross_attention_dim": 2048,
    "transformer_layers_per_block": [1, 2, 10], "use_linear_projection": True,
    "addition_embed_type": "text_time", "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
}  # fmt: skip
XL_UP = ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D")
VAE: dict[str, Any] = {
    "block_out_channels": (128, 256, 512, 512), "layers_per_block": 2, "latent_channels": 4,
    "down_block_types": ("DownEncoderBlock2D",) * 4, "up_block_types": ("UpDecoderBlock2D",) * 4,
}  # fmt: skip
KLEIN: dict[str, Any] = {
    "patch_size": 1, "in_channels": 128, "num_layers": 5, "num_single_layers": 20, "attention_head_dim": 128,
    "num_attention_heads": 24, "joint_attention_dim": 7680, "guidance_embeds": False,
}  # fmt: skip
UNION: dict[str, Any] = {
    "control_layers_places": list(range(0, 30, 2)), "control_refiner_layers_places": [0, 1],
    "control_in_dim": 33, "add_control_noise_refiner": "control_noise_refiner",
}  # fmt: skip
RELEASED = [
    ("sd15", "unet", UNet2DConditionModel, SD),
    ("sd15", "controlnet", ControlNetModel, SD),
    ("sd15", "vae", AutoencoderKL, VAE),
    ("sdxl", "unet", UNet2DConditionModel, XL | {"up_block_types": XL_UP}),
    ("sdxl", "controlnet", ControlNetModel, XL),
    ("kontext", "transformer", FluxTransformer2DModel, {"guidance_embeds": True}),
    ("flux-fill", "transformer", FluxTransformer2DModel,
     {"guidance_embeds": True, "in_channels": 384, "out_channels": 64}),
    ("flux2-klein", "transformer", Flux2Transformer2DModel, KLEIN),
    ("z-image", "transformer", ZImageTransformer2DModel, {}),
    ("z-image-control", "controlnet", ZImageControlNetModel, UNION),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "part", "cls", "config"), RELEASED, ids=lambda value: str(value)[:12])
def test_released_models_have_so_many_parameters(
    kind: str, part: str, cls: Any, config: dict[str, Any]
) -> None:
    """The released configurations, built without memory."""
    with torch.device("meta"):
        model = cls(**config)
    millions = sum(weights.numel() for weights in model.parameters()) / 1e6
    assert KINDS[kind].millions[part] == pytest.approx(millions, abs=0.06)


def test_files_are_counted_where_they_are(tmp_path: Path) -> None:
    folder = make_sd(tmp_path)
    given = {"model": str(folder / "model"), "controlnet": str(folder / "controlnet")}
    unet = UNet2DConditionModel.from_pretrained(folder / "model" / "unet")
    count = sum(weights.numel() for weights in unet.parameters())
    assert parameters(folder / "model")["unet"] == count
    needed = needs(DiffusionSection(**given), (512, 512), "fp32")
    assert needed.weights["unet"] == 4 * count and set(needed.weights) == set(KINDS["sd15"].millions)


def test_the_batch_counts_unless_it_is_decoded_in_slices() -> None:
    one = needs(DiffusionSection(batch=1), (512, 512))
    assert needs(DiffusionSection(batch=4), (512, 512)).activations == 4 * one.activations
    assert needs(DiffusionSection(batch=4, vae_slicing=True), (512, 512)).activations == one.activations
    assert one.activations == needs(DiffusionSection(batch=1), (1024, 1024)).activations  # one canvas
    assert needs(DiffusionSection(dtype="fp32"), (512, 512)).weights["unet"] == 2 * one.weights["unet"]
