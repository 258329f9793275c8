"""Colours as prompts name them: a word of the vocabulary, or a hex code (``#0A7B83``)."""

from __future__ import annotations

import re

from caig_cli.painters.studio.vocabulary import COLOURS

_HEX = re.compile(r"#([0-9a-f]{6}|[0-9a-f]{3})")


def hex_colour(text: str) -> str | None:
    """``text`` as ``#rrggbb`` in lower case if it is a hex code of three or six digits, else None."""
    found = _HEX.fullmatch(text.lower())
    if found is None:
        return None
    digits = found[1] if len(found[1]) == 6 else "".join(2 * digit for digit in found[1])
    return f"#{digits}"


def is_hex(colour: str) -> bool:
    return hex_colour(colour) == colour


def is_colour(colour: str) -> bool:
    return colour in COLOURS or is_hex(colour)


def srgb(colour: str) -> tuple[int, int, int]:
    """sRGB, 0 to 255, of a word of the vocabulary or of ``#rrggbb``. Raises KeyError for anything else."""
    if colour in COLOURS:
        return COLOURS[colour]
    if not is_colour(colour):
        raise KeyError(colour)
    r, g, b = bytes.fromhex(colour[1:])
    return r, g, b
