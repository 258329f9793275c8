"""Shards of a catalogue: which products one of several runs makes, by a stable hash of their ids."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator


@dataclass(frozen=True, slots=True)
class Shard:
    """Number ``index`` of ``count`` shards, from 0."""

    index: int
    count: int

    def has(self, identifier: str) -> bool:
        """Whether a product is of this shard; the same on every machine, whatever else the catalogue has."""
        digest = hashlib.sha256(identifier.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:8]) % self.count == self.index


def bucket(identifier: str) -> str:
    """The one of 256 folders that the files of a product are in, where there are very many."""
    return hashlib.sha256(identifier.encode("utf-8", "surrogatepass")).hexdigest()[:2]


def parse_shard(text: str) -> Shard:
    """``i/n`` as a shard. Raises ValueError in words for anything else."""
    found = re.fullmatch(r"\s*(\d{1,9})\s*/\s*(\d{1,9})\s*", text)
    if found is None:
        raise ValueError(f"{text!r} is no shard; write i/n, as in 0/4, 1/4, 2/4, 3/4")
    index, count = int(found[1]), int(found[2])
    if index >= count:
        last = f"; the last of {count} is {count - 1}/{count}" if count else ""
        raise ValueError(f"there is no shard {text}: shards count from 0{last}")
    return Shard(index, count)


def _checked(text: str) -> str:
    shard = parse_shard(text)
    return f"{shard.index}/{shard.count}"


ShardName = Annotated[str, AfterValidator(_checked)]
"""A recipe value ``i/n``."""
