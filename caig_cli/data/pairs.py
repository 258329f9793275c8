"""Files of ad pairs: our own JSON Lines, the two official layouts, and Hugging Face's preference layout.

Ours has one object a line, paths relative to the file's folder; all but the first four may be absent::

    {"id", "item", "left", "right", "left_impressions", "left_clicks", "left_ctr", "right_impressions",
     "right_clicks", "right_ctr", "target", "p_left", "p_observed_left", "caption", "attributes", "category",
     "left_sha256", "right_sha256"}

An image outside the file's folder is read where its SHA-256 is given and right: who wrote the file had the
image, so that a file from elsewhere cannot name pictures of this machine.

The official test set is a list of ``{question, image, target}``, the official pair builder writes
``{id, image, left_ctr, right_ctr, conversations, target}``; there ``image`` shows both ads side by side.
Parquet files are in the layout of ``preference_tables``.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from caig_cli.data.images import shown
from caig_cli.data.preference_tables import preference_rows
from caig_cli.data.products import inner_path
from caig_cli.data.tables import Record, kind, read_rows, text_of
from caig_cli.errors import DataError, ItemError
from caig_cli.records import Creative, Failure, Pair, Side

IMAGE_MARK = "<image>"
QUESTION = "This picture shows two ads of one product, left and right. Which of them gets more clicks?"
"""What official files written here ask; any wording will do for a judge that reads its own."""

MAX_COUNT = 10**18
"""Largest accepted number of impressions: more than a log adds up to, and it fits 64 bits."""


def read_pairs(
    path: Path, *, images: Path | None = None, allow_outside: bool = False
) -> tuple[list[Pair], list[Failure]]:
    """All pairs of a file in any of the layouts, and a Failure for each unusable record.

    ``images`` is the folder that image paths start from (None: the file's own). No image is opened here.
    Raises DataError where the file as a whole is unusable.
    """
    if not path.is_file():
        raise DataError(f"{shown(path)}: no such file; check the path")
    suffix = path.suffix.lower()
    if suffix not in (".json", ".jsonl", ".parquet"):
        raise DataError(
            f"{shown(path)}: pairs must be a .json, .jsonl or .parquet file; make one with caig pairs"
        )
    pairs: list[Pair] = []
    failures: list[Failure] = []
    lines: dict[str, int] = {}
    unpacked = suffix == ".parquet"
    rows = preference_rows(path) if unpacked else read_rows(path)
    for number, row in enumerate(rows, start=1):
        if isinstance(row, Failure):
            failures.append(row)
            continue
        try:
            pair = _pair(row, number, images, allow_outside or unpacked)
            if pair.id in lines:
                used = f"'{shown(pair.id[:80])}' is already used in line {lines[pair.id]}"
                raise row.error("id", f"{used}; rename it")
        except ItemError as error:
            failures.append(Failure(row.where(), str(error)))
            continue
        lines[pair.id] = row.line
        pairs.append(pair)
    if not pairs and not failures:
        raise DataError(f"{shown(path)}: no pairs in this file; write at least one")
    return pairs, failures


def pair_record(pair: Pair, folder: Path) -> dict[str, Any]:
    """The pair as a line of our file in ``folder``; ``read_pairs`` makes the same pair of it."""
    return {
        "id": pair.id,
        "item": pair.item,
        **{side: stored(str(creative.image), str(folder))[0] for side, creative in _sides(pair)},
        **{
            f"{side}_{name}": getattr(creative, name)
            for side, creative in _sides(pair)
            for name in ("impressions", "clicks", "ctr")
        },
        "target": pair.target,
        "p_left": pair.p_left,
        "p_observed_left": pair.p_observed_left,
        "caption": pair.caption,
        "attributes": dict(pair.attributes),
        "category": pair.category,
        **{
            f"{side}_sha256": digest
            for side, creative in _sides(pair)
            if (digest := stored(str(creative.image), str(folder))[1]) is not None
        },
    }


def official_records(pair: Pair, image: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The pair as the official test set and as the official pair builder have it.

    ``image`` is the path of the picture of both ads. Raises ValueError for a pair without a target.
    """
    if pair.target is None:
        raise ValueError(f"pair {pair.id} has no target")
    question = f"{IMAGE_MARK}\n{pair.question or QUESTION}"
    turns = [{"from": "human", "value": question}, {"from": "gpt", "value": pair.target.capitalize()}]
    rates = {f"{side}_ctr": creative.ctr for side, creative in _sides(pair)}
    test = {"question": question, "image": image, "target": pair.target}
    return test, {"id": pair.id, "image": image, **rates, "conversations": turns, "target": pair.target}


def _sides(pair: Pair) -> tuple[tuple[Side, Creative], tuple[Side, Creative]]:
    return ("left", pair.left), ("right", pair.right)


@lru_cache(maxsize=1 << 17)
def stored(image: str, folder: str) -> tuple[str, str | None]:
    """An image's path from a folder, and its SHA-256 if it lies outside; pairs name each a few times."""
    parent, slash, name = image.rpartition(os.sep)
    relative, inside = _way(parent + slash, folder)
    if inside and name in _links(parent + slash):
        inside = Path(image).resolve().is_relative_to(Path(folder).resolve())
    path = name if relative == "." else f"{relative}/{name}"
    return path, None if inside else _digest(Path(image))


@lru_cache(maxsize=1 << 10)
def _links(folder: str) -> frozenset[str]:
    """Names of a folder that are links: to ask each file of a hundred thousand takes much longer."""
    try:
        with os.scandir(folder or ".") as entries:
            return frozenset(entry.name for entry in entries if entry.is_symlink())
    except OSError:
        return frozenset()


@lru_cache(maxsize=1 << 14)
def _way(parent: str, folder: str) -> tuple[str, bool]:
    """The path from one folder to another, and whether it lies inside."""
    relative = os.path.relpath(Path(parent).absolute(), Path(folder).absolute())
    inside = Path(parent).resolve().is_relative_to(Path(folder).resolve())
    return Path(relative).as_posix(), inside


def _pair(row: Record, number: int, images: Path | None, allow_outside: bool) -> Pair:
    """The pair of a record. Raises ItemError naming the field."""
    if "left" in row.values or "right" in row.values:
        return _own_pair(row, images, allow_outside)
    if "image" in row.values:
        return _official_pair(row, number, images, allow_outside)
    raise row.error(None, "neither left and right nor image is given; write the paths of the ads")


def _own_pair(row: Record, images: Path | None, allow_outside: bool) -> Pair:
    values = row.values
    identifier = text_of(row, "id", values.get("id"))
    item = text_of(row, "item", values.get("item"))
    if identifier is None or item is None:
        missing = "id" if identifier is None else "item"
        raise row.error(missing, "is missing; give the pair's id and its product's")
    if "q" in values:
        raise row.error("q", "is called p_observed_left now; rename it, or make the pairs again")
    return Pair(
        identifier,
        item,
        _creative(row, "left", images, allow_outside),
        _creative(row, "right", images, allow_outside),
        target=_side(row),
        p_left=_number(row, "p_left"),
        p_observed_left=_number(row, "p_observed_left"),
        caption=text_of(row, "caption", values.get("caption")),
        attributes=_attributes(row),
        category=text_of(row, "category", values.get("category")),
        question=_question(row, values.get("question")),
    )


def _official_pair(row: Record, number: int, images: Path | None, allow_outside: bool) -> Pair:
    """The official files name no product, so each of their pairs counts as one of its own.

    Where they give no id, it is the record's number: a whole file may be one line.
    """
    values = row.values
    image = inner_path(row, "image", values.get("image"), allow_outside, images)
    if image is None:
        raise row.error("image", "is missing; give the path of the picture of both ads")
    target = _side(row)
    if target is None:
        raise row.error("target", "is missing; write left or right")
    identifier = text_of(row, "id", values.get("id")) or str(number)
    left, right = (Creative(image, ctr=_number(row, f"{half}_ctr"), half=half) for half in _SIDES)
    question = values.get("question") or _asked(row)
    return Pair(identifier, identifier, left, right, target=target, question=_question(row, question))


_SIDES: tuple[Side, Side] = ("left", "right")


def _creative(row: Record, side: Side, images: Path | None, allow_outside: bool) -> Creative:
    digest = row.values.get(f"{side}_sha256")
    image = inner_path(row, side, row.values.get(side), allow_outside or digest is not None, images)
    if image is None:
        raise row.error(side, "is missing; give the path of the ad")
    if digest is not None and not allow_outside and _digest(image) != digest:
        name = shown(str(row.values.get(side))[:80])
        raise row.error(side, f"'{name}' is not the picture that the pair was made of; make the pairs again")
    impressions, clicks = _count(row, f"{side}_impressions"), _count(row, f"{side}_clicks")
    if clicks is not None and clicks > (impressions or 0):
        raise row.error(f"{side}_clicks", f"{clicks} clicks on {impressions or 0} impressions; check the log")
    ctr = _number(row, f"{side}_ctr")
    if ctr is None and clicks is not None and impressions:
        ctr = clicks / impressions
    return Creative(image, impressions, clicks, ctr)


def _digest(path: Path) -> str:
    """SHA-256 of a file, read once for each state of it. Raises OSError."""
    state = path.stat()
    return _hashed(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=1 << 17)
def _hashed(path: Path, size: int, changed: int) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _side(row: Record) -> Side | None:
    target = row.values.get("target")
    if target is None:
        return None
    for side in _SIDES:
        if isinstance(target, str) and target.strip().lower() == side:
            return side
    raise row.error("target", f"is {shown(repr(target)[:40])}; write left or right")


def _number(row: Record, field: str) -> float | None:
    """A share between 0 and 1."""
    value = row.values.get(field)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise row.error(field, f"must be a number, is {kind(value)}; write it without quotes")
    if not 0 <= value <= 1:  # also catches NaN
        raise row.error(field, f"{value} is not between 0 and 1; write a share")
    return float(value)


def _count(row: Record, field: str) -> int | None:
    value = row.values.get(field)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise row.error(field, f"must be a number, is {kind(value)}; write it without quotes")
    if not 0 <= value <= MAX_COUNT or value != int(value):
        raise row.error(field, f"{shown(str(value)[:40])} is not a count; write a whole number of at least 0")
    return int(value)


def _attributes(row: Record) -> Mapping[str, str]:
    given = row.values.get("attributes")
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise row.error("attributes", f'must be an object, is {kind(given)}; write {{"name": "value"}}')
    found = {name: text_of(row, f"attributes.{name}", value) for name, value in given.items()}
    return {name: value for name, value in found.items() if value}


def _asked(row: Record) -> Any:
    """What the human of an official conversation says first."""
    turns = row.values.get("conversations")
    first = turns[0] if isinstance(turns, list) and turns else None
    return first.get("value") if isinstance(first, dict) else None


def _question(row: Record, value: Any) -> str | None:
    text = value.replace(IMAGE_MARK, "") if isinstance(value, str) else value
    return text_of(row, "question", text)
