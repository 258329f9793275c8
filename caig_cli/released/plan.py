"""What becomes of each tensor of a checkpoint in the original layout, from headers and configuration alone.

Transformers' own class, made without storage, says which names and shapes there must be.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from caig_cli.errors import CaigError, UsageError
from caig_cli.mllm.images import CLIP_MEAN, CLIP_STD
from caig_cli.released.config import colours, make_config, read_config, tower_config, tower_folder
from caig_cli.released.layout import (
    NAMES,
    TOWER,
    TOWER_ALONE,
    UNNEEDED,
    hub_name,
    original_name,
    starred,
)
from caig_cli.released.weight_files import Weight, listed, read_headers

PER_WORD = ("embed_tokens.weight", "lm_head.weight")
"""Tensors with a row per word."""
HEADS = ("preference.weight", "ctr.weight")
OPTIONAL = "ctr.weight"
"""Released reward models come with and without a head for rates."""


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import makes of a checkpoint; ``found`` and ``heads`` map new names to original tensors."""

    checkpoint: Path
    config: Any
    dtype: torch.dtype
    shapes: Mapping[str, tuple[int, ...]]
    found: Mapping[str, Weight]
    heads: Mapping[str, Weight]
    grown: int
    """Rows that the vocabulary gets: one, unless the checkpoint has a row to spare for the image token."""

    dropped: Mapping[str, str]
    added: Mapping[str, str]
    mean: Sequence[float] = CLIP_MEAN
    std: Sequence[float] = CLIP_STD
    """How the tower wants its colours."""

    @property
    def is_reward(self) -> bool:
        """Whether it is a reward model."""
        return bool(self.heads)

    @property
    def mapped(self) -> dict[str, str]:
        """The original's names and those in the new files."""
        pairs = [(w.name, hub_name(name)) for name, w in self.found.items()]
        return dict(pairs + [(w.name, f"heads: {name}") for name, w in self.heads.items()])

    @property
    def parts(self) -> Counter[tuple[str, str]]:
        """How many tensors each row of the tables moves, by names with a star."""
        moved = [(w.name, name) for name, w in self.found.items()]
        return Counter(starred(original, name) for original, name in moved)

    @property
    def bytes(self) -> int:
        """Size of the new weights."""
        return sum(torch.Size(shape).numel() for shape in self.shapes.values()) * self.dtype.itemsize


def make_plan(
    checkpoint: Path, vision_tower: Path | None, words: int, dtype: torch.dtype | None
) -> ImportPlan:
    """The plan of a checkpoint whose tokenizer has ``words`` entries; ``dtype`` None keeps its own.

    ``vision_tower`` is the folder of the vision tower; None means the one that the checkpoint names.
    Raises UsageError for a layout that has no counterpart and for weights that are missing, unknown or of
    wrong shape, each by name.
    """
    raw = read_config(checkpoint)
    weights = read_headers(checkpoint)
    reward = "score.weight" in weights
    if not reward and raw.get("problem_type") is not None:
        raise UsageError(f"{checkpoint}: a reward model without its preference head: lacks score.weight")
    folder = tower_folder(checkpoint, raw, vision_tower)
    tied = "lm_head.weight" not in weights and (reward or bool(raw.get("tie_word_embeddings")))
    try:
        config = make_config(raw, tower_config(checkpoint, raw, folder), words)
        config.tie_word_embeddings = config.text_config.tie_word_embeddings = tied
        shapes = _shapes(config)
    except CaigError:
        raise
    except Exception as error:  # whatever transformers has against a value
        raise UsageError(f"{checkpoint / 'config.json'}: describes no model: {error}") from None
    grown = config.text_config.vocab_size - int(raw["vocab_size"])
    wanted = {
        name: (shape[0] - grown, *shape[1:]) if name.endswith(PER_WORD) else shape
        for name, shape in shapes.items()
    }
    if reward:
        wanted |= dict.fromkeys(HEADS, (2, int(raw["hidden_size"])))
    tower = _elsewhere(raw, checkpoint, folder)
    found, faults = _find(wanted, weights, tower)
    used = [weight.name for weight in found.values() if weights.get(weight.name) is weight]
    dropped, unknown = _dropped([name for name in weights if name not in used], raw, bool(tower))
    if unknown:
        faults.append(f"{listed(unknown)}: unknown in the original LLaVA layout")
    if faults:
        raise UsageError(f"{checkpoint}: {'; '.join(faults)}")
    heads = {name: found.pop(name) for name in HEADS if name in found}
    config.dtype = dtype or weights["model.embed_tokens.weight"].dtype
    added = _added(config, heads, grown)
    return ImportPlan(
        checkpoint, config, config.dtype, shapes, found, heads, grown, dropped, added, **colours(folder)
    )


def _elsewhere(raw: Mapping[str, Any], checkpoint: Path, folder: Path | None) -> Mapping[str, Weight]:
    """The tensors of the tower's own folder, or none where the checkpoint's are to be used.

    As the original does: only a tower that was trained is in the checkpoint.
    """
    if raw.get("unfreeze_mm_vision_tower"):
        return {}
    if folder is None:
        raise UsageError(
            f"{checkpoint}: its vision tower {raw.get('mm_vision_tower')!r} is not in it; "
            "give --vision-tower FOLDER"
        )
    # A CLIP that was saved without its text half may have dropped the first part of its names.
    return {
        name if name.startswith("vision_model.") else f"vision_model.{name}": weight
        for name, weight in read_headers(folder).items()
    }


def _shapes(config: Any) -> dict[str, tuple[int, ...]]:
    """Names and shapes of transformers' class, made without storage."""
    from transformers import AutoModelForImageTextToText

    with torch.device("meta"):
        model = AutoModelForImageTextToText.from_config(config, trust_remote_code=False)
    tied = model.all_tied_weights_keys if config.tie_word_embeddings else ()
    return {name: tuple(t.shape) for name, t in model.state_dict().items() if name not in tied}


def _find(
    wanted: Mapping[str, tuple[int, ...]], weights: Mapping[str, Weight], tower: Mapping[str, Weight]
) -> tuple[dict[str, Weight], list[str]]:
    """The original tensor of each name, in the order of files, and what is missing or of wrong shape."""
    found: dict[str, Weight] = {}
    missing, wrong = [], []
    for name, shape in wanted.items():
        alone = bool(tower) and re.match(TOWER, name) is not None
        original = original_name(name, TOWER_ALONE if alone else NAMES)
        weight = (tower if alone else weights).get(original)
        if weight is None:
            missing += [original] if name != OPTIONAL else []
            continue
        if weight.shape != shape:
            wrong.append(f"{original} is {list(weight.shape)} and should be {list(shape)}")
        elif not weight.dtype.is_floating_point:
            wrong.append(f"{original} is of {weight.dtype} and should be of floating point")
        found[name] = weight
    faults = ([f"lacks {listed(missing)}"] if missing else []) + ([listed(wrong)] if wrong else [])
    return dict(sorted(found.items(), key=lambda item: str(item[1].file))), faults


def _dropped(
    unused: Iterable[str], raw: Mapping[str, Any], tower_elsewhere: bool
) -> tuple[dict[str, str], list[str]]:
    """What is left over and why, and what nobody knows."""
    dropped, unknown = {}, []
    for name in unused:
        reason = next((why for pattern, why in UNNEEDED if re.fullmatch(pattern, name)), None)
        if name == "model.image_newline":
            reason = "a picture that is padded to a square is one tile"
        elif name.startswith("model.vision_tower.") and tower_elsewhere:
            reason = f"the original takes its tower from {raw.get('mm_vision_tower')}"
        if reason is None:
            unknown.append(name)
        else:
            dropped[name] = reason
    return dropped, unknown


def _added(config: Any, heads: Mapping[str, Weight], grown: int) -> dict[str, str]:
    added = {}
    if grown:
        row = f"row {config.image_token_id} for <image>, the mean of the others; never generated"
        added[hub_name("model.language_model.embed_tokens.weight")] = row
        if not config.tie_word_embeddings:
            added[hub_name("lm_head.weight")] = row
    else:
        added["<image>"] = f"the spare row {config.image_token_id}; never generated"
    if heads and config.tie_word_embeddings:
        added[hub_name("lm_head.weight")] = "tied to the embeddings; a reward model writes no words"
    if heads and "ctr.weight" not in heads:
        added["heads: ctr.weight"] = "zeros; the checkpoint predicts no rates"
    return added
