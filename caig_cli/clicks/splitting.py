"""A block of delimited text -> its columns, without a Python object for each cell. Legend: R rows, V values.

Cells are compared as the 64-bit words of their bytes, so that only distinct ones become texts.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caig_cli.clicks.chunks import Chunk
from caig_cli.clicks.encoding import CodedCells, Ints

Words = NDArray[np.uint64]

MAX_CELL = 512
"""Bytes of a cell above which a block is read row by row."""

_LINE_END, _QUOTE, _NUL = 10, 34, 0
_QUOTED = re.compile(rb'"((?:[^"]|"")*)"', re.S)
_MASK = np.array([(1 << 8 * size) - 1 for size in range(9)], np.uint64)
"""For each number of bytes the bits of a word, lowest byte first, that they fill."""
_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio: Fibonacci hashing (Knuth)


def split(block: str, delimiter: str, width: int, line: int, *, quotes: bool) -> Chunk | None:
    """A regular block, which ``line`` lines stand before, as columns; None for any other.

    It is regular where each row has ``width`` cells, and each quote is at the ends of a cell or doubled
    between them; not ``quotes``: a quote makes the block irregular.
    """
    if "\r" in block:
        block = block.replace("\r\n", "\n")
    if "\r" in block or "\0" in block or width < 2 or (not quotes and '"' in block):
        return None
    if not block.endswith("\n"):
        block += "\n"
    text = block.encode("utf-8", "surrogateescape")
    data = np.frombuffer(text, np.uint8)
    is_end = data == _LINE_END
    is_mark = is_end | (data == ord(delimiter))
    if '"' in block:
        is_mark &= np.bitwise_xor.accumulate(data == _QUOTE) == 0
    marks = np.flatnonzero(is_mark)
    if not len(marks) or marks[-1] != len(data) - 1 or len(marks) % width:
        return None
    mark_RW = marks.reshape(-1, width)
    last_RW = is_end[mark_RW]
    if not last_RW[:, -1].all() or last_RW[:, :-1].any():
        return None
    start_RW = np.concatenate([[0], marks[:-1] + 1]).reshape(-1, width)
    if int((mark_RW - start_RW).max()) > MAX_CELL:
        return None
    padded = np.concatenate([data, np.zeros(8, np.uint8)])
    columns = [_column(text, padded, start_RW[:, i], mark_RW[:, i]) for i in range(width)]
    if any(column is None for column in columns):
        return None
    return Chunk(line + 1 + _lines_before(is_end, start_RW[:, 0]), columns)  # type: ignore[arg-type]


def _lines_before(is_end: NDArray[np.bool_], start_R: Ints) -> Ints:
    """Line ends before each row; quoted cells may hold some."""
    if np.count_nonzero(is_end) == len(start_R):
        return np.arange(len(start_R), dtype=np.int32)
    return np.searchsorted(np.flatnonzero(is_end), start_R).astype(np.int32)


def _column(text: bytes, padded: NDArray[np.uint8], start_R: Ints, end_R: Ints) -> CodedCells | None:
    """The cells between some bytes; None where quotes are not as they should be."""
    code_R, first_V = _distinct(_words(padded, start_R, end_R - start_R))
    values: list[Any] = []
    for start, end in zip(start_R[first_V].tolist(), end_R[first_V].tolist(), strict=True):
        cell = text[start:end]
        if _QUOTE in cell:
            quoted = _QUOTED.fullmatch(cell)
            if quoted is None:
                return None
            cell = quoted[1].replace(b'""', b'"')
        values.append(cell.decode("utf-8", "surrogateescape"))
    return CodedCells(values, code_R)


def _words(padded: NDArray[np.uint8], start_R: Ints, size_R: Ints) -> list[Words]:
    """The bytes of each cell as words, filled up with zeros: a list of uint64 [R]."""
    word_at = np.ndarray(len(padded) - 7, np.dtype("<u8"), padded, strides=(1,))
    found = []
    for at in range(0, max(1, int(size_R.max())), 8):
        left_R = np.clip(size_R - at, 0, 8)
        found.append(word_at[np.where(left_R > 0, start_R + at, 0)].astype(np.uint64) & _MASK[left_R])
    return found


def _distinct(words: list[Words]) -> tuple[Ints, Ints]:
    """The number of each cell, int32 [R], in order of first rows, and those rows [V]."""
    rows = len(words[0])
    differs = np.zeros(rows, np.bool_)
    differs[0] = True
    for word in words:
        differs[1:] |= word[1:] != word[:-1]
    run_S = np.flatnonzero(differs)  # exports are sorted: many cells are those of the row before
    hash_S = words[0][run_S].copy()
    for word in words[1:]:
        hash_S = (hash_S ^ (hash_S >> np.uint64(29))) * _ODD + word[run_S]
    _, first, number = np.unique(hash_S, return_index=True, return_inverse=True)
    if any((word[run_S] != word[run_S[first]][number]).any() for word in words[1:]):  # two cells of one hash
        every = np.stack([word[run_S] for word in words])
        _, first, number = np.unique(every, axis=1, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    lengths = np.diff(np.append(run_S, rows))
    return np.repeat(rank[number], lengths), run_S[first[order]]
