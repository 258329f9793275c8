"""From a recipe's section to a pipeline of diffusers that is ready to paint."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch

from caig_cli.engine import sources
from caig_cli.engine.model_folder import Check
from caig_cli.engine.runtime import Runtime, choose_device
from caig_cli.errors import UsageError
from caig_cli.painters.diffusion import single_file
from caig_cli.painters.diffusion.config import DiffusionSection
from caig_cli.painters.diffusion.kinds import SCHEDULERS

INDEX = "model_index.json"


def runtime_of(section: DiffusionSection, device: str) -> Runtime:
    """Where the painter computes and how precisely. Raises UsageError for what the device can't do."""
    there = choose_device(device)
    if section.dtype != "auto" or there.device.type == "cpu":
        there = choose_device(device, section.dtype)
    else:
        there = choose_device(device, section.row.dtype)
    if section.offload != "none" and there.device.type == "cpu":
        raise UsageError(f"diffusion.offload={section.offload} needs a GPU; leave it at none on the CPU")
    return there


def needs(section: DiffusionSection) -> dict[str, Check | None]:
    """The models that the painter opens, each with a look at its small files."""
    kind = section.row
    wanted: dict[str, Check | None] = {section.model or kind.model: partial(_check_model, section)}
    controlnet, lora = section.controlnet or kind.controlnet, section.lora or kind.lora
    if controlnet is not None:
        wanted[controlnet] = partial(_check_controlnet, section)
    if lora is not None:
        wanted[lora] = partial(_check_lora, section)
    return wanted


def load(section: DiffusionSection, runtime: Runtime) -> Any:
    """The kind's pipeline with everything that the section asks for, on the device.

    Raises UsageError, in one line, where a model is missing, of another kind, or cannot be loaded.
    """
    import diffusers

    _hush()
    kind = section.row
    folders = [(source, sources.locate(source, check=look)) for source, look in needs(section).items()]
    parts: dict[str, Any] = dict(kind.without)
    how = {"dtype": runtime.dtype, "use_safetensors": True, "local_files_only": True}
    model, *others = folders
    if kind.controlnet is not None:
        parts["controlnet"] = _controlnet(getattr(diffusers, kind.control), *others.pop(0), how)
    pipe = _loaded(getattr(diffusers, kind.pipeline), *model, how | parts)
    pipe.set_progress_bar_config(disable=True)
    _schedule(pipe, section)
    for source, path in others:
        _adapt(pipe, section, source, path)
    settle(pipe, section, runtime.device)
    return pipe


def _hush() -> None:
    """Progress bars and advice of the libraries: what matters is an error of ours."""
    import diffusers
    import transformers

    for library in (diffusers, transformers):
        library.utils.logging.set_verbosity_error()
        library.utils.logging.disable_progress_bar()


def _check_model(section: DiffusionSection, folder: Path) -> None:
    source = section.model or section.row.model
    saved = str(_json(folder / INDEX, source).get("_class_name"))
    if re.fullmatch(section.row.checkpoint, saved) is None:
        raise UsageError(
            f"diffusion.model {source}: holds a {saved}, which kind {section.kind} cannot use; "
            "set diffusion.kind to what it is"
        )


def _check_controlnet(section: DiffusionSection, folder: Path) -> None:
    source, wanted = section.controlnet or section.row.controlnet, section.row.control
    if folder.is_file() and wanted == single_file.CLASS:
        single_file.shape(folder)
        return
    config = _json(folder / "config.json", str(source))
    found = config.get("_class_name")
    if found != wanted:
        raise UsageError(f"diffusion.controlnet {source}: holds no {wanted} but {found}")
    if wanted != "ControlNetModel":
        return
    # A ControlNet for SDXL is told of sizes as its UNet is, beside the text.
    if (config.get("addition_embed_type") == "text_time") != section.row.pipeline.startswith(
        "StableDiffusionXL"
    ):
        raise UsageError(f"diffusion.controlnet {source}: was made for another kind than {section.kind}")


def _check_lora(section: DiffusionSection, path: Path) -> None:
    files = [path] if path.is_file() else sorted(path.glob("*.safetensors"))
    if len(files) != 1:
        source, has = section.lora or section.row.lora, ", ".join(file.name for file in files) or "none"
        raise UsageError(f"diffusion.lora {source}: name one of its safetensors files (it has {has})")


def _json(path: Path, source: str) -> Mapping[str, Any]:
    try:
        value = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UsageError(f"{source}: no model in the layout of diffusers here (no {path.name})") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from None
    return value if isinstance(value, dict) else {}


def _controlnet(cls: Any, source: str, path: Path, how: Mapping[str, Any]) -> Any:
    return (
        single_file.load(cls, source, path, how["dtype"])
        if path.is_file()
        else _loaded(cls, source, path, how)
    )


def _loaded(cls: Any, source: str, folder: Path, how: Mapping[str, Any]) -> Any:
    try:
        return cls.from_pretrained(folder, variant=_variant(folder), **how)
    except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
        raise UsageError(f"{source}: cannot be loaded: {_line(error)}") from error


def _variant(folder: Path) -> str | None:
    """``fp16`` where the weights are there in that variant only: half the download."""
    weights = [path.name for path in folder.rglob("*.safetensors")]
    return "fp16" if weights and all(".fp16." in name for name in weights) else None


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def _schedule(pipe: Any, section: DiffusionSection) -> None:
    """Swap the scheduler for the one named; what it shares with the checkpoint's own stays as it was."""
    import diffusers

    name, changes = SCHEDULERS[section.scheduler or section.row.scheduler]
    pipe.scheduler = getattr(diffusers, name).from_config(pipe.scheduler.config, **changes)


def _adapt(pipe: Any, section: DiffusionSection, source: str, path: Path) -> None:
    """Add the LoRA to the weights themselves, where it costs no time."""
    file = path if path.is_file() else next(path.glob("*.safetensors"))
    try:
        how = {"use_safetensors": True, "local_files_only": True}
        pipe.load_lora_weights(file.parent, weight_name=file.name, **how)
        pipe.fuse_lora(lora_scale=section.lora_scale)
        pipe.unload_lora_weights()
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise UsageError(f"diffusion.lora {source}: does not fit {section.kind}: {_line(error)}") from error


def settle(pipe: Any, section: DiffusionSection, device: torch.device) -> None:
    if section.vae_slicing:
        pipe.vae.enable_slicing()
    if section.vae_tiling:
        pipe.vae.enable_tiling()
    if section.offload == "model":
        pipe.enable_model_cpu_offload(device=device)
    elif section.offload == "sequential":
        pipe.enable_sequential_cpu_offload(device=device)
    else:
        pipe.to(device)
