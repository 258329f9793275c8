"""Text of strangers, read without harm: no pipe is waited for, no bomb is unfolded, every fault is a line.

Recipes, records, run files, model folders and answers of servers all come through here.
"""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from typing import Any

import yaml

MAX_BYTES = 1 << 30
"""Largest file that is read as text."""
MAX_YAML_BYTES = 1 << 20
"""Largest YAML text: recipes are written by people."""
MAX_DEPTH = 100
"""Objects and lists inside each other; records have three, answers of servers ten."""
MAX_NODES = 50_000
"""Values of a YAML text with its aliases unfolded."""
MAX_DIGITS = 300
"""Digits of a whole number; one with more is no number of this world, and fits no float."""

_LONG_NUMBER = re.compile(rf"\d{{{MAX_DIGITS + 1}}}")
_HALF_CHARACTER = re.compile(r"\\[uU](0000)?[dD][89a-fA-F]")
"""An escaped half of a character, as names of files have that are not UTF-8."""


class Malformed(ValueError):  # noqa: N818
    """Text that can't be used, in a few words without its place; ``line`` is where, if known."""

    def __init__(self, text: str, line: int | None = None) -> None:
        super().__init__(text)
        self.line = line


def read_regular(path: Path, limit: int = MAX_BYTES) -> bytes:
    """The bytes of a file. Raises Malformed for anything else: a pipe or a device would be waited for."""
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise Malformed("is a folder, not a file")
        if not stat.S_ISREG(found.st_mode):
            raise Malformed("is a pipe or a device; save its content to a file")
        if found.st_size > limit:
            raise Malformed(f"is over the limit of {max(1, limit >> 20)} MB")
        return path.read_bytes()
    except FileNotFoundError:
        raise Malformed("is not there") from None
    except PermissionError:
        raise Malformed("can't be read; check its permissions") from None
    except (OSError, ValueError) as error:
        raise Malformed(f"can't be read: {getattr(error, 'strerror', None) or error}") from None


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON text, whose whole numbers fit into floats. Raises Malformed."""
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8-sig")
        value = json.loads(text, parse_int=_whole_number if _LONG_NUMBER.search(text) else None)
    except UnicodeDecodeError as error:
        line = bytes(error.object).count(b"\n", 0, error.start) + 1
        raise Malformed("not UTF-8 text", line) from None
    except json.JSONDecodeError as error:
        raise Malformed(f"not valid JSON ({error.msg})", error.lineno) from None
    except RecursionError:
        raise Malformed("nested too deeply") from None
    if text.count("[") + text.count("{") > MAX_DEPTH and depth(value) > MAX_DEPTH:
        raise Malformed("nested too deeply")
    return value


def json_decoder(text: str) -> json.JSONDecoder:
    """A decoder for the values of a text one by one; raises Malformed for a number that is too long."""
    return json.JSONDecoder(parse_int=_whole_number if _LONG_NUMBER.search(text) else None)


def read_json(path: Path, limit: int = MAX_BYTES) -> Any:
    """The value of a JSON file. Raises Malformed."""
    return parse_json(read_regular(path, limit))


def depth(value: Any) -> int:
    """How deep objects and lists lie in each other, counted without recursion; 0 for a plain value."""
    level, found = [value], 0
    while level := [one for one in level if isinstance(one, dict | list)]:
        found += 1
        level = [item for one in level for item in (one.values() if isinstance(one, dict) else one)]
    return found


def parse_yaml(text: str) -> tuple[Any, yaml.Node | None]:
    """The value of a YAML text and its tree of nodes, which knows lines. Raises Malformed."""
    if len(text) > MAX_YAML_BYTES:
        raise Malformed(f"is over the limit of {MAX_YAML_BYTES >> 20} MB")
    loader = _loader(text)
    try:
        _check_events(text, loader)
        value = yaml.load(text, Loader=loader)
        _check_numbers(value)
        return value, yaml.compose(text, Loader=loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or error
        raise Malformed(f"not valid YAML: {problem}", mark.line + 1 if mark else None) from None
    except Malformed:
        raise
    except (ValueError, OverflowError, TypeError, AttributeError, KeyError) as error:
        # Numbers and dates that look like some and are none.
        raise Malformed(f"not valid YAML: {str(error)[:100]}") from None


def _loader(text: str) -> Any:
    """The quick loader, written in C; it refuses halves of characters, which the other knows."""
    return yaml.SafeLoader if _HALF_CHARACTER.search(text) else getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _check_events(text: str, loader: Any) -> None:
    """Raises Malformed for what would be too much once it is built; the parser's events cost little."""
    nodes = 0
    open_at: list[int] = []
    anchored: dict[str, int] = {}
    names: list[str | None] = []
    for event in yaml.parse(text, Loader=loader):
        line = event.start_mark.line + 1 if event.start_mark else None
        nodes += 1
        if isinstance(event, yaml.AliasEvent):
            if event.anchor in names:
                raise Malformed(f"*{event.anchor} holds itself", line)
            nodes += anchored.get(str(event.anchor), 0)
        elif isinstance(event, yaml.CollectionStartEvent):
            open_at.append(nodes)
            names.append(event.anchor)
        elif isinstance(event, yaml.CollectionEndEvent):
            start, name = open_at.pop(), names.pop()
            if name is not None:
                anchored[name] = nodes - start
        if len(open_at) > MAX_DEPTH:
            raise Malformed("nested too deeply", line)
        if nodes > MAX_NODES:
            raise Malformed(f"more than {MAX_NODES} values, aliases unfolded", line)


def _check_numbers(tree: Any) -> None:
    """Raises Malformed for a whole number that fits no float: hexadecimal ones need not look long."""
    seen: set[int] = set()
    level = [tree]
    while level:
        if any(isinstance(one, int) and one.bit_length() > 1000 for one in level):
            raise Malformed(f"a number of more than {MAX_DIGITS} digits")
        nested = [one for one in level if isinstance(one, dict | list) and id(one) not in seen]
        seen |= {id(one) for one in nested}
        level = [item for one in nested for item in (one.values() if isinstance(one, dict) else one)]


def _whole_number(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise Malformed(f"a number of {len(digits)} digits")
    return int(digits)
