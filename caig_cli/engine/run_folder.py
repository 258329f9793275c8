"""Which folder a run may have: its name, its lock, whose it is, and what of an earlier run is cleared."""

from __future__ import annotations

import fcntl
import os
import shutil
from datetime import datetime
from pathlib import Path
from typing import IO

import yaml

from caig_cli import recipe as recipes
from caig_cli.errors import UsageError

RUNS = Path("runs")
MAY_CHANGE = ("threads", "workers", "max_minutes", "accept_doubtful")
"""Recipe values that a resumed run may have otherwise: they say how fast, or how much more, not what."""

EMPTY = "empty"
"""Status of a run that made nothing because of its input: the next one takes its folder over."""

ABOUT = frozenset({"recipe.yaml", "env.json", "run.json", "inputs.json"})
"""What every run writes about itself."""


def read_status(path: Path) -> str | None:
    """The status of a run folder, None when it is not one."""
    try:
        tree = yaml.safe_load((path / "run.json").read_text())
    except (OSError, yaml.YAMLError):
        return None
    return str(tree.get("status")) if isinstance(tree, dict) else None


def latest(command: str) -> Path | None:
    """The newest unfinished run of a command under ``runs/``."""
    found = [p for p in RUNS.glob(f"{command}-*") if read_status(p) not in (None, "done")]
    return max(found, key=lambda p: (p / "run.json").stat().st_mtime, default=None)


def is_main_process() -> bool:
    """True unless this is a follower of a distributed run."""
    return int(os.environ.get("RANK", "0")) == 0


def choose_path(out: Path | None, command: str, resume: bool) -> Path:
    """The absolute path of a run's folder. Raises UsageError where there is none to resume."""
    if out is not None:
        return out.expanduser().absolute()
    if resume:
        path = latest(command)
        if path is None:
            raise UsageError(f"--resume: no unfinished run of {command} under {RUNS}/; name one with --out")
        return path.absolute()
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


def check(path: Path, *, resume: bool, overwrite: bool) -> None:
    """Raises UsageError where a run may not have the folder."""
    if path.exists() and not path.is_dir():
        raise UsageError(f"--out {path}: is a file, not a folder")
    occupied = path.is_dir() and any(p.name != ".lock" for p in path.iterdir())
    status = read_status(path)
    if resume and status is None:
        raise UsageError(f"--resume: {path} holds no run; leave --resume out to start one")
    if occupied and status is None:
        raise UsageError(f"--out {path}: is not empty and holds no run; choose another folder")
    if status not in (None, EMPTY) and not (resume or overwrite):
        raise UsageError(
            f"--out {path}: holds a run ({status}); continue it with --resume or replace it with --overwrite"
        )


def check_recipe(path: Path, recipe: recipes.Recipe) -> None:
    """Raises UsageError where the run in a folder was made by another recipe."""
    try:
        tree = yaml.safe_load((path / "recipe.yaml").read_text())
    except (OSError, yaml.YAMLError) as error:
        raise UsageError(f"--resume: {path}/recipe.yaml cannot be read: {error}") from None
    changed = [key for key in recipes.differences(recipe, tree) if key.rsplit(".", 1)[-1] not in MAY_CHANGE]
    if changed:
        raise UsageError(
            f"--resume: {path} was made with another {', '.join(changed)}; use its recipe or a new --out"
        )


def lock(path: Path) -> IO[str]:
    """Hold ``.lock`` until the process ends, however it ends."""
    lock = (path / ".lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        owner = lock.read().strip() or "another process"
        lock.close()
        raise UsageError(f"--out {path}: the run is in use by process {owner}") from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def written(path: Path) -> frozenset[str]:
    """What an empty run has written into its folder, by its own account."""
    try:
        told = yaml.safe_load((path / "run.json").read_text())["wrote"]
    except (OSError, yaml.YAMLError, KeyError, TypeError):
        return ABOUT
    return ABOUT | {str(name) for name in told if isinstance(told, list)}


def clear(path: Path, only: frozenset[str] | None = None) -> None:
    """Remove what is in a run folder; ``only``: nothing but the files and folders of these names."""
    for child in path.iterdir():
        if child.name == ".lock" or (only is not None and child.name not in only):
            continue
        if child.is_dir() and not child.is_symlink():
            shutil.rmtree(child)
        else:
            child.unlink()
