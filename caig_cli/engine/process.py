"""This process among others: signals, streams that may be closed, threads that do not wait for each other.

Nothing here imports anything heavy: the variables count only where they are set before torch is loaded.
"""

from __future__ import annotations

import codecs
import math
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

PASSIVE = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0", "KMP_BLOCKTIME": "0"}
"""Threads of GNU's and Intel's OpenMP that have nothing to do sleep instead of spinning, which would take the
processor from painters and from other programs. Results do not depend on it."""

PATIENCE_S = 2.0
"""Seconds that a run has to leave its folder in order; a second Ctrl-C after that ends it at once."""

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_CGROUP = Path("/sys/fs/cgroup")


def prepare_process() -> None:
    """What holds for a whole process of the command line; before anything heavy is imported."""
    for name, value in PASSIVE.items():
        os.environ.setdefault(name, value)
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 (until the end)
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115
    codecs.register_error("caig", _as_it_came)
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):
            stream.reconfigure(errors="caig")  # type: ignore[union-attr]


def _as_it_came(error: UnicodeError) -> tuple[str | bytes, int]:
    """Names of files that are no text go out as the bytes they are; other characters are spelled out."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    part = error.object[error.start : error.end]
    try:
        return part.encode("ascii", "surrogateescape"), error.end
    except UnicodeEncodeError:
        return part.encode("ascii", "backslashreplace"), error.end


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C, a polite kill and a closed terminal all end the block as KeyboardInterrupt does, once.

    Status and lock of a run are then left in order. A signal that was to be ignored (nohup) still is.
    """
    first: float | None = None

    def interrupt(_number: int, _frame: object) -> None:
        nonlocal first
        if first is None:
            first = time.monotonic()
            raise KeyboardInterrupt
        if time.monotonic() - first > PATIENCE_S:
            os._exit(130)  # whoever asks again does not want to wait for what hangs

    before = {}
    for number in _SIGNALS:
        with suppress(ValueError):  # not in the main thread: somebody else's business
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                before[number] = signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def drop_output() -> None:
    """Let what is still to be written go nowhere, so that Python's own goodbye does not complain."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def leave_quietly(code: int) -> NoReturn:
    """Leave with an exit code; a signal from now on ends the process without a word."""
    for number in _SIGNALS:
        with suppress(ValueError):
            signal.signal(number, signal.SIG_DFL)
    sys.exit(code)


def processors() -> int:
    """Processors that this process may use: those it is bound to, at most its share by the cgroup's quota."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _quota(_CGROUP)
    return bound if quota is None else max(1, min(bound, math.ceil(quota)))


def _quota(root: Path) -> float | None:
    """Processors by the tightest quota of this process's cgroups (version 2, else 1); None without any."""
    found = [_share(folder) for folder in _own_groups(root)]
    return min((share for share in found if share is not None), default=None)


def _own_groups(root: Path) -> Iterator[Path]:
    """The folders of this process's group and of those around it."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        base = root if not controllers else root / controllers
        folder = base / path.lstrip("/")
        yield folder
        yield from (parent for parent in folder.parents if parent.is_relative_to(base))
    yield from (root, root / "cpu", root / "cpu,cpuacct")


def _share(folder: Path) -> float | None:
    try:
        if (folder / "cpu.max").is_file():
            quota, period = (folder / "cpu.max").read_text().split()
        else:
            quota = (folder / "cpu.cfs_quota_us").read_text()
            period = (folder / "cpu.cfs_period_us").read_text()
        share = float(quota) / float(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None  # "max" is no number: no quota
    return share if share > 0 else None


@contextmanager
def no_cycle_collection() -> Iterator[None]:
    """Nothing is searched for objects that refer to each other: for work that makes millions which do not."""
    import gc

    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
