"""Where models come from: a folder, or a hub name ``org/name[@revision]``, looked for in the cache first.

A hub name may go on to one weight file in the repository, ``org/name/file.safetensors`` or ``.onnx``. The
network is asked only for what the cache lacks; everything else here is about names and folders and imports
nothing heavy.
"""

from __future__ import annotations

import math
import re
import struct
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeVar

from pydantic import AfterValidator

from caig_cli import parsing
from caig_cli.engine import bases, onnx_files
from caig_cli.errors import UsageError
from caig_cli.parsing import Malformed, parse_json
from caig_cli.recipe import Recipe, fields

if TYPE_CHECKING:
    from caig_cli.engine.report import Reporter

R = TypeVar("R", bound=Recipe)
Check = Callable[[Path], None]
"""Looks at a model's small files before its weights are fetched; raises UsageError if it can't be used."""

EMBEDDED = "embedded"
"""The name of whatever ships in the package."""
DESCRIBED = ("config.json", "adapter_config.json", "model_index.json", "reward.json")
"""Files of which a model's folder holds one."""
UNUSED = ("safety_checker", "feature_extractor", "image_encoder")
"""Components of a diffusion pipeline that are neither fetched nor loaded."""

_HUB = re.compile(
    r"(?P<repo>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)"
    r"(?:/(?P<file>[^@]+\.(?:safetensors|onnx)))?(?:@(?P<revision>.*))?"
)


@dataclass(frozen=True, slots=True)
class HubName:
    """A repository of models, maybe at a branch, tag or commit, maybe one weight file in it."""

    repo: str
    revision: str | None = None
    file: str | None = None

    @classmethod
    def parse(cls, source: str) -> Self | None:
        """None where ``source`` is a folder or can only be meant as one."""
        found = _HUB.fullmatch(source)
        if found is None or Path(source).exists():
            return None
        return cls(found["repo"], found["revision"], found["file"])

    def at(self, revision: str | None) -> str:
        """The full name at another revision."""
        inside = f"/{self.file}" if self.file else ""
        return f"{self.repo}{inside}" + (f"@{revision}" if revision else "")

    def __str__(self) -> str:
        return self.at(self.revision)


def _well_formed(source: str) -> str:
    found = _HUB.fullmatch(source)
    if found is not None and found["revision"] == "" and not Path(source).exists():
        raise ValueError("the revision after @ is missing: a branch, a tag or a commit")
    return source


ModelName = Annotated[str, AfterValidator(_well_formed)]
"""A recipe value that names a model; a run writes it with the commit that it used."""


def locate(source: str, report: Reporter | None = None, check: Check | None = None) -> Path:
    """The folder (or weight file) of a model, fetched from the hub if neither folder nor cache has it.

    Raises UsageError when there is none and RunError when the hub can't be reached.
    """
    name = HubName.parse(source)
    if name is None:
        path = in_run(Path(source).expanduser())
        if not path.exists():
            raise UsageError(f"{source}: no such folder; a model on the hub is named org/name[@revision]")
    else:
        from caig_cli.engine import hub

        path = hub.cached(name) or hub.fetch(name, report, check)
    if check is not None:
        check(path)
    return path


def cached(source: str) -> Path | None:
    """Where a model is on this machine; None when it would have to be fetched, or is nowhere."""
    name = HubName.parse(source)
    if name is None:
        path = in_run(Path(source).expanduser())
        return path if path.exists() else None
    from caig_cli.engine import hub

    return hub.cached(name)


def is_remote(source: str) -> bool:
    """Whether a run would have to fetch the model."""
    return HubName.parse(source) is not None and cached(source) is None


def describe(source: str, find: Callable[[str], Path] = locate) -> str:
    """For plans: where a model is, or that a run fetches it. ``find`` raises UsageError without one."""
    if is_remote(source):
        return f"{source} (not in the cache: a run downloads it)"
    folder = find(source)
    commit = "" if HubName.parse(source) is None else commit_of(folder)
    if commit:
        return f"{source} (in the cache at {commit[:12]})"
    lack = unreadable(folder)
    return str(folder) if lack is None else f"{folder} (a run can't open it: {lack})"


def fetch_all(wanted: Mapping[str, Check | None], report: Reporter) -> dict[str, str]:
    """Fetch what is named and what its adapters stand on; returns each hub name with its commit."""
    found: dict[str, str] = {}
    for source, check in wanted.items():
        if "/" not in source and not Path(source).exists():
            continue  # ships in the package, or is a mistake that is told where it is used
        folder = locate(source, report, check)
        _check_weights(folder)
        name = HubName.parse(source)
        if name is not None:
            found[source] = name.at(commit_of(folder))
        base = base_of_adapter(folder)
        if base is not None and (HubName.parse(base) is not None or Path(base).exists()):
            found |= fetch_all({base: check}, report)
    return found


def pin(recipe: R, found: Mapping[str, str]) -> R:
    """The recipe with each model at the commit that was found for it."""
    tree = recipe.model_dump()
    for key in model_keys(type(recipe)):
        *sections, last = key.split(".")
        place: Any = tree
        for section in sections:
            place = (place or {}).get(section)
        if place is not None and place[last] is not None:
            kind, colon, name = place[last].rpartition(":")  # networks may be named kind:org/name/file.onnx
            place[last] = kind + colon + found.get(name, name)
    return type(recipe).model_validate(tree)


def model_keys(cls: type[Recipe]) -> list[str]:
    """Dotted keys of the values that are a ``ModelName``."""
    return [key for key, field in fields(cls) if _names_model(field.annotation, field.metadata)]


def _names_model(annotation: Any, metadata: Iterable[Any]) -> bool:
    if any(getattr(one, "func", None) is _well_formed for one in metadata):
        return True
    return any(_names_model(part, getattr(part, "__metadata__", ())) for part in typing.get_args(annotation))


def commit_of(path: Path) -> str:
    """The commit of a folder or file of the cache: ``.../snapshots/<commit>/...``."""
    parts = path.parts
    return parts[parts.index("snapshots") + 1]


def base_of_adapter(folder: Path) -> str | None:
    """The model that an adapter folder stands on, by hub name or folder; None where it is no adapter."""
    path = folder / "adapter_config.json"
    if not path.is_file():
        return None
    config = read_json(path)
    name = str(config.get("base_model_name_or_path"))
    if name == EMBEDDED or HubName.parse(name) is not None:
        return join_revision(name, config.get("revision"))
    return bases.find_local(folder, name)


def join_revision(base: str, revision: str | None) -> str:
    """PEFT keeps name and revision apart; we name a model in one."""
    return f"{base}@{revision}" if revision and HubName.parse(base) is not None else base


def portable(source: str) -> str:
    """A model's name for those who get an adapter that stands on it; no path of this machine."""
    if source == EMBEDDED or HubName.parse(source) is not None:
        return source
    return bases.local_name(in_run(Path(source)))


def in_run(folder: Path) -> Path:
    """The model in a run folder, where that is named in the model's place: its adapter, else its model."""
    if any((folder / name).is_file() for name in DESCRIBED):
        return folder
    parts = (folder / part for part in ("adapter", "model"))
    return next((part for part in parts if any((part / name).is_file() for name in DESCRIBED)), folder)


def split_revision(source: str) -> tuple[str, str | None]:
    """A model as adapters name it: independent of the current folder, revision apart."""
    name = HubName.parse(source)
    if source == EMBEDDED or name is not None:
        return (name.at(None), name.revision) if name else (source, None)
    path = Path(source).expanduser()
    return (str(path.absolute()) if path.exists() else source), None


# --- what a folder lacks ---------------------------------------------------------------------------


def lacking(folder: Path) -> str | None:
    """What an interrupted download or copy left out of a model folder; None when it is whole."""
    index = folder / "model_index.json"
    if index.is_file():
        parts = [name for name, kind in read_json(index).items() if is_component(name, kind)]
        absent = next((f"{part}/" for part in parts if not (folder / part).is_dir()), None)
        return absent or next((lack for part in parts if (lack := lacking(folder / part))), None)
    for listing in folder.glob("*.safetensors.index.json"):
        for file in sorted(set(read_json(listing).get("weight_map", {}).values())):
            if not (folder / file).is_file():
                return str(file)
    weights = list(folder.glob("*.safetensors"))
    described = any((folder / name).is_file() for name in ("config.json", "adapter_config.json"))
    if described and not weights:
        return "safetensors weights"
    return next((path.name for path in weights if not is_whole(path)), None)


def unreadable(folder: Path) -> str | None:
    """Why the weights of a language model's folder can't be read, by names and lengths; None if they can."""
    if not any((folder / name).is_file() for name in ("config.json", "adapter_config.json")):
        return None
    lack = lacking(folder)
    if lack is None or (lack == "safetensors weights" and any(folder.glob("*.bin"))):
        return None
    gguf = next(folder.glob("*.gguf"), None)
    if gguf is not None:
        return f"{gguf.name} is for other programs; take the same model's safetensors files"
    damaged = (folder / lack).is_file()
    return f"{lack} is damaged; copy it again" if damaged else f"it lacks {lack}; copy the whole checkpoint"


def _check_weights(folder: Path) -> None:
    if (lack := unreadable(folder)) is not None:
        raise UsageError(f"{folder}: {lack}")


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
