"""Where the files of a reward model are. No torch: plans and checks of inputs come by here."""

from __future__ import annotations

from pathlib import Path

from caig_cli.engine import hub_name, sources
from caig_cli.errors import UsageError

FILE = "reward.json"
SOURCES = {
    "embedded": Path(__file__).parents[1] / "embedded" / "reward-model",
    "heldout": Path(__file__).parents[1] / "embedded" / "heldout-judge",
}
"""Judges that ship in the package, by the name that users give them."""
SECOND = "second"
"""Folder of the second judge within that of the first."""


def locate(source: str) -> Path:
    """The folder of a shipped judge, a path or a hub name. Raises UsageError without a reward model."""
    folder = SOURCES.get(source) or sources.locate(source)
    if not (folder / FILE).is_file():
        shipped = f"the {source} reward model is missing from this installation"
        raise UsageError(
            shipped
            if source in SOURCES
            else f"{source}: no reward model here (expected a folder with {FILE})"
        )
    return folder


def is_there(source: str) -> bool:
    """Whether there is a reward model; raises UsageError where the user's own folder holds none."""
    if source in SOURCES and not SOURCES[source].is_dir():
        return False
    if not sources.is_remote(source):
        locate(source)
    return True


def second_of(source: str) -> str | None:
    """The second judge that was trained with a judge, None where there is none."""
    if source == hub_name.EMBEDDED:
        return "heldout"
    if source in SOURCES or sources.is_remote(source):
        return None
    folder = locate(source) / SECOND
    return str(folder) if (folder / FILE).is_file() else None
