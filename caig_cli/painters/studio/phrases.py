"""Finds the phrases of the scene language in a prompt: the longest known one at each place."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

from caig_cli.painters.studio import lexicon, lexicon_light, lexicon_props, lexicon_words

Kind = Literal["name", "place", "bare", "colour", "no_props", "negation", "glue", "link", "stop", "unknown"]

_WORD = re.compile(r"\d+\w*|[^\W\d_]+|[^\w\s'\-_]")
_IRREGULAR = {"leaves": "leaf", "shelves": "shelf", "knives": "knife"}
_MIN_TYPO_LENGTH = 6
_TYPO_CUTOFF = 0.87


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a phrase stands for; ``names`` are (field, name) pairs, strongest first."""

    kind: Kind
    names: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """A phrase found in a prompt, with the prompt's own words."""

    meaning: Meaning
    text: str


def tokens(text: str) -> list[str]:
    """Lower-case words and punctuation marks; accents, hyphens, underscores and possessives are dropped."""
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(mark for mark in plain if not unicodedata.combining(mark)).lower()
    plain = re.sub(r"['’`](s\b)?", "", plain).replace("&", " and ")
    return _WORD.findall(plain)


def singular(word: str) -> str:
    """The singular by rule, good enough to compare two words: candles -> candle, berries -> berry."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes", "oes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def meanings() -> Iterator[tuple[str, Meaning]]:
    """Every known phrase with its meaning; of equal phrases the first one counts."""
    fields = {"surface": lexicon.SURFACES, "backdrop": lexicon.BACKDROPS, "prop": lexicon_props.PROPS}
    fields |= {"light": lexicon_light.LIGHTS, "mood": lexicon_light.MOODS, "blur": lexicon_light.BLURS}
    yield from _each(lexicon_words.NO_PROPS, Meaning("no_props"))
    yield from _each(lexicon_words.NEGATIONS, Meaning("negation"))
    for field, table in fields.items():
        for name, (said, heard) in table.items():
            said = "|".join(re.sub(r"^(a|an|the) ", "", phrase) for phrase in said.split("|"))
            yield from _each(f"{said}|{heard}", Meaning("name", ((field, name),)))
    for name, phrases in lexicon_words.COLOUR_WORDS.items():
        yield from _each(phrases, Meaning("colour", (("colour", name),)))
    for phrases, place in lexicon_words.PLACES.items():
        yield from _each(phrases, Meaning("place", tuple(place.items())))
    for phrases, (field, coloured, bare) in lexicon_words.BARE_NOUNS.items():
        yield from _each(phrases, Meaning("bare", ((field, coloured), (field, bare))))
    yield from _each(lexicon_words.LOOKALIKES, Meaning("unknown"))
    yield from _each("in front of|on top of|in the background|in the foreground|next to", Meaning("stop"))
    yield from ((word, Meaning("link")) for word in lexicon_words.COLOUR_LINKS)
    yield from ((word, Meaning("stop")) for word in lexicon_words.BREAKERS)
    yield from ((word, Meaning("glue")) for word in lexicon_words.GLUE)


def _each(phrases: str, meaning: Meaning) -> Iterator[tuple[str, Meaning]]:
    return ((phrase, meaning) for phrase in phrases.split("|"))


class _Index:
    """Phrases by their tokens: as written, and with every word in the singular."""

    def __init__(self) -> None:
        self.exact: dict[tuple[str, ...], Meaning] = {}
        self.stemmed: dict[tuple[str, ...], Meaning] = {}
        for phrase, meaning in meanings():
            key = tuple(tokens(phrase))
            self.exact.setdefault(key, meaning)
            self.stemmed.setdefault(tuple(map(singular, key)), meaning)
        self.longest = max(map(len, self.exact))
        self.words = {word for key in self.exact for word in key}
        self.words |= {singular(word) for word in self.words}
        self.long_words = sorted(word for word in self.words if len(word) >= _MIN_TYPO_LENGTH)

    def find(self, key: tuple[str, ...]) -> Meaning | None:
        return self.exact.get(key) or self.stemmed.get(tuple(map(singular, key)))


@cache
def _index() -> _Index:
    return _Index()


@lru_cache(maxsize=4096)
def _repair(word: str) -> str:
    """A long unknown word becomes the known one it almost is; the first letter is never wrong."""
    known = _index()
    if (
        word in known.words
        or singular(word) in known.words
        or len(word) < _MIN_TYPO_LENGTH
        or not word.isalpha()
    ):
        return word
    same_start = [other for other in known.long_words if other[0] == word[0]]
    swapped = [other for other in same_start if sorted(other) == sorted(word)]
    close = swapped or difflib.get_close_matches(word, same_start, n=1, cutoff=_TYPO_CUTOFF)
    return close[0] if close else word


def nearest(word: str) -> str | None:
    """The known word most like an unknown one, as a hint to the user; None if nothing is like it."""
    known = _index()
    telling = ("name", "colour", "place", "bare")
    names = [key[0] for key, meaning in known.exact.items() if len(key) == 1 and meaning.kind in telling]
    close = difflib.get_close_matches(word.lower(), names, n=1, cutoff=0.7)
    return close[0] if close else None


_STOP, _GLUE, _UNKNOWN = Meaning("stop"), Meaning("glue"), Meaning("unknown")


def items(prompt: str) -> list[Item]:
    """The prompt as a sequence of phrases; a punctuation mark is a ``stop`` whose text is the mark."""
    words = tokens(prompt)
    repaired = [_repair(word) for word in words]
    known, found, at = _index(), [], 0
    while at < len(words):
        for length in range(min(known.longest, len(words) - at), 0, -1):
            if meaning := known.find(tuple(repaired[at : at + length])):
                break
        else:
            length, meaning = 1, _plain(words[at])
        found.append(Item(meaning, " ".join(words[at : at + length])))
        at += length
    return found


def _plain(word: str) -> Meaning:
    if not word[0].isalnum():
        return _STOP
    return _GLUE if word[0].isdigit() or len(word) == 1 else _UNKNOWN
