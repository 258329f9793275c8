"""A SentencePiece model's vocabulary, read without the library: it is a small protocol-buffers file.

Only what a byte-pair tokenizer of Llama's kind needs is read: pieces, their scores and their types
(``sentencepiece_model.proto``: ModelProto.pieces = 1, trainer_spec = 2; TrainerSpec.model_type = 3).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from caig_cli.errors import UsageError

BPE = 2
"""TrainerSpec.ModelType of byte-pair encoding; 1 is unigram, the default."""
USER_DEFINED = 4
"""SentencePiece.Type of words that are never split."""


class Pieces(NamedTuple):
    """What a byte-pair tokenizer is made of."""

    vocabulary: dict[str, int]
    """Piece -> id, in the order of ids."""

    merges: list[tuple[str, str]]
    """Pairs from the one that is merged first."""

    whole: list[str]
    """Words that are found before anything is split."""


def read_pieces(path: Path) -> Pieces:
    """The pieces of ``tokenizer.model``. Raises UsageError when it is no byte-pair SentencePiece model."""
    scores: dict[str, float] = {}
    whole: list[str] = []
    kind: int | bytes = 1
    try:
        for number, value in _fields(path.read_bytes()):
            if number == 1 and isinstance(value, bytes):
                piece = dict(_fields(value))
                name = _bytes(piece[1]).decode()
                (scores[name],) = struct.unpack("<f", _bytes(piece.get(2, bytes(4))))
                if piece.get(3) == USER_DEFINED:
                    whole.append(name)
            elif number == 2 and isinstance(value, bytes):
                kind = dict(_fields(value)).get(3, kind)
    except (OSError, ValueError, KeyError, IndexError, struct.error):
        raise UsageError(f"{path}: is damaged or no SentencePiece model; fetch it again") from None
    if kind != BPE or not scores:
        raise UsageError(f"{path}: is no byte-pair SentencePiece model, which the original layout has")
    vocabulary = {name: n for n, name in enumerate(scores)}
    return Pieces(vocabulary, _merges(vocabulary, scores), whole)


def _merges(vocabulary: dict[str, int], scores: dict[str, float]) -> list[tuple[str, str]]:
    """All ways to make a piece of two, best piece first.

    SentencePiece merges the neighbours whose union scores best; here a pair's place in the list says so.
    """
    pairs = [
        (-score, vocabulary[piece[:n]], vocabulary[piece[n:]], piece[:n], piece[n:])
        for piece, score in scores.items()
        for n in range(1, len(piece))
        if piece[:n] in vocabulary and piece[n:] in vocabulary
    ]
    return [(left, right) for *_, left, right in sorted(pairs)]


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field numbers and values of one message. Raises ValueError or IndexError when it is cut or not one."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        match key & 7:
            case 0:
                value, at = _varint(data, at)
                yield key >> 3, value
                continue
            case 1:
                length = 8
            case 2:
                length, at = _varint(data, at)
            case 5:
                length = 4
            case other:
                raise ValueError(f"wire type {other}")
        if at + length > len(data):
            raise ValueError("cut off")
        yield key >> 3, data[at : at + length]
        at += length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, least significant first, and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
        if shift > 63:
            raise ValueError("number too long")


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("a number where text is expected")
    return value
