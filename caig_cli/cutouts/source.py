"""What a recipe may name as the way to cut products out: words, network files, and networks on the hub."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from caig_cli.cutouts.network_kinds import KINDS
from caig_cli.engine.hub_name import HubName, ModelName

FORMS = "auto, plain, FILE.onnx or org/name/FILE.onnx[@revision]"
"""All that is accepted; ``KIND:`` may stand before the last two (see ``network_kinds.KINDS``)."""

_KIND = re.compile(r"([a-z0-9_]+):(.+)", re.DOTALL)


def split_kind(source: str) -> tuple[str | None, str]:
    """``birefnet:FILE.onnx`` is ("birefnet", "FILE.onnx"); without a kind the first is None.

    Raises ValueError for a kind that is not in the table.
    """
    found = _KIND.fullmatch(source)
    if found is None or Path(source).exists():
        return None, source
    if found[1] not in KINDS:
        raise ValueError(f"{found[1]} is no kind of network; known kinds: {', '.join(KINDS)}")
    return found[1], found[2]


def hub_name(source: str) -> HubName | None:
    """The file on the hub that a source names; None for words and for files of this machine."""
    name = HubName.parse(split_kind(source)[1])
    return name if name is not None and name.file is not None else None


def _checked(source: str) -> str:
    kind, name = split_kind(source)
    if name in ("auto", "plain") and kind is None:
        return source
    hub = hub_name(name)
    if hub is not None and hub.revision == "":
        raise ValueError("the revision after @ is missing: a branch, a tag or a commit")
    if not (name if hub is None else hub.file or "").endswith(".onnx"):
        raise ValueError(f"expected {FORMS}")
    return source


CutoutSource = Annotated[ModelName, AfterValidator(_checked)]
"""A recipe value: how products are cut out of photos. A network of the hub is pinned as models are."""
