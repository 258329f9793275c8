"""A run's folder: the only writer of its files, its lock and its status."""

from __future__ import annotations

import copy
import resource
import shutil
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from PIL import Image

from caig_cli import recipe as recipes
from caig_cli.engine import digests, environment, files, run_folder
from caig_cli.engine.files import atomic_write
from caig_cli.engine.run_folder import is_main_process, latest, read_status
from caig_cli.errors import CaigError, RunError, UsageError

__all__ = ["RunDir", "atomic_write", "is_main_process", "latest", "read_status"]


class RunDir:
    """An open run: use it as a context manager, which sets the status in ``run.json``.

    In a distributed run only the main process writes; in the others every write does nothing.
    """

    def __init__(self, path: Path, command: str, lock: IO[str] | None) -> None:
        self.path = path
        self.is_main = lock is not None
        self._lock = lock
        self._started = time.monotonic()
        self._timings: dict[str, float] = {}
        self._counts: dict[str, int] = {}
        self._root = path
        self._wrote: set[str] = set()
        self._fresh, self._empty = True, False
        self._accept_changed = False
        self._status: dict[str, Any] = {
            "command": command,
            "status": "running",
            "started": datetime.now().astimezone().isoformat(timespec="seconds"),
        }

    @classmethod
    def open(
        cls,
        out: Path | None,
        command: str,
        recipe: recipes.Recipe,
        *,
        resume: bool = False,
        overwrite: bool = False,
        accept_changed: bool = False,
        models: Mapping[str, str] | None = None,
    ) -> RunDir:
        """Create, continue or replace a run folder (``out`` None: ``runs/<command>-<time>``).

        ``models`` are those of the hub with their commits, for ``env.json``; ``accept_changed`` goes on with
        inputs that are other bytes than at the start.

        Raises UsageError when the folder holds a run and neither ``resume`` nor ``overwrite`` is
        given, holds something else, is in use by another process, or was made by another recipe.
        """
        path = run_folder.choose_path(out, command, resume)
        if not is_main_process():
            return cls(path, command, None)
        run_folder.check(path, resume=resume, overwrite=overwrite)
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"--out {path}: cannot be made: {error.strerror}") from None
        run = cls(path, command, run_folder.lock(path))
        try:
            run._accept_changed = accept_changed
            run._prepare(recipe, resume=resume, overwrite=overwrite)
            run.write_json("env.json", environment.describe() | {"models": models or {}})
        except BaseException:
            run._unlock()
            raise
        return run

    def _prepare(self, recipe: recipes.Recipe, *, resume: bool, overwrite: bool) -> None:
        """Make an open folder ready: what was in it is continued or cleared."""
        empty = read_status(self.path) == run_folder.EMPTY
        self._fresh = empty or not resume
        if resume:
            self._wrote |= run_folder.written(self.path) if empty else set()
            run_folder.check_recipe(self.path, recipe)
            files.remove_temporaries(self.path)
        elif overwrite:
            run_folder.clear(self.path)
        elif empty:
            run_folder.clear(self.path, only=run_folder.written(self.path))
        command = self._status["command"]
        self.write_text("recipe.yaml", f"# caig {command} --recipe recipe.yaml\n{recipes.dump(recipe)}")
        self._write_status()

    def part(self, rel: str, *, writes: bool = False) -> RunDir:
        """A folder of this run as if it were one: its files and metrics are its own, its timings are ours.

        With ``writes`` a follower of a distributed run writes there too: files that no other process has.
        """
        view = copy.copy(self)
        view.path = self.path / rel
        view.is_main = self.is_main or writes
        return view

    # --- files -------------------------------------------------------------------------------------

    def write_bytes(self, rel: str, data: bytes) -> Path:
        """Write an artifact atomically; returns its absolute path."""
        path = self.path / rel
        if self.is_main:
            self._note(path)
            atomic_write(path, data)
        return path

    def write_text(self, rel: str, text: str) -> Path:
        """Write a UTF-8 text atomically."""
        return self.write_bytes(rel, text.encode())

    def write_json(self, rel: str, value: Any) -> Path:
        """Write an object as indented JSON atomically."""
        return self.write_text(rel, files.to_json(value, indent=2) + "\n")

    def append_jsonl(self, rel: str, value: Mapping[str, Any]) -> None:
        """Append one row; it is on disk when this returns."""
        if self.is_main:
            self._note(self.path / rel)
            files.append_line(self.path / rel, value)

    def extend_jsonl(self, rel: str, values: Iterable[Mapping[str, Any]]) -> None:
        """Append many rows; all are on disk when this returns."""
        if self.is_main:
            self._note(self.path / rel)
            files.append_lines(self.path / rel, values)

    def each_jsonl(self, rel: str) -> Iterator[dict[str, Any]]:
        """As ``read_jsonl``, one row in memory at a time."""
        return files.each_line(self.path / rel)

    def read_jsonl(self, rel: str) -> list[dict[str, Any]]:
        """The rows written so far, without a last one that a kill has torn."""
        return files.read_lines(self.path / rel)

    def save_png(self, rel: str, image: Image.Image, text: Mapping[str, str]) -> Path:
        """Write a PNG with text chunks atomically; the same input gives the same bytes."""
        return self.write_bytes(rel, files.png_bytes(image, text)) if self.is_main else self.path / rel

    def _note(self, path: Path) -> None:
        self._wrote.add(path.relative_to(self._root).parts[0])

    def remove(self, rel: str) -> None:
        """Delete a file or a folder of this run; a folder is renamed first, so that none is half there."""
        path = self.path / rel
        if not self.is_main or not path.exists():
            return
        if path.is_dir():
            gone = path.with_name(f".{path.name}.gone")
            path.rename(gone)
            shutil.rmtree(gone)
        else:
            path.unlink()

    # --- facts -------------------------------------------------------------------------------------

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        """Append figures of a step to ``metrics.jsonl``."""
        self.append_jsonl("metrics.jsonl", {"step": step, **values})

    def rewind_metrics(self, step: int) -> None:
        """Forget figures of steps after ``step``, which a resumed run computes again."""
        if self.is_main:
            files.keep_lines(self.path / "metrics.jsonl", lambda row: row["step"] <= step)

    @contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        """Add the seconds of the block to ``timings`` in ``run.json``."""
        start = time.monotonic()
        try:
            yield
        finally:
            self._timings[phase] = self._timings.get(phase, 0.0) + time.monotonic() - start

    def count(self, name: str, n: int = 1) -> None:
        """Add to ``counts`` in ``run.json``."""
        self._counts[name] = self._counts.get(name, 0) + n

    def made_nothing(self) -> None:
        """Say that the input gave nothing to keep: after a UsageError the next run may have the folder."""
        self._empty = True

    def remember(
        self, kind: str, paths: Iterable[Path], warn: Callable[[str], None], *, whole: bool = True
    ) -> None:
        """Keep the digests of the run's inputs of a kind, such as data or models, in ``inputs.json``.

        A resumed run is told which have changed since its start. Raises UsageError where that was not
        accepted. Without ``whole``, large files are read in stripes.
        """
        if not self.is_main:
            return
        known: dict[str, digests.Digests] = files.read_json(self.path / digests.FILE) or {}
        now = digests.digests(paths, whole=whole)
        lines = digests.changed(known[kind], now) if kind in known else []
        if lines and not self._accept_changed:
            raise digests.refuse(lines)
        if known.get(kind) != now:
            self.write_json(digests.FILE, known | {kind: now})
        for line in lines:
            warn(line)

    # --- status ------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._status["status"] = "done" if kind is None else _ending(kind)
        if isinstance(error, UsageError) and self._fresh and (self._empty or self._wrote <= run_folder.ABOUT):
            self._status |= {"status": run_folder.EMPTY, "wrote": sorted(self._wrote | run_folder.ABOUT)}
        if isinstance(error, Exception):
            self._status["error"] = str(error) or type(error).__name__
        if isinstance(error, Exception) and not isinstance(error, CaigError):
            self._status["trace"] = traceback.format_exception(error)
        try:
            self._write_status()
        except OSError as problem:
            if kind is None:
                raise RunError(f"{self.path}: cannot write run.json: {problem}") from problem
        finally:
            self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()

    def _write_status(self) -> None:
        self._status["seconds"] = round(time.monotonic() - self._started, 3)
        self._status["timings"] = {name: round(s, 3) for name, s in self._timings.items()}
        self._status["counts"] = self._counts
        self._status["peak_memory_mb"] = peak_memory_mb()
        self.write_json("run.json", self._status)


def peak_memory_mb() -> dict[str, int]:
    """Most memory used so far by this process, in MiB: resident, and per GPU if torch runs one."""
    scale = 2**20 if sys.platform == "darwin" else 2**10
    peak = {"resident": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // scale}
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available() and torch.cuda.is_initialized():
        for index in range(torch.cuda.device_count()):
            peak[f"cuda:{index}"] = torch.cuda.max_memory_allocated(index) // 2**20
    return peak


def _ending(kind: type[BaseException]) -> str:
    return "interrupted" if issubclass(kind, KeyboardInterrupt) else "failed"
