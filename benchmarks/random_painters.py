"""SD 1.5 and SDXL with a ControlNet and random weights, in the layout of released checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, ControlNetModel, DDIMScheduler, UNet2DConditionModel
from tiny_diffusion import clip_text, clip_tokenizer, make_sd, save

DOWN = "CrossAttnDownBlock2D"
SD15: dict[str, Any] = {
    "block_out_channels": (320, 640, 1280, 1280), "down_block_types": (DOWN, DOWN, DOWN, "DownBlock2D"),
    "cross_attention_dim": 768, "attention_head_dim": 8,
}  # fmt: skip
SDXL: dict[str, Any] = {
    "block_out_channels": (320, 640, 1280), "down_block_types": ("DownBlock2D", DOWN, DOWN),
    "cross_attention_dim": 2048, "attention_head_dim": (5, 10, 20),
    "transformer_layers_per_block": (1, 2, 10),
    "use_linear_projection": True, "addition_embed_type": "text_time", "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}  # fmt: skip
"""``config.json`` of the released U-Nets."""


def write_painter(folder: Path, kind: str, *, tiny: bool) -> Path:
    """``model`` and ``controlnet`` in a folder, fp16 at full size."""
    if tiny:
        return make_sd(folder, xl=kind == "sdxl")
    torch.manual_seed(0)
    xl = kind == "sdxl"
    shape = SDXL if xl else SD15
    up = ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D")
    ups = up if xl else ("UpBlock2D", *("CrossAttnUpBlock2D",) * 3)
    unet = UNet2DConditionModel(**shape, up_block_types=ups, sample_size=128 if xl else 64).half()
    vae = AutoencoderKL(
        block_out_channels=(128, 256, 512, 512), down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4, layers_per_block=2, latent_channels=4,
        scaling_factor=0.13025 if xl else 0.18215,
    ).half()  # fmt: skip
    noise = DDIMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1)
    parts = {"unet": unet, "vae": vae, "tokenizer": clip_tokenizer(), "scheduler": noise}
    parts["text_encoder"] = clip_text(width=768).half()
    if xl:
        parts |= {"text_encoder_2": clip_text(1280, width=1280).half(), "tokenizer_2": clip_tokenizer()}
    save(folder / "model", f"StableDiffusion{'XL' if xl else ''}Pipeline", parts)
    ControlNetModel(**shape).half().save_pretrained(folder / "controlnet")
    return folder
