"""From what a model answers to a prompt: what is not a prompt is taken off, and counted.

Chat models greet, explain, quote and list. A painter would paint all of it, and the policy would learn it.
What a model writes that was taught to write prompts goes through as it is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

Fit = Callable[[str], str]
"""Cuts a prompt to what its painter reads."""

_GREETING = re.compile(
    r"(?:(?:sure|certainly|of course|absolutely|okay|ok|alright|hello|hi|hey|yes|no problem|great question)"
    r"(?:\s+(?:thing|there|again))?\s*(?:[!,.:]+|\n)\s*)+"
    r"|(?:(?:i'd|i would) be (?:happy|glad) to|i(?:'ll| will| can) (?:gladly )?help|thank you for|thanks for)"
    r"[^.!:\n]*[.!:\n]\s*",
    re.IGNORECASE,
)
_ANNOUNCED = re.compile(
    r"(?:(?:here|below|following|this)(?:'s|\s+(?:is|are|comes))|(?:the )?following (?:is|are)|"
    r"i(?:'d|'ll| would| will| can)?\s+(?:suggest|recommend|propose|write|offer)|"
    r"(?:the|a|an|your|one|my)\b[^:.\n]{0,60}\bprompt\b[^:.\n]{0,80}\b(?:is|be|reads))\b[^:\n]{0,200}:\s*",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"(?:(?:the|a|an|your|final|improved|new|background|image|text[- ]to[- ]image|stable diffusion|diffusion|"
    r"generation|generator|advertising|ad|assistant)\s+){0,5}(?:prompt|assistant)(?:\s+\d+)?\s*:\s*",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:^|(?<=[.!?\"”\n]))\s*(?:let me know|i hope|feel free|would you like|please let|is there anything|"
    r"(?:this|the) prompt (?:will|is|should|aims|captures|describes|emphasi[sz]es)|note\s*:|"
    r"negative prompt\s*:)[^\n]*(?:\n.*)?$",
    re.IGNORECASE | re.DOTALL,
)
_ITEM = re.compile(r"^\s*(?:[-*•–]|\d{1,2}[.)]|[a-h][.)])\s+")
_FENCE = re.compile(r"^\s*```\w*\s*$", re.MULTILINE)
_EMPHASIS = re.compile(r"(?<!\w)(\*\*\*|\*\*|__|\*|_|`)(?=\S)(.+?)(?<=\S)\1(?!\w)", re.DOTALL)
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s.*\n+(?=.*\w)|^\s*(?:-{3,}|\*{3,}|_{3,})\s*$", re.MULTILINE)
_MARGIN = re.compile(r"^\s{0,3}(?:#{1,6}|>)\s+", re.MULTILINE)
_QUOTES = {'"': '"', "“": "”", "„": "“", "«": "»", "'": "'", "‘": "’", "「": "」"}
_QUOTED = re.compile(r"^[\"“„«](?P<said>[^\"“”«»]{20,})[\"”»](?=\s|$)")
_SENTENCE = 4
"""Words from which a paragraph is more than a title."""
_ALTERNATIVE = 8
"""Words from which an item of a list is a prompt of its own, and not a part of one."""


def clean(answer: str) -> tuple[str, tuple[str, ...]]:
    """The prompt in an answer, on one line, and the kinds of things that were taken off.

    Of several prompts the first is taken; what describes one scene in a list becomes one line. Empty where
    nothing is left.
    """
    taken: list[str] = []
    text = answer.strip()
    for kind, step in _STEPS:
        after = step(text).strip()
        if after != text:
            taken.append(kind)
        text = after
    return " ".join(text.split()), tuple(dict.fromkeys(taken))


def _thoughts(text: str) -> str:
    if "</think>" in text:
        return text.rpartition("</think>")[2]
    return "" if text.startswith("<think>") else text


def _markdown(text: str) -> str:
    return _EMPHASIS.sub(r"\2", _MARGIN.sub("", _HEADING.sub("", _FENCE.sub("", text))))


def _introduction(text: str) -> str:
    while True:
        found = _GREETING.match(text) or _ANNOUNCED.match(text) or _LABEL.match(text)
        if found is None:
            return _CLOSING.sub("", text)
        text = text[found.end() :].lstrip()


def _list(text: str) -> str:
    """Items become one prompt; or the first of several that are prompts of their own."""
    lines = [line for line in text.splitlines() if line.strip()]
    first = next((n for n, line in enumerate(lines) if _ITEM.match(line)), None)
    if first is None or (len(lines) > 1 and sum(_ITEM.match(line) is not None for line in lines) < 2):
        return text
    items = [_ITEM.sub("", line).strip() for line in lines[first:] if _ITEM.match(line)]
    if any(len(item.split()) >= _ALTERNATIVE for item in items) or len(items) == 1:
        return items[0]
    return ", ".join(item.rstrip(".,;") for item in items)


def _paragraph(text: str) -> str:
    """The first paragraph that says something."""
    parts = [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]
    sentences = [part for part in parts if not part.endswith(":")]
    return next(
        (part for part in sentences if len(part.split()) >= _SENTENCE), sentences[0] if sentences else text
    )


def _quotes(text: str) -> str:
    found = _QUOTED.match(text)
    if found is not None:
        return found["said"]
    if len(text) > 1 and _QUOTES.get(text[0]) == text[-1] and text.count(text[-1]) <= 2:
        return text[1:-1]
    return text


_STEPS: Sequence[tuple[str, Callable[[str], str]]] = (
    ("thoughts", _thoughts),
    ("Markdown", _markdown),
    ("greetings", _introduction),
    ("lists", _list),
    ("greetings", _introduction),
    ("further paragraphs", _paragraph),
    ("quotation marks", _quotes),
    ("greetings", _introduction),
)
"""What is taken off, in this order: what encloses a prompt before what stands in it."""


class Finisher:
    """Makes prompts of answers, as long as their painter reads, and counts what it did."""

    def __init__(self, fit: Fit | None = None) -> None:
        self._fit = fit
        self.counts: Counter[str] = Counter()

    def __call__(self, answers: Sequence[str]) -> list[str]:
        """A prompt for each answer."""
        return [self._finish(answer) for answer in answers]

    def _finish(self, answer: str) -> str:
        text, taken = clean(answer)
        self.counts.update(["answers", *taken])
        fitting = text if self._fit is None else self._fit(text)
        self.counts["cut"] += fitting != text
        return fitting

    def remarks(self) -> Iterator[str]:
        """What a user should know, a line for each."""
        of = self.counts["answers"]
        for kind in dict(_STEPS):
            if self.counts[kind]:
                yield f"taken off the prompt model's answers: {kind} ({self.counts[kind]} of {of} answers)"
        if self.counts["cut"]:
            yield (
                f"{self.counts['cut']} of {of} prompts were longer than the painter's text encoder reads, "
                f"and "
                "were cut; fewer writer.max_new_tokens make shorter ones"
            )
