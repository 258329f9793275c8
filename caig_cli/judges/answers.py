"""From what a chat model says to a side: strict, because a guess would flatter it, but kind as to form."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from caig_cli.parsing import Malformed, parse_json
from caig_cli.records import Side

_SIDES: Mapping[str, Side] = {
    "left": "left", "a": "left", "1": "left", "first": "left",
    "right": "right", "b": "right", "2": "right", "second": "right",
}  # fmt: skip
MAX_ANSWER = 4_000
"""Characters that are read, the last ones: who thinks aloud answers at the end."""

_KEYS = ("answer", "choice", "winner", "target", "side", "prediction", "verdict", "result", "label")
_NOUNS = r"(?:the\s+)?(?:ads?|images?|options?|pictures?|choice|side|one|creative)?"
_BARE = re.compile(rf"(?:{_NOUNS}\s*)(left|right|first|second|[ab12])(?:\s*{_NOUNS})", re.I)
_STATED = re.compile(
    rf"(?:answer|choice|verdict|winner|prediction)\s*(?:is|:|=|would be)\s*{_NOUNS}\s*(left|right|[ab])\b",
    re.I,
)
_WORDS = re.compile(r"[a-z]+(?:'[a-z]+)?")
_DOUBT = frozenset(
    "not neither nor both cannot can't unable unclear sorry either equal equally don't doesn't won't".split()
)


def side_of(text: str) -> Side | None:
    """The side that an answer names; None is a refusal: nothing, both, or doubt.

    A bare word (left, right, A, B, first, second), the like inside JSON, a stated answer ("the answer is
    left"), or a sentence that mentions one side only.
    """
    text = re.sub(r"```(?:json)?", " ", text[-MAX_ANSWER:]).strip()
    in_json = _from_json(text)
    if in_json is not None:
        return side_of(in_json) if in_json else None
    plain = re.sub(r"[*_`\"]", " ", text)
    bare = _BARE.fullmatch(plain.strip(" .,!()[]\n\t"))
    if bare:
        return _SIDES[bare[1].lower()]
    stated = {_SIDES[side.lower()] for side in _STATED.findall(plain)}
    if len(stated) == 1:
        return stated.pop()
    words = set(_WORDS.findall(plain.lower().replace("’", "'")))
    named = words & {"left", "right"}
    return _SIDES[named.pop()] if len(named) == 1 and not words & _DOUBT else None


def _from_json(text: str) -> str | None:
    """The answer inside a JSON object: its text, "" when it has none, None when this is no JSON object."""
    if not text.startswith("{"):
        return None
    try:
        value = parse_json(text)
    except Malformed:
        return None
    found = next((value[key] for key in _KEYS if key in value), None)
    if found is None and len(value) == 1:
        found = next(iter(value.values()))
    return str(found) if isinstance(found, str | int) else ""


def probability(tokens: Any, side: Side) -> float | None:
    """P(left) where the answer names its side, from a server's ``logprobs.content``; None without them.

    ``tokens``: list of {token, logprob, top_logprobs: [{token, logprob}]}. A side that is not among the
    listed alternatives is at most as likely as the least of them.
    """
    for token in tokens if isinstance(tokens, list) else ():
        if not isinstance(token, dict) or _side_of_token(token.get("token")) != side:
            continue
        listed = _listed(token)
        if len(listed) < 2:
            return None
        least = min(p for _, p in listed)
        left, right = (sum(p for side, p in listed if side == s) or least for s in ("left", "right"))
        return left / (left + right) if left + right > 0 else None
    return None


def _listed(token: Mapping[str, Any]) -> list[tuple[Side | None, float]]:
    """(side, probability) of the alternatives at one place of the answer."""
    top = token.get("top_logprobs")
    rows: Iterable[Any] = top if isinstance(top, list) else ()
    found = [
        (_side_of_token(row.get("token")), _exp(row.get("logprob"))) for row in rows if isinstance(row, dict)
    ]
    return [(side, p) for side, p in found if p is not None]


def _exp(logprob: Any) -> float | None:
    """The probability of a logarithm, None for what is none; numbers of any size come from servers."""
    if not isinstance(logprob, int | float) or logprob != logprob:
        return None
    return math.exp(max(-1e4, min(0, logprob)))


def _side_of_token(token: Any) -> Side | None:
    """The side that a token names; a lone letter only as a capital, because "a" is a word."""
    word = re.sub(r"[^A-Za-z0-9]", "", token) if isinstance(token, str) else ""
    return None if word in ("a", "b") else _SIDES.get(word.lower())
