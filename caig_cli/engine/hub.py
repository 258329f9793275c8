"""The hub: fetch what a model needs and no more, and say in one line why it can't be had."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from caig_cli.engine.hub_errors import explain
from caig_cli.engine.hub_name import HubName
from caig_cli.engine.model_folder import Check, is_component, is_whole, kind_of, lacking, read_json
from caig_cli.errors import CaigError, RunError, UsageError

if TYPE_CHECKING:
    from caig_cli.engine.report import Bar, Reporter

KEPT = (".json", ".safetensors", ".txt", ".model", ".jinja")
"""Endings of files that a model may need; pickles (.bin, .pt, .ckpt) are never fetched."""
INDEX = "model_index.json"
DESCRIBED = {"config.json", "adapter_config.json", INDEX, "reward.json"}
"""Files that say what a repository holds; without one it is a collection of weights, such as LoRAs."""
PICKLES = (".bin", ".pt", ".pth", ".ckpt")
FOREIGN = re.compile(r"consolidated|\.non_ema\.|\.ema\.|^flax_|^tf_")
"""Second copies of the same weights."""
HALF = re.compile(r"\.fp16[.-]")
SHARD = re.compile(r"-\d+-of-\d+$")
SPARE_MB = 200
"""Room to leave on a disk."""


def cached(name: HubName) -> Path | None:
    """The folder or file of a model in the cache, None when it or a part of it is not there."""
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    wanted = [name.file] if name.file else None
    try:
        folder = Path(
            snapshot_download(
                name.repo,
                revision=name.revision,
                cache_dir=constants.HF_HUB_CACHE,
                local_files_only=True,
                allow_patterns=wanted or ["config.json"],
            )
        )
    except (LocalEntryNotFoundError, ValueError):
        return None
    if name.file:
        return folder / name.file if is_whole(folder / name.file) else None
    there = any((folder / file).is_file() for file in DESCRIBED) or any(folder.glob("*.safetensors"))
    return folder if there and lacking(folder) is None else None


def fetch(name: HubName, report: Reporter | None = None, check: Check | None = None) -> Path:
    """Download a model's needed files, small ones first; returns its folder or file in the cache.

    ``check`` sees the folder before the weights come. Raises UsageError for a name, revision or repository
    that can't be used, and RunError when the hub or the disk fails.
    """
    from huggingface_hub import HfApi, constants, hf_hub_download

    with _errors_in_words(name):
        timeout = constants.HF_HUB_ETAG_TIMEOUT
        info = HfApi().model_info(name.repo, revision=name.revision, files_metadata=True, timeout=timeout)
        files = {entry.rfilename: entry.size or 0 for entry in info.siblings or ()}
        where: dict[str, Any] = {"repo_id": name.repo, "revision": info.sha}
        small, weights = _choose(name, files, _parts(files, where))
        _check_room(name, sum(files[file] for file in weights if not _is_here(where, file)))
        paths = [
            Path(hf_hub_download(filename=file, tqdm_class=byte_counter(None), **where)) for file in small
        ]
        if check is not None and DESCRIBED & set(small):
            check(_folder(paths[0], small[0]))
        with _bar(name, report, sum(files[file] for file in weights)) as bar:
            for file in weights:
                path = Path(hf_hub_download(filename=file, tqdm_class=byte_counter(bar), **where))
                _refuse_damaged(name, path, file)
        # The branch's name joins the cache last: what it points to is then whole.
        last = weights[-1]
        path = Path(hf_hub_download(name.repo, last, revision=name.revision, tqdm_class=byte_counter(None)))
    return path if name.file else _folder(path, last)


def _parts(files: Mapping[str, int], where: Mapping[str, Any]) -> list[str] | None:
    """The folders of a pipeline's components, as its index says; None where it is no pipeline."""
    from huggingface_hub import hf_hub_download

    if INDEX not in files:
        return None
    index = read_json(Path(hf_hub_download(filename=INDEX, tqdm_class=byte_counter(None), **where)))
    return [part for part, kind in index.items() if is_component(part, kind)]


def choose(files: Iterable[str], parts: Sequence[str] | None = None) -> tuple[list[str], list[str]]:
    """Of a repository's files those that a model needs: small ones, and weights.

    Of a pipeline of diffusers these are those of its ``parts``, in half precision where all are there in it.
    """
    folders = {"."} if parts is None else {".", *parts}
    small, weights = [], []
    for file in sorted(files):
        path = PurePosixPath(file)
        if file.startswith(".") or path.suffix not in KEPT or FOREIGN.search(path.name):
            continue
        if str(path.parent) not in folders:
            continue
        if path.suffix != ".safetensors":
            small.append(file)
        elif parts is None or path.parent.name:  # a pipeline's root may hold all of it once more in one file
            weights.append(file)
    half = _takes_half(weights)
    return _one_copy(small, half), _one_copy(weights, half)


def _takes_half(weights: list[str]) -> bool:
    """Whether half precision is wanted: of diffusion models, whose loaders know it, if all parts have it."""
    paths = [PurePosixPath(file) for file in weights]
    known = all(path.parent.name or path.name.startswith("diffusion_pytorch_model") for path in paths)
    halves = {(path.parent, _stem(path)) for path in paths if HALF.search(path.name)}
    return known and all((path.parent, _stem(path)) in halves for path in paths)


def _one_copy(files: list[str], half: bool) -> list[str]:
    """Of what is there in both precisions, one."""
    kinds: dict[tuple[PurePosixPath, str], set[bool]] = {}
    for path in map(PurePosixPath, files):
        kinds.setdefault((path.parent, _stem(path)), set()).add(HALF.search(path.name) is not None)
    return [
        str(path)
        for path in map(PurePosixPath, files)
        if len(kinds[path.parent, _stem(path)]) == 1 or (HALF.search(path.name) is not None) == half
    ]


def _stem(path: PurePosixPath) -> str:
    """``model`` of ``model.fp16-00001-of-00002.safetensors``: copies of one thing have the same."""
    return SHARD.sub("", path.name.split(".")[0])


def _choose(
    name: HubName, files: Mapping[str, int], parts: Sequence[str] | None
) -> tuple[list[str], list[str]]:
    """What to fetch. Raises UsageError when there is nothing that can be loaded safely."""
    if name.file is not None:
        if name.file not in files:
            ending = PurePosixPath(name.file).suffix
            has = ", ".join(f for f in files if f.endswith(ending)) or f"no {ending[1:]} file at all"
            raise UsageError(f"{name}: the repository has no such file; it has {has}")
        return [], [name.file]
    small, weights = choose(files, parts)
    bare = not weights or _bare_component(small, weights)
    if bare and any(file.endswith(PICKLES) for file in files):
        raise UsageError(
            f"{name}: has no safetensors, only pickles, which can run code; take another repository, "
            "or download it yourself and convert it with caig import FOLDER OUT"
        )
    if bare:
        raise UsageError(f"{name}: holds no model (no safetensors weights)")
    if not DESCRIBED & set(small) and len(weights) > 1:
        raise UsageError(
            f"{name}: holds {len(weights)} weight files; name one, as in {name.repo}/{weights[0]}"
        )
    return small, weights


def _bare_component(small: list[str], weights: list[str]) -> bool:
    """Whether a component of a pipeline is described and has no weights."""
    described = {str(PurePosixPath(f).parent) for f in small if PurePosixPath(f).name == "config.json"}
    return not {part for part in described if part != "."} <= {str(PurePosixPath(f).parent) for f in weights}


# --- the disk --------------------------------------------------------------------------------------


def _is_here(where: Mapping[str, Any], file: str) -> bool:
    from huggingface_hub import try_to_load_from_cache

    return isinstance(try_to_load_from_cache(where["repo_id"], file, revision=where["revision"]), str)


def _folder(path: Path, file: str) -> Path:
    return path.parents[len(PurePosixPath(file).parts) - 1]


def home() -> tuple[Path, int]:
    """The folder of the cache, and the bytes that are free on its disk."""
    from huggingface_hub import constants

    folder = Path(constants.HF_HUB_CACHE)
    place = next(one for one in (folder, *folder.parents) if one.is_dir())
    return folder, shutil.disk_usage(place).free


def models() -> list[dict[str, Any]]:
    """The models in the cache, largest first: name, what they are, size, and whether they can be used."""
    from huggingface_hub import constants, scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        repos = [
            repo
            for repo in scan_cache_dir(constants.HF_HUB_CACHE).repos
            if repo.repo_type == "model" and repo.revisions
        ]
    except CacheNotFound:
        return []
    rows = []
    for repo in sorted(repos, key=lambda repo: (-repo.size_on_disk, repo.repo_id)):
        newest = max(repo.revisions, key=lambda revision: revision.last_modified)
        lack = lacking(newest.snapshot_path)
        state = {"usable": lack is None} | ({} if lack is None else {"lacks": lack})
        size = round(repo.size_on_disk / 1e9, 2)
        row = {"name": repo.repo_id, "kind": kind_of(newest.snapshot_path), "size_gb": size}
        rows.append(row | {"commit": newest.commit_hash} | state)
    return rows


def _check_room(name: HubName, needed: int) -> None:
    folder, free = home()
    if needed + SPARE_MB * 10**6 > free:
        raise RunError(
            f"{name}: needs {needed / 1e9:.1f} GB and {free / 1e9:.1f} GB are free in {folder}; make room "
            "(hf cache ls shows what is there) or point HF_HOME to another disk"
        )


def _refuse_damaged(name: HubName, path: Path, file: str) -> None:
    """Take a file that is not what its name says out of the cache again."""
    if not is_whole(path):
        path.resolve().unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        raise RunError(f"{name}: {file} arrived damaged and was removed again; try once more")


# --- progress --------------------------------------------------------------------------------------


@contextmanager
def _bar(name: HubName, report: Reporter | None, size: int) -> Iterator[Bar | None]:
    if report is None:
        yield None
        return
    with report.progress(f"download {name.repo}, MB", max(1, size // 10**6)) as bar:
        yield bar


def byte_counter(bar: Bar | None) -> Any:
    """A class of tqdm's kind whose bytes move our bar, by whole megabytes."""
    from tqdm.auto import tqdm

    class ByteCounter(tqdm):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            kwargs.pop("name", None)
            super().__init__(*args, **kwargs | {"disable": True})
            self._bytes = 0
            self.update(kwargs.get("initial", 0))

        def update(self, n: float | None = 1) -> None:
            before, self._bytes = self._bytes, self._bytes + int(n or 0)
            if bar is not None:
                bar.advance(self._bytes // 10**6 - before // 10**6)

    return ByteCounter


@contextmanager
def _errors_in_words(name: HubName) -> Iterator[None]:
    from huggingface_hub import constants

    try:
        yield
    except CaigError:
        raise
    except Exception as error:
        raise explain(name, error, constants.ENDPOINT) from error
