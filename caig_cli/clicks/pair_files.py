"""Writes pairs of ads: our file, and on demand both official layouts with a picture of each pair."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from caig_cli.data.creatives import open_creative, side_by_side
from caig_cli.data.pairs import official_records, pair_record
from caig_cli.engine.files import atomic_write, to_json
from caig_cli.engine.report import Bar
from caig_cli.errors import ItemError
from caig_cli.records import Failure, Pair

OFFICIAL_SIDE = 512
"""Pixels of each ad's sides in an official picture."""


def official_files(path: Path) -> tuple[Path, Path, Path]:
    """Beside ``NAME.jsonl``: the official test set, the official training file and the folder of pictures."""
    names = ("test_set.json", "conversations.json", "pictures")
    test_set, conversations, pictures = (path.with_name(f"{path.stem}.{name}") for name in names)
    return test_set, conversations, pictures


def write_pairs(path: Path, pairs: Iterable[Pair]) -> None:
    """Write our file, images relative to its folder; ``read_pairs`` reads the same pairs."""
    folder = path.parent.resolve()
    # Records of pairs are plain values: nothing to make plain, as to_json does.
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
    atomic_write(path, (f"{encode(pair_record(pair, folder))}\n".encode() for pair in pairs))


def write_official(path: Path, pairs: Iterable[Pair], bar: Bar) -> list[Failure]:
    """Write the official files beside ``path``; a pair is left out whose picture cannot be made.

    Pairs without an observed winner have no place in the official layouts either.
    """
    test_set, conversations, pictures = official_files(path)
    tests: list[str] = []
    dialogues: list[str] = []
    failures: list[Failure] = []
    for number, pair in enumerate(pairs):
        bar.advance()
        if pair.target is None:
            continue
        picture = pictures / f"{number:06d}.jpg"
        try:
            atomic_write(picture, _picture(pair))
        except ItemError as error:
            failures.append(Failure(pair.id, str(error)))
            continue
        test, dialogue = official_records(pair, f"{pictures.name}/{picture.name}")
        tests.append(to_json(test))
        dialogues.append(to_json(dialogue))
    atomic_write(test_set, _json_list(tests))
    atomic_write(conversations, _json_list(dialogues))
    return failures


def _picture(pair: Pair) -> bytes:
    """JPEG of both ads; the quality keeps what a reward model could see, in a tenth of a PNG's bytes."""
    sheet = side_by_side(open_creative(pair.left), open_creative(pair.right), OFFICIAL_SIDE)
    buffer = io.BytesIO()
    sheet.save(buffer, format="JPEG", quality=95, subsampling=0)
    return buffer.getvalue()


def _json_list(rows: Sequence[str]) -> Iterator[bytes]:
    yield b"["
    for number, row in enumerate(rows):
        yield f"{',' if number else ''}\n{row}".encode()
    yield b"\n]\n"
