"""Writes pairs of ads: our file, and on demand both official layouts with a picture of each pair."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from json.encoder import encode_basestring
from pathlib import Path
from typing import TYPE_CHECKING

from caig_cli.clicks.facts import Facts
from caig_cli.data.creatives import open_creative, side_by_side
from caig_cli.data.pairs import official_records, stored
from caig_cli.engine.files import atomic_write, to_json
from caig_cli.engine.process import no_cycle_collection
from caig_cli.engine.report import Bar
from caig_cli.errors import ItemError
from caig_cli.records import Failure, Pair

if TYPE_CHECKING:
    from caig_cli.clicks.choosing import ChosenPair, CreativeArrays

AT_ONCE = 1000
"""Lines that are written together."""

OFFICIAL_SIDE = 512
"""Pixels of each ad's sides in an official picture."""


def official_files(path: Path) -> tuple[Path, Path, Path]:
    """Beside ``NAME.jsonl``: the official test set, the official training file and the folder of pictures."""
    names = ("test_set.json", "conversations.json", "pictures")
    test_set, conversations, pictures = (path.with_name(f"{path.stem}.{name}") for name in names)
    return test_set, conversations, pictures


@no_cycle_collection()
def write_pairs(
    path: Path, material: CreativeArrays, pairs: Iterable[ChosenPair], facts: Mapping[str, Facts]
) -> None:
    """Write our file, images relative to its folder; ``read_pairs`` reads the pairs of ``as_pairs``."""
    lines = iter(pair_lines(path.parent.resolve(), material, pairs, facts))
    atomic_write(path, iter(lambda: "".join(islice(lines, AT_ONCE)).encode(), b""))


def pair_lines(
    folder: Path, material: CreativeArrays, pairs: Iterable[ChosenPair], facts: Mapping[str, Facts]
) -> Iterator[str]:
    """Pairs as lines of a file in ``folder``: ``pair_record`` as JSON, without the record.

    Pairs of an item follow each other, so that each ad and each item's facts are written out once.
    """
    where, unknown = str(folder), Facts()

    images, impressions_C, clicks_C, rate_C = material.columns()

    @lru_cache(maxsize=1 << 12)
    def ad(creative: int) -> tuple[str, str, str, str | None]:
        image = images[creative]
        assert image is not None, "a creative without an image is in no pair"
        path, digest = stored(image, where)
        shown, clicked, rate = impressions_C[creative], clicks_C[creative], rate_C[creative]
        left, right = (
            f'"{side}_impressions": {shown}, "{side}_clicks": {clicked}, "{side}_ctr": {rate!r}'
            for side in ("left", "right")
        )
        return encode_basestring(path), left, right, digest

    @lru_cache(maxsize=16)
    def known(item: str | None) -> str:
        about = facts.get(item, unknown) if item else unknown
        attributes = json.dumps(dict(about.attributes), ensure_ascii=False)
        return (
            f'"caption": {_text(about.caption)}, "attributes": {attributes}, '
            f'"category": {_text(about.category)}'
        )

    nothing = known(None)
    for pair in pairs:
        about = known(pair.item) if facts else nothing
        left, left_counts, _, left_digest = ad(pair.left)
        right, _, right_counts, right_digest = ad(pair.right)
        digests = "" if left_digest is None else f', "left_sha256": "{left_digest}"'
        digests += "" if right_digest is None else f', "right_sha256": "{right_digest}"'
        q = "null" if pair.p_observed_left is None else repr(pair.p_observed_left)
        yield (
            f'{{"id": {encode_basestring(pair.id)}, "item": {encode_basestring(pair.item)}, '
            f'"left": {left}, "right": {right}, {left_counts}, {right_counts}, '
            f'"target": {_text(pair.target)}, "p_left": {pair.p_left!r}, "p_observed_left": {q}, '
            f"{about}{digests}}}\n"
        )


def _text(value: str | None) -> str:
    return "null" if value is None else encode_basestring(value)


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
