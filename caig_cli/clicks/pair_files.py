"""Writes pairs of ads: our file, and on demand both official layouts with a picture of each pair."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from json.encoder import encode_basestring
from pathlib import Path

from caig_cli.data.creatives import open_creative, side_by_side
from caig_cli.data.pairs import official_records, stored
from caig_cli.engine.files import atomic_write, to_json
from caig_cli.engine.report import Bar
from caig_cli.errors import ItemError
from caig_cli.records import Creative, Failure, Pair

KEPT = 8192
"""Ads that are kept written out."""

OFFICIAL_SIDE = 512
"""Pixels of each ad's sides in an official picture."""


def official_files(path: Path) -> tuple[Path, Path, Path]:
    """Beside ``NAME.jsonl``: the official test set, the official training file and the folder of pictures."""
    names = ("test_set.json", "conversations.json", "pictures")
    test_set, conversations, pictures = (path.with_name(f"{path.stem}.{name}") for name in names)
    return test_set, conversations, pictures


def write_pairs(path: Path, pairs: Iterable[Pair]) -> None:
    """Write our file, images relative to its folder; ``read_pairs`` reads the same pairs."""
    line = PairLines(path.parent.resolve())
    atomic_write(path, (f"{line(pair)}\n".encode() for pair in pairs))


class PairLines:
    """Pairs as lines of a file in ``folder``: ``pair_record`` as JSON, each ad written out once.

    An ad is in several pairs of its item, which follow each other.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ads: dict[int, tuple[Creative, str, str, str | None]] = {}

    def __call__(self, pair: Pair) -> str:
        _, left, left_counts, left_digest = self._ad(pair.left)
        _, right, right_counts, right_digest = self._ad(pair.right)
        target = "null" if pair.target is None else f'"{pair.target}"'
        attributes = json.dumps(dict(pair.attributes), ensure_ascii=False) if pair.attributes else "{}"
        digests = "".join(
            f', "{side}_sha256": "{digest}"'
            for side, digest in (("left", left_digest), ("right", right_digest))
            if digest is not None
        )
        return (
            f'{{"id": {_json(pair.id)}, "item": {_json(pair.item)}, "left": {left}, "right": {right}, '
            f"{left_counts.replace('SIDE', 'left')}, {right_counts.replace('SIDE', 'right')}, "
            f'"target": {target}, "p_left": {_json(pair.p_left)}, "q": {_json(pair.q)}, '
            f'"caption": {_json(pair.caption)}, "attributes": {attributes}, '
            f'"category": {_json(pair.category)}{digests}}}'
        )

    def _ad(self, creative: Creative) -> tuple[Creative, str, str, str | None]:
        """An ad (held, so that its number stays its own), its path and counts as JSON, and its digest."""
        found = self._ads.get(id(creative))
        if found is None:
            if len(self._ads) > KEPT:
                self._ads.clear()
            path, digest = stored(str(creative.image), str(self._folder))
            counts = ", ".join(
                f'"SIDE_{name}": {_json(getattr(creative, name))}'
                for name in ("impressions", "clicks", "ctr")
            )
            found = self._ads[id(creative)] = (creative, _json(path), counts, digest)
        return found


def _json(value: str | float | None) -> str:
    """A plain value as JSON, as json.dumps writes it; finite numbers only."""
    if isinstance(value, str):
        return encode_basestring(value)
    return "null" if value is None else repr(value)


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
