"""What a model folder must hold, read from its small files and the headers of its weights. Nothing heavy."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from caig_cli import parsing
from caig_cli.engine import onnx_files
from caig_cli.errors import UsageError
from caig_cli.parsing import Malformed, parse_json

Check = Callable[[Path], None]
"""Looks at a model's small files before its weights are fetched; raises UsageError if it can't be used."""
DESCRIBED = ("config.json", "adapter_config.json", "model_index.json", "reward.json")
"""Files of which a model's folder holds one."""
UNUSED = ("safety_checker", "feature_extractor", "image_encoder")
"""Components of a diffusion pipeline that are neither fetched nor loaded."""


def lacking(folder: Path) -> str | None:
    """What an interrupted download or copy left out of a model folder; None when it is whole."""
    index = folder / "model_index.json"
    if index.is_file():
        parts = [name for name, kind in read_json(index).items() if is_component(name, kind)]
        absent = next((f"{part}/" for part in parts if not (folder / part).is_dir()), None)
        return absent or next((lack for part in parts if (lack := lacking(folder / part))), None)
    for listing in folder.glob("*.safetensors.index.json"):
        for file in sorted(set(shards(listing).values())):
            if not (folder / file).is_file():
                return file
    weights = list(folder.glob("*.safetensors"))
    described = any((folder / name).is_file() for name in ("config.json", "adapter_config.json"))
    if described and not weights:
        return "safetensors weights"
    return next((path.name for path in weights if not is_whole(path)), None)


def shards(index: Path) -> dict[str, str]:
    """Tensor -> file of an index; files are beside it and nowhere else. Raises UsageError for others."""
    places = read_json(index).get("weight_map")
    if not isinstance(places, dict):
        raise UsageError(f"{index}: is damaged; fetch it again")
    files = {str(name): str(file) for name, file in places.items()}
    for file in files.values():
        if Path(file).name != file or Path(file).suffix not in (".bin", ".safetensors"):
            raise UsageError(f"{index}: {file!r} is not the name of a weight file beside it")
    return files


def kind_of(folder: Path) -> str:
    """What a model folder says it is: a model type, a pipeline or model class of diffusers, or an adapter."""
    if (folder / "adapter_config.json").is_file():
        return "adapter"
    for name, keys in (
        ("model_index.json", ("_class_name",)),
        ("config.json", ("model_type", "_class_name")),
    ):
        if (folder / name).is_file():
            config = read_json(folder / name)
            return next((str(config[key]) for key in keys if key in config), "unknown")
    return "weights"


def is_component(name: str, kind: object) -> bool:
    """Whether an entry of ``model_index.json`` names a part that is loaded from a folder of its own."""
    return isinstance(kind, list) and bool(kind and kind[0]) and name not in UNUSED


def is_whole(path: Path) -> bool:
    """Whether a safetensors or ONNX file ends where it says itself; a cut or foreign file does not."""
    if path.suffix == ".onnx":
        return onnx_files.is_whole(path)
    try:
        if not path.is_file():
            return False  # a pipe would be waited for
        begin, entries = _header(path)
        ends = [entry["data_offsets"][1] for entry in entries.values()]
        return bool(path.stat().st_size == begin + max(ends, default=0))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error):
        return False


def parameters(path: Path) -> int:
    """Weights in a safetensors file, by its header."""
    return sum(math.prod(entry["shape"]) for entry in _header(path)[1].values())


def tensor_names(folder: Path) -> set[str]:
    """Names of the tensors in a model folder's safetensors files, by their headers."""
    return {name for path in folder.glob("*.safetensors") if is_whole(path) for name in _header(path)[1]}


def _header(path: Path) -> tuple[int, dict[str, Any]]:
    """Where the tensors of a safetensors file begin, and what the header says of each of them."""
    with path.open("rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        if length > 100 << 20:  # the format's own limit: a web page must not be read as a length
            raise ValueError(f"{path}: no safetensors file")
        entries = parse_json(stream.read(length))
    return 8 + length, {name: entry for name, entry in entries.items() if name != "__metadata__"}


def read_json(path: Path) -> dict[str, Any]:
    """A file of a model folder that holds an object. Raises UsageError when it does not."""
    try:
        value = parsing.read_json(path)
    except Malformed as error:
        raise UsageError(f"{path}: cannot be read: {error}") from None
    if not isinstance(value, dict):
        raise UsageError(f"{path}: does not hold an object")
    return value
