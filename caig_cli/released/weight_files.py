"""Weight files: what a checkpoint holds by its headers, one tensor at a time out, one at a time in.

Nothing here has more than one tensor of a model in memory. Pickled weights (``.bin``) are opened by torch's
weights-only reader, which builds tensors and plain values and refuses everything else.
"""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from caig_cli.engine.files import atomic_write, to_json
from caig_cli.engine.model_folder import shards
from caig_cli.errors import UsageError

INDEXES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
SINGLE = ("model.safetensors", "pytorch_model.bin")
SHARD = 4 << 30
"""Bytes of tensors that are written to one file."""
DTYPES = {
    "F32": torch.float32,
    "BF16": torch.bfloat16,
    "F16": torch.float16,
    "F64": torch.float64,
    "I64": torch.int64,
    "I32": torch.int32,
}
"""Names of the safetensors format."""


@dataclass(frozen=True, slots=True)
class Weight:
    """A tensor in a file, not read yet."""

    name: str
    shape: tuple[int, ...]
    dtype: torch.dtype
    file: Path


class WeightFile:
    """One open weight file."""

    def __init__(self, path: Path) -> None:
        """Raises UsageError when it is missing, cut off, or holds more than weights."""
        if not path.is_file():
            raise UsageError(f"{path}: is missing; fetch the whole checkpoint")
        self.path = path
        self._tensors: Any = _pickled(path) if path.suffix == ".bin" else _safe(path)

    def headers(self) -> Iterator[Weight]:
        """All tensors of the file."""
        for name in self._tensors.keys():  # noqa: SIM118 - safe_open is no mapping
            if isinstance(self._tensors, dict):
                tensor = self._tensors[name]
                yield Weight(name, tuple(tensor.shape), tensor.dtype, self.path)
                continue
            part = self._tensors.get_slice(name)
            dtype = DTYPES.get(part.get_dtype())
            if dtype is None:
                known = ", ".join(DTYPES)
                raise UsageError(f"{self.path}: {name} is of type {part.get_dtype()}; known types: {known}")
            yield Weight(name, tuple(part.get_shape()), dtype, self.path)

    def read(self, name: str) -> torch.Tensor:
        """One tensor, which may be a view of the file."""
        tensors = self._tensors
        tensor: torch.Tensor = tensors[name] if isinstance(tensors, dict) else tensors.get_tensor(name)
        return tensor


def read_headers(folder: Path) -> dict[str, Weight]:
    """The tensors of a model folder by name, whole or in shards.

    Raises UsageError when there are none, when a shard of the index is missing or damaged, or when what the
    index promises is not there.
    """
    index = next((folder / name for name in INDEXES if (folder / name).is_file()), None)
    if index is None:
        single = next((folder / name for name in SINGLE if (folder / name).is_file()), None)
        if single is None:
            raise UsageError(f"{folder}: no weights here (expected {', '.join([*SINGLE, *INDEXES])})")
        return {weight.name: weight for weight in WeightFile(single).headers()}
    found: dict[str, Weight] = {}
    promised = shards(index)
    for file in sorted(set(promised.values())):
        found |= {weight.name: weight for weight in WeightFile(folder / file).headers()}
    lost = [name for name in promised if name not in found]
    if lost:
        raise UsageError(f"{folder / promised[lost[0]]}: lacks {listed(lost)}, which {index.name} promises")
    return found


def write_weights(
    folder: Path,
    shapes: Mapping[str, tuple[int, ...]],
    dtype: torch.dtype,
    read: Callable[[str], torch.Tensor],
) -> list[Path]:
    """Write tensors of ``shapes`` in their order, each read and cast when its turn comes.

    Files hold about ``SHARD`` bytes; several get an index. Returns the files.
    """
    groups: list[dict[str, tuple[int, ...]]] = [{}]
    room = SHARD
    for name, shape in shapes.items():
        size = _size(shape, dtype)
        if groups[-1] and size > room:
            groups.append({})
            room = SHARD
        groups[-1][name] = shape
        room -= size
    count, files = len(groups), []
    for n, group in enumerate(groups, 1):
        name = SINGLE[0] if count == 1 else f"model-{n:05}-of-{count:05}.safetensors"
        files.append(folder / name)
        atomic_write(files[-1], serialized(group, dtype, read))
    if count > 1:
        places = {name: path.name for path, group in zip(files, groups, strict=True) for name in group}
        total = sum(_size(shape, dtype) for shape in shapes.values())
        index = {"metadata": {"total_size": total}, "weight_map": places}
        (folder / INDEXES[0]).write_text(to_json(index, indent=2) + "\n", "utf-8")
    return files


def listed(names: list[str], most: int = 5) -> str:
    """The first of many names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def serialized(
    shapes: Mapping[str, tuple[int, ...]], dtype: torch.dtype, read: Callable[[str], torch.Tensor]
) -> Iterator[bytes]:
    """A safetensors file in pieces: length of the header, header, tensors in the order of ``shapes``."""
    code = next(name for name, kind in DTYPES.items() if kind == dtype)
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, shape in shapes.items():
        start, end = end, end + _size(shape, dtype)
        header[name] = {"dtype": code, "shape": list(shape), "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # tensors begin at multiples of eight
    yield len(text).to_bytes(8, "little") + text
    for name, shape in shapes.items():
        tensor = read(name).to(dtype).contiguous()
        assert tuple(tensor.shape) == shape, name
        yield tensor.flatten().view(torch.uint8).numpy().tobytes()


def _size(shape: tuple[int, ...], dtype: torch.dtype) -> int:
    return torch.Size(shape).numel() * dtype.itemsize


def _safe(path: Path) -> Any:
    try:
        return safe_open(path, "pt")
    except (SafetensorError, OSError):
        raise UsageError(f"{path}: is damaged or cut off; fetch it again") from None


def _pickled(path: Path) -> dict[str, torch.Tensor]:
    if not zipfile.is_zipfile(path):
        raise UsageError(f"{path}: is damaged, cut off or no PyTorch file of today; fetch it again")
    try:
        tensors = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except pickle.UnpicklingError:
        raise UsageError(
            f"{path}: holds more than weights, which could run code here, and was not opened; "
            "use a checkpoint in safetensors from a source that you trust"
        ) from None
    except Exception:  # whatever a damaged archive makes the reader raise
        raise UsageError(f"{path}: is damaged or cut off; fetch it again") from None
    if not isinstance(tensors, dict):
        raise UsageError(f"{path}: holds no tensors by name")
    strange = [str(name) for name, value in tensors.items() if not isinstance(value, torch.Tensor)]
    if strange:
        raise UsageError(f"{path}: {listed(strange)}: no tensor")
    return tensors
