"""Prompts in German, French and Spanish become English word by word, by the list in ``lexicon_foreign``."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence, Set
from functools import cache
from typing import NamedTuple

from caig_cli.painters.studio.lexicon_foreign import LANGUAGES, WORDS

_WORD = re.compile(r"#[0-9a-f]+\b|\d+\w*|[^\W\d_]+|[^\w\s'\-_]")
_IRREGULAR = {"leaves": "leaf", "shelves": "shelf", "knives": "knife"}
_ENDINGS = {
    "German": ("en", "er", "es", "em", "e", "n", "s"),
    "French": ("es", "s", "e", "x"),
    "Spanish": ("as", "os", "es", "a", "o", "e", "s"),
}
_ADJECTIVES_FOLLOW = frozenset({"French", "Spanish"})


class Token(NamedTuple):
    """An English word, and the prompt's own words that it stands for."""

    word: str
    source: str


class _Entry(NamedTuple):
    english: tuple[str, ...]
    follows: bool  # an adjective, which stands behind its noun in French and Spanish


def tokens(text: str) -> list[str]:
    """Lower-case words and punctuation marks; accents, hyphens, underscores and possessives are dropped."""
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(mark for mark in plain if not unicodedata.combining(mark)).lower()
    plain = re.sub(r"\b([dlnjcms]|qu)['’]", r"\1 ", plain)  # l'été, d'automne
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


def translated(words: Sequence[str], english: Set[str]) -> list[Token]:
    """The words in English. ``english``: the words that English prompts know.

    The prompt's language is the one that explains most of its words; if that is English, only words that
    English does not know are looked up in the others.
    """
    explained = {
        language: sum(_stem(w, language) in _heads(language) for w in words) for language in LANGUAGES
    }
    best = max(LANGUAGES, key=lambda language: explained[language])
    known = sum(word in english or singular(word) in english for word in words if word[0].isalnum())
    if explained[best] == 0:
        return [Token(word, word) for word in words]
    foreign = explained[best] > known or (explained[best] == known and explained[best] > 1)
    return _by_list(words, best, frozenset() if foreign else english)


def _by_list(words: Sequence[str], language: str, kept: Set[str]) -> list[Token]:
    """Longest phrases of the list first; what is in ``kept``, or in no list, stays as it is."""
    table, longest = _table(language)
    groups: list[list[Token]] = []
    nouns: list[int] = []  # the groups since the last small word, which an adjective may follow
    at = 0
    while at < len(words):
        entry, length = None, 1
        if words[at] not in kept and singular(words[at]) not in kept:
            for length in range(min(longest, len(words) - at), 0, -1):
                key = tuple(_stem(word, language) for word in words[at : at + length])
                if entry := table.get(key):
                    break
        source = " ".join(words[at : at + length])
        group = [Token(word, source) for word in entry.english] if entry else [Token(words[at], words[at])]
        if entry and entry.follows and nouns and language in _ADJECTIVES_FOLLOW:
            groups.insert(nouns[0], group)
        else:
            nouns = [len(groups)] if entry is None or not entry.follows else []
            groups.append(group)
        at += length
    return [token for group in groups for token in group]


def _stem(word: str, language: str) -> str:
    """The word without the endings that case and number give it; short words stay whole."""
    for _ in range(2):
        for ending in _ENDINGS[language]:
            if word.endswith(ending) and len(word) - len(ending) >= 3:
                word = word[: -len(ending)]
                break
    return word


@cache
def _table(language: str) -> tuple[dict[tuple[str, ...], _Entry], int]:
    """Stemmed phrases of a language with their English, and the length of the longest."""
    table: dict[tuple[str, ...], _Entry] = {}
    for english, row in WORDS.items():
        entry = _Entry(tuple(tokens(english.lstrip("~"))), english.startswith("~"))
        for phrase in filter(None, row[LANGUAGES.index(language)].split("|")):
            table.setdefault(tuple(_stem(word, language) for word in tokens(phrase)), entry)
    return table, max(map(len, table))


@cache
def _heads(language: str) -> frozenset[str]:
    return frozenset(key[0] for key in _table(language)[0])
