"""Published multimodal models as their ``config.json`` and ``preprocessor_config.json`` say them.

Facts of the checkpoints on the hub: widths, layers, sizes of pictures, grids, special tokens, form of a chat.
The tokenizer is not theirs (see ``real_models``). Models that caig refuses stand here too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

CLIP = {"image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711]}
HALF = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
IMAGENET = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}


@dataclass(frozen=True, slots=True)
class Published:
    """A checkpoint without its weights and its words. ``image`` is the token that stands for a picture."""

    config: Json
    images: Json
    marks: tuple[str, ...]
    template: str | None
    image: str = "<image>"
    end: str | None = None
    """The token that ends an answer, where it is not ``</s>``."""
    image_key: str = "image_token_index"
    """Name of the image token's number in ``config.json``."""
    more: Json = field(default_factory=dict)
    """Further values of special tokens by their names in ``config.json``."""


# --- chat templates ----------------------------------------------------------------------------------

_SAID = (
    "{% if m['content'] is string %}{{ m['content'] }}{% else %}{% for c in m['content'] %}"
    "{{ IMAGE if c['type'] == 'image' else c['text'] }}{% endfor %}{% endif %}"
)


def _content(image: str) -> str:
    return _SAID.replace("IMAGE", f"'{image}'")


def _chatml(image: str, first: str = "") -> str:
    return (
        f"{{% for m in messages %}}{first}{{{{ '<|im_start|>' + m['role'] + '\n' }}}}{_content(image)}"
        "{{ '<|im_end|>\n' }}{% endfor %}{{ '<|im_start|>assistant\n' if add_generation_prompt else '' }}"
    )


VICUNA_CHAT = (
    "{% for m in messages %}{{ 'USER: ' if m['role'] == 'user' else ' ASSISTANT:' }}"
    + _content("<image>\n")
    + "{{ eos_token if m['role'] == 'assistant' else '' }}{% endfor %}"
    + "{{ ' ASSISTANT:' if add_generation_prompt else '' }}"
)
MISTRAL_CHAT = (
    "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'user' %}{{ '[INST]OPEN' }}"
    + _content("IMG")
    + "{{ 'CLOSE[/INST]' }}{% else %}{{ 'LEAD' }}"
    + _content("IMG")
    + "{{ eos_token }}{% endif %}{% endfor %}"
)
LLAVA_MISTRAL_CHAT = (
    MISTRAL_CHAT.replace("OPEN", " ").replace("CLOSE", " ").replace("LEAD", " ").replace("IMG", "<image>\n")
)
PIXTRAL_CHAT = (
    MISTRAL_CHAT.replace("OPEN", "").replace("CLOSE", "").replace("LEAD", "").replace("IMG", "[IMG]")
)
QWEN_CHAT = _chatml("<|vision_start|><|image_pad|><|vision_end|>")
_SYSTEM = (
    "{% if loop.first and m['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}{% endif %}"
)
QWEN2_CHAT = _chatml("<|vision_start|><|image_pad|><|vision_end|>", _SYSTEM)
INTERN_CHAT = _chatml("<IMG_CONTEXT>\n")
ONEVISION_CHAT = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + ' ' }}"
    "{% for c in m['content'] %}{{ '<image>' if c['type'] == 'image' else '\n' + c['text'] }}{% endfor %}"
    "{{ '<|im_end|>' }}{% endfor %}{{ '<|im_start|>assistant\n' if add_generation_prompt else '' }}"
)
SMOL_CHAT = (
    "<|im_start|>{% for m in messages %}{{ m['role'] | capitalize }}"
    "{{ ':' if m['content'][0]['type'] == 'image' else ': ' }}"
    + _content("<image>")
    + "<end_of_utterance>\n{% endfor %}{{ 'Assistant:' if add_generation_prompt else '' }}"
)
GEMMA_CHAT = (
    "{{ bos_token }}{% for m in messages %}"
    "{{ '<start_of_turn>' + ('model' if m['role'] == 'assistant' else m['role']) + '\n' }}"
    "{% for c in m['content'] %}{{ '<start_of_image>' if c['type'] == 'image' else c['text'] | trim }}"
    "{% endfor %}{{ '<end_of_turn>\n' }}{% endfor %}"
    "{{ '<start_of_turn>model\n' if add_generation_prompt else '' }}"
)
AYA_CHAT = (
    "{{ bos_token }}{% for m in messages %}<|START_OF_TURN_TOKEN|>"
    "{{ '<|CHATBOT_TOKEN|>' if m['role'] == 'assistant' else '<|USER_TOKEN|>' }}"
    "{{ '<|START_RESPONSE|>' if m['role'] == 'assistant' else '' }}"
    + _content("<image>")
    + "{{ '<|END_RESPONSE|>' if m['role'] == 'assistant' else '' }}<|END_OF_TURN_TOKEN|>{% endfor %}"
    "{% if add_generation_prompt %}<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|><|START_RESPONSE|>{% endif %}"
)

# --- parts -------------------------------------------------------------------------------------------


def _text(
    kind: str, hidden: int, inner: int, layers: int, heads: int, kv: int, words: int, **more: Any
) -> Json:
    return {
        "model_type": kind, "hidden_size": hidden, "intermediate_size": inner, "num_hidden_layers": layers,
        "num_attention_heads": heads, "num_key_value_heads": kv, "vocab_size": words,
        "max_position_embeddings": 32768, **more,
    }  # fmt: skip


def _tower(
    kind: str, hidden: int, inner: int, layers: int, heads: int, size: Any, patch: Any, **more: Any
) -> Json:
    return {
        "model_type": kind, "hidden_size": hidden, "intermediate_size": inner, "num_hidden_layers": layers,
        "num_attention_heads": heads, "image_size": size, "patch_size": patch, **more,
    }  # fmt: skip


CLIP_L = _tower("clip_vision_model", 1024, 4096, 24, 16, 336, 14, projection_dim=768)
SIGLIP = _tower("siglip_vision_model", 1152, 4304, 27, 16, 384, 14, vision_use_head=False)
PIXTRAL = _tower("pixtral", 1024, 4096, 24, 16, 1024, 16, head_dim=64)
VICUNA_7B = _text("llama", 4096, 11008, 32, 32, 32, 32064, rms_norm_eps=1e-5)
VICUNA_13B = _text("llama", 5120, 13824, 40, 40, 40, 32064, rms_norm_eps=1e-5)
MISTRAL_7B = _text("mistral", 4096, 14336, 32, 32, 8, 32064, rope_theta=1e6, sliding_window=None)
NEMO_12B = _text("mistral", 5120, 14336, 40, 32, 8, 131072, head_dim=128, rope_theta=1e9)
SMALL_24B = _text("mistral", 5120, 32768, 40, 32, 8, 131072, head_dim=128, rope_theta=1e9)
QWEN_05B = _text("qwen2", 896, 4864, 24, 14, 2, 152000, tie_word_embeddings=True)
QWEN_15B = _text("qwen2", 1536, 8960, 28, 12, 2, 151674, tie_word_embeddings=False)
QWEN_7B = _text("qwen2", 3584, 18944, 28, 28, 4, 152128)
NEXT_GRIDS = [[336, 672], [672, 336], [672, 672], [1008, 336], [336, 1008]]
MANY_GRIDS = [[384 * rows, 384 * columns] for rows in range(1, 7) for columns in range(1, 7)]
SQUARE = {"size": {"shortest_edge": 336}, "crop_size": {"height": 336, "width": 336}, "resample": 3}

# --- models ------------------------------------------------------------------------------------------


def _llava(text: Json) -> Published:
    config = {"model_type": "llava", "text_config": text, "vision_config": CLIP_L, "vision_feature_layer": -2}
    images = {"image_processor_type": "CLIPImageProcessor", **CLIP, **SQUARE}
    return Published({**config, "tie_word_embeddings": False}, images, ("<image>",), VICUNA_CHAT)


def _llava_next(text: Json, template: str = VICUNA_CHAT, marks: tuple[str, ...] = ()) -> Published:
    config = {
        "model_type": "llava_next", "text_config": text, "vision_config": CLIP_L, "vision_feature_layer": -2,
        "image_grid_pinpoints": NEXT_GRIDS, "tie_word_embeddings": False,
    }  # fmt: skip
    images = {"image_processor_type": "LlavaNextImageProcessor", **CLIP, **SQUARE}
    images["image_grid_pinpoints"] = NEXT_GRIDS
    return Published(config, images, ("<image>", *marks), template)


def _onevision(text: Json, tied: bool) -> Published:
    config = {
        "model_type": "llava_onevision", "text_config": text,
        "vision_config": {**SIGLIP, "num_hidden_layers": 26}, "vision_feature_layer": -1,
        "vision_feature_select_strategy": "full", "vision_aspect_ratio": "anyres_max_9",
        "image_grid_pinpoints": MANY_GRIDS, "tie_word_embeddings": tied,
    }  # fmt: skip
    images = {
        "image_processor_type": "LlavaOnevisionImageProcessor", **HALF, "resample": 3,
        "size": {"height": 384, "width": 384}, "image_grid_pinpoints": MANY_GRIDS,
    }  # fmt: skip
    return Published(config, images, (*CHATML, "<image>"), ONEVISION_CHAT, end="<|im_end|>")


CHATML = ("<|im_start|>", "<|im_end|>")
VISION = (*CHATML, "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")


def _qwen(config: Json, patch: int, template: str, colours: Json, **sizes: Any) -> Published:
    images = {
        "image_processor_type": "Qwen2VLImageProcessor", **colours, "patch_size": patch, "merge_size": 2,
        "temporal_patch_size": 2, **sizes,
    }  # fmt: skip
    return Published(
        config, images, VISION, template, image="<|image_pad|>", end="<|im_end|>", image_key="image_token_id"
    )


def _qwen2_5(hidden: int, inner: int, layers: int, heads: int, kv: int, words: int, tied: bool) -> Published:
    vision = {
        "depth": 32, "hidden_size": 1280, "intermediate_size": 3420, "num_heads": 16,
        "out_hidden_size": hidden, "patch_size": 14, "spatial_merge_size": 2, "temporal_patch_size": 2,
        "window_size": 112, "fullatt_block_indexes": [7, 15, 23, 31],
    }  # fmt: skip
    text = _text("qwen2_5_vl", hidden, inner, layers, heads, kv, words, use_sliding_window=False)
    rope = {"rope_theta": 1e6, "rope_scaling": {"type": "mrope", "mrope_section": [16, 24, 24]}}
    config = {**text, **rope, "vision_config": vision, "tie_word_embeddings": tied}
    return _qwen(config, 14, QWEN2_CHAT, CLIP, min_pixels=3136, max_pixels=12845056)


def _qwen2(hidden: int, inner: int, layers: int, heads: int, kv: int, words: int, tied: bool) -> Published:
    vision = {
        "depth": 32, "embed_dim": 1280, "hidden_size": hidden, "mlp_ratio": 4, "num_heads": 16,
        "patch_size": 14, "spatial_merge_size": 2, "temporal_patch_size": 2,
    }  # fmt: skip
    text = _text("qwen2_vl", hidden, inner, layers, heads, kv, words, use_sliding_window=False)
    rope = {"rope_theta": 1e6, "rope_scaling": {"type": "mrope", "mrope_section": [16, 24, 24]}}
    config = {**text, **rope, "vision_config": vision, "tie_word_embeddings": tied}
    return _qwen(config, 14, QWEN2_CHAT, CLIP, min_pixels=3136, max_pixels=12845056)


def _qwen3(shape: tuple[int, ...], tower: tuple[int, ...], tied: bool, deep: list[int]) -> Published:
    hidden, inner, layers, heads, kv = shape
    depth, width, mlp = tower
    scaling = {"rope_type": "default", "mrope_section": [24, 20, 20], "mrope_interleaved": True}
    text = _text(
        "qwen3_vl_text", hidden, inner, layers, heads, kv, 151936, head_dim=128, rope_theta=5e6,
        rope_scaling=scaling, tie_word_embeddings=tied,
    )  # fmt: skip
    vision = {
        "model_type": "qwen3_vl", "depth": depth, "hidden_size": width, "intermediate_size": mlp,
        "num_heads": 16, "out_hidden_size": hidden, "patch_size": 16, "spatial_merge_size": 2,
        "temporal_patch_size": 2, "num_position_embeddings": 2304, "deepstack_visual_indexes": deep,
    }  # fmt: skip
    config = {
        "model_type": "qwen3_vl",
        "text_config": text,
        "vision_config": vision,
        "tie_word_embeddings": tied,
    }
    size = {"longest_edge": 16777216, "shortest_edge": 65536}
    return _qwen(config, 16, QWEN_CHAT, HALF, size=size)


def _internvl(text: Json) -> Published:
    vision = _tower("internvl_vision", 1024, 4096, 24, 16, [448, 448], [14, 14], attention_bias=True)
    config = {
        "model_type": "internvl", "text_config": text, "vision_config": vision, "downsample_ratio": 0.5,
        "image_seq_length": 256, "vision_feature_layer": -1,
    }  # fmt: skip
    images = {
        "image_processor_type": "GotOcr2ImageProcessor", **IMAGENET, "size": {"height": 448, "width": 448},
        "crop_to_patches": False, "min_patches": 1, "max_patches": 12, "resample": 3,
    }  # fmt: skip
    marks = (*CHATML, "<img>", "</img>", "<IMG_CONTEXT>")
    return Published(
        config,
        images,
        marks,
        INTERN_CHAT,
        image="<IMG_CONTEXT>",
        end="<|im_end|>",
        image_key="image_token_id",
    )


ROWS = tuple(f"<row_{row}_col_{column}>" for row in range(1, 7) for column in range(1, 7))


def _tiled(kind: str, text: Json, vision: Json, scale: int, side: int, end: str) -> Published:
    config = {
        "model_type": kind, "text_config": text, "vision_config": vision, "scale_factor": scale,
        "tie_word_embeddings": False,
    }  # fmt: skip
    tile = vision["image_size"]
    images = {
        "image_processor_type": "Idefics3ImageProcessor", **HALF, "resample": 1, "do_image_splitting": True,
        "size": {"longest_edge": side}, "max_image_size": {"longest_edge": tile},
    }  # fmt: skip
    marks = ("<|im_start|>", "<fake_token_around_image>", "<global-img>", "<image>", *ROWS)
    own = (*marks, "<end_of_utterance>")
    return Published(config, images, own, SMOL_CHAT, end=end, image_key="image_token_id")


def _gemma3(text: Json) -> Published:
    config = {
        "model_type": "gemma3", "text_config": text, "vision_config": {**SIGLIP, "image_size": 896},
        "mm_tokens_per_image": 256,
    }  # fmt: skip
    images = {
        "image_processor_type": "Gemma3ImageProcessor", **HALF, "resample": 2,
        "size": {"height": 896, "width": 896}, "do_pan_and_scan": None, "image_seq_length": 256,
    }  # fmt: skip
    marks = ("<start_of_turn>", "<end_of_turn>", "<start_of_image>", "<end_of_image>", "<image_soft_token>")
    ids = {"boi_token_index": "<start_of_image>", "eoi_token_index": "<end_of_image>"}
    return Published(
        config, images, marks, GEMMA_CHAT, image="<image_soft_token>", end="<end_of_turn>", more=ids
    )


def _gemma_text(hidden: int, inner: int, layers: int, heads: int, kv: int) -> Json:
    return _text(
        "gemma3_text", hidden, inner, layers, heads, kv, 262208, head_dim=256, sliding_window=1024,
        sliding_window_pattern=6, query_pre_attn_scalar=256, rope_theta=1e6, rope_local_base_freq=10000,
    )  # fmt: skip


TILES = tuple(f"TILE_{n}" for n in range(1, 13))
AYA_MARKS = (
    "<|START_OF_TURN_TOKEN|>", "<|END_OF_TURN_TOKEN|>", "<|USER_TOKEN|>", "<|CHATBOT_TOKEN|>",
    "<|START_RESPONSE|>", "<|END_RESPONSE|>", "<image>", "<|START_OF_IMG|>", "<|END_OF_IMG|>",
    "<|IMG_LINE_BREAK|>", "TILE_GLOBAL", *TILES, "<|IMG_PATCH|>",
)  # fmt: skip
PICTURE = ("[INST]", "[/INST]", "[IMG]", "[IMG_BREAK]", "[IMG_END]")
_PIXTRAL_IMAGES = {"image_processor_type": "PixtralImageProcessor", **CLIP, "resample": 3}
_AYA = {
    "model_type": "aya_vision", "vision_config": {**SIGLIP, "image_size": 364}, "downsample_factor": 2,
    "vision_feature_layer": -1, "vision_feature_select_strategy": "full",
    "alignment_intermediate_size": 28672,
    "text_config": _text(
        "cohere2", 4096, 14336, 32, 32, 8, 256000, logit_scale=0.25, sliding_window=4096, rope_theta=50000,
        layer_norm_eps=1e-5, head_dim=128,
    ),
}  # fmt: skip
_AYA_IMAGES = {
    "image_processor_type": "GotOcr2ImageProcessor", **HALF, "size": {"height": 364, "width": 364},
    "resample": 3, "crop_to_patches": True, "min_patches": 1, "max_patches": 12,
}  # fmt: skip
_QWEN3_4B = ((2560, 9728, 36, 32, 8), (24, 1024, 4096), True, [5, 11, 17])

MODELS: Mapping[str, Published] = {
    "llava-1.5-7b": _llava(VICUNA_7B),
    "llava-1.5-13b": _llava(VICUNA_13B),
    "llava-1.6-vicuna-7b": _llava_next(VICUNA_7B),
    "llava-1.6-vicuna-13b": _llava_next(VICUNA_13B),
    "llava-1.6-mistral-7b": _llava_next(MISTRAL_7B, LLAVA_MISTRAL_CHAT),
    "llava-onevision-0.5b": _onevision(QWEN_05B, True),
    "llava-onevision-7b": _onevision(QWEN_7B, False),
    "qwen2-vl-2b": _qwen2(1536, 8960, 28, 12, 2, 151936, True),
    "qwen2-vl-7b": _qwen2(3584, 18944, 28, 28, 4, 152064, False),
    "qwen2.5-vl-3b": _qwen2_5(2048, 11008, 36, 16, 2, 151936, True),
    "qwen2.5-vl-7b": _qwen2_5(3584, 18944, 28, 28, 4, 152064, False),
    "qwen3-vl-2b": _qwen3((2048, 6144, 28, 16, 8), (24, 1024, 4096), True, [5, 11, 17]),
    "qwen3-vl-4b": _qwen3(*_QWEN3_4B),
    "qwen3-vl-8b": _qwen3((4096, 12288, 36, 32, 8), (27, 1152, 4304), False, [8, 16, 24]),
    "internvl3-1b": _internvl({**QWEN_05B, "vocab_size": 151674, "tie_word_embeddings": False}),
    "internvl3-2b": _internvl(QWEN_15B),
    "internvl3-8b": _internvl({**QWEN_7B, "vocab_size": 151674, "tie_word_embeddings": False}),
    "smolvlm2-500m": _tiled(
        "smolvlm", _text("llama", 960, 2560, 32, 15, 5, 49280, head_dim=64),
        {"model_type": "smolvlm_vision", "hidden_size": 768, "num_hidden_layers": 12,
         "num_attention_heads": 12, "image_size": 512, "patch_size": 16}, 4, 2048, "<end_of_utterance>",
    ),
    "smolvlm2-2.2b": _tiled(
        "smolvlm", _text("llama", 2048, 8192, 24, 32, 32, 49280, head_dim=64),
        {**SIGLIP, "model_type": "smolvlm_vision"}, 3, 1536, "<end_of_utterance>",
    ),
    "idefics3-8b": _tiled(
        "idefics3", _text("llama", 4096, 14336, 32, 32, 8, 128259, rope_theta=5e5),
        {**SIGLIP, "model_type": "idefics3", "image_size": 364}, 2, 1456, "<end_of_utterance>",
    ),
    "gemma-3-4b": _gemma3(_gemma_text(2560, 10240, 34, 8, 4)),
    "gemma-3-12b": _gemma3(_gemma_text(3840, 15360, 48, 16, 8)),
    "pixtral-12b": Published(
        {"model_type": "llava", "text_config": NEMO_12B, "vision_config": PIXTRAL, "vision_feature_layer": -1,
         "vision_feature_select_strategy": "full", "tie_word_embeddings": False},
        {**_PIXTRAL_IMAGES, "size": {"longest_edge": 1024}, "patch_size": {"height": 16, "width": 16}},
        PICTURE, PIXTRAL_CHAT, image="[IMG]",
    ),
    "mistral-small-3.1-24b": Published(
        {"model_type": "mistral3", "text_config": SMALL_24B,
         "vision_config": {**PIXTRAL, "image_size": 1540, "patch_size": 14}, "vision_feature_layer": -1,
         "spatial_merge_size": 2, "tie_word_embeddings": False},
        {**_PIXTRAL_IMAGES, "size": {"longest_edge": 1540}, "patch_size": 14},
        PICTURE, PIXTRAL_CHAT, image="[IMG]",
    ),
    "aya-vision-8b": Published(
        _AYA, _AYA_IMAGES, AYA_MARKS, AYA_CHAT, image="<|IMG_PATCH|>", end="<|END_OF_TURN_TOKEN|>"
    ),
    "paligemma-2-3b": Published(
        {"model_type": "paligemma", "projection_dim": 2304, "vision_config": {**SIGLIP, "image_size": 448},
         "text_config": _text("gemma2", 2304, 9216, 26, 8, 4, 257216, head_dim=256)},
        {"image_processor_type": "SiglipImageProcessor", **HALF, "size": {"height": 448, "width": 448}},
        ("<image>",), None,
    ),
    "phi-3.5-vision": Published(
        {"model_type": "phi3_v", "auto_map": {"AutoConfig": "configuration_phi3_v.Phi3VConfig"}}, {}, (), None
    ),
    "minicpm-v-2.6": Published(
        {"model_type": "minicpmv", "auto_map": {"AutoConfig": "configuration_minicpm.MiniCPMVConfig"}},
        {}, (), None,
    ),
    "llama-3.2-11b-vision": Published({"model_type": "mllama", "vision_config": {}}, {}, (), None),
}  # fmt: skip
