"""The model that an adapter stands on: a name for it that holds on other machines, and where it lies here.

An adapter's folder names no path of a machine. A base on the hub goes by its name there; a folder by its
path from the current one, or, elsewhere, by its own name, and ``base.json`` tells its weights apart from
others of that name.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from caig_cli.parsing import parse_yaml, read_json, read_regular

NOTE = "base.json"
SAMPLE = 1 << 20
"""Bytes at either end of a weight file that name it."""
_RECIPE_KEYS = (("policy", "base"), ("model", "base"), ("model", "mllm", "base"), ("judge", "model"))
"""Where a run's recipe names the models that its own stand on."""


def local_name(folder: Path) -> str:
    """A folder's name for others: from the current folder, else its last part; a commit of the hub's cache
    is named as on the hub, ``org/name@commit``."""
    path = folder.expanduser().absolute()
    if "snapshots" in path.parts:
        at = path.parts.index("snapshots")
        kind, *repo = path.parts[at - 1].split("--")
        if kind == "models" and len(repo) == 2 and len(path.parts) == at + 2:
            return f"{repo[0]}/{repo[1]}@{path.parts[at + 1]}"
    here = Path.cwd()
    inside = path.relative_to(here).as_posix() if path.is_relative_to(here) else path.name
    return f"./{inside}"


def find_local(adapter: Path, name: str) -> str:
    """The folder of a base that ``local_name`` named, looked for from here, around the adapter, and where the
    recipe of the adapter's run has it; the name itself where there is none."""
    return next((str(path) for path in _places(adapter, name) if path.is_dir()), name)


def _places(adapter: Path, name: str) -> Iterator[Path]:
    path = Path(name).expanduser()
    yield path
    if path.is_absolute():
        return
    own = adapter.absolute()
    for run in own.parents[:4]:
        yield from (Path(one).expanduser() for one in _named(run) if Path(one).name == path.name)
    yield from (above / path for above in own.parents)


def _named(run: Path) -> Iterator[str]:
    """The bases that the recipe of a run folder names."""
    try:
        recipe, _ = parse_yaml(read_regular(run / "recipe.yaml").decode())
    except ValueError:
        return
    for keys in _RECIPE_KEYS:
        value = recipe
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str):
            yield value


def fingerprint(folder: Path) -> str:
    """12 hex digits that name a folder's weights: sizes and both ends of files, so that 14 GB are no wait."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")):
        size = path.stat().st_size
        digest.update(f"{path.name} {size}".encode())
        with path.open("rb") as stream:
            digest.update(stream.read(SAMPLE))
            stream.seek(max(0, size - SAMPLE))
            digest.update(stream.read(SAMPLE))
    return digest.hexdigest()[:12]


def words(folder: Path) -> str | None:
    """12 hex digits that name a tokenizer's words and their numbers; None without a tokenizer.json."""
    path = folder / "tokenizer.json"
    if not path.is_file():
        return None
    tokenizer = read_json(path)
    added = sorted((token["id"], token["content"]) for token in tokenizer.get("added_tokens") or ())
    named = json.dumps([tokenizer["model"]["vocab"], added], sort_keys=True)
    return hashlib.sha256(named.encode()).hexdigest()[:12]


def write_note(adapter: Path, base: Path) -> None:
    """Write in an adapter's folder on which weights it stands, and which words they know."""
    note = {"format": 1, "weights": fingerprint(base), "words": words(base)}
    (adapter / NOTE).write_text(json.dumps(note) + "\n", "utf-8")


def other(adapter: Path, base: Path) -> str | None:
    """In what a folder differs from the base that an adapter names: ``weights``, ``words`` or None."""
    path = adapter / NOTE
    if not path.is_file():
        return None
    try:
        note = read_json(path)
        if note["weights"] != fingerprint(base):
            return "weights"
        known = note.get("words")
        return "words" if known is not None and known != words(base) else None
    except (ValueError, KeyError, TypeError):
        return "weights"
