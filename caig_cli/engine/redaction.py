"""Keys and passwords out of whatever is shown or kept: servers, libraries and addresses repeat them."""

from __future__ import annotations

import base64
import json
import os
import re
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping

MARK = "[key]"
_NAMES = re.compile(r"(?i)(^|_)(key|token|secret|password|passwd|pat)$")
"""Names of variables that hold what nobody else may know."""
_SHORTEST = 8
"""Characters of a secret, at least: shorter values are words that occur anyway."""
_IN_ADDRESS = re.compile(r"(?<=://)[^\s/@:]*:?[^\s/@]*(?=@)")
_IN_QUERY = re.compile(r"(?i)([?&](?:api[-_]?key|key|token|access_token|sig|signature|password)=)[^&\s\"']+")


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without the secrets of the environment and the given ones, however they are written there."""
    for secret in (*secrets, *_of_environment(os.environ)):
        if secret:
            for form in _forms(secret):
                text = text.replace(form, MARK)
    return _IN_QUERY.sub(rf"\g<1>{MARK}", _IN_ADDRESS.sub(MARK, text))


def _of_environment(environment: Mapping[str, str]) -> Iterator[str]:
    for name, value in environment.items():
        if _NAMES.search(name) and len(value.strip()) >= _SHORTEST:
            yield value.strip()


def _forms(secret: str) -> list[str]:
    """A secret as it is, in an address, in JSON, and in base64, longest first."""
    raw = secret.encode("utf-8", "surrogateescape")
    forms = {
        secret,
        urllib.parse.quote(raw, safe=""),
        json.dumps(secret)[1:-1],
        base64.b64encode(raw).decode(),
        base64.b64encode(raw).decode().rstrip("="),
    }
    return sorted(forms, key=len, reverse=True)
