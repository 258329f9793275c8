"""Where models come from: a folder, or a hub name ``org/name[@revision]``, looked for in the cache first.

A hub name may go on to one weight file in the repository, ``org/name/file.safetensors`` or ``.onnx``. The
network is asked only for what the cache lacks; everything else here is about names and folders and imports
nothing heavy.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from caig_cli.engine import bases, hub
from caig_cli.engine.hub_name import EMBEDDED, HubName, names_model
from caig_cli.engine.model_folder import DESCRIBED, Check, lacking, read_json
from caig_cli.errors import UsageError
from caig_cli.recipe import Recipe, fields

if TYPE_CHECKING:
    from caig_cli.engine.report import Reporter

R = TypeVar("R", bound=Recipe)


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
    if any(map(names_model, metadata)):
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
