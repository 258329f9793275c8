"""The kinds of multimodal language model: one row each. Adding a family is adding a row.

A row says how a conversation is written, how many tokens an image takes, which linear layers LoRA adapts, and
which class of transformers loads it. Everything else comes from the checkpoint's own files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from caig_cli.engine.sources import read_json
from caig_cli.errors import UsageError


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of model. A conversation is ``start`` (``opening`` question ``answering`` answer eos)*.

    ``start`` is written once, after the BOS token. ``image`` is the text right after the image tokens, which
    stand at the beginning of the first question. Pieces are tokenised separately, so that what precedes an
    image or an answer never changes how that is tokenised. ``many_images``: it tells several images apart.
    """

    name: str
    auto_class: str
    start: str
    opening: str
    image: str
    answering: str
    image_tokens: Callable[[Any, int], int]
    lora_targets: str
    many_images: bool = False


def patch_side(tower: Any) -> int:
    """Pixels of the side of what one image token shows: a patch, halved in scale by each further stage."""
    stages = len(tower.depths) if hasattr(tower, "depths") else 1
    return int(tower.patch_size) << (stages - 1)


def _patches(config: Any, size: int) -> int:
    """Image tokens of a LLaVA: one per patch, plus a CLIP tower's class token when it is kept."""
    tower = config.vision_config
    side = size // patch_side(tower)
    kept = tower.model_type == "clip_vision_model" and config.vision_feature_select_strategy == "full"
    return side * side + int(kept)


_LLAMA_LINEARS = r".*language_model.*\.(q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)"

FAMILIES: Mapping[str, Family] = {
    "embedded": Family(
        name="embedded",
        auto_class="LlavaForConditionalGeneration",
        start="",
        opening="",
        image="\n",
        answering="\n",
        image_tokens=_patches,
        lora_targets=_LLAMA_LINEARS,
        many_images=True,
    ),
    "llava": Family(
        name="llava",
        auto_class="LlavaForConditionalGeneration",
        start="A chat between a curious human and an artificial intelligence assistant. The assistant gives "
        "helpful, detailed, and polite answers to the human's questions. ",
        opening="USER: ",
        image="\n",
        answering=" ASSISTANT:",
        image_tokens=_patches,
        lora_targets=_LLAMA_LINEARS,
    ),
}


def check_folder(folder: Path) -> None:
    """Refuse a whole model of an unknown family by its configuration, before weights are fetched."""
    path = folder / "config.json"
    if path.is_file():
        family_of(SimpleNamespace(**{"model_type": "unknown"} | read_json(path)))


def family_of(config: Any) -> Family:
    """The row of a loaded transformers config: its own ``caig_family``, else its ``model_type``.

    Raises UsageError for a kind of model that has no row.
    """
    name = getattr(config, "caig_family", None) or str(config.model_type)
    if name not in FAMILIES:
        known = ", ".join(FAMILIES)
        raise UsageError(f"models of type {name!r} are not supported yet; known families: {known}")
    return FAMILIES[name]
