"""What the prompt model is asked, word for word, in its three task families.

The market writes its dialogues with these texts, ``pretrain`` reads them back and ``generate`` asks with
them: a model is never asked in words that it was not trained on. They are short because every token costs.
What is known of the product comes last, its title at the very end, so that two questions which differ only
in the title share everything before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Family = Literal["understanding", "content", "prompt"]

MAX_CAPTION = 140
"""Characters of a title that the model gets to see; shops repeat themselves after that."""
MAX_DRAFT = 280
"""Characters of a user's own prompt that ``rewrite`` gets to see."""
MAX_ATTRIBUTES = 6
MAX_ATTRIBUTE = 40


@dataclass(frozen=True, slots=True)
class Task:
    """A kind of question: its family in the paper, and its words."""

    family: Family
    question: str


TASKS: Mapping[str, Task] = {
    # 1. image understanding: the image alone
    "shape": Task("understanding", "What kind of object is this?"),
    "product": Task("understanding", "Describe this product."),
    "background": Task("understanding", "Describe the background."),
    # 2. multimodal content understanding: the image and what the shop says
    "category": Task("content", "Which category does this product belong to?"),
    "title": Task("content", "Write a title for this product."),
    "setting": Task("content", "Describe the background around this product."),
    # 3. prompt generation
    "write": Task("prompt", "Write a background prompt for this product."),
    "rewrite": Task("prompt", "Improve this background prompt for this product."),
}


def instruction(
    task: str,
    *,
    caption: str | None = None,
    attributes: Mapping[str, str] | None = None,
    draft: str | None = None,
) -> str:
    """The text of one question, without the image placeholder (that belongs to the model's family).

    ``draft`` is the user's own background prompt, for ``rewrite``. Title, attributes and draft are data:
    white space and control characters become single spaces, and lengths are bounded, so that neither markup
    nor a novel in a title changes the form of the question.
    """
    lines = [TASKS[task].question]
    if draft is not None:
        lines.append(f"Prompt: {_line(draft, MAX_DRAFT)}")
    pairs = [
        f"{_line(name, MAX_ATTRIBUTE)}: {_line(value, MAX_ATTRIBUTE)}"
        for name, value in list((attributes or {}).items())[:MAX_ATTRIBUTES]
    ]
    if pairs:
        lines.append("; ".join(pairs))
    title = _line(caption or "", MAX_CAPTION)
    if title:
        lines.append(f"Title: {title}")
    return "\n".join(lines)


def _line(text: str, limit: int) -> str:
    """One printable line of at most ``limit`` characters, cut at a word where possible.

    The image placeholder loses its brackets: a title must not be able to call for another image.
    """
    plain = "".join(c if c.isprintable() else " " for c in text).replace("<image>", "image")
    words = " ".join(plain.split())
    if len(words) <= limit:
        return words
    cut = words[:limit]
    return cut[: cut.rfind(" ")] if " " in cut[limit // 2 :] else cut
