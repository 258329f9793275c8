"""Finds the phrases of the scene language in a prompt: the longest known one at each place."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

from caig_cli.painters.studio import (
    lexicon,
    lexicon_ignored,
    lexicon_light,
    lexicon_props,
    lexicon_stance,
    lexicon_words,
)
from caig_cli.painters.studio.catalogue import (
    MORE_BACKDROPS,
    MORE_LIGHTS,
    MORE_PLACES,
    MORE_PROPS,
    MORE_SURFACES,
    MORE_WORDS,
)
from caig_cli.painters.studio.catalogue_rows import BackdropRow, LightRow, PropRow, SurfaceRow
from caig_cli.painters.studio.colours import hex_colour
from caig_cli.painters.studio.translating import Token, singular, tokens, translated

Kind = Literal[
    "name", "place", "bare", "colour", "number", "no_props", "negation", "ignored", "view", "glue", "link",
    "stop", "unknown",
]  # fmt: skip

_MIN_TYPO_LENGTH = 6
_TYPO_CUTOFF = 0.87


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a phrase stands for; ``names`` are (field, name) pairs, strongest first."""

    kind: Kind
    names: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class FoundPhrase:
    """A phrase found in a prompt: its own words, and the English ones that were read."""

    meaning: Meaning
    text: str
    english: str


def meanings() -> Iterator[tuple[str, Meaning]]:
    """Every phrase of the core with its meaning; of equal phrases the first one counts."""
    fields = {"surface": lexicon.SURFACES, "backdrop": lexicon.BACKDROPS, "prop": lexicon_props.PROPS}
    fields |= {"light": lexicon_light.LIGHTS, "mood": lexicon_light.MOODS, "blur": lexicon_light.BLURS}
    yield from _each(lexicon_words.NO_PROPS, Meaning("no_props"))
    yield from _each(lexicon_words.NEGATIONS, Meaning("negation"))
    for field, table in fields.items():
        for name, (written, heard) in table.items():
            written = "|".join(re.sub(r"^(a|an|the) ", "", phrase) for phrase in written.split("|"))
            yield from _each(f"{written}|{heard}", Meaning("name", ((field, name),)))
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


def catalogue_meanings() -> Iterator[tuple[str, Meaning]]:
    """Every phrase that the studio knows beyond the core; they take precedence over the core's."""
    tables: Mapping[str, Mapping[str, PropRow | SurfaceRow | BackdropRow | LightRow]] = {
        "prop": MORE_PROPS, "surface": MORE_SURFACES, "backdrop": MORE_BACKDROPS, "light": MORE_LIGHTS,
    }  # fmt: skip
    for field, table in tables.items():
        for name, row in table.items():
            yield from _each(row.words, Meaning("name", ((field, name),)))
    for field, names in MORE_WORDS.items():
        for name, words in names.items():
            yield from _each(words, Meaning("name", ((field, name),)))
    for place in MORE_PLACES:
        what = (*place.fields.items(), *(("prop", prop) for prop in place.props))
        yield from _each(place.words, Meaning("place", what))
    for count, words in lexicon_words.NUMBERS.items():
        yield from _each(words, Meaning("number", (("count", str(count)),)))
    for reason, words in lexicon_ignored.NOT_PAINTED.items():
        yield from _each(words, Meaning("ignored", (("reason", reason),)))
    yield from ((phrase, Meaning("view", what)) for phrase, what in lexicon_stance.view_phrases())
    for reason, words in lexicon_ignored.NOT_CHOSEN.items():
        yield from _each(words, Meaning("ignored", (("reason", reason),)))
    yield from _each(lexicon_words.QUALITY, Meaning("glue"))


def _each(phrases: str, meaning: Meaning) -> Iterator[tuple[str, Meaning]]:
    return ((phrase, meaning) for phrase in phrases.split("|"))


class _Index:
    """Phrases by their tokens: as written, and with every word in the singular."""

    def __init__(self, core: bool) -> None:
        self.exact: dict[tuple[str, ...], Meaning] = {}
        self.stemmed: dict[tuple[str, ...], Meaning] = {}
        for phrase, meaning in (*(() if core else catalogue_meanings()), *meanings()):
            key = tuple(tokens(phrase))
            self.exact.setdefault(key, meaning)
            self.stemmed.setdefault(tuple(map(singular, key)), meaning)
        self._reach: dict[str, int] = {}
        for key in self.exact:
            for head in (key[0], singular(key[0])):
                self._reach[head] = max(self._reach.get(head, 0), len(key))
        self.words = {word for key in self.exact for word in key}
        self.words |= {singular(word) for word in self.words}
        self.long_words = sorted(word for word in self.words if len(word) >= _MIN_TYPO_LENGTH)

    def reach(self, word: str) -> int:
        """Words of the longest phrase that begins with a word."""
        return max(self._reach.get(word, 0), self._reach.get(singular(word), 0))

    def find(self, key: tuple[str, ...]) -> Meaning | None:
        return self.exact.get(key) or self.stemmed.get(tuple(map(singular, key)))


@cache
def _index(core: bool = False) -> _Index:
    return _Index(core)


@lru_cache(maxsize=4096)
def _repair(word: str, core: bool) -> str:
    """A long unknown word becomes the known one it almost is; the first letter is never wrong."""
    known = _index(core)
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
    close = difflib.get_close_matches(word.lower(), names, n=1, cutoff=0.75)
    return close[0] if close else None


_STOP, _GLUE, _UNKNOWN = Meaning("stop"), Meaning("glue"), Meaning("unknown")


@lru_cache(maxsize=256)  # an ad's prompt is read for its view, its set, and what is not in it
def items(prompt: str, *, core: bool = False) -> tuple[FoundPhrase, ...]:
    """The prompt as a sequence of phrases; a punctuation mark is a ``stop`` whose text is the mark.

    ``core``: English and the core's names alone.
    """
    words = tokens(prompt)
    read = [Token(word, word) for word in words] if core else translated(words, _index().words)
    repaired = [_repair(token.word, core) for token in read]
    known, found, at = _index(core), [], 0
    while at < len(read):
        for length in range(min(known.reach(repaired[at]), len(read) - at), 0, -1):
            if meaning := known.find(tuple(repaired[at : at + length])):
                break
        else:
            length, meaning = 1, _plain(read[at].word, core)
        if (
            not core
            and meaning.kind == "name"
            and length > 1
            and read[at].word in lexicon_words.PLAIN_COLOURS
        ):
            length, meaning = _parted(known, repaired[at:], length, meaning)
        here = read[at : at + length]
        found.append(FoundPhrase(meaning, _text(here), " ".join(token.word for token in here)))
        at += length
    return tuple(found)


def _parted(known: _Index, words: Sequence[str], length: int, meaning: Meaning) -> tuple[int, Meaning]:
    """A colour before a longer phrase is its colour: "pink | rose petals", not "pink rose | petals"."""
    reach = known.reach(words[1]) if len(words) > 1 else 0
    for longer in range(min(reach, len(words) - 1), length - 1, -1):
        if (behind := known.find(tuple(words[1 : 1 + longer]))) and behind.kind == "name":
            return (1, known.find((words[0],)) or meaning)
    return length, meaning


def _text(read: Sequence[Token]) -> str:
    """The prompt's own words; several English ones that stand for one of them give it once."""
    return " ".join(dict.fromkeys(token.source for token in read))


def _plain(word: str, core: bool) -> Meaning:
    """The meaning of a word that no table knows."""
    if word[0] == "#" and len(word) > 1:
        colour = hex_colour(word)
        return _GLUE if core else Meaning("colour", (("colour", colour),)) if colour else _UNKNOWN
    if not word[0].isalnum():
        return _STOP
    if word.isdecimal() and not core:
        return Meaning("number", (("count", word),)) if int(word) else Meaning("negation")
    return _GLUE if len(word) == 1 or (core and word[0].isdigit()) else _UNKNOWN
