"""The original's configuration, read and checked, and transformers' own made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from caig_cli.engine import hub_name, sources
from caig_cli.engine.model_folder import read_json
from caig_cli.errors import UsageError
from caig_cli.released.layout import CHECKS, LANGUAGE, LANGUAGE_MAYBE, TOWERS


def check(checkpoint: Path) -> None:
    """Raises UsageError as ``read_config`` does."""
    read_config(checkpoint)


def read_config(checkpoint: Path) -> dict[str, Any]:
    """The original's configuration. Raises UsageError when it is missing or says what nobody can load."""
    path = checkpoint / "config.json"
    if not path.is_file():
        raise UsageError(f"{checkpoint}: no checkpoint here (expected a folder with config.json)")
    raw = read_json(path)
    if (checkpoint / "adapter_config.json").is_file():
        raise UsageError(f"{checkpoint}: is an adapter; import a whole checkpoint")
    for key, known in CHECKS.items():
        if raw.get(key) not in known:
            choices = ", ".join(str(value) for value in known if value)
            raise UsageError(f"{path}: {key} is {raw.get(key)!r}; known: {choices or 'empty'}")
    lost = [key for key in LANGUAGE if not isinstance(raw.get(key), int)]
    if lost:
        raise UsageError(f"{path}: lacks {', '.join(lost)}, or it is no whole number")
    if raw["image_aspect_ratio"] == "anyres" and raw.get("mm_patch_merge_type") != "spatial_unpad":
        raise UsageError(
            f"{path}: mm_patch_merge_type is {raw.get('mm_patch_merge_type')!r}; known: spatial_unpad"
        )
    return raw


def make_config(raw: Mapping[str, Any], tower: Any, words: int) -> Any:
    """Transformers' configuration: LLaVA-1.5 for ``pad``, LLaVA-NeXT for ``anyres``.

    The image token takes the first row that the tokenizer has no word for; there may have to be a new one.
    """
    from transformers import LlamaConfig, LlavaConfig, LlavaNextConfig

    if words > raw["vocab_size"]:
        raise UsageError(
            f"config.json: vocab_size is {raw['vocab_size']}, and the tokenizer has {words} words"
        )
    rope = {"rope_type": "default", "rope_theta": raw.get("rope_theta") or 10000.0}
    language = LlamaConfig(
        **{key: raw[key] for key in LANGUAGE},
        **{key: raw[key] for key in LANGUAGE_MAYBE if raw.get(key) is not None},
        rope_parameters=rope | _rope_scaling(raw),
    )
    language.vocab_size = max(int(raw["vocab_size"]), words + 1)
    shapes: dict[str, Any] = {
        "vision_config": tower,
        "text_config": language,
        "image_token_id": words,
        "vision_feature_layer": int(raw.get("mm_vision_select_layer") or -2),
        "vision_feature_select_strategy": "default",  # without the class token
        "image_seq_length": (tower.image_size // tower.patch_size) ** 2,
    }
    if raw["image_aspect_ratio"] == "pad":
        return LlavaConfig(**shapes)
    return LlavaNextConfig(image_grid_pinpoints=_pinpoints(raw), **shapes)


def _rope_scaling(raw: Mapping[str, Any]) -> dict[str, Any]:
    scaling = dict(raw.get("rope_scaling") or {})
    if "type" in scaling:
        scaling["rope_type"] = scaling.pop("type")
    return scaling


def _pinpoints(raw: Mapping[str, Any]) -> list[list[int]]:
    """Grids as (height, width); the original writes (width, height)."""
    try:
        return [[int(height), int(width)] for width, height in raw["image_grid_pinpoints"]]
    except (KeyError, TypeError, ValueError):
        raise UsageError(
            "config.json: image_grid_pinpoints: expected pairs of width and height in pixels"
        ) from None


def tower_folder(checkpoint: Path, raw: Mapping[str, Any], vision_tower: Path | None) -> Path | None:
    """The folder of the tower that is given, or named by path or hub name and here."""
    if vision_tower is not None:
        return vision_tower
    named = str(raw.get("mm_vision_tower") or "")
    folder = checkpoint / named
    if named and (folder / "config.json").is_file():
        return folder
    return sources.cached(named) if hub_name.HubName.parse(named) is not None else None


def tower_config(checkpoint: Path, raw: Mapping[str, Any], folder: Path | None) -> Any:
    """Transformers' configuration of the tower. Raises UsageError when it is unknown or no CLIP."""
    from transformers import CLIPVisionConfig

    name = Path(str(raw.get("mm_vision_tower"))).name
    if folder is not None:
        config = read_json(folder / "config.json")
        if config.get("model_type") not in ("clip", "clip_vision_model"):
            raise UsageError(f"{folder}: no CLIP model, but {config.get('model_type')!r}")
        config = config.get("vision_config") or config
    elif name in TOWERS:
        config = dict(TOWERS[name])
    else:
        raise UsageError(
            f"{checkpoint}: its vision tower {raw.get('mm_vision_tower')!r} is not here; "
            "give --vision-tower FOLDER"
        )
    defaults = CLIPVisionConfig()
    known = ("attention_dropout", "hidden_act", "layer_norm_eps", *TOWERS["clip-vit-large-patch14-336"])
    return CLIPVisionConfig(**{key: config.get(key, getattr(defaults, key)) for key in known})


def colours(folder: Path | None) -> dict[str, Sequence[float]]:
    """Mean and standard deviation where the tower's folder says them."""
    path = None if folder is None else folder / "preprocessor_config.json"
    raw = read_json(path) if path is not None and path.is_file() else {}
    names = {"mean": "image_mean", "std": "image_std"}
    return {ours: raw[theirs] for ours, theirs in names.items() if theirs in raw}
