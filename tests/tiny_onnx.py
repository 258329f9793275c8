"""ONNX networks of a few nodes, written byte by byte: the tests need no package for it.

Field numbers are those of onnx.proto3: a message is its fields one after the other, each a key (number and
wire type) and a value.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

FLOAT, INT64, FLOAT16 = 1, 7, 10
"""``TensorProto.DataType``."""

Shape = Sequence[int | str]
"""Lengths, or names of lengths that are left open."""


def _varint(value: int) -> bytes:
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])


def field(number: int, value: int | str | bytes) -> bytes:
    """One field: a number as a varint, anything else with its length."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    content = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def tensor(name: str, values: Sequence[float], dims: Sequence[int]) -> bytes:
    """A constant of floats (``TensorProto``)."""
    sizes = b"".join(field(1, n) for n in dims)
    return sizes + field(2, FLOAT) + field(8, name) + field(9, struct.pack(f"<{len(values)}f", *values))


def outside(name: str, file: str, dims: Sequence[int]) -> bytes:
    """A constant of floats that lie in another file."""
    place = field(1, "location") + field(2, file)
    sizes = b"".join(field(1, n) for n in dims)
    return sizes + field(2, FLOAT) + field(8, name) + field(13, place) + field(14, 1)


def node(kind: str, inputs: str, output: str, domain: str = "") -> bytes:
    """An operator (``NodeProto``); ``inputs`` are names with blanks between them."""
    ends = b"".join(field(1, name) for name in inputs.split()) + field(2, output)
    return ends + field(4, kind) + (field(7, domain) if domain else b"")


def value(name: str, shape: Shape | None, kind: int = FLOAT) -> bytes:
    """An input or output (``ValueInfoProto``); without a shape of no known rank."""
    sizes = b"".join(field(1, field(1, n) if isinstance(n, int) else field(2, n)) for n in shape or ())
    described = field(1, kind) + (b"" if shape is None else field(2, sizes))
    return field(1, name) + field(2, field(1, described))


def model(
    nodes: Sequence[bytes],
    inputs: Sequence[bytes],
    outputs: Sequence[bytes],
    constants: Sequence[bytes] = (),
) -> bytes:
    """A network (``ModelProto``) of operator set 13."""
    graph = b"".join(field(1, one) for one in nodes) + field(2, "tiny")
    graph += b"".join(field(5, one) for one in constants)
    graph += b"".join(field(11, one) for one in inputs) + b"".join(field(12, one) for one in outputs)
    return field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 13))


def redness(path: Path, shape: Shape = (1, 3, 64, 64), outputs: int = 1) -> Path:
    """A network [1, 3, h, w] -> [1, 1, h, w] that finds what is red: red less half of green and blue.

    A second output is its negative.
    """
    constants = [tensor("w0", [1.0, -0.5, -0.5], [1, 3, 1, 1]), tensor("w1", [-1.0, 0.5, 0.5], [1, 3, 1, 1])]
    nodes = [node("Conv", f"photo w{n}", f"out{n}") for n in range(outputs)]
    given = [value(f"out{n}", [1, 1, *shape[2:]]) for n in range(outputs)]
    path.write_bytes(model(nodes, [value("photo", shape)], given, constants[:outputs]))
    return path
