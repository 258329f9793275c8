"""Every way in which a model hub fails, as one line that says what to do."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from typing import TYPE_CHECKING

from caig_cli.errors import CaigError, RunError, UsageError, in_words

if TYPE_CHECKING:
    from caig_cli.engine.hub_name import HubName

LOG_IN = "log in with hf auth login (or set HF_TOKEN)"

REASONS: tuple[tuple[str, type[CaigError], str], ...] = (
    (
        "OfflineModeIsEnabled",
        UsageError,
        "not in the cache, and HF_HUB_OFFLINE is set; run once with a network, or name a folder",
    ),
    ("GatedRepoError", UsageError, f"is gated; accept its terms at {{hub}}/{{repo}}, then {LOG_IN}"),
    (
        "RevisionNotFoundError",
        UsageError,
        "has no such revision; check the branch, tag or commit after the @",
    ),
    (
        "RepositoryNotFoundError",
        UsageError,
        f"no such folder, and no such model at {{hub}}; check the name, and if it is private {LOG_IN}",
    ),
    ("HFValidationError", UsageError, "is no folder and can't be the name of a model on the hub"),
)
"""Exceptions of huggingface_hub by name, more special ones first, with what they mean to the user."""

STATUS: dict[int, tuple[type[CaigError], str]] = {
    401: (UsageError, f"{{hub}} wants to know who asks (401); {LOG_IN}"),
    403: (UsageError, f"{{hub}} refuses it (403); see at {{hub}}/{{repo}} what it asks for, then {LOG_IN}"),
    429: (RunError, "{hub} asks to slow down (429); try again later, or log in"),
}
"""HTTP statuses that say more than that the hub fails."""


def explain(name: HubName, error: Exception, hub: str) -> CaigError:
    """What went wrong with ``name`` at the address ``hub``, in the user's words."""
    chain = list(_chain(error))
    for kind, raised, text in REASONS:
        if any(kind in {base.__name__ for base in type(one).__mro__} for one in chain):
            return raised(f"{name}: " + text.format(hub=hub, repo=name.repo))
    if any(getattr(one, "errno", None) in (errno.ENOSPC, errno.EDQUOT) for one in chain):
        return RunError(f"{name}: the disk of the cache is full; make room, or point HF_HOME to another")
    status = next((code for one in chain if (code := _status(one)) is not None), None)
    if status is not None:
        raised, text = STATUS.get(status, (RunError, f"{{hub}} fails ({status}); try again later"))
        return raised(f"{name}: " + text.format(hub=hub, repo=name.repo))
    what = in_words(error)[:160]
    if any(
        isinstance(one, ValueError | KeyError | AssertionError | AttributeError | TypeError) for one in chain
    ):
        return RunError(f"{name}: {hub} answers what no model hub would ({what})")
    if "consistency check" in str(error).lower():
        return RunError(f"{name}: a file arrived damaged ({what}); try again")
    return RunError(f"{name}: not in the cache, and {hub} can't be reached ({what}); check the network")


def _status(error: BaseException) -> int | None:
    code = getattr(getattr(error, "response", None), "status_code", None)
    return code if isinstance(code, int) else None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
