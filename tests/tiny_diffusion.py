"""Tiny checkpoints of the diffusion painter's pipelines: real classes, in the layout of released ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderKLFlux2,
    ControlNetModel,
    DDIMScheduler,
    FlowMatchEulerDiscreteScheduler,
    Flux2Transformer2DModel,
    FluxTransformer2DModel,
    UNet2DConditionModel,
    ZImageControlNetModel,
    ZImageTransformer2DModel,
)
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    PreTrainedTokenizerFast,
    Qwen3Config,
    Qwen3ForCausalLM,
    Qwen3Model,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
)

from caig_cli.mllm.tokenizer import train_tokenizer

WIDTH = 32


def clip_tokenizer() -> Any:
    """Single characters as words' pieces, as CLIP's own vocabulary has them too."""
    characters = [chr(code) for code in range(33, 127)]
    pieces = characters + [f"{one}</w>" for one in characters] + ["<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer({piece: n for n, piece in enumerate(pieces)}, [], model_max_length=77)


def t5_tokenizer() -> Any:
    pieces = ["<pad>", "</s>", "<unk>", "▁", *(chr(code) for code in range(33, 127))]
    return T5Tokenizer([(piece, -1.0) for piece in pieces], extra_ids=0, model_max_length=512)


def clip_text(projection: int | None = None, width: int = WIDTH) -> Any:
    config = CLIPTextConfig(
        vocab_size=190, hidden_size=width, intermediate_size=37, num_hidden_layers=2, num_attention_heads=4,
        max_position_embeddings=77, bos_token_id=188, eos_token_id=189, pad_token_id=1,
        projection_dim=projection or width, hidden_act="gelu" if projection else "quick_gelu",
    )  # fmt: skip
    return (CLIPTextModelWithProjection if projection else CLIPTextModel)(config)


def vae(latents: int = 4, **more: Any) -> Any:
    blocks = 4  # the released ones shrink by 8 too
    model = AutoencoderKL(
        block_out_channels=(8,) * blocks, down_block_types=("DownEncoderBlock2D",) * blocks,
        up_block_types=("UpDecoderBlock2D",) * blocks, latent_channels=latents, norm_num_groups=4,
        layers_per_block=1, sample_size=64, **more,
    )  # fmt: skip
    with torch.no_grad():  # a trained one is as sure of its latents
        model.quant_conv.bias[latents:] = -20
    return model


def unet_shape(xl: bool) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "block_out_channels": (WIDTH, 2 * WIDTH), "layers_per_block": 1, "in_channels": 4,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"), "cross_attention_dim": WIDTH,
        "attention_head_dim": 4,
    }  # fmt: skip
    if xl:
        shape |= {
            "cross_attention_dim": 2 * WIDTH, "addition_embed_type": "text_time",
            "addition_time_embed_dim": 8, "transformer_layers_per_block": (1, 2),
            "projection_class_embeddings_input_dim": 6 * 8 + WIDTH, "use_linear_projection": True,
        }  # fmt: skip
    return shape


def make_sd(folder: Path, *, xl: bool = False) -> Path:
    """An SD 1.5 or SDXL checkpoint in ``folder/model`` and its ControlNet in ``folder/controlnet``."""
    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        **unet_shape(xl), sample_size=8, out_channels=4, up_block_types=("CrossAttnUpBlock2D", "UpBlock2D")
    )
    controlnet = ControlNetModel(**unet_shape(xl), conditioning_embedding_out_channels=(8, 16, 16, 16))
    for block in [*controlnet.controlnet_down_blocks, controlnet.controlnet_mid_block]:
        torch.nn.init.normal_(block.weight, std=0.5)  # a new one is zero there, and would not be seen
    controlnet.save_pretrained(folder / "controlnet")
    parts: dict[str, Any] = {
        "unet": unet, "vae": vae(), "text_encoder": clip_text(), "tokenizer": clip_tokenizer(),
        "scheduler": DDIMScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1
        ),
    }  # fmt: skip
    if xl:
        parts |= {"text_encoder_2": clip_text(WIDTH), "tokenizer_2": clip_tokenizer()}
    save(folder / "model", "StableDiffusionXLPipeline" if xl else "StableDiffusionPipeline", parts)
    if not xl:  # released ones name these, and may not even have them
        index = json.loads((folder / "model" / "model_index.json").read_text())
        index |= {
            "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
            "feature_extractor": ["transformers", "CLIPFeatureExtractor"], "requires_safety_checker": True,
        }  # fmt: skip
        (folder / "model" / "model_index.json").write_text(json.dumps(index))
    return folder


def make_flux(folder: Path, pipeline: str) -> Path:
    """A FLUX checkpoint in ``folder/model``: FluxFillPipeline, or FluxKontextPipeline."""
    torch.manual_seed(0)
    latents = 4
    channels = 4 * latents
    # Fill sees the masked picture and 8x8 pixels of mask for each latent beside the noise.
    seen = channels + 4 * latents + 4 * 64 if pipeline == "FluxFillPipeline" else channels
    transformer = FluxTransformer2DModel(
        patch_size=1, in_channels=seen, out_channels=channels, num_layers=1, num_single_layers=1,
        attention_head_dim=16, num_attention_heads=2, joint_attention_dim=WIDTH, pooled_projection_dim=WIDTH,
        axes_dims_rope=(4, 4, 8), guidance_embeds=True,
    )  # fmt: skip
    t5 = T5EncoderModel(
        T5Config(
            vocab_size=98, d_model=WIDTH, d_kv=8, d_ff=37, num_layers=2, num_heads=4, is_encoder_decoder=False
        )
    )
    parts = {
        "transformer": transformer, "vae": vae(latents, shift_factor=0.1, scaling_factor=0.36),
        "text_encoder": clip_text(), "tokenizer": clip_tokenizer(), "text_encoder_2": t5,
        "tokenizer_2": t5_tokenizer(), "scheduler": FlowMatchEulerDiscreteScheduler(),
    }  # fmt: skip
    save(folder / "model", pipeline, parts)
    return folder


def chat_tokenizer() -> Any:
    """Qwen's class of tokenizer with a chat template, reading bytes."""
    words = train_tokenizer(["a mug on linen, snow"] * 4, 300)
    made = PreTrainedTokenizerFast(
        tokenizer_object=words.backend_tokenizer, pad_token="<pad>", eos_token="</s>"
    )
    made.chat_template = (
        "{% for message in messages %}{{ 'user: ' + message['content'] + '\\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ 'assistant:' }}{% endif %}"
    )
    return made


def chat_text(kind: type[Any], layers: int) -> Any:
    shape = {"hidden_size": 16, "intermediate_size": 24, "head_dim": 8}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 1}
    return kind(Qwen3Config(vocab_size=400, num_hidden_layers=layers, **shape, **heads))


def make_klein(folder: Path) -> Path:
    """A FLUX.2 klein checkpoint in ``folder/model``; its text encoder has the layers that are read."""
    torch.manual_seed(0)
    transformer = Flux2Transformer2DModel(
        patch_size=1, in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16,
        num_attention_heads=2, joint_attention_dim=48, timestep_guidance_channels=16,
        axes_dims_rope=(4, 4, 4, 4), guidance_embeds=False,
    )  # fmt: skip
    blocks = 4
    decoder = AutoencoderKLFlux2(
        block_out_channels=(8,) * blocks, down_block_types=("DownEncoderBlock2D",) * blocks,
        up_block_types=("UpDecoderBlock2D",) * blocks, latent_channels=4, norm_num_groups=4,
        layers_per_block=1, sample_size=64,
    )  # fmt: skip
    parts = {
        "transformer": transformer, "vae": decoder, "text_encoder": chat_text(Qwen3ForCausalLM, 28),
        "tokenizer": chat_tokenizer(), "scheduler": FlowMatchEulerDiscreteScheduler(),
    }  # fmt: skip
    save(folder / "model", "Flux2KleinPipeline", parts)
    return folder


CONTROL: dict[str, Any] = {
    "control_layers_places": [0, 15], "control_refiner_layers_places": [0, 1], "control_in_dim": 9,
    "add_control_noise_refiner": "control_noise_refiner", "dim": 32, "n_heads": 2, "n_kv_heads": 2,
}  # fmt: skip


def make_z_image(folder: Path) -> Path:
    """A Z-Image checkpoint in ``folder/model`` and its ControlNet in ``folder/controlnet``."""
    torch.manual_seed(0)
    transformer = ZImageTransformer2DModel(
        in_channels=4, dim=32, n_layers=16, n_refiner_layers=2, n_heads=2, n_kv_heads=2, cap_feat_dim=16,
        axes_dims=[4, 6, 6], axes_lens=[1024, 64, 64],
    )  # fmt: skip
    for name in ("x_pad_token", "cap_pad_token"):
        getattr(transformer, name).data.zero_()
    parts = {
        "transformer": transformer, "vae": vae(4, shift_factor=0.1, scaling_factor=0.36),
        "text_encoder": chat_text(Qwen3Model, 3), "tokenizer": chat_tokenizer(),
        "scheduler": FlowMatchEulerDiscreteScheduler(),
    }  # fmt: skip
    save(folder / "model", "ZImagePipeline", parts)
    control = ZImageControlNetModel(**CONTROL)
    for layer in control.control_noise_refiner:
        if hasattr(layer, "before_proj"):
            torch.nn.init.normal_(layer.before_proj.weight)
    control.save_pretrained(folder / "controlnet")
    return folder


def save(folder: Path, pipeline: str, parts: dict[str, Any]) -> None:
    """Each part in a folder of its own, and the file that names them."""
    index: dict[str, Any] = {"_class_name": pipeline, "_diffusers_version": "0.36.0"}
    for name, part in parts.items():
        part.save_pretrained(folder / name)
        library = "transformers" if name.startswith(("text", "token")) else "diffusers"
        index[name] = [library, type(part).__name__]
    (folder / "model_index.json").write_text(json.dumps(index))
