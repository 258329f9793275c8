"""Which folder a run may have: its name, its lock, and whose it is."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from caig_cli import recipe as recipes
from caig_cli.engine.run_files import LOCK, RECORD, has_record
from caig_cli.errors import UsageError, in_words
from caig_cli.parsing import Malformed, parse_yaml, read_json, read_regular

RUNS = Path("runs")
COMMANDS = frozenset(
    {"generate", "pretrain", "train-rm", "eval-rm", "pcpo", "market", "experiment-plan", "experiment-read"}
)
"""Commands that work in a run folder."""

MAY_CHANGE = (
    "threads", "workers", "max_minutes", "accept_doubtful",
    "address", "actors", "cpus", "gpus", "products_per_task", "tries",
)  # fmt: skip
"""Recipe values that a resumed run may have otherwise: they say how fast, or how much more, not what."""

EMPTY = "empty"
"""Status of a run that made nothing because of its input: the next one takes its folder over."""

DAMAGED = "damaged"
"""In place of a status: the folder holds a run, but its ``run.json`` can't be read."""

Notify = Callable[[str], None]


def read_status(path: Path) -> str | None:
    """The status of a run folder, None when it is not one."""
    return _look(path)[0]


def _look(path: Path) -> tuple[str | None, str]:
    """Status, and the command it is of or what is wrong with it."""
    try:
        facts = read_json(path / "run.json")
        if not isinstance(facts, dict):
            raise Malformed("not an object")
        command, status = facts.get("command"), facts.get("status")
        if isinstance(status, str) and (command in COMMANDS or (command and has_record(path))):
            return status, str(command)
        raise Malformed("names no command of caig")
    except Malformed as error:
        where = f"line {error.line}: " if error.line else ""
        return (DAMAGED, f"{where}{error}") if has_record(path) else (None, str(error))


def latest(command: str) -> Path | None:
    """The newest unfinished run of a command under ``runs/``."""
    return _newest(p for p in RUNS.glob(f"{command}-*") if read_status(p) not in (None, "done"))


def _newest(paths: Any) -> Path | None:
    newest: Path | None = max(paths, key=lambda p: p.stat().st_mtime, default=None)
    return newest


def is_main_process() -> bool:
    """True unless this is a follower of a distributed run."""
    return int(os.environ.get("RANK", "0")) == 0


def choose_path(out: Path | None, command: str, resume: bool) -> Path:
    """The absolute path of a run's folder; with ``resume`` a new one only where the command has none yet.

    Raises UsageError where all its runs are done.
    """
    if out is not None:
        return out.expanduser().absolute()
    if resume:
        path = latest(command)
        if path is not None:
            return path.absolute()
        done = _newest(p for p in RUNS.glob(f"{command}-*") if read_status(p) is not None)
        if done is not None:
            raise UsageError(
                f"--resume: no unfinished run of {command} under {RUNS}/, {done} is done; "
                "name one with --out, or leave --resume out to start another"
            )
    path = RUNS / f"{command}-{_start_time():%Y%m%d-%H%M%S}"
    number = 2
    while is_main_process() and "RANK" not in os.environ and path.exists():
        path = RUNS / f"{command}-{_start_time():%Y%m%d-%H%M%S}-{number}"
        number += 1
    return path.absolute()


def _start_time() -> datetime:
    """Now; in a distributed run the launcher's start, so that all processes name the same folder."""
    if "RANK" not in os.environ:
        return datetime.now()
    import psutil

    return datetime.fromtimestamp(psutil.Process(os.getppid()).create_time())


def check(path: Path, command: str, *, resume: bool, overwrite: bool) -> None:
    """Raises UsageError where a run of ``command`` may not have the folder."""
    try:
        if path.exists() and not path.is_dir():
            raise UsageError(f"--out {path}: is a file, not a folder")
        occupied = path.is_dir() and any(p.name not in (LOCK, RECORD) for p in path.iterdir())
    except OSError as error:
        raise UsageError(f"--out {path}: {in_words(OSError(error.errno, error.strerror))}") from None
    status, stored_command = _look(path)
    if occupied and status is None:
        raise UsageError(f"--out {path}: is not empty and holds no run; choose another folder")
    if resume and status not in (None, DAMAGED) and stored_command != command:
        raise UsageError(
            f"--resume: {path} holds a run of {stored_command}, not of {command}; choose another --out"
        )
    if status not in (None, EMPTY) and not (resume or overwrite):
        what = f"{status}: {path / 'run.json'}, {stored_command}" if status == DAMAGED else status
        raise UsageError(
            f"--out {path}: holds a run ({what}); continue it with --resume or replace it with --overwrite"
        )


def recipe_digest(recipe: recipes.Recipe) -> str:
    """Names what a resumed run may not have otherwise."""
    values = recipes.leaves(recipe.model_dump(mode="json"))
    kept = {key: value for key, value in values if key.rsplit(".", 1)[-1] not in MAY_CHANGE}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def check_recipe(path: Path, recipe: recipes.Recipe, notify: Notify) -> None:
    """Raises UsageError where the run in a folder was made by another recipe.

    A recipe file that can't be read is forgiven where ``run.json`` names the recipe by its digest.
    """
    try:
        tree, _ = parse_yaml(read_regular(path / "recipe.yaml").decode("utf-8", "replace"))
        if not isinstance(tree, dict):
            raise Malformed("not a mapping of keys to values")
    except Malformed as error:
        place = f"{path / 'recipe.yaml'}{f':{error.line}' if error.line else ''}: {error}"
        if _known_digest(path) != recipe_digest(recipe):
            raise UsageError(
                f"--resume: {place}; give the run's own recipe and flags, or replace it with --overwrite"
            ) from None
        notify(f"{place}; written anew, the recipe is the run's own")
        return
    changed = [key for key in recipes.differences(recipe, tree) if key.rsplit(".", 1)[-1] not in MAY_CHANGE]
    if changed:
        raise UsageError(
            f"--resume: {path} was made with another {', '.join(changed)}; use its recipe or a new --out"
        )


def _known_digest(path: Path) -> str | None:
    try:
        facts = read_json(path / "run.json")
    except Malformed:
        return None
    return str(facts.get("recipe")) if isinstance(facts, dict) else None


def recipe_file(path: Path) -> Path | None:
    """The recipe of a run, for going on without naming it; None where it can't be read."""
    file = path / "recipe.yaml"
    try:
        tree, _ = parse_yaml(read_regular(file).decode("utf-8", "replace"))
    except Malformed:
        return None
    return file if isinstance(tree, dict) else None


def lock(path: Path) -> IO[str]:
    """Hold ``.lock`` until the process ends, however it ends."""
    file = path / LOCK
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o644)
        lock = os.fdopen(descriptor, "r+")
    except OSError as error:
        raise UsageError(f"--out {path}: {in_words(OSError(error.errno, error.strerror))}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        owner = re.sub(r"\D", "", lock.read(20)) or "another process"
        lock.close()
        if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            raise UsageError(f"--out {path}: this disk can't lock files ({error.strerror})") from None
        raise UsageError(f"--out {path}: the run is in use by process {owner}") from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock
