"""The form of a conversation, read off a checkpoint's own chat template.

The template is rendered a few times with marks in the place of picture, questions and answer, and cut at
the marks. What it writes for one conversation it writes for every other, so that all later texts are put
together from the pieces, and their token ids are those of the rendered whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from caig_cli.engine.model_folder import read_json
from caig_cli.errors import UsageError, in_words

FILES = ("chat_template.jinja", "chat_template.json", "processor_config.json", "tokenizer_config.json")
"""Where a folder may keep its template; transformers' processors look in this order."""

_FIRST, _ANSWER, _SECOND = "QUESTIONONE", "ANSWERONE", "QUESTIONTWO"
_MARKS = re.compile(f"({_FIRST}|{_ANSWER}|{_SECOND})")

Message = dict[str, Any]
Render = Callable[[Sequence[Message], bool], str]


@dataclass(frozen=True, slots=True)
class ConversationForm:
    """The pieces of a conversation. A question about a picture is ``start`` picture ``after_image`` question
    ``answering``; without a picture it is ``plain_start`` question ``answering``. What follows is ``lead``
    answer ``end``, then for every further question ``between`` question ``answering``.
    """

    start: str
    after_image: str
    plain_start: str
    answering: str
    lead: str
    end: str
    between: str


def read_template(folder: Path) -> str | None:
    """The chat template of a model folder; None where it has none.

    Of several templates under names the one called ``default`` is taken. Raises UsageError without it.
    """
    for name in FILES:
        path = folder / name
        if not path.is_file():
            continue
        found = _read_text(path) if path.suffix == ".jinja" else read_json(path).get("chat_template")
        if isinstance(found, list):  # the tokenizer's way to name several
            found = {one.get("name"): one.get("template") for one in found if isinstance(one, dict)}
        if isinstance(found, dict):
            if "default" not in found:
                raise UsageError(
                    f"{path}: has chat templates {', '.join(map(str, found))} and none called default; "
                    f"write the right one to {folder / FILES[0]}"
                )
            found = found["default"]
        if found:
            return str(found)
    return None


def _read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {in_words(error)}") from None


class PictureMarks(NamedTuple):
    """How a picture is written: its token, the marks before and after all of a picture's tokens, what a
    template writes in its place, and the white space that a processor puts around it then."""

    opening: str
    token: str
    closing: str
    mark: str
    around: str


@lru_cache(64)
def read_form(
    template: str, special: tuple[tuple[str, str], ...], marks: frozenset[str], image: PictureMarks
) -> ConversationForm:
    """The form that a template writes.

    ``special``: the tokenizer's special tokens by role, which templates may name; ``marks``: all of them.
    Raises UsageError for a template that can't be rendered or does not write a picture and then a question.
    """
    errors = []
    for as_parts in (True, False):
        try:
            return _cut(_renderer(template, dict(special), image, as_parts), dict(special), marks, image)
        except _UnusableError as error:
            errors.append(str(error))
    raise UsageError(f"its chat template can't be used: {errors[0]}")


class _UnusableError(Exception):
    """What is wrong with a template."""


def _renderer(template: str, special: dict[str, str], image: PictureMarks, as_parts: bool) -> Render:
    """Renders messages; ``as_parts``: a message's content is a list of parts, else one string."""
    from transformers.utils.chat_template_utils import render_jinja_template

    def content(parts: Sequence[Message]) -> Any:
        if as_parts:
            return list(parts)
        return "\n".join(image.mark if part["type"] == "image" else part["text"] for part in parts)

    def render(messages: Sequence[Message], generation: bool) -> str:
        talk = [{"role": one["role"], "content": content(one["parts"])} for one in messages]
        try:
            texts, _ = render_jinja_template(
                [talk], chat_template=template, add_generation_prompt=generation, **special
            )
        except Exception as error:  # whatever a template raises, on purpose or not
            raise _UnusableError(in_words(error)[:200]) from error
        return str(texts[0]).replace(image.mark, f"{image.around}{image.token}{image.around}")

    return render


def _says(role: str, text: str, *, image: bool = False) -> Message:
    shown = [{"type": "image"}] if image else []
    return {"role": role, "parts": [*shown, {"type": "text", "text": text}]}


def _cut(
    render: Render, special: dict[str, str], marks: frozenset[str], image: PictureMarks
) -> ConversationForm:
    """Render, and cut at the marks."""
    asked = [_says("user", _FIRST, image=True)]
    before, answering = _around(render(asked, True), _FIRST)
    start, after_image = _around_image(before, image)
    plain_start, plain_answering = _around(render([_says("user", _FIRST)], True), _FIRST)
    if plain_answering != answering:
        raise _UnusableError("a question about a picture ends otherwise than one without")
    lead, closing, tail = _answered(render, asked, answering)
    end = next(
        (mark for mark in sorted(marks, key=len, reverse=True) if closing.lstrip().startswith(mark)), None
    )
    if end is None:
        end = special.get("eos_token")
        if end is None:
            raise _UnusableError("neither the template nor the tokenizer says what ends an answer")
    cut = tail.lstrip()
    between = cut.removeprefix(end) if cut.startswith(end) else tail
    return ConversationForm(start, after_image, plain_start, answering, lead, end, between)


def _answered(render: Render, asked: Sequence[Message], answering: str) -> tuple[str, str, str]:
    """What stands before an answer, after the last one, and between an answer and the next question.

    A template for questions only leaves answers out: then a question is closed as an answer would be.
    """
    answer, again = _says("assistant", _ANSWER), _says("user", _SECOND)
    try:
        whole, open_end = render([*asked, answer, again], False), render([*asked, answer], False)
    except _UnusableError:
        whole = open_end = ""
    if whole.count(_ANSWER) != 1 or open_end.count(_ANSWER) != 1:
        try:
            both = render([*asked, again], False)
        except _UnusableError:
            both = ""
        pieces = _MARKS.split(both)
        tail = pieces[2] if pieces[1::2] == [_FIRST, _SECOND] else ""
        return "", tail, tail
    pieces = _MARKS.split(whole)
    if pieces[1::2] != [_FIRST, _ANSWER, _SECOND]:
        raise _UnusableError("it does not write a conversation in its order")
    opened, tail = pieces[2], pieces[4]
    # Where history looks otherwise than what a model is given (thoughts are left out), the given counts.
    lead = opened.removeprefix(answering) if opened.startswith(answering) else ""
    return lead, open_end.partition(_ANSWER)[2], tail


def _around(text: str, mark: str) -> tuple[str, str]:
    if text.count(mark) != 1:
        raise _UnusableError(f"it writes a question {text.count(mark)} times")
    before, _, after = text.partition(mark)
    return before, after


def _around_image(before: str, image: PictureMarks) -> tuple[str, str]:
    """What stands before and after a picture; the family writes the outer marks itself."""
    count = before.count(image.token)
    if count != 1:
        raise _UnusableError(f"it writes {image.mark} {count} times before a question about a picture")
    start, _, after = before.partition(image.token)
    return start.removesuffix(image.opening), after.removeprefix(image.closing)
