"""Adapters in PEFT's format: read whole or not at all, written so that others can open them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from caig_cli.engine import bases, hub_name, model_folder, sources
from caig_cli.errors import UsageError

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
REWARD = "reward.json"
"""Makes a folder that of a reward model."""


def refuse_reward(folder: Path, source: str) -> None:
    """Raises UsageError where a reward model is given for a model that writes."""
    if (folder / REWARD).is_file():
        raise UsageError(
            f"{source}: this is a reward model, which judges ads and writes nothing; name a prompt model, or "
            "give it as --judge"
        )


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a file, on the CPU. Raises UsageError where it is missing, damaged or not finite."""
    try:
        weights: dict[str, torch.Tensor] = load_file(path)
    except FileNotFoundError:
        raise UsageError(f"{path}: missing; copy the whole folder again") from None
    except (OSError, SafetensorError, ValueError) as error:
        raise UsageError(f"{path}: is damaged: {_line(error)}; copy it again") from None
    bad = [name for name, t in weights.items() if t.is_floating_point() and not bool(t.isfinite().all())]
    if bad:
        raise UsageError(f"{path}: {_some(bad)} not finite (inf or nan): its training failed; train it again")
    return weights


def fill(module: torch.nn.Module, weights: dict[str, torch.Tensor], path: Path) -> None:
    """Give a module all of its weights. Raises UsageError where tensors are missing, unknown or too large."""
    own = module.state_dict()
    faults = _faults({name: tuple(t.shape) for name, t in own.items()}, weights)
    if faults:
        raise UsageError(f"{path}: {faults}; it is damaged or of another model")
    module.load_state_dict(weights)


def attach(model: Any, folder: Path, name: str = "default", *, base: Path | None = None) -> Any:
    """The model under the adapter of a folder, frozen; on a PEFT model it is one more, and not active.

    ``base`` is the folder of the model's weights, for an adapter that says which they were. Raises UsageError
    where the adapter is of another kind or base, or where its tensors are missing, unknown, of other shapes
    or not finite.
    """
    from peft import PeftModel

    check_kind(folder)
    if base is not None and (other := bases.other(folder, base)) is not None:
        what = "weights of its base than those" if other == "weights" else "words than those of the tokenizer"
        raise UsageError(f"{folder}: was trained on other {what} in {base}")
    weights = read_weights(folder / WEIGHTS)
    whole = [name for name, t in weights.items() if not t.is_floating_point()]
    if whole:
        raise UsageError(f"{folder}: {_some(whole)} are no fractions: it is damaged or of another program")
    try:
        if isinstance(model, PeftModel):
            model.load_adapter(str(folder), adapter_name=name, is_trainable=False)
            made = model
        else:
            made = PeftModel.from_pretrained(model, str(folder), adapter_name=name, is_trainable=False)
    except (RuntimeError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{folder}: does not fit its base: {_line(error)}") from None
    faults = _faults(_wanted(made, name), _named(made, weights))
    if faults:
        raise UsageError(f"{folder}: {faults}; the adapter is damaged or of another base")
    return made


def apply(model: Any, folder: Path, *, base: Path) -> bool:
    """Add a plain LoRA adapter to the weights that it stands on: PEFT's own merge, bit by bit, without PEFT.

    False, and nothing is changed, where the adapter is of a richer kind or does not fit: ``attach`` takes it,
    or says why it can't. ``model`` has weights in float32, ``base`` is their folder.
    """
    config = model_folder.read_json(folder / CONFIG)
    if not _is_plain(config) or bases.other(folder, base) is not None:
        return False
    prefix, down, up = "base_model.model.", ".lora_A.weight", ".lora_B.weight"
    weights = _named(model, read_weights(folder / WEIGHTS))
    linear = (name for name, part in model.named_modules() if isinstance(part, torch.nn.Linear))
    targets = [name for name in linear if _is_target(name, config["target_modules"])]
    if weights.keys() != {f"{prefix}{name}{end}" for name in targets for end in (down, up)}:
        return False
    pairs = [(model.get_submodule(name).weight, weights[f"{prefix}{name}{down}"].float(),
              weights[f"{prefix}{name}{up}"].float()) for name in targets]  # fmt: skip
    if any((b.shape[0], a.shape[1]) != weight.shape or a.shape[0] != b.shape[1] for weight, a, b in pairs):
        return False
    for weight, a, b in pairs:
        delta = (b.to(weight.device) @ a.to(weight.device)) * (config["lora_alpha"] / config["r"])
        weight.data += delta
    return True


_PLAIN: dict[str, Any] = {
    "alora_invocation_tokens": None, "alpha_pattern": {}, "bias": "none", "fan_in_fan_out": False,
    "layer_replication": None, "layers_pattern": None, "layers_to_transform": None, "lora_bias": False,
    "modules_to_save": None, "rank_pattern": {}, "target_parameters": None, "trainable_token_indices": None,
    "use_dora": False, "use_qalora": False, "use_rslora": False, "use_bdlora": None, "exclude_modules": None,
    "arrow_config": None, "kasa_config": None, "velora_config": None, "monteclora_config": None,
}  # fmt: skip
"""Settings with which an adapter is two matrices beside a linear layer, and nothing else."""


def _is_plain(config: dict[str, Any]) -> bool:
    known = all(config.get(name, value) in (value, None) for name, value in _PLAIN.items())
    return known and config.get("peft_type") == "LORA" and "lora_alpha" in config and bool(config.get("r"))


def _is_target(name: str, targets: str | Sequence[str]) -> bool:
    """Whether a layer is one that an adapter is for: a pattern of the whole name, or the name's end."""
    import re

    if isinstance(targets, str):
        return re.fullmatch(targets, name) is not None
    return any(name == one or name.endswith(f".{one}") for one in targets)


def check_kind(folder: Path) -> None:
    """Raises UsageError for an adapter that is no LoRA, or that lies in one folder with a whole model."""
    kind = model_folder.read_json(folder / CONFIG).get("peft_type")
    if kind != "LORA":
        raise UsageError(f"{folder}: is an adapter of kind {kind}; caig reads LoRA")
    if (folder / "config.json").is_file() and any(folder.glob("model*.safetensors")):
        raise UsageError(f"{folder}: holds an adapter and a whole model; keep each in a folder of its own")


def _wanted(model: Any, name: str) -> dict[str, tuple[int, ...]]:
    """Names and shapes of an adapter's tensors as its file has them."""
    from peft import get_peft_model_state_dict

    state = get_peft_model_state_dict(model, adapter_name=name, save_embedding_layers=False)
    return {key: tuple(t.shape) for key, t in state.items()}


def _named(model: Any, weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A file's tensors under the names of today; transformers has moved parts of some models."""
    import re

    whole = model.get_base_model() if hasattr(model, "get_base_model") else model
    moves = getattr(whole, "_checkpoint_conversion_mapping", None) or {}
    prefix, found = "base_model.model.", {}
    for key, tensor in weights.items():
        rest = key.removeprefix(prefix)
        for old, new in moves.items():
            rest, changed = re.subn(old, new, rest)
            if changed:
                break
        found[prefix + rest if key.startswith(prefix) else rest] = tensor
    return found


def _faults(wanted: dict[str, tuple[int, ...]], weights: dict[str, torch.Tensor]) -> str:
    """What is missing, unknown or of another shape, in words; empty where all is right."""
    missing = [name for name in wanted if name not in weights]
    unknown = [name for name in weights if name not in wanted]
    shapes = [
        f"{name} is {list(weights[name].shape)} and should be {list(shape)}"
        for name, shape in wanted.items()
        if name in weights and tuple(weights[name].shape) != shape
    ]
    parts = (("lacks ", missing), ("has unknown ", unknown), ("", shapes))
    return "; ".join(words + _some(names) for words, names in parts if names)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return ", ".join(names[:2]) + more


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def rename_base(folder: Path, base: str, weights: Path) -> None:
    """Write into a saved adapter the name that its base has for others, and which weights these are.

    ``base`` is the base as it is named here, ``weights`` its folder. No task type: PEFT's ``AutoPeftModel``
    then opens the adapter by the class that is written beside it.
    """
    path = folder / CONFIG
    config = json.loads(path.read_text("utf-8"))
    name = sources.portable(base)
    if name.startswith("./") and Path(bases.find_local(folder, name)).resolve() != weights.resolve():
        name = str(weights.absolute())  # outside of a run, nothing here would find it again
    hub = hub_name.HubName.parse(name)
    config["base_model_name_or_path"] = name if hub is None else hub.at(None)
    config["revision"] = None if hub is None else hub.revision
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", "utf-8")
    bases.write_note(folder, weights)
    (folder / "README.md").unlink(
        missing_ok=True
    )  # PEFT's own, which says nothing but where the base lies here
