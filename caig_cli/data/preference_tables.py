"""Pairs of ads in Hugging Face's preference layout: Parquet with images, prompt, chosen and rejected.

A row shows the two ads in ``images``, asks in ``prompt`` which is clicked more, and answers in ``chosen``::

    {"images": [{"bytes", "path"}, {"bytes", "path"}], "prompt", "chosen": "Left", "rejected": "Right"}

``prompt``, ``chosen`` and ``rejected`` are texts, or lists of messages as TRL's trainers take them; an answer
is a word for the first or the second picture. Further columns are those of caig's own file of pairs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caig_cli.data.cache import cache_folder, whole_file
from caig_cli.data.images import shown
from caig_cli.data.products import inner_path
from caig_cli.data.tables import Record, kind, read_rows
from caig_cli.errors import ItemError
from caig_cli.parsing import Malformed, parse_json
from caig_cli.records import Failure

if TYPE_CHECKING:
    import pyarrow

ANSWERS: Mapping[str, str] = {
    **dict.fromkeys(("left", "first", "1", "a", "image 1", "ad 1", "the left", "the first"), "left"),
    **dict.fromkeys(("right", "second", "2", "b", "image 2", "ad 2", "the right", "the second"), "right"),
}
"""What an answer may be, in lower case and without marks -> the side that it names."""

_SUFFIXES = ((b"\xff\xd8\xff", ".jpg"), (b"RIFF", ".webp"), (b"GIF8", ".gif"))


def preference_rows(path: Path) -> Iterator[Record | Failure]:
    """The rows of a file as those of caig's own; pictures in it become files of caig's cache.

    Raises DataError where the file as a whole can't be read.
    """
    for number, row in enumerate(read_rows(path), start=1):
        if isinstance(row, Failure):
            yield row
            continue
        try:
            yield Record(path, row.line, _own(row, number))
        except ItemError as error:
            yield Failure(row.where(), str(error))


def _own(row: Record, number: int) -> dict[str, Any]:
    """The values of a row as caig's own file has them. Raises ItemError naming the column."""
    values = row.values
    images = values.get("images")
    if not isinstance(images, list) or len(images) != 2:
        count = len(images) if isinstance(images, list) else "no"
        raise row.error("images", f"has {count} pictures; a pair of ads has two")
    left, right = (_file(row, image) for image in images)
    target, other = (_side(row, name) for name in ("chosen", "rejected"))
    if target == other:
        raise row.error("rejected", f"names the {other} ad, as chosen does; write the other one")
    more = {name: value for name, value in values.items() if name not in ("images", "chosen", "rejected")}
    question = answer_text(more.pop("prompt", None))
    if isinstance(more.get("attributes"), str):
        try:
            more["attributes"] = parse_json(str(more["attributes"]))
        except Malformed as error:
            raise row.error("attributes", f"{error}; write a JSON object") from None
    named = {"id": str(number), "item": values.get("id") or str(number)} | more
    return named | {"left": left, "right": right, "target": target, "question": question or None}


def _file(row: Record, image: object) -> str:
    """The path of a picture that is in the file, or beside it."""
    if not isinstance(image, dict):
        raise row.error("images", f"must hold pictures, holds {kind(image)}")
    data = image.get("bytes")
    if not isinstance(data, bytes):
        found = inner_path(row, "images", image.get("path"), allow_outside=False)
        if found is None:
            raise row.error("images", "a picture has neither bytes nor a path")
        return str(found.absolute())
    suffix = next((suffix for mark, suffix in _SUFFIXES if data.startswith(mark)), ".png")
    path = cache_folder() / "pairs" / f"{hashlib.sha256(data).hexdigest()}{suffix}"
    if not path.is_file():
        _write(path, data)
    return str(path)


def _write(path: Path, data: bytes) -> None:
    try:
        with whole_file(path) as stream:
            stream.write(data)
    except OSError as error:
        reason = f"({error.strerror}); set CAIG_CACHE"
        raise ItemError(f"pictures can't be kept in {shown(path.parent)} {reason}") from None


def answer_text(value: object) -> str:
    """A text, or what the last of several messages says in words."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and isinstance(value[-1], dict):
        last = value[-1]
        parts = last.get("content", last.get("text"))
        if isinstance(parts, list):
            return " ".join(
                filter(None, (answer_text(part.get("text")) for part in parts if isinstance(part, dict)))
            )
        return answer_text(parts)
    return ""


def _side(row: Record, name: str) -> str:
    answer = answer_text(row.values.get(name)).strip().strip(".!\"'()[]*").lower()
    for word in (" image", " ad", " picture", " one"):
        answer = answer.removesuffix(word)
    if answer not in ANSWERS:
        raise row.error(name, f"'{shown(answer[:40])}' names neither ad; write left or right")
    return ANSWERS[answer]


# --- writing ---------------------------------------------------------------------------------------

PICTURE: Mapping[str, str | None] = {"type": "image", "text": None}
"""The part of a message that stands for a picture."""


def message(role: str, *parts: Mapping[str, str | None]) -> list[dict[str, Any]]:
    """A column of one message, as TRL's preference trainers take it."""
    return [{"role": role, "content": [dict(part) for part in parts]}]


def words(text: str) -> Mapping[str, str | None]:
    """A part of a message."""
    return {"type": "text", "text": text}


def layout_schema(more: Mapping[str, str]) -> pyarrow.Schema:
    """The columns of the layout and ``more`` ones (name -> type); ``datasets`` opens the pictures by it."""
    import pyarrow as arrow

    part = arrow.struct([("type", arrow.string()), ("text", arrow.string())])
    messages = arrow.list_(arrow.struct([("role", arrow.string()), ("content", arrow.list_(part))]))
    image = arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])
    columns = {"images": arrow.list_(image), **dict.fromkeys(("prompt", "chosen", "rejected"), messages)}
    columns |= {name: getattr(arrow, type_)() for name, type_ in more.items()}
    known = {"info": {"features": _features(more)}}
    return arrow.schema(list(columns.items()), {"huggingface": json.dumps(known)})


def _features(more: Mapping[str, str]) -> dict[str, Any]:
    """Types of the columns in the words of ``datasets``, as old and new versions of it read them."""

    def value(type_: str) -> dict[str, str]:
        return {"dtype": type_, "_type": "Value"}

    messages = [{"role": value("string"), "content": [{"type": value("string"), "text": value("string")}]}]
    return {
        "images": {"feature": {"_type": "Image"}, "_type": "Sequence"},
        **dict.fromkeys(("prompt", "chosen", "rejected"), messages),
        **{name: value(type_) for name, type_ in more.items()},
    }
