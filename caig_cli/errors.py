"""The exception tree. Every error a user can cause is one line: what, where, what to do."""

from __future__ import annotations


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
