"""An ad's name of its own: a short id that is the same for the same inputs, and another for any other.

It is in the ad's file name, in its metadata, in the manifest, and in whatever a platform is told to call it,
so that clicks that come back are joined with the picture that got them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no letter looks like a digit, and upper and lower case are the same."""
_LENGTH = 12
"""Digits, of five bits each: among a million ads two have one id with a probability of 4 in 10 million."""
_START = "c1"
"""A letter first, so that no spreadsheet takes an id for a number."""

_IDS = re.compile(rf"(?<![a-z0-9]){_START}[{_DIGITS}]{{{_LENGTH}}}(?![a-z0-9])", re.IGNORECASE)
_INSIDE = re.compile(rb"caig:id(?:=\"|\0{1,5})(%s[%s]{%d})" % (_START.encode(), _DIGITS.encode(), _LENGTH))
"""The attribute of the XMP packet, or the text chunk of a PNG."""


def ad_id(facts: Mapping[str, Any]) -> str:
    """The id, such as ``c17d0k3v9x2m4q``, of an ad that all these facts decide (JSON values)."""
    text = json.dumps(facts, sort_keys=True, default=str)
    number = int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8])
    return _START + "".join(_DIGITS[number >> 5 * place & 31] for place in range(_LENGTH))


def find_ad_ids(text: str) -> list[str]:
    """The ids in a file name, an ad's name, a web address or any other text, each once, in lower case."""
    return list(dict.fromkeys(found.lower() for found in _IDS.findall(text)))


def read_ad_id(path: Path) -> str | None:
    """The id in the metadata of a picture that caig has made; None in others, and if it can't be read.

    No picture is decoded: the id is found where the file's bytes name it.
    """
    try:
        found = _INSIDE.search(path.read_bytes())
    except OSError:
        return None
    return found[1].decode() if found else None
