"""What a model is called: embedded, a folder, or a hub name ``org/name[@revision]``, maybe with one file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator

EMBEDDED = "embedded"
"""The name of whatever ships in the package."""
_HUB = re.compile(
    r"(?P<repo>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)"
    r"(?:/(?P<file>[^@]+\.(?:safetensors|onnx)))?(?:@(?P<revision>.*))?"
)


@dataclass(frozen=True, slots=True)
class HubName:
    """A repository of models, maybe at a branch, tag or commit, maybe one weight file in it."""

    repo: str
    revision: str | None = None
    file: str | None = None

    @classmethod
    def parse(cls, source: str) -> Self | None:
        """None where ``source`` is a folder or can only be meant as one."""
        found = _HUB.fullmatch(source)
        if found is None or Path(source).exists():
            return None
        return cls(found["repo"], found["revision"], found["file"])

    def at(self, revision: str | None) -> str:
        """The full name at another revision."""
        inside = f"/{self.file}" if self.file else ""
        return f"{self.repo}{inside}" + (f"@{revision}" if revision else "")

    def __str__(self) -> str:
        return self.at(self.revision)


def _well_formed(source: str) -> str:
    found = _HUB.fullmatch(source)
    if found is not None and found["revision"] == "" and not Path(source).exists():
        raise ValueError("the revision after @ is missing: a branch, a tag or a commit")
    return source


ModelName = Annotated[str, AfterValidator(_well_formed)]
"""A recipe value that names a model; a run writes it with the commit that it used."""


def names_model(metadata: Any) -> bool:
    """Whether a piece of an annotation's metadata is that of ``ModelName``."""
    return getattr(metadata, "func", None) is _well_formed
