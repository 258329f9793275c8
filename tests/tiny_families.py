"""Small checkpoints of every family, of transformers' own classes, with tokenizers of their own."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from PIL import Image
from tokenizers import AddedToken, processors
from transformers import PreTrainedTokenizerFast

from caig_cli.mllm.image_inputs import lines
from caig_cli.mllm.images import Pixels
from caig_cli.mllm.loading import Mllm
from caig_cli.mllm.tokenizer import train_tokenizer

TEXTS = (
    "Write a background prompt for this product. Title: red mug",
    "Which ad is clicked more? What kind of object is this? USER ASSISTANT system user assistant User",
    "The product stands on walnut wood, a linen cloth, soft window light.",
    "You are a helpful assistant. bottle jar mug can carton",
)
TEXT = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}
TOWER = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2}
CHAT = ("<|im_start|>", "<|im_end|>")
QWEN = (*CHAT, "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")
ROPE = {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 10000.0}


def tokenizer(marks: tuple[str, ...], **named: str) -> PreTrainedTokenizerFast:
    """Our own byte-level BPE without the embedded model's BOS, and with a family's special tokens."""
    plain = train_tokenizer([text for text in TEXTS for _ in range(4)], 380)
    if "<s>" not in marks:
        plain.backend_tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    made = PreTrainedTokenizerFast(
        tokenizer_object=plain.backend_tokenizer, padding_side="right", clean_up_tokenization_spaces=False
    )
    made.add_special_tokens({"additional_special_tokens": [AddedToken(mark, special=True) for mark in marks]})
    made.add_special_tokens({"pad_token": "<pad>", **named})
    return made


def _ids(words: PreTrainedTokenizerFast, image: str) -> dict[str, Any]:
    return {"image_token_id": words.convert_tokens_to_ids(image), "tie_word_embeddings": False}


def _text(words: PreTrainedTokenizerFast) -> dict[str, Any]:
    """Two rows more than the tokenizer has: released checkpoints have hundreds."""
    ends = {"pad_token_id": words.pad_token_id, "eos_token_id": words.eos_token_id, "bos_token_id": None}
    return {**TEXT, **ends, "vocab_size": len(words) + 2, "max_position_embeddings": 2048}


def _onevision(words: PreTrainedTokenizerFast) -> Any:
    vision = {
        "model_type": "siglip_vision_model", **TOWER, "image_size": 16, "patch_size": 4,
        "vision_use_head": False,
    }  # fmt: skip
    text = {"model_type": "qwen2", **_text(words)}
    return transformers.LlavaOnevisionConfig(
        vision_config=vision,
        text_config=text,
        vision_feature_layer=-1,
        vision_feature_select_strategy="full",
        vision_aspect_ratio="anyres_max_3",
        image_grid_pinpoints=MANY_GRIDS,
        **_ids(words, "<image>"),
    )


def _llava(kind: str, words: PreTrainedTokenizerFast) -> Any:
    vision = {"model_type": "clip_vision_model", **TOWER, "image_size": 32, "patch_size": 8}
    text = {"model_type": "llama", **_text(words)}
    config = {"vision_config": vision, "text_config": text, "vision_feature_layer": -2}
    grids = {"image_grid_pinpoints": [[32, 64], [64, 32], [64, 64], [96, 32]]} if kind == "LlavaNext" else {}
    return getattr(transformers, f"{kind}Config")(**config, **grids, **_ids(words, "<image>"))


def _qwen2(words: PreTrainedTokenizerFast) -> Any:
    vision = {
        "depth": 2, "embed_dim": 32, "hidden_size": 32, "num_heads": 2, "mlp_ratio": 2, "patch_size": 4,
        "spatial_merge_size": 2, "temporal_patch_size": 2,
    }  # fmt: skip
    text = {**_text(words), "rope_parameters": ROPE}
    return transformers.Qwen2VLConfig(vision_config=vision, text_config=text, **_ids(words, "<|image_pad|>"))


def _qwen2_5(words: PreTrainedTokenizerFast) -> Any:
    vision = {
        "depth": 2, "hidden_size": 32, "intermediate_size": 48, "num_heads": 2, "out_hidden_size": 32,
        "patch_size": 4, "spatial_merge_size": 2, "temporal_patch_size": 2, "window_size": 16,
        "fullatt_block_indexes": [1],
    }  # fmt: skip
    text = {**_text(words), "rope_parameters": ROPE}
    return transformers.Qwen2_5_VLConfig(
        vision_config=vision, text_config=text, **_ids(words, "<|image_pad|>")
    )


def _qwen3(words: PreTrainedTokenizerFast) -> Any:
    vision = {
        "depth": 3, "hidden_size": 32, "intermediate_size": 48, "num_heads": 2, "out_hidden_size": 32,
        "patch_size": 4, "spatial_merge_size": 2, "temporal_patch_size": 2, "num_position_embeddings": 16,
        "deepstack_visual_indexes": [0, 1],
    }  # fmt: skip
    text = {**_text(words), "head_dim": 8, "rope_parameters": {**ROPE, "mrope_interleaved": True}}
    return transformers.Qwen3VLConfig(vision_config=vision, text_config=text, **_ids(words, "<|image_pad|>"))


def _idefics(kind: str, words: PreTrainedTokenizerFast) -> Any:
    text = {"model_type": "llama", **_text(words)}
    vision = {**TOWER, "image_size": 16, "patch_size": 4}
    config = getattr(transformers, f"{kind}Config")
    return config(vision_config=vision, text_config=text, scale_factor=2, **_ids(words, "<image>"))


def _internvl(words: PreTrainedTokenizerFast) -> Any:
    vision = {**TOWER, "image_size": [16, 16], "patch_size": [4, 4]}
    text = {"model_type": "qwen2", **_text(words)}
    ids = _ids(words, "<IMG_CONTEXT>")
    return transformers.InternVLConfig(vision_config=vision, text_config=text, image_seq_length=4, **ids)


def _pixtral(kind: str, words: PreTrainedTokenizerFast) -> Any:
    vision = {"model_type": "pixtral", **TOWER, "head_dim": 16, "image_size": 40, "patch_size": 4}
    text = {"model_type": "mistral", **_text(words), "head_dim": 8}
    config = {"vision_config": vision, "text_config": text, "vision_feature_layer": -1}
    more = {"vision_feature_select_strategy": "full"} if kind == "Llava" else {"spatial_merge_size": 2}
    return getattr(transformers, f"{kind}Config")(**config, **more, **_ids(words, "[IMG]"))


def _aya(words: PreTrainedTokenizerFast) -> Any:
    """Half of the layers see no further back than 24 tokens."""
    vision = {
        "model_type": "siglip_vision_model", **TOWER, "image_size": 16, "patch_size": 4,
        "vision_use_head": False,
    }  # fmt: skip
    text = {
        "model_type": "cohere2", **_text(words), "layer_types": ["sliding_attention", "full_attention"],
        "sliding_window": 24, "head_dim": 8,
    }  # fmt: skip
    return transformers.AyaVisionConfig(
        vision_config=vision, text_config=text, downsample_factor=2, vision_feature_layer=-1,
        vision_feature_select_strategy="full", alignment_intermediate_size=64, **_ids(words, "<|IMG_PATCH|>"),
    )  # fmt: skip


def _gemma3(words: PreTrainedTokenizerFast) -> Any:
    vision = {
        "model_type": "siglip_vision_model", **TOWER, "image_size": 32, "patch_size": 4,
        "vision_use_head": False,
    }  # fmt: skip
    text = {
        **_text(words), "layer_types": ["sliding_attention", "full_attention"], "sliding_window": 24,
        "head_dim": 8, "query_pre_attn_scalar": 8,
    }  # fmt: skip
    return transformers.Gemma3Config(
        vision_config=vision, text_config=text, mm_tokens_per_image=16,
        boi_token_index=words.convert_tokens_to_ids("<start_of_image>"),
        eoi_token_index=words.convert_tokens_to_ids("<end_of_image>"), **_ids(words, "<image_soft_token>"),
    )  # fmt: skip


CLIP = {"image_mean": [0.48, 0.46, 0.41], "image_std": [0.27, 0.26, 0.28], "resample": 3}
HALF = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
SQUARE = {"size": {"shortest_edge": 32}, "crop_size": {"height": 32, "width": 32}}
CELLS = {"patch_size": 4, "merge_size": 2, "temporal_patch_size": 2, "min_pixels": 256, "max_pixels": 1600}
GRIDS = {**CLIP, **SQUARE, "image_grid_pinpoints": [[32, 64], [64, 32], [64, 64], [96, 32]]}
MANY_GRIDS = [[16 * rows, 16 * columns] for rows in range(1, 5) for columns in range(1, 5)]
TILES = {**HALF, "resample": 1, "size": {"longest_edge": 32}, "max_image_size": {"longest_edge": 16}}
LLAMA = ("<s>", "</s>", "<image>")
NAMED = tuple(f"<row_{r}_col_{c}>" for r in range(1, 5) for c in range(1, 5))
SMOL = ("<|im_start|>", "<end_of_utterance>", "<fake_token_around_image>", "<global-img>", "<image>", *NAMED)
PICTURE = ("<s>", "</s>", "[INST]", "[/INST]", "[IMG]", "[IMG_BREAK]", "[IMG_END]")
TURNS = ("<|START_OF_TURN_TOKEN|>", "<|END_OF_TURN_TOKEN|>", "<|USER_TOKEN|>", "<|CHATBOT_TOKEN|>")
AYA = ("<s>", *TURNS, "<image>", "<|START_OF_IMG|>", "<|END_OF_IMG|>", "<|IMG_PATCH|>")
GEMMA = (
    "<s>", "<start_of_turn>", "<end_of_turn>", "<start_of_image>", "<end_of_image>", "<image_soft_token>"
)  # fmt: skip

Recipe = tuple[
    Callable[[PreTrainedTokenizerFast], Any], str, Mapping[str, Any], tuple[str, ...], Mapping[str, str]
]
FAMILIES: Mapping[str, Recipe] = {
    "llava": (
        lambda words: _llava("Llava", words),
        "CLIPImageProcessor",
        {**CLIP, **SQUARE},
        LLAMA,
        {"bos_token": "<s>", "eos_token": "</s>"},
    ),
    "llava_next": (
        lambda words: _llava("LlavaNext", words),
        "LlavaNextImageProcessor",
        GRIDS,
        LLAMA,
        {"bos_token": "<s>", "eos_token": "</s>"},
    ),
    "llava_onevision": (
        _onevision,
        "LlavaOnevisionImageProcessor",
        {**HALF, "resample": 3, "size": {"height": 16, "width": 16}, "image_grid_pinpoints": MANY_GRIDS},
        (*CHAT, "<image>"),
        {"eos_token": "<|im_end|>"},
    ),
    "qwen2_vl": (_qwen2, "Qwen2VLImageProcessor", {**CLIP, **CELLS}, QWEN, {"eos_token": "<|im_end|>"}),
    "qwen2_5_vl": (_qwen2_5, "Qwen2VLImageProcessor", {**CLIP, **CELLS}, QWEN, {"eos_token": "<|im_end|>"}),
    "qwen3_vl": (_qwen3, "Qwen2VLImageProcessor", {**HALF, **CELLS}, QWEN, {"eos_token": "<|im_end|>"}),
    "smolvlm": (
        lambda words: _idefics("SmolVLM", words),
        "SmolVLMImageProcessor",
        TILES,
        SMOL,
        {"bos_token": "<|im_start|>", "eos_token": "<end_of_utterance>"},
    ),
    "idefics3": (
        lambda words: _idefics("Idefics3", words),
        "Idefics3ImageProcessor",
        TILES,
        SMOL,
        {"bos_token": "<|im_start|>", "eos_token": "<|im_start|>"},
    ),
    "internvl": (
        _internvl,
        "GotOcr2ImageProcessor",
        {**CLIP, "size": {"height": 16, "width": 16}, "crop_to_patches": True, "max_patches": 6},
        (*CHAT, "<img>", "</img>", "<IMG_CONTEXT>"),
        {"eos_token": "<|im_end|>"},
    ),
    "pixtral": (
        lambda words: _pixtral("Llava", words),
        "PixtralImageProcessor",
        {**CLIP, "resample": 3, "size": {"longest_edge": 40}, "patch_size": 4},
        PICTURE,
        {"bos_token": "<s>", "eos_token": "</s>"},
    ),
    "mistral3": (
        lambda words: _pixtral("Mistral3", words),
        "PixtralImageProcessor",
        {**CLIP, "resample": 3, "size": {"longest_edge": 40}, "patch_size": 8},
        PICTURE,
        {"bos_token": "<s>", "eos_token": "</s>"},
    ),
    "aya_vision": (
        _aya,
        "GotOcr2ImageProcessor",
        {
            **HALF,
            "resample": 3,
            "size": {"height": 16, "width": 16},
            "crop_to_patches": True,
            "max_patches": 6,
        },
        AYA,
        {"bos_token": "<s>", "eos_token": "<|END_OF_TURN_TOKEN|>"},
    ),
    "gemma3": (
        _gemma3,
        "Gemma3ImageProcessor",
        {**HALF, "resample": 2, "size": {"height": 32, "width": 32}},
        GEMMA,
        {"bos_token": "<s>", "eos_token": "<end_of_turn>"},
    ),
}


_PARTS = (
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}IMAGE{% else %}{{ part['text'] }}"
    "{% endif %}{% endfor %}"
)
_LLAMA = (
    "{% for message in messages %}"
    "{% if message['role'] == 'user' %}{{ 'USER: ' }}{% else %}{{ 'ASSISTANT: ' }}{% endif %}"
    + _PARTS.replace("IMAGE", "{{ '<image>\\n' }}")
    + "{{ ' ' }}{% endfor %}{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}"
)
_CHATML = (
    "{% for message in messages %}SYSTEM{{ '<|im_start|>' + message['role'] + '\\n' }}"
    + _PARTS
    + "{{ '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
_SMOL = (
    "<|im_start|>{% for message in messages %}{{ message['role'] | capitalize }}"
    "{{ ':' if message['content'][0]['type'] == 'image' else ': ' }}"
    + _PARTS.replace("IMAGE", "{{ '<image>' }}")
    + "<end_of_utterance>\n{% endfor %}{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}"
)
_SYSTEM = (
    "{% if loop.first and message['role'] != 'system' %}"
    "{{ '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' }}{% endif %}"
)
_ONEVISION = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + ' ' }}"
    + _PARTS.replace("IMAGE", "{{ '<image>' }}").replace("{{ part['text'] }}", "{{ '\\n' + part['text'] }}")
    + "{{ '<|im_end|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
_INST = (
    "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}[INST]"
    + _PARTS.replace("IMAGE", "[IMG]")
    + "[/INST]{% else %}"
    + _PARTS
    + "{{ eos_token }}{% endif %}{% endfor %}"
)
_TURNS = (
    "{{ bos_token }}{% for message in messages %}<|START_OF_TURN_TOKEN|>"
    "{{ '<|CHATBOT_TOKEN|>' if message['role'] == 'assistant' else '<|USER_TOKEN|>' }}"
    + _PARTS.replace("IMAGE", "<image>")
    + "<|END_OF_TURN_TOKEN|>{% endfor %}"
    "{% if add_generation_prompt %}<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>{% endif %}"
)
_GEMMA = (
    "{{ bos_token }}{% for message in messages %}"
    "{{ '<start_of_turn>' + ('model' if message['role'] == 'assistant' else message['role']) + '\n' }}"
    + _PARTS.replace("IMAGE", "<start_of_image>").replace("part['text']", "part['text'] | trim")
    + "{{ '<end_of_turn>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
)
_EYES = "<|vision_start|><|image_pad|><|vision_end|>"
TEMPLATES = {
    "llava": _LLAMA,
    "llava_next": _LLAMA,
    "llava_onevision": _ONEVISION,
    "qwen2_vl": _CHATML.replace("SYSTEM", _SYSTEM).replace("IMAGE", _EYES),
    "qwen2_5_vl": _CHATML.replace("SYSTEM", _SYSTEM).replace("IMAGE", _EYES),
    "qwen3_vl": _CHATML.replace("SYSTEM", "").replace("IMAGE", _EYES),
    "smolvlm": _SMOL,
    "idefics3": _SMOL,
    "internvl": _CHATML.replace("SYSTEM", "").replace("IMAGE", "{{ '<IMG_CONTEXT>\\n' }}"),
    "pixtral": _INST,
    "mistral3": _INST,
    "aya_vision": _TURNS,
    "gemma3": _GEMMA,
}
"""Chat templates that write what those of the families' checkpoints write."""


def make_checkpoint(folder: Path, family: str, seed: int = 0) -> Path:
    """A model folder as a hub has it: weights, tokenizer, configurations. Random weights from ``seed``."""
    configure, processor, images, marks, named = FAMILIES[family]
    words = tokenizer(marks, **named)
    config = configure(words)
    torch.manual_seed(seed)
    model = transformers.AutoModelForImageTextToText.from_config(config).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if (
                weight.ndim > 1 and "norm" not in name
            ) or "image_newline" in name:  # larger than the usual start: words must differ
                weight.normal_(std=0.15)
    model.save_pretrained(folder)
    words.chat_template = TEMPLATES[family]
    words.save_pretrained(folder)
    raw = {"image_processor_type": processor, "do_convert_rgb": True, **images}
    (folder / "preprocessor_config.json").write_text(json.dumps(raw))
    return folder


# --- the plain way: transformers' own image processor and its documented inputs ---------------------------

MODULES = {
    "qwen2_5_vl": "qwen2_vl", "qwen3_vl": "qwen2_vl", "internvl": "got_ocr2", "llava": "clip",
    "mistral3": "pixtral", "aya_vision": "got_ocr2",
}  # fmt: skip


def image_processor(family: str, folder: Path) -> Any:
    """Transformers' own, without torchvision."""
    module = MODULES.get(family, family)
    found = importlib.import_module(f"transformers.models.{module}.image_processing_pil_{module}")
    name = next(n for n in vars(found) if n.endswith("ImageProcessorPil"))
    return getattr(found, name).from_pretrained(str(folder))


def plain_inputs(family: str, folder: Path, picture: Pixels) -> dict[str, torch.Tensor]:
    """What a user of transformers gives the model for one picture, uint8 [H, W, 3]."""
    made = image_processor(family, folder)(images=Image.fromarray(picture), return_tensors="pt")
    return {name: value for name, value in made.items() if isinstance(value, torch.Tensor)}


def as_given(pieces: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Our pieces of one picture in the shape in which transformers' image processor gives ``like``."""
    if like.ndim == 4 and len(like) == 1 and pieces.shape[1:] != like.shape[1:]:
        return lines.whole(pieces, (like.shape[2], like.shape[3]))
    return pieces.reshape(like.shape)


def plain_logits(mllm: Mllm, ids: Sequence[int], inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Logits [L, V] of one sequence with one picture, by the model's own forward."""
    given = {n: v.to(mllm.core.dtype) if v.is_floating_point() else v for n, v in inputs.items()}
    if "image_grid_thw" in given:
        given["mm_token_type_ids"] = (torch.tensor([list(ids)]) == mllm.config.image_token_id).int()
    if mllm.family.name == "gemma3":
        given["token_type_ids"] = (torch.tensor([list(ids)]) == mllm.config.image_token_id).int()
    for name in ("num_patches", "batch_num_images", "num_crops"):
        given.pop(name, None)
    logits: torch.Tensor = mllm.core(input_ids=torch.tensor([list(ids)]), **given).logits[0]
    return logits
