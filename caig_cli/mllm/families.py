"""The kinds of multimodal language model: one row each. Adding a family is adding a row.

A row says how the model looks at pictures, which linear layers LoRA adapts, and which class of transformers
loads it. How a conversation is written, and everything else, comes from the checkpoint's own files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from caig_cli.engine.model_folder import read_json
from caig_cli.errors import UsageError
from caig_cli.mllm.image_inputs.adapter import ImageAdapter
from caig_cli.mllm.image_inputs.anyres import ANYRES, ONEVISION
from caig_cli.mllm.image_inputs.crops import CROPS, NUMBERED_CROPS
from caig_cli.mllm.image_inputs.lines import LINES
from caig_cli.mllm.image_inputs.plain import PLAIN
from caig_cli.mllm.image_inputs.qwen import QWEN
from caig_cli.mllm.image_inputs.soft import SOFT
from caig_cli.mllm.image_inputs.tiles import TILES


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of model."""

    name: str
    auto_class: str
    view: ImageAdapter
    lora_targets: str
    tower_targets: str
    """Linear layers of the tower and of what leads from it to the words."""
    judged: str = ""
    """What a reward model's rows begin with, after the BOS token."""
    template: str | None = None
    """Chat template of checkpoints that carry none; None where only the checkpoint knows."""
    language: str = "language_model"
    """The part that reads embeddings."""
    image_tokens: int = 1024
    """Tokens of an image, at most, where its size is ours to choose; ``image_tokens`` in a model's
    ``preprocessor_config.json`` takes its place."""
    many_images: bool = False
    """Whether it tells several images apart."""
    tower: str | None = None
    """``model_type`` of the tower, where that makes another kind of one of the same ``model_type``."""
    mark: str | None = None
    """What chat templates write for a picture, where it is not the image token."""
    around: str = ""
    """White space that is written before and after a picture."""
    sees_ahead: bool = False
    """Whether the tokens of a picture see each other in both directions."""


_LLAMA_LINEARS = r".*language_model.*\.(q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)"
_CLIP_LINEARS = (
    r".*(vision_tower|multi_modal_projector)\..*(q_proj|k_proj|v_proj|out_proj|fc1|fc2|linear_[12])"
)
_EMBEDDED_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}{{ '<image>\\n' }}{% endif %}{% "
    "endfor %}"
    "{% for part in message['content'] %}{% if part['type'] == 'text' %}{{ part['text'] }}{% endif %}{% "
    "endfor %}"
    "{% endif %}{{ eos_token if message['role'] == 'assistant' else '\\n' }}"
    "{% endfor %}"
)
"""A picture, a line that asks, a line that answers: there is no word for who speaks."""
_EMBEDDED = Family(
    name="embedded",
    template=_EMBEDDED_TEMPLATE,
    auto_class="LlavaForConditionalGeneration",
    view=PLAIN,
    lora_targets=_LLAMA_LINEARS,
    tower_targets=rf"{_CLIP_LINEARS}|.*vision_tower\..*\.(query|key|value|dense)",
    many_images=True,
)
_LLAVA = Family(
    name="llava",
    auto_class="LlavaForConditionalGeneration",
    view=PLAIN,
    lora_targets=_LLAMA_LINEARS,
    tower_targets=_CLIP_LINEARS,
)
_LLAVA_NEXT = replace(_LLAVA, name="llava_next", auto_class="LlavaNextForConditionalGeneration", view=ANYRES)
_ONEVISION = replace(
    _LLAVA,
    name="llava_onevision",
    auto_class="LlavaOnevisionForConditionalGeneration",
    view=ONEVISION,
    judged="<|im_start|>user ",
    image_tokens=3700,
)
_QWEN3 = Family(
    name="qwen3_vl",
    auto_class="Qwen3VLForConditionalGeneration",
    view=QWEN,
    judged="<|im_start|>user\n",
    lora_targets=_LLAMA_LINEARS,
    tower_targets=r".*\.visual\..*(qkv|attn\.proj|gate_proj|up_proj|down_proj|(linear_)?fc[12]|mlp\.[02])",
    many_images=True,
)
_SMOLVLM = Family(
    name="smolvlm",
    auto_class="SmolVLMForConditionalGeneration",
    view=TILES,
    judged="User:",
    lora_targets=r".*text_model.*\.(q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)",
    tower_targets=r".*(vision_model|connector)\..*(q_proj|k_proj|v_proj|out_proj|fc1|fc2|proj)",
    language="text_model",
    image_tokens=1100,
    many_images=True,
)
_INTERNVL = replace(
    _QWEN3,
    name="internvl",
    auto_class="InternVLForConditionalGeneration",
    view=CROPS,
    tower_targets=r".*(vision_tower|multi_modal_projector)\..*"
    r"(q_proj|k_proj|v_proj|projection_layer|fc1|fc2|linear_[12])",
    image_tokens=1280,
)
_PIXTRAL = Family(
    name="pixtral",
    auto_class="LlavaForConditionalGeneration",
    tower="pixtral",
    view=LINES,
    judged="[INST]",
    lora_targets=_LLAMA_LINEARS,
    tower_targets=r".*(vision_tower|multi_modal_projector)\..*"
    r"(q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj|merging_layer|linear_[12])",
    many_images=True,
)
_AYA = replace(
    _INTERNVL,
    name="aya_vision",
    auto_class="AyaVisionForConditionalGeneration",
    view=NUMBERED_CROPS,
    judged="<|START_OF_TURN_TOKEN|><|USER_TOKEN|>",
    tower_targets=_CLIP_LINEARS,
    mark="<image>",
    image_tokens=845,
)
_GEMMA3 = Family(
    name="gemma3",
    auto_class="Gemma3ForConditionalGeneration",
    view=SOFT,
    judged="<start_of_turn>user\n\n\n",
    lora_targets=_LLAMA_LINEARS,
    tower_targets=_CLIP_LINEARS,
    many_images=True,
    mark="<start_of_image>",
    around="\n\n",
    sees_ahead=True,
)

FAMILIES: Mapping[str, Family] = {
    row.name: row
    for row in (
        _EMBEDDED,
        _LLAVA,
        _LLAVA_NEXT,
        _ONEVISION,
        replace(_QWEN3, name="qwen2_vl", auto_class="Qwen2VLForConditionalGeneration"),
        replace(_QWEN3, name="qwen2_5_vl", auto_class="Qwen2_5_VLForConditionalGeneration"),
        _QWEN3,
        _SMOLVLM,
        replace(_SMOLVLM, name="idefics3", auto_class="Idefics3ForConditionalGeneration"),
        _INTERNVL,
        _PIXTRAL,
        replace(_PIXTRAL, name="mistral3", auto_class="Mistral3ForConditionalGeneration", tower=None),
        _AYA,
        _GEMMA3,
    )
}


SEES_NOTHING = "; a model of language alone can't look at products and ads"


def check_folder(folder: Path) -> None:
    """Refuse a whole model of an unknown family by its configuration, before weights are fetched."""
    path = folder / "config.json"
    if not path.is_file():
        return
    config = read_json(path)
    tower = config.get("vision_config")
    inner = tower.get("model_type") if isinstance(tower, dict) else None
    name = config.get("caig_family") or _row_of(config.get("model_type", "unknown"), inner)
    if name not in FAMILIES:
        code = " (whose own Python code caig never runs)" if "auto_map" in config else ""
        blind = SEES_NOTHING if tower is None and "CausalLM" in str(config.get("architectures")) else ""
        raise UsageError(f"{folder}: {_unknown(str(name))}{code or blind}")
    if not isinstance(tower, dict):
        raise UsageError(f"{path}: describes no vision tower (vision_config); copy the whole checkpoint")


def family_of(config: Any) -> Family:
    """The row of a loaded transformers config: its own ``caig_family``, else by its ``model_type``.

    Raises UsageError for a kind of model that has no row.
    """
    tower = getattr(getattr(config, "vision_config", None), "model_type", None)
    name = getattr(config, "caig_family", None) or _row_of(config.model_type, tower)
    if name not in FAMILIES:
        raise UsageError(_unknown(name))
    return FAMILIES[name]


def _row_of(kind: str, tower: str | None) -> str:
    """The name of the row of a ``model_type`` with a tower; the ``model_type`` where there is no other."""
    row = FAMILIES.get(kind)
    own = (
        one.name
        for one in FAMILIES.values()
        if row and one.auto_class == row.auto_class and one.tower == tower
    )
    return next(own, kind) if tower is not None else kind


def _unknown(name: str) -> str:
    return f"models of type {name!r} are not supported; known families: {', '.join(FAMILIES)}"
