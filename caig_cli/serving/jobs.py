"""Work that takes minutes, as jobs: one worker, a queue with an end, and a folder for each job.

- A job is on disk before its number is told: what was waiting when the service ended is known as failed.
- The folder is one service's at a time. Of finished jobs the newest are kept, the older ones' files deleted.
- A job is cancelled between two of its steps: a thread can't be stopped in one.
"""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from caig_cli.engine.files import atomic_write, numbered_lines, to_json
from caig_cli.engine.report import Bar, Reporter
from caig_cli.engine.run_folder import lock
from caig_cli.errors import CaigError, UsageError, in_words
from caig_cli.parsing import Malformed, read_json
from caig_cli.serving.limits import Refused

State = Literal["queued", "running", "done", "failed", "cancelled"]
FACTS = "job.json"
RUN = "run"
"""The run folder within a job's folder."""
WARNINGS = 20
"""Lines of warning that are kept of a job."""
LEFT = "the service ended before it was done; ask again"


class Cancelled(KeyboardInterrupt):
    """Ends a job as Ctrl-C ends a run."""


@dataclass(slots=True)
class ServedJob:
    """What is known of a job; times are seconds since 1970."""

    id: str
    state: State = "queued"
    created: float = 0.0
    ended: float | None = None
    error: str | None = None
    warnings: list[str] = field(default_factory=list)
    progress: dict[str, Any] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        return self.state in ("done", "failed", "cancelled")


Work = Callable[[Path, Reporter], None]
"""Fills a job's run folder. Raises CaigError."""


class Jobs:
    """The jobs of a service in ``folder``: at most ``waiting`` in the queue and ``kept`` finished ones."""

    def __init__(self, folder: Path, waiting: int, kept: int) -> None:
        """Raises UsageError where the folder can't be made or is another service's."""
        self.folder, self._waiting, self._kept = folder, waiting, kept
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"--jobs {folder}: cannot be made: {in_words(error)}") from None
        try:
            self._lock = lock(folder)
        except UsageError as error:
            raise UsageError(
                f"{error}; choose another folder with --jobs".replace("--out", "--jobs")
            ) from None
        self._guard = threading.Condition()
        self._queue: deque[tuple[ServedJob, Work]] = deque()
        self._jobs = {job.id: job for job in sorted(_found(folder), key=lambda job: job.created)}
        self._closed = False
        for job in self._jobs.values():
            if not job.over:
                self._end(job, "failed", LEFT)
        self._clean()
        threading.Thread(target=self._work, name="jobs", daemon=True).start()

    def add(self, prepare: Callable[[Path], Work]) -> ServedJob:
        """A new job; ``prepare`` puts its input into its folder. Raises Refused where the queue is full."""
        job = ServedJob(secrets.token_hex(8), created=time.time())
        self._check_room()
        place = self.folder / job.id
        place.mkdir()
        try:
            work = prepare(place)
            with self._guard:
                self._check_room()
                self._keep(job)
                self._jobs[job.id] = job
                self._queue.append((job, work))
                self._guard.notify()
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
        return job

    def _check_room(self) -> None:
        if len(self._queue) >= self._waiting:
            raise Refused(503, "too many jobs wait; ask again later")

    def get(self, name: str) -> ServedJob:
        """The job. Raises Refused."""
        with self._guard:
            if (job := self._jobs.get(name)) is None:
                raise Refused(404, "no such job; its files may have been cleaned away")
            return job

    def all(self) -> list[ServedJob]:
        """Oldest first."""
        with self._guard:
            return list(self._jobs.values())

    def cancel(self, name: str) -> ServedJob:
        """End a job; one that is over loses its files and its name. Raises Refused."""
        job = self.get(name)
        with self._guard:
            if job.over:
                self._jobs.pop(name, None)
                shutil.rmtree(self.folder / job.id, ignore_errors=True)
            else:
                self._end(job, "cancelled")
                self._queue = deque(one for one in self._queue if one[0] is not job)
        return job

    def rows(self, job: ServedJob) -> list[dict[str, Any]]:
        """The manifest's rows of a job's ads so far."""
        return [row for _, row in numbered_lines(self.folder / job.id / RUN / "manifest.jsonl")]

    def close(self) -> None:
        """Let no more work begin, and end what is at work at its next step."""
        self._closed = True
        with self._guard:
            for job in self._jobs.values():
                if not job.over:
                    self._end(job, "failed", LEFT)
            self._queue.clear()
        self._lock.close()

    # --- the worker --------------------------------------------------------------------------------

    def _work(self) -> None:
        while not self._closed:
            with self._guard:
                self._guard.wait_for(lambda: self._queue)
                job, work = self._queue.popleft()
                job.state = "running"
            state, error = self._done(job, work)
            with self._guard:
                if not job.over:
                    self._end(job, state, error)
                if job.id not in self._jobs:  # forgotten while its last step was at work
                    shutil.rmtree(self.folder / job.id, ignore_errors=True)
            self._clean()

    def _done(self, job: ServedJob, work: Work) -> tuple[State, str | None]:
        """The end of a job's work, which does not end the worker."""
        try:
            work(self.folder / job.id / RUN, JobReporter(job))
        except Cancelled:
            return "cancelled", None
        except CaigError as error:
            return "failed", str(error)
        except Exception as error:
            return "failed", f"an error inside caig: {in_words(error)}"[:300]
        return "done", None

    def _end(self, job: ServedJob, state: State, error: str | None = None) -> None:
        job.state, job.ended = state, time.time()
        job.error = None if error is None else error.replace(f"{self.folder / job.id}/", "")
        with suppress(CaigError):  # a disk that is full does not end the service
            self._keep(job)

    def _keep(self, job: ServedJob) -> None:
        facts = {name: value for name, value in asdict(job).items() if name != "progress"}
        atomic_write(self.folder / job.id / FACTS, to_json(facts).encode())

    def _clean(self) -> None:
        """Delete the oldest of the finished jobs that are too many."""
        with self._guard:
            over = [job for job in self._jobs.values() if job.over]
            for job in over[: max(0, len(over) - self._kept)]:
                del self._jobs[job.id]
                shutil.rmtree(self.folder / job.id, ignore_errors=True)


class JobReporter(Reporter):
    """Keeps a job's progress and warnings; ends it at the next step once it is cancelled."""

    def __init__(self, job: ServedJob) -> None:
        super().__init__()
        self._job = job

    def info(self, message: str) -> None:
        """Not kept."""
        self.check()

    def warn(self, message: str) -> None:
        """Kept for who asks about the job."""
        if len(self._job.warnings) < WARNINGS:
            self._job.warnings.append(message[:500])
        self.check()

    @contextmanager
    def progress(self, label: str, total: int | None = None) -> Iterator[Bar]:
        """A task of ``total`` items."""
        self._job.progress = {"step": label, "done": 0, "of": total}
        self.check()
        yield _JobBar(self)

    def check(self) -> None:
        """Raises Cancelled once the job is over."""
        if self._job.over:
            raise Cancelled

    def move(self, n: int) -> None:
        """The task at work has ``n`` items more."""
        progress = self._job.progress
        self._job.progress = progress | {"done": progress["done"] + n}
        self.check()


class _JobBar:
    def __init__(self, report: JobReporter) -> None:
        self._report = report

    def advance(self, n: int = 1, **fields: object) -> None:
        self._report.move(n)


def _found(folder: Path) -> Iterator[ServedJob]:
    """Jobs of earlier services in the folder, as far as they can be read."""
    for file in folder.glob(f"*/{FACTS}"):
        with suppress(Malformed, KeyError, TypeError, ValueError, AttributeError):
            facts = read_json(file)
            yield ServedJob(file.parent.name, facts["state"], float(facts["created"]), facts["ended"],
                      facts["error"], list(map(str, facts["warnings"])))  # fmt: skip
