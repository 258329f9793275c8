"""The exception tree. Every error a user can cause is one line: what, where, what to do."""

from __future__ import annotations

import errno
from collections.abc import Iterator


class CaigError(Exception):
    """Root of all errors that caig raises on purpose; its text is one line for the user."""

    exit_code = 1


class UsageError(CaigError):
    """A bad option, recipe or data file, or nothing could be produced from the input."""

    exit_code = 2


class RecipeError(UsageError):
    """A recipe that cannot be resolved: unknown key, wrong type, missing parent."""


class DataError(UsageError):
    """A data file that cannot be read; the text starts with file:line:field where known."""


class ItemError(CaigError):
    """One item (product, image, record) that cannot be used; the others go on."""


class RunError(CaigError):
    """A failure while running: non-finite loss, lost lock, a full disk."""


_WORDS = {
    errno.ENOSPC: "the disk is full; make room there",
    errno.EDQUOT: "your quota on this disk is used up; make room there",
    errno.EFBIG: "the file would be larger than this disk or ulimit -f allows",
    errno.EACCES: "no permission; check who owns it",
    errno.EPERM: "no permission; check who owns it",
    errno.EROFS: "the disk is read-only; choose another folder",
    errno.EMFILE: "too many files are open; raise ulimit -n",
    errno.ENFILE: "too many files are open on this machine",
    errno.EIO: "the disk fails; check it",
    errno.ENOMEM: "memory is out",
    errno.ENAMETOOLONG: "the name is too long",
}
_SIGNS = {
    "no space left on device": errno.ENOSPC,
    "os error 28": errno.ENOSPC,
    "disk quota exceeded": errno.EDQUOT,
    "permission denied": errno.EACCES,
    "read-only file system": errno.EROFS,
    "can't allocate memory": errno.ENOMEM,
    "cannot allocate memory": errno.ENOMEM,
    "out of memory": errno.ENOMEM,
}
"""How libraries that are not Python's tell the same."""


def in_words(error: BaseException) -> str:
    """What went wrong outside of caig's own rules, without the name of a Python class.

    A full disk, missing permission and the end of memory are found in what caused the error too.
    """
    for one in _causes(error):
        number = _number(one)
        if number in _WORDS:
            name = getattr(one, "filename", None)
            return f"{name}: {_WORDS[number]}" if name else _WORDS[number]
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, UnicodeError):
        return "text that is not UTF-8"
    return " ".join(str(error).split())[:300] or "no reason is known"


def _number(error: BaseException) -> int | None:
    if isinstance(error, MemoryError):
        return errno.ENOMEM
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    text = str(error).lower()
    return next((number for sign, number in _SIGNS.items() if sign in text), None)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(10):
        if error is None:
            return
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
