"""Training conversations in LLaVA's layout: ``{id, image, conversations: [{from, value}], task?}``.

Records of public advertising sets are read as well (``public_sets``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from caig_cli.data import public_sets
from caig_cli.data.images import shown
from caig_cli.data.products import inner_path
from caig_cli.data.public_sets import PublicSet
from caig_cli.data.tables import Record, kind, read_rows, text_of
from caig_cli.errors import DataError, ItemError
from caig_cli.records import Dialogue, Failure, Product, Turn

IMAGE_MARK = "<image>"

_SPEAKERS = {"human": "human", "user": "human", "gpt": "gpt", "assistant": "gpt"}


def read_dialogues(
    path: Path,
    *,
    images: Path | None = None,
    allow_outside: bool = False,
    ask: Callable[[Product], str] | None = None,
    notify: Callable[[str], None] = lambda line: None,
) -> list[Dialogue]:
    """All dialogues of a .json or .jsonl file; ``images`` is the folder their paths start from.

    A training set is used whole or not at all: the first bad record raises DataError with its line, field
    and the number of further bad ones. Texts are left as they are, line breaks included. Of public sets
    ``notify`` is told what was left out; ``ask`` is the question for those that have none.
    """
    if not path.is_file():
        raise DataError(f"{shown(path)}: no such file; check the path")
    public = PublicSet(images or path.parent, ask or (lambda product: product.caption or ""))
    dialogues: list[Dialogue] = []
    errors: list[str] = []
    for row in _rows(path):
        if isinstance(row, Failure):
            errors.append(row.error)
            continue
        try:
            if public_sets.is_public(row.values):
                dialogues += [one] if (one := public.dialogue(row)) else []
            else:
                dialogues.append(_dialogue(row, images, allow_outside))
        except ItemError as error:
            errors.append(str(error))
    if errors:
        more = f" (and {len(errors) - 1} more bad records)" if len(errors) > 1 else ""
        raise DataError(f"{errors[0]}{more}")
    left_out = "; ".join(f"{count} records are left out: {why}" for why, count in public.left_out.items())
    if not dialogues:
        fault = f"{left_out}; name their folder with --images" if left_out else "write at least one"
        raise DataError(f"{shown(path)}: no dialogues in this file; {fault}")
    if left_out:
        notify(f"{shown(path)}: {left_out}")
    return dialogues


def _rows(path: Path) -> Iterator[Record | Failure]:
    suffix = path.suffix.lower()
    if suffix in (".csv", ".txt"):
        return public_sets.autopp_rows(path)
    if suffix not in (".json", ".jsonl"):
        raise DataError(f"{shown(path)}: dialogues must be a .json or .jsonl file; rename or convert it")
    return read_rows(path)


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
