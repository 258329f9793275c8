"""ONNX files by their bytes: whether one is whole, and whether its weights are elsewhere; opens no network.

An ONNX file is one protobuf message, ``ModelProto``: field after field to the end of the file, each a key
(number and wire type) and a value (onnx.proto3 of the ONNX standard).
"""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import BinaryIO

_FIELDS = {1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2, 20: 2, 25: 2, 26: 2}
"""Numbers of the fields of ``ModelProto`` and their wire types: 0 a varint, 2 bytes after their length."""

_GRAPH = 7

_LOCATION = b"\n\x08location"
"""The key under which a tensor says in which other file its values are (``TensorProto.external_data``)."""


def is_whole(path: Path) -> bool:
    """Whether a file is an ONNX message that ends where its fields say, with a graph in it."""
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            seen = set()
            while stream.tell() < size:
                key = _varint(stream)
                if _FIELDS.get(key >> 3) != key & 7:
                    return False
                seen.add(key >> 3)
                length = _varint(stream)
                if key & 7 == 2:
                    stream.seek(length, 1)
            return stream.tell() == size and _GRAPH in seen
    except (OSError, ValueError):
        return False


def has_outside_weights(path: Path) -> bool:
    """Whether some tensor of a whole ONNX file is kept in another file."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(_LOCATION) >= 0


def _varint(stream: BinaryIO) -> int:
    """Seven bits a byte, low ones first. Raises ValueError where it does not end."""
    value = 0
    for shift in range(0, 64, 7):
        byte = stream.read(1)
        if not byte:
            break
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
    raise ValueError("no number")
