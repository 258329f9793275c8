"""A run's folder: the only writer of its files, its lock and its status."""

from __future__ import annotations

import copy
import itertools
import os
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
from typing import IO, Any, Self, TypeVar

from PIL import Image

from caig_cli import recipe as recipes
from caig_cli.engine import digests, environment, files, run_files, run_folder
from caig_cli.engine.files import atomic_write
from caig_cli.engine.redaction import redacted
from caig_cli.engine.replacing import beside, replaced_folder
from caig_cli.engine.run_files import RunFiles
from caig_cli.engine.run_folder import Notify, is_main_process, latest, read_status
from caig_cli.errors import CaigError, RunError, UsageError, in_words
from caig_cli.parsing import Malformed, read_json

__all__ = ["RunDir", "atomic_write", "is_main_process", "latest", "read_status"]

T = TypeVar("T")

SYNC_S, SYNC_ROWS = 2.0, 256
"""Seconds, or rows, after which what ``append_later`` was given is put on disk."""


class RunDir:
    """An open run: use it as a context manager, which sets the status in ``run.json``.

    In a distributed run only the main process writes; in the others every write does nothing.
    """

    def __init__(self, path: Path, command: str, lock: IO[str] | None, notify: Notify) -> None:
        self.path = path
        self.is_main = lock is not None
        self._lock, self.notify = lock, notify
        self._started = time.monotonic()
        self._timings: dict[str, float] = {}
        self._counts: dict[str, int] = {}
        self._files = RunFiles(path, int(os.environ.get("RANK", "0")))
        self._wrote: set[str] = set()
        self._fresh, self._empty = True, False
        self._later: list[tuple[Path, Mapping[str, Any]]] = []
        self._synced = time.monotonic()
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
        notify: Notify = lambda line: None,
    ) -> RunDir:
        """Create, continue or replace a run folder (``out`` None: ``runs/<command>-<time>``).

        ``models`` are those of the hub with their commits, for ``env.json``; ``notify`` is told of what is
        damaged in the folder. ``resume`` starts a run that has no folder yet; ``accept_changed`` goes on with
        inputs that are other bytes than at the start.

        Raises UsageError when the folder holds a run and neither ``resume`` nor ``overwrite`` is
        given, holds something else, is in use by another process, or was made by another recipe.
        """
        path = run_folder.choose_path(out, command, resume)
        if not is_main_process():
            return cls(path, command, None, notify)
        run_folder.check(path, command, resume=resume, overwrite=overwrite)
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"--out {path}: cannot be made: {error.strerror}") from None
        run = cls(path, command, run_folder.lock(path), notify)
        try:
            # Once more: another process may have made a run there before we had the lock.
            run_folder.check(path, command, resume=resume, overwrite=overwrite)
            run._accept_changed = accept_changed
            run._prepare(recipe, resume=resume)
            run.write_json("env.json", environment.describe() | {"models": models or {}})
        except BaseException:
            run._unlock()
            raise
        return run

    def _prepare(self, recipe: recipes.Recipe, *, resume: bool) -> None:
        """Make an open folder ready: what was in it is continued or cleared."""
        status = read_status(self.path)
        self._fresh = not resume or status in (None, run_folder.EMPTY)
        if not self._fresh:
            run_folder.check_recipe(self.path, recipe, self.notify)
            files.remove_temporaries(self.path)
            if status == run_folder.DAMAGED:
                self.notify(f"{self.path / 'run.json'}: is damaged; written anew")
        elif resume and status == run_folder.EMPTY:
            # Other inputs are expected now; cut-outs and the like know their own inputs, and are kept.
            files.remove_temporaries(self.path)
            (self.path / digests.FILE).unlink(missing_ok=True)
        else:
            run_files.clear(self.path)
            self._files.foreign = run_files.others(self.path)
        self._status["recipe"] = run_folder.recipe_digest(recipe)
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

    def write_bytes(self, rel: str, data: bytes, *, sync: bool = True) -> Path:
        """Write an artifact atomically; returns its absolute path. ``sync`` False: see ``append_later``."""
        path = self.path / rel
        if self.is_main:
            self._note(path)
            atomic_write(path, data, sync=sync)
        return path

    def write_pieces(self, rel: str, pieces: Iterable[bytes]) -> Path:
        """Write an artifact atomically as its pieces come, so that it need not fit into memory."""
        path = self.path / rel
        if self.is_main:
            self._note(path)
            atomic_write(path, pieces)
        return path

    def write_text(self, rel: str, text: str) -> Path:
        """Write a UTF-8 text atomically."""
        return self.write_bytes(rel, files.encodable(text).encode())

    def write_json(self, rel: str, value: Any) -> Path:
        """Write an object as indented JSON atomically."""
        return self.write_text(rel, files.to_json(value, indent=2) + "\n")

    def append_jsonl(self, rel: str, value: Mapping[str, Any]) -> None:
        """Append one row; it is on disk when this returns."""
        self.extend_jsonl(rel, [value])

    def extend_jsonl(self, rel: str, values: Iterable[Mapping[str, Any]]) -> None:
        """Append many rows; all are on disk when this returns."""
        if self.is_main:
            self._note(self.path / rel)
            files.append_lines(self.path / rel, values)

    def append_later(self, rel: str, value: Mapping[str, Any]) -> None:
        """Append a row when the files that were written before it are on disk, which many rows share.

        That is ``SYNC_S`` seconds or ``SYNC_ROWS`` rows later, when rows are read, and when the run ends: a
        kill costs what was made in between, and no row is there whose file is not.
        """
        if self.is_main:
            self._later.append((self.path / rel, value))
            if len(self._later) >= SYNC_ROWS or time.monotonic() - self._synced >= SYNC_S:
                self.sync()

    def sync(self) -> None:
        """Put on disk what was written without ``sync``, and then the rows of ``append_later``, in order."""
        if self._later:
            self._check_root()
            files.sync_disk(self._root)
            rows, tables = list(self._later), dict.fromkeys(path for path, _ in self._later)
            self._later.clear()
            for path, some in itertools.groupby(rows, key=lambda one: one[0]):
                self._note(path)
                files.append_lines(path, (row for _, row in some), sync=False)
            for path in tables:
                files.append_lines(path, ())
        self._synced = time.monotonic()

    def read_jsonl(self, rel: str) -> list[dict[str, Any]]:
        """The rows written so far, without a last one that a kill has torn."""
        return list(self.each_jsonl(rel))

    def each_jsonl(self, rel: str) -> Iterator[dict[str, Any]]:
        """As ``read_jsonl``, one row in memory at a time."""
        return self.rows(rel, dict)

    def rows(self, rel: str, read: Callable[[dict[str, Any]], T]) -> Iterator[T]:
        """What ``read`` makes of each row written so far, one in memory at a time.

        Lines that are no rows, and rows that ``read`` can't use (it raises KeyError, TypeError or
        ValueError), are told with their number and left out; the file as it was is kept beside.
        """
        self.sync()
        path, damaged = self.path / rel, dict[int, str]()
        if not self.has(rel):
            return
        for number, row in files.numbered_lines(path, damaged.__setitem__):
            try:
                found = read(row)
            except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
                damaged[number] = "not a row of this run"
                continue
            yield found
        if damaged and self.is_main and "RANK" not in os.environ:
            self._mend(path, damaged)

    def _mend(self, path: Path, damaged: Mapping[int, str]) -> None:
        """Tell of damaged lines once, and take them out of their file."""
        first = next(iter(damaged))
        more = f" and {len(damaged) - 1} more lines" if len(damaged) > 1 else ""
        kept = path.with_name(f"{path.name}.damaged")
        self.notify(
            f"{path}:{first}: {damaged[first]}{more}; left out, and what is missing is made again "
            f"(the file as it was: {kept.name})"
        )
        self._note(kept)
        shutil.copyfile(path, kept)
        files.drop_lines(path, damaged)

    def read_json(self, rel: str) -> Any:
        """The value of a JSON file of this run; None where it is not there, or damaged, which is told."""
        if not self.has(rel):
            return None
        try:
            return read_json(self.path / rel)
        except Malformed as error:
            place = f"{self.path / rel}:{error.line}" if error.line else str(self.path / rel)
            self.notify(f"{place}: {error}; left out, and what is missing is made again")
            return None

    def save_png(self, rel: str, image: Image.Image, text: Mapping[str, str]) -> Path:
        """Write a PNG with text chunks atomically; the same input gives the same bytes."""
        return self.write_bytes(rel, files.png_bytes(image, text)) if self.is_main else self.path / rel

    def has(self, rel: str) -> bool:
        """Whether a file or folder of this run is there; one that somebody else put there does not count."""
        path = self.path / rel
        return path.exists() and path.relative_to(self._root).as_posix() not in self._files.foreign

    def has_image(self, rel: str) -> bool:
        """Whether a picture of this run is there and whole; one that was cut short is told."""
        if not self.has(rel):
            return False
        whole = files.is_whole_image(self.path / rel)
        if not whole:
            self.notify(f"{self.path / rel}: is damaged; made again")
        return whole

    def fill_folder(self, rel: str, fill: Callable[[Path], object]) -> Path:
        """A folder of files that a library writes: ``fill`` fills another beside it, which takes its place.

        Killed at any moment, the folder is the old one or all of the new one.
        """
        folder = self.path / rel
        if self.is_main:
            self._check_root()
            for neighbour in beside(folder):
                self._files.note_folder(neighbour)
            with replaced_folder(folder) as partial:
                fill(partial)
                for path in sorted(partial.rglob("*")):
                    self._note(folder / path.relative_to(partial)) if path.is_file() else None
        return folder

    def _note(self, path: Path) -> None:
        self._check_root()
        self._wrote.add(self._files.note(path).partition("/")[0])

    def _check_root(self) -> None:
        """Raises RunError where the folder was deleted or exchanged: it is not silently made once more."""
        there = self._root.is_dir()
        if there and self._lock is not None:
            try:
                there = os.path.samestat((self._root / run_files.LOCK).stat(), os.fstat(self._lock.fileno()))
            except OSError:
                there = False
        if not there:
            raise RunError(f"{self._root}: the run folder was deleted or moved while the run was going on")

    @property
    def _root(self) -> Path:
        return self._files.root

    def remove(self, rel: str) -> None:
        """Delete a file or a folder of this run; a folder is renamed first, so that none is half there."""
        path = self.path / rel
        if not self.is_main or not path.exists():
            return
        if path.is_dir():
            gone = path.with_name(f".{path.name}.gone")
            self._files.note_folder(gone)
            shutil.rmtree(gone, ignore_errors=True)
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
        path = self.path / "metrics.jsonl"
        if not self.is_main or not self.has(path.name):
            return
        kept = [row for row in self.rows(path.name, _of_a_step) if row["step"] <= step]
        text = "".join(files.to_json(row) + "\n" for row in kept)
        if text.encode() != path.read_bytes():
            self.write_text(path.name, text)

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
        found = self.read_json(digests.FILE)
        known: dict[str, digests.Digests] = found if isinstance(found, dict) else {}
        now = digests.digests(paths, whole=whole)
        before = known.get(kind)
        lines = digests.changed(before, now) if isinstance(before, dict) else []
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
        late: CaigError | None = None
        try:
            self.sync()
        except CaigError as failed:
            late = failed
            kind, error = (type(late), late) if kind is None else (kind, error)
        self._status["status"] = "done" if kind is None else _ending(kind)
        if isinstance(error, UsageError) and self._fresh and self._empty:
            self._status["status"] = run_folder.EMPTY
        if isinstance(error, Exception):
            self._status["error"] = redacted(str(error) if isinstance(error, CaigError) else in_words(error))
        if isinstance(error, Exception) and not isinstance(error, CaigError):
            self._status["trace"] = [redacted(line) for line in traceback.format_exception(error)]
        try:
            if isinstance(error, UsageError) and self._fresh and self._wrote <= run_files.ABOUT:
                self._withdraw()  # a mistake in the input leaves nothing behind
            else:
                self._write_status()
        except CaigError:
            if kind is None:
                raise
        finally:
            self._unlock()
        if late is not None and error is late:
            raise late

    def _withdraw(self) -> None:
        if self.is_main:
            self._files.close()
            run_files.withdraw(self._root)
            if self._root.parent == run_folder.RUNS.absolute() and not any(self._root.parent.iterdir()):
                self._root.parent.rmdir()

    def _unlock(self) -> None:
        self._files.close()
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


def _of_a_step(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"step": int(row["step"])}


def _ending(kind: type[BaseException]) -> str:
    return "interrupted" if issubclass(kind, KeyboardInterrupt) else "failed"
