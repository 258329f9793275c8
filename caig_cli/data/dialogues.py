"""Training conversations in LLaVA's layout: ``{id, image, conversations: [{from, value}], task?}``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from caig_cli.data.images import shown
from caig_cli.data.products import inner_path
from caig_cli.data.tables import Record, kind, read_rows, text_of
from caig_cli.errors import DataError, ItemError
from caig_cli.records import Dialogue, Failure, Turn

IMAGE_MARK = "<image>"

_SPEAKERS = {"human": "human", "user": "human", "gpt": "gpt", "assistant": "gpt"}


def read_dialogues(path: Path, *, images: Path | None = None, allow_outside: bool = False) -> list[Dialogue]:
    """All dialogues of a .json or .jsonl file; ``images`` is the folder their paths start from.

    A training set is used whole or not at all: the first bad record raises DataError with its line, field
    and the number of further bad ones. Texts are left as they are, line breaks included.
    """
    if not path.is_file():
        raise DataError(f"{shown(path)}: no such file; check the path")
    if path.suffix.lower() not in (".json", ".jsonl"):
        raise DataError(f"{shown(path)}: dialogues must be a .json or .jsonl file; rename or convert it")
    dialogues: list[Dialogue] = []
    errors: list[str] = []
    for row in read_rows(path):
        if isinstance(row, Failure):
            errors.append(row.error)
            continue
        try:
            dialogues.append(_dialogue(row, images, allow_outside))
        except ItemError as error:
            errors.append(str(error))
    if errors:
        more = f" (and {len(errors) - 1} more bad records)" if len(errors) > 1 else ""
        raise DataError(f"{errors[0]}{more}")
    if not dialogues:
        raise DataError(f"{shown(path)}: no dialogues in this file; write at least one")
    return dialogues


def _dialogue(row: Record, images: Path | None, allow_outside: bool) -> Dialogue:
    values = row.values
    image = inner_path(row, "image", values.get("image"), allow_outside, images)
    turns = _turns(row, values.get("conversations"))
    marks = sum(turn.text.count(IMAGE_MARK) for turn in turns)
    if marks > (image is not None):
        fault = "more than one <image>" if image else "<image> is mentioned but the record has no image"
        raise row.error("conversations", f"{fault}; use one image and one mark")
    identifier = text_of(row, "id", values.get("id")) or str(row.line)
    return Dialogue(identifier, image, turns, text_of(row, "task", values.get("task")))


def _turns(row: Record, value: Any) -> tuple[Turn, ...]:
    """Turns that alternate between human and gpt, from human to gpt."""
    if not isinstance(value, list) or not value:
        raise row.error("conversations", f"must be a list of turns, is {kind(value)}; see the LLaVA layout")
    turns = []
    for index, item in enumerate(value):
        field = f"conversations[{index}]"
        if not isinstance(item, dict) or not isinstance(item.get("value"), str):
            raise row.error(field, 'must be {"from": ..., "value": text}; fix the turn')
        speaker = _SPEAKERS.get(str(item.get("from")))
        expected = ("human", "gpt")[index % 2]
        if speaker != expected:
            fault = f"is {item.get('from')!r} where {expected!r} must speak; fix the order"
            raise row.error(f"{field}.from", fault)
        if not item["value"].strip():
            raise row.error(f"{field}.value", "is empty; write what is said")
        turns.append(Turn(speaker, item["value"]))
    if len(turns) % 2:
        raise row.error("conversations", "ends with the human; add the answer")
    return tuple(turns)
